"""What a check says, and how its signals become one outcome. Pure: no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .reasons import REASONS, Reason


class Outcome(StrEnum):
    PASS = "pass"
    RETRY = "retry"
    REFER = "refer"
    FAIL = "fail"


class State(StrEnum):
    """A signal's own word; `not_run` (it was needed and could not run) never counts as passed."""

    PASS = "pass"
    RETRY = "retry"
    REFER = "refer"
    FAIL = "fail"
    NOT_RUN = "not_run"
    NOT_CHECKED = "not_checked"
    """Not part of this check: nothing was asked of it, and nothing is owed to it."""


@dataclass(frozen=True, slots=True)
class Signal:
    name: str
    state: State
    value: float | None = None
    """The measurement, in the unit that README.md gives for the signal; None when it could not be made."""
    reason: str | None = None
    """A code of REASONS, whenever the state is not `pass`."""

    def record(self) -> dict[str, Any]:
        return {"state": self.state.value, "value": self.value, "reason": self.reason}


REQUIRED = ("liveness", "portrait_quality", "match")
"""Signals without which nobody passes; `liveness` stands for all that its fusion needs."""
DECEIT = {"frozen", "face_changes", "sent_before", "impossible_timing", "looped", "foreign_recorder"}
"""Reasons that no second try mends: they outrank an instruction to try again."""


@dataclass(frozen=True, slots=True)
class IdentityEvidence:
    """The result of one check. `template` and `face_index` are secret: never logged, never part of `record()`."""

    outcome: Outcome
    liveness_score: float | None
    """0-1, larger is more alive; None when no frame could be judged."""
    match_score: float | None
    """Cosine of portrait and selfie, -1 to 1; None when either has no usable face."""
    signals: tuple[Signal, ...]
    reasons: tuple[Reason, ...]
    template: bytes
    face_index: bytes
    model_versions: Mapping[str, str]
    took_ms: int
    liveness: Outcome | None = None
    """What the fusion of all liveness signals alone says."""
    label: str | None = None
    """live, attack or retry: what the fusion believes, whatever is to happen."""
    device: str = "any"
    """The class of cameras that recorded it, as far as the browser and the clip tell."""
    judged_as: str = "any"
    """The class by whose calibration it was judged: `any` where that of `device` was never measured."""
    calibrated: bool = False
    """Whether this deployment measured that class's band on its own captures, with the kinds of evidence that spoke here."""
    challenge: str | None = None
    """The id of the light challenge that the recording answered."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """What each group of sources added to the liveness score, in log-odds."""
    sources: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Each source's probability of life and its weight within its group."""
    bounds: Mapping[str, Any] = field(default_factory=dict)
    """Of the class it was judged as, as they were; under `used`, the band and the cut that judged the score. `replay` reads them."""

    def record(self) -> dict[str, Any]:
        """All that may stand in an event or an evidence pack: scores, codes, versions; no biometric data."""
        return {
            "outcome": self.outcome.value,
            "liveness_score": self.liveness_score,
            "match_score": self.match_score,
            "signals": {s.name: s.record() for s in self.signals},
            "reasons": [r.code for r in self.reasons],
            "liveness": self.liveness.value if self.liveness else None,
            "label": self.label,
            "device": self.device,
            "judged_as": self.judged_as,
            "calibrated": self.calibrated,
            "challenge": self.challenge,
            "weights": dict(self.weights),
            "sources": {name: dict(one) for name, one in self.sources.items()},
            "bounds": dict(self.bounds),
            "model_versions": dict(self.model_versions),
            "took_ms": self.took_ms,
        }

    def __repr__(self) -> str:
        return f"IdentityEvidence({self.outcome.value}, reasons={[r.code for r in self.reasons]})"


def decide(signals: Sequence[Signal], required: Sequence[str] = REQUIRED) -> Outcome:
    """One outcome: deceit fails; then a bad recording is tried again; then the worst signal counts; what did not run is referred."""
    found = {s.name for s in signals if s.state is not State.NOT_CHECKED}
    states = {s.state for s in signals} | {State.NOT_RUN for name in required if name not in found}
    if any(s.state is State.FAIL and s.reason in DECEIT for s in signals):
        return Outcome.FAIL
    if State.RETRY in states:
        return Outcome.RETRY
    if State.FAIL in states:
        return Outcome.FAIL
    if states & {State.REFER, State.NOT_RUN}:
        return Outcome.REFER
    return Outcome.PASS


def conclude(liveness: Outcome, score: float | None, signals: Sequence[Signal], ours: Sequence[Signal]) -> Outcome:
    """The fusion's word counts as one signal beside `ours`, portrait and match; deceit among its `signals` stays deceit."""
    deceit = next((s.reason for s in signals if s.state is State.FAIL and s.reason in DECEIT), None)
    refused = any(s.state is State.FAIL for s in ours)  # which another try at the clip would not undo
    word = State.REFER if refused and only_disagrees(signals) else State(liveness.value)
    return decide((Signal("liveness", word, score, deceit), *ours))


def only_disagrees(signals: Sequence[Signal]) -> bool:
    """Another capture is asked for, and for nothing but that one network refused alone (`agreement`)."""
    return {s.name for s in signals if s.state is State.RETRY} == {"agreement"}


def explain(signals: Sequence[Signal], outcome: Outcome) -> tuple[Reason, ...]:
    """The reasons of the signals that made the outcome, in their order, without repeats."""
    wanted = {State(outcome.value)} | ({State.NOT_RUN} if outcome is Outcome.REFER else set())
    codes = dict.fromkeys(s.reason for s in signals if s.state in wanted and s.reason)
    return tuple(REASONS[code] for code in codes)
