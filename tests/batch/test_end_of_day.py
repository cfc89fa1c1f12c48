"""Closing days over real loans, in the real database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from xinqiao.batch import Closed, LaterDayClosed, accruals, end_of_day, reminders
from xinqiao.kit import CNY, Database, FixedClock
from xinqiao.servicing import Party, book, delinquency, ledger, repay, view
from xinqiao.servicing.errors import DayNotOver
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.loans import Author, Loan, reverse, transfer, write_off

from ..servicing.lending import BANK, TERMS, lent

ONE_DAY = timedelta(days=1)
LAST = """
SELECT interest, penalty, collected FROM (SELECT DISTINCT ON (loan_id) * FROM loan_accrual ORDER BY loan_id, day DESC) last ORDER BY 1, 2, 3
"""


@contextmanager
def given(db: Connection) -> Iterator[Connection]:
    yield db


def close(db: Connection, clock: FixedClock, on: date | None = None, **options: int) -> Closed:
    """Close yesterday, or `on`, within the test's own transaction."""
    return end_of_day(begin=lambda: given(db), clock=clock, on=on or clock.today() - ONE_DAY, workers=1, **options)


def book_of(db: Connection, clock: FixedClock, start: date) -> list[Loan]:
    """Six loans of two funders, one paying on time, one ahead, one in part, three not at all; the clock ends some four months on."""
    other = Party(uuid4(), "Other", "别家")
    loans = [lent(db, clock, replace(TERMS, principal=CNY(300_000 + 70_001 * i)), funder=other if i % 2 else BANK) for i in range(6)]
    while clock.today() < start + timedelta(days=110):
        clock.advance(ONE_DAY)
        for number, loan in enumerate(loans[:3]):
            seen = view(db=db, clock=clock, loan_id=loan.id)
            key = clock.today().isoformat()
            if number == 0 and seen.owed.next_due == clock.today():
                repay(db=db, clock=clock, loan_id=loan.id, amount=seen.owed.now, key=key)
            if number == 1 and clock.today() == start + timedelta(days=20):
                repay(db=db, clock=clock, loan_id=loan.id, amount=seen.owed.next_amount, key=key)
            if number == 2 and clock.today() == start + timedelta(days=70):
                repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(30_000), key=key)
    return loans


def rows(db: Connection, on: date) -> dict[UUID, object]:
    return {row.loan_id: row for row in db.execute(text("SELECT * FROM loan_accrual WHERE day = :day"), {"day": on})}


def net(db: Connection, kind: Kind, funder: UUID) -> int:
    found = ledger.balances(db=db, accounts=[Account(kind, funder)])
    return sum(one.net.minor for one in found.values())


def test_the_close_finds_what_each_loan_s_own_view_says(db: Connection, clock: FixedClock) -> None:
    start = clock.today()
    loans = book_of(db, clock, start)
    on = clock.today() - ONE_DAY
    done = close(db, clock)
    assert done.loans == 6
    found = rows(db, on)
    for loan in loans:
        seen, row = view(db=db, clock=clock, loan_id=loan.id, on=on), found[loan.id]
        assert row.days_past_due == seen.days_past_due
        assert row.overdue == seen.owed.overdue.minor
        assert row.outstanding == seen.loan.outstanding.minor
        assert (row.next_due, row.next_amount) == (seen.owed.next_due, seen.owed.next_amount.minor)
    standing = delinquency.standing(db=db, loans=[loan.id for loan in loans])
    assert standing == {loan.id: view(db=db, clock=clock, loan_id=loan.id, on=on).bucket for loan in loans if loan.id in standing}
    assert set(standing.values()) >= {"M3"}


