"""Calibrate one class of cameras on a deployment's own captures: scale and shift of our network's log-odds, and the band of the whole score.

Scale and shift: Platt 1999, with his softened targets, people weighing alike and both sides alike. `sure` is the lowest score that holds the
APCER asked for, `doubt` the highest that holds the BPCER; each with 95 % confidence that takes a person, not a capture, as the unit. The limit is
Clopper and Pearson's (1934) with people as trials and each person's share of errors added up: exact where nobody errs (the rule of 299 for 1 %),
wider than need be where a person errs only sometimes. Everything is cross-fitted: a person's score comes from a scale and shift, and a
person's outcome from a band too, that were fitted on others.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.stats import beta

from ..errors import CalibrationTooFew, CalibrationUseless
from ..model import only_disagrees
from ..thresholds import Band, Device, Fusion
from .decide import Label, Verdict, rejudge
from .drift import EDGES, histogram
from .evaluate import LIVE, Answer, answer_of, det_points, measure

FOLDS = 5
CONFIDENCE = 0.95
FEWEST = 14
"""People of each side under which nothing is calibrated, whatever is asked: none of 14 erring proves an error under 19 %."""
STEEPEST, FLATTEST = 4.0, 0.1
MOST_CUTS = 4000
USELESS = 0.4
"""EER from which scores tell nothing that a threshold could use."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One capture of the class, as it was judged in a class calibrated as `Calibrating.before`."""

    person: str
    species: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Aims:
    apcer: float = 0.01
    bpcer: float = 0.03


@dataclass(frozen=True, slots=True)
class Calibrated:
    """`facts`: what calibration.json keeps of the class."""

    name: str
    before: Device
    after: Device
    facts: dict[str, Any]


def people_needed(rate: float) -> int:
    """How many people, none of whom errs, prove an error rate of at most `rate`: 299 for 1 %."""
    return math.ceil(round(math.log(1 - CONFIDENCE) / math.log(1 - rate), 9))


def provable(people: int) -> float:
    """The error rate that `people` prove when none of them errs."""
    return 1 - (1 - CONFIDENCE) ** (1 / people) if people else 1.0


def at_most(errors: float, people: int) -> float:
    """The upper 95 % limit of a rate of which `people` showed `errors` (each person's share of errors, added up)."""
    return 1.0 if errors >= people else float(beta.ppf(CONFIDENCE, errors + 1, people - errors))


def calibrate(name: str, rows: Sequence[Judged], before: Device, fusion: Fusion, aims: Aims, *, left_out: int = 0) -> Calibrated:
    """`left_out`: how many people are not among `rows` because the network in use was fitted to them. Raises CalibrationTooFew and CalibrationUseless."""
    _require_people(name, rows, aims, left_out)
    folds = fold_by_person([r.person for r in rows])
    scored: list[_Scored] = []
    answers: list[Answer] = []
    for fold in range(FOLDS):
        mine = [r for r, n in zip(rows, folds, strict=True) if n == fold]
        others = [r for r, n in zip(rows, folds, strict=True) if n != fold]
        scale, shift = platt(others, before)
        scored += _scores(mine, before, scale, shift, fusion)
        theirs = _scores(others, before, scale, shift, fusion)
        after = _device(scale, shift, theirs, _within_reach(theirs, aims), groups_seen(rows))
        answers += [answer_of(r.person, r.species, rejudge(r.verdict, before, after, fusion)) for r in mine]
    scale, shift = platt(rows, before)
    after = _device(scale, shift, scored, aims, groups_seen(rows))
    facts = {**_facts(rows, scored, answers, before, after, fusion, aims), "left_out": left_out}
    if facts["rates"]["eer"] is None or facts["rates"]["eer"] >= USELESS:
        raise CalibrationUseless(name, "-" if facts["rates"]["eer"] is None else f"{facts['rates']['eer']:.0%}")
    return Calibrated(name, before, after, facts)


def _answered(row: Judged) -> bool:
    """What one network alone refused counts as refused: under another scale it would be."""
    judged = row.verdict.label in (Label.LIVE, Label.ATTACK) or only_disagrees(row.verdict.signals)
    return row.verdict.score is not None and judged


