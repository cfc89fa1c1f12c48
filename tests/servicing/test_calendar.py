"""Business days of real calendars: the State Council's for 2026, TARGET, Bavaria."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.servicing.calendar import Calendar, moved
from xinqiao.servicing.errors import CalendarUnknown
from xinqiao.servicing.product.model import BusinessDays, Convention

CHINA = Calendar("CN")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-13", True),
        ("2026-02-14", True),  # a Saturday worked for the Spring Festival (调休)
        ("2026-02-15", False),
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),  # worked Saturday
        ("2026-05-09", True),  # worked Saturday
        ("2026-10-10", True),  # worked Saturday
        ("2026-10-07", False),
        ("2026-03-07", False),  # a plain Saturday
    ],
)
def test_china_works_some_weekends_and_rests_some_weekdays(day: str, works: bool) -> None:
    assert CHINA.is_business_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("code", "day", "convention", "goes"),
    [
        ("CN", "2026-02-15", "following", "2026-02-24"),
        ("CN", "2026-02-15", "modified_following", "2026-02-24"),
        ("CN", "2026-02-15", "preceding", "2026-02-14"),
        ("CN", "2026-01-31", "following", "2026-02-02"),
        ("CN", "2026-01-31", "modified_following", "2026-01-30"),
        ("CN", "2026-02-15", "none", "2026-02-15"),
        ("XECB", "2026-05-01", "following", "2026-05-04"),
        ("DE-BY", "2026-06-04", "following", "2026-06-05"),
        ("DE", "2026-06-04", "following", "2026-06-04"),
        ("", "2026-02-15", "following", "2026-02-15"),
    ],
)
def test_where_a_due_date_goes(code: str, day: str, convention: str, goes: str) -> None:
    assert moved(date.fromisoformat(day), BusinessDays(code, Convention(convention))) == date.fromisoformat(goes)


def test_a_year_that_china_has_not_decreed_is_said_to_be_open() -> None:
    """Decrees come a year at a time; 2027 lies beyond the library's newest."""
    assert [CHINA.published(year) for year in (2000, 2025, 2026, 2027)] == [False, True, True, False]
    assert Calendar("DE-BY").published(2040)
    assert Calendar("").published(2999)


def test_an_unknown_calendar_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(CalendarUnknown, match="such as 'CN'"):
        Calendar("QQ")


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from([c for c in Convention if c is not Convention.NONE]))
def test_a_moved_day_is_a_business_day_near_by(day: date, convention: Convention) -> None:
    to = CHINA.adjust(day, convention)
    assert CHINA.is_business_day(to)
    assert abs(to - day) <= timedelta(12)
    assert convention is not Convention.MODIFIED_FOLLOWING or to.month == day.month