def test_days_closed_one_by_one_post_what_the_last_one_alone_would(database: Database, clock: FixedClock) -> None:
    """Two tenants with the same book: one is closed daily, the other once, at the end; their ledgers and their loans stand alike."""

    def live(daily: bool) -> tuple[dict, list, int]:
        tenant, own, ids = f"t{uuid4().hex}", FixedClock(clock.now()), iter(range(10**6))
        begin = lambda: database.begin(tenant)  # noqa: E731 - a transaction, as a house gives it
        with begin() as db:
            loans = [lent(db, own, replace(TERMS, principal=CNY(300_001 + 70_000 * i)), funder=BANK) for i in range(3)]
        first = own.today()
        while own.today() < first + timedelta(days=50):
            own.advance(ONE_DAY)
            if daily:
                end_of_day(begin=begin, clock=own, on=own.today() - ONE_DAY, workers=1)
            with begin() as db:
                seen = view(db=db, clock=own, loan_id=loans[0].id)
                if own.today() == first + timedelta(days=40):
                    repay(db=db, clock=own, loan_id=loans[0].id, amount=seen.owed.payoff, key=str(next(ids)))
                if own.today() == first + timedelta(days=44):
                    repay(db=db, clock=own, loan_id=loans[1].id, amount=CNY(20_000), key="part")
        end_of_day(begin=begin, clock=own, on=own.today() - ONE_DAY, workers=1)
        with begin() as db:
            kinds = {kind: net(db, kind, BANK.id) for kind in (Kind.ACCRUED, Kind.INCOME, Kind.COLLECTED)}
            totals = db.execute(text(LAST))
            days = db.execute(text("SELECT count(*) FROM book_close")).scalar_one()
            return kinds, [tuple(row) for row in totals], days

    (by_day, totals, days), (at_once, same, one) = live(True), live(False)
    assert by_day == at_once
    assert totals == same
    assert (days, one) == (50, 1)
    assert sum(by_day.values()) == 0
    assert by_day[Kind.INCOME] < 0 < by_day[Kind.COLLECTED]


def test_what_is_earned_is_owed_or_came_in(db: Connection, clock: FixedClock) -> None:
    book_of(db, clock, clock.today())
    done = close(db, clock)
    for kind, sign in ((Kind.INCOME, -1), (Kind.COLLECTED, 1)):
        told = done.earned if kind is Kind.INCOME else done.collected
        of_all = ledger.trial_balance(db=db)[kind, "CNY"].net.minor
        assert of_all * sign == told["CNY"]
    assert ledger.trial_balance(db=db)[Kind.ACCRUED, "CNY"].net.minor == done.earned["CNY"] - done.collected["CNY"]
    assert sum(one.net.minor for one in ledger.trial_balance(db=db).values()) == 0
    found = rows(db, clock.today() - ONE_DAY).values()
    assert done.earned["CNY"] == sum(row.interest + row.penalty for row in found)
    assert done.collected["CNY"] == sum(row.collected for row in found)


def test_a_day_closes_once(db: Connection, clock: FixedClock) -> None:
    book_of(db, clock, clock.today())
    first = close(db, clock)
    before = ledger.trial_balance(db=db)
    again = close(db, clock)
    assert again == replace(first, again=True)
    assert ledger.trial_balance(db=db) == before
    assert db.execute(text("SELECT count(*) FROM loan_accrual")).scalar_one() == 6
    assert ledger.closes(db=db, limit=1)[0].on == clock.today() - ONE_DAY


def test_days_are_closed_in_order_and_when_they_are_over(db: Connection, clock: FixedClock) -> None:
    lent(db, clock)
    clock.advance(timedelta(days=3))
    with pytest.raises(DayNotOver):
        close(db, clock, clock.today())
    close(db, clock)
    with pytest.raises(LaterDayClosed):
        close(db, clock, clock.today() - timedelta(days=2))


