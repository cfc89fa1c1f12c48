"""Marks of clips sent before, and challenges that were answered, with every query on them.

A mark is keyed bits of how a clip moved (`injection.clip_mark`): no picture and no face. Looking for it is a plain scan of WINDOW days, as
for near faces (docs/decisions/fraud-near-faces.md). The rows of a forgotten person go by `erase`; a spent challenge names no person and is
kept for SPENT_KEPT, which no challenge outlives.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Index, PrimaryKeyConstraint, Table, Text, Uuid, delete, text
from sqlalchemy.dialects.postgresql import BIT, insert

from xinqiao.kit import Clock, tables
from xinqiao.kit.database import tenant
from xinqiao.kit.locks import hold

from .challenge.errors import ChallengeSpent

WINDOW = timedelta(days=180)
SPENT_KEPT = timedelta(days=1)
CLOCKS_APART = timedelta(minutes=5)
"""By how much another server's clock may be ahead of this one's."""

clip = Table(
    "liveness_clip",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("bits", BIT(varying=True), nullable=False),
    PrimaryKeyConstraint("tenant", "at", "application_id", "person_id"),
    Index("ix_liveness_clip_person", "tenant", "person_id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at"},
)

spent = Table(
    "liveness_challenge_spent",
    tables,
    tenant(),
    Column("challenge", Text, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "challenge"),
    Index("ix_liveness_challenge_spent_at", "tenant", "at"),
)

_ADD = text(
    """INSERT INTO liveness_clip (at, application_id, person_id, bits)
       SELECT greatest(CAST(:at AS timestamptz), max(at) + interval '1 microsecond'), :application, :person, CAST(:bits AS bit varying)
       FROM liveness_clip WHERE application_id = :application AND person_id = :person AND at >= :at"""
)
"""Two marks of one application keep apart though the clock stood still between them."""
_NEAREST = text(
    """SELECT min(bit_count(bits # CAST(:bits AS bit varying))) FROM liveness_clip
       WHERE at > :since AND at <= :now AND length(bits) = :size AND application_id <> :application"""
)


def remember(*, db: Connection, clock: Clock, person_id: UUID, application_id: UUID, mark: bytes) -> None:
    db.execute(_ADD, {"at": clock.now(), "application": application_id, "person": person_id, "bits": _bits(mark)})


def nearest(*, db: Connection, clock: Clock, application_id: UUID) -> Callable[[bytes], int | None]:
    """A look-up for `check_capture`: differing bits to the nearest clip of other applications, anybody's; None when there is none."""

    def look(mark: bytes) -> int | None:
        now = clock.now()
        given = {
            "bits": _bits(mark),
            "size": len(mark) * 8,
            "application": application_id,
            "since": now - WINDOW,
            "now": now + CLOCKS_APART,
        }
        return db.scalar(_NEAREST, given)

    return look


def take_turns(*, db: Connection, name: str) -> None:
    """Wait until no other transaction of the tenant called `name` looks and remembers: of two recordings of one clip, the second sees the first."""
    hold(db, f"liveness-clips:{name}")


def erase(*, db: Connection, person_id: UUID) -> int:
    return db.execute(delete(clip).where(clip.c.person_id == person_id)).rowcount


def spend(*, db: Connection, clock: Clock, challenge: str, application_id: UUID) -> None:
    """Mark the challenge of this id as answered; of two that come at once, the second waits for the first. Raises ChallengeSpent."""
    row = {"challenge": challenge, "application_id": application_id, "at": clock.now()}
    if db.execute(insert(spent).values(row).on_conflict_do_nothing().returning(spent.c.challenge)).first() is None:
        raise ChallengeSpent


def tidy(*, db: Connection, clock: Clock) -> int:
    """Drop challenges that were spent SPENT_KEPT ago; they ran out long before. Returns how many."""
    return db.execute(delete(spent).where(spent.c.at < clock.now() - SPENT_KEPT)).rowcount


def _bits(mark: bytes) -> str:
    return f"{int.from_bytes(mark, 'big'):0{len(mark) * 8}b}"
