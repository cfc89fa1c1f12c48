"""Top-ups and pay-outs with what their rail said. Balances are the ledger's alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from xinqiao.kit import Money, locks, tables
from xinqiao.kit.database import tenant

from .model import Movement, State, Way

movement = Table(
    "wallet_movement",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("way", Text, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("on", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="asked"),
    Column("rail", Text),
    Column("reference", Text),
    Column("says", Text),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "id", "person_id"),
    CheckConstraint("minor > 0", name="positive"),
    CheckConstraint("state IN ('asked', 'done', 'refused', 'returned') AND (state = 'asked') = (ended_at IS NULL)", name="state"),
    Index("ix_wallet_movement_person", "tenant", "person_id", "on"),
    Index("ix_wallet_movement_asked", "tenant", "at", postgresql_where=text("state = 'asked'")),
)


def queue(db: Connection, account: UUID) -> None:
    """One movement of a wallet at a time: limits are judged on all that came before."""
    locks.hold(db, f"wallet/{account}")


def add(db: Connection, one: Movement, *, on: date) -> None:
    row = {"person_id": one.person, "minor": one.amount.minor, "currency": one.amount.currency, "on": on}
    row |= {name: getattr(one, name) for name in ("id", "way", "token", "key", "at", "state")}
    db.execute(insert(movement).values(row))


def get(db: Connection, one: UUID, *, lock: bool = False) -> Movement | None:
    query = select(movement).where(movement.c.id == one)
    row = db.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _movement(row)


def end(db: Connection, one: Movement, *, state: State, rail: str, reference: str | None, says: str, at: datetime) -> None:
    mine = (movement.c.id == one.id) & (movement.c.person_id == one.person)
    db.execute(update(movement).where(mine).values(state=state, rail=rail, reference=reference, says=says, ended_at=at))


def asked(db: Connection, *, limit: int, after: datetime | None) -> list[Movement]:
    """Oldest first."""
    query = select(movement).where(movement.c.state == State.ASKED).order_by(movement.c.at, movement.c.id).limit(limit)
    return [_movement(row) for row in db.execute(query if after is None else query.where(movement.c.at > after))]


def of_person(db: Connection, person: UUID, *, limit: int) -> Sequence[Movement]:
    query = select(movement).where(movement.c.person_id == person).order_by(movement.c.on.desc(), movement.c.at.desc(), movement.c.id)
    return [_movement(row) for row in db.execute(query.limit(limit))]


def moved(db: Connection, person: UUID, way: Way, currency: str, *, on: date) -> tuple[Money, Money]:
    """What was moved that way, refused and returned movements aside, on this day and in this month."""
    counted = movement.c.state.in_([State.ASKED, State.DONE])
    mine = (movement.c.person_id == person) & (movement.c.way == way) & (movement.c.currency == currency) & counted
    total = func.coalesce(func.sum(movement.c.minor), 0)
    day = func.coalesce(func.sum(movement.c.minor).filter(movement.c.on == on), 0)
    row = db.execute(select(day, total).where(mine, movement.c.on >= on.replace(day=1))).one()
    return Money(int(row[0]), currency), Money(int(row[1]), currency)


def asked_in(db: Connection, person: UUID, currency: str) -> Money:
    """Top-ups on their way: they need room in the wallet when they arrive."""
    mine = (movement.c.person_id == person) & (movement.c.currency == currency) & (movement.c.state == State.ASKED)
    query = select(func.coalesce(func.sum(movement.c.minor), 0)).where(mine, movement.c.way == Way.TOP_UP)
    return Money(int(db.execute(query).scalar_one()), currency)


def _movement(row: Row) -> Movement:
    amount = Money(row.minor, row.currency)
    told = (State(row.state), row.rail, row.reference, row.says, row.ended_at)
    return Movement(row.id, row.person_id, Way(row.way), amount, row.token, row.key, row.at, *told)
