"""From dates to time, as Regulation Z counts it: unit-periods and odd days (12 CFR 1026 appendix J (b)(2) to (b)(5))."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    MONTH = "month"
    TERM = "term"
    """The whole term, in a transaction of one advance and one payment."""


DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.SEMIMONTH: 15, Unit.MONTH: 30}
"""All months are equal, (b)(3)(iv)."""


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """A standard interval of time, (b)(3)(iii): `count` of a unit; 12 months are a year."""

    unit: Unit
    count: int = 1
    anchor: int = 0
    """The day of the month on which the series falls; 31 is the last day. Months are measured between such days, (b)(3)(iv)."""
    term_per_year: Fraction | None = None

    @property
    def per_year(self) -> Fraction:
        """(b)(5)(ii) to (vii)."""
        match self.unit:
            case Unit.DAY:
                return Fraction(365, self.count)
            case Unit.WEEK:
                return Fraction(52, self.count)
            case Unit.SEMIMONTH:
                return Fraction(24)
            case Unit.MONTH:
                return Fraction(12, self.count)
        assert self.term_per_year is not None
        return self.term_per_year

    @property
    def days(self) -> int:
        return DAYS[self.unit] * self.count

    def __str__(self) -> str:
        return str(self.unit) if self.count == 1 else f"{self.count} {self.unit}s"

    def between(self, start: date, on: date) -> tuple[int, Fraction]:
        """Whole unit-periods and the fraction left over, (b)(5)."""
        match self.unit:
            case Unit.TERM:
                return (1, Fraction(0)) if on > start else (0, Fraction(0))
            case Unit.DAY | Unit.WEEK:
                whole, left = divmod((on - start).days, self.days)
                return whole, Fraction(left, self.days)
        months, days = months_and_days(start, on, anchor=self.anchor)
        if self.unit is Unit.MONTH and self.count == 1:
            return months, Fraction(days, 30)
        if self.unit is Unit.MONTH and self.count == 12:
            return _years(months, days, start, on, self.anchor)
        whole, left = divmod(30 * months + days, self.days)
        return whole, Fraction(left, self.days)


def _years(months: int, days: int, start: date, on: date, anchor: int) -> tuple[int, Fraction]:
    """(b)(5)(v): what is left of a year counts in whole months, or else in days over 365."""
    whole, left = divmod(months, 12)
    if not days:
        return whole, Fraction(left, 12)
    return whole, Fraction((months_back(on, 12 * whole, anchor=anchor) - start).days, 365)


def months_back(on: date, months: int, *, anchor: int = 0) -> date:
    """The day `months` before `on`; a day at its month's end stands for the series' own day `anchor` (29 February for the 30th)."""
    last = monthrange(on.year, on.month)[1]
    day = max(on.day, anchor) if on.day == last else on.day
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def months_and_days(start: date, on: date, *, anchor: int = 0) -> tuple[int, int]:
    """Full months measured back from the later date, and the days from `start` to the first of them."""
    months = (on.year - start.year) * 12 + on.month - start.month
    while months_back(on, months, anchor=anchor) < start:
        months -= 1
    return months, (months_back(on, months, anchor=anchor) - start).days


def anchor_of(dates: Sequence[date]) -> int:
    """The day of the month of a series: 31 when every day is its month's last, else the latest day there is (28 February may stand for the 30th)."""
    if len(dates) > 1 and all(day.day == monthrange(day.year, day.month)[1] for day in dates):
        return 31
    return max((day.day for day in dates), default=0)


def unit_period(advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod:
    """The unit-period of a transaction, (b)(4). The dates are sorted and at least one of each is given; no payment falls on the first day."""
    lent, repaid = sorted(set(advances)), sorted(set(payments))
    start, anchor = lent[0], anchor_of(repaid)
    if len(advances) == 1 and len(payments) == 1:
        return _of_term(start, repaid[0])
    gaps = [*pairwise(lent), *pairwise([start, *repaid])]
    if is_semimonthly(repaid):
        return UnitPeriod(Unit.SEMIMONTH, anchor=anchor)
    counted = Counter(kind for gap in gaps for kind in _kinds(*gap, anchor))
    common = {kind: times for kind, times in counted.items() if times > 1}
    if not common:
        return _nearest(Fraction(sum((b - a).days for a, b in gaps), len(gaps)), anchor)
    unit, count = min(common, key=lambda kind: (-common[kind], DAYS[kind[0]] * kind[1]))
    return _at_most_a_year(unit, count, anchor)


def is_semimonthly(dates: Sequence[date]) -> bool:
    """Whether days alternate between two days of the month, about half a month apart: 1 and 16, 15 and last."""
    if len(dates) < 3 or {(b - a).days for a, b in pairwise(dates)} == {14}:
        return False
    halves = (dates[::2], dates[1::2])
    months = all(_whole_months(a, b, anchor_of(half)) == 1 for half in halves for a, b in pairwise(half))
    return months and all(12 <= (b - a).days <= 18 for a, b in pairwise(dates))


def _kinds(a: date, b: date, anchor: int) -> list[tuple[Unit, int]]:
    """A period as whole months and as whole weeks, where it is; otherwise as days."""
    days, months = (b - a).days, _whole_months(a, b, anchor)
    kinds = [(Unit.MONTH, months)] if months else []
    kinds += [(Unit.WEEK, days // 7)] if days % 7 == 0 else []
    return kinds or [(Unit.DAY, days)]


def _whole_months(a: date, b: date, anchor: int) -> int:
    months, days = months_and_days(a, b, anchor=anchor)
    return months if not days else 0


def _at_most_a_year(unit: Unit, count: int, anchor: int) -> UnitPeriod:
    """A common period of days that is no standard interval is rounded to the nearest one."""
    if DAYS[unit] * count >= 360:
        return UnitPeriod(Unit.MONTH, 12, anchor)
    if unit is Unit.DAY and count > 1:
        return _nearest(Fraction(count), anchor)
    return UnitPeriod(unit, count, anchor)


STANDARD = sorted(
    [
        (Unit.DAY, 1),
        (Unit.SEMIMONTH, 1),
        *((Unit.WEEK, weeks) for weeks in range(1, 52)),
        *((Unit.MONTH, months) for months in range(1, 13)),
    ],
    key=lambda kind: DAYS[kind[0]] * kind[1],
)


def _nearest(days: Fraction, anchor: int) -> UnitPeriod:
    """The standard interval nearest to an average; of two equally near ones the lower, (b)(4)(i)(B)."""
    unit, count = min(STANDARD, key=lambda kind: (abs(DAYS[kind[0]] * kind[1] - days), DAYS[kind[0]] * kind[1]))
    return UnitPeriod(unit, count, anchor)


def _of_term(start: date, end: date) -> UnitPeriod:
    """One advance, one payment: the term, but no more than a year, (b)(4)(ii) and (b)(5)(v) to (vii)."""
    months, days = months_and_days(start, end)
    if months >= 12:
        return UnitPeriod(Unit.MONTH, 12)
    per_year = Fraction(12, months) if not days else Fraction(365, (end - start).days)
    return UnitPeriod(Unit.TERM, term_per_year=per_year)
