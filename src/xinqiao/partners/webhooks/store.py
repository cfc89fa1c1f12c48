"""Subscriptions, the outbox, the delivery log, and what guards against replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
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
    Uuid,
    delete,
    insert,
    lateral,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .. import store as _partners  # the foreign keys below need its table
from ..model import Status
from .model import Attempt, Message, Subscription

subscription = Table(
    "partner_webhook_subscription",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("partner_id", Uuid, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("previous_sealed", LargeBinary),
    Column("previous_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "partner_id"], [_partners.partner.c.tenant, _partners.partner.c.id]),
    Index("ix_partner_webhook_subscription_partner", "tenant", "partner_id"),
)

message = Table(
    "partner_webhook_message",
    tables,
    tenant(),
    Column("id", Text, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("partner_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_partner_webhook_message_due", "tenant", "subscription_id", "due_at", postgresql_where=text("state = 'pending'")),
    Index("ix_partner_webhook_message_partner", "tenant", "partner_id", "state", "created_at"),
)

attempt = Table(
    "partner_webhook_attempt",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("took_ms", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "at", "message_id", "attempt"),
    Index("ix_partner_webhook_attempt_message", "tenant", "message_id", "attempt"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)

inbound = Table(
    "partner_webhook_inbound",
    tables,
    tenant(),
    Column("partner_id", Uuid, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("previous_sealed", LargeBinary),
    Column("previous_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "partner_id"),
    ForeignKeyConstraint(["tenant", "partner_id"], [_partners.partner.c.tenant, _partners.partner.c.id]),
)

seen = Table(
    "partner_webhook_seen",
    tables,
    tenant(),
    Column("partner_id", Uuid, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "partner_id", "message_id"),
    Index("ix_partner_webhook_seen_at", "tenant", "at"),
)


def add_subscription(db: Connection, new: Subscription, sealed: bytes) -> None:
    row = asdict(new) | {"kinds": sorted(new.kinds), "secret_sealed": sealed}
    row.pop("secret")
    db.execute(insert(subscription).values(row))


def subscriptions(db: Connection, partner: UUID) -> list[Subscription]:
    query = select(subscription).where(subscription.c.partner_id == partner).order_by(subscription.c.created_at, subscription.c.id)
    return [_subscription(row) for row in db.execute(query)]


def change_subscription(db: Connection, partner: UUID, subscription_id: UUID, **changes: object) -> Subscription | None:
    """None when the partner has no such subscription."""
    mine = (subscription.c.id == subscription_id) & (subscription.c.partner_id == partner)
    row = db.execute(update(subscription).where(mine).values(changes).returning(subscription)).first()
    return row and _subscription(row)


def replace_secret(db: Connection, partner: UUID, subscription_id: UUID, sealed: bytes, *, until: datetime) -> Subscription | None:
    """The present secret becomes the previous one, good until `until`."""
    changes = {"secret_sealed": sealed, "previous_sealed": subscription.c.secret_sealed, "previous_until": until}
    return change_subscription(db, partner, subscription_id, **changes)


def sealed_secrets(db: Connection, subscription_id: UUID, at: datetime) -> tuple[str, list[bytes]]:
    """(address, the secrets that sign now)."""
    row = db.execute(select(subscription).where(subscription.c.id == subscription_id)).one()
    return row.url, _current(row, at)


def add_messages(db: Connection, new: Sequence[Message]) -> None:
    if new:
        db.execute(insert(message), [asdict(one) for one in new])


def claim_due(db: Connection, *, now: datetime, lease: timedelta, limit: int, per_subscription: int = 10) -> list[Message]:
    """Take due messages for `lease`; another worker skips them, and they fall due again should this one die.

    A few of each subscription, so that one partner's backlog does not hold up the others; none of a partner that is suspended.
    """
    due = (
        select(message.c.id, message.c.due_at)
        .where(message.c.subscription_id == subscription.c.id, message.c.state == "pending", message.c.due_at <= now)
        .order_by(message.c.due_at)
        .limit(per_subscription)
        .with_for_update(skip_locked=True)
    )
    taken = lateral(due).alias("due")
    owner = _partners.partner
    takers = subscription.join(owner, owner.c.id == subscription.c.partner_id).join(taken, true())
    wanted = select(taken.c.id).select_from(takers).where(subscription.c.is_active, owner.c.status == Status.ACTIVE.value)
    chosen = wanted.order_by(taken.c.due_at).limit(limit).cte("chosen")
    changes = {"due_at": now + lease, "attempts": message.c.attempts + 1, "tried": message.c.tried + 1}
    rows = db.execute(update(message).where(message.c.id == chosen.c.id).values(changes).returning(*_columns(message)))
    return [Message(**row._asdict()) for row in rows]


def settle(db: Connection, claimed: Message, state: str, due_at: datetime) -> None:
    """Record how a try ended, unless another worker has taken the message since."""
    ours = (message.c.id == claimed.id) & (message.c.attempts == claimed.attempts) & (message.c.state == "pending")
    db.execute(update(message).where(ours).values(state=state, due_at=due_at))


def add_attempt(db: Connection, made: Attempt) -> None:
    db.execute(insert(attempt).values(asdict(made)))


def attempts(db: Connection, partner: UUID, message_id: str) -> list[Attempt]:
    query = (
        select(*_columns(attempt))
        .join(message, message.c.id == attempt.c.message_id)
        .where(message.c.partner_id == partner, attempt.c.message_id == message_id)
        .order_by(attempt.c.attempt)
    )
    return [Attempt(**row._asdict()) for row in db.execute(query)]


def messages(db: Connection, partner: UUID, state: str | None, limit: int) -> list[Message]:
    query = (
        select(*_columns(message)).where(message.c.partner_id == partner).order_by(message.c.created_at.desc(), message.c.id).limit(limit)
    )
    rows = db.execute(query if state is None else query.where(message.c.state == state))
    return [Message(**row._asdict()) for row in rows]


def revive(db: Connection, partner: UUID, message_id: str | None, now: datetime) -> int:
    """Make one dead message of the partner, or all of them, due again."""
    dead = (message.c.partner_id == partner) & (message.c.state == "dead")
    query = update(message).where(dead).values(state="pending", tried=0, due_at=now)
    return db.execute(query if message_id is None else query.where(message.c.id == message_id)).rowcount


def drop_delivered(db: Connection, before: datetime) -> int:
    return db.execute(delete(message).where(message.c.state == "delivered", message.c.created_at < before)).rowcount


def set_inbound(db: Connection, partner: UUID, sealed: bytes, *, until: datetime) -> None:
    """Give the partner a new secret; the one before stays good until `until`."""
    new = upsert(inbound).values(partner_id=partner, secret_sealed=sealed)
    changes = {"secret_sealed": new.excluded.secret_sealed, "previous_sealed": inbound.c.secret_sealed, "previous_until": until}
    db.execute(new.on_conflict_do_update(index_elements=["tenant", "partner_id"], set_=changes))


def inbound_secrets(db: Connection, partner: UUID, at: datetime) -> list[bytes]:
    row = db.execute(select(inbound).where(inbound.c.partner_id == partner)).first()
    return [] if row is None else _current(row, at)


def note_seen(db: Connection, partner: UUID, message_id: str, at: datetime) -> bool:
    """False when the id was seen before."""
    new = upsert(seen).values(partner_id=partner, message_id=message_id, at=at).on_conflict_do_nothing()
    return db.execute(new.returning(seen.c.message_id)).first() is not None


def drop_seen(db: Connection, before: datetime) -> int:
    return db.execute(delete(seen).where(seen.c.at < before)).rowcount


def every_sealed(db: Connection) -> list[tuple[Table, str, UUID, bytes]]:
    """(table, column, owner, sealed secret) of all there are, under lock."""
    found = []
    for table, owner in ((subscription, subscription.c.id), (inbound, inbound.c.partner_id)):
        for row in db.execute(select(owner, table.c.secret_sealed, table.c.previous_sealed).with_for_update()):
            pairs = (("secret_sealed", row.secret_sealed), ("previous_sealed", row.previous_sealed))
            found += [(table, column, row[0], bytes(sealed)) for column, sealed in pairs if sealed is not None]
    return found


def replace_sealed(db: Connection, table: Table, column: str, owner: UUID, sealed: bytes) -> None:
    key = table.c.id if table is subscription else table.c.partner_id
    db.execute(update(table).where(key == owner).values({column: sealed}))


def _current(row: Row[Any], at: datetime) -> list[bytes]:
    """The secret, and the one before it while their overlap lasts."""
    overlaps = row.previous_sealed is not None and row.previous_until is not None and at < row.previous_until
    return [bytes(row.secret_sealed), *([bytes(row.previous_sealed)] if overlaps else [])]


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "tenant"]


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(row.id, row.partner_id, row.url, frozenset(row.kinds), row.is_active, row.created_at)
