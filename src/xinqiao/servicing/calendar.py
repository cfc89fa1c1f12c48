"""Business days: which days banks work, and where a due date goes that falls on another. Pure, over the `holidays` library.

Conventions of the 2006 ISDA Definitions §4.12 (clause from memory, unverified). A calendar is an ISO 3166 country, with a subdivision if
wished ("CN", "DE-BY"), or an ISO 10383 market ("XECB" is the euro's TARGET calendar). China publishes its holidays, and the weekends
worked in their place (调休), a year at a time: for later years the library knows the feasts but not the exchanges, and `published` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
from holidays.holiday_base import HolidayBase

from .errors import CalendarUnknown
from .product.model import BusinessDays, Convention

DECREED_YEARLY = frozenset({"CN"})
"""Countries whose public holidays are fixed by a decree for each year."""
DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Calendar:
    code: str = ""
    """Empty: every day is a business day."""

    def __post_init__(self) -> None:
        if self.code:
            _library(self.code)

    def is_business_day(self, day: date) -> bool:
        return not self.code or _library(self.code).is_working_day(day)

    def holiday(self, day: date) -> str | None:
        """The holiday's name, when the day is one."""
        return _library(self.code).get(day) if self.code else None

    def published(self, year: int) -> bool:
        """False when the library has no official calendar for the year, only rules that may turn out otherwise."""
        return not self.code or _first(self.code) <= year <= _last(self.code)

    def adjust(self, day: date, convention: Convention) -> date:
        """Where `day` goes when it is no business day."""
        if convention is Convention.NONE or self.is_business_day(day):
            return day
        if convention is Convention.PRECEDING:
            return self._next(day, -DAY)
        later = self._next(day, DAY)
        leaves_month = (later.year, later.month) != (day.year, day.month)
        return self._next(day, -DAY) if convention is Convention.MODIFIED_FOLLOWING and leaves_month else later

    def _next(self, day: date, step: timedelta) -> date:
        while not self.is_business_day(day):
            day += step
        return day


def moved(day: date, rule: BusinessDays) -> date:
    """The due date by the product's rule. The unadjusted day is what the next one is counted from."""
    return Calendar(rule.calendar).adjust(day, rule.convention)


@lru_cache(maxsize=64)
def _library(code: str) -> HolidayBase:
    country, _, subdivision = code.partition("-")
    try:
        if len(country) == 4:
            return holidays.financial_holidays(country)
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError as error:
        raise CalendarUnknown(code) from error


def _first(code: str) -> int:
    return max(_library(code).start_year, min(_decreed(code), default=0))


def _last(code: str) -> int:
    return min(_library(code).end_year, max(_decreed(code), default=date.max.year))


def _decreed(code: str) -> list[int]:
    """The years whose decree the library holds."""
    return list(getattr(_library(code), "special_public_holidays", {})) if code.partition("-")[0] in DECREED_YEARLY else []
