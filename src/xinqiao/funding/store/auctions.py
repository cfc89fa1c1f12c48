"""What was bid for each application, and which bids were tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Index, PrimaryKeyConstraint, Row, Table, Text, Uuid, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import new_id, tables
from xinqiao.kit.database import tenant

from ..model import Ask, Auction, Bid

auction = Table(
    "funding_auction",
    tables,
    tenant(),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("ask", JSONB, nullable=False),
    Column("prices", JSONB, nullable=False),
    Column("bids", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "application_id", "at", "id", "person_id"),
    Index("ix_funding_auction_at", "tenant", "at"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)

attempt = Table(
    "funding_attempt",
    tables,
    tenant(),
    Column("auction_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("guarantor_id", Uuid),
    Column("why", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "auction_id", "id", "person_id"),
    info={"append_only": True},
)


def keep(db: Connection, made: Auction, *, prices: Mapping[str, int]) -> None:
    row = {"application_id": made.application_id, "person_id": made.person_id, "id": made.id, "at": made.at}
    db.execute(insert(auction), row | {"ask": made.ask, "prices": prices, "bids": made.bids})


def latest(db: Connection, application: UUID) -> Auction | None:
    query = select(auction).where(auction.c.application_id == application).order_by(auction.c.at.desc(), auction.c.id.desc()).limit(1)
    row = db.execute(query).one_or_none()
    return _auction(db, row) if row else None


def _auction(db: Connection, row: Row[Any]) -> Auction:
    rows = db.execute(select(attempt).where(attempt.c.auction_id == row.id).order_by(attempt.c.id))
    tried = {(one.funder_id, one.guarantor_id): one.why for one in rows}
    bids = tuple(Bid.read(one) for one in row.bids)
    return Auction(row.application_id, row.person_id, row.id, row.at, Ask.read(row.ask), bids, tried)


def add_attempt(db: Connection, made: Auction, pair: tuple[UUID, UUID | None], why: str, *, at: datetime) -> None:
    row = {"auction_id": made.id, "id": new_id(), "application_id": made.application_id, "person_id": made.person_id}
    db.execute(insert(attempt), row | {"funder_id": pair[0], "guarantor_id": pair[1], "why": why, "at": at})


def asks_since(db: Connection, since: datetime, *, limit: int) -> tuple[list[Ask], int]:
    """The newest ask of each application since then, newest first, `limit` at most; and how many there were."""
    count = db.scalar(select(func.count(auction.c.application_id.distinct())).where(auction.c.at > since))
    newest = select(auction.c.ask, auction.c.at).distinct(auction.c.application_id).where(auction.c.at > since)
    newest = newest.order_by(auction.c.application_id, auction.c.at.desc()).subquery()
    rows = db.scalars(select(newest.c.ask).order_by(newest.c.at.desc()).limit(limit))
    return [Ask.read(row) for row in rows], int(count or 0)
