"""Emptying the outbox.

A claim and an outcome are short transactions of their own, and the call lies between them: a partner that takes ten seconds to answer
holds no lock. A worker that dies in between loses nothing, for its claim runs out and the message falls due again; so a message arrives
at least once, and its `webhook-id` tells a repeat.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from xinqiao.kit import Clock, Database, Refused
from xinqiao.kit.http import Answer, Http
from xinqiao.vault import Vault

from ..sealing import unseal
from . import store
from .model import TRIES, Attempt, Message, headers, retry_delay

LEASE = timedelta(minutes=5)
"""Longer than a whole batch can take: 50 calls by 8 threads with a deadline of 20 s each."""

GONE = 410


@dataclass(frozen=True, slots=True)
class Delivered:
    """How the messages of one batch ended."""

    delivered: int
    retried: int
    dead: int

    def __bool__(self) -> bool:
        return bool(self.delivered or self.retried or self.dead)


def deliver_due(
    *,
    database: Database,
    vault: Vault,
    clock: Clock,
    http: Http,
    tenant: str = "main",
    limit: int = 50,
    threads: int = 8,
    luck: Callable[[], float] = random.random,
) -> Delivered:
    """Send what is due, at most `limit` messages; call it again while it returns something.

    A message fails on anything but a 2xx within the client's deadline; after ten tries, or when the receiver says 410 Gone (which stops
    the subscription too, as the specification asks), it is dead until `redrive`.
    """
    with database.begin(tenant) as db:
        claimed = store.claim_due(db, now=clock.now(), lease=LEASE, limit=limit)

    def one(message: Message) -> str:
        return _deliver(database, tenant, vault, clock, http, message, luck())

    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="webhook") as pool:
        ends = Counter(pool.map(one, claimed))
    return Delivered(ends["delivered"], ends["pending"], ends["dead"])


def _deliver(database: Database, tenant: str, vault: Vault, clock: Clock, http: Http, message: Message, luck: float) -> str:
    at = clock.now()
    with database.begin(tenant) as db:
        url, sealed = store.sealed_secrets(db, message.subscription_id, at)
    answer, attempt = _call(vault, http, url, sealed, message, at)
    state, due_at = _outcome(message, answer, attempt, clock.now(), luck)
    with database.begin(tenant) as db:
        store.add_attempt(db, attempt)
        store.settle(db, message, state, due_at)
        if attempt.status == GONE:
            store.change_subscription(db, message.partner_id, message.subscription_id, is_active=False)
    return state


def _call(vault: Vault, http: Http, url: str, sealed: list[bytes], message: Message, at: datetime) -> tuple[Answer | None, Attempt]:
    began = time.monotonic()
    answer, error = None, None
    try:
        signing = [unseal(vault=vault, owner=message.subscription_id, sealed=one) for one in sealed]
        answer = http.post(url, body=message.body.encode(), headers=headers(message.id, message.body, at, signing))
    except Refused as refused:
        error = f"{refused.code}: {refused}"[:300]
    took = int((time.monotonic() - began) * 1000)
    status = answer.status if answer else None
    return answer, Attempt(message.id, message.subscription_id, message.attempts, at, status, error, took)


def _outcome(message: Message, answer: Answer | None, attempt: Attempt, now: datetime, luck: float) -> tuple[str, datetime]:
    """(the message's state, when it is due next)."""
    if attempt.succeeded:
        return "delivered", now
    if attempt.status == GONE or message.tried >= TRIES:
        return "dead", now
    return "pending", now + retry_delay(message.tried, luck, _retry_after(answer))


def _retry_after(answer: Answer | None) -> timedelta | None:
    """The wait that the receiver asked for in seconds; its other form, a date, is passed over."""
    asked = answer.headers.get("retry-after", "") if answer else ""
    return timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else None
