"""Notices given and records made; neither is ever changed."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    and_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ...loans import Loan
from ..model import Notice, Record

noticed = Table(
    "bureau_notice",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("arrears_since", Date, nullable=False),
    Column("number", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("grace_until", Date, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "arrears_since", "number"),
    info={"append_only": True},
)

record = Table(
    "bureau_record",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("arrears_since", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("days_past_due", Integer, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("notice_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("shape", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "arrears_since", "kind", "bucket"),
    Index("ix_bureau_record_loan", "tenant", "loan_id"),
    info={"append_only": True},
)


def add_notice(db: Connection, given: Notice) -> bool:
    """Whether it is the first of its number for these arrears."""
    names = ("person_id", "loan_id", "arrears_since", "id", "language", "text", "channel", "at", "grace_until", "number")
    values = {name: getattr(given, name) for name in names}
    values |= {"overdue": given.overdue.minor, "currency": given.overdue.currency}
    return db.execute(insert(noticed).values(values).on_conflict_do_nothing().returning(noticed.c.id)).first() is not None


def notice(db: Connection, of: Loan, since: date) -> Notice | None:
    """The newest notice for arrears since that due date."""
    mine = (noticed.c.person_id == of.person_id) & (noticed.c.loan_id == of.id) & (noticed.c.arrears_since == since)
    r = db.execute(select(noticed).where(mine).order_by(noticed.c.number.desc()).limit(1)).first()
    if r is None:
        return None
    overdue = Money(r.overdue, r.currency)
    return Notice(r.id, r.loan_id, r.person_id, r.arrears_since, overdue, r.language, r.text, r.channel, r.at, r.grace_until, r.number)


def add_record(db: Connection, made: Record) -> bool:
    """Whether it is the first of its kind for these arrears in this bucket."""
    names = ("person_id", "loan_id", "arrears_since", "kind", "bucket", "id", "days_past_due", "consent", "notice_id", "at", "shape")
    values = {name: getattr(made, name) for name in names}
    values |= {"overdue": made.overdue.minor, "currency": made.overdue.currency}
    return db.execute(insert(record).values(values).on_conflict_do_nothing().returning(record.c.id)).first() is not None


def same_record(db: Connection, made: Record) -> Record:
    mine = [record.c[name] == getattr(made, name) for name in ("person_id", "loan_id", "arrears_since", "kind", "bucket")]
    return _record(db.execute(select(record).where(*mine)).one())


def records(db: Connection, loan_id: UUID) -> list[Record]:
    return [_record(row) for row in db.execute(select(record).where(record.c.loan_id == loan_id).order_by(record.c.at, record.c.id))]


def record_of(db: Connection, record_id: UUID) -> Record | None:
    row = db.execute(select(record).where(record.c.id == record_id)).first()
    return _record(row) if row else None


def reported_and_open(db: Connection, of: Loan) -> Record | None:
    """The newest negative record whose arrears no later record has ended."""
    made = [one for one in records(db, of.id) if one.person_id == of.person_id]
    ended = {one.arrears_since for one in made if one.kind != "negative"}
    still = [one for one in made if one.kind == "negative" and one.arrears_since not in ended]
    return still[-1] if still else None


def open_reports(db: Connection, *, limit: int) -> list[UUID]:
    """Loans with a negative record whose arrears no later record has ended."""
    ended = record.alias("ended")
    same = and_(
        ended.c.person_id == record.c.person_id, ended.c.loan_id == record.c.loan_id, ended.c.arrears_since == record.c.arrears_since
    )
    over = select(ended.c.id).where(same, ended.c.kind != "negative").exists()
    return list(db.execute(select(record.c.loan_id).distinct().where(record.c.kind == "negative", ~over).limit(limit)).scalars())


def withdrawn(db: Connection, of: Loan, since: date) -> bool:
    """Whether these arrears were found not to stand."""
    mine = (record.c.person_id == of.person_id) & (record.c.loan_id == of.id) & (record.c.arrears_since == since)
    return db.execute(select(record.c.id).where(mine & (record.c.kind == "deleted"))).first() is not None


def cleared_before(db: Connection, day: date, *, limit: int) -> list[Record]:
    """Negative records whose arrears ended on or before that day and that were not deleted yet."""
    ended = record.alias("ended")
    same = and_(
        ended.c.person_id == record.c.person_id, ended.c.loan_id == record.c.loan_id, ended.c.arrears_since == record.c.arrears_since
    )
    over = select(ended.c.id).where(same, ended.c.kind == "cleared", ended.c.at < day + timedelta(days=1)).exists()
    gone = select(ended.c.id).where(same, ended.c.bucket == record.c.bucket, ended.c.kind.in_(("deleted", "expired"))).exists()
    query = select(record).where(record.c.kind == "negative", over, ~gone).order_by(record.c.at, record.c.id).limit(limit)
    return [_record(row) for row in db.execute(query)]


def _record(r: Row) -> Record:
    return Record(
        id=r.id,
        loan_id=r.loan_id,
        person_id=r.person_id,
        kind=r.kind,
        arrears_since=r.arrears_since,
        days_past_due=r.days_past_due,
        bucket=r.bucket,
        overdue=Money(r.overdue, r.currency),
        consent=r.consent,
        notice_id=r.notice_id,
        at=r.at,
        shape=r.shape,
    )
