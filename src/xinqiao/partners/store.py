"""Partners and their API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import Key, Kind, Partner, Status

partner = Table(
    "partner",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "code"),
)

api_key = Table(
    "partner_api_key",
    tables,
    tenant(),
    Column("id", Text, nullable=False),
    Column("partner_id", Uuid, nullable=False),
    Column("environment", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("replaced_by", Text),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "partner_id"], ["partner.tenant", "partner.id"]),
    Index("ix_partner_api_key_partner", "tenant", "partner_id"),
)


def add_partner(db: Connection, new: Partner) -> bool:
    """False when the code is taken."""
    row = {name: getattr(new, name) for name in ("id", "name", "name_zh", "code", "created_at")}
    statement = upsert(partner).values(row | {"kind": new.kind.value, "status": new.status.value})
    added = statement.on_conflict_do_nothing(index_elements=["tenant", "code"]).returning(partner.c.id)
    return db.execute(added).first() is not None


def partner_by(db: Connection, **where: object) -> Partner | None:
    """One partner by `id` or by `code`."""
    row = db.execute(select(partner).filter_by(**where)).first()
    return row and _partner(row)


def partners(db: Connection, kind: Kind | None) -> list[Partner]:
    query = select(partner).order_by(partner.c.kind, partner.c.code)
    return [_partner(row) for row in db.execute(query if kind is None else query.where(partner.c.kind == kind.value))]


def change_partner(db: Connection, partner_id: UUID, changes: dict[str, str]) -> None:
    db.execute(update(partner).where(partner.c.id == partner_id).values(changes))


def add_key(db: Connection, key: Key, digest: bytes) -> None:
    names = ("id", "partner_id", "environment", "created_at", "expires_at")
    db.execute(insert(api_key).values({name: getattr(key, name) for name in names} | {"digest": digest, "scopes": sorted(key.scopes)}))


def key_and_partner(db: Connection, key_id: str) -> tuple[Key, bytes, Partner] | None:
    """The key, the digest that proves it, and whose it is."""
    joined = select(api_key, *(column.label(f"partner_{column.name}_") for column in partner.c)).join(
        partner, partner.c.id == api_key.c.partner_id
    )
    row = db.execute(joined.where(api_key.c.id == key_id)).first()
    if row is None:
        return None
    owner = {column.name: getattr(row, f"partner_{column.name}_") for column in partner.c if column.name != "tenant"}
    return _key(row), bytes(row.digest), Partner(**(owner | {"kind": Kind(owner["kind"]), "status": Status(owner["status"])}))


def locked_key(db: Connection, key_id: str) -> Key | None:
    row = db.execute(select(api_key).where(api_key.c.id == key_id).with_for_update()).first()
    return row and _key(row)


def keys(db: Connection, partner_id: UUID) -> list[Key]:
    query = select(api_key).where(api_key.c.partner_id == partner_id).order_by(api_key.c.created_at, api_key.c.id)
    return [_key(row) for row in db.execute(query)]


def change_key(db: Connection, key_id: str, **changes: object) -> None:
    db.execute(update(api_key).where(api_key.c.id == key_id).values(changes))


def touch_key(db: Connection, key_id: str, *, at: datetime, every: timedelta) -> None:
    """Note the use, at most once in `every`: a row rewritten by each request would be a hot spot and tell no more."""
    stale = or_(api_key.c.last_used_at.is_(None), api_key.c.last_used_at < at - every)
    db.execute(update(api_key).where(api_key.c.id == key_id, stale).values(last_used_at=at))


def _partner(row: Row[Any]) -> Partner:
    return Partner(row.id, Kind(row.kind), row.code, row.name, row.name_zh, Status(row.status), row.created_at)


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        partner_id=row.partner_id,
        environment=row.environment,
        scopes=frozenset(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        replaced_by=row.replaced_by,
    )
