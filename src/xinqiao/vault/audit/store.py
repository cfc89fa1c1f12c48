"""The audit log's tables: entries in lanes, the head of each lane, and the checkpoints over them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
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
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import Recorded
from .proof import EMPTY, Checkpoint, Range

entry = Table(
    "audit_entry",
    tables,
    tenant(),
    Column("lane", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("person_id", Uuid),
    Column("data", JSONB, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "lane", "seq", "at"),
    Index("ix_audit_entry_person", "tenant", "person_id", "at"),
    Index("ix_audit_entry_at", "tenant", "at"),
    Index("ix_audit_entry_refused", "tenant", "at", postgresql_where=text("kind = 'vault.refused'")),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)

head = Table(
    "audit_head",
    tables,
    tenant(),
    Column("lane", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("holder", Text),
    PrimaryKeyConstraint("tenant", "lane"),
)

checkpoint = Table(
    "audit_checkpoint",
    tables,
    tenant(),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("ranges", JSONB, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    info={"append_only": True},
)

sealed = Table(
    "audit_sealed",
    tables,
    tenant(),
    Column("lane", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "lane", "last"),
    info={"append_only": True},
)


@dataclass(frozen=True, slots=True)
class Lane:
    tenant: str
    lane: int
    seq: int
    hash: bytes


_CLAIM = text(
    """SELECT tenant, lane, seq, hash FROM audit_head
    ORDER BY (holder = pg_current_xact_id()::text) DESC NULLS LAST, lane LIMIT 1 FOR UPDATE SKIP LOCKED"""
)


def claim(db: Connection) -> Lane:
    """A lane that no other transaction holds, the transaction's own where it has one; a new one when all are held. Never waits."""
    row = db.execute(_CLAIM).first()
    if row is None:
        new = insert(head).values(lane=secrets.randbelow(2**31 - 1) + 1, seq=0, hash=EMPTY)
        row = db.execute(new.returning(head.c.tenant, head.c.lane, head.c.seq, head.c.hash)).one()
    return Lane(row.tenant, row.lane, row.seq, bytes(row.hash))


_WRITE = text(
    """WITH written AS (
        INSERT INTO audit_entry (lane, seq, at, kind, actor, person_id, data, previous, hash)
        SELECT :lane, one.seq, one.at, one.kind, one.actor, one.person, one.data::jsonb, one.previous, one.hash
        FROM unnest(CAST(:seq AS bigint[]), CAST(:at AS timestamptz[]), CAST(:kind AS text[]), CAST(:actor AS text[]),
            CAST(:person AS uuid[]), CAST(:data AS text[]), CAST(:previous AS bytea[]), CAST(:hash AS bytea[]))
            AS one(seq, at, kind, actor, person, data, previous, hash))
    UPDATE audit_head SET seq = :last, hash = :head, holder = pg_current_xact_id()::text WHERE lane = :lane"""
)


def write(db: Connection, entries: Sequence[Recorded]) -> None:
    """All entries of one lane and its new head, by one statement."""
    last = entries[-1]
    columns: dict[str, Any] = {
        "seq": [one.seq for one in entries],
        "at": [one.at for one in entries],
        "kind": [one.kind for one in entries],
        "actor": [one.actor for one in entries],
        "person": [one.person for one in entries],
        "data": [json.dumps(one.data, ensure_ascii=False) for one in entries],
        "previous": [one.previous for one in entries],
        "hash": [one.hash for one in entries],
    }
    db.execute(_WRITE, columns | {"lane": last.lane, "last": last.seq, "head": last.hash})


_asides: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()
_one_aside = threading.Lock()


@contextmanager
def aside(db: Connection) -> Iterator[Connection]:
    """A transaction of the same tenant that commits whatever becomes of the caller's.

    It has a connection of its own beside the pool (one a process), so that callers who hold all of the pool cannot starve it.
    """
    tenant = db.execute(select(func.current_setting("xinqiao.tenant"))).scalar_one()
    with _one_aside:
        engine = _asides.get(db.engine)
        if engine is None:
            engine = _asides[db.engine] = Engine(db.engine.pool.recreate(), db.engine.dialect, db.engine.url)
        with engine.begin() as beside:
            beside.execute(select(func.set_config("xinqiao.tenant", tenant, True)))
            yield beside


def recorded(row: Row[Any]) -> Recorded:
    place = (row.tenant, row.lane, row.seq, row.at, row.kind, row.actor, row.person_id)
    return Recorded(*place, row.data, bytes(row.previous), bytes(row.hash))


_STREAM = text(
    """SELECT h.lane AS head_lane, h.seq AS head_seq, h.hash AS head_hash, e.*
    FROM audit_head h FULL JOIN audit_entry e ON e.tenant = h.tenant AND e.lane = h.lane
    ORDER BY coalesce(h.lane, e.lane), e.seq, e.at"""
)


def stream(db: Connection) -> Iterator[Row[Any]]:
    """Every entry beside its lane's head, as of one instant; a head without entries and entries without a head come too."""
    yield from db.execute(_STREAM, execution_options={"stream_results": True, "yield_per": 5000})


