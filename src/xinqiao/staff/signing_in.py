"""Signing in and out, and whose session a token is.

`sign_in` gives back an attempt instead of raising: a wrong password must be counted, and an exception would roll the count back with the
caller's transaction. Open the attempt after the transaction:

    with database.begin(tenant) as db:
        attempt = staff.sign_in(db=db, …)
    session = attempt.open()
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from xinqiao.kit import Clock, Refused, events, new_id
from xinqiao.vault import Vault

from . import passwords, store, totp
from .errors import CodeNeeded, Locked, LoginMalformed, SessionOver, SignInRefused
from .model import Session, check_login
from .sealing import unseal

MOST_FAILURES = 5
LOCK = timedelta(minutes=15)
NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How signing in went; `open` it after the transaction that counted it."""

    session: Session | None
    refusal: Refused | None

    def open(self) -> Session:
        """The session, or raises SignInRefused, CodeNeeded or Locked."""
        if self.session is None:
            raise self.refusal or SignInRefused()
        return self.session


def sign_in(*, db: Connection, vault: Vault, clock: Clock, login: str, password: str, code: str | None = None) -> Attempt:
    """Try a login, a password and the code of an authenticator or a recovery code.

    Five failures in a row lock the login for 15 minutes, whether or not there is such a user; a wrong login, password or code all get
    the same answer. A user without an authenticator gets a session that may only set one up.
    """
    now, key = clock.now(), _login_digest(login)
    before = store.failures_of(db, key, now)
    if before.locked_until is not None and now < before.locked_until:
        return Attempt(None, Locked(math.ceil((before.locked_until - now).total_seconds())))
    row = _user_row(db, login)
    if not passwords.matches(row.password_hash if row else None, password) or row is None or not row.is_active:
        return _failed(db, key, before, now, row)
    if row.totp_confirmed_at is not None:
        if not code:
            return Attempt(None, CodeNeeded(field="code"))
        if not _second_factor(db, vault, row, code, now):
            return _failed(db, key, before, now, row)
    return _succeeded(db, key, row, password, now)


def session_of(*, db: Connection, clock: Clock, token: str | None, touch: bool = True) -> Session:
    """Whose session this is; raises SessionOver when it is none or has ended.

    Without `touch` the look does not count as use: a page that asks by itself keeps no session alive.
    """
    digest, now = _token_digest(token or ""), clock.now()
    found = store.session_by(db, digest)
    if found is None or now >= found.ends_at or not found.user.is_active:
        raise SessionOver
    if touch:
        store.touch_session(db, digest, at=now, every=NOTE_USE_EVERY)
    return found


def sign_out(*, db: Connection, token: str) -> None:
    """End one session; a token of none changes nothing."""
    store.end_session(db, _token_digest(token))


def end_sessions(*, db: Connection, clock: Clock, user: UUID) -> int:
    """End every session of a user; how many there were."""
    ended = store.end_sessions(db, user)
    _note(db, user, "sessions_ended", {"sessions": ended}, clock.now())
    return ended


def tidy(*, db: Connection, clock: Clock) -> int:
    """Drop what has run out: sessions, and counts of failures."""
    return store.tidy(db, clock.now())


def _user_row(db: Connection, login: str) -> Row[Any] | None:
    """The user under lock; None when no such login is known, or could be."""
    try:
        return store.user_row(db, login=check_login(login), lock=True)
    except LoginMalformed:
        return None


def _second_factor(db: Connection, vault: Vault, row: Row[Any], code: str, now: datetime) -> bool:
    recovery = totp.recovery_digest(code)
    if recovery is not None:
        used = store.use_recovery(db, row.id, recovery, now)
        if used:
            _note(db, row.id, "recovery_code_used", {"left": store.recovery_left(db, row.id)}, now)
        return used
    secret = unseal(vault=vault, owner=row.id, sealed=bytes(row.totp_sealed))
    step = totp.step_of(secret, code.replace(" ", ""), now, after=row.totp_last_step)
    if step is not None:
        store.change_user(db, row.id, totp_last_step=step)
    return step is not None


def _failed(db: Connection, key: bytes, before: Row[Any], now: datetime, row: Row[Any] | None) -> Attempt:
    failures = before.failures + 1
    locks = failures >= MOST_FAILURES
    store.set_failures(db, key, 0 if locks else failures, now + LOCK if locks else None)
    if row is not None:
        _note(db, row.id, "locked" if locks else "sign_in_refused", {"failures": failures}, now)
    return Attempt(None, SignInRefused())


def _succeeded(db: Connection, key: bytes, row: Row[Any], password: str, now: datetime) -> Attempt:
    store.set_failures(db, key, 0, None)
    if passwords.is_outdated(row.password_hash):
        store.change_user(db, row.id, password_hash=passwords.hash_of(password))
    token = secrets.token_urlsafe(32)
    made = Session(new_id(), store.user_of(row), now, now, row.totp_confirmed_at is not None, token)
    store.add_session(db, _token_digest(token), made)
    _note(db, row.id, "signed_in", {"session": made.id, "second_factor": made.second_factor}, now)
    return Attempt(made, None)


def _login_digest(login: str) -> bytes:
    return hashlib.sha256(str(login).strip().lower().encode(errors="replace")).digest()


def _token_digest(token: str) -> bytes:
    """A plain hash: 256 random bits cannot be guessed, and this runs on every request."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _note(db: Connection, user: UUID, what: str, data: dict[str, object], at: datetime) -> None:
    events.append(db, [events.Event(f"staff.{what}", user, data, at=at)])
