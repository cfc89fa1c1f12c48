"""The repayment schedule: what is due, when, and for what. Pure; integer minor units; no binary floats.

Equal instalments on a declining balance (等额本息): the level payment is P·r(1+r)^n / ((1+r)^n - 1) with r = annual rate / 12, rounded
half-even to the minor unit; each month's interest is balance x r, rounded half-even; the last instalment repays what is left, so the
principal sums to the loan exactly.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from xinqiao.kit import Money
from xinqiao.kit.money import total

from ..apr import AnnualRate, monthly
from ..errors import TermsRefused, TooSmallForTerm

PRECISION = Context(prec=50)
LONGEST_MONTHS = 360


class Base(StrEnum):
    """What an annual charge is a rate of."""

    PRINCIPAL = "principal"
    """The amount lent: the same charge each month."""
    BALANCE = "balance"
    """What is still owed: the charge declines."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A guarantee premium or a fee, collected with each instalment."""

    annual_rate: Decimal = Decimal(0)
    base: Base = Base.BALANCE
    spread: Money | None = None
    """A fixed sum instead of a rate, split over the instalments to the cent."""

    def per_month(self, principal: Money, opening: Sequence[Money]) -> list[Money]:
        """The charge of each month, given each month's opening balance."""
        if self.spread is not None:
            return self.spread.split(len(opening))
        rate = PRECISION.divide(self.annual_rate, Decimal(12))
        return [(principal if self.base is Base.PRINCIPAL else balance).times(rate) for balance in opening]


NOTHING = Charge()


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    due: date
    principal: Money
    interest: Money
    premium: Money
    fee: Money
    balance: Money
    """Principal still owed once this instalment is paid."""

    @property
    def total(self) -> Money:
        return self.principal + self.interest + self.premium + self.fee


@dataclass(frozen=True, slots=True)
class Schedule:
    principal: Money
    start: date
    instalments: tuple[Instalment, ...]

    @property
    def to_repay(self) -> Money:
        return total(i.total for i in self.instalments)

    @property
    def cost(self) -> Money:
        """Everything paid over and above the principal."""
        return self.to_repay - self.principal

    @property
    def interest(self) -> Money:
        return total(i.interest for i in self.instalments)

    @property
    def premium(self) -> Money:
        return total(i.premium for i in self.instalments)

    @property
    def fees(self) -> Money:
        return total(i.fee for i in self.instalments)

    def starting(self, start: date) -> Schedule:
        """The same amounts for a payout on another day: only the due dates move."""
        return Schedule(self.principal, start, tuple(replace(i, due=due_date(start, i.number)) for i in self.instalments))

    def annual_rate(self) -> AnnualRate:
        """The full annual cost: interest, premium and fees (PBoC notice 3/2021, unverified)."""
        return monthly(self.principal, [i.total for i in self.instalments])


def equal_instalments(
    principal: Money, annual_rate: Decimal, months: int, start: date, *, premium: Charge = NOTHING, fee: Charge = NOTHING
) -> Schedule:
    """The schedule of a loan paid out on `start`, repaid in `months` monthly instalments.

    `annual_rate` is a fraction (0.12 is 12 % a year). Raises TermsRefused for terms that contradict themselves, TooSmallForTerm when
    rounding would leave an instalment without principal.
    """
    _check(principal, annual_rate, months, premium, fee)
    parts = _declining(principal, annual_rate, months)
    opening = _opening_balances(principal, [repaid for repaid, _ in parts])
    premiums, fees = premium.per_month(principal, opening), fee.per_month(principal, opening)
    rows = zip(parts, opening, premiums, fees, strict=True)
    instalments = tuple(
        Instalment(number, due_date(start, number), repaid, interest, risk, charge, balance - repaid)
        for number, ((repaid, interest), balance, risk, charge) in enumerate(rows, start=1)
    )
    return Schedule(principal, start, instalments)


def due_date(start: date, number: int) -> date:
    """`number` months after `start`, anchored on its day: a loan of 31 January falls due on 28 February, then on 31 March."""
    months = start.year * 12 + start.month - 1 + number
    year, month = divmod(months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def level_payment(principal: Money, annual_rate: Decimal, months: int) -> Money:
    """The equal instalment, before the last one takes the remainder."""
    if not annual_rate:
        return Money(round(Fraction(principal.minor, months)), principal.currency)
    with localcontext(PRECISION):
        rate = annual_rate / 12
        growth = (1 + rate) ** months
        return Money(int((principal.minor * rate * growth / (growth - 1)).to_integral_value(ROUND_HALF_EVEN)), principal.currency)


def _declining(principal: Money, annual_rate: Decimal, months: int) -> list[tuple[Money, Money]]:
    """Principal and interest of each month."""
    payment, rate = level_payment(principal, annual_rate, months), PRECISION.divide(annual_rate, Decimal(12))
    parts, balance = [], principal
    for month in range(1, months + 1):
        interest = balance.times(rate)
        repaid = balance if month == months else payment - interest
        if not repaid.is_positive or repaid > balance:
            raise TooSmallForTerm(str(principal), months, field="term_months")
        parts.append((repaid, interest))
        balance -= repaid
    return parts


def _opening_balances(principal: Money, repaid: Sequence[Money]) -> list[Money]:
    balances, balance = [], principal
    for part in repaid:
        balances.append(balance)
        balance -= part
    return balances


def _check(principal: Money, annual_rate: Decimal, months: int, premium: Charge, fee: Charge) -> None:
    if not principal.is_positive:
        raise TermsRefused(f"the amount must be positive, got {principal}", field="amount")
    if not 1 <= months <= LONGEST_MONTHS:
        raise TermsRefused(f"the term must be 1 to {LONGEST_MONTHS} months, got {months}", field="term_months")
    if not Decimal(0) <= annual_rate <= 10:
        raise TermsRefused(f"the annual rate is a fraction from 0 to 10, got {annual_rate}", field="annual_rate")
    for name, charge in (("premium", premium), ("fee", fee)):
        if charge.annual_rate < 0 or (charge.spread is not None and charge.spread.minor < 0):
            raise TermsRefused(f"the {name} must not be negative", field=name)
        if charge.spread is not None and (charge.annual_rate or charge.spread.currency != principal.currency):
            raise TermsRefused(f"the {name} is either a rate or a sum in {principal.currency}", field=name)
