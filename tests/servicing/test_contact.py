from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.servicing.contact import may_contact, next_contact_time

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(("hour", "minute", "may"), [(7, 59, False), (8, 0, True), (21, 59, True), (22, 0, False), (0, 0, False)])
def test_contact_hours_at_their_edges(hour: int, minute: int, may: bool) -> None:
    assert may_contact(datetime(2026, 3, 2, hour, minute, tzinfo=SHANGHAI)) is may


def test_the_hours_are_those_where_the_borrower_lives() -> None:
    at = datetime(2026, 3, 2, 23, 0, tzinfo=SHANGHAI)
    assert not may_contact(at)
    assert may_contact(at, "Europe/London")


@pytest.mark.parametrize(("at", "then"), [((2026, 3, 2, 23, 30), (2026, 3, 3, 8)), ((2026, 3, 3, 3, 0), (2026, 3, 3, 8))])
def test_the_next_time_is_eight_in_the_morning(at: tuple, then: tuple) -> None:
    assert next_contact_time(datetime(*at, tzinfo=SHANGHAI)) == datetime(*then, tzinfo=SHANGHAI)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York", "Asia/Kathmandu"]),
)
def test_the_next_time_is_allowed_and_within_half_a_day(at: datetime, tz: str) -> None:
    then = next_contact_time(at, tz)
    assert may_contact(then, tz)
    assert timedelta(0) <= then - at <= timedelta(hours=11)


def test_a_naive_instant_is_a_fault() -> None:
    with pytest.raises(ValueError, match="aware"):
        may_contact(datetime(2026, 3, 2))
