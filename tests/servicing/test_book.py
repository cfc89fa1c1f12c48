from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock
from xinqiao.servicing import Party, book, delinquency, repay, view

from .lending import BANK, lent

OTHER = Party(uuid4(), "Other", "别家")


def test_balances_by_month_of_payout_bucket_and_funder(db: Connection, clock: FixedClock) -> None:
    first = lent(db, clock)
    repay(db=db, clock=clock, loan_id=first.id, amount=CNY(91_349), key="k")
    clock.advance(timedelta(days=33))
    lent(db, clock, funder=OTHER)
    assert [(line.key, line.loans, line.outstanding) for line in book.balances(db=db, by=book.By.VINTAGE)] == [
        ("2026-03", 1, CNY(1_000_000 - 78_849)),
        ("2026-04", 1, CNY(1_000_000)),
    ]
    assert {line.key for line in book.balances(db=db, by=book.By.FUNDER)} == {str(BANK.id), str(OTHER.id)}
    assert [line.loans for line in book.balances(db=db, by=book.By.VINTAGE, funder_id=OTHER.id)] == [1]
    clock.advance(timedelta(days=60))
    book.age_all(db=db, clock=clock)
    assert {line.key: line.loans for line in book.balances(db=db, by=book.By.BUCKET)} == {"M1": 1, "M2": 1}


def test_ageing_the_book_moves_each_loan_as_its_view_says(db: Connection, clock: FixedClock) -> None:
    loans = [lent(db, clock) for _ in range(4)]
    repay(db=db, clock=clock, loan_id=loans[0].id, amount=CNY(91_349), key="k")
    clock.advance(timedelta(days=50))
    assert book.age_all(db=db, clock=clock) == 3
    assert book.age_all(db=db, clock=clock) == 0
    standing = delinquency.standing(db=db, loans=[loan.id for loan in loans])
    assert standing == {loan.id: view(db=db, clock=clock, loan_id=loan.id).bucket for loan in loans[1:]}
    assert set(standing.values()) == {"M1"}
    assert view(db=db, clock=clock, loan_id=loans[0].id).bucket is None


def test_paying_takes_a_loan_out_of_its_bucket_at_once(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=40))
    book.age_all(db=db, clock=clock)
    repay(db=db, clock=clock, loan_id=loan.id, amount=view(db=db, clock=clock, loan_id=loan.id).owed.now, key="k")
    assert {line.key: line.loans for line in book.balances(db=db, by=book.By.BUCKET)} == {"current": 1}


def test_a_closed_loan_is_counted_as_closed(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(1_000_000), key="k")
    (line,) = book.balances(db=db, by=book.By.BUCKET)
    assert (line.key, line.principal, line.outstanding) == ("closed", CNY(1_000_000), CNY(0))


def test_a_vintage_curve_only_rises_and_counts_a_loan_from_the_month_it_was_late(db: Connection, clock: FixedClock) -> None:
    """Two loans of March; neither pays: both are 31 days late on 3 May. One of April, not late yet."""
    lent(db, clock)
    lent(db, clock)
    for _ in range(75):
        clock.advance(timedelta(days=1))
        book.age_all(db=db, clock=clock)
    lent(db, clock)
    curve = {(p.vintage.month, p.month_on_book): p.ever_late for p in book.vintage_curves(db=db, clock=clock)}
    assert curve == {(3, 0): 0, (3, 1): 0, (3, 2): Decimal(1), (5, 0): 0}
    early = {(p.vintage.month, p.month_on_book): p.ever_late for p in book.vintage_curves(db=db, clock=clock, late="M1")}
    assert early[(3, 1)] == 1
    assert early[(3, 0)] == 0


def test_an_empty_book_has_no_lines(db: Connection, clock: FixedClock) -> None:
    assert book.balances(db=db, by=book.By.FUNDER) == []
    assert book.vintage_curves(db=db, clock=clock) == []
    assert book.age_all(db=db, clock=clock) == 0
