"""Append-only events: what happened to a subject, in the order it happened. They hold no personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Index, PrimaryKeyConstraint, Table, Text, Uuid, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from .canonical import plain
from .database import tables, tenant
from .ids import new_id

event = Table(
    "event",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("person_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "at", "id"),
    Index("ix_event_subject", "tenant", "subject", "id"),
    Index("ix_event_person", "tenant", "person_id", "id"),
    Index("ix_event_id", "tenant", "id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    """Dotted, room first: "fraud.screened"."""
    subject: UUID
    data: Mapping[str, Any] = field(default_factory=dict)
    person: UUID | None = None
    at: datetime | None = None
    id: UUID = field(default_factory=new_id)


def append(db: Connection, events: Sequence[Event], *, at: datetime | None = None) -> None:
    """Write all events by one statement; `at` serves those that carry no instant of their own.

    The connection remembers what was appended (`appended_in`), so that whoever owns the transaction can bind it to the audit log.
    """
    if not events:
        return
    rows = []
    for one in events:
        when = one.at or at
        if when is None:
            raise ValueError(f"event {one.kind} has no instant: pass at=clock.now()")
        rows.append({"at": when, "id": one.id, "subject": one.subject, "person_id": one.person, "kind": one.kind, "data": plain(one.data)})
    db.execute(insert(event), rows)
    db.info.setdefault("appended", []).extend(rows)


def peek(db: Connection) -> list[dict[str, Any]]:
    """The rows appended in this transaction so far."""
    return list(db.info.get("appended", []))


def appended_in(db: Connection) -> list[dict[str, Any]]:
    """Take the rows that were appended on this connection since the last call."""
    return db.info.pop("appended", [])


def of(db: Connection, subject: UUID) -> list[Event]:
    """The subject's events, oldest first."""
    return _read(db, select(event).where(event.c.subject == subject).order_by(event.c.id))


def of_many(db: Connection, subjects: Sequence[UUID]) -> list[Event]:
    """The events of several subjects by one query, oldest first."""
    if not subjects:
        return []
    return _read(db, select(event).where(event.c.subject.in_(subjects)).order_by(event.c.id))


def after(db: Connection, last: UUID | None, *, limit: int = 200) -> list[Event]:
    """Events made after `last` in the order of their ids, for live lists."""
    query = select(event).order_by(event.c.id).limit(limit)
    return _read(db, query if last is None else query.where(event.c.id > last))


def latest(db: Connection, *, limit: int = 100) -> list[Event]:
    """The newest events, newest first."""
    return _read(db, select(event).order_by(event.c.id.desc()).limit(limit))


def _read(db: Connection, query: Any) -> list[Event]:
    return [Event(row.kind, row.subject, row.data, row.person_id, row.at, row.id) for row in db.execute(query)]
