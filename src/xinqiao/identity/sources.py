"""How much each source of evidence may say, as data (`fusion.json`, where every number has its reason).

Sources that look at the same thing (two networks on the same pixels) form a group and are averaged; groups look at different physics and are
added, as independent evidence is (Good 1950, weight of evidence). What a group may say for or against life is bounded by how often it was
measured to err: who errs once in fifty cannot speak with a million to one. The bound is soft (a hyperbolic tangent), so that order is kept.
A rule's version ends in a hash of its numbers, so that none is altered unnoticed; rules of earlier releases stay in `rules/`, for `replay`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from xinqiao.kit import canonical, sha256_hex

from .thresholds import Band

FILE = Path(__file__).parent / "fusion.json"
EARLIER = Path(__file__).parent / "rules"
"""Files of rules that were released before, whole, under any name: a record names the version that judged it."""
METHOD = 3
"""Of `liveness.decide`: raised when the code comes to another answer with the same numbers, so that old rules are not read by new code."""
APPEARANCE = "appearance"
"""The group of every source that fusion.json does not name: a deployment's own models look at pixels."""


@dataclass(frozen=True, slots=True)
class Group:
    """Bounds in log-odds (natural logarithm), both positive."""

    weight: float
    shift: float
    """its log-odds count as `weight` times them plus `shift` (Platt 1999), fitted so that the worst species, not the average one, is even"""
    most_for: float
    most_against: float
    settles: bool
    """whether doubt or refusal by one of its signals is settled by the sum, where another group speaks too"""
    lifts: bool
    """whether what it says for life can make a pass of what would be none without it"""
    refuses_below: float | None
    """probability of life under which a source of this group refuses alone; None: whenever its own signal fails"""
    band: Band
    """what the whole score must reach where this group is the one that tells most, until the class of cameras is calibrated"""
    why: str

    def bounded(self, log_odds: float) -> float:
        said = self.weight * log_odds + self.shift
        most = self.most_for if said > 0 else self.most_against
        return most * math.tanh(said / most)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        below = data["refuses_below"]
        band = Band(float(data["sure"]), float(data["doubt"]))
        bounds = (float(data[name]) for name in ("weight", "shift", "for", "against"))
        made = cls(*bounds, bool(data["settles"]), bool(data["lifts"]), None if below is None else float(below), band, str(data["why"]))
        if not (made.weight > 0 and made.most_for > 0 and made.most_against > 0 and made.why.strip()):
            raise ValueError("a group needs positive bounds, a weight and a reason")
        return made


@dataclass(frozen=True, slots=True)
class Rule:
    version: str
    """the file's own, and the first eight hex digits of `digest`"""
    groups: Mapping[str, Group]
    """from the one that tells least to the one that tells most"""
    sources: Mapping[str, str]
    """source -> group"""

    def group(self, source: str) -> str:
        return self.sources.get(source, APPEARANCE)

    def band(self, spoken: Iterable[str]) -> Band:
        """Of the whole score where these groups speak, in a class of cameras that was not calibrated: that of the one which tells most."""
        said = set(spoken)
        return next(group.band for name, group in reversed(self.groups.items()) if name in said)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises KeyError and ValueError for bounds that make no sense."""
        data = json.loads(text)
        groups = {name: Group.parse(one) for name, one in data["groups"].items()}
        if APPEARANCE not in groups or not set(data["sources"].values()) <= set(groups):
            raise ValueError("a source belongs to no group")
        if data["method"] != METHOD:
            raise ValueError("these numbers belong to another method")
        return cls(f"{data['version']}@{digest(data)[:8]}", groups, dict(data["sources"]))


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of all that a verdict depends on: the reasons in words are no part of it."""
    groups = {name: {k: v for k, v in one.items() if k != "why"} for name, one in data["groups"].items()}
    told = {"method": data["method"], "groups": list(groups.items()), "sources": data["sources"]}
    return sha256_hex(canonical(told))


@cache
def shipped() -> Rule:
    return Rule.parse(FILE.read_text("utf-8"))


def known(version: str | None, folder: Path = EARLIER) -> Rule | None:
    """The rule of this version: the one in force or an earlier one that is kept; None for all others."""
    if version == shipped().version:
        return shipped()
    kept = (Rule.parse(file.read_text("utf-8")) for file in sorted(folder.glob("*.json")))
    return next((rule for rule in kept if rule.version == version), None)
