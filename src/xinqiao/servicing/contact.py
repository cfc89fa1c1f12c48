"""When a borrower may be reached about a debt: never between 22:00 and 08:00 where they live. Pure.

The hours follow the trade's self-discipline rules on collection in China (unverified); they are the same for reminders and for calls.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .rules import RULES

FROM, UNTIL = RULES.contact_from, RULES.contact_until
SHANGHAI = "Asia/Shanghai"


def may_contact(at: datetime, tz: str = SHANGHAI) -> bool:
    """Whether the instant falls at or after 08:00 and before 22:00 local time."""
    return FROM <= _local(at, tz).time() < UNTIL


def next_contact_time(at: datetime, tz: str = SHANGHAI) -> datetime:
    """The first instant, `at` itself or later, at which contact is allowed; in UTC."""
    local = _local(at, tz)
    if FROM <= local.time() < UNTIL:
        return at.astimezone(UTC)
    day = local.date() + timedelta(days=1) if local.time() >= UNTIL else local.date()
    return datetime.combine(day, FROM, ZoneInfo(tz)).astimezone(UTC)


def _local(at: datetime, tz: str) -> datetime:
    if at.tzinfo is None:
        raise ValueError("contact hours need an aware datetime")
    return at.astimezone(ZoneInfo(tz))
