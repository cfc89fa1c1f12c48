"""The bucket each loan stands in and since when, and every move between buckets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Connection, Date, DateTime, Index, PrimaryKeyConstraint, Table, Text, Uuid, func, select, text

from xinqiao.kit import new_id, tables
from xinqiao.kit.database import tenant

from .model import Owing

standing = Table(
    "loan_standing",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("bucket", Text),
    Column("since", Date, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id"),
    Index("ix_loan_standing_loan", "tenant", "loan_id"),
    Index("ix_loan_standing_bucket", "tenant", "bucket"),
)

move_made = Table(
    "loan_standing_move",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("was", Text),
    Column("became", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id"),
    info={"append_only": True},
)

MOVE = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:person AS uuid[]), CAST(:loan AS uuid[]), CAST(:id AS uuid[]), CAST(:was AS text[]), CAST(:became AS text[]))
        AS g(person_id, loan_id, id, was, became)
), past AS (
    INSERT INTO loan_standing_move (person_id, loan_id, id, day, was, became, at)
    SELECT person_id, loan_id, id, :day, was, became, :at FROM given
)
INSERT INTO loan_standing (person_id, loan_id, bucket, since) SELECT person_id, loan_id, became, :day FROM given ORDER BY person_id, loan_id
ON CONFLICT (tenant, person_id, loan_id) DO UPDATE SET bucket = excluded.bucket, since = excluded.since
""")

Move = tuple[Owing, str | None, str | None]
"""A loan, the bucket it left and the one it entered."""


def buckets_of(db: Connection, loans: Sequence[UUID]) -> dict[UUID, str | None]:
    rows = db.execute(select(standing.c.loan_id, standing.c.bucket).where(standing.c.loan_id == func.any(list(loans))))
    return {row.loan_id: row.bucket for row in rows}


def move(db: Connection, moved: Sequence[Move], *, since: date, at: datetime) -> None:
    """Write all moves by one statement."""
    if not moved:
        return
    columns = {
        "person": [owing.person_id for owing, _, _ in moved],
        "loan": [owing.loan_id for owing, _, _ in moved],
        "id": [new_id() for _ in moved],
        "was": [was for _, was, _ in moved],
        "became": [became for _, _, became in moved],
    }
    db.execute(MOVE, {**columns, "day": since, "at": at})
