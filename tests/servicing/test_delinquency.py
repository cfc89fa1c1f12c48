from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock, events, new_id
from xinqiao.servicing import delinquency as d

DUE = date(2026, 1, 31)


def owing(fen: int, loan: UUID | None = None) -> d.Owing:
    return d.Owing(loan or new_id(), new_id(), (d.Instalment(1, DUE, CNY(fen)),))


@pytest.mark.parametrize(("days", "bucket"), [(0, None), (1, "M1"), (30, "M1"), (31, "M2"), (180, "M6"), (181, "M7+"), (4000, "M7+")])
def test_month_buckets_at_their_edges(days: int, bucket: str | None) -> None:
    assert d.MONTHLY.of(days) == bucket


def test_due_today_is_not_late() -> None:
    assert d.days_past_due(owing(1).unpaid, on=DUE) == 0


@given(st.integers(1, 4000))
def test_a_paid_instalment_is_never_late(days: int) -> None:
    assert d.days_past_due(owing(0).unpaid, on=DUE + timedelta(days)) == 0


def test_ageing_twice_moves_once(db: Connection, clock: FixedClock) -> None:
    loan = owing(1)
    assert d.age(db=db, clock=clock, book=[loan, loan], on=DUE + timedelta(1)) == 1
    assert d.age(db=db, clock=clock, book=[loan], on=DUE + timedelta(1)) == 0
    assert [event.data["to"] for event in events.of(db, loan.loan_id)] == ["M1"]


def test_a_loan_moves_through_buckets_and_back(db: Connection, clock: FixedClock) -> None:
    late = owing(1)
    for days in (1, 31, 200):
        d.age(db=db, clock=clock, book=[late], on=DUE + timedelta(days))
    d.age(db=db, clock=clock, book=[d.Owing(late.loan_id, late.person_id, ())], on=DUE + timedelta(201))
    assert [event.data["to"] for event in events.of(db, late.loan_id)] == ["M1", "M2", "M7+", None]
    assert d.standing(db=db, loans=[late.loan_id]) == {late.loan_id: None}


def test_many_loans_are_aged_by_one_call(db: Connection, clock: FixedClock) -> None:
    book = [owing(1) for _ in range(3000)]
    assert d.age(db=db, clock=clock, book=book, on=DUE + timedelta(40)) == 3000
    assert set(d.standing(db=db, loans=[loan.loan_id for loan in book]).values()) == {"M2"}


def test_an_empty_book_moves_nothing(db: Connection, clock: FixedClock) -> None:
    assert d.age(db=db, clock=clock, book=[]) == 0


def test_buckets_out_of_order_are_refused_with_what_would_be_right() -> None:
    with pytest.raises(d.BucketsNotAscending, match="start later than the one before"):
        d.Buckets.parse("31:M2 1:M1")
