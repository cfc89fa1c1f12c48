"""The link an applicant opens an application by: 256 random bits, stored as a hash, good for a week, revocable."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from . import store
from .errors import ApplicationUnknown, LinkOver, LinkUnknown
from .model import Application

LINK_LIFETIME = timedelta(days=7)


def issue_link(*, db: Connection, clock: Clock, application: UUID, lifetime: timedelta = LINK_LIFETIME) -> str:
    """A token for the address; it is kept nowhere else. Links issued before stay good."""
    found = store.get(db, application)
    if found is None:
        raise ApplicationUnknown(application)
    token, now = secrets.token_urlsafe(32), clock.now()
    store.add_link(db, _digest(token), found, at=now, expires_at=now + lifetime)
    return token


def open_link(*, db: Connection, clock: Clock, token: str) -> Application:
    """The application the token leads to. Raises LinkUnknown, LinkOver."""
    row = store.link_by(db, _digest(token)) if isinstance(token, str) and re.fullmatch(r"[A-Za-z0-9_-]{43}", token) else None
    found = row and store.get(db, row.application_id)
    if row is None or found is None:
        raise LinkUnknown
    if row.revoked_at is not None or clock.now() >= row.expires_at:
        raise LinkOver
    return found


def revoke_links(*, db: Connection, clock: Clock, application: UUID) -> int:
    """Withdraw every link to the application; how many were live."""
    return store.revoke_links(db, application, clock.now())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
