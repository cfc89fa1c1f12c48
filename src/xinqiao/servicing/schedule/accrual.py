"""Which days carry interest, at which rate, on what was lent by then. Pure, exact.

A period is cut where the rate changes and where money is paid out. What was repaid comes off at period ends only, so that a period's
interest is `lent - repaid x factor`, both known before any instalment is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from ..daycount import days, fraction
from ..errors import ScheduleImpossible
from ..product.model import Accrual, Method, Product, Repricing
from ..product.request import Request
from .dates import Period, of_year, shift


@dataclass(frozen=True, slots=True)
class Piece:
    start: date
    end: date
    days: int
    fraction: Fraction
    annual_rate: Decimal
    lent: int
    """Principal lent by its first day, minor units, down payments taken off."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A loan's periods with all that its interest depends on, but for what is repaid."""

    product: Product
    periods: Sequence[Period]
    pieces: Sequence[Sequence[Piece]]
    lent_by: Sequence[int]
    """Principal lent before the end of each period."""
    fresh: Sequence[bool]
    """Whether a payout or a new rate falls in the period."""
    fractions: Sequence[Fraction]
    """Each period's part of a year; 0 where it bears no interest."""

    def accrued(self, index: int, repaid: int) -> Fraction:
        """Interest of a period in minor units, unrounded, `repaid` being the principal paid back before it began."""
        flat = self.product.method is Method.FLAT
        return sum(((piece.lent - (0 if flat else repaid)) * _weight(piece) for piece in self.pieces[index]), Fraction(0))

    def foreseen(self, index: int, later: int) -> Fraction:
        """The interest factor of period `later` as known in period `index`: at the rate then in force."""
        return Fraction(self.pieces[index][-1].annual_rate) * self.fractions[later]


def _weight(piece: Piece) -> Fraction:
    return Fraction(piece.annual_rate) * piece.fraction


def frame(product: Product, request: Request, periods: Sequence[Period], lent: Sequence[tuple[date, int]]) -> Frame:
    """`lent` is principal by day. Raises ScheduleImpossible for a payout on or after the last period's end, or a rate that is unknown."""
    if any(not periods[0].start <= on < periods[-1].end for on, _ in lent):
        raise ScheduleImpossible(f"payouts fall from {periods[0].start} to before {periods[-1].end}", field="tranches")
    rates = rate_path(product, request, periods[-1].end)
    rates, lent = _snapped(product, periods, rates), _effective(product, periods, lent)
    sums = list(accumulate((amount for _, amount in lent), initial=0))
    dates = [on for on, _ in lent]
    cut = [_pieces(product, index, period, rates, dates, sums) for index, period in enumerate(periods)]
    fresh = [any(period.start <= on < period.end for on in (*dates, *(day for day, _ in rates[1:]))) for period in periods]
    lent_by = [sums[sum(on < period.end for on in dates)] for period in periods]
    return Frame(product, periods, cut, lent_by, fresh, [_part(product, i, p, p.start, p.end) for i, p in enumerate(periods)])


def _pieces(
    product: Product, index: int, period: Period, rates: Sequence[tuple[date, Decimal]], dates: list[date], sums: list[int]
) -> list[Piece]:
    """The period cut at rate changes and payouts. Parts are differences from the period's start, so that they add up to the whole."""
    inside = {day for day in (*dates, *(on for on, _ in rates)) if period.start < day < period.end}
    cuts = [period.start, *sorted(inside), period.end]
    parts = [_part(product, index, period, period.start, day) for day in cuts]
    return [
        Piece(a, b, days(a, b, product.day_count), till_b - till_a, rate_on(rates, a), sums[bisect_right(dates, a)])
        for a, b, till_a, till_b in zip(cuts, cuts[1:], parts, parts[1:], strict=False)
    ]


def _part(product: Product, index: int, period: Period, start: date, end: date) -> Fraction:
    """The part of a year that bears interest from `start` to `end` within a period."""
    if index < product.grace.interest_free:
        return Fraction(0)
    if product.accrual is Accrual.DAILY:
        return fraction(start, end, product.day_count)
    year = of_year(product.every, product.day_count, period.start)
    return period.whole * year * Fraction((end - start).days, (period.end - period.start).days)


def rate_path(product: Product, request: Request, until: date) -> list[tuple[date, Decimal]]:
    """The annual rate by the day from which it holds, the first from the start."""
    if product.repricing is None:
        return [(request.start, product.annual_rate if request.annual_rate is None else request.annual_rate)]
    values = sorted(request.index_values)
    return [(day, _floating(product.repricing, values, day)) for day in _repriced_on(product.repricing, values, request.start, until)]


def _repriced_on(rule: Repricing, values: Sequence[tuple[date, Decimal]], start: date, until: date) -> list[date]:
    if rule.every is None:
        return [start, *(day for day, _ in values if start < day < until)]
    dates, left = [start], (until - start).days
    with suppress(ValueError, OverflowError):  # a next date beyond the calendar is beyond the loan
        for count in range(1, left + 1):
            if (day := shift(start, rule.every, count)) >= until:
                break
            dates.append(day)
    return dates


def _floating(rule: Repricing, values: Sequence[tuple[date, Decimal]], on: date) -> Decimal:
    known = bisect_right(values, on, key=lambda value: value[0])
    if not known:
        raise ScheduleImpossible(f"there is no value of {rule.index} on or before {on}; give one in index_values", field="index_values")
    rate = max(values[known - 1][1] + rule.spread, rule.floor)
    return rate if rule.cap is None else min(rate, rule.cap)


def rate_on(rates: Sequence[tuple[date, Decimal]], day: date) -> Decimal:
    return rates[bisect_right(rates, day, key=lambda value: value[0]) - 1][1]


def _whole_only(product: Product) -> bool:
    return product.accrual is Accrual.PERIOD and not product.partial_periods


def _snapped(product: Product, periods: Sequence[Period], rates: list[tuple[date, Decimal]]) -> list[tuple[date, Decimal]]:
    """Where parts of periods are not charged, a new rate waits for the next period."""
    if not _whole_only(product):
        return rates
    later = {next((p.start for p in periods if p.start >= day), periods[-1].end): rate for day, rate in rates}
    return sorted(later.items())


def _effective(product: Product, periods: Sequence[Period], lent: Sequence[tuple[date, int]]) -> list[tuple[date, int]]:
    """Where parts of periods are not charged, a payout bears interest from its period's start."""
    if not _whole_only(product):
        return sorted(lent)
    return sorted((max(p.start for p in periods if p.start <= on), amount) for on, amount in lent)
