"""Reservations of capacity, and the questions put to funders that answer themselves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ..model import Hold, Question, Reply, Reservation, State
from ..terms import Answer

RATE = Numeric(9, 6)

reservation = Table(
    "funding_reservation",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("outstanding_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("months", Integer, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("funder_version", Integer, nullable=False),
    Column("guarantor_id", Uuid),
    Column("guarantor_version", Integer),
    Column("annual_rate", RATE, nullable=False),
    Column("premium", RATE, nullable=False),
    Column("coverage", RATE, nullable=False),
    Column("answer", Text, nullable=False),
    Column("deadline_seconds", Integer, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("holds", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "id", "person_id"),
    Index("ix_funding_reservation_application", "tenant", "application_id"),
    Index("ix_funding_reservation_funder", "tenant", "funder_id", "made_at"),
    Index(
        "uq_funding_reservation_live",
        "tenant",
        "person_id",
        "application_id",
        unique=True,
        postgresql_where=text("state IN ('held', 'confirmed')"),
    ),
    Index("ix_funding_reservation_due", "tenant", "expires_at", postgresql_where=text("state IN ('held', 'lapsed')")),
)

question = Table(
    "funding_question",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("reservation_id", Uuid, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("annual_rate", RATE, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("deadline", DateTime(timezone=True), nullable=False),
    Column("reply", Text, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "id", "person_id"),
    Index("uq_funding_question_reservation", "tenant", "reservation_id", "person_id", unique=True),
    Index("ix_funding_question_funder", "tenant", "funder_id", "asked_at"),
    Index("ix_funding_question_due", "tenant", "deadline", postgresql_where=text("reply = 'pending'")),
)


def add(db: Connection, one: Reservation) -> None:
    row = {name: getattr(one, name) for name in _SAME}
    money = {"amount_minor": one.amount.minor, "outstanding_minor": one.outstanding.minor, "currency": one.amount.currency}
    db.execute(insert(reservation), row | money | {"state": one.state.value, "answer": one.answer.value, "holds": one.holds})


_SAME = (
    *("id", "application_id", "person_id", "months", "funder_id", "funder_version", "guarantor_id", "guarantor_version"),
    *("annual_rate", "premium", "coverage", "deadline_seconds", "made_at", "expires_at"),
)


def _reservation(row: Row[Any]) -> Reservation:
    same = {name: getattr(row, name) for name in _SAME}
    holds = tuple(Hold(UUID(h["holder_id"]), h["dimension"], h["key"], h["slice"], h["minor"]) for h in row.holds)
    amount, outstanding = Money(row.amount_minor, row.currency), Money(row.outstanding_minor, row.currency)
    return Reservation(**same, state=State(row.state), amount=amount, outstanding=outstanding, answer=Answer(row.answer), holds=holds)


def of(db: Connection, id: UUID, *, lock: bool = False) -> Reservation | None:
    query = select(reservation).where(reservation.c.id == id)
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    return _reservation(row) if row else None


def latest(db: Connection, application: UUID) -> Reservation | None:
    """The application's newest reservation, whatever its state."""
    query = select(reservation).where(reservation.c.application_id == application).order_by(reservation.c.id.desc()).limit(1)
    row = db.execute(query).one_or_none()
    return _reservation(row) if row else None


def live(db: Connection, application: UUID) -> Reservation | None:
    """The application's held or confirmed reservation, locked."""
    states = [State.HELD.value, State.CONFIRMED.value]
    query = select(reservation).where(reservation.c.application_id == application, reservation.c.state.in_(states)).with_for_update()
    row = db.execute(query).one_or_none()
    return _reservation(row) if row else None


def due(db: Connection, now: datetime, *, limit: int) -> list[Reservation]:
    """Held or lapsed reservations whose time is over, locked; those that another transaction holds are left to it."""
    query = select(reservation).where(reservation.c.state.in_([State.HELD.value, State.LAPSED.value]), reservation.c.expires_at <= now)
    rows = db.execute(query.order_by(reservation.c.expires_at).limit(limit).with_for_update(skip_locked=True))
    return [_reservation(row) for row in rows]


def set_state(db: Connection, ids: list[UUID], to: State) -> None:
    if ids:
        db.execute(update(reservation).where(reservation.c.id.in_(ids)).values(state=to.value))


def set_outstanding(db: Connection, id: UUID, minor: int, to: State) -> None:
    db.execute(update(reservation).where(reservation.c.id == id).values(outstanding_minor=minor, state=to.value))


def set_rate(db: Connection, id: UUID, rate: Decimal) -> None:
    db.execute(update(reservation).where(reservation.c.id == id).values(annual_rate=rate))


def of_funder(db: Connection, funder: UUID, *, limit: int) -> list[Reservation]:
    """A funder's reservations, newest first."""
    query = select(reservation).where(reservation.c.funder_id == funder).order_by(reservation.c.made_at.desc(), reservation.c.id.desc())
    return [_reservation(row) for row in db.execute(query.limit(limit))]


def add_question(db: Connection, one: Question) -> None:
    row = {column.name: getattr(one, column.name) for column in question.c if column.name not in ("tenant", "reply")}
    db.execute(insert(question), row | {"reply": one.reply.value})


def _question(row: Row[Any]) -> Question:
    values = {column.name: getattr(row, column.name) for column in question.c if column.name not in ("tenant", "reply")}
    return Question(**values, reply=Reply(row.reply))


def question_of(db: Connection, id: UUID) -> Question | None:
    """One question, locked."""
    row = db.execute(select(question).where(question.c.id == id).with_for_update()).one_or_none()
    return _question(row) if row else None


def question_for(db: Connection, reservation_id: UUID) -> Question | None:
    row = db.execute(select(question).where(question.c.reservation_id == reservation_id)).one_or_none()
    return _question(row) if row else None


def questions_to(db: Connection, funder: UUID, *, limit: int) -> list[Question]:
    """A funder's unanswered questions, oldest first."""
    query = select(question).where(question.c.funder_id == funder, question.c.reply == Reply.PENDING.value)
    return [_question(row) for row in db.execute(query.order_by(question.c.asked_at).limit(limit))]


def due_questions(db: Connection, now: datetime, *, limit: int) -> list[Question]:
    """Unanswered questions past their deadline, locked; those that another transaction holds are left to it."""
    query = select(question).where(question.c.reply == Reply.PENDING.value, question.c.deadline < now)
    return [_question(row) for row in db.execute(query.order_by(question.c.deadline).limit(limit).with_for_update(skip_locked=True))]


def set_reply(db: Connection, ids: list[UUID], to: Reply, at: datetime) -> None:
    if ids:
        db.execute(update(question).where(question.c.id.in_(ids)).values(reply=to.value, answered_at=at))
