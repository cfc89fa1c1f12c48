"""The books as text, streamed: a beancount file that `bean-check` accepts, and CSV.

beancount: https://beancount.github.io/docs/beancount_language_syntax.html. Each account is opened the day before the period and given what it
stood at against `Equity:Opening-Balances`; each transfer is one transaction of two postings, linked with the others of its list; after the
period each account's balance is asserted, exactly, so that the reader's own arithmetic checks ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Money, plain

from ...errors import PeriodBackwards
from ..chart import chart
from ..model import NOBODY, Account, Posting
from ..store import exporting as store

ONE_DAY = timedelta(days=1)
COLUMNS = (
    "booked_on",
    "recorded_at",
    "entry",
    "line",
    "transfer",
    "what",
    "debit_kind",
    "debit_owner",
    "credit_kind",
    "credit_owner",
    "amount",
    "currency",
    "subject",
    "reverses",
)


def beancount(*, db: Connection, since: date | None = None, until: date | None = None) -> Iterator[str]:
    """Lines of a beancount file of all that is booked from `since` to `until`, both included; by default everything.

    Give it a connection of `steady`, so that openings, transactions and balances are of one instant. Raises PeriodBackwards.
    """
    yield from ('option "title" "Xinqiao ledger"\n', 'option "operating_currency" "CNY"\n', "\n")
    period = _period(db, since, until)
    if period is None:
        return
    first, last = period
    before = first - ONE_DAY
    currencies = set()
    for one in store.moved(db, first, last):
        currency = one.account.currency
        if currency not in currencies:
            currencies.add(currency)
            yield f"{before} open Equity:Opening-Balances:{currency} {currency}\n"
        yield f"{before} open {_name(one.account)} {currency}\n"
        if one.opening:
            opening, counter = Money(one.opening, currency), f"Equity:Opening-Balances:{currency}"
            yield f'{before} * "opening balance"\n  {_name(one.account)}  {opening} {currency}\n  {counter}  {-opening} {currency}\n'
    for day in _days(first, last):
        yield from (_transaction(posting, reverses) for posting, reverses in store.day(db, day))
    for one in store.moved(db, first, last):
        closing = Money(one.opening + one.moved, one.account.currency)
        yield f"{last + ONE_DAY} balance {_name(one.account)}  {closing} ~ 0 {one.account.currency}\n"


def as_csv(*, db: Connection, since: date | None = None, until: date | None = None) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180, UTF-8) with a header, one transfer a line, amounts as decimals. Raises PeriodBackwards."""
    yield _csv(COLUMNS)
    period = _period(db, since, until)
    if period is not None:
        for day in _days(*period):
            yield from (_csv(_row(posting, reverses)) for posting, reverses in store.day(db, day))


def _period(db: Connection, since: date | None, until: date | None) -> tuple[date, date] | None:
    """Where a bound is given it stands; where it is not, the books' first or last day."""
    if since is not None and until is not None and until < since:
        raise PeriodBackwards(since, until, field="until")
    found = store.span(db, since, until)
    if found is None:
        return None if since is None or until is None else (since, until)
    return since or found[0], until or found[1]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _name(account: Account) -> str:
    """Such as `Assets:Principal:0199…:CNY`; a component begins with a capital or a digit."""
    kind = "-".join(part.capitalize() for part in account.kind.split("_"))
    owner = [] if account.owner == NOBODY else [str(account.owner).upper()]
    return ":".join([chart()[account.kind].group.capitalize(), kind, *owner, account.currency])


def _transaction(one: Posting, reverses: UUID | None) -> str:
    told = {"transfer": one.id, "recorded": plain(one.at), "subject": one.subject if one.subject != NOBODY else None, "reverses": reverses}
    facts = "".join(f'  {name}: "{value}"\n' for name, value in told.items() if value is not None)
    currency = one.amount.currency
    return (
        f'{one.booked_on} * "{_quoted(one.what)}" ^entry-{one.cursor.entry}\n{facts}'
        f"  {_name(one.debit)}  {one.amount} {currency}\n  {_name(one.credit)}  {-one.amount} {currency}\n"
    )


def _quoted(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())


def _row(one: Posting, reverses: UUID | None) -> tuple[object, ...]:
    subject = one.subject if one.subject != NOBODY else ""
    sides = (one.debit.kind, one.debit.owner, one.credit.kind, one.credit.owner)
    place = (one.cursor.entry, one.cursor.line, one.id, one.what)
    return (one.booked_on, plain(one.at), *place, *sides, one.amount, one.amount.currency, subject, reverses or "")


def _csv(row: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(row)
    return out.getvalue()
