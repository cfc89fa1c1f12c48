"""Registering partners, and issuing, rotating, revoking and checking their API keys. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id

from . import store
from .errors import (
    KeyExpired,
    KeyNotFound,
    KeyOver,
    KeyRevoked,
    KeyUnknown,
    PartnerCodeTaken,
    PartnerSuspended,
    PartnerUnknown,
    ScopeMissing,
)
from .model import (
    Key,
    Kind,
    Partner,
    Status,
    check_code,
    check_key_settings,
    check_names,
    check_scopes,
    digest,
    key_id_of,
    matches,
    new_key_text,
)

KEY_LIFETIME = timedelta(days=365)
ROTATION_OVERLAP = timedelta(days=7)
NOTE_USE_EVERY = timedelta(minutes=1)
_NO_KEY = digest("")


def register(*, db: Connection, clock: Clock, kind: Kind | str, code: str, name: str, name_zh: str) -> Partner:
    """Raises PartnerCodeTaken, PartnerCodeMalformed, PartnerNameMissing."""
    check_names(name, name_zh)
    new = Partner(new_id(), Kind(kind), check_code(code), name.strip(), name_zh.strip(), created_at=clock.now())
    if not store.add_partner(db, new):
        raise PartnerCodeTaken(code, field="code")
    _note(db, clock, new.id, "registered", {"kind": new.kind, "code": code})
    return new


def get(*, db: Connection, partner: UUID | None = None, code: str | None = None) -> Partner:
    """A partner by its id or its code; raises PartnerUnknown."""
    found = store.partner_by(db, id=partner) if partner is not None else store.partner_by(db, code=code)
    if found is None:
        raise PartnerUnknown(str(partner) if partner is not None else code)
    return found


def list_partners(*, db: Connection, kind: Kind | str | None = None) -> list[Partner]:
    """All partners, or those of one kind, by kind and code."""
    return store.partners(db, None if kind is None else Kind(kind))


def update(*, db: Connection, clock: Clock, partner: UUID, name: str | None = None, name_zh: str | None = None) -> Partner:
    """Rename; its code and kind stand for good, for contracts and keys refer to them."""
    before = get(db=db, partner=partner)
    name, name_zh = (before.name if name is None else name), (before.name_zh if name_zh is None else name_zh)
    check_names(name, name_zh)
    store.change_partner(db, partner, {"name": name.strip(), "name_zh": name_zh.strip()})
    _note(db, clock, partner, "updated", {})
    return get(db=db, partner=partner)


def suspend(*, db: Connection, clock: Clock, partner: UUID) -> Partner:
    """From now on every key of the partner is refused; the keys themselves stay."""
    return _set_status(db, clock, partner, Status.SUSPENDED)


def resume(*, db: Connection, clock: Clock, partner: UUID) -> Partner:
    return _set_status(db, clock, partner, Status.ACTIVE)


def issue_key(
    *,
    db: Connection,
    clock: Clock,
    partner: UUID,
    scopes: Iterable[str],
    environment: str = "live",
    lifetime: timedelta = KEY_LIFETIME,
) -> Key:
    """A new key; its `secret` is shown here and kept nowhere. Raises ScopeUnknown for a scope that the kind may not have."""
    owner = get(db=db, partner=partner)
    now = clock.now()
    check_key_settings(environment, expires_at=now + lifetime, now=now)
    key = _make_key(db, owner.id, environment, check_scopes(owner.kind, frozenset(scopes)), now, lifetime)
    _note(db, clock, owner.id, "key_issued", {"key": key.id, "scopes": key.scopes})
    return key


def rotate_key(*, db: Connection, clock: Clock, key: str, overlap: timedelta = ROTATION_OVERLAP) -> Key:
    """A successor with the same scopes and lifetime; the old key works for `overlap` more, never past its own expiry.

    Raises KeyNotFound, and KeyOver when there is nothing left to rotate.
    """
    old, now = _locked(db, key), clock.now()
    if not old.is_live(now) or old.replaced_by is not None:
        raise KeyOver(key)
    new = _make_key(db, old.partner_id, old.environment, old.scopes, now, old.expires_at - old.created_at)
    store.change_key(db, key, expires_at=min(old.expires_at, now + overlap), replaced_by=new.id)
    _note(db, clock, old.partner_id, "key_rotated", {"key": key, "by": new.id})
    return new


def revoke_key(*, db: Connection, clock: Clock, key: str) -> None:
    """Refuse the key from now on; a second time changes nothing."""
    old = _locked(db, key)
    if old.revoked_at is None:
        store.change_key(db, key, revoked_at=clock.now())
        _note(db, clock, old.partner_id, "key_revoked", {"key": key})


def keys(*, db: Connection, partner: UUID) -> list[Key]:
    """The partner's keys, without secrets."""
    return store.keys(db, partner)


def authenticate(*, db: Connection, clock: Clock, secret: str, scope: str | None = None) -> Partner:
    """Whose key this is. Raises KeyUnknown, KeyRevoked, KeyExpired (401), PartnerSuspended, ScopeMissing (403).

    Only the holder of the whole secret learns that a key was revoked or has expired: the digest is compared first, in constant time.
    """
    known = store.key_and_partner(db, key_id_of(secret))
    if not matches(secret, known[1] if known else _NO_KEY) or known is None:
        raise KeyUnknown
    key, _, owner = known
    _check_usable(key, owner, scope, clock.now())
    store.touch_key(db, key.id, at=clock.now(), every=NOTE_USE_EVERY)
    return owner


def _check_usable(key: Key, owner: Partner, scope: str | None, now: datetime) -> None:
    if key.revoked_at is not None:
        raise KeyRevoked
    if now >= key.expires_at:
        raise KeyExpired(key.expires_at)
    if not owner.is_active:
        raise PartnerSuspended(owner.code)
    if scope is not None and scope not in key.scopes:
        raise ScopeMissing(scope)


def _make_key(db: Connection, partner: UUID, environment: str, scopes: frozenset[str], now: datetime, lifetime: timedelta) -> Key:
    key_id, secret = new_key_text(environment)
    key = Key(key_id, partner, environment, scopes, now, now + lifetime)
    store.add_key(db, key, digest(secret))
    return replace(key, secret=secret)


def _locked(db: Connection, key: str) -> Key:
    found = store.locked_key(db, key)
    if found is None:
        raise KeyNotFound(key)
    return found


def _set_status(db: Connection, clock: Clock, partner: UUID, status: Status) -> Partner:
    if get(db=db, partner=partner).status is not status:
        store.change_partner(db, partner, {"status": status.value})
        _note(db, clock, partner, "suspended" if status is Status.SUSPENDED else "resumed", {})
    return get(db=db, partner=partner)


def _note(db: Connection, clock: Clock, partner: UUID, what: str, data: dict[str, object]) -> None:
    events.append(db, [events.Event(f"partners.{what}", partner, data, at=clock.now())])