def test_a_run_that_dies_goes_on_where_it_stopped(db: Connection, clock: FixedClock, database: Database) -> None:
    tenant = f"t{uuid4().hex}"
    begin = lambda: database.begin(tenant)  # noqa: E731
    with begin() as own:
        for i in range(9):
            lent(own, clock, replace(TERMS, principal=CNY(200_000 + i)))
    clock.advance(timedelta(days=40))
    on = clock.today() - ONE_DAY

    def die(done: int, pages: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        end_of_day(begin=begin, clock=clock, on=on, workers=1, size=2, progress=die)
    with begin() as own:
        half = len(rows(own, on))
    assert 0 < half < 9
    heard: list[int] = []
    done = end_of_day(begin=begin, clock=clock, on=on, workers=2, size=2, progress=lambda page, pages: heard.append(page))
    assert heard[0] == 2
    with begin() as own:
        found = rows(own, on)
        assert (done.loans, len(found)) == (9, 9)
        assert done.earned["CNY"] == sum(row.interest + row.penalty for row in found.values())
        assert -ledger.trial_balance(db=own)[Kind.INCOME, "CNY"].net.minor == done.earned["CNY"]


KILLED = """
import os, sys
from datetime import date
from xinqiao.batch import end_of_day
from xinqiao.kit import Database, SystemClock
database = Database(sys.argv[1])
def told(done, pages):
    print(done, flush=True)
    if done == 2:
        os.kill(os.getpid(), 9)
end_of_day(begin=lambda: database.begin(sys.argv[2]), clock=SystemClock(), on=date.fromisoformat(sys.argv[3]), workers=1, size=2, progress=told)
"""


def test_a_process_killed_outright_leaves_a_day_that_the_next_one_finishes(database: Database, clock: FixedClock) -> None:
    tenant, url = f"t{uuid4().hex}", database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    begin = lambda: database.begin(tenant)  # noqa: E731
    with begin() as db:
        for i in range(7):
            lent(db, clock, replace(TERMS, principal=CNY(250_000 + i)))
    clock.advance(timedelta(days=60))
    on = clock.today() - ONE_DAY
    ran = subprocess.run([sys.executable, "-c", KILLED, url, tenant, on.isoformat()], env=os.environ, capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    later = clock.today()
    clock.advance(ONE_DAY)
    done = end_of_day(begin=begin, clock=clock, on=later, workers=1, size=2)
    with begin() as db:
        assert len(rows(db, on)) == len(rows(db, later)) == 7
        earned = sum(row.interest + row.penalty for row in rows(db, later).values())
        assert -ledger.trial_balance(db=db)[Kind.INCOME, "CNY"].net.minor == earned
    assert not done.again


def test_a_loan_opened_again_goes_on_from_what_it_had_earned(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=33))
    close(db, clock)
    earned = rows(db, clock.today() - ONE_DAY)[loan.id].interest
    db.execute(text("UPDATE loan SET closed_on = :day WHERE id = :loan"), {"day": clock.today(), "loan": loan.id})
    for _ in range(4):
        clock.advance(ONE_DAY)
        close(db, clock)
    assert loan.id not in rows(db, clock.today() - ONE_DAY)
    db.execute(text("UPDATE loan SET closed_on = NULL WHERE id = :loan"), {"loan": loan.id})
    clock.advance(ONE_DAY)
    done = close(db, clock)
    row = rows(db, clock.today() - ONE_DAY)[loan.id]
    assert -ledger.trial_balance(db=db)[Kind.INCOME, "CNY"].net.minor == row.interest + row.penalty >= earned
    assert done.loans == 1
    assert {line.key: line.loans for line in book.lines(db=db, by=book.By.BUCKET)} == {"M1": 1}


def test_reminders_name_who_is_late_and_who_pays_soon(db: Connection, clock: FixedClock) -> None:
    late = lent(db, clock)
    clock.advance(timedelta(days=8))
    soon = lent(db, clock)
    clock.advance(timedelta(days=20))
    lent(db, clock)
    clock.advance(timedelta(days=8))
    close(db, clock)
    due = view(db=db, clock=clock, loan_id=soon.id).owed.next_due
    assert due is not None
    named = reminders(db=db, on=due - timedelta(days=3))
    assert [one.loan_id for one in named if one.days_past_due] == [late.id]
    assert {one.loan_id for one in named} == {late.id, soon.id}
    assert [one.loan_id for one in reminders(db=db, on=due - timedelta(days=3), after=named[0])] == [named[1].loan_id]


def test_a_loan_s_accruals_are_listed_by_day(db: Connection, clock: FixedClock) -> None:
    """¥10,000.00 at 12 % over twelve months: ¥100.00 of interest in the first of 31 days."""
    loan = lent(db, clock)
    for _ in range(3):
        clock.advance(ONE_DAY)
        close(db, clock)
    days = accruals(db=db, person_id=loan.person_id, loan_id=loan.id)
    assert [(one.day.day, one.interest) for one in days] == [(4, 645), (3, 323), (2, 0)]
    assert Decimal(645) == round(Decimal(10_000) * 2 / 31)


def test_what_was_earned_goes_with_the_claim_to_its_buyer(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=20))
    close(db, clock)
    earned = net(db, Kind.ACCRUED, BANK.id)
    buyer = uuid4()
    transfer(db=db, clock=clock, loan_ids=[loan.id], to=buyer, key="sold", author=Author("officer", "the bank sells"))
    clock.advance(ONE_DAY)
    done = close(db, clock)
    assert earned > 0
    assert net(db, Kind.ACCRUED, BANK.id) == 0
    assert net(db, Kind.ACCRUED, buyer) == earned + done.earned["CNY"]
    assert net(db, Kind.INCOME, BANK.id) == -earned


