"""Calibrations on disk: which folder is which class, and the two files under a deployment's home (`identity.own` reads them).

    DIR/live/…, DIR/attack/…                one class, named by the command (`any` unless told)
    DIR/CLASS/live/…, DIR/CLASS/attack/…    a class for every folder, named as `devices.CLASSES` names them

`HOME/liveness/thresholds.json`: `{"version", "weights", "devices": {CLASS: {"scale", "shift", "sure", "doubt", "cut", "calibrated",
"groups"}}, "sha256"}`; `groups`: the sets of groups of evidence that the captures showed, each a sorted list (`calibrate.groups_seen`).
`HOME/liveness/calibration.json`: `{"version", "weights", "classes": {CLASS: …}, "sha256"}`, each class with `date` (ISO 8601, UTC), `folder`,
`simulated`, `weights` and the facts of `calibrate.calibrate`: `people`, `captures`, `aims`, `before`, `after`, `rates` (as `liveness eval` prints
them, cross-fitted), `rates_before`, `provable_apcer`, `det` ({SPECIES: [[APCER, BPCER], …]}), `histogram` ({"edges", "live", "attack"}; bins as
`drift.histogram` makes them), `sources`, `groups`, `left_out` (people to whom the network in use was fitted). A class of simulated captures keeps
its scale and its figures, but is not `calibrated`: no camera was measured. Classes calibrated earlier with the same weights stay; those made with others are dropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xinqiao.kit import Clock

from ..errors import ClassMisnamed, FolderUnfit, OutUnwritable
from ..own import CLASS_NAME, basis, calibration_file, read_sealed, sealed, thresholds_file
from .calibrate import Calibrated
from .evaluate import ATTACK, LIVE


def classes_in(folder: Path, device: str) -> dict[str, Path]:
    """Class -> the folder of its captures. Raises FolderUnfit and ClassMisnamed."""
    if not folder.is_dir():
        raise FolderUnfit(folder.name, "it is no folder", "它不是文件夹", field="folder")
    if (folder / LIVE).is_dir() or (folder / ATTACK).is_dir():
        found = {device: folder}
    else:
        found = {p.name: p for p in sorted(folder.iterdir()) if (p / LIVE).is_dir()}
    for name in found:
        if not CLASS_NAME.fullmatch(name):
            raise ClassMisnamed(name, field="device")
    if not found:
        raise FolderUnfit(folder.name, "neither it nor a folder in it holds live/", "其中及其子文件夹均没有 live/", field="folder")
    return found


def write(home: Path, made: Sequence[tuple[Calibrated, Path, bool]], *, versions: Mapping[str, str], clock: Clock) -> tuple[Path, Path]:
    """`made`: what was calibrated, from which folder, and whether that was simulated. Both files, old classes kept where the weights are the
    same. Raises OutUnwritable, and ModelsUnavailable for an old file that was altered."""
    now, weights = clock.now(), basis(versions)
    made = [(of_simulation(c) if simulated else c, folder, simulated) for c, folder, simulated in made]
    version = f"calibration-{now:%Y%m%dT%H%MZ}"
    devices = {
        **_kept(thresholds_file(home), "devices", weights),
        **{c.name: {**c.after.record(), "groups": c.facts["groups"]} for c, _, _ in made},
    }
    facts = {
        c.name: {"date": now.isoformat(timespec="seconds"), "folder": folder.name, "simulated": simulated, "weights": weights, **c.facts}
        for c, folder, simulated in made
    }
    classes = {**_kept(calibration_file(home), "classes", weights), **facts}
    files = {
        calibration_file(home): sealed({"version": version, "weights": weights, "classes": classes}),
        thresholds_file(home): sealed({"version": version, "weights": weights, "devices": devices}),
    }
    try:
        for file, body in files.items():
            _replace(file, body)
    except OSError as problem:
        raise OutUnwritable(str(home / "liveness"), type(problem).__name__) from problem
    return thresholds_file(home), calibration_file(home)


def of_simulation(made: Calibrated) -> Calibrated:
    """The same, not counting as calibrated: what the simulator draws is no camera of this deployment's."""
    after = replace(made.after, calibrated=False)
    return replace(made, after=after, facts={**made.facts, "after": after.record()})


def _kept(file: Path, part: str, weights: Mapping[str, str]) -> dict[str, Any]:
    told = read_sealed(file)
    return dict(told[part]) if told and told.get("weights") == dict(weights) else {}


def _replace(file: Path, body: Mapping[str, Any]) -> None:
    """Whole or not at all: a check that reads at this moment finds the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(body, indent=1, ensure_ascii=False), "utf-8")
    beside.replace(file)


def read_calibration(home: Path) -> dict[str, Any] | None:
    """calibration.json, for charts; None where nothing was calibrated. Raises ModelsUnavailable for a file that was altered."""
    return read_sealed(calibration_file(home))
