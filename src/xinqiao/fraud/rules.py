"""Rule sets as data: read and checked once, then run on the signals of an application."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from xinqiao.kit import canonical, sha256_hex

from .errors import RuleNotUnderstood, RulesNotValid, UnknownRules
from .expression import Expression, parse
from .model import KINDS, SIGNALS, Outcome, Reason

CURRENT = "2026-11-01"
_UNKNOWN = ("无法计算所需的反欺诈信号，需人工复核。", "A signal that this rule needs could not be computed; a person must look.")


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    when: Expression
    points: int
    outcome: Outcome
    """The least outcome when the rule holds; `pass` leaves it to the points."""
    zh: str
    en: str

    def judge(self, signals: Mapping[str, Any]) -> Reason | None:
        """Why the application does not simply pass; an unsettled condition refers it."""
        holds = self.when(signals)
        if holds is None:
            missing = tuple(sorted(name for name in self.when.names if signals.get(name) is None))
            return Reason(self.id, Outcome.REFER, 0, *_UNKNOWN, missing)
        return Reason(self.id, self.outcome, self.points, self.zh, self.en) if holds else None


@dataclass(frozen=True, slots=True)
class Rules:
    version: str
    refer_at: int
    decline_at: int
    link_kinds: tuple[str, ...]
    """Indexes that join two applications into one graph; a shared public IP address does not."""
    link_limit: int
    """Neighbours that a walk from one application meets at most; beyond it `links.truncated` is true."""
    face_thousandths: int
    """Two faces are near when at most this share of their bits differ."""
    duplicate_thousandths: int
    """Two applications are near-duplicates from this Jaccard similarity on."""
    rules: tuple[Rule, ...]
    sha256: str

    def judge(self, signals: Mapping[str, Any]) -> tuple[Outcome, int, tuple[Reason, ...]]:
        """Outcome, points and reasons, gravest first. Deterministic: the same signals give the same answer."""
        reasons = [reason for rule in self.rules if (reason := rule.judge(signals)) is not None]
        points = sum(reason.points for reason in reasons)
        scored = Outcome.DECLINE if points >= self.decline_at else Outcome.REFER if points >= self.refer_at else Outcome.PASS
        outcome = max([scored, *(reason.outcome for reason in reasons)], key=lambda one: one.severity)
        return outcome, points, tuple(sorted(reasons, key=lambda r: (-r.outcome.severity, -r.points, r.rule)))


def load(version: str = CURRENT) -> Rules:
    """A rule set that ships with this release; raises UnknownRules."""
    return _load(version)


@cache
def _load(version: str) -> Rules:
    folder = resources.files(__package__).joinpath("rules")
    shipped = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    if version not in shipped:
        raise UnknownRules(version, ", ".join(shipped))
    return read(json.loads(folder.joinpath(f"{version}.json").read_text(encoding="utf-8")))


def read(data: Mapping[str, Any]) -> Rules:
    """A rule set from its JSON form; raises RulesNotValid or RuleNotUnderstood, naming the rule and what is wrong."""
    version = data.get("version") if isinstance(data.get("version"), str) else "?"
    _only(version, data, {"version", "refer_at", "decline_at", "links", "face", "duplicates", "rules"})
    links, face, duplicates = (_section(version, data, name) for name in ("links", "face", "duplicates"))
    kinds = tuple(links.get("kinds", ()))
    if not kinds or not set(kinds) <= set(KINDS):
        raise RulesNotValid(version, f"links.kinds must name some of {', '.join(KINDS)}")
    refer_at, decline_at = _whole(version, data, "refer_at", 1, 10_000), _whole(version, data, "decline_at", 1, 10_000)
    if decline_at < refer_at:
        raise RulesNotValid(version, "decline_at must not be below refer_at")
    rules = tuple(_rule(version, entry) for entry in data.get("rules", ()))
    if not rules or len({rule.id for rule in rules}) < len(rules):
        raise RulesNotValid(version, "rules must not be empty and each id must be used once")
    limit = _whole(version, links, "limit", 10, 10_000)
    near, alike = _whole(version, face, "near_thousandths", 0, 500), _whole(version, duplicates, "alike_thousandths", 1, 1000)
    return Rules(version, refer_at, decline_at, kinds, limit, near, alike, rules, sha256_hex(canonical(data)))


def _rule(version: str, entry: Any) -> Rule:
    if not isinstance(entry, Mapping) or not re.fullmatch(r"[a-z][a-z0-9_]{2,60}", str(entry.get("id", ""))):
        raise RulesNotValid(version, f"each rule needs an id such as 'device_many_people', got {entry!r:.80}")
    name = f"{version}/{entry['id']}"
    _only(name, entry, {"id", "when", "points", "outcome", "zh", "en"})
    if not all(isinstance(entry.get(key), str) and entry[key].strip() for key in ("when", "zh", "en")):
        raise RulesNotValid(name, "when, zh and en must be texts that are not empty")
    if entry.get("outcome", "pass") not in set(Outcome):
        raise RulesNotValid(name, f"outcome must be pass, refer or decline, got {entry['outcome']!r}")
    points = _whole(name, entry, "points", 0, 1000)
    outcome = Outcome(entry.get("outcome", "pass"))
    if not points and outcome is Outcome.PASS:
        raise RulesNotValid(name, "a rule without points needs the outcome refer or decline, or it does nothing")
    return Rule(entry["id"], _condition(name, entry["when"]), points, outcome, entry["zh"], entry["en"])


def _condition(name: str, text: str) -> Expression:
    when = parse(text)
    strange = sorted(signal for signal in when.names if signal not in SIGNALS and not signal.startswith("facts."))
    if strange:
        raise RulesNotValid(name, f"{strange[0]!r} is not a signal; signals look like 'device.persons.7d', 'links.fraud' or 'facts.kind'")
    return when


def _section(version: str, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name)
    if not isinstance(section, Mapping):
        raise RulesNotValid(version, f"{name} must be an object")
    return section


def _whole(where: str, data: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = data.get(key, 0 if key == "points" else None)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise RulesNotValid(where, f"{key} must be a whole number from {low} to {high}, got {value!r}")
    return value


def _only(where: str, data: Mapping[str, Any], allowed: Iterable[str]) -> None:
    extra = sorted(set(data) - set(allowed))
    if extra:
        raise RulesNotValid(where, f"unknown key {extra[0]!r}; allowed are {', '.join(sorted(allowed))}")


__all__ = ["CURRENT", "Rule", "RuleNotUnderstood", "Rules", "load", "read"]
