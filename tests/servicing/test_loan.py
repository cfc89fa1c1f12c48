from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock, Money, events
from xinqiao.servicing import (
    Charge,
    Party,
    active_loans,
    disburse,
    ledger,
    loans_of,
    loans_of_funder,
    loans_of_guarantor,
    pay_out,
    repay,
    repayments,
    sign,
    view,
)
from xinqiao.servicing import errors as e
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.loans import Loan, Repayment
from xinqiao.servicing.loans.model import State

from .lending import BANK, INSURER, TERMS, es256, lent, offered, replace


def net(db: Connection, account: Account) -> int:
    found = ledger.balances(db=db, accounts=[account])
    return found[account].net.minor if account in found else 0


def until(clock: FixedClock, day: date) -> None:
    clock.advance(timedelta(days=(day - clock.today()).days))


def pay(db: Connection, clock: FixedClock, loan: Loan, fen: int, key: str = "k") -> Repayment:
    return repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(fen), key=key)


def test_money_leaves_only_for_a_signed_offer(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock)
    with pytest.raises(e.NotSigned):
        disburse(db=db, clock=clock, offer_id=offer.id)
    assert loans_of(db=db, clock=clock, person_id=offer.person_id) == []


def test_disbursing_twice_lends_once(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=2))
    assert disburse(db=db, clock=clock, offer_id=loan.offer_id) == loan
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 1_000_000
    assert net(db, Account(Kind.CAPITAL, BANK.id)) == -1_000_000
    assert net(db, Account(Kind.FUNDER, BANK.id)) == net(db, Account(Kind.CLEARING)) == 0


def test_due_dates_count_from_the_day_the_money_left(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock)
    loan = lent(db, clock)
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert [s.instalment for s in seen.states] == list(offer.schedule.instalments)
    assert seen.states[0].instalment.due == date(2026, 4, 2)


