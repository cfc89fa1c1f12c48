"""People's keys, their sealed values, the blind indexes and the legal bases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
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
    delete,
    func,
    select,
    text,
    update,
)

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import Basis, Field, Purpose

person = Table(
    "vault_person",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("kek_version", Integer),
    Column("enrolled_at", DateTime(timezone=True), nullable=False),
    Column("forgotten_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "person_id"),
    Index("ix_vault_person_kek", "tenant", "kek_version", "person_id"),
)

value = Table(
    "vault_value",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "field"),
)

index = Table(
    "vault_index",
    tables,
    tenant(),
    Column("field", Text, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("person_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant", "field", "blind", "person_id"),
    Index("ix_vault_index_person", "tenant", "person_id", "field"),
    Index("uq_vault_index_id_number", "tenant", "blind", unique=True, postgresql_where=text("field = 'id_number'")),
)

basis = Table(
    "vault_basis",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "person_id", "purpose", "recipient", "source"),
)

key_check = Table(
    "vault_key_check",
    tables,
    tenant(),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "key"),
)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A person and their wrapped key."""

    tenant: str
    person: UUID
    wrapped: bytes | None
    version: int | None
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    person: UUID
    field: Field
    version: int
    sealed: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Dossier:
    """A person, the sources of the bases in force for the purpose asked, and the sealed values asked for."""

    keyed: Keyed
    sources: tuple[str, ...]
    values: dict[Field, tuple[int, bytes]]
    """Field -> (version, sealed)."""


def current_tenant(db: Connection) -> str:
    return db.execute(select(func.current_setting("xinqiao.tenant"))).scalar_one()


def check_key(db: Connection, key: str, fingerprint: bytes) -> bool:
    """Whether the database was written with this key; the first key to come is the right one."""
    new = text("INSERT INTO vault_key_check (key, fingerprint) VALUES (:key, :fingerprint) ON CONFLICT DO NOTHING")
    known = select(key_check.c.fingerprint).where(key_check.c.key == key)
    found = db.execute(known).scalar()
    if found is None:
        db.execute(new, {"key": key, "fingerprint": fingerprint})
        found = db.execute(known).scalar_one()
    return bytes(found) == fingerprint


def add_people(db: Connection, people: Sequence[tuple[UUID, int, bytes]], at: datetime) -> None:
    """(person, kek version, wrapped key) each, by one statement."""
    new = text(
        """INSERT INTO vault_person (person_id, kek_version, wrapped_key, enrolled_at)
        SELECT *, :at FROM unnest(CAST(:person AS uuid[]), CAST(:version AS int[]), CAST(:wrapped AS bytea[]))"""
    )
    person, version, wrapped = (list(column) for column in zip(*people, strict=True))
    db.execute(new, {"at": at, "person": person, "version": version, "wrapped": wrapped})


def _keyed(row: Row[Any]) -> Keyed:
    wrapped = None if row.wrapped_key is None else bytes(row.wrapped_key)
    return Keyed(row.tenant, row.person_id, wrapped, row.kek_version, row.forgotten_at is not None)


def lock_people(db: Connection, people: Iterable[UUID]) -> dict[UUID, Keyed]:
    """The people's keys, locked in the order of their ids until the transaction ends."""
    rows = db.execute(
        select(person).where(person.c.person_id.in_(list(people))).order_by(person.c.person_id).with_for_update(key_share=True)
    )
    return {row.person_id: _keyed(row) for row in rows}


def lock_stale(db: Connection, version: int, most: int) -> list[Keyed]:
    """People whose key is wrapped by another version than this, skipping those that someone else is at."""
    stale = select(person).where(person.c.kek_version != version, person.c.wrapped_key.is_not(None))
    return [_keyed(row) for row in db.execute(stale.limit(most).with_for_update(skip_locked=True))]


def rewrap(db: Connection, people: Sequence[tuple[UUID, int, bytes]]) -> None:
    new = text(
        """UPDATE vault_person p SET kek_version = one.version, wrapped_key = one.wrapped
        FROM unnest(CAST(:person AS uuid[]), CAST(:version AS int[]), CAST(:wrapped AS bytea[])) AS one(person, version, wrapped)
        WHERE p.person_id = one.person"""
    )
    person, version, wrapped = (list(column) for column in zip(*people, strict=True))
    db.execute(new, {"person": person, "version": version, "wrapped": wrapped})


