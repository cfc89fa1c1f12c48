"""Negative information is kept for some years after the conduct ended, and then deleted. The caller owns the transaction.

Credit Reporting Regulation art. 16: five years (from memory, unverified). Our own record that something was once told stays with the loan's books,
which other law keeps longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events

from ..rules import BUREAU
from ..schedule import due_date
from . import making, store
from .disputing import ended, told_record
from .shape import check
from .store import outbox


def expire(*, db: Connection, clock: Clock, limit: int = 1000) -> list[UUID]:
    """Have the bureau delete negative records, and months told in arrears, that ended the rule's years ago; return their ids.

    At most `limit` of each kind: repeat until none is left.
    """
    day = due_date(clock.today(), -12 * BUREAU.keep_years)
    gone = []
    for record in store.cleared_before(db, day, limit=limit):
        store.add_record(db, ended(record, "expired", clock))
        gone.append(_delete(db, clock, told_record(db, record.person_id, record.id), record.id))
    months = outbox.old_bad_months(db, day, limit=limit)
    return [*gone, *(_delete(db, clock, told, UUID(told["id"])) for told in months)]


def _delete(db: Connection, clock: Clock, told: Mapping[str, Any], record: UUID) -> UUID:
    body, loan, person = making.deletion(told, record, "expired", clock.now()), UUID(told["account"]["id"]), UUID(told["person"])
    check(body)
    outbox.put(db, f"deletion/{record}", body, loan=loan, period=None, at=clock.now())
    data = {"record": record, "clause": BUREAU.keep_clause, "rules": BUREAU.version}
    events.append(db, [events.Event("servicing.bureau_expired", loan, data, person, clock.now())])
    return record
