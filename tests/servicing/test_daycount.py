"""Published figures of day counts, and what must hold for any two dates."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.servicing import daycount as d
from xinqiao.servicing.product.model import DayCount

ACTUAL = DayCount("actual", "actual")
DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
COUNTS = [DayCount(month, year) for month in ("30", "30E", "actual") for year in ("360", "364", "365", "actual")]


@pytest.mark.parametrize(
    ("start", "end", "fraction"),
    [
        ("2003-11-01", "2004-05-01", "0.497724380567"),
        ("1999-02-01", "1999-07-01", "0.410958904110"),
        ("2002-08-15", "2003-07-15", "0.915068493151"),
        ("1999-07-30", "2000-01-30", "0.503892506924"),
        ("2000-01-30", "2000-06-30", "0.415300546448"),
    ],
)
def test_actual_actual_as_isda_worked_it_out_in_1999(start: str, end: str, fraction: str) -> None:
    """ISDA, "The Actual/Actual Day Count Fraction" (1999), from memory (unverified)."""
    found = d.fraction(date.fromisoformat(start), date.fromisoformat(end), ACTUAL)
    assert round(Decimal(found.numerator) / found.denominator, 12) == Decimal(fraction)


@pytest.mark.parametrize(
    ("start", "end", "us", "european"),
    [
        ("2007-01-15", "2007-01-30", 15, 15),
        ("2007-01-15", "2007-02-15", 30, 30),
        ("2007-09-30", "2008-03-31", 180, 180),
        ("2007-09-30", "2007-10-31", 30, 30),
        ("2007-08-31", "2008-02-28", 178, 178),
        ("2008-02-29", "2008-03-31", 32, 31),
        ("2008-02-29", "2009-02-28", 359, 359),
        ("2007-01-15", "2007-01-31", 16, 15),
        ("2008-01-31", "2008-02-29", 29, 29),
        ("2026-01-31", "2026-03-31", 60, 60),
    ],
)
def test_thirty_day_months_at_their_ends(start: str, end: str, us: int, european: int) -> None:
    """By the formula of ISDA 2006 §4.16(f) and (g), worked out by hand."""
    a, b = date.fromisoformat(start), date.fromisoformat(end)
    assert (d.days_30_360(a, b), d.days_30e_360(a, b)) == (us, european)


@pytest.mark.parametrize(("year", "days"), [(2024, 366), (2026, 365), (1900, 365), (2000, 366), (2100, 365)])
def test_leap_years(year: int, days: int) -> None:
    assert d.days_in_year(year) == days
    assert d.fraction(date(year, 1, 1), date(year + 1, 1, 1), ACTUAL) == 1


def test_a_leap_day_counts_over_its_own_year() -> None:
    assert d.fraction(date(2027, 12, 31), date(2028, 3, 1), ACTUAL) == Fraction(1, 365) + Fraction(60, 366)
    assert d.fraction(date(2027, 12, 31), date(2028, 3, 1), DayCount("actual", "365")) == Fraction(61, 365)


@given(DATES, DATES, DATES, st.sampled_from([c for c in COUNTS if c.month == "actual"]))
def test_parts_of_a_period_add_up_to_it(a: date, b: date, c: date, count: DayCount) -> None:
    first, middle, last = sorted((a, b, c))
    assert d.fraction(first, middle, count) + d.fraction(middle, last, count) == d.fraction(first, last, count)


@given(DATES, DATES, st.sampled_from(COUNTS))
def test_time_never_runs_backward(a: date, b: date, count: DayCount) -> None:
    first, last = sorted((a, b))
    assert d.fraction(first, last, count) >= 0
    if first < last:
        with pytest.raises(ValueError, match="runs forward"):
            d.fraction(last, first, count)


@pytest.mark.parametrize("text", ["31/360", "actual/366", "actual", "", "30/365.25"])
def test_a_day_count_without_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 'actual/360'"):
        DayCount.parse(text)
