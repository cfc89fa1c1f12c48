"""A deployment's own texture network on disk: written with its card, switched on and off. `identity.own` reads it at every start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xinqiao.kit import Clock

from ..errors import OutUnwritable, OwnWeightsMissing
from ..own import TEXTURE, texture_entry, texture_folder
from . import onnx_head
from .training import SURE, Example, Trained

FILE = "texture.onnx"


def write(
    home: Path, trained: Trained, examples: Sequence[Example], *, base: bytes, base_version: str, folder: str, skipped: int, simulated: bool, clock: Clock
) -> Path:  # fmt: skip
    """The network, its manifest, its card and the report, in use from now on; the folder. Raises OutUnwritable."""
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
        " one's: run `xinqiao liveness calibrate` before its thresholds are trusted. An attack species that the folder does not hold was not"
        " measured. What the trunk was trained on, and every other signal, is told in the card that follows.",
    ]
    return "\n\n".join(lines) + "\n"


def _rate(value: float | None, ends: Sequence[float] | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" + (f" [{ends[0]:.1%}, {ends[1]:.1%}]" if ends else "")