def stale_count(db: Connection, version: int) -> int:
    stale = select(func.count()).select_from(person).where(person.c.kek_version != version, person.c.wrapped_key.is_not(None))
    return db.execute(stale).scalar_one()


def destroy_key(db: Connection, one: UUID, at: datetime) -> None:
    """Leave a tombstone: the person's row without its key, their values unreadable, no index that finds them, no basis."""
    db.execute(update(person).where(person.c.person_id == one).values(wrapped_key=None, kek_version=None, forgotten_at=at))
    db.execute(delete(index).where(index.c.person_id == one))
    db.execute(update(basis).where(basis.c.person_id == one, basis.c.ended_at.is_(None)).values(ended_at=at))


_DOSSIERS = text(
    """WITH who AS MATERIALIZED (
        SELECT p.tenant, p.person_id, p.wrapped_key, p.kek_version, p.forgotten_at,
            (SELECT array_agg(b.source ORDER BY b.source) FROM vault_basis b
            WHERE b.tenant = p.tenant AND b.person_id = p.person_id AND b.purpose = :purpose AND b.recipient = :recipient
                AND b.granted_at <= :at AND (b.until IS NULL OR b.until > :at) AND (b.ended_at IS NULL OR b.ended_at > :at)) AS sources
        FROM vault_person p WHERE p.person_id = ANY(CAST(:people AS uuid[])))
    SELECT who.*, v.field, v.version, v.sealed
    FROM who LEFT JOIN vault_value v ON v.tenant = who.tenant AND v.person_id = who.person_id AND v.field = ANY(CAST(:fields AS text[]))"""
)


def dossiers(
    db: Connection, people: Sequence[UUID], fields: Iterable[Field], purpose: Purpose, recipient: str | None, at: datetime
) -> dict[UUID, Dossier]:
    """Everything that a decision and a read need, by one statement; values come sealed."""
    asked = {"people": list(people), "fields": [str(field) for field in fields], "purpose": str(purpose), "at": at}
    found: dict[UUID, Dossier] = {}
    for row in db.execute(_DOSSIERS, asked | {"recipient": recipient or ""}):
        one = found.setdefault(row.person_id, Dossier(_keyed(row), tuple(row.sources or ()), {}))
        if row.field is not None:
            one.values[Field(row.field)] = (row.version, bytes(row.sealed))
    return found


def digests(db: Connection, people: Iterable[UUID]) -> dict[tuple[UUID, Field], tuple[int, bytes]]:
    """(version, digest) of every value that these people have."""
    rows = db.execute(select(value.c.person_id, value.c.field, value.c.version, value.c.digest).where(value.c.person_id.in_(list(people))))
    return {(row.person_id, Field(row.field)): (row.version, bytes(row.digest)) for row in rows}


def held(db: Connection, one: UUID) -> list[Field]:
    return [Field(name) for name in db.execute(select(value.c.field).where(value.c.person_id == one).order_by(value.c.field)).scalars()]


def put_values(db: Connection, values: Sequence[Sealed], at: datetime) -> None:
    """Insert or replace all values by one statement."""
    new = text(
        """INSERT INTO vault_value (person_id, field, version, sealed, digest, written_at)
        SELECT *, :at FROM unnest(CAST(:person AS uuid[]), CAST(:field AS text[]), CAST(:version AS int[]),
            CAST(:sealed AS bytea[]), CAST(:digest AS bytea[]))
        ON CONFLICT (tenant, person_id, field) DO UPDATE
        SET version = excluded.version, sealed = excluded.sealed, digest = excluded.digest, written_at = excluded.written_at"""
    )
    columns: dict[str, Any] = {"person": [one.person for one in values], "field": [str(one.field) for one in values]}
    columns |= {"version": [one.version for one in values], "sealed": [one.sealed for one in values]}
    db.execute(new, columns | {"digest": [one.digest for one in values], "at": at})


