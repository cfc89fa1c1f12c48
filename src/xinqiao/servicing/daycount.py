"""How much of a year lies between two dates. Pure; exact fractions.

2006 ISDA Definitions §4.16: (b) actual/actual, (d) actual/365 (fixed), (e) actual/360, (f) 30/360, (g) 30E/360. A period includes its first
day and excludes its last. Other pairs of a month and a year (30/365, actual/364 …) are what lenders' systems also offer: days by the
month's rule over the year's. (Clause letters from memory, unverified.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from .product.model import DayCount

YEARS = {"360": 360, "364": 364, "365": 365}


def days_30_360(start: date, end: date) -> int:
    """§4.16(f): a first day of 31 counts as 30; a last day of 31 counts as 30 when the first day is 30 or 31."""
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return _of_months(start, end, last - first)


def days_30e_360(start: date, end: date) -> int:
    """§4.16(g): either day of 31 counts as 30."""
    return _of_months(start, end, min(end.day, 30) - min(start.day, 30))


def days_actual(start: date, end: date) -> int:
    return (end - start).days


COUNT: dict[str, Callable[[date, date], int]] = {"30": days_30_360, "30E": days_30e_360, "actual": days_actual}


def days(start: date, end: date, convention: DayCount) -> int:
    """Days from `start` to `end` as the convention counts them: 30 February days are possible, and 31 of a month are not always."""
    return COUNT[convention.month](start, end)


def fraction(start: date, end: date, convention: DayCount) -> Fraction:
    """The part of a year from `start` to `end`, which must not lie before it."""
    if end < start:
        raise ValueError(f"a period runs forward, got {start} to {end}")
    if convention.year != "actual":
        return Fraction(days(start, end, convention), YEARS[convention.year])
    return sum((Fraction(days(a, b, convention), days_in_year(a.year)) for a, b in by_year(start, end)), Fraction(0))


def days_in_year(year: int) -> int:
    return 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365


def by_year(start: date, end: date) -> list[tuple[date, date]]:
    """The period cut at each 1 January, so that leap days are divided by 366 and the others by 365."""
    parts, at = [], start
    while at < end:
        year_end = min(end, date(at.year, 12, 31) + timedelta(1)) if at.year < date.max.year else end
        parts.append((at, year_end))
        at = year_end
    return parts


def _of_months(start: date, end: date, day_difference: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + day_difference
