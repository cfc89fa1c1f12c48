"""Two-phase transfers: an amount is set aside on both accounts, then settled in parts, released, or left to expire.

What is held counts against both accounts' rules, so that settling it can never be refused by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ...errors import AccountUnknown, HoldEnded, HoldExpired, HoldTooSmall, HoldUnknown, KeyReused
from ..model import Account, Held, Hold, Link, Posting, Transfer, hold_id
from ..store import holds as store
from ..store import posting as posting_store
from ..store import reading
from .posting import post


def hold(*, db: Connection, clock: Clock, holds: Sequence[Hold]) -> int:
    """Set all amounts aside by one statement, or none; return how many were new.

    Raises KeyReused when a key returns with other content, AccountUnknown, BalanceForbidden.
    """
    distinct: dict[UUID, Hold] = {}
    for one in holds:
        if distinct.setdefault(one.id, one) != one:
            raise KeyReused(one.key, "hold")
    if not distinct:
        return 0
    with db.begin_nested():
        new, moved, found = store.add(db, list(distinct.values()), at=clock.now())
        if found != moved:
            raise AccountUnknown(_missing(db, list(distinct.values())))
        if new != len(distinct):
            _require_same(db, distinct)
    return new


def settle(
    *,
    db: Connection,
    clock: Clock,
    hold: UUID | str,
    key: str,
    amount: Money | None = None,
    final: bool = False,
    what: str | None = None,
    booked_on: date | None = None,
) -> Posting:
    """Post so much of what is held (by default all that is left) between the hold's accounts; `final` releases the rest.

    A repeat of `key` posts nothing and returns the first posting. Raises HoldUnknown, HoldEnded, HoldExpired, HoldTooSmall, KeyReused, DayClosed.
    """
    with db.begin_nested():
        held = _locked(db, hold)
        transfer = _transfer(held, key, amount, what)
        known = reading.of_ids(db, [transfer.id])
        if known:
            return _same(db, known[0], held, amount, key)
        _require_open(held, clock, transfer.amount)
        settled = held.settled.minor + transfer.amount.minor
        done = final or settled == held.amount.minor
        store.free(db, [(held, held.left.minor if done else transfer.amount.minor)])
        store.mark(db, held, settled=settled, ended="settled" if done else None, at=clock.now())
        post(db=db, clock=clock, transfers=[transfer], booked_on=booked_on)
        posting_store.add_links(db, [Link(transfer.id, "settles", held.id, transfer.what, held.person)], at=clock.now())
    return reading.of_ids(db, [transfer.id])[0]


def release(*, db: Connection, clock: Clock, hold: UUID | str) -> Money:
    """Give back what is left of a hold; return how much that was, nothing when it had ended. Raises HoldUnknown."""
    held = _locked(db, hold)
    if held.ended is None:
        store.free(db, [(held, held.left.minor)])
        store.mark(db, held, settled=held.settled.minor, ended="expired" if held.is_expired(clock.now()) else "released", at=clock.now())
    return held.left


def expire(*, db: Connection, clock: Clock, limit: int = 1000) -> int:
    """Give back what is left of holds whose time has come, the oldest first; return how many."""
    past = store.expired(db, clock.now(), limit=limit)
    if past:
        store.free(db, [(held, held.left.minor) for held in past])
        store.end_many(db, [held.id for held in past], ended="expired", at=clock.now())
    return len(past)


def get_hold(*, db: Connection, hold: UUID | str) -> Held:
    """Raises HoldUnknown."""
    found = store.get(db, [hold if isinstance(hold, UUID) else hold_id(hold)])
    if not found:
        raise HoldUnknown(hold)
    return found[0]


def is_held(*, db: Connection, hold: UUID | str) -> bool:
    """Whether a hold of this id or key was ever placed."""
    return bool(store.get(db, [hold if isinstance(hold, UUID) else hold_id(hold)]))


def holds_of(*, db: Connection, account: Account, standing: bool = True, limit: int = 100) -> list[Held]:
    """An account's holds, newest first; all of them, or those that still stand."""
    return store.of_account(db, account, standing=standing, limit=limit)


def _locked(db: Connection, hold: UUID | str) -> Held:
    found = store.get(db, [hold if isinstance(hold, UUID) else hold_id(hold)], lock=True)
    if not found:
        raise HoldUnknown(hold)
    return found[0]


def _transfer(held: Held, key: str, amount: Money | None, what: str | None) -> Transfer:
    left = held.left if held.left.is_positive else held.amount
    return Transfer(key, what or held.what, held.debit, held.credit, amount or left, held.subject, held.person)


def _same(db: Connection, known: Posting, held: Held, amount: Money | None, key: str) -> Posting:
    """The first posting under this key, if it settled this hold by this amount."""
    links = posting_store.links(db, transfers=[known.id])
    if [link.of for link in links] != [held.id] or (amount is not None and known.amount != amount):
        raise KeyReused(key, "settlement")
    return known


def _require_open(held: Held, clock: Clock, amount: Money) -> None:
    if held.is_expired(clock.now()):
        raise HoldExpired(held.id, held.expires_at)
    if held.ended is not None:
        raise HoldEnded(held.id, held.ended)
    if amount.currency != held.amount.currency or amount > held.left:
        raise HoldTooSmall(f"{amount} {amount.currency}", f"{held.left} {held.left.currency}", field="amount")


def _require_same(db: Connection, given: dict[UUID, Hold]) -> None:
    for stored in store.get(db, list(given)):
        mine = given[stored.id]
        if (stored.debit, stored.credit, stored.amount, stored.what) != (mine.debit, mine.credit, mine.amount, mine.what):
            raise KeyReused(mine.key, "hold")


def _missing(db: Connection, holds: Sequence[Hold]) -> str:
    named = {side.id: side for one in holds for side in (one.debit, one.credit)}
    known = {balance.account.id for balance in reading.balances(db, list(named))}
    return str(next(account for key, account in sorted(named.items()) if key not in known))
