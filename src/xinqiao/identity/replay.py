"""Does a face check's record come to the same answer again? Out of its own signals, sources and bounds: no picture is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import FusionUnknown
from .liveness.decide import CONCLUDED, Evidence, Verdict, rejudge
from .model import Outcome, Signal, State, conclude
from .sources import Rule, known, shipped
from .thresholds import ANY_DEVICE, Device, Fusion

OURS = ("portrait_quality", "match", "same_as_before")
"""Signals that stand beside the liveness fusion."""
NEAR = 1e-6


def replay(record: Mapping[str, Any]) -> tuple[Outcome, str | None]:
    """The outcome again, and what differs from the record (None: nothing); `record` as `IdentityEvidence.record` wrote it, or as JSON holds it.

    It is judged by the rules that it names, those in force or earlier ones that are kept (`sources.known`). Raises FusionUnknown for a record
    of rules that this release does not hold; KeyError, TypeError, ValueError for what is no record.
    """
    version = record["model_versions"].get("fusion")
    rule = known(version)
    if rule is None:
        raise FusionUnknown(version or "–", shipped().version)
    signals = [_signal(name, one) for name, one in record["signals"].items()]
    ours = [s for s in signals if s.name in OURS or (record["challenge"] is None and s.name == "light_sequence")]
    again = _fused([s for s in signals if s not in ours], record, rule)
    outcome = conclude(again.outcome, again.score, again.signals, ours)
    return outcome, _difference(record, again, outcome)


def _fused(signals: list[Signal], record: Mapping[str, Any], rule: Rule) -> Verdict:
    bounds = Device.parse(record["bounds"])
    sources = {name: Evidence(float(one["probability"]), float(one["weight"])) for name, one in record["sources"].items()}
    told = Verdict(None, Outcome(record["liveness"]), None, tuple(signals), (), sources=sources)
    cut = record["bounds"].get("used", record["bounds"])["cut"]
    return rejudge(told, bounds, bounds, Fusion(float(cut), {ANY_DEVICE: bounds}), rule=rule)


def _difference(record: Mapping[str, Any], again: Verdict, outcome: Outcome) -> str | None:
    if outcome != record["outcome"] or again.outcome != record["liveness"]:
        return f"its signals give {outcome.value}, the record says {record['outcome']}"
    told = record["liveness_score"]
    if (told is None) != (again.score is None) or (again.score is not None and not math.isclose(float(told), again.score, abs_tol=NEAR)):
        return f"its sources give a score of {again.score}, the record says {told}"
    band = record["bounds"].get("used", {})
    if again.band and "sure" in band and (float(band["sure"]), float(band["doubt"])) != (again.band.sure, again.band.doubt):
        return f"its evidence is judged by {again.band}, the record says {dict(band)}"
    label = again.label.value if again.label else None
    if label != record["label"]:
        return f"its score means {label}, the record says {record['label']}"
    other = [s.name for s in again.signals if (s.state, s.reason) != (_told(record, s.name)["state"], _told(record, s.name)["reason"])]
    other += [name for name in CONCLUDED if name in record["signals"] and name not in {s.name for s in again.signals}]
    return f"its numbers give another state of {', '.join(other)}" if other else None


def _told(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return record["signals"].get(name, {"state": None, "reason": None})


def _signal(name: str, one: Mapping[str, Any]) -> Signal:
    value = None if one["value"] is None else float(one["value"])
    return Signal(name, State(one["state"]), value, one["reason"])