def _require_people(name: str, rows: Sequence[Judged], aims: Aims, left_out: int) -> None:
    live, attacked = ({r.person for r in rows if (r.species == LIVE) is side and _answered(r)} for side in (True, False))
    need_live, need_attacked = (max(FEWEST, people_needed(rate)) for rate in (aims.bpcer, aims.apcer))
    if len(live) >= need_live and len(attacked) >= need_attacked:
        return
    able = min(len(live), len(attacked)) >= FEWEST
    bpcer, apcer = (math.ceil(provable(len(some)) * 1000) / 1000 for some in (live, attacked))
    advice = (f"These can prove --bpcer {max(bpcer, aims.bpcer)} --apcer {max(apcer, aims.apcer)}." if able else f"At least {FEWEST} of each are needed for anything.")  # fmt: skip
    zh = f"现有人数可用 --bpcer {max(bpcer, aims.bpcer)} --apcer {max(apcer, aims.apcer)}。" if able else f"每一类至少需要{FEWEST}人。"
    if left_out:
        advice += f" {left_out} people were left out: the network in use was fitted to them, so they can prove nothing about it. Collect others, or go back by `xinqiao liveness weights shipped`."  # fmt: skip
        zh += f"另有{left_out}人用于训练当前网络，不能再用来证明其效果，未计入。请采集其他人的样本，或运行 xinqiao liveness weights shipped 换回随附网络。"
    raise CalibrationTooFew(
        name, len(live), len(attacked), f"{aims.bpcer:.1%}", need_live, f"{aims.apcer:.1%}", need_attacked, advice, zh, field="folder"
    )


def fold_by_person(people: Sequence[str]) -> list[int]:
    """The fold of each row; the same for all of a person's, and in every run, whatever else is in the folder's order."""
    order = sorted(set(people), key=lambda p: hashlib.sha256(p.encode()).digest())
    number = {person: n % FOLDS for n, person in enumerate(order)}
    return [number[person] for person in people]


def platt(rows: Sequence[Judged], before: Device) -> tuple[float, float]:
    """Scale and shift of the texture network's own log-odds; 1 and 0 where it said nothing about both sides."""
    heard = [r for r in rows if "texture" in r.verdict.sources]
    raw = np.array([(r.verdict.sources["texture"].log_odds - before.shift) / before.scale for r in heard])
    live = np.array([r.species == LIVE for r in heard], bool)
    if not live.any() or live.all():
        return 1.0, 0.0
    weight = people_weights([r.person for r in heard], live)
    count = [len({r.person for r, alive in zip(heard, live, strict=True) if alive is np.bool_(side)}) for side in (True, False)]
    target = np.where(live, (count[0] + 1) / (count[0] + 2), 1 / (count[1] + 2))

    def loss(x: np.ndarray) -> float:
        z = np.exp(x[0]) * raw + x[1]
        return float((weight * (np.logaddexp(0, z) - target * z)).sum())

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(math.log(FLATTEST), math.log(STEEPEST)), (-10, 10)])
    return float(np.exp(found.x[0])), float(found.x[1])


def people_weights(people: Sequence[str], live: np.ndarray) -> np.ndarray:
    """Every person's captures weigh one together, and both sides a half."""
    keys = list(zip(people, live.tolist(), strict=True))
    count: dict[tuple[str, bool], int] = {}
    for key in keys:
        count[key] = count.get(key, 0) + 1
    weight = np.array([1 / count[key] for key in keys])
    for side in (live, ~live):
        weight[side] /= 2 * max(weight[side].sum(), 1e-12)
    return weight


@dataclass(frozen=True, slots=True)
class _Scored:
    """`score`: 0 where a test refuses whatever the band is."""

    person: str
    species: str
    score: float


OPEN = Band(0.0, 0.0)


def _scores(rows: Sequence[Judged], before: Device, scale: float, shift: float, fusion: Fusion) -> list[_Scored]:
    """Of the captures that got an answer, under a band that stops nothing."""
    bare = Device(scale, shift, OPEN, calibrated=True, groups=_tuples(groups_seen(rows)))
    told = [(r, rejudge(r.verdict, before, bare, fusion, agree=False)) for r in rows]
    return [
        _Scored(r.person, r.species, 0.0 if v.outcome.value == "fail" else v.score)
        for r, v in told
        if v.label is not None and v.label.value != "retry" and v.score is not None
    ]


def _tuples(groups: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, groups))


def _device(scale: float, shift: float, scored: Sequence[_Scored], aims: Aims, groups: Sequence[Sequence[str]]) -> Device:
    sure, doubt = band_of(scored, aims)
    return Device(scale, shift, Band(sure, doubt), calibrated=True, cut=_between(doubt, sure), groups=_tuples(groups))


def _within_reach(scored: Sequence[_Scored], aims: Aims) -> Aims:
    """The fewer people of all folds but one cannot prove as much as all can: they are asked for no more than they can."""
    live, attacked = (len({s.person for s in scored if (s.species == LIVE) is side}) for side in (True, False))
    return Aims(max(aims.apcer, provable(attacked) + 1e-9), max(aims.bpcer, provable(live) + 1e-9))


