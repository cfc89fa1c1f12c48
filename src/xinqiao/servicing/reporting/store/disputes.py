"""Disputes about records, and their answers; neither is ever changed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Column, Connection, Date, DateTime, Index, PrimaryKeyConstraint, Row, Table, Text, Uuid, insert, select

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from ..model import Answer, Dispute

dispute = Table(
    "bureau_dispute",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("ground", Text, nullable=False),
    Column("raised_by", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id"),
    Index("ix_bureau_dispute_id", "tenant", "id"),
    Index("ix_bureau_dispute_due", "tenant", "answer_by"),
    info={"append_only": True},
)

dispute_answer = Table(
    "bureau_dispute_answer",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("dispute_id", Uuid, nullable=False),
    Column("finding", Text, nullable=False),
    Column("answered_on", Date, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "dispute_id"),
    Index("ix_bureau_dispute_answer_dispute", "tenant", "dispute_id"),
    info={"append_only": True},
)

JOINED = select(dispute, dispute_answer.c.finding, dispute_answer.c.answered_on, dispute_answer.c.by).outerjoin(
    dispute_answer, (dispute_answer.c.person_id == dispute.c.person_id) & (dispute_answer.c.dispute_id == dispute.c.id)
)
NAMES = ("person_id", "loan_id", "record_id", "id", "ground", "raised_by", "opened_on", "answer_by", "rules_version", "at")


def add(db: Connection, one: Dispute) -> None:
    db.execute(insert(dispute).values({name: getattr(one, name) for name in NAMES}))


def answer(db: Connection, one: Dispute, given: Answer, at) -> None:  # type: ignore[no-untyped-def] - an instant
    values = {"person_id": one.person_id, "dispute_id": one.id, "finding": given.finding, "answered_on": given.on, "by": given.by, "at": at}
    db.execute(insert(dispute_answer).values(values))


def get(db: Connection, dispute_id: UUID) -> Dispute | None:
    row = db.execute(JOINED.where(dispute.c.id == dispute_id)).first()
    return _dispute(row) if row else None


def of_record(db: Connection, record_id: UUID) -> list[Dispute]:
    return [_dispute(row) for row in db.execute(JOINED.where(dispute.c.record_id == record_id).order_by(dispute.c.at, dispute.c.id))]


def of_loan(db: Connection, loan: UUID) -> list[Dispute]:
    return [_dispute(row) for row in db.execute(JOINED.where(dispute.c.loan_id == loan).order_by(dispute.c.at, dispute.c.id))]


def unanswered(db: Connection, *, until: date | None, limit: int) -> list[Dispute]:
    """Those not answered yet, the nearest deadline first; with `until`, only those due before that day."""
    query = JOINED.where(dispute_answer.c.finding.is_(None)).order_by(dispute.c.answer_by, dispute.c.id).limit(limit)
    return [_dispute(row) for row in db.execute(query if until is None else query.where(dispute.c.answer_by < until))]


def _dispute(r: Row) -> Dispute:
    given = Answer(r.finding, r.answered_on, r.by) if r.finding else None
    return Dispute(**{name: getattr(r, name) for name in NAMES}, answer=given)
