"""The lender's policy as data: bands by probability of default, rules, limits and prices.

A policy is TOML (or the same keys as JSON) under a version; its SHA-256 is that of its canonical JSON, so that comments and
layout do not change it. `policies/personal-2026-11.toml` is an example with every key.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from xinqiao.kit import Money, Refused, canonical, sha256_hex

from .errors import PolicyInvalid
from .features import Kind, category
from .model import ApplicationFacts, Outcome, Reason, decimal

KEYS = frozenset({"version", "currency", "reasons_shown", "price", "limit", "thin_file", "band", "rule"})
BAND_KEYS = frozenset({"name", "pd_below", "outcome", "annual_rate", "cap", "income_multiple", "existing_limit_multiple", "refer_above"})
RULE_KEYS = frozenset({"code", "outcome", "when", "zh", "en", "help_zh", "help_en"})
TESTS = ("below", "above", "in", "not_in", "missing")


@dataclass(frozen=True, slots=True)
class Band:
    """Loans with `pd < pd_below` (and not below the band before). Money and multiples are None unless it approves."""

    name: str
    pd_below: Decimal
    outcome: Outcome
    annual_rate: Decimal | None = None
    cap: Money | None = None
    income_multiple: Decimal | None = None
    existing_limit_multiple: Decimal | None = None
    refer_above: Money | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A test on one fact of the application or one attribute; when it holds, its outcome overrides the band's."""

    reason: Reason
    outcome: Outcome
    of: str
    """"fact" or "attribute"."""
    name: str
    kind: Kind
    test: Callable[[Any], bool]

    def holds(self, facts: ApplicationFacts, attributes: Mapping[str, Any]) -> bool:
        value = facts.value_of(self.name) if self.of == "fact" else attributes.get(self.name)
        return self.test(None if value is not None and value != value else value)


