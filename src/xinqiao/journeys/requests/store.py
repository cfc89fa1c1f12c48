"""Requests about loans, open and decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Connection, DateTime, Index, PrimaryKeyConstraint, Row, Table, Text, Uuid, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from xinqiao.kit import plain, tables
from xinqiao.kit.database import tenant

from .model import Request

request = Table(
    "loan_request",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("answer", Text, nullable=False, server_default=""),
    Column("outcome", JSONB, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    CheckConstraint("state IN ('open', 'done', 'declined', 'withdrawn') AND (state = 'open') = (decided_at IS NULL)", name="state"),
    Index("ix_loan_request_open", "tenant", "state", "asked_at", "id"),
    Index("ix_loan_request_loan", "tenant", "loan_id"),
)

FIELDS = ("id", "person_id", "loan_id", "kind", "what", "asked_by", "asked_at", "why", "state")


def add(db: Connection, made: Request) -> None:
    db.execute(insert(request).values({name: getattr(made, name) for name in FIELDS} | {"data": plain(made.data)}))


def get(db: Connection, one: UUID, *, lock: bool = False) -> Request | None:
    query = select(request).where(request.c.id == one)
    row = db.execute(query.with_for_update() if lock else query).first()
    return _request(row) if row is not None else None


def decide(db: Connection, one: Request, *, state: str, by: str, at: datetime, answer: str, outcome: Mapping[str, Any]) -> None:
    mine = (request.c.person_id == one.person_id) & (request.c.id == one.id)
    values = {"state": state, "decided_by": by, "decided_at": at, "answer": answer, "outcome": plain(outcome)}
    db.execute(update(request).where(mine).values(values))


def waiting(db: Connection, *, limit: int) -> list[Request]:
    """Open requests, the longest waiting first."""
    query = select(request).where(request.c.state == "open").order_by(request.c.asked_at, request.c.id).limit(limit)
    return [_request(row) for row in db.execute(query)]


def of_loan(db: Connection, loan: UUID) -> list[Request]:
    """Newest first."""
    query = select(request).where(request.c.loan_id == loan).order_by(request.c.asked_at.desc(), request.c.id.desc())
    return [_request(row) for row in db.execute(query)]


def _request(r: Row) -> Request:
    told = (r.decided_by, r.decided_at, r.answer, r.outcome)
    return Request(r.id, r.person_id, r.loan_id, r.kind, r.what, r.data, r.asked_by, r.asked_at, r.why, r.state, *told)
