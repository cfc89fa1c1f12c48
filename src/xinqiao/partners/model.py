"""Partners, what each kind may do, and the shape of an API key. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from .errors import KeyMalformed, KeyUnknown, PartnerCodeMalformed, PartnerNameMissing, ScopeUnknown


class Kind(StrEnum):
    SCENE = "scene"
    FUNDER = "funder"
    GUARANTOR = "guarantor"


class Status(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


SCOPES: dict[Kind, frozenset[str]] = {
    Kind.SCENE: frozenset({"applications:write", "applications:read", "webhooks:manage"}),
    Kind.FUNDER: frozenset({"offers:read", "offers:answer", "loans:read", "webhooks:manage"}),
    Kind.GUARANTOR: frozenset({"guarantees:read", "webhooks:manage"}),
}
"""Every scope that a kind of partner may be given: a funder's key can never read applications."""


@dataclass(frozen=True, slots=True)
class Partner:
    id: UUID
    kind: Kind
    code: str
    name: str
    name_zh: str
    status: Status = Status.ACTIVE
    created_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.status is Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Key:
    """An API key. `secret` is the whole `xq_…` string: present when just issued, never again."""

    id: str
    partner_id: UUID
    environment: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by: str | None = None
    secret: str | None = field(default=None, repr=False)

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at


_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KEY = re.compile(r"xq_(?P<environment>[a-z]{1,12})_(?P<id>[0-9a-f]{16})_(?P<secret>[0-9a-f]{64})", re.ASCII)


def check_code(code: str) -> str:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise PartnerCodeMalformed(code, field="code")
    return code


def check_names(name: str, name_zh: str) -> None:
    for given, label in ((name, "name"), (name_zh, "name_zh")):
        if not isinstance(given, str) or not 1 <= len(given.strip()) <= 200:
            raise PartnerNameMissing(given, field=label)


def check_scopes(kind: Kind, scopes: frozenset[str]) -> frozenset[str]:
    wrong = scopes - SCOPES[kind]
    if wrong or not scopes:
        raise ScopeUnknown(kind.value, sorted(wrong) or "(none)", sorted(SCOPES[kind]), field="scopes")
    return scopes


def check_key_settings(environment: str, *, expires_at: datetime, now: datetime) -> None:
    if not re.fullmatch(r"[a-z]{1,12}", environment):
        raise KeyMalformed(environment, field="environment")
    if expires_at <= now:
        raise KeyMalformed(expires_at.isoformat(), field="expires_at")


def new_key_text(environment: str) -> tuple[str, str]:
    """(key id, the whole key): the id finds the row, 256 random bits prove possession."""
    key_id = secrets.token_hex(8)
    return key_id, f"xq_{environment}_{key_id}_{secrets.token_hex(32)}"


def key_id_of(text: str) -> str:
    """The id inside a key; raises KeyUnknown when the text is no key at all."""
    found = _KEY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise KeyUnknown
    return found["id"]


def digest(text: str) -> bytes:
    """SHA-256 of the whole key. A slow hash defends guessable secrets; 256 random bits cannot be guessed, and this runs on every request."""
    return hashlib.sha256(text.encode()).digest()


def matches(text: str, stored: bytes) -> bool:
    return hmac.compare_digest(digest(text), stored)
