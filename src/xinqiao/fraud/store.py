"""Blind indexes and tokens by month, screenings and labels, and every query on them. No personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import WINDOWS, FraudEvidence, Label, Link

index = Table(
    "fraud_index",
    tables,
    tenant(),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "value", "at", "application_id", "person_id"),
    Index("ix_fraud_index_application", "tenant", "application_id"),
    Index("ix_fraud_index_person", "tenant", "person_id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at"},
)

face = Table(
    "fraud_face",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("bits", BIT(varying=True), nullable=False),
    PrimaryKeyConstraint("tenant", "at", "application_id", "person_id"),
    Index("ix_fraud_face_person", "tenant", "person_id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at"},
)

token = Table(
    "fraud_token",
    tables,
    tenant(),
    Column("token", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant", "token", "at", "application_id", "person_id"),
    Index("ix_fraud_token_person", "tenant", "person_id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at"},
)

shape = Table(
    "fraud_shape",
    tables,
    tenant(),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("tokens", ARRAY(LargeBinary), nullable=False),
    PrimaryKeyConstraint("tenant", "application_id", "at", "person_id"),
    Index("ix_fraud_shape_person", "tenant", "person_id"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at"},
)

screening = Table(
    "fraud_screening",
    tables,
    tenant(),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "application_id", "person_id"),
    info={"append_only": True},
)

label = Table(
    "fraud_label",
    tables,
    tenant(),
    Column("application_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("label", Text, nullable=False),
    Column("by_whom", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "application_id", "at", "id", "person_id"),
    info={"append_only": True},
)

_LOCK = text(
    """SELECT pg_advisory_xact_lock(key) FROM (
         SELECT DISTINCT hashtextextended(current_setting('xinqiao.tenant') || '/fraud/' || name, 0) AS key
         FROM unnest(CAST(:names AS text[])) AS name ORDER BY key OFFSET 0) AS sorted"""
)

_REGISTER = text(
    """INSERT INTO fraud_index (kind, value, at, application_id, person_id)
       SELECT kind, value, :at, :application, :person
       FROM unnest(CAST(:kinds AS text[]), CAST(:values AS bytea[])) AS asked (kind, value)
       WHERE NOT EXISTS (SELECT FROM fraud_index mine WHERE mine.application_id = :application AND mine.kind = asked.kind)"""
)

_COUNTS = ", ".join(f"count(*) FILTER (WHERE i.at > :since_{w}) AS n_{w}" for w in WINDOWS)
_TOTALS = ", ".join(f"coalesce(sum(n_{w}), 0) AS applications_{w}, count(*) FILTER (WHERE n_{w} > 0) AS persons_{w}" for w in WINDOWS)

_VELOCITY = text(
    f"""SELECT kind, {_TOTALS} FROM (
          SELECT i.kind, i.person_id, {_COUNTS}
          FROM unnest(CAST(:kinds AS text[]), CAST(:values AS bytea[])) AS asked (kind, value)
          JOIN fraud_index i ON i.kind = asked.kind AND i.value = asked.value AND i.at > :since_90d AND i.at <= :now
          GROUP BY i.kind, i.person_id) AS by_person
        GROUP BY kind"""
)

_ADD_FACE = text(
    """INSERT INTO fraud_face (at, application_id, person_id, bits) SELECT :at, :application, :person, CAST(:bits AS bit varying)
       WHERE NOT EXISTS (SELECT FROM fraud_index WHERE application_id = :application AND kind = 'face')"""
)

# The scalar subquery is computed once; a bare CAST would be computed for every row under a prepared statement's generic plan.
_NEAR_FACES = text(
    """SELECT count(DISTINCT person_id) FROM fraud_face
       WHERE at > :since AND at <= :now AND person_id <> :person
       AND CASE WHEN length(bits) = :size THEN bit_count(bits # (SELECT CAST(:bits AS bit varying))) <= :most ELSE false END"""
)

