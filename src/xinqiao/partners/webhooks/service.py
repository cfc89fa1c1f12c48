"""Subscribing to webhooks, putting messages into the outbox, and checking signed messages that come in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id
from xinqiao.kit.http import AddressRefused, check_url
from xinqiao.vault import Vault

from .. import service as partners
from ..sealing import renewed, seal, unseal
from . import store
from .errors import MessageUnknown, NoInboundSecret, NotJson, Replayed, SubscriptionUnknown, UrlRefused
from .model import (
    TOLERANCE,
    Attempt,
    Message,
    Signed,
    Subscription,
    body_of,
    check_event,
    check_kinds,
    is_wanted,
    new_message_id,
    new_secret,
)

SECRET_OVERLAP = timedelta(hours=24)
KEEP_DELIVERED = timedelta(days=30)


def subscribe(
    *, db: Connection, vault: Vault, clock: Clock, partner: UUID, url: str, kinds: Iterable[str] = ("*",), allow_private: bool = False
) -> Subscription:
    """A subscription with its secret, shown here alone. Raises UrlRefused, KindUnknown.

    `allow_private` also accepts http and hosts of one's own network: for tests and demonstrations.
    """
    owner = partners.get(db=db, partner=partner)
    wanted = check_kinds(owner.kind, kinds)
    secret = new_secret()
    new = Subscription(new_id(), partner, _usable(url, allow_private=allow_private), wanted, True, clock.now())
    store.add_subscription(db, new, seal(vault=vault, owner=new.id, secret=secret))
    _note(db, clock, partner, "subscribed", {"subscription": new.id, "kinds": wanted})
    return replace(new, secret=secret)


def subscriptions(*, db: Connection, partner: UUID) -> list[Subscription]:
    return store.subscriptions(db, partner)


def set_active(*, db: Connection, clock: Clock, partner: UUID, subscription: UUID, active: bool) -> Subscription:
    """Stop a subscription, or go on with it: what was pending meanwhile is then delivered. Raises SubscriptionUnknown."""
    changed = _found(store.change_subscription(db, partner, subscription, is_active=active), subscription)
    _note(db, clock, partner, "resumed" if active else "stopped", {"subscription": subscription})
    return changed


def rotate_secret(
    *, db: Connection, vault: Vault, clock: Clock, partner: UUID, subscription: UUID, overlap: timedelta = SECRET_OVERLAP
) -> Subscription:
    """A new secret, shown here alone; for `overlap` messages carry both signatures, the new one first."""
    secret = new_secret()
    sealed = seal(vault=vault, owner=subscription, secret=secret)
    changed = store.replace_secret(db, partner, subscription, sealed, until=clock.now() + overlap)
    _note(db, clock, partner, "secret_rotated", {"subscription": subscription})
    return replace(_found(changed, subscription), secret=secret)


def enqueue(*, db: Connection, clock: Clock, partner: UUID, kind: str, data: Mapping[str, object]) -> list[str]:
    """Put one message for each of the partner's subscriptions that wants `kind` into the outbox; their ids.

    It is written in the caller's transaction, so a message leaves if and only if the work it tells of was done. `data` holds ids and
    facts, never personal data.
    """
    check_event(partners.get(db=db, partner=partner).kind, kind)
    now = clock.now()
    body = body_of(kind, data, now)
    takers = [one for one in store.subscriptions(db, partner) if one.is_active and is_wanted(kind, one.kinds)]
    new = [Message(new_message_id(), one.id, partner, kind, body, "pending", 0, 0, now, now) for one in takers]
    store.add_messages(db, new)
    return [one.id for one in new]


def messages(*, db: Connection, partner: UUID, state: str | None = None, limit: int = 100) -> list[Message]:
    """The partner's newest messages; `state="dead"` lists those that were given up."""
    return store.messages(db, partner, state, limit)


def attempts(*, db: Connection, partner: UUID, message: str) -> list[Attempt]:
    """The delivery log of one message, first try first."""
    return store.attempts(db, partner, message)


def redrive(*, db: Connection, clock: Clock, partner: UUID, message: str | None = None) -> int:
    """Send a dead message again, or all of the partner's; how many. Raises MessageUnknown for one that is not dead."""
    revived = store.revive(db, partner, message, clock.now())
    if message is not None and not revived:
        raise MessageUnknown(message)
    _note(db, clock, partner, "redriven", {"messages": revived})
    return revived


def tidy(*, db: Connection, clock: Clock) -> int:
    """Drop delivered messages after a month, and seen ids once their timestamps would be refused anyway."""
    now = clock.now()
    return store.drop_delivered(db, now - KEEP_DELIVERED) + store.drop_seen(db, now - 3 * TOLERANCE)


def rewrap(*, db: Connection, vault: Vault) -> int:
    """Put every secret under the newest key-encryption key, after which the older ones may go; how many were under an older one."""
    moved = 0
    for table, column, owner, sealed in store.every_sealed(db):
        fresh = renewed(vault=vault, owner=owner, sealed=sealed)
        if fresh is not None:
            store.replace_sealed(db, table, column, owner, fresh)
            moved += 1
    return moved


def issue_inbound_secret(*, db: Connection, vault: Vault, clock: Clock, partner: UUID, overlap: timedelta = SECRET_OVERLAP) -> str:
    """The secret with which the partner signs what it sends to us, shown here alone; the one before works for `overlap` more.

    It is another than a subscription's, so that a message of ours, sent back to us, proves nothing.
    """
    partners.get(db=db, partner=partner)
    secret = new_secret()
    store.set_inbound(db, partner, seal(vault=vault, owner=partner, secret=secret), until=clock.now() + overlap)
    _note(db, clock, partner, "inbound_secret_issued", {})
    return secret


def verify(*, db: Connection, vault: Vault, clock: Clock, partner: UUID, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a message that the partner signed.

    Raises HeadersMissing, SignatureBad, TooOld, TooNew, NoInboundSecret (401), Replayed (409), NotJson (422). The message's id is
    noted in the caller's transaction: when the work fails, the partner may send the same message again.
    """
    now = clock.now()
    sealed = store.inbound_secrets(db, partner, now)
    if not sealed:
        raise NoInboundSecret
    signed = Signed.read(headers)
    signed.check_signature(body, [unseal(vault=vault, owner=partner, sealed=one) for one in sealed])
    signed.check_time(now)
    if not store.note_seen(db, partner, signed.id, now):
        raise Replayed(signed.id)
    return _object(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson from None
    if not isinstance(value, dict):
        raise NotJson
    return value


def _usable(url: str, *, allow_private: bool) -> str:
    try:
        parsed = check_url(url, allow_private=allow_private)
    except AddressRefused:
        raise UrlRefused(url, field="url") from None
    if (parsed.scheme != "https" and not allow_private) or parsed.fragment or len(url) > 2000:
        raise UrlRefused(url, field="url")
    return str(parsed)


def _found(changed: Subscription | None, subscription: UUID) -> Subscription:
    if changed is None:
        raise SubscriptionUnknown(str(subscription))
    return changed


def _note(db: Connection, clock: Clock, partner: UUID, what: str, data: dict[str, object]) -> None:
    events.append(db, [events.Event(f"partners.webhook_{what}", partner, data, at=clock.now())])
