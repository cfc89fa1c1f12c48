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
    dues = _dues(product, request)
    days = [request.start, *dues]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ScheduleImpossible(
            f"due dates must ascend after the start on {request.start}, got {', '.join(map(str, dues))}", field="first_due"
        )
    whole = [_whole(product, request, dues, index) for index in range(len(dues))]
    if product.amortisation is Amortisation.BULLET:
        days, dues, whole = [request.start, dues[-1]], dues[-1:], [sum(whole, Fraction(0))]
    paid = [moved(day, product.business_days) for day in dues]
    ends = paid if product.business_days.interest_follows else dues
    starts = [request.start, *ends[:-1]]
    return [Period(*row) for row in zip(starts, ends, paid, dues, whole, strict=True)]


def _dues(product: Product, request: Request) -> list[date]:
    if product.amortisation is Amortisation.CUSTOM:
        return [day for day, _ in product.custom]
    count = request.instalments or product.instalments
    counted_from = (request.applied or request.start) if product.due_from_application else request.start
    first = request.first_due or _first(product, counted_from)
    if first is None:
        dues = [shift(counted_from, product.every, number) for number in range(1, count + 1)]
    elif request.first_due is None and _in_months(product):
        ahead = MONTHS[product.first_due_after.unit] * product.first_due_after.count
        dues = [due_date(counted_from, ahead + MONTHS[product.every.unit] * product.every.count * number) for number in range(count)]
    else:
        dues = [shift(first, product.every, number) for number in range(count)]
    return [*dues[:-1], request.last_due or dues[-1]]


def _first(product: Product, counted_from: date) -> date | None:
    return shift(counted_from, product.first_due_after) if product.first_due_after else None


def _in_months(product: Product) -> bool:
    """Both distances are in months: the day of the month is the start's, even where the first due date had to end with its month."""
    return product.first_due_after is not None and product.first_due_after.unit in MONTHS and product.every.unit in MONTHS


def _whole(product: Product, request: Request, dues: list[date], index: int) -> Fraction:
    """How many whole periods lie in the one that ends with due date `index`."""
    odd_last = index == len(dues) - 1 and request.last_due is not None
    odd_first = index == 0 and (request.first_due or product.first_due_after or product.due_from_application)
    if product.amortisation is Amortisation.CUSTOM or odd_last:
        start = dues[index - 1] if index else request.start
        return _count(start, dues[index], product.every, partial=product.partial_periods, ahead=True)
    if odd_first:
        return _count(dues[0], request.start, product.every, partial=product.partial_periods, ahead=False)
    return Fraction(1)


def _count(fixed: date, other: date, every: Every, *, partial: bool, ahead: bool) -> Fraction:
    """Whole periods between two days, counted from `fixed`, and of the rest its part of the period it lies in (without `partial`: at least one)."""
    step, whole = (1 if ahead else -1), 0
    while step * (other - shift(fixed, every, step * (whole + 1))).days >= 0:
        whole += 1
    if not partial:
        return Fraction(max(whole, 1))
    at, then = shift(fixed, every, step * whole), shift(fixed, every, step * (whole + 1))
    return whole + Fraction((other - at).days, (then - at).days)
