"""The figures of a closed day against the loans themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.batch import end_of_day
from xinqiao.kit import CNY, FixedClock
from xinqiao.servicing import Party, book, repay, view
from xinqiao.servicing.book import ILLUSTRATION, Assumptions, By, Per
from xinqiao.servicing.book.forecast import Flow, expected, forecast

from .lending import BANK, TERMS, lent

OTHER = Party(UUID(int=99), "Other", "别家")
DAY = date(2026, 3, 10)


def close(db: Connection, clock: FixedClock) -> None:
    @contextmanager
    def given_db() -> Iterator[Connection]:
        yield db

    end_of_day(begin=given_db, clock=clock, on=clock.today() - timedelta(days=1), workers=1)


@pytest.fixture
def months(db: Connection, clock: FixedClock) -> FixedClock:
    """March to June: one loan repaid, one paying, one late from May on, one of May; closed every tenth day and after each month's last."""
    loans = [lent(db, clock, replace(TERMS, principal=CNY(1_000_000 + i)), funder=OTHER if i == 1 else BANK) for i in range(3)]
    for _ in range(100):
        clock.advance(timedelta(days=1))
        today = clock.today()
        for loan in (loans[1], loans[2] if today < date(2026, 4, 20) else loans[1]):
            due = view(db=db, clock=clock, loan_id=loan.id).owed
            if due.next_due == today:
                repay(db=db, clock=clock, loan_id=loan.id, amount=due.now, key=today.isoformat())
        if today == date(2026, 4, 15):
            repay(db=db, clock=clock, loan_id=loans[0].id, amount=view(db=db, clock=clock, loan_id=loans[0].id).owed.payoff, key="all")
        if today == date(2026, 5, 5):
            lent(db, clock, funder=OTHER)
        if today.day % 10 == 1:
            close(db, clock)
    return clock


def test_the_lines_of_a_closed_day_are_the_book_s_own(db: Connection, months: FixedClock) -> None:
    close(db, months)
    assert book.closed_day(db=db) == months.today() - timedelta(days=1)
    for by in (By.VINTAGE, By.BUCKET, By.FUNDER, By.PRODUCT, By.REGION):
        kept, live = book.lines(db=db, by=by), book.balances(db=db, by=by)
        assert [(one.key, one.loans, one.principal, one.outstanding) for one in kept] == [
            (one.key, one.loans, one.principal, one.outstanding) for one in live
        ]
    (whole,) = book.lines(db=db, by=None)
    assert whole.loans == 4
    assert whole.outstanding == sum((one.outstanding for one in book.lines(db=db, by=By.GRADE)), CNY(0))
    assert book.lines(db=db, by=None, funder_id=OTHER.id)[0].loans == 2
    assert book.lines(db=db, by=None, funder_id=uuid4()) == []


def test_portfolio_at_risk_is_what_is_outstanding_of_the_late(db: Connection, months: FixedClock) -> None:
    """The loan that stopped paying in May was due on 2 May: on 9 June it is 38 days late."""
    close(db, months)
    (whole,), late = book.lines(db=db, by=None), book.lines(db=db, by=By.BUCKET)
    m2 = next(one for one in late if one.key == "M2")
    assert (whole.par30, whole.par90) == (m2.outstanding, CNY(0))
    assert whole.par30_ratio == (Decimal(m2.outstanding.minor) / whole.outstanding.minor).quantize(Decimal("0.0001"))


def test_vintage_curves_of_the_closes_are_those_of_the_moves(db: Connection, months: FixedClock) -> None:
    close(db, months)
    by_moves = {(p.vintage, p.month_on_book): p.ever_late for p in book.vintage_curves(db=db, clock=months, late="M1")}
    by_closes = {(p.vintage, p.month_on_book): p.ever_late for p in book.curves(db=db, late="M1")}
    assert by_closes == by_moves
    assert max(by_closes.values()) > 0


