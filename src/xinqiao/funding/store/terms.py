"""Versions of terms, and the shadow prices of the capacity they give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

version = Table(
    "funding_terms",
    tables,
    tenant(),
    Column("partner_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "partner_id", "version"),
    info={"append_only": True},
)

price = Table(
    "funding_price",
    tables,
    tenant(),
    Column("holder_id", Uuid, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "holder_id", "dimension", "key"),
)


def add(db: Connection, *, partner: UUID, number: int, role: str, open: bool, terms: Mapping[str, Any], at: datetime) -> None:
    row = {"partner_id": partner, "version": number, "role": role, "open": open, "terms": terms, "at": at}
    db.execute(insert(version), row)


def latest(db: Connection) -> list[Row[Any]]:
    """The newest version of every partner, in the order of their ids."""
    return list(db.execute(select(version).distinct(version.c.partner_id).order_by(version.c.partner_id, version.c.version.desc())))


def of(db: Connection, partner: UUID, number: int | None = None) -> Row[Any] | None:
    """One version of a partner's terms, the newest unless told."""
    query = select(version).where(version.c.partner_id == partner).order_by(version.c.version.desc()).limit(1)
    return db.execute(query if number is None else query.where(version.c.version == number)).one_or_none()


def prices(db: Connection) -> dict[tuple[UUID, str, str], int]:
    return {(row.holder_id, row.dimension, row.key): row.price for row in db.execute(select(price))}


def set_prices(db: Connection, found: Mapping[tuple[UUID, str, str], int], *, at: datetime) -> None:
    """Replace all prices; rows without one are free."""
    db.execute(delete(price))
    rows = [
        {"holder_id": holder, "dimension": dimension, "key": key, "price": value, "at": at}
        for (holder, dimension, key), value in found.items()
    ]
    if rows:
        db.execute(insert(price), rows)