def drop_values(db: Connection, one: UUID, fields: Iterable[Field]) -> list[Field]:
    """Delete the person's values of these fields with their indexes; return the fields that had one."""
    names = [str(field) for field in fields]
    db.execute(delete(index).where(index.c.person_id == one, index.c.field.in_(names)))
    gone = delete(value).where(value.c.person_id == one, value.c.field.in_(names)).returning(value.c.field)
    return sorted(Field(name) for name in db.execute(gone).scalars())


def put_indexes(db: Connection, blinds: Sequence[tuple[UUID, Field, bytes]]) -> list[tuple[UUID, Field]]:
    """Replace the index entries of these people's fields; return those that another person's unique value kept out."""
    columns = {
        "person": [one for one, _, _ in blinds],
        "field": [str(field) for _, field, _ in blinds],
        "blind": [blind for _, _, blind in blinds],
    }
    arrays = "unnest(CAST(:person AS uuid[]), CAST(:field AS text[]), CAST(:blind AS bytea[])) AS one(person, field, blind)"
    db.execute(text(f"DELETE FROM vault_index i USING {arrays} WHERE i.person_id = one.person AND i.field = one.field"), columns)
    new = f"INSERT INTO vault_index (person_id, field, blind) SELECT * FROM {arrays} ON CONFLICT DO NOTHING RETURNING person_id, field"
    written = {(row.person_id, Field(row.field)) for row in db.execute(text(new), columns)}
    return [(one, field) for one, field, _ in blinds if (one, field) not in written]


def find_people(db: Connection, field: Field | str, blind: bytes) -> list[UUID]:
    found = select(index.c.person_id).where(index.c.field == str(field), index.c.blind == blind).order_by(index.c.person_id)
    return list(db.execute(found).scalars())


def add_bases(db: Connection, bases: Sequence[Basis], at: datetime) -> None:
    """Write all bases by one statement; one that is already there stays as it is, ended or not."""
    new = text(
        """INSERT INTO vault_basis (person_id, purpose, recipient, source, until, granted_at)
        SELECT *, :at FROM unnest(CAST(:person AS uuid[]), CAST(:purpose AS text[]), CAST(:recipient AS text[]),
            CAST(:source AS text[]), CAST(:until AS timestamptz[]))
        ON CONFLICT DO NOTHING"""
    )
    columns: dict[str, Any] = {"person": [one.person for one in bases], "purpose": [str(one.purpose) for one in bases]}
    columns |= {"recipient": [one.recipient or "" for one in bases], "source": [one.source for one in bases]}
    db.execute(new, columns | {"until": [one.until for one in bases], "at": at})


def end_bases(db: Connection, one: UUID, purpose: Purpose, recipient: str | None, source: str | None, at: datetime) -> list[str]:
    """End every open basis of the person for the purpose, of one recipient or of all, of one source or of all; return their sources."""
    open_now = (basis.c.person_id == one, basis.c.purpose == str(purpose), basis.c.ended_at.is_(None))
    ended = update(basis).where(*open_now).values(ended_at=at).returning(basis.c.source)
    if recipient is not None:
        ended = ended.where(basis.c.recipient == recipient)
    if source is not None:
        ended = ended.where(basis.c.source == source)
    return sorted(db.execute(ended).scalars())


def sources(db: Connection, one: UUID, purpose: Purpose, recipient: str | None, at: datetime) -> list[str]:
    """What the person's bases in force rest on."""
    in_force = select(basis.c.source).where(
        basis.c.person_id == one,
        basis.c.purpose == str(purpose),
        basis.c.recipient == (recipient or ""),
        basis.c.granted_at <= at,
        basis.c.until.is_(None) | (basis.c.until > at),
        basis.c.ended_at.is_(None) | (basis.c.ended_at > at),
    )
    return list(db.execute(in_force.order_by(basis.c.source)).scalars())


def bases_of(db: Connection, one: UUID) -> list[Row[Any]]:
    return list(db.execute(select(basis).where(basis.c.person_id == one).order_by(basis.c.granted_at, basis.c.purpose, basis.c.source)))
