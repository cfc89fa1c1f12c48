"""Repayment periods: from which day to which interest runs, and when the money is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from ..calendar import moved
from ..daycount import days_in_year
from ..errors import ScheduleImpossible
from ..product.model import Amortisation, DayCount, Every, Product, Unit
from ..product.request import Request
from .equal import due_date

DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}
MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}


@dataclass(frozen=True, slots=True)
class Period:
    start: date
    """Interest runs from this day, included,"""
    end: date
    """to this one, excluded."""
    due: date
    unadjusted: date
    """The due date before business days moved it; the next one is counted from here."""
    whole: Fraction = Fraction(1)
    """How many whole repayment periods it holds: 1, but for odd ones."""


def shift(day: date, every: Every, times: int = 1) -> date:
    """`times` distances after `day` (before it when negative); months keep its day of the month, or end with the month."""
    if every.unit in DAYS:
        return day + timedelta(DAYS[every.unit] * every.count * times)
    return due_date(day, MONTHS[every.unit] * every.count * times)


def of_year(every: Every, convention: DayCount, at: date) -> Fraction:
    """A whole period's part of a year: a month is a twelfth; days and weeks are divided by the year of the day count, as long as `at`'s if actual."""
    if every.unit in MONTHS:
        return Fraction(MONTHS[every.unit] * every.count, 12)
    year = days_in_year(at.year) if convention.year == "actual" else int(convention.year)
    return Fraction(DAYS[every.unit] * every.count, year)


def periods(product: Product, request: Request) -> list[Period]:
    """The loan's periods in order; a bullet loan has one. Raises ScheduleImpossible when due dates do not ascend, or leave the calendar."""
    try:
        return _periods(product, request)
    except (ValueError, OverflowError) as error:
        raise ScheduleImpossible(
            "due dates must lie before the year 10000; let there be fewer, or nearer ones", field="instalments"
        ) from error


def _periods(product: Product, request: Request) -> list[Period]:
    regular = _regular(product, request)
    dues = [*regular[:-1], request.last_due or regular[-1]]
    days = [request.start, *dues]
    if any(later <= earlier for earlier, later in pairwise(days)):
        said = f"due dates must ascend after the start on {request.start}, got {', '.join(map(str, dues))}"
        raise ScheduleImpossible(said, field="first_due")
    whole = [_whole(product, request, days, index, is_regular=dues[index] == regular[index]) for index in range(len(dues))]
    if product.amortisation is Amortisation.BULLET:
        dues, whole = dues[-1:], [sum(whole, Fraction(0))]
    paid = [moved(day, product.business_days) for day in dues]
    ends = paid if product.business_days.interest_follows else dues
    starts = [request.start, *ends[:-1]]
    return [Period(*row) for row in zip(starts, ends, paid, dues, whole, strict=True)]


def _regular(product: Product, request: Request) -> list[date]:
    """Due dates but for another last one. Months are counted from the start wherever the first due date allows, so that month ends stay."""
    if product.amortisation is Amortisation.CUSTOM:
        return [day for day, _ in product.custom]
    count, counted_from, first = request.instalments or product.instalments, _counted_from(product, request), _first(product, request)
    if first is None:
        return [shift(counted_from, product.every, number) for number in range(1, count + 1)]
    ahead = _months_ahead(product, request)
    if ahead is None:
        return [shift(first, product.every, number) for number in range(count)]
    return [due_date(counted_from, ahead + MONTHS[product.every.unit] * product.every.count * number) for number in range(count)]


def _counted_from(product: Product, request: Request) -> date:
    return (request.applied or request.start) if product.due_from_application else request.start


def _first(product: Product, request: Request) -> date | None:
    if request.first_due is not None or product.first_due_after is None:
        return request.first_due
    return shift(_counted_from(product, request), product.first_due_after)


def _months_ahead(product: Product, request: Request) -> int | None:
    """How many whole months the first due date comes after the day that it is counted from; None when it does not, or periods are no months."""
    start, first = _counted_from(product, request), _first(product, request)
    if first is None or product.every.unit not in MONTHS:
        return None
    months = 12 * (first.year - start.year) + first.month - start.month
    return months if months > 0 and due_date(start, months) == first else None


def _whole(product: Product, request: Request, days: list[date], index: int, *, is_regular: bool) -> Fraction:
    """How many whole periods lie between `days[index]` and the due date after it."""
    partial = product.partial_periods
    if product.amortisation is Amortisation.CUSTOM or not is_regular:
        return _count(days[index], days[index + 1], product.every, partial=partial, ahead=True)
    if index or (_first(product, request) is None and _counted_from(product, request) == request.start):
        return Fraction(1)
    months = _months_ahead(product, request)
    if months is None or _counted_from(product, request) != request.start:
        return _count(days[1], request.start, product.every, partial=partial, ahead=False)
    whole = Fraction(months, MONTHS[product.every.unit] * product.every.count)
    return whole if partial else Fraction(max(1, int(whole)))


def _count(fixed: date, other: date, every: Every, *, partial: bool, ahead: bool) -> Fraction:
    """Whole periods between two days, counted from `fixed`, and of the rest its part of the period it lies in (without `partial`: at least one)."""
    step, whole = (1 if ahead else -1), 0
    while step * (other - shift(fixed, every, step * (whole + 1))).days >= 0:
        whole += 1
    if not partial:
        return Fraction(max(whole, 1))
    at, then = shift(fixed, every, step * whole), shift(fixed, every, step * (whole + 1))
    return whole + Fraction((other - at).days, (then - at).days)
