"""What a loan earns belongs to whom its payments go: each owner's accrual, day by day, in the real database."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from xinqiao.batch.shares import divided
from xinqiao.kit import CNY, Database, FixedClock, Money, new_id
from xinqiao.servicing import errors, ledger, loans, repay, view
from xinqiao.servicing.ledger import Account
from xinqiao.servicing.ledger import Kind as AccountKind
from xinqiao.servicing.lifecycle import Agreement
from xinqiao.servicing.lifecycle.errors import LifeRefused
from xinqiao.servicing.loans import Loan, Share, divide
from xinqiao.servicing.product.model import Kind, Late, Product, Tranches

from .test_end_of_day import ONE_DAY, close

FIRST, SECOND, THIRD, PLATFORM = (UUID(int=n) for n in (1, 77, 78, 0))
BY = loans.Author("operator:ann", "agreed")
LENDERS = (Share("funder", FIRST, Fraction(3, 10)), Share("funder", SECOND, Fraction(7, 10)))
PRODUCT = Product("joint", annual_rate=Decimal("0.18"), instalments=4, tranches=Tranches(most=1), late=Late(annual_rate=Decimal("0.27")))


def joint(db: Connection, clock: FixedClock, fen: int = 999_999, currency: str = "CNY", **earned: tuple[Share, ...]) -> Loan:
    """A loan 30 : 70; `interest` and `penalty` go the same way unless told."""
    fees = (Share("platform", PLATFORM, Fraction(1)),)
    shares = {Kind.PRINCIPAL: LENDERS, Kind.INTEREST: LENDERS, Kind.PENALTY: LENDERS, Kind.FEE: fees, Kind.PREMIUM: fees}
    shares |= {Kind(kind): those for kind, those in earned.items()}
    agreed = Agreement(product=replace(PRODUCT, currency=currency), principal=Money(fen, currency), applied_on=clock.today())
    ids = {"contract_id": new_id(), "application_id": new_id(), "person_id": uuid4(), "funder_id": FIRST}
    loan = loans.open_loan(db=db, clock=clock, agreed=agreed, shares=shares, **ids)
    return loans.pay_out_part(db=db, clock=clock, loan_id=loan.id, key="paid out", author=BY, amount=loan.principal).loan


def nets(db: Connection, kind: AccountKind, currency: str = "CNY") -> dict[UUID, int]:
    """What stands on each owner's account."""
    accounts = [Account(kind, owner, currency) for owner in (FIRST, SECOND, THIRD, PLATFORM)]
    return {account.owner: one.net.minor for account, one in ledger.balances(db=db, accounts=accounts).items()}


def received(db: Connection, of: Loan) -> dict[UUID, int]:
    """Interest and penalty interest that the loan's payments passed on, by owner."""
    found: Counter[UUID] = Counter()
    for one in ledger.journal(db=db, subject=of.id, person=of.person_id):
        what, _, way = one.what.partition(" ")
        if what in ("interest", "penalty") and way.startswith("to "):
            found[one.credit.owner] += one.amount.minor
        if what in ("interest", "penalty") and way.startswith("back from "):
            found[one.debit.owner] -= one.amount.minor
    return dict(found)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 10**15), max_size=6), st.lists(st.integers(1, 10**16), min_size=1, max_size=5))
def test_columns_divide_as_single_amounts_do(amounts: list[int], weights: list[int]) -> None:
    shares = [Share("funder", UUID(int=n), Fraction(weight, sum(weights))) for n, weight in enumerate(weights, 1)]
    parts = divided(np.array(amounts, np.int64), shares)
    assert [list(one) for one in zip(*(part.tolist() for part in parts), strict=True)] == [divide(amount, shares) for amount in amounts]


def test_each_lender_accrues_its_share_and_nothing_stays_once_all_is_paid(db: Connection, clock: FixedClock) -> None:
    """Interest 30 : 70, penalty interest in thirds with the platform; paid late once, then to the end."""
    thirds = tuple(Share(to, owner, Fraction(1, 3)) for to, owner in (("platform", PLATFORM), ("funder", FIRST), ("funder", SECOND)))
    loan = joint(db, clock, penalty=thirds)
    clock.advance(timedelta(days=40))
    close(db, clock)
    row = db.exec_driver_sql("SELECT interest, penalty FROM loan_accrual").one()
    assert row.interest > 0 < row.penalty
    interest, penalty = divide(row.interest, LENDERS), divide(row.penalty, thirds)
    assert nets(db, AccountKind.ACCRUED) == {
        FIRST: interest[0] + penalty[1],
        SECOND: interest[1] + penalty[2],
        PLATFORM: penalty[0],
    }
    for key in ("half", "all"):
        seen = view(db=db, clock=clock, loan_id=loan.id)
        fen = seen.owed.now.minor // 2 if key == "half" else seen.owed.payoff.minor
        repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(fen), key=key)
        clock.advance(ONE_DAY)
        close(db, clock)
    assert set(nets(db, AccountKind.ACCRUED).values()) == {0}
    assert nets(db, AccountKind.COLLECTED) == received(db, loan) == {owner: -net for owner, net in nets(db, AccountKind.INCOME).items()}


