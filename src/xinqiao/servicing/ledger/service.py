"""Posting and reading. The caller owns the transaction; a refused posting leaves it unusable, so that nothing half-done is committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from ..errors import AccountUnknown, KeyReused
from . import store
from .model import Account, Balance, Entry, Kind, Posting, Transfer


def open_accounts(*, db: Connection, accounts: Iterable[Account]) -> None:
    """Open the accounts that are not open yet."""
    store.open_accounts(db, sorted(set(accounts), key=lambda account: account.id))


def post(*, db: Connection, clock: Clock, transfers: Sequence[Transfer]) -> int:
    """Post all transfers by one statement, or none; return how many were new.

    A transfer whose key was posted before is left as it stands. Raises KeyReused when a key returns with other content, AccountUnknown
    when an account was never opened, BalanceForbidden when a balance would go where its account's rule forbids.
    """
    distinct = _distinct(transfers)
    if not distinct:
        return 0
    posted, moved, found = store.post(db, distinct, at=clock.now())
    if found != moved:
        raise AccountUnknown(_missing(db, distinct.values()))
    if posted != len(distinct):
        _require_same(db, distinct)
    return posted


def balances(*, db: Connection, accounts: Sequence[Account]) -> dict[Account, Balance]:
    """The present balances of those accounts that are open."""
    return {balance.account: balance for balance in store.balances(db, [account.id for account in accounts])}


def accounts(*, db: Connection, kind: Kind, limit: int = 200, after: UUID | None = None) -> list[Balance]:
    """A page of the accounts of one kind with their balances, in the order of their ids; `after` is the last one of the page before."""
    return store.accounts(db, kind, limit=limit, after=after)


def journal(*, db: Connection, subject: UUID, person: UUID) -> list[Posting]:
    """All that was posted about a person's loan, oldest first."""
    return store.journal(db, subject, person)


def entries(*, db: Connection, account: Account, limit: int = 100, before: datetime | None = None) -> list[Entry]:
    """The account's entries, newest first."""
    return store.entries(db, account, limit=limit, before=before)


def trial_balance(*, db: Connection, until: datetime | None = None) -> dict[tuple[Kind, str], Balance]:
    """Debits and credits by kind and currency: of the kept balances, or summed from the transfers up to an instant.

    Each currency's debits equal its credits; the owner of the accounts shown is NOBODY, since they stand for all owners.
    """
    rows = store.sums(db) if until is None else store.sums_until(db, until)
    return {(balance.account.kind, balance.account.currency): balance for balance in rows}


def _distinct(transfers: Sequence[Transfer]) -> dict[UUID, Transfer]:
    distinct: dict[UUID, Transfer] = {}
    for transfer in transfers:
        if distinct.setdefault(transfer.id, transfer) != transfer:
            raise KeyReused(transfer.key, "transfer")
    return distinct


def _require_same(db: Connection, given: dict[UUID, Transfer]) -> None:
    for stored in store.stored(db, list(given)):
        mine = given[stored.id]
        same = (stored.debit, stored.credit, stored.minor, stored.what) == (mine.debit.id, mine.credit.id, mine.amount.minor, mine.what)
        if not same:
            raise KeyReused(mine.key, "transfer")


def _missing(db: Connection, transfers: Iterable[Transfer]) -> str:
    named = {side.id: side for transfer in transfers for side in (transfer.debit, transfer.credit)}
    known = {balance.account.id for balance in store.balances(db, list(named))}
    account = next(account for key, account in sorted(named.items()) if key not in known)
    return f"{account.kind}/{account.owner}/{account.currency}"
