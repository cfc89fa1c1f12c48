"""Does the ledger agree with itself? Everything that is kept twice is computed anew from the postings and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from ..closes import Close, Totals
from ..store import checking as store
from ..store import closing

NAMED = 20
"""Accounts named in one finding; there may be more."""


@dataclass(frozen=True, slots=True)
class Problem:
    what: str
    """"account", "held", "close", "balance", "currency", "key", "reversal" or "snapshot"."""
    says: str


@dataclass(frozen=True, slots=True)
class Verified:
    transfers: int
    accounts: int
    closes: int
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def verify(*, db: Connection) -> Verified:
    """Check the chain of closes, each day's totals and transfers, every account's balance, holds, keys and reversals.

    It reads the whole ledger, so give it a connection of `steady`: on one that sees others' work go by, a sound ledger looks unsound.
    """
    closes = closing.closes(db)
    problems = (*_accounts(db), *_closes(db, closes), *_snapshots(db), *_rows(db))
    return Verified(*store.counts(db), len(closes), problems)


def _accounts(db: Connection) -> Iterator[Problem]:
    for row in store.accounts_off(db, limit=NAMED):
        yield Problem("account", f"{row.account} is off its postings by {row.debits} debits and {row.credits} credits, in minor units")
    for account in store.holds_off(db, limit=NAMED):
        yield Problem("held", f"{account} does not hold what its standing holds say")
    for currency, minor in closing.kept_totals(db).differences.items():
        yield Problem("account", f"debits and credits of {currency} differ by {minor} minor units")


def _closes(db: Connection, closes: list[Close]) -> Iterator[Problem]:
    previous: Close | None = None
    for one in closes:
        yield from (Problem("close", f"the close of {one.on} {says}") for says in _broken(one, previous))
        previous = one
    if previous is None:
        return
    yield from _days(db, closes, previous)
    if off := store.balances_off(db, previous.on):
        yield Problem("balance", f"{off} balances kept at closed days are not the sums of their postings")


def _broken(one: Close, previous: Close | None) -> Iterator[str]:
    if one.sha256 != one.digest():
        yield "is not what was hashed when it was made"
    if previous is not None and one.on != previous.on + timedelta(days=1):
        yield f"does not follow on {previous.on}"
    if one.previous_sha256 != (previous.sha256 if previous else None):
        yield "is not bound to the close before it"


def _days(db: Connection, closes: list[Close], last: Close) -> Iterator[Problem]:
    running, moved = Totals(), dict(store.days(db, last.on))
    for day in sorted(on for on in moved if on < closes[0].on):
        yield Problem("close", f"{day} has postings but lies before the first closed day")
    for one in closes:
        running = running + moved.get(one.on, Totals())
        if running.rows() != one.totals.rows():
            yield Problem("close", f"the totals of {one.on} are not the sums of what is booked up to it")
        day = closing.day(db, one.on)
        if (day.transfers, day.through, day.sha256) != (one.transfers, one.through, one.transfers_sha256):
            yield Problem("close", f"the transfers of {one.on} are not those that were closed")


def _snapshots(db: Connection) -> Iterator[Problem]:
    base = closing.last_snapshot(db)
    if base is not None and (base.totals + closing.recorded(db, base=base, until=None)).rows() != closing.kept_totals(db).rows():
        yield Problem("snapshot", f"the snapshot through entry {base.through} and what followed are not what the accounts stand at")


def _rows(db: Connection) -> Iterator[Problem]:
    if off := store.currencies_off(db):
        yield Problem("currency", f"{off} transfers are not in their accounts' currency")
    if off := store.keys_off(db):
        yield Problem("key", f"{off} transfers stand without their key, or keys without their transfer")
    for one in store.reversals_off(db, limit=NAMED):
        yield Problem("reversal", f"{one} is not the mirror of what it reverses")