def test_a_buyer_loses_what_was_earned_before_it_bought(db: Connection, clock: FixedClock) -> None:
    """It has earned less than is taken back: the day closes all the same."""
    loan, buyer, by = lent(db, clock), uuid4(), Author("officer", "the bank sells")
    clock.advance(timedelta(days=40))
    close(db, clock)
    earned = net(db, Kind.ACCRUED, BANK.id)
    transfer(db=db, clock=clock, loan_ids=[loan.id], to=buyer, key="sold", author=by)
    write_off(db=db, clock=clock, loan_id=loan.id, key="lost", author=by)
    clock.advance(ONE_DAY)
    close(db, clock)
    assert net(db, Kind.ACCRUED, BANK.id) == net(db, Kind.ACCRUED, buyer) == 0
    assert net(db, Kind.INCOME, buyer) == earned == -net(db, Kind.INCOME, BANK.id) > 0


def test_a_buyer_gives_back_what_was_collected_before_it_bought(db: Connection, clock: FixedClock) -> None:
    loan, buyer, by = lent(db, clock), uuid4(), Author("officer", "the bank sells")
    clock.advance(timedelta(days=40))
    repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(80_000), key="paid")
    clock.advance(ONE_DAY)
    close(db, clock)
    collected = net(db, Kind.COLLECTED, BANK.id)
    transfer(db=db, clock=clock, loan_ids=[loan.id], to=buyer, key="sold", author=by)
    reverse(db=db, clock=clock, loan_id=loan.id, of="paid", key="bounced", author=by)
    clock.advance(ONE_DAY)
    close(db, clock)
    assert net(db, Kind.COLLECTED, buyer) == -collected < 0


def test_a_loan_written_off_is_told_apart_from_one_repaid(db: Connection, clock: FixedClock) -> None:
    """Late by the end of April, written off in May, kept apart at every close after it."""
    gone, paid, kept = (lent(db, clock) for _ in range(3))
    while clock.today() < date(2026, 5, 1):
        clock.advance(ONE_DAY)
    close(db, clock)
    clock.advance(ONE_DAY)
    write_off(db=db, clock=clock, loan_id=gone.id, key="lost", author=Author("officer", "nothing to be had"))
    repay(db=db, clock=clock, loan_id=paid.id, amount=view(db=db, clock=clock, loan_id=paid.id).owed.payoff, key="all")
    for _ in range(3):
        clock.advance(ONE_DAY)
        close(db, clock)
    assert {one.key: one.loans for one in book.lines(db=db, by=book.By.BUCKET)} == {"M2": 1, "charged_off": 1, "closed": 1}
    assert {one.key: one.loans for one in book.balances(db=db, by=book.By.BUCKET)} == {"M2": 1, "charged_off": 1, "closed": 1}
    rolled = book.roll_rates(db=db)
    assert [rolled.moved("M1", end, "loans") for end in ("M2", "charged_off", "closed")] == [1, 1, 1]
    found, last = rows(db, clock.today() - ONE_DAY)[kept.id], rows(db, date(2026, 5, 2))
    assert (last[gone.id].interest, last[gone.id].penalty, last[gone.id].collected) == (0, 0, 0)
    assert net(db, Kind.ACCRUED, BANK.id) == found.interest + found.penalty
