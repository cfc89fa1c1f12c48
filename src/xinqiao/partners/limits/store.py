"""The buckets. Unlogged: a crash of the server empties the table, which fills every bucket, and saves a disk write for each request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Connection, DateTime, Double, PrimaryKeyConstraint, Table, Text, Uuid, case, func
from sqlalchemy.dialects.postgresql import insert

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import SLACK, Limit

bucket = Table(
    "partner_rate_bucket",
    tables,
    tenant(),
    Column("partner_id", Uuid, nullable=False),
    Column("route", Text, nullable=False),
    Column("tokens", Double, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "partner_id", "route"),
    prefixes=["UNLOGGED"],
)


def take(db: Connection, partner: UUID, route: str, limit: Limit, *, cost: int, at: datetime) -> tuple[bool, float]:
    """(granted, tokens left), by one statement, so that two processes never spend the same token."""
    new = insert(bucket).values(partner_id=partner, route=route, tokens=float(limit.burst - cost), granted=True, at=at)
    # A clock that is behind another worker's must not refill backwards.
    elapsed = func.greatest(0.0, func.extract("epoch", new.excluded.at - bucket.c.at))
    filled = func.least(float(limit.burst), bucket.c.tokens + elapsed * limit.per_second)
    enough = filled >= cost - SLACK
    change = {
        "tokens": case((enough, func.greatest(0.0, filled - cost)), else_=filled),
        "granted": enough,
        "at": func.greatest(bucket.c.at, new.excluded.at),
    }
    taken = new.on_conflict_do_update(index_elements=["tenant", "partner_id", "route"], set_=change)
    row = db.execute(taken.returning(bucket.c.granted, bucket.c.tokens)).one()
    return row.granted, row.tokens
