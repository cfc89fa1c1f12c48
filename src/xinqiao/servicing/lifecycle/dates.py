"""Due dates. Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from ..product.model import Every, Unit


def step(start: date, every: Every, times: int = 1) -> date:
    """`times` distances after `start`, anchored on its day: monthly from 31 January is 28 February, then 31 March."""
    count = every.count * times
    match every.unit:
        case Unit.DAYS:
            return start + timedelta(days=count)
        case Unit.WEEKS:
            return start + timedelta(weeks=count)
        case Unit.MONTHS:
            return _months(start, count)
        case Unit.YEARS:
            return _months(start, 12 * count)
    raise AssertionError(every)


def _months(start: date, count: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
