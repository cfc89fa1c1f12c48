"""Roll rates and cure rates: the sums by hand, by arrays, and by the database."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock
from xinqiao.servicing import book, repay, view
from xinqiao.servicing import delinquency as d
from xinqiao.servicing.delinquency.rolls import from_cells, states_of

from .lending import lent

STATES = states_of()
LOANS = st.lists(
    st.tuples(st.integers(0, len(STATES) - 1), st.integers(0, len(STATES) - 1), st.integers(0, 10**12)), min_size=1, max_size=200
)


def test_the_states_are_current_the_buckets_written_off_and_closed() -> None:
    assert STATES == ("current", "M1", "M2", "M3", "M4", "M5", "M6", "M7+", "charged_off", "closed")


def test_rates_are_shares_of_what_stood_in_the_bucket() -> None:
    found = from_cells(
        [("M1", "current", 6, 500), ("M1", "M2", 2, 300), ("M1", "M1", 1, 100), ("M1", "closed", 1, 100), ("M2", "charged_off", 1, 7)]
    )
    assert found.rate("M1", "M2", d.Weight.LOANS) == Decimal("0.2")
    assert found.rate("M1", "M2") == Decimal("0.3")
    assert found.cure_rate("M1", d.Weight.LOANS) == Decimal("0.7")
    assert found.cure_rate("M1") == Decimal("0.6")
    assert found.worsened("M1") == Decimal("0.3")
    assert found.worsened("M2") == Decimal(1)
    assert found.rate("M3", "M4") is None


@given(LOANS)
def test_arrays_sum_as_a_loop_does_and_shares_make_a_whole(loans: list[tuple[int, int, int]]) -> None:
    before, after, balance = (np.array(column) for column in zip(*loans, strict=True))
    found = d.matrix(before, after, balance)
    by_hand = from_cells((STATES[a], STATES[b], 1, money) for a, b, money in loans)
    assert (found.loans == by_hand.loans).all()
    assert (found.balance == by_hand.balance).all()
    assert found.loans.sum() == len(loans)
    for state in {STATES[a] for a, _, _ in loans}:
        shares = [found.rate(state, end, d.Weight.LOANS) for end in STATES]
        assert abs(sum(share for share in shares if share is not None) - 1) < Decimal("0.00001")


def moved_book(db: Connection, clock: FixedClock) -> tuple[date, date]:
    """Four loans: one pays on, one pays up after being late, one rolls, one is settled."""
    paying, curing, rolling, leaving = (lent(db, clock) for _ in range(4))
    clock.advance(timedelta(days=36))
    repay(db=db, clock=clock, loan_id=paying.id, amount=view(db=db, clock=clock, loan_id=paying.id).owed.now, key="p1")
    book.age_all(db=db, clock=clock)
    assert d.take_snapshot(db=db, clock=clock) == 4
    start = clock.today()
    clock.advance(timedelta(days=20))
    repay(db=db, clock=clock, loan_id=curing.id, amount=view(db=db, clock=clock, loan_id=curing.id).owed.now, key="c1")
    repay(db=db, clock=clock, loan_id=leaving.id, amount=view(db=db, clock=clock, loan_id=leaving.id).owed.payoff, key="l1")
    clock.advance(timedelta(days=7))
    repay(db=db, clock=clock, loan_id=paying.id, amount=view(db=db, clock=clock, loan_id=paying.id).owed.now or CNY(1), key="p2")
    repay(db=db, clock=clock, loan_id=curing.id, amount=view(db=db, clock=clock, loan_id=curing.id).owed.now or CNY(1), key="c2")
    book.age_all(db=db, clock=clock)
    d.take_snapshot(db=db, clock=clock)
    assert d.standing(db=db, loans=[rolling.id])[rolling.id] == "M2"
    return start, clock.today()


def test_the_books_rolls_between_two_kept_days(db: Connection, clock: FixedClock) -> None:
    start, end = moved_book(db, clock)
    assert d.snapshot_days(db=db) == [start, end]
    found = d.roll_rates(db=db, start=start, end=end)
    assert found.loans.sum() == 4
    assert found.moved("current", "current", d.Weight.LOANS) == 1
    assert found.cure_rate("M1", d.Weight.LOANS) == Decimal("0.666667")
    assert found.rate("M1", "M2") == found.rate("M1", "closed") == Decimal("0.333333")
    assert found.moved("M1", "M2") == CNY(1_000_000).minor


def test_the_same_counts_come_from_the_moves(db: Connection, clock: FixedClock) -> None:
    start, end = moved_book(db, clock)
    assert (d.roll_rates_by_moves(db=db, start=start, end=end).loans == d.roll_rates(db=db, start=start, end=end).loans).all()


def test_a_day_is_kept_once(db: Connection, clock: FixedClock) -> None:
    lent(db, clock)
    assert d.take_snapshot(db=db, clock=clock) == 1
    assert d.take_snapshot(db=db, clock=clock) == 0


def test_a_written_off_loan_is_no_longer_in_a_bucket(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=100))
    book.age_all(db=db, clock=clock)
    d.take_snapshot(db=db, clock=clock)
    start = clock.today()
    clock.advance(timedelta(days=1))
    d.mark(db=db, clock=clock, loan_id=loan.id, person_id=loan.person_id, flag=d.Flag.CHARGED_OFF, days_past_due=70)
    d.take_snapshot(db=db, clock=clock)
    assert d.roll_rates(db=db, start=start, end=clock.today()).moved("M3", "charged_off", d.Weight.LOANS) == 1


def test_a_day_that_was_not_kept_is_refused_with_those_that_were(db: Connection, clock: FixedClock) -> None:
    d.take_snapshot(db=db, clock=clock)
    lent(db, clock)
    d.take_snapshot(db=db, clock=clock)
    with pytest.raises(d.SnapshotMissing, match="2026-03-02"):
        d.roll_rates(db=db, start=clock.today(), end=clock.today() + timedelta(days=30))
