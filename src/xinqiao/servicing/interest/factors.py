"""Rate factors: what one unit of balance earns in a stretch of a repayment period. Pure; decimals of a fixed number of digits.

A whole period earns rate x (days of its unit x count) / days in the year; a stretch earns its share of that by actual days. A month has 30
days or its own length. Where the year is actual and the stretch crosses 31 December, each side counts over its own year instead.
Each step is rounded half-even to the precision (12 digits as Apache Fineract computes, more if asked); the factor keeps as many decimals.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce

from ..daycount import days_in_year
from ..product.model import DayCount, Every, Unit

ONE = Decimal(1)
EXACT = Context(prec=200)
"""Wide enough that adding one to a factor, or factors to each other, rounds nothing."""


def context(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_EVEN)


def rate_factor(
    annual_rate: Decimal, stretch: tuple[date, date], period: tuple[date, date], every: Every, count: DayCount, to: Context
) -> Decimal:
    """The factor of `stretch` (start, end) within `period` (start, due); `annual_rate` is a fraction."""
    start, end = stretch
    if count.year == "actual" and end.year > start.year:
        earned = to.multiply(annual_rate, _across_years(start, end, to))
    else:
        year = days_in_year(start.year) if count.year == "actual" else int(count.year)
        of_year = to.divide(_unit_days(every, count, start, year) * every.count, Decimal(year))
        inside, whole = (end - start).days, (period[1] - period[0]).days
        earned = to.divide(to.multiply(to.multiply(annual_rate, of_year), Decimal(inside)), Decimal(whole))
    return earned.quantize(Decimal(1).scaleb(-to.prec), ROUND_HALF_EVEN, EXACT)


def _unit_days(every: Every, count: DayCount, start: date, year: int) -> Decimal:
    if every.unit is Unit.MONTHS:
        return Decimal(monthrange(start.year, start.month)[1] if count.month == "actual" else 30)
    return Decimal({Unit.DAYS: 1, Unit.WEEKS: 7, Unit.YEARS: year}[every.unit])


def _across_years(start: date, end: date, to: Context) -> Decimal:
    """Days to each 31 December over that year's length, and the rest over the last year's."""
    total, at = Decimal(0), start
    for year in range(start.year, end.year + 1):
        until = end if year == end.year else date(year, 12, 31)
        total = to.add(total, to.divide(Decimal((until - at).days), Decimal(days_in_year(year))))
        at = until
    return total


def total(factors: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, factors, Decimal(0))


def growth(factors: Sequence[Decimal], to: Context) -> Decimal:
    """Π (1 + f)."""
    return reduce(lambda product, factor: to.multiply(product, EXACT.add(ONE, factor)), factors, ONE)


def annuity(factors: Sequence[Decimal], to: Context) -> Decimal:
    """fn, where f1 = 1 and fn = 1 + f(n-1) x (1 + factor n): what instalments of 1 grow to by the last due date."""
    return reduce(lambda value, factor: to.add(ONE, to.multiply(value, EXACT.add(ONE, factor))), factors[1:], ONE)
