"""Decisions, the models and policies they were made with, and the simulated bureau's records. Decisions and artifacts are only added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

decision = Table(
    "credit_decision",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("band", Text),
    Column("score", Integer),
    Column("pd", Numeric(7, 6)),
    Column("limit_minor", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("annual_rate", Numeric(9, 6)),
    Column("reasons", JSONB, nullable=False),
    Column("model_sha256", Text, nullable=False),
    Column("policy_sha256", Text, nullable=False),
    Column("record_sha256", Text, nullable=False),
    Column("record", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_credit_decision_application", "tenant", "application_id", "id"),
    Index("ix_credit_decision_id", "tenant", "id"),
    info={"append_only": True},
)

artifact = Table(
    "credit_artifact",
    tables,
    tenant(),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "sha256"),
    info={"append_only": True},
)

bureau_record = Table(
    "bureau_sim_record",
    tables,
    tenant(),
    Column("id_index", LargeBinary, nullable=False),
    Column("attributes", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "id_index"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as it lies in the database. `record` is what was given to keep: sealed bytes where the caller seals."""

    id: UUID
    application_id: UUID
    person_id: UUID
    at: datetime
    outcome: str
    band: str | None
    score: int | None
    pd: Decimal | None
    limit: Money
    amount: Money
    annual_rate: Decimal | None
    reasons: tuple[str, ...]
    model_sha256: str
    policy_sha256: str
    record_sha256: str
    record: bytes


def add(db: Connection, rows: Sequence[Stored]) -> None:
    """Write all decisions by one statement."""
    if rows:
        db.execute(insert(decision), [_row(one) for one in rows])


def _row(one: Stored) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in one.__dataclass_fields__ if name not in ("limit", "amount")}
    money = {"limit_minor": one.limit.minor, "amount_minor": one.amount.minor, "currency": one.limit.currency}
    return {**plain, **money, "reasons": list(one.reasons)}


def by_id(db: Connection, id_: UUID) -> Stored | None:
    row = db.execute(select(decision).where(decision.c.id == id_)).one_or_none()
    return _stored(row) if row else None


def of_application(db: Connection, application_id: UUID) -> list[Stored]:
    """The application's decisions, oldest first."""
    query = select(decision).where(decision.c.application_id == application_id).order_by(decision.c.id)
    return [_stored(row) for row in db.execute(query)]


def _stored(row: Any) -> Stored:
    values = {name: getattr(row, name) for name in Stored.__dataclass_fields__ if name not in ("limit", "amount", "reasons")}
    limit, amount = Money(row.limit_minor, row.currency), Money(row.amount_minor, row.currency)
    return Stored(**values, limit=limit, amount=amount, reasons=tuple(row.reasons))


def keep_artifacts(db: Connection, bodies: Mapping[str, tuple[str, str, bytes]], at: datetime) -> None:
    """Keep each (kind, name, body) under its SHA-256; one already kept stays as it is."""
    rows = [{"sha256": sha, "kind": kind, "name": name, "body": body, "at": at} for sha, (kind, name, body) in sorted(bodies.items())]
    if rows:
        db.execute(upsert(artifact).on_conflict_do_nothing(), rows)


def artifact_body(db: Connection, sha256: str, kind: str) -> bytes | None:
    return db.execute(select(artifact.c.body).where(artifact.c.sha256 == sha256, artifact.c.kind == kind)).scalar_one_or_none()


def put_bureau_records(db: Connection, records: Mapping[bytes, Mapping[str, Any]]) -> None:
    """Write or replace simulated records by one statement."""
    if not records:
        return
    new = upsert(bureau_record)
    rows = [{"id_index": index, "attributes": dict(attributes)} for index, attributes in sorted(records.items())]
    keys = [bureau_record.c.tenant, bureau_record.c.id_index]
    db.execute(new.on_conflict_do_update(index_elements=keys, set_={"attributes": new.excluded.attributes}), rows)


def bureau_attributes(db: Connection, id_index: bytes) -> dict[str, Any] | None:
    return db.execute(select(bureau_record.c.attributes).where(bureau_record.c.id_index == id_index)).scalar_one_or_none()
