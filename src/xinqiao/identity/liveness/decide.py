"""Fusion: every signal, one score, one decision. Pure.

The score adds the evidence of each group of sources as log-odds, bounded by how often the group errs (`identity.sources`); our network's is calibrated
by class of camera first (Platt 1999). A signal that failed for a reason no second look can mend (a frozen clip, a spliced one) sets it to nothing.
Three answers: live, attack, and "try again: ..."; whether a person looks is the outcome's word. A signal that was needed and did not run never
counts as passed. What is needed depends on what was given: a clip, and each sensor or challenge that came with it. In the dark the colour
picture is not waited for where near infrared, depth or the challenge has spoken: what no frame was clear enough for is excused, what was
measured counts as by day. Where none has spoken, the answer is "turn on a lamp". A group that does not lift (the screen's light) may take a
pass away and never give one: what does not pass without it goes to a person. A network that refuses alone against all other evidence has the
capture taken again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from ..model import DECEIT, Outcome, Signal, State, decide, explain
from ..reasons import Reason
from ..sources import APPEARANCE, Rule, shipped
from ..thresholds import ANY_DEVICE, Band, Device, Fusion

NEEDED = ("selfie_quality", "length", "motion", "one_person", "texture", "timing", "repeats")
"""Signals without which nothing passes."""
FAMILIES = (("light_sequence", "light_shape"), ("infrared_face", "infrared_texture"), ("depth_relief", "depth_texture"))
"""Where one of a family was asked, all of it is needed; and a family that has spoken carries the decision in the dark."""
DARK = {"too_dark"}
"""Problems of the colour picture that are the room's, not the face's."""
UNSEEN = {"not_run", *DARK}
"""Why a network that looks at the picture did not run: no frame was fit to be looked at."""
CONCLUDED = ("fused", "agreement")
"""Signals that fusion itself adds."""
MOST = 20.0
"""Log-odds beyond which a probability is not told apart from certainty."""


class Label(StrEnum):
    LIVE = "live"
    ATTACK = "attack"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source of probability: our texture network, the shape that the light shows, a deployment's own model."""

    probability: float
    weight: float = 1.0
    """among the sources of its group"""

    @property
    def log_odds(self) -> float:
        if self.probability <= 0 or self.probability >= 1:
            return MOST if self.probability >= 1 else -MOST
        return float(np.clip(np.log(self.probability / (1 - self.probability)), -MOST, MOST))


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
    """The class of cameras that was asked for."""
    judged_as: str = ANY_DEVICE
    """The class whose calibration was used: ANY_DEVICE where that of `device` was never measured."""
    calibrated: bool = False
    """Whether this deployment measured that class's band, and with just the kinds of evidence that spoke here."""
    band: Band | None = None
    """By which the score was judged; None without a score."""
    cut: float | None = None
    """From which the score was called live."""
    took_ms: float = 0.0
    evidence: Mapping[str, float] = field(default_factory=dict)
    """What each group of sources added to the score, in log-odds: above 0 for life, below against it."""
    sources: Mapping[str, Evidence] = field(default_factory=dict)
    """What each source said by itself, before any bound: what `rejudge` and calibration need."""

    def record(self) -> dict[str, Any]:
        """Measurements, codes and words; no biometric data."""
        return {
            "label": self.label.value if self.label else None,
            "outcome": self.outcome.value,
            "score": self.score,
            "signals": {s.name: s.record() for s in self.signals},
            "reasons": [{"code": r.code, "zh": r.zh, "en": r.en} for r in self.reasons],
            "evidence": {name: round(value, 3) for name, value in self.evidence.items()},
            "device": self.device,
            "judged_as": self.judged_as,
            "calibrated": self.calibrated,
            "band": {"sure": self.band.sure, "doubt": self.band.doubt} if self.band else None,
            "ms": round(self.took_ms, 1),
        }