def test_roll_rates_tell_where_the_month_before_went(db: Connection, months: FixedClock) -> None:
    """At the end of May one loan is in M1 and two are current; on 9 June the late one stands in M2, and the newest missed its first due date."""
    close(db, months)
    rolled = book.roll_rates(db=db)
    assert rolled.moved("M1", "M2", "loans") == 1
    assert [rolled.moved("current", after, "loans") for after in ("current", "M1")] == [1, 1]
    assert int(rolled.loans.sum()) == 3
    april = book.roll_rates(db=db, on=date(2026, 4, 30))
    assert april.moved("current", "closed", "loans") == 1


def test_concentration_shows_the_greatest_first(db: Connection, months: FixedClock) -> None:
    close(db, months)
    found = book.concentration(db=db)
    assert [one.key for one in found.shares] == [str(OTHER.id), str(BANK.id)]
    assert sum(one.share for one in found.shares) == 1
    assert found.herfindahl == sum((one.share**2 for one in found.shares), Decimal(0)).quantize(Decimal("0.0001"))


def test_contracted_cash_is_what_open_instalments_owe(db: Connection, months: FixedClock) -> None:
    close(db, months)
    flows = book.cash_flow(db=db)
    (whole,) = book.lines(db=db, by=None)
    assert sum((one.principal for one in flows), CNY(0)) == whole.outstanding
    weeks = book.cash_flow(db=db, per=Per.WEEK)
    assert sum((one.contracted for one in weeks), CNY(0)) == sum((one.contracted for one in flows), CNY(0))
    assert flows[0].late.is_positive
    assert all(one.start.weekday() == 0 for one in weeks)
    with_losses = sum((one.expected for one in flows), CNY(0))
    assert CNY(0) < with_losses < sum((one.contracted for one in flows), CNY(0))


amounts = st.integers(0, 10**9)
NOBODY_ROLLS = Assumptions(dict.fromkeys(ILLUSTRATION.rolls, Decimal(0)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(list(ILLUSTRATION.rolls)), st.integers(-90, 700), amounts, amounts, amounts), min_size=1),
    st.sampled_from(Per),
)
def test_when_nobody_rolls_all_that_is_contracted_is_expected(rows: list[tuple[str, int, int, int, int]], per: Per) -> None:
    flows = [Flow(bucket, DAY + timedelta(days=days), *parts) for bucket, days, *parts in rows]
    made = forecast(flows, DAY, NOBODY_ROLLS, per=per, currency="CNY")
    assert sum(one.contracted.minor for one in made) == sum(f.principal + f.interest + f.charges for f in flows)
    if per is Per.MONTH:
        assert [one.expected for one in made] == [one.contracted for one in made]


def test_expectation_by_hand() -> None:
    """Two states, 100 due in each of three months, a tenth rolls and half of the rolled are lost.

    Month 1: .9 x 100. Month 2: of .9 current .9 pay 100; of .1 late half pay 200. Month 3: current then is .81 + .05 = .86, late .09.
    """
    rolls = Assumptions({"current": Decimal("0.1"), "M1": Decimal("0.5")})
    made = expected([100, 100, 100], 0, "current", rolls, prepays=False)
    assert made == [90, 81 + Decimal("0.1") * 200 / 2, Decimal("77.4") + Decimal("0.09") * 200 / 2]


def test_prepayment_brings_principal_forward_and_loses_none() -> None:
    nobody_rolls = Assumptions({"current": Decimal(0)}, prepaid=Decimal("0.25"))
    made = expected([100, 100, 100], 0, "current", nobody_rolls, prepays=True)
    assert made[0] == 100 + 200 / 4
    assert sum(made) == 300


def test_assumptions_can_be_the_book_s_own(db: Connection, months: FixedClock) -> None:
    close(db, months)
    own = Assumptions.measured(book.roll_rates(db=db), source="May to June")
    assert 0 < own.rolls["current"] < 1
    assert own.rolls["M1"] == 1
    assert next(iter(own.rolls)) == "current"
