from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events

from . import store
from .model import MONTHLY, Buckets, Owing, days_past_due


def age(*, db: Connection, clock: Clock, book: Sequence[Owing], on: date | None = None, buckets: Buckets = MONTHLY) -> int:
    """Move every loan of `book` into its bucket as of `on` (by default the clock's day); return how many moved.

    Ageing the same day twice moves nothing. The caller owns the transaction.
    """
    day, now = on or clock.today(), clock.now()
    loans = list({owing.loan_id: owing for owing in book}.values())
    before = standing(db=db, loans=[owing.loan_id for owing in loans])
    found = [(owing, before.get(owing.loan_id), buckets.of(days_past_due(owing.unpaid, on=day))) for owing in loans]
    moved = [(owing, was, bucket) for owing, was, bucket in found if was != bucket]
    store.move(db, moved, since=day, at=now)
    events.append(db, [_aged(owing, was, bucket, now) for owing, was, bucket in moved])
    return len(moved)


def standing(*, db: Connection, loans: Sequence[UUID]) -> dict[UUID, str | None]:
    """The bucket each loan stands in; a loan that never was late is absent."""
    return store.buckets_of(db, loans)


def _aged(owing: Owing, was: str | None, bucket: str | None, at: datetime) -> events.Event:
    return events.Event("servicing.aged", owing.loan_id, {"from": was, "to": bucket}, owing.person_id, at)
