"""`liveness`: check captures, measure error rates, read the model card."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from xinqiao.kit import Settings
from xinqiao.terminal import OK, REFUSED, Json, errors, refusals, show, table

from . import liveness_own, liveness_simulate

if TYPE_CHECKING:
    from xinqiao.identity.liveness import Verdict
    from xinqiao.identity.liveness.evaluate import Presentation

group = cyclopts.App(name="liveness", help="Liveness: check captures, measure error rates, read the model card.")
liveness_own.add(group)
liveness_simulate.add(group)


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def check(
    *files: Path,
    nir: Path | None = None,
    depth: Path | None = None,
    right: Path | None = None,
    stereo: Path | None = None,
    challenge: Path | None = None,
    device: str = "any",
    from_page: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Is a living person in each picture or clip? Label (live, attack, retry), score, signals, reasons, milliseconds.

    With --json one file gives one object, several give a list in the same order. A single picture never passes by itself.

    Parameters
    ----------
    files
        Pictures (JPEG, PNG, WebP) or clips (WebM, MP4, MOV).
    nir
        The same moment in near infrared: a picture.
    depth
        The same moment as depth: a PNG of 16 bits, millimetres, 0 where unknown.
    right
        The same moment from a second colour camera, to the right of the first; depth is taken from the two where no --depth is given.
    stereo
        How that camera stands, as JSON: focal (pixels), baseline (millimetres), width, height, rectified, and time (seconds) for a clip.
    challenge
        The light challenge that was on the screen, as JSON.
    device
        The class of camera, as calibrated; `any` when it was not.
    from_page
        The file claims to come from the page's own recorder, so its maker's marks are checked.
    """
    from xinqiao.identity.errors import FilesMissing, OneCapture
    from xinqiao.identity.liveness import Beside
    from xinqiao.identity.liveness.challenge import Challenge
    from xinqiao.identity.liveness.decode import read_bytes
    from xinqiao.identity.liveness.depth import Pair

    with refusals(as_json=as_json):
        if not files:
            raise FilesMissing(field="files")
        beside_one = (nir, depth, challenge, right, stereo)
        if len(files) > 1 and any(beside_one):
            raise OneCapture(field="files")
        given = [read_bytes(path) if path else None for path in beside_one]
        shown = Challenge.parse(given[2].decode("utf-8", "replace")) if given[2] is not None else None
        pair = Pair.parse(given[4].decode("utf-8", "replace")) if given[4] is not None else None
        beside = Beside(
            device=device, from_page=from_page, near_infrared=given[0], depth=given[1], challenge=shown, right=given[3], stereo=pair
        )
        verdicts = _checked(files, beside)
        records = [{"file": str(path), **verdict.record()} for path, verdict in zip(files, verdicts, strict=True)]
        print_value(records[0] if len(records) == 1 else records, as_json=as_json, human=lambda: _told(files, verdicts))
    missing = any(r.code == "liveness.file_missing" for v in verdicts for r in v.reasons)
    return REFUSED if missing else OK


def print_value(value: Any, *, as_json: bool, human: Callable[[], object]) -> None:
    """Scores and rates are numbers in the JSON too: they are measurements, where the other commands' decimals are money."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        show(value, as_json=False, human=human)


def say_if_ignored() -> None:
    """On standard error: thresholds that were calibrated here and are not used."""
    from xinqiao.identity import FaceModels
    from xinqiao.identity.own import IGNORED, thresholds_file

    settings = Settings()
    told = FaceModels.load(settings).versions.get("calibration", "") if thresholds_file(settings.home).is_file() else ""
    if told.startswith(IGNORED):
        errors.print(f"[yellow]Calibration {told}[/]")


def _checked(files: Sequence[Path], beside: Any, challenges: Any = None) -> list[Verdict]:
    from xinqiao.identity.liveness.many import check_files

    say_if_ignored()
    found: dict[int, Verdict] = {}
    with progress(len(files)) as step:
        for number, verdict in check_files(files, settings=Settings(), beside=beside, challenges=challenges):
            found[number] = verdict
            step()
    return [found[n] for n in range(len(files))]


@contextmanager
def progress(total: int, doing: str = "Checking") -> Iterator[Any]:
    """On standard error, so that standard output stays one JSON value."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=total < 2) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda: bar.advance(task)


