"""Time that a test can set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = "Asia/Shanghai"


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def today(self, tz: str = SHANGHAI) -> date: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self, tz: str = SHANGHAI) -> date:
        return self.now().astimezone(ZoneInfo(tz)).date()


class FixedClock:
    """Stands still until told to advance."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def today(self, tz: str = SHANGHAI) -> date:
        return self._at.astimezone(ZoneInfo(tz)).date()

    def advance(self, by: timedelta) -> None:
        self._at += by