def of_person(db: Connection, person: UUID, limit: int) -> list[Recorded]:
    found = select(entry).where(entry.c.person_id == person).order_by(entry.c.at, entry.c.lane, entry.c.seq).limit(limit)
    return [recorded(row) for row in db.execute(found)]


def latest(db: Connection, limit: int) -> list[Recorded]:
    found = select(entry).order_by(entry.c.at.desc(), entry.c.lane, entry.c.seq.desc()).limit(limit)
    return [recorded(row) for row in db.execute(found)]


def page(
    db: Connection, *, person: UUID | None, actor: str | None, refused: bool, before: tuple[datetime, int, int] | None, limit: int
) -> list[Recorded]:
    """Entries newest first, from after the place `before` (instant, lane, seq) on."""
    order = (entry.c.at, entry.c.lane, entry.c.seq)
    found = select(entry).order_by(*(column.desc() for column in order)).limit(limit)
    if person is not None:
        found = found.where(entry.c.person_id == person)
    if actor is not None:
        found = found.where(entry.c.actor.startswith(actor + ":", autoescape=True))
    if refused:
        found = found.where(entry.c.kind == "vault.refused")
    if before is not None:
        found = found.where(tuple_(*order) < tuple_(*before))
    return [recorded(row) for row in db.execute(found)]


def newest_checkpoints(db: Connection, limit: int) -> list[Checkpoint]:
    return [as_checkpoint(row) for row in db.execute(select(checkpoint).order_by(checkpoint.c.number.desc()).limit(limit))]


def lock_checkpoints(db: Connection) -> None:
    """One checkpoint at a time; waits for the other's transaction."""
    db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('audit.checkpoint/' || current_setting('xinqiao.tenant'), 0))"))


_UNSEALED = text(
    """SELECT e.*, coalesce(s.last, 0) AS sealed FROM audit_head h
    LEFT JOIN LATERAL (SELECT last FROM audit_sealed WHERE tenant = h.tenant AND lane = h.lane ORDER BY last DESC LIMIT 1) s ON true
    JOIN LATERAL (SELECT * FROM audit_entry WHERE tenant = h.tenant AND lane = h.lane AND seq >= coalesce(s.last, 0)) e ON true
    WHERE h.seq > coalesce(s.last, 0)
    ORDER BY e.lane, e.seq LIMIT :most"""
)


def unsealed(db: Connection, most: int) -> list[tuple[Recorded, bool]]:
    """Entries that no checkpoint covers, lane by lane, each lane after its last covered one (marked True) where it has one."""
    return [(recorded(row), row.seq <= row.sealed) for row in db.execute(_UNSEALED, {"most": most})]


def last_checkpoint(db: Connection) -> Checkpoint | None:
    row = db.execute(select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)).first()
    return None if row is None else as_checkpoint(row)


def add_checkpoint(db: Connection, one: Checkpoint, leaves: bytes) -> None:
    ranges = [[part.lane, part.first, part.last] for part in one.ranges]
    values = {"number": one.number, "at": one.at, "previous": one.previous, "ranges": ranges, "total": one.total, "root": one.root}
    db.execute(insert(checkpoint).values(**values, key=one.key, signature=one.signature, leaves=leaves))
    db.execute(insert(sealed), [{"lane": part.lane, "first": part.first, "last": part.last, "number": one.number} for part in one.ranges])


def as_checkpoint(row: Row[Any]) -> Checkpoint:
    ranges = tuple(Range(lane, first, last) for lane, first, last in row.ranges)
    roots = (bytes(row.root), row.key, bytes(row.signature))
    return Checkpoint(row.tenant, row.number, row.at, bytes(row.previous), ranges, row.total, *roots)


def checkpoints(db: Connection) -> Iterator[tuple[Checkpoint, bytes]]:
    """Every checkpoint with its leaves, oldest first."""
    for row in db.execute(select(checkpoint).order_by(checkpoint.c.number), execution_options={"stream_results": True, "yield_per": 20}):
        yield as_checkpoint(row), bytes(row.leaves)


_COVERING = text(
    """SELECT one.lane, one.seq, s.number
    FROM unnest(CAST(:lane AS int[]), CAST(:seq AS bigint[])) AS one(lane, seq)
    JOIN LATERAL (SELECT number, first FROM audit_sealed WHERE lane = one.lane AND last >= one.seq ORDER BY last LIMIT 1) s
        ON s.first <= one.seq"""
)


def covering(db: Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The number of the checkpoint over each (lane, seq); what no checkpoint covers is not in the answer."""
    rows = db.execute(_COVERING, {"lane": [lane for lane, _ in places], "seq": [seq for _, seq in places]})
    return {(row.lane, row.seq): row.number for row in rows}


def numbered(db: Connection, numbers: Sequence[int]) -> dict[int, tuple[Checkpoint, bytes]]:
    rows = db.execute(select(checkpoint).where(checkpoint.c.number.in_(numbers)))
    return {row.number: (as_checkpoint(row), bytes(row.leaves)) for row in rows}
