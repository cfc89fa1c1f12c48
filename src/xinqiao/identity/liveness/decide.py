"""Fusion: every signal, one score, one decision. Pure.

The score is the weighted mean of the evidence's log-odds, each calibrated by the class of camera (Platt 1999); a signal that failed for a
reason no second look can mend (a frozen clip, a spliced one) sets it to nothing. Three answers: live, attack, and "try again: ..."; whether a
person looks is the outcome's word. A signal that was needed and did not run never counts as passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from ..model import DECEIT, Outcome, Signal, State, decide, explain
from ..reasons import Reason
from ..thresholds import ANY_DEVICE, Fusion

NEEDED = ("selfie_quality", "length", "motion", "one_person", "texture", "timing", "repeats")
"""Signals without which nothing passes."""


class Label(StrEnum):
    LIVE = "live"
    ATTACK = "attack"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source of probability: our texture network, a deployment's own model."""

    probability: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    label: Label | None
    """What the check believes. None: nothing could judge it, and a person looks."""
    outcome: Outcome
    """What is to happen: pass, fail, retry, or refer (a person looks)."""
    score: float | None
    """0-1, larger is more alive; None when no frame could be judged."""
    signals: tuple[Signal, ...]
    reasons: tuple[Reason, ...]
    device: str = ANY_DEVICE
    calibrated: bool = False
    took_ms: float = 0.0

    def record(self) -> dict[str, Any]:
        """Measurements, codes and words; no biometric data."""
        return {
            "label": self.label.value if self.label else None,
            "outcome": self.outcome.value,
            "score": self.score,
            "signals": {s.name: s.record() for s in self.signals},
            "reasons": [{"code": r.code, "zh": r.zh, "en": r.en} for r in self.reasons],
            "device": self.device,
            "calibrated": self.calibrated,
            "ms": round(self.took_ms, 1),
        }


def fuse(
    signals: Sequence[Signal], evidence: Mapping[str, Evidence], fusion: Fusion, *, device: str = ANY_DEVICE, took_ms: float = 0.0
) -> Verdict:
    """`evidence` by the name of its signal. Where there is more than one source, what each alone would leave to a person is decided by their sum;
    what one of them refuses stays refused."""
    name, bounds = fusion.device(device)
    score = combined(list(evidence.values()))
    whole = list(signals)
    if score is not None and len(evidence) > 1:
        state = bounds.band.state(score)
        whole.append(Signal("fused", state, score, {State.REFER: "borderline", State.FAIL: "texture_attack"}.get(state)))
    if any(s.state is State.FAIL and s.reason in DECEIT for s in signals):
        score = 0.0
    outcome = decide(_weighed(whole, evidence), NEEDED)
    label = _label(outcome, score, fusion.cut)
    return Verdict(label, outcome, score, tuple(whole), explain(whole, outcome), name, bounds.calibrated, took_ms)


def _weighed(signals: Sequence[Signal], evidence: Mapping[str, Evidence]) -> list[Signal]:
    """As `decide` counts them: doubt about one source among several is settled by `fused`."""
    if len(evidence) < 2:
        return list(signals)
    return [replace(s, state=State.PASS) if s.state is State.REFER and s.name in evidence else s for s in signals]


def combined(evidence: Sequence[Evidence]) -> float | None:
    """The weighted mean of log-odds, as a probability; None without evidence."""
    if not evidence:
        return None
    p = np.clip([e.probability for e in evidence], 1e-6, 1 - 1e-6)
    mean = np.average(np.log(p / (1 - p)), weights=[e.weight for e in evidence])
    return float(1 / (1 + np.exp(-mean)))


def _label(outcome: Outcome, score: float | None, cut: float) -> Label | None:
    if outcome is Outcome.RETRY:
        return Label.RETRY
    if outcome is Outcome.FAIL:
        return Label.ATTACK
    if score is None:
        return None
    return Label.LIVE if score >= cut else Label.ATTACK
