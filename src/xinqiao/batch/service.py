"""The room's verbs. All but `end_of_day` are given the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection, Row

from xinqiao.kit import Clock
from xinqiao.servicing.delinquency import MONTHLY, Buckets

from . import store
from .model import Begin, Closed, Progress

SIZE = 20_000
"""Loans in a page: some 50 MB while it is in hand."""
WORKERS = 2
REMIND_BEFORE = (timedelta(0), timedelta(days=3))
"""How long before a due date its borrower is reminded."""


@dataclass(frozen=True, slots=True)
class Accrued:
    """What one loan had earned by the end of a closed day, since its payout; minor units."""

    day: date
    interest: int
    penalty: int
    collected: int
    outstanding: int
    overdue: int
    days_past_due: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """A loan that is late, or has an instalment due soon, as the last closed day left it."""

    loan_id: UUID
    person_id: UUID
    days_past_due: int
    overdue: int
    next_due: date | None
    next_amount: int


def end_of_day(
    *,
    begin: Begin,
    clock: Clock,
    on: date,
    buckets: Buckets = MONTHLY,
    workers: int = WORKERS,
    size: int = SIZE,
    progress: Progress = lambda done, pages: None,
) -> Closed:
    """Close `on`, a day that is over, for the whole book, in transactions of its own; done again, it changes nothing.

    Accruals, buckets and categories, the book's figures, the day's postings, the ledger's close. A day that a killed run left open is closed
    first. Raises DayNotOver, LaterDayClosed.
    """
    from .closing import close_day

    return close_day(begin, clock, on, buckets, workers, size, progress)


def reminders(*, db: Connection, on: date, after: Reminder | None = None, limit: int = 1000) -> list[Reminder]:
    """A page of whom to remind on `on`: who is late, and whose instalment falls due that day or three days on, by the last closed day.

    In the order of person and loan; `after` is the last one of the page before. Empty before any day was closed.
    """
    day = store.last_closed(db)
    if day is None:
        return []
    place = (after.person_id, after.loan_id) if after else (store.FIRST, store.FIRST)
    return [_reminder(row) for row in store.reminders(db, day, [on + before for before in REMIND_BEFORE], after=place, limit=limit)]


def accruals(*, db: Connection, person_id: UUID, loan_id: UUID, limit: int = 100) -> list[Accrued]:
    """A loan's closed days, the last first."""
    return [_accrued(row) for row in store.accruals(db, person_id, loan_id, limit=limit)]


def _reminder(row: Row) -> Reminder:
    return Reminder(row.loan_id, row.person_id, row.days_past_due, row.overdue, row.next_due, row.next_amount)


def _accrued(row: Row) -> Accrued:
    return Accrued(row.day, row.interest, row.penalty, row.collected, row.outstanding, row.overdue, row.days_past_due)
