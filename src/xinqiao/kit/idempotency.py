"""A repeat returns the first answer (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Connection, DateTime, LargeBinary, PrimaryKeyConstraint, Table, Text, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from .canonical import canonical, plain
from .clock import Clock
from .database import tables, tenant
from .errors import Conflict, Refused

answered = Table(
    "idempotency_answer",
    tables,
    tenant(),
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "scope", "key"),
)


class KeyReused(Conflict):
    code = "idempotency.key_reused"
    says = "Idempotency key {0!r} was already used for a different request; send a new key for a new request."
    says_zh = "幂等键 {0!r} 已用于另一个请求；新请求请使用新的键。"


class KeyMalformed(Refused):
    code = "idempotency.key_malformed"
    says = "An Idempotency-Key of 8 to 200 visible ASCII characters is needed, such as a UUID; got {0!r}."
    says_zh = "需要 8 到 200 个可见 ASCII 字符的幂等键，例如 UUID；收到 {0!r}。"


def once(*, db: Connection, clock: Clock, scope: str, key: str, request: object, work: Callable[[], Any]) -> Any:
    """Run `work` the first time; a repeat of the same request gets the stored answer (as JSON types).

    Concurrent repeats wait for the first. Raises KeyReused when the request differs, KeyMalformed when the key is no key.
    """
    if not isinstance(key, str) or not (8 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise KeyMalformed(key)
    digest = _digest(request)
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{scope}\x1f{key}", 0))))
    known = db.execute(select(answered.c.request_sha256, answered.c.answer).where(answered.c.scope == scope, answered.c.key == key)).first()
    if known is not None:
        if bytes(known.request_sha256) != digest:
            raise KeyReused(key)
        return known.answer
    answer = plain(work())
    db.execute(insert(answered).values(scope=scope, key=key, request_sha256=digest, answer=answer, at=clock.now()))
    return answer


def _digest(request: object) -> bytes:
    return hashlib.sha256(canonical(request)).digest()
