"""What a check finds, and how it is told. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from xinqiao.kit import Money

LONGEST = 1200
"""The most instalments of any loan."""
HIGHEST = 10
"""The highest annual rate of any loan: 1000 %."""


@dataclass(frozen=True, slots=True)
class Finding:
    field: str
    says: str
    says_zh: str


Findings = Iterator[Finding]


def told(found: list[Finding]) -> tuple[str, str]:
    return "; ".join(f.says for f in found), "；".join(f.says_zh for f in found)


def listed(found: list[Finding], code: str) -> tuple[dict[str, str], ...]:
    return tuple({"field": f.field, "code": code, "says": f.says, "says_zh": f.says_zh} for f in found)


Bound = TypeVar("Bound", Decimal, int, Money)


def within(value: Bound, least: Bound | None, most: Bound | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def span(least: object, most: object) -> str:
    return f"{'no least' if least is None else least} to {'no most' if most is None else most}"
