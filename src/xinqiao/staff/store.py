"""Console users, their second factors, failed attempts and sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import LONGEST, Role, Session, User

user = Table(
    "staff_user",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("login", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("totp_sealed", LargeBinary),
    Column("totp_confirmed_at", DateTime(timezone=True)),
    Column("totp_last_step", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "login"),
)

recovery = Table(
    "staff_recovery_code",
    tables,
    tenant(),
    Column("user_id", Uuid, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "user_id", "digest"),
    ForeignKeyConstraint(["tenant", "user_id"], ["staff_user.tenant", "staff_user.id"]),
)

failure = Table(
    "staff_failure",
    tables,
    tenant(),
    Column("login_digest", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "login_digest"),
)

session = Table(
    "staff_session",
    tables,
    tenant(),
    Column("digest", LargeBinary, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("second_factor", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "digest"),
    ForeignKeyConstraint(["tenant", "user_id"], ["staff_user.tenant", "staff_user.id"]),
    Index("ix_staff_session_user", "tenant", "user_id"),
)


def any_user(db: Connection) -> bool:
    return db.execute(select(user.c.id).limit(1)).first() is not None


def active_admins(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(user).where(user.c.is_active, user.c.role == Role.ADMIN.value)).scalar_one()


def add_user(db: Connection, new: User, password_hash: str) -> bool:
    """False when the login is taken."""
    row = {"id": new.id, "login": new.login, "role": new.role.value, "is_active": new.is_active, "created_at": new.created_at}
    row |= {"password_hash": password_hash, "must_change_password": new.must_change_password}
    added = upsert(user).values(row).on_conflict_do_nothing(index_elements=["tenant", "login"]).returning(user.c.id)
    return db.execute(added).first() is not None


def user_row(db: Connection, *, lock: bool = False, **where: object) -> Row[Any] | None:
    """One user by `id` or by `login`, with what only signing in needs."""
    query = select(user).filter_by(**where)
    return db.execute(query.with_for_update() if lock else query).first()


def users(db: Connection) -> list[User]:
    return [user_of(row) for row in db.execute(select(user).order_by(user.c.login))]


def change_user(db: Connection, user_id: UUID, **changes: object) -> None:
    db.execute(update(user).where(user.c.id == user_id).values(changes))


def user_of(row: Row[Any]) -> User:
    return User(
        row.id, row.login, Role(row.role), row.is_active, row.totp_confirmed_at is not None, row.must_change_password, row.created_at
    )


def every_sealed(db: Connection) -> list[tuple[UUID, bytes]]:
    """(user, sealed secret) of all authenticators, under lock."""
    query = select(user.c.id, user.c.totp_sealed).where(user.c.totp_sealed.is_not(None)).with_for_update()
    return [(row.id, bytes(row.totp_sealed)) for row in db.execute(query)]


def replace_recovery(db: Connection, user_id: UUID, digests: Iterable[bytes]) -> None:
    db.execute(delete(recovery).where(recovery.c.user_id == user_id))
    rows = [{"user_id": user_id, "digest": one} for one in digests]
    if rows:
        db.execute(insert(recovery), rows)


def use_recovery(db: Connection, user_id: UUID, digest: bytes, at: datetime) -> bool:
    """False when the code is none of the user's, or was used."""
    unused = (recovery.c.user_id == user_id) & (recovery.c.digest == digest) & recovery.c.used_at.is_(None)
    return db.execute(update(recovery).where(unused).values(used_at=at)).rowcount == 1


def recovery_left(db: Connection, user_id: UUID) -> int:
    mine = (recovery.c.user_id == user_id) & recovery.c.used_at.is_(None)
    return db.execute(select(func.count()).select_from(recovery).where(mine)).scalar_one()


def failures_of(db: Connection, login_digest: bytes, at: datetime) -> Row[Any]:
    """The count of a login, known or not, under lock: guesses at one login wait for each other."""
    new = upsert(failure).values(login_digest=login_digest, failures=0, at=at)
    touched = new.on_conflict_do_update(index_elements=["tenant", "login_digest"], set_={"at": new.excluded.at})
    return db.execute(touched.returning(failure.c.failures, failure.c.locked_until)).one()


def set_failures(db: Connection, login_digest: bytes, failures: int, locked_until: datetime | None) -> None:
    db.execute(update(failure).where(failure.c.login_digest == login_digest).values(failures=failures, locked_until=locked_until))


def add_session(db: Connection, digest: bytes, new: Session) -> None:
    row = {"digest": digest, "id": new.id, "user_id": new.user.id, "created_at": new.created_at}
    db.execute(insert(session).values(row | {"last_seen_at": new.last_seen_at, "second_factor": new.second_factor}))


def session_by(db: Connection, digest: bytes) -> Session | None:
    row = db.execute(select(session).where(session.c.digest == digest)).first()
    owner = row and user_row(db, id=row.user_id)
    if row is None or owner is None:
        return None
    return Session(row.id, user_of(owner), row.created_at, row.last_seen_at, row.second_factor)


def touch_session(db: Connection, digest: bytes, *, at: datetime, every: timedelta) -> None:
    stale = (session.c.digest == digest) & (session.c.last_seen_at < at - every)
    db.execute(update(session).where(stale).values(last_seen_at=at))


def strengthen_session(db: Connection, session_id: UUID, user_id: UUID) -> None:
    db.execute(update(session).where(session.c.id == session_id, session.c.user_id == user_id).values(second_factor=True))


def end_session(db: Connection, digest: bytes) -> int:
    return db.execute(delete(session).where(session.c.digest == digest)).rowcount


def end_sessions(db: Connection, user_id: UUID, *, but: UUID | None = None) -> int:
    query = delete(session).where(session.c.user_id == user_id)
    return db.execute(query if but is None else query.where(session.c.id != but)).rowcount


def tidy(db: Connection, now: datetime) -> int:
    """Drop sessions that have ended, and counts of failures nobody added to for a day."""
    ended = db.execute(delete(session).where(session.c.created_at < now - LONGEST)).rowcount
    return ended + db.execute(delete(failure).where(failure.c.at < now - timedelta(days=1))).rowcount
