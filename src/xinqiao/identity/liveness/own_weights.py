"""A deployment's own texture network on disk: written with its card, switched on and off. `identity.own` reads it at every start."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xinqiao.kit import Clock

from ..errors import OutUnwritable, OwnWeightsMissing, TrainedUnknown
from ..own import TEXTURE, own_texture, texture_entry, texture_folder
from . import onnx_head
from .evaluate import Presentation
from .training import SURE, Example, Trained

FILE = "texture.onnx"


def write(
    home: Path, trained: Trained, examples: Sequence[Example], *, captures: Sequence[Presentation], base: bytes, base_version: str, folder: str, skipped: int, simulated: bool, clock: Clock
) -> Path:  # fmt: skip
    """The network, its manifest, its card and the report, in use from now on; the folder. `captures`: all that it was fitted to, so that their
    people are known again (`trained_on`). Raises OutUnwritable."""
    now, place = clock.now(), texture_folder(home)
    head = trained.head
    weights = onnx_head.corrected(base, gain=head.gain, weights=head.weights, bias=head.bias)
    digest = hashlib.sha256(weights).hexdigest()
    entry = {
        "name": TEXTURE,
        "file": FILE,
        "version": f"own-{now:%Y%m%dT%H%MZ}",
        "licence": "the deployment's own; the trunk as its base",
        "source": f"xinqiao liveness train {folder}, last layer refitted on {base_version}",
        "source_sha256": hashlib.sha256(base).hexdigest(),
        "sha256": digest,
        "use": True,
    }
    report = {
        **facts(trained, examples, skipped=skipped, simulated=simulated),
        "date": now.isoformat(timespec="seconds"),
        "base": base_version,
        "fitted_to": _marks(captures, secrets.token_bytes(16)),
    }
    try:
        place.mkdir(parents=True, exist_ok=True)
        _put(place / FILE, weights)
        _put(place / "CARD.md", card(report, entry["version"], digest, now, folder).encode())
        _put(place / "report.json", json.dumps(report, indent=1).encode())
        _put(place / "manifest.json", json.dumps([entry], indent=1).encode())
    except OSError as problem:
        raise OutUnwritable(str(place), type(problem).__name__) from problem
    return place


def switch(home: Path, *, use: bool) -> dict[str, Any]:
    """Use the deployment's own network, or the shipped one; the manifest's entry. Raises OwnWeightsMissing."""
    entry = texture_entry(home)
    if entry is None:
        raise OwnWeightsMissing(field="weights")
    entry = {**entry, "use": use}
    _put(texture_folder(home) / "manifest.json", json.dumps([entry], indent=1).encode())
    return entry


def trained_on(home: Path, captures: Sequence[Presentation]) -> set[str]:
    """The people among these to whom the network in use was fitted, by their folder's name or by any of their files; none where the shipped one
    runs. Raises TrainedUnknown where the network's report does not tell."""
    if own_texture(home) is None:
        return set()
    try:
        told = json.loads((texture_folder(home) / "report.json").read_text("utf-8"))["fitted_to"]
        salt, marks = bytes.fromhex(told["salt"]), {*told["names"], *told["files"]}
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise TrainedUnknown(field="folder") from problem
    return {c.person for c in captures if _name(c, salt) in marks or _content(c, salt) in marks}


def _marks(captures: Sequence[Presentation], salt: bytes) -> dict[str, Any]:
    """Salted hashes: a list that tells whether somebody is on it, and of whom it is made to nobody who does not hold their captures."""
    return {
        "salt": salt.hex(),
        "names": sorted({_name(c, salt) for c in captures}),
        "files": sorted({_content(c, salt) for c in captures}),
    }


def _name(capture: Presentation, salt: bytes) -> str:
    return hashlib.blake2b(capture.person.encode(), digest_size=16, key=salt, person=b"name").hexdigest()


def _content(capture: Presentation, salt: bytes) -> str:
    with capture.path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16, key=salt, person=b"file")).hexdigest()


def facts(trained: Trained, examples: Sequence[Example], *, skipped: int, simulated: bool) -> dict[str, Any]:
    species = sorted({e.species for e in examples})
    return {
        "captures": len(examples),
        "without_a_face": skipped,
        "simulated": simulated,
        "people": {name: len({e.person for e in examples if e.species == name}) for name in species},
        "before": trained.before,
        "after": trained.after,
        "loss": {"shipped": trained.loss[0], "refitted": trained.loss[1]},
        "surely_better": trained.surely,
        "better": trained.better,
        "strength": trained.strength,
    }


def _put(file: Path, data: bytes) -> None:
    beside = file.with_name(f"{file.name}.new")
    beside.write_bytes(data)
    beside.replace(file)


def card(report: Mapping[str, Any], version: str, digest: str, now: datetime, folder: str) -> str:
    """Markdown: on whom, what was measured before and after, and what was not."""
    before, after = report["before"], report["after"]
    rows = [f"| APCER {name} | {_rate(before['apcer'][name])} | {_rate(after['apcer'][name], after['intervals']['apcer'][name])} |" for name in after["apcer"]]  # fmt: skip
    rows += [
        f"| {name.upper()} | {_rate(before[name])} | {_rate(after[name], after['intervals'][name])} |" for name in ("bpcer", "acer", "eer")
    ]
    people = ", ".join(f"{count} {name}" for name, count in report["people"].items())
    verdict = (
        "better than the shipped network on people left out"
        if report["better"]
        else "**not** shown to be better than the shipped network on people left out; it was put to use because that was asked for"
    )
    lines = [
        "# Model card: this deployment's own texture network",
        f"{version}, {now:%Y-%m-%d}, SHA-256 {digest[:16]}…, last layer refitted on {report['base']} by `xinqiao liveness train`.",
        f"Captures: {report['captures']} from the folder {folder} ({report['without_a_face']} more without a usable face). People: {people}."
        + (" **Simulated captures: these figures say nothing about real ones.**" if report["simulated"] else ""),
        "| texture alone, by capture | shipped | refitted, people left out (95 %, people as the unit) |\n|---|---|---|\n" + "\n".join(rows),
        f"It is {verdict}: it loses less in {report['surely_better']:.1%} of draws of people ({SURE:.0%} are asked for); logarithmic loss"
        f" {report['loss']['shipped']:.3f} (shipped, calibrated) and {report['loss']['refitted']:.3f} (refitted).",
        "The rates are those of the recipe on people left out; the network in use is fitted to everybody. Its scale may differ from the shipped"
        " one's: until `xinqiao liveness calibrate` has run on captures of other people, everything goes to a person. An attack species that the folder does not hold was not"
        " measured. What the trunk was trained on, and every other signal, is told in the card that follows.",
    ]
    return "\n\n".join(lines) + "\n"


def _rate(value: float | None, ends: Sequence[float] | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" + (f" [{ends[0]:.1%}, {ends[1]:.1%}]" if ends else "")
