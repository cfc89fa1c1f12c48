"""What partners are told, and when: each notice goes into the outbox in the transaction that did what it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import intake, servicing
from xinqiao.kit import Clock
from xinqiao.partners import webhooks

Row = Mapping[str, Any]

MOVED = frozenset(
    {"application.moved", "review.opened", "application.declined", "application.expired", "application.withdrawn", "application.closed"}
)


@dataclass(frozen=True, slots=True)
class Notice:
    partner: UUID
    kind: str
    data: Mapping[str, Any]


def tell(db: Connection, clock: Clock, rows: Sequence[Row]) -> None:
    """Enqueue what these new events mean to partners."""
    for row in rows:
        for notice in notices(db, row):
            webhooks.enqueue(db=db, clock=clock, partner=notice.partner, kind=notice.kind, data=notice.data)


def notices(db: Connection, row: Row) -> Iterator[Notice]:
    kind = row["kind"]
    if kind in MOVED:
        yield from _moved(db, row)
    elif kind == "servicing.disbursed":
        yield from _disbursed(db, row)
    elif kind == "servicing.repaid":
        yield from _repaid(db, row)


def _moved(db: Connection, row: Row) -> Iterator[Notice]:
    """The scene hears each stage of its application, by id and its own reference: `application.offered`, `application.declined` …"""
    application = intake.get(db=db, application=row["subject"])
    stage = str(row["data"]["to"])
    data = {"application": application.id, "reference": application.reference, "stage": stage}
    yield Notice(application.scene_id, f"application.{stage}", data)


def _disbursed(db: Connection, row: Row) -> Iterator[Notice]:
    application = intake.get(db=db, application=row["subject"])
    data = {"loan": row["data"]["loan"], "application": application.id, "principal": row["data"]["principal"]}
    yield Notice(application.scene_id, "loan.disbursed", data | {"reference": application.reference})
    yield from _parties(db, UUID(str(row["data"]["loan"])), "loan.disbursed", data)


def _repaid(db: Connection, row: Row) -> Iterator[Notice]:
    data = {"loan": row["subject"], "amount": row["data"]["amount"], "closed": row["data"]["closed"]}
    yield from _parties(db, row["subject"], "loan.repaid", data)


def _parties(db: Connection, loan_id: UUID, kind: str, data: Mapping[str, Any]) -> Iterator[Notice]:
    """Funder and guarantor of a loan."""
    loan = servicing.loan(db=db, loan_id=loan_id)
    for party in (loan.funder_id, loan.guarantor_id):
        if party is not None:
            yield Notice(party, kind, data)