_NEIGHBOURS = text(
    """SELECT DISTINCT other.application_id, other.person_id
       FROM fraud_index mine JOIN fraud_index other ON other.kind = mine.kind AND other.value = mine.value
       WHERE mine.application_id = ANY(CAST(:applications AS uuid[])) AND mine.kind = ANY(CAST(:kinds AS text[]))
       AND mine.at > :since AND other.at > :since AND other.application_id <> ALL(CAST(:seen AS uuid[]))
       LIMIT :limit"""
)

_LINKED = text(
    """SELECT other.application_id, array_agg(DISTINCT other.kind ORDER BY other.kind) AS kinds
       FROM fraud_index mine JOIN fraud_index other ON other.kind = mine.kind AND other.value = mine.value
       WHERE mine.application_id = :application AND other.application_id <> :application
       GROUP BY other.application_id ORDER BY max(other.at) DESC, other.application_id LIMIT :limit"""
)

_STANDING = text(
    """SELECT count(*) FILTER (WHERE latest = 'fraud') AS fraud,
              count(*) FILTER (WHERE latest IS DISTINCT FROM 'cleared' AND declined) AS declined
       FROM (SELECT (SELECT l.label FROM fraud_label l WHERE l.application_id = a.id ORDER BY l.at DESC, l.id DESC LIMIT 1) AS latest,
                    EXISTS (SELECT FROM fraud_screening s WHERE s.application_id = a.id AND s.outcome = 'decline') AS declined
             FROM unnest(CAST(:applications AS uuid[])) AS a (id)) AS standing"""
)

_FREQUENCY = text(
    """SELECT t.token, (SELECT count(*) FROM (SELECT FROM fraud_token f WHERE f.token = t.token AND f.at > :since LIMIT :limit) AS first_ones)
       FROM unnest(CAST(:tokens AS bytea[])) AS t (token)"""
)

_CANDIDATES = text(
    """SELECT c.application_id, s.tokens FROM (
         SELECT DISTINCT application_id, at FROM fraud_token
         WHERE token = ANY(CAST(:tokens AS bytea[])) AND at > :since AND person_id <> :person LIMIT :limit) AS c
       JOIN fraud_shape s ON s.application_id = c.application_id AND s.at = c.at"""
)


def lock(db: Connection, names: Iterable[str]) -> None:
    """Wait for every other transaction that holds one of these names; always in one order, so that none wait in a ring."""
    db.execute(_LOCK, {"names": sorted(names)})


def is_registered(db: Connection, application: UUID, kinds: Sequence[str]) -> bool:
    found = db.scalars(select(index.c.kind).where(index.c.application_id == application))
    return set(kinds) <= set(found)


def register(db: Connection, *, application: UUID, person: UUID, indexes: Mapping[str, bytes], at: datetime) -> None:
    """Add the indexes that the application does not have yet."""
    if "face" in indexes:
        db.execute(_ADD_FACE, {"application": application, "person": person, "at": at, "bits": _bits(indexes["face"])})
    given = {"kinds": list(indexes), "values": list(indexes.values()), "application": application, "person": person, "at": at}
    db.execute(_REGISTER, given)


def register_tokens(db: Connection, *, application: UUID, person: UUID, tokens: Sequence[bytes], at: datetime) -> None:
    if not tokens or db.scalar(select(shape.c.application_id).where(shape.c.application_id == application)):
        return
    row = {"application_id": application, "person_id": person, "at": at}
    db.execute(insert(shape), {**row, "tokens": list(tokens)})
    db.execute(insert(token), [{**row, "token": one} for one in tokens])


def velocity(db: Connection, indexes: Mapping[str, bytes], *, now: datetime) -> dict[str, int]:
    """Distinct applications and persons of every index in every window, by one statement."""
    since = {f"since_{name}": now - length for name, length in WINDOWS.items()}
    rows = db.execute(_VELOCITY, {"kinds": list(indexes), "values": list(indexes.values()), "now": now, **since})
    found: dict[str, int] = {}
    for row in rows.mappings():
        for window in WINDOWS:
            found[f"{row['kind']}.applications.{window}"] = int(row[f"applications_{window}"])
            found[f"{row['kind']}.persons.{window}"] = int(row[f"persons_{window}"])
    return found