@dataclass(frozen=True, slots=True)
class Policy:
    version: str
    sha256: str
    currency: str
    reasons_shown: int
    ceiling: Decimal
    lowest: Money
    step: Money
    caps: Mapping[str, Money]
    missing_share: Decimal
    bands: tuple[Band, ...]
    rules: tuple[Rule, ...]
    columns: Mapping[str, Kind]
    """The attributes that rules test, and whether they are compared as numbers or texts."""
    body: bytes
    """The canonical JSON that `sha256` is of; `Policy.parse` reads it back."""

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read a .toml or .json file; raises PolicyInvalid that says what was wrong and what would be right."""
        path = Path(path)
        try:
            text = path.read_text("utf-8")
            data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except (OSError, ValueError) as error:
            raise PolicyInvalid(path.name, f"cannot be read: {error}") from error
        return cls.parse(data)

    @classmethod
    def parse(cls, data: Mapping[str, Any] | bytes) -> Policy:
        """Read the mapping, or the bytes of `body`; raises PolicyInvalid."""
        try:
            read = json.loads(data) if isinstance(data, bytes) else data
            name = str(read.get("version", "without a version")) if isinstance(read, Mapping) else "unreadable"
        except ValueError as error:
            raise PolicyInvalid("unreadable", str(error)) from error
        try:
            return _read(read)
        except KeyError as error:
            raise PolicyInvalid(name, f"key {error.args[0]!r} is missing") from error
        except (ValueError, TypeError, AttributeError, Refused) as error:
            raise PolicyInvalid(name, str(error)) from error

    def band(self, pd: Decimal) -> Band:
        return next((band for band in self.bands if pd < band.pd_below), self.bands[-1])

    def limit(self, band: Band, facts: ApplicationFacts) -> Money:
        """The most this band lends to these facts: the smallest of the caps and the known multiples, rounded down to the step."""
        if band.outcome is not Outcome.APPROVE or band.cap is None:
            return Money(0, self.currency)
        bounds = [band.cap, self.caps[facts.kind]]
        for amount, multiple in ((facts.monthly_income, band.income_multiple), (facts.existing_limit, band.existing_limit_multiple)):
            if amount is not None and multiple is not None:
                bounds.append(amount.times(multiple, ROUND_FLOOR))
        least = min(bounds)
        return Money(least.minor - least.minor % self.step.minor, self.currency)


def _read(data: Mapping[str, Any]) -> Policy:
    _only(data, KEYS, "the policy")
    version, currency = _text(data, "version"), _text(data, "currency")
    price, limit = data["price"], data["limit"]
    _only(price, {"ceiling"}, "price")
    _only(limit, {"lowest", "step", "caps"}, "limit")
    ceiling = _fraction(price, "ceiling", "price.ceiling")
    money = partial(_money, currency=currency)
    caps = {kind: money(limit["caps"], kind) for kind in limit["caps"]}
    shown = data.get("reasons_shown", 4)
    if not isinstance(shown, int) or isinstance(shown, bool) or not 1 <= shown <= 10:
        raise ValueError(f"reasons_shown must be a whole number from 1 to 10, got {shown!r}")
    if not caps:
        raise ValueError("limit.caps must give a cap for each kind of loan")
    rules = tuple(_rule(one) for one in data.get("rule", []))
    body = canonical(data)
    return Policy(
        version,
        sha256_hex(body),
        currency,
        shown,
        ceiling,
        money(limit, "lowest"),
        money(limit, "step"),
        caps,
        _fraction(data["thin_file"], "missing_share", "thin_file.missing_share"),
        _bands(data["band"], ceiling, currency),
        rules,
        {rule.name: rule.kind for rule in rules if rule.of == "attribute"},
        body,
    )


def _bands(entries: list[Mapping[str, Any]], ceiling: Decimal, currency: str) -> tuple[Band, ...]:
    bands = tuple(_band(entry, ceiling, currency) for entry in entries)
    if not bands or bands[-1].pd_below != 1:
        raise ValueError('the last band must reach pd_below = "1", so that every applicant falls into one')
    for before, after in pairwise(bands):
        if after.pd_below <= before.pd_below:
            raise ValueError(f"bands must rise in pd_below; {after.name!r} ({after.pd_below}) follows {before.name!r} ({before.pd_below})")
    if len({band.name for band in bands}) != len(bands):
        raise ValueError("two bands share a name")
    return bands


def _band(entry: Mapping[str, Any], ceiling: Decimal, currency: str) -> Band:
    name = _text(entry, "name")
    _only(entry, BAND_KEYS, f"band {name}")
    outcome = _outcome(entry, f"band {name}")
    pd_below = _fraction(entry, "pd_below", f"band {name}: pd_below")
    if outcome is not Outcome.APPROVE:
        return Band(name, pd_below, outcome)
    rate = _fraction(entry, "annual_rate", f"band {name}: annual_rate")
    if rate > ceiling:
        raise ValueError(f"band {name}: annual_rate {rate} exceeds price.ceiling {ceiling}")
    multiples = [
        decimal(entry[key], f"band {name}: {key}") if key in entry else None for key in ("income_multiple", "existing_limit_multiple")
    ]
    refer_above = _money(entry, "refer_above", currency) if "refer_above" in entry else None
    return Band(name, pd_below, outcome, rate, _money(entry, "cap", currency), *multiples, refer_above)


def _rule(entry: Mapping[str, Any]) -> Rule:
    code = _text(entry, "code")
    _only(entry, RULE_KEYS, f"rule {code}")
    outcome = _outcome(entry, f"rule {code}")
    if outcome is Outcome.APPROVE:
        raise ValueError(f"rule {code}: a rule declines or refers; it cannot approve")
    when = entry["when"]
    _only(when, {"fact", "attribute", *TESTS}, f"rule {code}: when")
    of = [key for key in ("fact", "attribute") if key in when]
    tests = [key for key in TESTS if key in when]
    if len(of) != 1 or len(tests) != 1:
        raise ValueError(f"rule {code}: 'when' names one fact or attribute and one of {', '.join(TESTS)}")
    if of[0] == "fact" and when["fact"] not in ApplicationFacts.__dataclass_fields__:
        raise ValueError(f"rule {code}: there is no fact {when['fact']!r}; use one of {', '.join(ApplicationFacts.__dataclass_fields__)}")
    words = [_text(entry, "zh"), _text(entry, "en"), str(entry.get("help_zh", "")), str(entry.get("help_en", ""))]
    kind: Kind = "number" if tests[0] in ("below", "above") else "category"
    return Rule(Reason(code, *words), outcome, of[0], when[of[0]], kind, _test(tests[0], when[tests[0]], code))


def _test(kind: str, bound: Any, code: str) -> Callable[[Any], bool]:
    """The test as a function; a missing value passes only the test `missing`, since what is unknown is for a person to find out."""
    if kind == "missing":
        return lambda value: (value is None) is bool(bound)
    if kind in ("in", "not_in"):
        if not isinstance(bound, list) or not bound:
            raise ValueError(f"rule {code}: {kind!r} needs a list of values")
        members = frozenset(str(item) for item in bound)
        return lambda value: value is not None and (category(value) in members) is (kind == "in")
    limit = decimal(str(bound) if isinstance(bound, float) else bound, f"rule {code}: {kind}")
    if kind == "below":
        return lambda value: value is not None and value < limit
    return lambda value: value is not None and value > limit


def _only(entry: Any, keys: frozenset[str] | set[str], where: str) -> None:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{where} must be a table of keys")
    unknown = sorted(set(entry) - keys)
    if unknown:
        raise ValueError(f"{where} has no key {unknown[0]!r}; it takes {', '.join(sorted(keys))}")


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a text, got {value!r}")
    return value


def _outcome(entry: Mapping[str, Any], where: str) -> Outcome:
    if entry["outcome"] not in tuple(Outcome):
        raise ValueError(f"{where}: outcome must be approve, refer or decline, got {entry['outcome']!r}")
    return Outcome(entry["outcome"])


def _fraction(entry: Mapping[str, Any], key: str, where: str) -> Decimal:
    number = decimal(entry[key], where)
    if not 0 < number <= 1:
        raise ValueError(f"{where} must be above 0 and at most 1, got {number}")
    return number


def _money(entry: Mapping[str, Any], key: str, currency: str) -> Money:
    value = entry[key]
    if not isinstance(value, str):
        raise ValueError(f'{key} must be an amount in quotes, such as "20000", got {value!r}')
    amount = Money.parse(value, currency)
    if not amount.is_positive:
        raise ValueError(f"{key} must be more than zero, got {value!r}")
    return amount
