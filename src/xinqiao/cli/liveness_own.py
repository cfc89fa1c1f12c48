"""`liveness calibrate`, `train`, `weights`: a deployment's own captures make its own thresholds and its own network."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter

from xinqiao.kit import Settings
from xinqiao.terminal import OK, Json, errors, refusals, table

if TYPE_CHECKING:
    from xinqiao.identity.liveness.calibrate import Aims, Calibrated, Judged
    from xinqiao.identity.liveness.evaluate import Presentation
    from xinqiao.identity.liveness.training import Example
    from xinqiao.identity.networks import FaceModels


def add(group: cyclopts.App) -> None:
    """Hang the commands on the `liveness` group."""
    group.command(calibrate)
    group.command(train)
    group.command(weights)


def calibrate(
    folder: Path,
    *,
    device: str = "any",
    apcer: float = 0.01,
    bpcer: float = 0.03,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Set the thresholds of a class of cameras by your own captures, laid out as for `eval`; what changed is printed.

    People to whom a network of your own was fitted (`train`) are left out. Simulated captures calibrate no camera: their figures are kept, and the
    class still counts as not calibrated.

    Parameters
    ----------
    folder
        live/PERSON/… and attack/SPECIES/PERSON/…; or one folder for each class of cameras (phone_high, phone_basic, desktop) with these in it.
    device
        The class, where the folder holds one.
    apcer
        The rate of attacks passed that must be proven, with 95 % confidence: 0.01 needs 299 attacked people.
    bpcer
        The rate of living people refused that must be proven: 0.03 needs 99 living people.
    dry_run
        Reckon and print, write nothing.
    """
    from xinqiao.identity import FaceModels
    from xinqiao.identity.errors import TargetUnfit
    from xinqiao.identity.liveness import calibrations
    from xinqiao.identity.liveness.calibrate import Aims
    from xinqiao.kit import SystemClock

    from .liveness import print_value

    with refusals(as_json=as_json):
        for rate in (apcer, bpcer):
            if not 0.001 <= rate <= 0.2:
                raise TargetUnfit(rate, field="apcer" if rate is apcer else "bpcer")
        home, models = Settings().home, FaceModels.load(Settings())
        found = [_class(models, name, place, Aims(apcer, bpcer)) for name, place in calibrations.classes_in(folder, device).items()]
        written = [] if dry_run else [str(p) for p in calibrations.write(home, found, versions=models.versions, clock=SystemClock())]
        facts = {c.name: {"folder": place.name, "simulated": simulated, **c.facts} for c, place, simulated in found}
        print_value({"classes": facts, "written": written}, as_json=as_json, human=lambda: _changes(found, written))
    return OK


def _class(models: FaceModels, name: str, folder: Path, aims: Aims) -> tuple[Calibrated, Path, bool]:
    from xinqiao.identity.liveness.calibrate import calibrate as reckon
    from xinqiao.identity.liveness.calibrations import of_simulation
    from xinqiao.identity.liveness.evaluate import gather, told_of
    from xinqiao.identity.liveness.own_weights import trained_on

    _, before = models.thresholds.liveness.device(name)
    trained = trained_on(Settings().home, gather(folder)[0])
    judged, paths = _judged(folder, name, trained)
    simulated = any(told_of(path) for path in paths)
    made = reckon(name, judged, before, models.thresholds.liveness, aims, left_out=len(trained))
    return of_simulation(made) if simulated else made, folder, simulated


def _judged(folder: Path, device: str, left_out: Collection[str]) -> tuple[list[Judged], list[Path]]:
    from xinqiao.identity.liveness.calibrate import Judged

    from .liveness import checked_folder

    seen = checked_folder(folder, device, left_out)
    return [Judged(p.person, p.species, v) for p, v in seen.judged], [p.path for p, _ in seen.judged]