def near_faces(db: Connection, value: bytes, *, person: UUID, most_bits: int, since: datetime, now: datetime) -> int:
    """Other persons whose face index differs in at most `most_bits` bits; indexes of another size are not comparable."""
    given = {"bits": _bits(value), "size": len(value) * 8, "person": person, "most": most_bits, "since": since, "now": now}
    return int(db.scalar(_NEAR_FACES, given) or 0)


def _bits(value: bytes) -> str:
    return f"{int.from_bytes(value, 'big'):0{len(value) * 8}b}"


def neighbours(
    db: Connection, applications: Iterable[UUID], *, kinds: Sequence[str], seen: Iterable[UUID], since: datetime, limit: int
) -> dict[UUID, UUID]:
    """Applications that share an index with one of these, with their persons; `limit` at most."""
    given = {"applications": list(applications), "kinds": list(kinds), "seen": list(seen), "since": since, "limit": limit}
    return {row.application_id: row.person_id for row in db.execute(_NEIGHBOURS, given)}


def linked(db: Connection, application: UUID, *, limit: int) -> list[Link]:
    """Applications that share an index value with this one, newest first, and which indexes they share."""
    rows = db.execute(_LINKED, {"application": application, "limit": limit})
    return [Link(row.application_id, tuple(row.kinds)) for row in rows]


def standing(db: Connection, applications: Iterable[UUID]) -> tuple[int, int]:
    """How many of these are labelled fraud, and how many were declined and not cleared since."""
    row = db.execute(_STANDING, {"applications": list(applications)}).one()
    return row.fraud, row.declined


def token_counts(db: Connection, tokens: Sequence[bytes], *, since: datetime, limit: int) -> dict[bytes, int]:
    """How many applications hold each token; counting stops at `limit`."""
    rows = db.execute(_FREQUENCY, {"tokens": list(tokens), "since": since, "limit": limit})
    return {bytes(row[0]): row[1] for row in rows}


def candidates(db: Connection, tokens: Sequence[bytes], *, person: UUID, since: datetime, limit: int) -> list[frozenset[bytes]]:
    """The token sets of other persons' applications that hold one of these tokens; `limit` at most."""
    rows = db.execute(_CANDIDATES, {"tokens": list(tokens), "person": person, "since": since, "limit": limit})
    return [frozenset(bytes(one) for one in row.tokens) for row in rows]


def keep(db: Connection, evidence: FraudEvidence, *, person: UUID) -> None:
    row = {
        "application_id": evidence.application_id,
        "person_id": person,
        "at": evidence.at,
        "outcome": evidence.outcome.value,
        "points": evidence.points,
        "rule_version": evidence.rule_version,
        "sha256": evidence.sha256,
        "evidence": evidence,
    }
    db.execute(insert(screening), row)


def evidence_of(db: Connection, application: UUID) -> tuple[FraudEvidence, UUID] | None:
    """The stored evidence and its person."""
    row = db.execute(select(screening.c.evidence, screening.c.person_id).where(screening.c.application_id == application)).one_or_none()
    return (FraudEvidence.read(row.evidence), row.person_id) if row else None


def add_label(db: Connection, *, id: UUID, application: UUID, person: UUID, to: Label, by: str, at: datetime) -> None:
    row = {"id": id, "application_id": application, "person_id": person, "label": to.value, "by_whom": by, "at": at}
    db.execute(insert(label), row)


def latest_label(db: Connection, application: UUID) -> Label | None:
    newest = select(label.c.label).where(label.c.application_id == application).order_by(label.c.at.desc(), label.c.id.desc()).limit(1)
    found: Any = db.scalar(newest)
    return Label(found) if found else None


def erase_faces(db: Connection, person: UUID) -> int:
    return db.execute(delete(face).where(face.c.person_id == person)).rowcount


def erase(db: Connection, person: UUID) -> int:
    """Delete the person's indexes and tokens; screenings hold none and stay."""
    gone = [db.execute(delete(table).where(table.c.person_id == person)).rowcount for table in (index, face, token, shape)]
    return sum(gone)
