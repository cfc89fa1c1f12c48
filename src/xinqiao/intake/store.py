"""Applications and the links that applicants open them by."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from .model import Application, Kind, Stage

application = Table(
    "application",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("scene_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("term_months", Integer, nullable=False),
    Column("loan_purpose", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("age_band", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("device_index", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("name_index", LargeBinary),
    Column("business_index", LargeBinary),
    Column("business_role", Text),
    Column("reference", Text),
    Column("facts", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_application_person", "tenant", "person_id", "created_at", "id"),
    Index("ix_application_id", "tenant", "id"),
    Index("ix_application_newest", "tenant", "created_at", "id"),
    Index("ix_application_scene", "tenant", "scene_id", "created_at", "id"),
    Index("ix_application_stage", "tenant", "stage", "created_at", "id"),
)

link = Table(
    "application_link",
    tables,
    tenant(),
    Column("digest", LargeBinary, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "digest"),
    Index("ix_application_link_application", "tenant", "application_id"),
)

_PLAIN = [column.name for column in application.c if column.name not in ("tenant", "kind", "stage", "amount_minor", "currency")]


def add(db: Connection, new: Application) -> None:
    row = {name: getattr(new, name) for name in _PLAIN}
    row |= {"kind": new.kind.value, "stage": new.stage.value, "amount_minor": new.amount.minor, "currency": new.amount.currency}
    db.execute(insert(application).values(row))


def get(db: Connection, application_id: UUID, *, lock: bool = False) -> Application | None:
    query = select(application).where(application.c.id == application_id)
    row = db.execute(query.with_for_update() if lock else query).first()
    return row and _application(row)


def get_many(db: Connection, ids: list[UUID]) -> list[Application]:
    return [_application(row) for row in db.execute(select(application).where(application.c.id.in_(ids)))]


def first_and_latest_of(db: Connection, person: UUID) -> tuple[Application, Application] | None:
    """The person's oldest and newest applications; None when there are none."""
    mine = select(application).where(application.c.person_id == person).limit(1)
    first = db.execute(mine.order_by(application.c.created_at, application.c.id)).first()
    latest = db.execute(mine.order_by(application.c.created_at.desc(), application.c.id.desc())).first()
    return (_application(first), _application(latest)) if first and latest else None


def set_stage(db: Connection, moved: Application, to: Stage, at: datetime) -> Application:
    """Write the move; `moved` was read under lock."""
    mine = (application.c.person_id == moved.person_id) & (application.c.id == moved.id)
    change = update(application).where(mine).values(stage=to.value, version=moved.version + 1, updated_at=at)
    return _application(db.execute(change.returning(application)).one())


def page(
    db: Connection,
    *,
    scene: UUID | None,
    person: UUID | None,
    stages: list[Stage],
    before: tuple[datetime, UUID] | None,
    limit: int,
    oldest_first: bool = False,
) -> list[Application]:
    """Newest first, from after `before` on; or oldest first."""
    order = (application.c.created_at, application.c.id)
    query = select(application).order_by(*(order if oldest_first else (column.desc() for column in order))).limit(limit)
    if scene is not None:
        query = query.where(application.c.scene_id == scene)
    if person is not None:
        query = query.where(application.c.person_id == person)
    if stages:
        query = query.where(application.c.stage.in_([stage.value for stage in stages]))
    if before is not None:
        query = query.where(tuple_(*order) > tuple_(*before) if oldest_first else tuple_(*order) < tuple_(*before))
    return [_application(row) for row in db.execute(query)]


def counts(db: Connection, scene: UUID | None) -> dict[Stage, int]:
    query = select(application.c.stage, func.count()).group_by(application.c.stage)
    rows = db.execute(query if scene is None else query.where(application.c.scene_id == scene))
    return {Stage(stage): count for stage, count in rows}


def add_link(db: Connection, digest: bytes, of: Application, *, at: datetime, expires_at: datetime) -> None:
    row = {"digest": digest, "application_id": of.id, "person_id": of.person_id, "created_at": at, "expires_at": expires_at}
    db.execute(insert(link).values(row))


def link_by(db: Connection, digest: bytes) -> Row[Any] | None:
    return db.execute(select(link).where(link.c.digest == digest)).first()


def erase(db: Connection, person: UUID) -> int:
    blank = dict.fromkeys(("device_index", "phone_index", "name_index", "business_index"))
    return db.execute(update(application).where(application.c.person_id == person).values(**blank)).rowcount


def revoke_links(db: Connection, application_id: UUID, at: datetime) -> int:
    live = (link.c.application_id == application_id) & link.c.revoked_at.is_(None)
    return db.execute(update(link).where(live).values(revoked_at=at)).rowcount


def _application(row: Row[Any]) -> Application:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Application(kind=Kind(row.kind), stage=Stage(row.stage), amount=Money(row.amount_minor, row.currency), **values)