def test_the_accruals_of_all_sellers_go_to_the_buyer(db: Connection, clock: FixedClock) -> None:
    loan = joint(db, clock)
    clock.advance(timedelta(days=20))
    close(db, clock)
    earned = nets(db, AccountKind.ACCRUED)
    loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=THIRD, key="sold", author=BY)
    clock.advance(ONE_DAY)
    done = close(db, clock)
    assert nets(db, AccountKind.ACCRUED) == {FIRST: 0, SECOND: 0, THIRD: sum(earned.values()) + done.earned["CNY"]}
    assert nets(db, AccountKind.INCOME) == {FIRST: -earned[FIRST], SECOND: -earned[SECOND], THIRD: -done.earned["CNY"]}


def test_what_its_leader_alone_had_accrued_is_divided_at_the_next_close(db: Connection, clock: FixedClock) -> None:
    """As in a book that was closed before accruals were divided."""
    whole = (Share("funder", FIRST, Fraction(1)),)
    loan = joint(db, clock, interest=whole, penalty=whole)
    clock.advance(timedelta(days=20))
    close(db, clock)
    told = loans.write_splits({**loan.splits, Kind.INTEREST: LENDERS, Kind.PENALTY: LENDERS})
    db.execute(text("UPDATE loan SET splits = :splits WHERE id = :loan"), {"splits": json.dumps(told), "loan": loan.id})
    clock.advance(ONE_DAY)
    close(db, clock)
    row = db.exec_driver_sql("SELECT interest FROM loan_accrual ORDER BY day DESC LIMIT 1").one()
    assert nets(db, AccountKind.ACCRUED) == dict(zip((FIRST, SECOND), divide(row.interest, LENDERS), strict=True))


@pytest.mark.parametrize("currency", ["JPY", "CNY", "KWD"])
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_each_owner_accrued_came_in_is_written_off_or_stands(database: Database, currency: str, data: st.DataObject) -> None:
    """Any shares, amounts and order of payments, late ones, reversals and closes; a loan written off is closed the day before."""
    clock = FixedClock(datetime(2028, 1, 31, 4, 0, tzinfo=UTC))
    with database.engine.connect() as db, db.begin() as transaction:
        db.exec_driver_sql("SELECT set_config('xinqiao.tenant', 'any-shares', true)")
        books = [
            joint(db, clock, data.draw(st.integers(1_000, 9_000_000)), currency, interest=_any_shares(data), penalty=_any_shares(data))
            for _ in range(data.draw(st.integers(1, 2)))
        ]
        for number in range(data.draw(st.integers(1, 5))):
            _step(data, db, clock, data.draw(st.sampled_from(books)), f"k{number}")
            _next_close(db, clock, data.draw(st.integers(1, 40)))
            _adds_up(db, books, currency)
        for loan in books:
            _end(db, clock, loan)
        _next_close(db, clock, 1)
        _adds_up(db, books, currency)
        assert set(nets(db, AccountKind.ACCRUED, currency).values()) <= {0}
        transaction.rollback()


def _any_shares(data: st.DataObject) -> tuple[Share, ...]:
    owners = data.draw(st.sampled_from([(FIRST,), (SECOND,), (FIRST, SECOND), (PLATFORM, SECOND, FIRST), (THIRD, FIRST, SECOND)]))
    weights = [data.draw(st.integers(1, 9)) for _ in owners]
    to = {PLATFORM: "platform"}
    return tuple(Share(to.get(one, "funder"), one, Fraction(n, sum(weights))) for one, n in zip(owners, weights, strict=True))


def _step(data: st.DataObject, db: Connection, clock: FixedClock, loan: Loan, key: str) -> None:
    amount = Money(data.draw(st.integers(1, loan.principal.minor)), loan.principal.currency)
    happened = [one.event.id for one in loans.history(db=db, loan_id=loan.id)][2:]
    same = {"db": db, "clock": clock, "loan_id": loan.id, "key": key}
    moves = {
        "nothing": lambda: None,
        "pay": lambda: loans.receive(**same, amount=amount, on=clock.today()),
        "settle": lambda: repay(**same, amount=view(db=db, clock=clock, loan_id=loan.id).owed.payoff),
        "undo": lambda: loans.reverse(**same, author=BY, of=data.draw(st.sampled_from(happened))) if happened else None,
        "write off": lambda: loans.write_off(**same, author=BY),
    }
    _try(db, moves[data.draw(st.sampled_from(sorted(moves)))])


def _try(db: Connection, move: Callable[[], object]) -> None:
    with db.begin_nested() as point:
        try:
            move()
        except (LifeRefused, errors.LoanClosed, errors.AmountNotAccepted):
            point.rollback()


def _next_close(db: Connection, clock: FixedClock, days: int) -> None:
    clock.advance(timedelta(days=days))
    close(db, clock)


def _adds_up(db: Connection, books: list[Loan], currency: str) -> None:
    came_in: Counter[UUID] = Counter()
    for loan in books:
        came_in.update(received(db, loan))
    earned, collected, accrued = (nets(db, kind, currency) for kind in (AccountKind.INCOME, AccountKind.COLLECTED, AccountKind.ACCRUED))
    for owner in (FIRST, SECOND, THIRD, PLATFORM):
        assert collected.get(owner, 0) == came_in[owner]
        assert -earned.get(owner, 0) == came_in[owner] + accrued.get(owner, 0)
    totals: Counter[str] = Counter()
    for (_, of), one in ledger.trial_balance(db=db).items():
        totals[of] += one.net.minor
    assert set(totals.values()) == {0}


def _end(db: Connection, clock: FixedClock, loan: Loan) -> None:
    """All that is still owed is paid."""
    seen = view(db=db, clock=clock, loan_id=loan.id)
    _try(db, lambda: repay(db=db, clock=clock, loan_id=loan.id, amount=seen.owed.payoff, key="the end"))
