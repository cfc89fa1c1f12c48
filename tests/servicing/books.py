"""What the ledger's tests share: accounts, transfers, and a database whose days can be closed for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock, Money
from xinqiao.servicing import ledger as l

FUNDER, LOAN = uuid4(), uuid4()
CLEARING, SUSPENSE = l.Account(l.Kind.CLEARING), l.Account(l.Kind.SUSPENSE)
OWED, LENT = l.Account(l.Kind.FUNDER, FUNDER), l.Account(l.Kind.PRINCIPAL, LOAN)
ALL = [CLEARING, OWED, LENT, SUSPENSE]


def move(key: str, debit: l.Account, credit: l.Account, minor: int, person: UUID = l.NOBODY) -> l.Transfer:
    return l.Transfer(key, "test", debit, credit, Money(minor, debit.currency), LOAN, person)


def put(key: str, debit: l.Account, credit: l.Account, fen: int, **given) -> l.Hold:
    return l.Hold(key, "test", debit, credit, CNY(fen), **given)


def net(db: Connection, account: l.Account) -> int:
    return l.balances(db=db, accounts=[account])[account].net.minor


def noon(on: date) -> FixedClock:
    return FixedClock(datetime(on.year, on.month, on.day, 12, tzinfo=ZoneInfo("Asia/Shanghai")))


def fresh() -> str:
    """A tenant of its own: closed days stay closed."""
    return f"ledger-{uuid4()}"


@contextmanager
def opened(database: Database, tenant: str, accounts: list[l.Account] | None = None) -> Iterator[Connection]:
    with database.begin(tenant=tenant) as db:
        l.open_accounts(db=db, accounts=accounts or ALL)
        yield db


def sound(database: Database, tenant: str) -> l.Verified:
    with l.steady(database, tenant) as db:
        found = l.verify(db=db)
    assert found.is_sound, found.problems
    return found
