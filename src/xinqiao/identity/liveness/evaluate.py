"""Error rates of presentation-attack detection as ISO/IEC 30107-3 counts them, with intervals in which a person, not a frame, is the unit.

APCER of a species: attacks of it called live, among those that got an answer. BPCER: living people called attacks, likewise. What is to be
tried again is a non-response, reported beside and not within (clauses on APNRR and BPNRR). ACER: the mean of BPCER and the worst species'
APCER (the measure of ISO/IEC 30107-3:2017; later editions drop it). EER: where the pooled attacks' and the living people's errors meet as the
threshold moves. Intervals: people are drawn with replacement, all their captures with them (Efron and Tibshirani 1993, clustered bootstrap);
a rate without a single error is bounded by the exact binomial limit for as many people as there are (Clopper and Pearson 1934).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FolderUnfit
from .challenge import Challenge
from .decide import Verdict
from .decode import read_bytes

DRAWS = 1000
LEVEL = 0.95
LIVE, ATTACK = "live", "attack"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".webm", ".mp4", ".mov", ".m4v"}


@dataclass(frozen=True, slots=True)
class Presentation:
    path: Path
    person: str
    species: str
    """LIVE, or the attack's kind"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the check said of one presentation. `label` None or `retry`: a non-response."""

    person: str
    species: str
    label: str | None
    outcome: str
    score: float | None
    ms: float
    reason: str | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    """What is known of the capture beside: `room` and `device` of a simulated one"""

    @property
    def responded(self) -> bool:
        return self.label in (LIVE, ATTACK) and self.score is not None


def answer_of(person: str, species: str, verdict: Verdict, told: Mapping[str, str] | None = None) -> Answer:
    label = verdict.label.value if verdict.label else None
    reason = verdict.reasons[0].code if verdict.reasons else None
    return Answer(person, species, label, verdict.outcome.value, verdict.score, verdict.took_ms, reason, told or {})


def gather(folder: Path) -> tuple[list[Presentation], int]:
    """The presentations of DIR/live/PERSON/… and DIR/attack/SPECIES/PERSON/…, and how many other files lie there.

    Raises FolderUnfit, which says what is missing.
    """
    if not folder.is_dir():
        raise FolderUnfit(folder.name, "it is no folder", "它不是文件夹")
    live = [(p, LIVE) for p in _folders(folder / LIVE)]
    attacks = [(person, species.name) for species in _folders(folder / ATTACK) for person in _folders(species)]
    if not live:
        raise FolderUnfit(folder.name, "live/ holds no folder of a person", "live/ 下没有以人为单位的文件夹")
    if not attacks:
        raise FolderUnfit(folder.name, "attack/SPECIES/ holds no folder of a person", "attack/攻击种类/ 下没有以人为单位的文件夹")
    found, others = [], 0
    for person, species in (*live, *attacks):
        files = sorted(p for p in person.rglob("*") if p.is_file() and not p.name.startswith("."))
        media = [p for p in files if p.suffix.lower() in SUFFIXES]
        others += len(files) - len(media)
        found += [Presentation(p, person.name, species) for p in media]
    require_both(folder, found)
    return found, others


def require_both(folder: Path, found: Sequence[Presentation]) -> None:
    """Raises FolderUnfit where either side has no capture, so that no rate can be told of it."""
    for part, kind in (("live", True), ("attack", False)):
        if not any((p.species == LIVE) is kind for p in found):
            raise FolderUnfit(folder.name, f"{part}/ holds no picture and no clip that can be read", f"{part}/ 下没有可读取的图片或视频")


def challenges(folder: Path, found: Sequence[Presentation]) -> dict[Path, Challenge]:
    """What the screen showed, where sensors/NAME.challenge.json tells it. Raises ChallengeUnreadable."""
    told = {p.path: folder / "sensors" / f"{p.path.stem}.challenge.json" for p in found}
    return {path: Challenge.parse(read_bytes(file).decode("utf-8", "replace")) for path, file in told.items() if file.is_file()}


TOLD = ("room", "device")
LONGEST_TRUTH = 4 * 2**20
"""Bytes."""


def told_of(path: Path) -> dict[str, str]:
    """Room and device of a simulated capture, from the JSON of its truth beside it; nothing where there is none, or none that can be read."""
    try:
        file = path.with_suffix(".json")
        if file.stat().st_size > LONGEST_TRUTH:
            return {}
        whole = json.loads(file.read_text("utf-8"))
        scene = whole["scene"] if whole["label"] == "simulated" else {}
        return {"label": "simulated"} | {name: str(scene[name])[:40] for name in TOLD if name in scene}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []


