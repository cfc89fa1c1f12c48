"""Versions of products, as they were registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Integer, PrimaryKeyConstraint, Table, Text, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

product_version = Table(
    "product_version",
    tables,
    tenant(),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "code", "version"),
    info={"append_only": True},
)


def add(db: Connection, content: dict[str, Any], *, at: datetime) -> None:
    db.execute(insert(product_version).values(code=content["code"], version=content["version"], content=content, registered_at=at))


def content_of(db: Connection, code: str, version: int | None) -> dict[str, Any] | None:
    """The content of a version, or of the newest."""
    table = product_version
    rows = select(table.c.content).where(table.c.code == code).order_by(table.c.version.desc()).limit(1)
    return db.execute(rows if version is None else rows.where(table.c.version == version)).scalar()


def newest(db: Connection) -> list[dict[str, Any]]:
    table = product_version
    last = select(table.c.code, func.max(table.c.version).label("version")).group_by(table.c.code).subquery()
    rows = select(table.c.content).join(last, (table.c.code == last.c.code) & (table.c.version == last.c.version))
    return list(db.execute(rows.order_by(table.c.code)).scalars())
