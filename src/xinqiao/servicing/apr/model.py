"""What a rate is made of: flows on their way in and out, and the rates found. Frozen values; no arithmetic beyond showing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from xinqiao.kit import Money

PERCENT = Decimal(100)


class Convention(StrEnum):
    """Ways to state one year's cost; `shown_to` says to how many decimals each is shown."""

    SINGLE_INTEREST = "single_interest"
    """单利: the rate of a period x periods in a year (PBoC notice 3/2021, unverified)."""
    COMPOUND = "compound"
    """复利: (1 + the rate of a period) to the power of periods in a year, less one (the same notice)."""
    REGULATION_Z = "regulation_z"
    """12 CFR 1026 appendix J."""
    EUROPEAN = "european"
    """Directive 2008/48/EC annex I; the UK's is the same equation."""
    XIRR = "xirr"
    """Actual days over 365, compounded: what spreadsheets call XIRR."""

    @property
    def shown_to(self) -> int:
        return 1 if self is Convention.EUROPEAN else 2


@dataclass(frozen=True, slots=True)
class Flow:
    amount: Decimal
    periods: int = 0
    """Whole unit-periods after the first advance."""
    odd: Fraction = Fraction(0)
    """What is left over, as a fraction of a unit-period (or of a year): 0 <= odd < 1."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Money on a day, between the lender and the borrower; `amount` is not negative, `lent` tells the direction.

    A fee kept back from the payout, or paid out of the loan itself, is a repayment on the day of the payout.
    """

    on: date
    amount: Money
    what: str = "principal"
    """"principal", or the cost it pays: "interest", "premium", "fee.service" …"""
    lent: bool = False

    @property
    def signed(self) -> int:
        """Minor units, positive toward the borrower."""
        return self.amount.minor if self.lent else -self.amount.minor


@dataclass(frozen=True, slots=True)
class AnnualRate:
    """Fractions of one: 0.1446 is 14.46 %."""

    nominal: Decimal
    effective: Decimal

    @property
    def percent(self) -> Decimal:
        """The nominal rate as it is shown, with two decimals."""
        return as_percent(self.nominal)

    @property
    def effective_percent(self) -> Decimal:
        return as_percent(self.effective)


@dataclass(frozen=True, slots=True)
class Rates:
    """One loan's annual rate by every convention, each in percent to the digit in which it is shown."""

    single_interest: Decimal
    compound: Decimal
    regulation_z: Decimal
    european: Decimal
    xirr: Decimal
    unit_period: str
    """Regulation Z's unit-period: "month", "2 weeks", "semimonth", "term" …"""

    def __getitem__(self, convention: Convention) -> Decimal:
        return getattr(self, convention.value)


@dataclass(frozen=True, slots=True)
class Part:
    """What one cost adds."""

    what: str
    amount: Money
    """Money paid for it over the loan's life; zero for a feature of time, such as grace."""
    points: Decimal
    """Percentage points it adds to the annual rate, after all that stand before it; negative when it lowers the rate."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The annual rate, cost by cost: the points sum to `percent` exactly."""

    convention: Convention
    received: Money
    """What was lent in all, before any fee kept back."""
    parts: tuple[Part, ...]
    percent: Decimal

    @property
    def cost(self) -> Money:
        zero = self.received - self.received
        return sum((part.amount for part in self.parts), start=zero)


def as_percent(rate: Decimal, places: int = 2) -> Decimal:
    return (rate * PERCENT).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def in_order(flows: Sequence[Dated]) -> list[Dated]:
    """By day; on one day what is lent comes first."""
    return sorted(flows, key=lambda flow: (flow.on, not flow.lent))
