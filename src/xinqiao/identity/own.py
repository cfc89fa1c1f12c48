"""What a deployment has made its own under its home: liveness weights (`liveness train`) and calibration (`liveness calibrate`).

    HOME/models/liveness_texture/manifest.json, texture.onnx, CARD.md      weights; `use` in the manifest says whether they are used
    HOME/liveness/thresholds.json                                          classes of cameras, over the shipped ones
    HOME/liveness/calibration.json                                         what the calibration measured, for the console's charts

A file that was altered stops the loading; a calibration made with other weights is left aside and `versions["calibration"]` says so, for a
threshold means nothing for scores of another network. For the same reason the shipped thresholds do not hold for a deployment's own network: until
it is calibrated, everything goes to a person.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from xinqiao.kit import canonical, sha256_hex

from .errors import ModelsUnavailable
from .thresholds import ANY_DEVICE, Band, Device, Fusion, Thresholds

TEXTURE = "liveness_texture"
APART = {"face_embedder", "thresholds", "calibration"}
"""Versions that no liveness score depends on."""
LIVENESS = Path(__file__).parent / "liveness"
PARTS = {"light": "challenge", "infrared": "infrared", "depth": "depth"}
CLASS_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
IGNORED = "ignored"
UNDECIDED = "everything goes to a person until `liveness calibrate` has run"
REFERS = Band(1.0, 0.0)
"""Under which nobody passes and nobody fails."""


def texture_folder(home: Path) -> Path:
    return home / "models" / TEXTURE


def thresholds_file(home: Path) -> Path:
    return home / "liveness" / "thresholds.json"


def calibration_file(home: Path) -> Path:
    return home / "liveness" / "calibration.json"


def own_texture(home: Path) -> tuple[Path, dict[str, str]] | None:
    """Folder and manifest entry of the deployment's own network; None where there is none or it is switched off. Raises ModelsUnavailable."""
    folder = texture_folder(home)
    entry = texture_entry(home)
    return (folder, entry) if entry is not None and entry["use"] else None


def texture_entry(home: Path) -> dict[str, Any] | None:
    """The manifest's entry, switched on or off. Raises ModelsUnavailable for one that makes no sense."""
    file = texture_folder(home) / "manifest.json"
    if not file.is_file():
        return None
    try:
        (entry,) = json.loads(file.read_text("utf-8"))
        whole = entry["name"] == TEXTURE and Path(entry["file"]).name == entry["file"] and isinstance(entry["use"], bool)
        if not whole or not entry["version"] or len(entry["sha256"]) != 64:
            raise ValueError("a value is none of those allowed")
        return entry
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ModelsUnavailable(f"{file}: {type(problem).__name__}") from problem


@cache
def fitted() -> dict[str, str]:
    """What the sensors' own parts were fitted to, as a hash of each part's files of numbers."""
    found = {}
    for name, part in PARTS.items():
        files = sorted(p for p in (LIVENESS / part).glob("*") if p.suffix in (".json", ".onnx"))
        if files:
            found[name] = hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:8]
    return found


def basis(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions that a liveness score depends on: a calibration holds for these and no others."""
    return {name: version for name, version in sorted(versions.items()) if name not in APART}


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with its hash, so that a file altered by hand is noticed."""
    return {**body, "sha256": digest(body)}


def digest(body: Mapping[str, Any]) -> str:
    told = {name: value for name, value in body.items() if name != "sha256"}
    return sha256_hex(canonical(told))


def read_sealed(file: Path) -> dict[str, Any] | None:
    """None where there is no file. Raises ModelsUnavailable for one that is altered or no JSON object."""
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text("utf-8"))
        fits = isinstance(told, dict) and told.get("sha256") == digest(told)
    except (OSError, ValueError, TypeError) as problem:
        raise ModelsUnavailable(f"{file}: {type(problem).__name__}") from problem
    if not fits:
        raise ModelsUnavailable(f"{file} is not as `liveness calibrate` wrote it; calibrate again, or remove it")
    return told


def calibrated(home: Path, shipped: Thresholds, versions: Mapping[str, str]) -> tuple[Thresholds, str | None]:
    """The thresholds with the deployment's calibrated classes over the shipped ones, and what to say of it in `versions`.

    Raises ModelsUnavailable for a file that is altered or holds bounds that make no sense.
    """
    told = read_sealed(thresholds_file(home))
    if own_texture(home) is not None:
        shipped = _undecided(shipped)
    if told is None:
        return shipped, f"none: {UNDECIDED}" if own_texture(home) is not None else None
    if strange := differing(told, versions):
        then = UNDECIDED if own_texture(home) is not None else "run `liveness calibrate` again"
        return shipped, f"{IGNORED}: made with other weights ({', '.join(strange)}); {then}"
    try:
        own = {name: _believed(Device.parse(one), shipped.liveness) for name, one in told["devices"].items()}
        if not all(CLASS_NAME.fullmatch(name) for name in own):
            raise ValueError("a class of cameras has no name of small letters")
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelsUnavailable(f"{thresholds_file(home)}: {type(problem).__name__} {problem}") from problem
    fusion = Fusion(shipped.liveness.cut, {**shipped.liveness.devices, **own})
    return replace(shipped, liveness=fusion), f"{told['version']}@{told['sha256'][:8]}"


def without_thresholds(versions: Mapping[str, str]) -> bool:
    """Whether a deployment's own network runs that no calibration fits."""
    return versions.get("calibration", "").endswith(UNDECIDED)


def _undecided(shipped: Thresholds) -> Thresholds:
    """The shipped classes for another network's scores, of which nothing is known."""
    devices = {name: replace(one, band=REFERS, calibrated=False) for name, one in shipped.liveness.devices.items()}
    return replace(shipped, liveness=Fusion(shipped.liveness.cut, devices))


def _believed(device: Device, shipped: Fusion) -> Device:
    """A class that was calibrated on simulated captures keeps its scale, but its band decides no more than the shipped one would."""
    if device.calibrated:
        return device
    band = shipped.devices[ANY_DEVICE].band
    return replace(device, band=Band(max(band.sure, device.band.sure), min(band.doubt, device.band.doubt)), cut=None)


def differing(told: Mapping[str, Any], versions: Mapping[str, str]) -> list[str]:
    """Names of weights that are not those the calibration was made with."""
    before, now = told.get("weights", {}), basis(versions)
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