def fuse(
    signals: Sequence[Signal],
    evidence: Mapping[str, Evidence],
    fusion: Fusion,
    *,
    device: str = ANY_DEVICE,
    took_ms: float = 0.0,
    rule: Rule | None = None,
    agree: bool = True,
) -> Verdict:
    """`evidence` by the name of its source. Where more than one speaks, what each alone would leave to a person is settled by the whole.

    Not `agree`: without asking for another capture where one network refuses alone, as calibration counts.
    """
    rule, (known, bounds) = rule or shipped(), fusion.device(device)
    whole = _excused(signals, rule)
    parts = contributions(evidence, rule)
    score = total(parts)
    band = band_of(set(parts), bounds, rule) if parts else None
    if score is not None and band is not None and (len(evidence) > 1 or set(parts) != {APPEARANCE}):
        state = _unlifted(band.state(score), evidence, bounds, rule)
        whole.append(Signal("fused", state, score, {State.REFER: "borderline", State.FAIL: "fused_attack"}.get(state)))
    alone = _dissenter(_weighed(whole, evidence, rule), evidence, parts, rule) if agree else None
    if alone:
        whole.append(Signal("agreement", State.RETRY, parts[alone], "witnesses_disagree"))
    if any(s.state is State.FAIL and s.reason in DECEIT for s in signals):
        score = 0.0
    outcome = decide(_weighed(whole, evidence, rule), needed(whole))
    measured = bounds.measured(parts)
    cut = bounds.cut if bounds.cut is not None and (measured or not bounds.calibrated) else fusion.cut
    return Verdict(
        label=_label(outcome, score, cut),
        outcome=outcome,
        score=score,
        signals=tuple(whole),
        reasons=explain(whole, outcome),
        device=device,
        judged_as=known,
        calibrated=measured,
        band=band,
        cut=cut,
        took_ms=took_ms,
        evidence=parts,
        sources=dict(evidence),
    )


def band_of(spoken: Set[str], bounds: Device, rule: Rule) -> Band:
    """By which the whole is judged where these groups (at least one) speak in this class of cameras.

    A calibrated band holds for the sets of groups it was measured with; without a calibration the class's band is that of the picture alone,
    and the rule's own hold for the rest. A class that decides nothing by the picture (sure 1) decides nothing in which the picture speaks.
    """
    if bounds.calibrated:
        return bounds.band if bounds.measured(spoken) else rule.band(spoken)
    alone = spoken == {APPEARANCE} or (APPEARANCE in spoken and bounds.band.sure >= 1)
    return bounds.band if alone else rule.band(spoken)


def _unlifted(state: State, evidence: Mapping[str, Evidence], bounds: Device, rule: Rule) -> State:
    """A pass that stands without the groups that do not lift; else a person looks."""
    rest = {source: one for source, one in evidence.items() if rule.groups[rule.group(source)].lifts}
    if state is not State.PASS or len(rest) == len(evidence):
        return state
    parts = contributions(rest, rule)
    score = total(parts)
    stands = score is not None and band_of(set(parts), bounds, rule).state(score) is State.PASS
    return State.PASS if stands else State.REFER


def _dissenter(signals: Sequence[Signal], heard: Mapping[str, Evidence], parts: Mapping[str, float], rule: Rule) -> str | None:
    """The group whose network refuses, or doubts so much that the whole refuses, while every other group speaks for life and two at least do.

    Shut eyes look like a mask to near infrared: who blinked is asked again, and a mask that deceives all the others gains a try and no pass.
    Groups that lift nothing are no witnesses here. What is refused by physics, or by a signal of another group, is not undone.
    """
    heeded = {name: value for name, value in parts.items() if rule.groups[name].lifts}
    against = [name for name, value in heeded.items() if value < 0]
    if len(heeded) < 3 or len(against) != 1:
        return None
    failed = [s for s in signals if s.state is State.FAIL]
    its_own = [s for s in failed if s.name == "fused" or (s.name in heard and rule.group(s.name) == against[0])]
    return against[0] if failed and len(its_own) == len(failed) else None


def bounds_told(verdict: Verdict, fusion: Fusion) -> dict[str, Any]:
    """What a record keeps so that `replay` comes to the verdict again: the class's bounds, and under `used` the band and cut that judged."""
    bounds = fusion.devices[verdict.judged_as]
    used = {"sure": verdict.band.sure, "doubt": verdict.band.doubt} if verdict.band else {}
    cut = fusion.cut if verdict.cut is None else verdict.cut
    return {"cut": fusion.cut} | bounds.record() | {"used": {**used, "cut": cut}}


def rejudge(verdict: Verdict, before: Device, after: Device, fusion: Fusion, *, rule: Rule | None = None, agree: bool = True) -> Verdict:
    """The verdict that the same capture would get in a class of cameras calibrated as `after`; it was judged in one calibrated as `before`.

    `fusion`: where `cut` stands, for a class that has none of its own. `agree`: as `fuse`.
    """
    rule = rule or shipped()
    evidence, signals = dict(verdict.sources), [s for s in verdict.signals if s.name not in CONCLUDED]
    if "texture" in evidence:
        score = after.calibrate((evidence["texture"].log_odds - before.shift) / before.scale)
        evidence["texture"] = replace(evidence["texture"], probability=score)
        signals = [texture_told(score, after, rule) if s.name == "texture" else s for s in signals]
    only = Fusion(fusion.cut, {ANY_DEVICE: after})
    return fuse([_as_found(s) for s in signals], evidence, only, took_ms=verdict.took_ms, rule=rule, agree=agree)