def measure(answers: Sequence[Answer], *, draws: int = DRAWS, seed: int = 1) -> dict[str, Any]:
    """All rates, as fractions; None where nothing responded."""
    table = _Table.of(answers)
    rates = table.rates(np.ones(len(table.people)))
    rng = np.random.default_rng(seed)
    drawn = [
        table.rates(np.bincount(rng.integers(0, len(table.people), len(table.people)), minlength=len(table.people))) for _ in range(draws)
    ]
    return {
        **rates,
        "people": len(table.people),
        "captures": len(answers),
        "intervals": _intervals(rates, drawn, table),
        "non_response": _non_response(answers),
        "referred": _share(answers, lambda a: a.outcome == "refer"),
        "passed": _share(answers, lambda a: a.outcome == "pass"),
        "by_species": {name: _counts(answers, name) for name in (LIVE, *table.species)},
        "retry_reasons": _reasons(answers),
        **({"simulated": True} if any("label" in a.told for a in answers) else {}),
        **{f"by_{name}": found for name in TOLD if (found := _by(answers, name))},
        "interval": f"{LEVEL:.0%}, people drawn with replacement {draws} times",
    }


@dataclass(frozen=True, slots=True)
class _Table:
    people: list[str]
    species: list[str]
    person: np.ndarray
    """(n,): number of the responded capture's person"""
    kind: np.ndarray
    """(n,): -1 live, else the number of its species"""
    called_live: np.ndarray
    score: np.ndarray

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> _Table:
        people = sorted({a.person for a in answers})
        species = sorted({a.species for a in answers} - {LIVE})
        number = {name: n for n, name in enumerate(people)}
        kind = {name: n for n, name in enumerate(species)} | {LIVE: -1}
        heard = sorted((a for a in answers if a.responded), key=lambda a: a.score or 0.0)
        return cls(
            people,
            species,
            np.array([number[a.person] for a in heard], int),
            np.array([kind[a.species] for a in heard], int),
            np.array([a.label == LIVE for a in heard], bool),
            np.array([a.score for a in heard], float),
        )

    def rates(self, weight: np.ndarray) -> dict[str, Any]:
        """`weight`: how often each person was drawn."""
        w = weight[self.person].astype(float)
        apcer = {name: _ratio(w[(self.kind == n) & self.called_live], w[self.kind == n]) for n, name in enumerate(self.species)}
        bpcer = _ratio(w[(self.kind < 0) & ~self.called_live], w[self.kind < 0])
        known = [x for x in apcer.values() if x is not None]
        acer = (max(known) + bpcer) / 2 if known and bpcer is not None else None
        return {"apcer": apcer, "bpcer": bpcer, "acer": acer, "eer": self.eer(w)}

    def eer(self, w: np.ndarray) -> float | None:
        """Scores are sorted: below the threshold is called an attack."""
        miss, accept, _ = self.curve(w)
        if miss is None or accept is None:
            return None
        at = int(np.argmin(np.abs(miss - accept)))
        return float((miss[at] + accept[at]) / 2)

    def curve(self, w: np.ndarray, species: int | None = None) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray]:
        """BPCER and APCER at every threshold (n + 1), from accepting all to refusing all; None where a side is missing."""
        live = w * (self.kind < 0)
        attack = w * ((self.kind >= 0) if species is None else (self.kind == species))
        cuts = np.flatnonzero(np.diff(self.score, prepend=-np.inf, append=np.inf))  # equal scores cannot be told apart
        if not live.sum() or not attack.sum():
            return None, None, cuts
        below = np.concatenate([[0], np.cumsum(live)]) / live.sum()
        above = 1 - np.concatenate([[0], np.cumsum(attack)]) / attack.sum()
        return below[cuts], np.clip(above[cuts], 0, 1), cuts


def _ratio(part: np.ndarray, whole: np.ndarray) -> float | None:
    return float(part.sum() / whole.sum()) if whole.sum() else None


