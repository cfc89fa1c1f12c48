"""Figures over many loans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from xinqiao.kit import Money


class By(StrEnum):
    VINTAGE = "vintage"
    """The month of payout, "2026-03"."""
    BUCKET = "bucket"
    """The ageing bucket the loan stands in; "current" when none, "closed" when repaid."""
    FUNDER = "funder"


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    """A month, a bucket, or a funder's id."""
    loans: int
    principal: Money
    outstanding: Money


@dataclass(frozen=True, slots=True)
class Point:
    """Of the loans paid out in one month, the share (by principal) that had ever been that late by some month of their life."""

    vintage: date
    month_on_book: int
    ever_late: Decimal
    """A fraction from 0 to 1."""