def _as_found(signal: Signal) -> Signal:
    """As it was before `_excused`."""
    if signal.state is not State.NOT_CHECKED or signal.reason not in DARK:
        return signal
    return replace(signal, state=State.RETRY if signal.name == "selfie_quality" else State.NOT_RUN)


def texture_told(score: float, bounds: Device, rule: Rule | None = None) -> Signal:
    """Our network's signal for a calibrated score."""
    state = band_of({APPEARANCE}, bounds, rule or shipped()).state(score)
    return Signal("texture", state, score, {State.REFER: "texture_unsure", State.FAIL: "texture_attack"}.get(state))


def contributions(evidence: Mapping[str, Evidence], rule: Rule) -> dict[str, float]:
    """By group, the weighted mean of its sources' log-odds, bounded. Appearance alone is not bounded: its own band was set for it."""
    groups: dict[str, list[Evidence]] = {}
    for source, one in evidence.items():
        groups.setdefault(rule.group(source), []).append(one)
    means = {name: combined(some) for name, some in groups.items()}
    return means if set(means) == {APPEARANCE} else {name: rule.groups[name].bounded(mean) for name, mean in means.items()}


def combined(alike: Sequence[Evidence]) -> float:
    """The weighted mean of log-odds of sources that look at the same thing; at least one."""
    return float(np.average([e.log_odds for e in alike], weights=[e.weight for e in alike]))


def total(parts: Mapping[str, float]) -> float | None:
    """The sum of log-odds as a probability; None without evidence."""
    return float(1 / (1 + np.exp(-np.clip(sum(parts.values()), -MOST, MOST)))) if parts else None


def needed(signals: Sequence[Signal]) -> tuple[str, ...]:
    """Signals without which this capture does not pass: the clip's, and every family of which something was asked; not what the dark excused."""
    asked = {s.name for s in signals if s.state is not State.NOT_CHECKED}
    excused = {s.name for s in signals if s.state is State.NOT_CHECKED and s.reason in DARK} & {"selfie_quality", "texture"}
    clip = tuple(name for name in NEEDED if name not in excused)
    return clip + tuple(name for family in FAMILIES if asked & set(family) for name in family)


def _excused(signals: Sequence[Signal], rule: Rule) -> list[Signal]:
    """In the dark, where a family has spoken: the picture's quality, and what found no frame fit to be looked at, are out of the count, and said
    to be. What was measured stays: half a clip in the dark takes back nothing that the other half has shown."""
    if not _dark(signals):
        return list(signals)
    return [replace(s, state=State.NOT_CHECKED, reason="too_dark") if _blind(s, rule) else s for s in signals]


def _blind(signal: Signal, rule: Rule) -> bool:
    looks = signal.name.startswith("model_") or rule.sources.get(signal.name) == APPEARANCE
    return signal.name == "selfie_quality" or (looks and signal.state is State.NOT_RUN and signal.reason in UNSEEN)


def _dark(signals: Sequence[Signal]) -> bool:
    """The room is too dark for a picture, and a family has spoken all the same."""
    states = {s.name: s.state for s in signals}
    spoken = any(_spoke([states.get(name) for name in family]) for family in FAMILIES)
    return spoken and any(s.name == "selfie_quality" and s.state is State.RETRY and s.reason in DARK for s in signals)


def _spoke(states: Sequence[State | None]) -> bool:
    return State.FAIL in states or all(state is State.PASS for state in states)


def _weighed(signals: Sequence[Signal], heard: Mapping[str, Evidence], rule: Rule) -> list[Signal]:
    """As `decide` counts them: doubt about one source among several is settled by `fused`, and so is a refusal that its group may not make
    alone where another group speaks."""
    groups = {rule.group(source) for source in heard}
    if len(heard) < 2:
        return list(signals)
    return [replace(s, state=State.PASS) if _settled(s, groups, rule) else s for s in signals]


def _settled(signal: Signal, groups: set[str], rule: Rule) -> bool:
    name = rule.group(signal.name)
    group = rule.groups[name]
    if name not in groups or not group.settles or not (signal.name in rule.sources or signal.name.startswith("model_")):
        return False
    if signal.state is State.FAIL:
        return len(groups) > 1 and group.refuses_below is not None and signal.value is not None and signal.value >= group.refuses_below
    return signal.state is State.REFER


def _label(outcome: Outcome, score: float | None, cut: float) -> Label | None:
    if outcome is Outcome.RETRY:
        return Label.RETRY
    if outcome is Outcome.FAIL:
        return Label.ATTACK
    if score is None:
        return None
    return Label.LIVE if score >= cut else Label.ATTACK
