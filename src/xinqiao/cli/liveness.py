"""`liveness`: check captures, measure error rates, read the model card."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter
from rich.markup import escape

from xinqiao.kit import Settings
from xinqiao.terminal import OK, REFUSED, Json, errors, refusals, show, table

from . import liveness_own, liveness_simulate

if TYPE_CHECKING:
    from xinqiao.identity.liveness import Verdict
    from xinqiao.identity.liveness.evaluate import Presentation
    from xinqiao.identity.liveness.many import Answered, Unread

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

    With --json one file gives one object, several give a list in the same order. A single picture never passes by itself. A file that is missing or
    cannot be read gets no label and no outcome (null) but an `error` with its code and what would be right; the others are answered all the
    same, and the exit code is 1.

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
        answers = _checked(files, beside)
        records = [{"file": str(path), **answer.record()} for path, answer in zip(files, answers, strict=True)]
        print_value(records[0] if len(records) == 1 else records, as_json=as_json, human=lambda: _told(files, answers))
    return REFUSED if any("error" in record for record in records) else OK


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


def _checked(files: Sequence[Path], beside: Any, challenges: Any = None) -> list[Answered]:
    from xinqiao.identity.liveness.many import check_files

    say_if_ignored()
    found: dict[int, Answered] = {}
    with progress(len(files)) as step:
        for number, answered in check_files(files, settings=Settings(), beside=beside, challenges=challenges):
            found[number] = answered
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


def _told(files: Sequence[Path], answers: Sequence[Answered]) -> object:
    rows = [_row(path, answer) for path, answer in zip(files, answers, strict=True)]
    return table("Liveness", ["file", "label", "outcome", "score", "reasons", "ms"], rows)


def _row(path: Path, answer: Answered) -> list[Any]:
    from xinqiao.identity.liveness.many import Unread

    if isinstance(answer, Unread):
        return [path.name, "not read", None, None, answer.why.en, None]
    return [path.name, answer.label or "not judged", answer.outcome.value, _figure(answer.score), _why(answer), f"{answer.took_ms:.0f}"]


def _why(verdict: Verdict) -> str:
    unchecked = [s.name for s in verdict.signals if s.state.value == "not_checked"]
    words = [r.en for r in verdict.reasons]
    return "\n".join([*words, *([f"(not checked: {', '.join(unchecked)})"] if unchecked else [])])


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


@group.command(name="eval")
def evaluate(folder: Path, *, device: str = "any", out: Path | None = None, as_json: Json = False) -> int:
    """Error rates on a folder of captures (ISO/IEC 30107-3), people as the unit, with a DET curve.

    A file that cannot be read counts in no rate: it is told on standard error, and under `unreadable` in the report.

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
        seen = checked_folder(folder, device)
        measuring.require_both(folder, [p for p, _ in seen.judged])
        answers = [measuring.answer_of(p.person, p.species, v, measuring.told_of(p.path)) for p, v in seen.judged]
        place = out or Settings().home / "liveness"
        facts = {
            **measuring.measure(answers),
            "device": device,
            "challenged": _challenged([v for _, v in seen.judged]),
            "other_files": seen.others,
            "unreadable": [{"file": str(path.relative_to(folder)), **one.record()["error"]} for path, one in seen.unread],
            "weights": _weights(),
        }
        try:
            facts["det"] = str(measuring.det_picture(answers, place / "det.png", title=f"DET, {folder.name}"))
            (place / "eval.json").write_text(json.dumps(facts, indent=1), "utf-8")
        except OSError as problem:
            raise OutUnwritable(str(place), type(problem).__name__) from problem
        print_value(facts, as_json=as_json, human=lambda: _rates(facts))
    return OK


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder of captures: what each was judged, what could not be read, and how many files are no captures by their names."""

    judged: list[tuple[Presentation, Verdict]]
    unread: list[tuple[Path, Unread]]
    others: int


def checked_folder(folder: Path, device: str, left_out: Collection[str] = ()) -> Checked:
    """Every capture of a folder laid out as for `eval` (but of people `left_out`), judged with what lies beside it. Raises FolderUnfit."""
    from xinqiao.identity.liveness import Beside, Verdict
    from xinqiao.identity.liveness import evaluate as measuring
    from xinqiao.identity.liveness.many import Unread

    found, others = measuring.gather(folder)
    found = [p for p in found if p.person not in left_out]
    answers = _checked([p.path for p in found], Beside(device=device, folder=folder / "sensors"), measuring.challenges(folder, found))
    pairs = list(zip(found, answers, strict=True))
    unread = [(p.path, answer) for p, answer in pairs if isinstance(answer, Unread)]
    _say_unread(unread)
    return Checked([(p, answer) for p, answer in pairs if isinstance(answer, Verdict)], unread, others)


def _say_unread(unread: Sequence[tuple[Path, Unread]]) -> None:
    for path, one in unread:
        errors.print(f"[yellow]Not counted:[/] {escape(f'{path}: {one.why.en} ({one.why.code})')}", highlight=False)


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