def band_of(scored: Sequence[_Scored], aims: Aims) -> tuple[float, float]:
    """`sure` and `doubt`: one point where both aims hold at once, else what lies between goes to a person."""
    cuts = _cuts(np.array([s.score for s in scored]))
    live = [s for s in scored if s.species == LIVE]
    attacks = [s for s in scored if s.species != LIVE]
    passing, attacked = _shares(attacks, cuts, above=True)
    held = np.array([at_most(errors, attacked) <= aims.apcer for errors in passing])
    for species in {s.species for s in attacks}:
        errors, people = _shares([s for s in attacks if s.species == species], cuts, above=True)
        held &= errors / people <= aims.apcer
    refused, living = _shares(live, cuts, above=False)
    kept = np.array([at_most(errors, living) <= aims.bpcer for errors in refused])
    sure = float(cuts[held][0]) if held.any() else 1.0
    doubt = float(cuts[kept][-1]) if kept.any() else 0.0
    if doubt >= sure:
        sure = doubt = _between(sure, doubt)
    return sure, doubt


def _cuts(scores: np.ndarray) -> np.ndarray:
    """Half-way, in log-odds, between each two scores that occur; below all; above all."""
    z = np.unique(_log_odds(scores))
    middles = (z[1:] + z[:-1]) / 2
    if len(middles) > MOST_CUTS:
        middles = middles[np.unique(np.linspace(0, len(middles) - 1, MOST_CUTS).round().astype(int))]
    return 1 / (1 + np.exp(-np.concatenate([[z[0] - 1], middles, [z[-1] + 1]])))


def _between(a: float, b: float) -> float:
    return float(1 / (1 + np.exp(-_log_odds(np.array([a, b])).mean())))


def _log_odds(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    return np.log(clipped / (1 - clipped))


def _shares(scored: Sequence[_Scored], cuts: np.ndarray, *, above: bool) -> tuple[np.ndarray, int]:
    """(cuts,): the people's shares of captures at or above (or below) each cut, added up; of attacks, each person's worst species'. And how
    many people there are."""
    groups: dict[str, dict[str, list[float]]] = {}
    for s in scored:
        groups.setdefault(s.person, {}).setdefault(s.species, []).append(s.score)
    whole = np.zeros(len(cuts))
    for species in groups.values():
        below = [np.searchsorted(np.sort(values), cuts, side="left") / len(values) for values in species.values()]
        whole += 1 - np.min(below, axis=0) if above else np.max(below, axis=0)
    return whole, len(groups)


def _facts(
    rows: Sequence[Judged], scored: Sequence[_Scored], answers: Sequence[Answer], before: Device, after: Device, fusion: Fusion, aims: Aims
) -> dict[str, Any]:
    species = sorted({r.species for r in rows} - {LIVE})
    people = {name: len({r.person for r in rows if r.species == name and _answered(r)}) for name in (LIVE, *species)}
    old = [answer_of(r.person, r.species, rejudge(r.verdict, before, before, fusion)) for r in rows]
    curve = [Answer(s.person, s.species, LIVE, "pass", s.score, 0.0) for s in scored]
    attacked = {r.person for r in rows if r.species != LIVE and _answered(r)}
    return {
        "aims": {"apcer": aims.apcer, "bpcer": aims.bpcer, "confidence": CONFIDENCE},
        "people": {"live": people[LIVE], "attacked": len(attacked), "species": {name: people[name] for name in species}},
        "captures": len(rows),
        "provable_apcer": {name: provable(people[name]) for name in species},
        "before": before.record(),
        "after": after.record(),
        "rates": _rates(answers),
        "rates_before": _rates(old),
        "det": det_points(curve),
        "histogram": {
            "edges": list(EDGES),
            "live": histogram(s.score for s in scored if s.species == LIVE),
            "attack": histogram(s.score for s in scored if s.species != LIVE),
        },
        "sources": sorted({source for r in rows for source in r.verdict.sources}),
        "groups": groups_seen(rows),
    }


def groups_seen(rows: Sequence[Judged]) -> list[list[str]]:
    """The sets of groups of evidence that spoke together in some capture: a band that was set for these says nothing of others."""
    return [list(one) for one in sorted({tuple(sorted(r.verdict.evidence)) for r in rows if _answered(r) and r.verdict.evidence})]


def _rates(answers: Sequence[Answer]) -> Mapping[str, Any]:
    """As `liveness eval` counts, without what is long."""
    whole = measure(answers, draws=200)
    kept = ("apcer", "bpcer", "acer", "eer", "people", "captures", "intervals", "non_response", "referred", "passed")
    return {name: whole[name] for name in kept}