def test_a_loan_paid_on_time_costs_what_the_contract_said(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    schedule = loan.terms.schedule(loan.disbursed_on)
    for i in schedule.instalments:
        until(clock, i.due)
        assert view(db=db, clock=clock, loan_id=loan.id).owed.now == i.total
        pay(db, clock, loan, i.total.minor, f"month {i.number}")
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert seen.loan.status == "closed"
    assert seen.paid == schedule.to_repay
    assert seen.owed.payoff.is_zero
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 0
    assert net(db, Account(Kind.FUNDER, BANK.id)) == -(1_000_000 + schedule.interest.minor)
    assert net(db, Account(Kind.CLEARING)) == schedule.to_repay.minor
    platform, guarantor = net(db, Account(Kind.PLATFORM)), net(db, Account(Kind.GUARANTOR, INSURER.id))
    assert -platform == schedule.premium.times(Decimal("0.3")).minor
    assert -(platform + guarantor) == schedule.premium.minor
    with pytest.raises(e.LoanClosed):
        pay(db, clock, loan, 1, "again")


def test_a_payment_settles_the_oldest_instalment_by_the_waterfall(db: Connection, clock: FixedClock) -> None:
    """First instalment: 888.49 and 25.00 premium, of it 100.00 interest; ten days late at 18 % a year: 788.49 x 10 x 18 % / 360 = 3.94."""
    loan = lent(db, clock)
    until(clock, date(2026, 4, 12))
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert (seen.owed.now, seen.owed.penalty, seen.days_past_due, seen.bucket) == (CNY(91_743), CNY(394), 10, "M1")
    first = pay(db, clock, loan, 12_894 + 500)
    assert dict(first.allocation) == {"penalty": 394, "fee": 0, "premium": 2500, "interest": 10_000, "principal": 500}
    rest = pay(db, clock, loan, 78_349, "rest")
    assert rest.allocation["principal"] == 78_349
    assert view(db=db, clock=clock, loan_id=loan.id).bucket is None


def test_penalty_is_the_same_counted_day_by_day_or_all_at_once() -> None:
    schedule = TERMS.schedule()
    at_once = State(schedule.instalments[0]).aged(date(2026, 7, 1))
    daily = State(schedule.instalments[0])
    for days in range(200):
        daily = daily.aged(min(date(2026, 3, 20) + timedelta(days), date(2026, 7, 1)))
    assert daily == at_once
    assert daily.unpaid(TERMS.late_rate).penalty == 78_849 * 90 * 18 // 36_000


def test_a_repeated_key_returns_the_first_answer(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    first = pay(db, clock, loan, 5000)
    clock.advance(timedelta(days=1))
    assert pay(db, clock, loan, 5000) == first
    assert repayments(db=db, loan_id=loan.id) == [first]
    with pytest.raises(e.KeyReused):
        pay(db, clock, loan, 5001)


@pytest.mark.parametrize("amount", [CNY(0), CNY(-1), CNY(91_350), CNY(1_000_001), Money(100, "USD")])
def test_an_amount_that_fits_nothing_is_refused_with_those_that_would(db: Connection, clock: FixedClock, amount: Money) -> None:
    """Up to the next instalment (913.49) or the payoff: in the cooling-off days the principal alone."""
    loan = lent(db, clock)
    with pytest.raises(e.AmountNotAccepted, match=r"up to 913\.49 .* exactly 10000\.00"):
        repay(db=db, clock=clock, loan_id=loan.id, amount=amount, key="k")


def test_within_the_cooling_off_days_the_principal_alone_ends_the_loan(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    clock.advance(timedelta(days=3))
    assert pay(db, clock, loan, 1_000_000).closed
    assert view(db=db, clock=clock, loan_id=loan.id).paid == CNY(1_000_000)


def test_prepayment_saves_the_interest_of_the_days_to_come(db: Connection, clock: FixedClock) -> None:
    """Fifteen of the thirty-one days of the first month: 100.00 x 15/31 = 48.39 interest, 25.00 x 15/31 = 12.10 premium."""
    loan = lent(db, clock)
    until(clock, date(2026, 3, 17))
    assert view(db=db, clock=clock, loan_id=loan.id).owed.payoff == CNY(1_000_000 + 4839 + 1210)
    done = pay(db, clock, loan, 1_006_049)
    assert done.closed
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 0
    assert net(db, Account(Kind.FUNDER, BANK.id)) == -1_004_839
    assert [s.settled for s in view(db=db, clock=clock, loan_id=loan.id).states] == [True] * 12


def test_paying_the_next_instalment_early_leaves_nothing_due(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 3, 30))
    pay(db, clock, loan, 91_349)
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert seen.owed.now.is_zero
    assert seen.owed.next_due == date(2026, 5, 2)
    assert seen.owed.accepted_up_to == seen.owed.next_amount, "the one after may be paid ahead too"


def test_unknown_loans_are_not_found(db: Connection, clock: FixedClock) -> None:
    with pytest.raises(e.LoanNotFound):
        view(db=db, clock=clock, loan_id=uuid4())
    with pytest.raises(e.LoanNotFound):
        repay(db=db, clock=clock, loan_id=uuid4(), amount=CNY(1), key="k")


def test_a_funder_pages_through_its_own_loans_only(db: Connection, clock: FixedClock) -> None:
    other = Party(uuid4(), "Other", "别家")
    mine = []
    for _ in range(5):
        mine.append(lent(db, clock).id)
        clock.advance(timedelta(minutes=1))
    lent(db, clock, funder=other)
    first = loans_of_funder(db=db, clock=clock, funder_id=BANK.id, limit=3)
    second = loans_of_funder(db=db, clock=clock, funder_id=BANK.id, limit=3, before=first[-1].loan.id)
    assert [seen.loan.id for seen in first + second] == mine[::-1]


def test_a_guarantor_sees_the_loans_it_stands_for(db: Connection, clock: FixedClock) -> None:
    mine = lent(db, clock)
    lent(db, clock, guarantor=None, terms=replace(TERMS, premium=Charge()))
    assert [seen.loan.id for seen in loans_of_guarantor(db=db, clock=clock, guarantor_id=INSURER.id)] == [mine.id]


def test_active_loans_come_in_pages_and_closed_ones_do_not(db: Connection, clock: FixedClock) -> None:
    made = [lent(db, clock) for _ in range(4)]
    repay(db=db, clock=clock, loan_id=made[0].id, amount=CNY(1_000_000), key="k")
    first = active_loans(db=db, limit=2)
    assert {*first, *active_loans(db=db, after=first[-1], limit=2)} == {loan.id for loan in made[1:]}


def test_a_party_is_paid_out_what_it_is_owed_once(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    pay(db, clock, loan, 91_349)
    guarantor = Account(Kind.GUARANTOR, INSURER.id)
    assert pay_out(db=db, clock=clock, party=guarantor, amount=CNY(1750), key="2026-04")
    assert not pay_out(db=db, clock=clock, party=guarantor, amount=CNY(1750), key="2026-04")
    assert net(db, guarantor) == 0
    with pytest.raises(e.TermsRefused):
        pay_out(db=db, clock=clock, party=Account(Kind.PRINCIPAL, loan.id), amount=CNY(1), key="x")
    with pytest.raises(ledger.BalanceForbidden):
        pay_out(db=db, clock=clock, party=guarantor, amount=CNY(1), key="2026-05")


def test_events_tell_the_loan_without_personal_data(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    pay(db, clock, loan, 91_349)
    assert [event.kind for event in events.of(db, loan.application_id)][-1] == "servicing.disbursed"
    (repaid,) = events.of(db, loan.id)
    assert repaid.data["allocation"]["interest"] == 10_000


@pytest.mark.parametrize(("keys", "heard"), [("abcdef", 1), ("aaaa", 4)])
def test_concurrent_payments_come_one_after_the_other(database: Database, clock: FixedClock, keys: str, heard: int) -> None:
    """Six threads pay the same instalment: one payment fits. Twice by the same key: both hear of the one payment."""
    tenant = f"loan-race-{len(keys)}"
    with database.begin(tenant=tenant) as db:
        loan = lent(db, clock)

    def work(key: str) -> bool:
        try:
            with database.begin(tenant=tenant) as db:
                pay(db, clock, loan, 91_349, key)
        except e.AmountNotAccepted:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(work, keys))
    assert sum(outcomes) == heard
    with database.begin(tenant=tenant) as db:
        assert view(db=db, clock=clock, loan_id=loan.id).paid == CNY(91_349)
        assert ledger.trial_balance(db=db) == ledger.trial_balance(db=db, until=clock.now())


def test_concurrent_disbursements_lend_once(database: Database, clock: FixedClock) -> None:
    tenant = "disburse-race"
    with database.begin(tenant=tenant) as db:
        offer = offered(db, clock)
        sign(db=db, clock=clock, offer_id=offer.id, signature=es256(offer.person_id, offer.contracts["zh-CN"].sha256))

    def work(_: int) -> Loan:
        with database.begin(tenant=tenant) as db:
            return disburse(db=db, clock=clock, offer_id=offer.id)

    with ThreadPoolExecutor(6) as pool:
        assert len({loan.id for loan in pool.map(work, range(6))}) == 1
    with database.begin(tenant=tenant) as db:
        assert net(db, Account(Kind.CAPITAL, BANK.id)) == -1_000_000


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(50_000, 5_000_000),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 45), st.integers(1, 100)), min_size=1, max_size=10),
)
def test_no_cent_appears_or_vanishes_whatever_is_paid_when(
    database: Database, fen: int, months: int, payments: list[tuple[int, int]]
) -> None:
    """Pay some percentage of what is accepted after some days, again and again, then settle: principal repaid is principal lent, and the
    ledger, the instalments and the loan tell the same."""
    clock = FixedClock(datetime(2026, 1, 31, 4, 0, tzinfo=UTC))
    terms = replace(TERMS, principal=CNY(fen), months=months, fee=Charge(spread=CNY(777)))
    with database.engine.connect() as db, db.begin() as transaction:
        db.exec_driver_sql("SELECT set_config('xinqiao.tenant', 'loan-any', true)")
        loan = lent(db, clock, terms)
        for number, (days, percent) in enumerate(payments):
            clock.advance(timedelta(days=days))
            seen = view(db=db, clock=clock, loan_id=loan.id)
            amount = min(seen.owed.accepted_up_to, seen.owed.payoff).minor * percent // 100
            if seen.loan.closed_on is None and amount:
                pay(db, clock, loan, amount, f"p{number}")
        seen = view(db=db, clock=clock, loan_id=loan.id)
        if seen.loan.closed_on is None:
            pay(db, clock, loan, seen.owed.payoff.minor, "last")
        seen = view(db=db, clock=clock, loan_id=loan.id)
        taken = repayments(db=db, loan_id=loan.id)
        assert seen.loan.status == "closed"
        assert seen.loan.outstanding.is_zero
        assert sum(s.paid.principal for s in seen.states) == fen == sum(r.allocation["principal"] for r in taken)
        assert sum(r.amount.minor for r in taken) == seen.paid.minor
        assert net(db, Account(Kind.PRINCIPAL, loan.id)) == net(db, Account(Kind.CAPITAL, BANK.id)) == 0
        assert all(net(db, Account(kind, loan.id)) == 0 for kind in (Kind.INTEREST, Kind.PREMIUM, Kind.FEES))
        owed_to_all = sum(net(db, a) for a in (Account(Kind.FUNDER, BANK.id), Account(Kind.GUARANTOR, INSURER.id), Account(Kind.PLATFORM)))
        assert -owed_to_all == seen.paid.minor == net(db, Account(Kind.CLEARING))
        transaction.rollback()
