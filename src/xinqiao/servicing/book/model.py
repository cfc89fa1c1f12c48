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
    PRODUCT = "product"
    """The product's code; "" where the application is not on record."""
    REGION = "region"
    """ISO 3166-2; "" where the application is not on record."""
    GRADE = "grade"
    """The five-category classification; of closed days alone."""


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


@dataclass(frozen=True, slots=True)
class Figure:
    """What the loans of one key came to at the end of a closed day."""

    key: str
    """As in `Line`; "all" for the whole."""
    loans: int
    principal: Money
    """Lent."""
    outstanding: Money
    overdue: Money
    """What was due and is not paid, with penalty."""
    accrued: Money
    """Interest and penalty interest earned and not yet collected."""
    par30: Money
    """Outstanding of loans more than 30 days past due (portfolio at risk); written-off and repaid ones are not among them."""
    par90: Money

    @property
    def exposure(self) -> Money:
        """What would be lost if nothing more came in: the base of expected loss, by bucket or category."""
        return self.outstanding + self.accrued

    @property
    def par30_ratio(self) -> Decimal:
        return ratio(self.par30, self.outstanding)

    @property
    def par90_ratio(self) -> Decimal:
        return ratio(self.par90, self.outstanding)


@dataclass(frozen=True, slots=True)
class Share:
    """One key's part of what is outstanding."""

    key: str
    outstanding: Money
    share: Decimal
    """Of one."""


@dataclass(frozen=True, slots=True)
class Concentration:
    shares: tuple[Share, ...]
    """The greatest first."""
    herfindahl: Decimal
    """The sum of the squared shares: 1 when one holds all, 1/n when n hold the same."""


def ratio(part: Money, whole: Money) -> Decimal:
    """To four decimals; 0 of nothing."""
    return (Decimal(part.minor) / whole.minor).quantize(Decimal("0.0001")) if whole.minor else Decimal(0)
