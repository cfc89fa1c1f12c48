"""The chart of accounts, read from `chart.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """The kinds of account (科目); what each is for, its name and its rule stand in `chart.toml`."""

    CLEARING = "clearing"
    PRINCIPAL = "principal"
    ACCRUED = "accrued"
    COLLECTED = "collected"
    SUBROGATED = "subrogated"
    CLAWBACK = "clawback"
    CAPITAL = "capital"
    COMPENSATED = "compensated"
    FUNDER = "funder"
    GUARANTOR = "guarantor"
    SCENE = "scene"
    INTEREST = "interest"
    PENALTY = "penalty"
    PREMIUM = "premium"
    FEES = "fees"
    RECOVERY = "recovery"
    CREDIT = "credit"
    WALLET = "wallet"
    SUSPENSE = "suspense"
    PLATFORM = "platform"
    INCOME = "income"
    WRITTEN_OFF = "written_off"
    WAIVED = "waived"


class Rule(StrEnum):
    """Where a balance may not go; what is held counts as if it had been posted."""

    WITHIN_DEBITS = "credits_within_debits"
    """Nothing is repaid that was not lent; nothing leaves the bank that did not come in."""
    WITHIN_CREDITS = "debits_within_credits"
    """Nothing is paid out that did not come in."""
    ANY = "any"
    """May stand on either side."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the chart."""

    kind: Kind
    number: int
    group: str
    """"assets", "liabilities", "equity", "income" or "expenses"."""
    rule: Rule
    owner: str
    zh: str
    en: str
    use: str

    def name(self, language: str = "en") -> str:
        return self.zh if language.startswith("zh") else self.en


@cache
def chart() -> Mapping[Kind, Heading]:
    """Every kind with its heading, in the chart's order."""
    read = tomllib.loads((Path(__file__).parent / "chart.toml").read_text(encoding="utf-8"))
    return MappingProxyType({Kind(name): _heading(Kind(name), row) for name, row in read.items()})


def _heading(kind: Kind, row: Mapping[str, Any]) -> Heading:
    return Heading(kind, row["number"], row["class"], Rule(row["rule"]), row["owner"], row["zh"], row["en"], row["use"])


RULES: Mapping[Kind, Rule] = MappingProxyType({kind: heading.rule for kind, heading in chart().items()})