def _intervals(rates: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]], table: _Table) -> dict[str, Any]:
    out: dict[str, Any] = {name: _interval([d[name] for d in drawn], rates[name], len(table.people)) for name in ("acer", "eer")}
    out["bpcer"] = _interval([d["bpcer"] for d in drawn], rates["bpcer"], _people_of(table, -1))
    out["apcer"] = {
        name: _interval([d["apcer"][name] for d in drawn], rates["apcer"][name], _people_of(table, n))
        for n, name in enumerate(table.species)
    }
    return out


def _people_of(table: _Table, kind: int) -> int:
    return len(set(table.person[table.kind == kind].tolist()))


def _interval(values: Iterable[float | None], rate: float | None, people: int) -> list[float] | None:
    known = np.array([v for v in values if v is not None])
    if rate is None or not len(known) or not people:
        return None
    low, high = (float(np.quantile(known, q)) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    none_of = 1 - ((1 - LEVEL) / 2) ** (1 / people)
    return [low if rate < 1 else 1 - none_of, high if rate > 0 else none_of]


def _non_response(answers: Sequence[Answer]) -> dict[str, float | None]:
    return _share(answers, lambda a: not a.responded)


def _share(answers: Sequence[Answer], test: Any) -> dict[str, float | None]:
    species = sorted({a.species for a in answers} - {LIVE})
    return {
        name: float(np.mean([test(a) for a in answers if a.species == name]))
        for name in (LIVE, *species)
        if any(a.species == name for a in answers)
    }


def _counts(answers: Sequence[Answer], species: str) -> dict[str, int]:
    mine = [a for a in answers if a.species == species]
    labels = {label: sum(a.responded and a.label == label for a in mine) for label in (LIVE, ATTACK)}
    return {"people": len({a.person for a in mine}), "captures": len(mine), **labels, "no_answer": sum(not a.responded for a in mine)}


def _by(answers: Sequence[Answer], name: str) -> dict[str, dict[str, Any]]:
    """The rates without intervals, for every room or device that is told."""
    found = {}
    for value in sorted({a.told[name] for a in answers if name in a.told}):
        mine = [a for a in answers if a.told.get(name) == value]
        table = _Table.of(mine)
        rates = table.rates(np.ones(len(table.people)))
        found[value] = {**rates, "people": len(table.people), "captures": len(mine), "non_response": _non_response(mine), "passed": _share(mine, lambda a: a.outcome == "pass")}  # fmt: skip
    return found


def _reasons(answers: Sequence[Answer]) -> dict[str, int]:
    codes = [a.reason for a in answers if not a.responded and a.reason]
    return {code: codes.count(code) for code in sorted(set(codes))}


POINTS = 200


def det_points(answers: Sequence[Answer]) -> dict[str, list[list[float]]]:
    """For each species [APCER, BPCER] as the threshold rises, at most POINTS of them, spread evenly over the steps."""
    table, found = _Table.of(answers), {}
    for n, name in enumerate(table.species):
        miss, accept, _ = table.curve(np.ones(len(table.score)), n)
        if miss is None or accept is None:
            continue
        steps = np.stack([accept, miss], 1)
        steps = steps[np.diff(steps, axis=0, prepend=2.0).any(1)]
        kept = np.unique(np.linspace(0, len(steps) - 1, POINTS).round().astype(int))
        found[name] = [[round(float(a), 6), round(float(b), 6)] for a, b in steps[kept]]
    return found


def det_picture(answers: Sequence[Answer], path: Path, *, title: str) -> Path:
    """The detection-error trade-off on normal-deviate axes (Martin et al. 1997), one line a species, as PNG or SVG."""
    from matplotlib.figure import Figure
    from scipy.stats import norm

    table = _Table.of(answers)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot()
    ticks = np.array([0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8])
    for n, name in enumerate(table.species):
        miss, accept, _ = table.curve(np.ones(len(table.score)), n)
        if miss is not None and accept is not None:
            axes.plot(*(norm.ppf(np.clip(rate, 5e-4, 0.95)) for rate in (accept, miss)), label=name, drawstyle="steps-post")
    axes.plot(*(2 * [norm.ppf([5e-4, 0.95])]), color="0.8", linewidth=0.8)
    axes.set(xlabel="APCER", ylabel="BPCER", title=title)
    for setter, labels in ((axes.set_xticks, axes.set_xticklabels), (axes.set_yticks, axes.set_yticklabels)):
        setter(norm.ppf(ticks))
        labels([f"{t:.1%}" if t < 0.01 else f"{t:.0%}" for t in ticks])
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path
