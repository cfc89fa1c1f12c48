from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from . import store
from .model import Limit, RateLimited

DEFAULTS: Mapping[str, Limit] = {
    "applications:write": Limit(burst=100, per_minute=1200),
    "applications:read": Limit(burst=200, per_minute=3000),
    "offers:answer": Limit(burst=200, per_minute=3000),
    "webhooks:manage": Limit(burst=10, per_minute=60),
}
OTHERWISE = Limit(burst=100, per_minute=1200)


def limit_of(route: str, limits: Mapping[str, Limit] = DEFAULTS) -> Limit:
    return limits.get(route, OTHERWISE)


def take(*, db: Connection, clock: Clock, partner: UUID, route: str, limit: Limit | None = None, cost: int = 1) -> None:
    """Take `cost` tokens or raise RateLimited, which knows when to come back.

    Call it in a short transaction of its own, before the work: the bucket's row stays locked until the transaction ends, and a
    rolled-back one gives its tokens back.
    """
    limit = limit or limit_of(route)
    if not 1 <= cost <= limit.burst:
        raise ValueError(f"a request costs between 1 and the burst of {limit.burst} tokens, got {cost}")
    granted, tokens = store.take(db, partner, route, limit, cost=cost, at=clock.now())
    if not granted:
        raise RateLimited(route, limit.wait(tokens, cost))
