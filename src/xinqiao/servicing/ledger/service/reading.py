"""Balances, pages of accounts and entries, statements, one transfer with all that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import accumulate
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Money

from ...errors import AccountUnknown, PeriodBackwards, TransferUnknown
from ..model import Account, AccountPage, Balance, Cursor, Detail, Entry, Kind, Line, Posting, Statement, transfer_id
from ..store import posting as links
from ..store import reading as store

AFTER_ALL = (2**62, 2**31 - 1)


def balances(*, db: Connection, accounts: Sequence[Account], on: date | None = None) -> dict[Account, Balance]:
    """The balances of those accounts that are open: now, or of all that is booked up to the end of a day (holds not counted)."""
    found = {balance.account: balance for balance in store.balances(db, [account.id for account in accounts])}
    return found if on is None else {account: store.balance_at(db, account, Cursor(on, *AFTER_ALL)) for account in found}


def accounts(*, db: Connection, kind: Kind, limit: int = 200, after: UUID | None = None) -> list[Balance]:
    """A page of the accounts of one kind with their balances, by currency and id; `after` is the id of the last one of the page before."""
    return store.accounts(db, kind, limit=limit, after=after)


def find_accounts(
    *,
    db: Connection,
    kind: Kind | None = None,
    owner: UUID | None = None,
    currency: str | None = None,
    standing: bool = False,
    limit: int = 50,
    after: UUID | None = None,
) -> AccountPage:
    """A page of accounts by any of these; `standing` leaves out those that stand at nothing and hold nothing.

    A page of standing accounts may be short and still have a next one: it looks through so many accounts and no more.
    """
    return store.find(db, kind=kind, owner=owner, currency=currency, standing=standing, limit=limit, after=after)


def journal(*, db: Connection, subject: UUID, person: UUID) -> list[Posting]:
    """All that was posted about a person's loan, oldest first."""
    return store.journal(db, subject, person)


def entries(
    *, db: Connection, account: Account, limit: int = 100, before: datetime | None = None, after: Cursor | None = None
) -> list[Entry]:
    """The account's entries, newest first. The next page comes `after` the cursor of the last one; `before` leaves out later recordings."""
    return store.entries(db, account, limit=limit, before=before, after=after)


def transfer(*, db: Connection, transfer: UUID | str, together: int = 100) -> Detail:
    """One transfer, by id or key, with what it reverses or settles, what reverses it, and so many of its list. Raises TransferUnknown."""
    one = transfer if isinstance(transfer, UUID) else transfer_id(transfer)
    found = store.of_id(db, one)
    if found is None:
        raise TransferUnknown(transfer)
    around = links.links(db, transfers=[one], of=[one])
    return Detail(
        posting=found,
        link=next((link for link in around if link.transfer == one), None),
        reversed_by=next((link for link in around if link.of == one and link.relation == "reverses"), None),
        together=tuple(store.together(db, found, limit=together)),
    )


def is_posted(*, db: Connection, transfer: UUID | str) -> bool:
    """Whether the transfer of this id or key stands in the books."""
    return bool(store.stored(db, [transfer if isinstance(transfer, UUID) else transfer_id(transfer)]))


def statement(*, db: Connection, account: Account, since: date, until: date, limit: int = 500, after: Cursor | None = None) -> Statement:
    """The account between two book dates, both included: what it stood at, its entries with the running balance, what it stands at.

    A page holds `limit` lines; the next comes `after` its `next`. Raises AccountUnknown, PeriodBackwards.
    """
    if until < since:
        raise PeriodBackwards(since, until, field="until")
    if not store.balances(db, [account.id]):
        raise AccountUnknown(account)
    start = Cursor(since)
    opening, closing = store.balance_at(db, account, start), store.balance_at(db, account, Cursor(until, *AFTER_ALL))
    found = store.between(db, account, since, until, after=after, limit=limit + 1)
    page = found[:limit]
    carried = opening if after is None or not page else store.balance_at(db, account, page[0].cursor)
    lines = tuple(_lines(page, carried.net))
    return Statement(account, since, until, opening, closing, lines, page[-1].cursor if len(found) > limit else None)


def _lines(entries: Sequence[Entry], before: Money) -> Iterator[Line]:
    running = accumulate((entry.amount for entry in entries), initial=before)
    next(running)
    return (Line(entry, balance) for entry, balance in zip(entries, running, strict=True))
