"""Any sequence of posts, holds, settlements, releases, reversals and closes keeps the books."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from xinqiao.kit import Database, FixedClock, Money, Refused
from xinqiao.servicing import ledger as l
from xinqiao.servicing.ledger.store import closing

CURRENCIES = ("JPY", "CNY", "KWD")
KINDS = (l.Kind.CLEARING, l.Kind.FUNDER, l.Kind.PRINCIPAL, l.Kind.ACCRUED, l.Kind.SUSPENSE)
OWNER = UUID(int=99)
DAY = timedelta(days=1)
BEFORE_ALL = date(2026, 1, 1)  # before any entry, however long a sequence waits

amounts, sides = st.integers(1, 400), st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)).filter(lambda pair: pair[0] != pair[1])
steps = st.one_of(
    st.tuples(st.just("post"), st.lists(st.tuples(sides, st.sampled_from(CURRENCIES), amounts), min_size=1, max_size=4), st.integers(0, 3)),
    st.tuples(st.just("hold"), sides, st.sampled_from(CURRENCIES), amounts),
    st.tuples(st.just("settle"), st.integers(0, 30), amounts, st.booleans()),
    st.tuples(st.just("release"), st.integers(0, 30)),
    st.tuples(st.just("reverse"), st.integers(0, 60)),
    st.tuples(st.just("close"), st.integers(1, 3)),
    st.tuples(st.just("snapshot")),
    st.tuples(st.just("wait"), st.integers(0, 40)),
)


def account(kind: l.Kind, currency: str) -> l.Account:
    return l.Account(kind, OWNER, currency)


@dataclass
class Told:
    """The oracle: what was accepted, kept in plain lists."""

    clock: FixedClock
    rows: list[tuple[datetime, date, l.Account, l.Account, int]] = field(default_factory=list)
    transfers: list[UUID] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    made: int = 0

    def key(self) -> str:
        self.made += 1
        return f"k{self.made}"

    def add(self, at: datetime, on: date, debit: l.Account, credit: l.Account, minor: int, one: UUID) -> None:
        self.rows.append((at, on, debit, credit, minor))
        self.transfers.append(one)

    def trial(self, keep) -> dict[tuple[l.Kind, str], tuple[int, int]]:
        found: dict[tuple[l.Kind, str], tuple[int, int]] = {}
        for at, on, debit, credit, minor in self.rows:
            if keep(at, on):
                for side, more in ((debit, (minor, 0)), (credit, (0, minor))):
                    had = found.get((side.kind, side.currency), (0, 0))
                    found[side.kind, side.currency] = (had[0] + more[0], had[1] + more[1])
        return found


def post(db: Connection, told: Told, rows: list, back: int) -> None:
    on = told.clock.today() - back * DAY
    made = [l.Transfer(told.key(), "x", account(d, c), account(k, c), Money(minor, c)) for (d, k), c, minor in rows]
    l.post(db=db, clock=told.clock, transfers=made, booked_on=on)
    for one in made:
        told.add(told.clock.now(), on, one.debit, one.credit, one.amount.minor, one.id)


def hold(db: Connection, told: Told, pair: tuple, currency: str, minor: int) -> None:
    key = told.key()
    l.hold(db=db, clock=told.clock, holds=[l.Hold(key, "x", *(account(k, currency) for k in pair), Money(minor, currency))])
    told.holds.append(key)


def settle(db: Connection, told: Told, which: int, minor: int, final: bool) -> None:
    if told.holds:
        held = l.get_hold(db=db, hold=told.holds[which % len(told.holds)])
        one = l.settle(db=db, clock=told.clock, hold=held.id, key=told.key(), amount=Money(minor, held.amount.currency), final=final)
        told.add(one.at, one.booked_on, one.debit, one.credit, one.amount.minor, one.id)


def release(db: Connection, told: Told, which: int) -> None:
    if told.holds:
        l.release(db=db, clock=told.clock, hold=told.holds[which % len(told.holds)])


def reverse(db: Connection, told: Told, which: int) -> None:
    if told.transfers:
        one = told.transfers[which % len(told.transfers)]
        for made in l.reverse(db=db, clock=told.clock, transfers=[one], key=told.key(), why="test"):
            told.add(made.at, made.booked_on, made.debit, made.credit, made.amount.minor, made.id)


def close(db: Connection, told: Told, back: int) -> None:
    l.close_through(db=db, clock=told.clock, on=told.clock.today() - back * DAY)


def snapshot(db: Connection, told: Told) -> None:
    l.snapshot(db=db, clock=told.clock)


def wait(db: Connection, told: Told, hours: int) -> None:
    told.clock.advance(timedelta(hours=hours))


VERBS = {one.__name__: one for one in (post, hold, settle, release, reverse, close, snapshot, wait)}


def numbers(found: dict[tuple[l.Kind, str], l.Balance]) -> dict[tuple[l.Kind, str], tuple[int, int]]:
    return {key: (one.debits.minor, one.credits.minor) for key, one in found.items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=10, max_size=40))
def test_the_books_hold_after_any_sequence(database: Database, sequence: list[tuple]) -> None:
    told = Told(FixedClock(datetime.fromisoformat("2026-03-02T10:00:00+08:00")))
    with pytest.MonkeyPatch.context() as patch, database.engine.connect() as db, db.begin() as transaction:
        patch.setattr(closing, "BUSY", 2)
        db.execute(text("SELECT set_config('xinqiao.tenant', 'ledger-invariants', true)"))
        l.open_accounts(db=db, accounts=[account(kind, currency) for kind in KINDS for currency in CURRENCIES])
        opening = [((l.Kind.CLEARING, l.Kind.SUSPENSE), c, 500) for c in CURRENCIES]
        post(db, told, opening, 3)
        for verb, *rest in sequence:
            try:
                with db.begin_nested():
                    VERBS[verb](db, told, *rest)
            except Refused:
                pass
        check(db, told)
        transaction.rollback()


def check(db: Connection, told: Told) -> None:
    now = numbers(l.trial_balance(db=db))
    assert now == told.trial(lambda at, on: True)
    for currency in CURRENCIES:
        assert sum(debits - credits for (_, c), (debits, credits) in now.items() if c == currency) == 0
    for at in {row[0] for row in told.rows}:
        assert numbers(l.trial_balance(db=db, until=at)) == told.trial(lambda mine, on, at=at: mine <= at)
    for day in {row[1] for row in told.rows}:
        assert numbers(l.trial_balance(db=db, on=day)) == told.trial(lambda at, mine, day=day: mine <= day)
    found = l.verify(db=db)
    assert found.problems == ()
    assert found.transfers == len(told.rows)
    accounts = [account(kind, currency) for kind in KINDS for currency in CURRENCIES]
    for one, balance in l.balances(db=db, accounts=accounts).items():
        posted = sum(minor * ((debit == one) - (credit == one)) for _, _, debit, credit, minor in told.rows)
        assert balance.net.minor == posted
        assert balance.available is None or balance.available.minor >= 0
        page = l.statement(db=db, account=one, since=BEFORE_ALL, until=told.clock.today(), limit=1000)
        assert page.opening.net.minor == 0
        assert page.closing.net.minor == posted == (page.lines[-1].balance.minor if page.lines else 0)