def _told(files: Sequence[Path], verdicts: Sequence[Verdict]) -> object:
    rows = [
        [p.name, v.label or "not judged", v.outcome.value, _figure(v.score), _why(v), f"{v.took_ms:.0f}"]
        for p, v in zip(files, verdicts, strict=True)
    ]
    return table("Liveness", ["file", "label", "outcome", "score", "reasons", "ms"], rows)


def _why(verdict: Verdict) -> str:
    unchecked = [s.name for s in verdict.signals if s.state.value == "not_checked"]
    words = [r.en for r in verdict.reasons]
    return "\n".join([*words, *([f"(not checked: {', '.join(unchecked)})"] if unchecked else [])])


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


@group.command(name="eval")
def evaluate(folder: Path, *, device: str = "any", out: Path | None = None, as_json: Json = False) -> int:
    """Error rates on a folder of captures (ISO/IEC 30107-3), people as the unit, with a DET curve.

    Parameters
    ----------
    folder
        live/PERSON/… and attack/SPECIES/PERSON/… with pictures or clips; in sensors/, where they are known, FILE.challenge.json (what the screen
        showed), FILE.nir.png, FILE.depth.png, FILE.right.png and FILE.stereo.json.
    device
        The class of camera, as calibrated.
    out
        Where the DET curve (det.png) and the report (eval.json) go; absent, `liveness` in the state folder.
    """
    from xinqiao.identity.errors import OutUnwritable
    from xinqiao.identity.liveness import evaluate as measuring

    with refusals(as_json=as_json):
        found, verdicts, others = checked_folder(folder, device)
        answers = [measuring.answer_of(p.person, p.species, v, measuring.told_of(p.path)) for p, v in zip(found, verdicts, strict=True)]
        place = out or Settings().home / "liveness"
        facts = {
            **measuring.measure(answers),
            "device": device,
            "challenged": _challenged(verdicts),
            "other_files": others,
            "weights": _weights(),
        }
        try:
            facts["det"] = str(measuring.det_picture(answers, place / "det.png", title=f"DET, {folder.name}"))
            (place / "eval.json").write_text(json.dumps(facts, indent=1), "utf-8")
        except OSError as problem:
            raise OutUnwritable(str(place), type(problem).__name__) from problem
        print_value(facts, as_json=as_json, human=lambda: _rates(facts))
    return OK


def checked_folder(folder: Path, device: str, left_out: Collection[str] = ()) -> tuple[list[Presentation], list[Verdict], int]:
    """Every capture of a folder laid out as for `eval` (but of people `left_out`), judged with what lies beside it, and how many other files there
    are. Raises FolderUnfit."""
    from xinqiao.identity.liveness import Beside
    from xinqiao.identity.liveness import evaluate as measuring

    found, others = measuring.gather(folder)
    found = [p for p in found if p.person not in left_out]
    return (
        found,
        _checked([p.path for p in found], Beside(device=device, folder=folder / "sensors"), measuring.challenges(folder, found)),
        others,
    )


def _rates(facts: dict[str, Any]) -> object:
    between = facts["intervals"]
    rows = [[f"APCER {name}", _percent(rate), _range(between["apcer"][name])] for name, rate in facts["apcer"].items()]
    rows += [[name.upper(), _percent(facts[name]), _range(between[name])] for name in ("bpcer", "acer", "eer")]
    rows += [[f"no answer, {name}", _percent(rate), ""] for name, rate in facts["non_response"].items()]
    rows += [[f"to a person, {name}", _percent(rate), ""] for name, rate in facts["referred"].items()]
    return table(
        f"{facts['captures']} captures of {facts['people']} people; the curve is in {facts['det']}", ["", "rate", facts["interval"]], rows
    )


def _challenged(verdicts: Sequence[Verdict]) -> int:
    return sum(any(s.name == "light_sequence" for s in v.signals) for v in verdicts)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"


def _range(ends: Iterable[float] | None) -> str:
    return "-" if ends is None else " to ".join(_percent(end) for end in ends)


def _weights() -> dict[str, str]:
    from xinqiao.identity import FaceModels

    return dict(FaceModels.load(Settings()).versions)


@group.command
def card(*, as_json: Json = False) -> int:
    """The model card: what was measured, on whom, and what was not."""
    from rich.markdown import Markdown

    from xinqiao.identity.liveness.card import read_card

    with refusals(as_json=as_json):
        facts = read_card(Settings())
        show(facts, as_json=as_json, human=lambda: Markdown(facts["card"]))
    return OK