def train(
    folder: Path,
    *,
    anyway: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Refit the texture network's last layer to your own captures, laid out as for `eval`; no graphics card and no torch are needed.

    It is put to use when it is better on people left out. From then on everything goes to a person until you calibrate, on captures of other people
    than these: the network knows these. `liveness weights shipped` goes back.

    Parameters
    ----------
    folder
        live/PERSON/… and attack/SPECIES/PERSON/….
    anyway
        Put it to use though it is not better on people left out.
    dry_run
        Fit and print, write nothing.
    """
    from xinqiao.identity import FaceModels
    from xinqiao.identity.errors import TrainingUnfit
    from xinqiao.identity.liveness import own_weights
    from xinqiao.identity.liveness.evaluate import gather, told_of
    from xinqiao.identity.liveness.onnx_head import HeadNotFound
    from xinqiao.identity.liveness.training import train as fit
    from xinqiao.identity.networks import shipped_texture
    from xinqiao.kit import SystemClock

    from .liveness import print_value

    with refusals(as_json=as_json):
        settings = Settings()
        models, (base, version) = FaceModels.load(settings), shipped_texture(settings)
        found, _ = gather(folder)
        fusion = models.thresholds.liveness
        try:
            examples, skipped = _examples(found, settings, base)
            with errors.status("Fitting …") as status:
                made = fit(
                    examples, cut=fusion.cut, band=fusion.devices["any"].band, step=lambda done: status.update(f"Fitting: {done} done")
                )
        except HeadNotFound as problem:
            raise TrainingUnfit(problem) from problem
        simulated = any(told_of(p.path) for p in found)
        facts = own_weights.facts(made, examples, skipped=skipped, simulated=simulated)
        place = None
        if not dry_run and (made.better or anyway):
            place = own_weights.write(settings.home, made, examples, captures=found, base=base, base_version=version, folder=folder.name, skipped=skipped, simulated=simulated, clock=SystemClock())  # fmt: skip
        print_value({**facts, "written": str(place) if place else None}, as_json=as_json, human=lambda: _trained(facts, place))
    return OK


def _examples(found: list[Presentation], settings: Settings, base: bytes) -> tuple[list[Example], int]:
    from xinqiao.identity.liveness.many import cores
    from xinqiao.identity.liveness.training import Example
    from xinqiao.identity.liveness.training_features import known_of

    from .liveness import progress

    made: dict[int, Example] = {}
    with progress(len(found), "Looking") as step:
        for number, known in known_of([p.path for p in found], settings=settings, weights=base, jobs=cores()):
            step()
            if known is not None:
                made[number] = Example(found[number].person, found[number].species, known)
    return [made[n] for n in sorted(made)], len(found) - len(made)


def _trained(facts: dict[str, Any], place: Path | None) -> object:
    from rich.console import Group

    old, new = facts["before"], facts["after"]
    rows = [[f"APCER {name}", _rate(old["apcer"][name]), _between(new, "apcer", name)] for name in new["apcer"]]
    rows += [[name.upper(), _rate(old[name]), _between(new, name)] for name in ("bpcer", "acer", "eer")]
    rows.append(["logarithmic loss", f"{facts['loss']['shipped']:.3f}", f"{facts['loss']['refitted']:.3f}"])
    title = f"Texture alone, {facts['captures']} captures ({facts['without_a_face']} more without a usable face)"
    surely = f"loses less in {facts['surely_better']:.1%} of draws of people"
    said = f"Better on people left out: it {surely}." if facts["better"] else f"Not shown to be better on people left out: it {surely}."
    done = (
        f"Written and in use: {place}. Everything goes to a person until you calibrate it, on captures of other people than these."
        if place
        else "The weights in use are unchanged."
    )
    return Group(table(title, ["", "shipped", "refitted, people left out (95 %)"], rows), said, done)


def weights(use: Literal["shipped", "own"] | None = None, *, as_json: Json = False) -> int:
    """Which texture network is used: the shipped one or your own; with a word, switch to it."""
    from xinqiao.identity import FaceModels
    from xinqiao.identity.liveness import own_weights

    from .liveness import print_value

    with refusals(as_json=as_json):
        settings = Settings()
        if use is not None:
            own_weights.switch(settings.home, use=use == "own")
        versions = FaceModels.load(settings).versions
        told = {"liveness_texture": versions.get("liveness_texture"), "calibration": versions.get("calibration")}
        print_value(told, as_json=as_json, human=lambda: "\n".join(f"{name}: {value or 'none'}" for name, value in told.items()))
    return OK


def _changes(made: list[tuple[Calibrated, Path, bool]], written: list[str]) -> object:
    from rich.console import Group

    said = [line for c, _, simulated in made for line in _said(c, simulated=simulated)]
    return Group(*(_changed(c) for c, _, _ in made), *said, "\n".join(["Written:", *written]) if written else "Nothing was written.")


def _said(c: Calibrated, *, simulated: bool) -> list[str]:
    """What the figures of a class do not stand for."""
    said = []
    if simulated:
        said.append(f"Simulated captures: {c.name} does not count as calibrated, and what is borderline still goes to a person.")
    if c.facts["left_out"]:
        said.append(f"{c.facts['left_out']} people were left out of {c.name}: the network in use was fitted to them.")
    return said


def _changed(c: Calibrated) -> object:
    rates, old = c.facts["rates"], c.facts["rates_before"]
    people = c.facts["people"]
    rows: list[list[Any]] = [
        [key, _number(old_), _number(new)]
        for key, old_, new in (
            ("scale", c.before.scale, c.after.scale),
            ("shift", c.before.shift, c.after.shift),
            ("pass from (sure)", c.before.band.sure, c.after.band.sure),
            ("called live from (cut)", c.before.cut, c.after.cut),
            ("fail below (doubt)", c.before.band.doubt, c.after.band.doubt),
        )
    ]
    rows += [[f"APCER {name}", _rate(old["apcer"][name]), _between(rates, "apcer", name)] for name in rates["apcer"]]
    rows += [[name.upper(), _rate(old[name]), _between(rates, name)] for name in ("bpcer", "eer")]
    for label, key in (("passed", "passed"), ("to a person", "referred"), ("no answer", "non_response")):
        rows += [[f"{label}, {name}", _rate(old[key].get(name)), _rate(rate)] for name, rate in rates[key].items()]
    title = f"{c.name}: {c.facts['captures']} captures, {people['live']} living people, {people['attacked']} attacked"
    return table(title, ["", "before", "after, on people left out (95 %)"], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _between(rates: dict[str, Any], name: str, species: str | None = None) -> str:
    value, ends = rates[name], rates["intervals"][name]
    value, ends = (value[species], ends[species]) if species else (value, ends)
    return _rate(value) if ends is None else f"{_rate(value)} ({_rate(ends[0])} to {_rate(ends[1])})"
