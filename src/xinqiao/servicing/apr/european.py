"""The annual percentage rate of charge: Directive 2008/48/EC annex I, and its twin in the UK.

Time between dates follows the remarks of the annex as 2014/17/EU and (EU) 2023/2225 word them (unverified): a year is 365 days (366 in a
leap year), 52 weeks or 12 equal months. What is no whole number of months or weeks is whole months, counted back from the later day, and
days over the length of the year that ends where the days end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from .dates import Sides
from .model import PERCENT, Dated, Flow
from .periods import anchor_of, months_and_days, months_back
from .solving import compound, solve


def effective_percent(advances: Sequence[Flow], payments: Sequence[Flow], *, places: int = 1) -> Decimal:
    """The annual percentage rate of charge of the consumer-credit directive: one decimal, a half goes up."""
    return solve(compound(advances, payments), scale=PERCENT, quantum=Decimal(1).scaleb(-places))


def european_percent(flows: Sequence[Dated], *, places: int = 1) -> Decimal:
    """The same from dates. Raises NoAnnualRate, FlowsRefused."""
    sides = Sides.of(flows)
    days = [day for day, _ in (*sides.lent, *sides.repaid)]
    weekly, anchor = by_weeks(sides.start, days), anchor_of([day for day, _ in sides.repaid])
    advances, payments = (
        [_flow(amount, years_between(sides.start, day, weekly=weekly, anchor=anchor)) for day, amount in side]
        for side in (sides.lent, sides.repaid)
    )
    return effective_percent(advances, payments, places=places)


def by_weeks(start: date, days: Sequence[date]) -> bool:
    """Whether a series counts in weeks: each day is whole weeks from the first, and they are not all whole months."""
    anchor = anchor_of([day for day in days if day != start])
    return all((day - start).days % 7 == 0 for day in days) and any(months_and_days(start, day, anchor=anchor)[1] for day in days)


def years_between(start: date, on: date, *, weekly: bool = False, anchor: int = 0) -> Fraction:
    """The interval in years; `weekly` when the whole series counts in weeks, `anchor` the day of the month on which it falls."""
    if weekly:
        return Fraction((on - start).days // 7, 52)
    months, days = months_and_days(start, on, anchor=anchor)
    if not days:
        return Fraction(months, 12)
    if (on - start).days % 7 == 0:
        return Fraction((on - start).days // 7, 52)
    last = months_back(on, months, anchor=anchor)
    return Fraction(months, 12) + Fraction(days, (last - months_back(last, 12)).days)


def _flow(amount: Decimal, years: Fraction) -> Flow:
    return Flow(amount, years.numerator // years.denominator, years % 1)
