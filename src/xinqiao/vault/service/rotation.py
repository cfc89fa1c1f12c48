"""Move people's keys to the newest key-encryption key while everyone goes on reading."""

from __future__ import annotations

from sqlalchemy import Connection

from xinqiao.kit import Clock

from .. import audit, store
from ..model import SYSTEM, Actor
from ..vault import Vault
from . import keys


def rotate(*, db: Connection, vault: Vault, clock: Clock, batch: int = 500, actor: Actor = SYSTEM) -> int:
    """Rewrap up to `batch` people's keys by the current version; return how many. Call it, a transaction each time, until it returns 0.

    Make the new version first: `vault.keys.renew()`. Reads go on throughout, by whichever version a key is wrapped with.
    """
    keys.check(db, vault, store.current_tenant(db))
    people = store.lock_stale(db, vault.keys.current, batch)
    if people:
        store.rewrap(db, [(one.person, *_rewrapped(vault, one)) for one in people])
        audit.append(db, clock, [audit.Entry("vault.rewrapped", actor, None, {"people": len(people), "version": vault.keys.current})])
    return len(people)


def _rewrapped(vault: Vault, one: store.Keyed) -> tuple[int, bytes]:
    return vault.keys.wrap(keys.data_key(vault, one), keys.wrapping_context(one.tenant, one.person))


def stale(*, db: Connection, vault: Vault) -> int:
    """How many people's keys an older version still wraps; at 0 that version may be retired."""
    return store.stale_count(db, vault.keys.current)
