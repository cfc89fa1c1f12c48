"""What can happen to a loan in the database: every event keeps rows, ledger and replay in one accord."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock, Money, events, new_id
from xinqiao.servicing import Author, Loan, errors, ledger, lifecycle, loans, quote_prepayment, repay, view
from xinqiao.servicing import loan as get_loan
from xinqiao.servicing.contract import Prepayment
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.lifecycle import Agreement, Status
from xinqiao.servicing.lifecycle.errors import LifeRefused
from xinqiao.servicing.product.model import DownPayment, Every, Fee, FeePaid, FeeTime, Product, Recalculation, Tranches, Unit
from xinqiao.servicing.product.model import Kind as Part

from .lending import BANK, INSURER, TERMS, lent, replace
from .test_loan import net, pay, until

BY = Author("operator:ann", "agreed on the phone")
SECOND = UUID(int=77)


def in_accord(db: Connection, clock: FixedClock, loan_id: UUID) -> None:
    """The ledger's postings about the loan sum to what its life sums to; the rows are those that a replay gives."""
    loan = get_loan(db=db, loan_id=loan_id)
    life = [one.event for one in loans.history(db=db, loan_id=loan_id)]
    posted: Counter[Kind] = Counter()
    for one in ledger.journal(db=db, subject=loan.id, person=loan.person_id):
        posted[one.debit.kind] += one.amount.minor
        posted[one.credit.kind] -= one.amount.minor
    should = loans.nets(loan, life)
    parties = (Kind.FUNDER, Kind.GUARANTOR, Kind.PLATFORM, Kind.CLAWBACK)
    assert {kind: posted[kind] for kind in Kind if kind not in parties} == {kind: should[kind] for kind in Kind if kind not in parties}
    assert sum(posted[kind] for kind in parties) == sum(should[kind] for kind in parties)
    assert posted[Kind.PRINCIPAL] == loan.outstanding.minor
    books = lifecycle.replay(loan.agreed, life, on=clock.today())
    assert books.outstanding.principal == loan.outstanding.minor
    assert list(view(db=db, clock=clock, loan_id=loan_id).states) == loans.states_of(loan, books)


def due_all(db: Connection, clock: FixedClock, loan: Loan) -> Money:
    return view(db=db, clock=clock, loan_id=loan.id).owed.now


def do(verb, db: Connection, clock: FixedClock, loan: Loan, key: str, **what) -> loans.Recorded:
    return verb(db=db, clock=clock, loan_id=loan.id, key=key, author=BY, **what)


def test_a_fee_is_owed_until_it_is_waived(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    do(loans.charge, db, clock, loan, "fee-1", code="statement", amount=CNY(1500), due=date(2026, 3, 20))
    assert view(db=db, clock=clock, loan_id=loan.id).owed.next_amount == CNY(91_349 + 1500)
    do(loans.waive, db, clock, loan, "waive-1", charge_key="fee-1")
    assert view(db=db, clock=clock, loan_id=loan.id).owed.next_amount == CNY(91_349)
    in_accord(db, clock, loan.id)


def test_who_did_it_and_why_stays_with_the_event(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    do(loans.charge, db, clock, loan, "fee-1", code="statement", amount=CNY(1500), due=date(2026, 3, 20))
    last = loans.history(db=db, loan_id=loan.id)[-1]
    assert (last.by, last.why) == ("operator:ann", "agreed on the phone")
    (told,) = [one for one in events.of(db, loan.id) if one.kind == "servicing.happened"]
    assert (told.data["by"], told.data["what"]) == ("operator:ann", "charge_added")


def test_a_payment_that_bounces_is_owed_again_and_the_parties_give_it_back(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 4, 2))
    pay(db, clock, loan, 91_349, "april")
    do(loans.charge_back, db, clock, loan, "bounced", of="april", amount=CNY(91_349))
    until(clock, date(2026, 5, 2))
    assert due_all(db, clock, loan) == CNY(91_349 + 91_152), "April's money is owed again beside May's"
    assert net(db, Account(Kind.CLAWBACK, BANK.id)) > 0
    in_accord(db, clock, loan.id)
    with pytest.raises(LifeRefused, match="cannot exceed"):
        do(loans.charge_back, db, clock, loan, "twice", of="april", amount=CNY(1))


def test_an_event_taken_back_leaves_the_books_as_if_it_had_not_been(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    before = view(db=db, clock=clock, loan_id=loan.id)
    until(clock, date(2026, 4, 2))
    standing = view(db=db, clock=clock, loan_id=loan.id)
    pay(db, clock, loan, 91_349, "april")
    do(loans.reverse, db, clock, loan, "undo", of="april")
    after = view(db=db, clock=clock, loan_id=loan.id)
    assert (after.states, after.owed, after.paid) == (standing.states, standing.owed, before.paid)
    in_accord(db, clock, loan.id)


def test_money_of_a_past_day_is_booked_on_that_day(db: Connection, clock: FixedClock) -> None:
    """Recorded on the 12th, it came on the 2nd: no penalty was ever owed."""
    loan = lent(db, clock)
    until(clock, date(2026, 4, 12))
    assert view(db=db, clock=clock, loan_id=loan.id).owed.penalty.is_positive
    loans.receive(db=db, clock=clock, loan_id=loan.id, amount=CNY(91_349), key="late news", on=date(2026, 4, 2))
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert (seen.owed.now, seen.owed.penalty, seen.bucket) == (CNY(0), CNY(0), None)
    in_accord(db, clock, loan.id)


def test_more_than_is_owed_stays_the_borrowers_and_goes_back(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock, replace(TERMS, months=1))
    until(clock, date(2026, 4, 2))
    owed = due_all(db, clock, loan)
    done = loans.receive(db=db, clock=clock, loan_id=loan.id, amount=owed + CNY(500), key="too much", on=clock.today())
    assert done.books.status is Status.OVERPAID
    assert net(db, Account(Kind.CREDIT, loan.id)) == -500
    assert get_loan(db=db, loan_id=loan.id).closed_on == clock.today()
    do(loans.refund_credit, db, clock, loan, "back", amount=CNY(500))
    assert net(db, Account(Kind.CREDIT, loan.id)) == 0
    in_accord(db, clock, loan.id)


def test_a_loan_written_off_still_takes_what_is_recovered(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 12, 1))
    do(loans.write_off, db, clock, loan, "lost")
    assert net(db, Account(Kind.WRITTEN_OFF, BANK.id)) == 1_000_000
    assert get_loan(db=db, loan_id=loan.id).state == Status.WRITTEN_OFF
    do(loans.recover, db, clock, loan, "found", amount=CNY(20_000))
    assert net(db, Account(Kind.FUNDER, BANK.id)) == -20_000
    with pytest.raises(errors.LoanClosed):
        do(loans.charge, db, clock, loan, "late fee", code="late", amount=CNY(1))
    in_accord(db, clock, loan.id)


def test_a_guarantor_that_pays_takes_over_the_claim(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 6, 10))
    due = due_all(db, clock, loan)
    do(loans.compensate, db, clock, loan, "stood in", amount=due)
    assert net(db, Account(Kind.SUBROGATED, loan.id)) == due.minor
    assert net(db, Account(Kind.COMPENSATED, INSURER.id)) == -due.minor
    assert view(db=db, clock=clock, loan_id=loan.id).days_past_due == 0
    loans.receive(db=db, clock=clock, loan_id=loan.id, amount=due, key="repaid", on=clock.today())
    assert net(db, Account(Kind.SUBROGATED, loan.id)) == 0
    in_accord(db, clock, loan.id)


def test_a_book_passes_to_another_funder_at_par(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 4, 2))
    pay(db, clock, loan, 91_349, "april")
    loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=SECOND, key="book 1", author=BY)
    owed = get_loan(db=db, loan_id=loan.id).outstanding.minor
    assert net(db, Account(Kind.CAPITAL, SECOND)) == -owed
    assert net(db, Account(Kind.CAPITAL, BANK.id)) == 0
    assert net(db, Account(Kind.FUNDER, BANK.id)) == -(1_000_000 + 10_000)
    until(clock, date(2026, 5, 2))
    pay(db, clock, get_loan(db=db, loan_id=loan.id), 91_152, "may")
    assert net(db, Account(Kind.FUNDER, SECOND)) == -(79_637 + 9212)
    in_accord(db, clock, loan.id)
    assert loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=SECOND, key="book 1", author=BY)[0].repeated


def test_a_moved_due_date_moves_those_after_it(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    do(loans.reschedule, db, clock, loan, "salary day", from_due=date(2026, 4, 2), move_to=date(2026, 4, 15))
    dues = [state.instalment.due for state in view(db=db, clock=clock, loan_id=loan.id).states]
    assert dues[:3] == [date(2026, 4, 15), date(2026, 5, 15), date(2026, 6, 15)]
    in_accord(db, clock, loan.id)


def test_a_rescheduled_rate_never_rises(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    with pytest.raises(errors.TermsRefused, match="from 0 to the contract's"):
        do(loans.reschedule, db, clock, loan, "dearer", from_due=date(2026, 5, 2), annual_rate=Decimal("0.2"))


def test_a_repeated_event_happens_once_and_a_reused_key_is_refused(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    first = do(loans.charge, db, clock, loan, "fee-1", code="statement", amount=CNY(1500), due=date(2026, 3, 20))
    again = do(loans.charge, db, clock, loan, "fee-1", code="statement", amount=CNY(1500), due=date(2026, 3, 20))
    assert (first.repeated, again.repeated) == (False, True)
    assert len(loans.history(db=db, loan_id=loan.id)) == 3
    with pytest.raises(errors.KeyReused):
        do(loans.charge, db, clock, loan, "fee-1", code="statement", amount=CNY(1501), due=date(2026, 3, 20))


def opened(db: Connection, clock: FixedClock, product: Product, fen: int = 1_000_000, **given) -> Loan:
    agreed = Agreement(product=product, principal=Money(fen, product.currency), applied_on=clock.today())
    ids = {"contract_id": new_id(), "application_id": new_id(), "person_id": uuid4(), "funder_id": BANK.id}
    return loans.open_loan(db=db, clock=clock, agreed=agreed, **{**ids, **given})


TRANCHES = Product("site", annual_rate=Decimal("0.12"), tranches=Tranches(most=3), instalments=6)


def test_money_goes_out_in_parts_and_no_more_than_agreed(db: Connection, clock: FixedClock) -> None:
    loan = opened(db, clock, TRANCHES)
    assert get_loan(db=db, loan_id=loan.id).state == Status.APPROVED
    do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(400_000))
    until(clock, date(2026, 3, 20))
    do(loans.pay_out_part, db, clock, loan, "t2", amount=CNY(600_000))
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 1_000_000
    with pytest.raises(LifeRefused):
        do(loans.pay_out_part, db, clock, loan, "t3", amount=CNY(1))
    do(loans.undo_disbursal, db, clock, loan, "undo", last_only=True)
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 400_000
    in_accord(db, clock, loan.id)


def test_several_funders_share_to_the_cent(db: Connection, clock: FixedClock) -> None:
    """A joint loan 30 : 70; of the fee a third goes to the scene."""
    scene = uuid4()
    lenders = (loans.Share("funder", BANK.id, Fraction(3, 10)), loans.Share("funder", SECOND, Fraction(7, 10)))
    fees = (loans.Share("scene", scene, Fraction(1, 3)), loans.Share("platform", UUID(int=0), Fraction(2, 3)))
    shares = {Part.PRINCIPAL: lenders, Part.INTEREST: lenders, Part.PENALTY: lenders, Part.FEE: fees, Part.PREMIUM: fees}
    product = replace(TRANCHES, fees=(Fee("service", FeeTime.INSTALMENT, amount=Decimal("1.00")),), tranches=Tranches(most=1))
    loan = opened(db, clock, product, 999_999, shares=shares)
    do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(999_999))
    assert (net(db, Account(Kind.CAPITAL, BANK.id)), net(db, Account(Kind.CAPITAL, SECOND))) == (-300_000, -699_999)
    for number, state in enumerate(view(db=db, clock=clock, loan_id=loan.id).states):
        until(clock, state.instalment.due)
        pay(db, clock, loan, state.instalment.total.minor, f"m{number}")
    assert get_loan(db=db, loan_id=loan.id).closed_on is not None
    assert net(db, Account(Kind.SCENE, scene)) == -200
    assert (net(db, Account(Kind.CAPITAL, BANK.id)), net(db, Account(Kind.CAPITAL, SECOND))) == (0, 0)
    in_accord(db, clock, loan.id)


def test_shares_that_do_not_sum_to_one_are_refused(db: Connection, clock: FixedClock) -> None:
    half = (loans.Share("funder", BANK.id, Fraction(1, 2)),)
    with pytest.raises(errors.TermsRefused, match="sum to 1"):
        opened(db, clock, TRANCHES, shares=dict.fromkeys(Part, half))


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_minor_unit_is_lost_whatever_happens(database: Database, currency: str, data: st.DataObject) -> None:
    """Any product and any sequence of events: after each, ledger, rows and replay agree, and debits equal credits."""
    clock = FixedClock(datetime(2028, 1, 31, 4, 0, tzinfo=UTC))
    product = Product(
        "any",
        currency=currency,
        annual_rate=data.draw(st.sampled_from([Decimal(0), Decimal("0.07"), Decimal("0.18")])),
        instalments=data.draw(st.integers(1, 5)),
        every=data.draw(st.sampled_from([Every(), Every(2, Unit.WEEKS), Every(15, Unit.DAYS)])),
        tranches=Tranches(most=2),
        progressive=data.draw(st.booleans()),
        down_payment=data.draw(st.sampled_from([None, DownPayment(Decimal("0.25"))])),
        recalculation=data.draw(st.sampled_from([None, Recalculation()])),
    )
    with database.engine.connect() as db, db.begin() as transaction:
        db.exec_driver_sql("SELECT set_config('xinqiao.tenant', 'any-life', true)")
        loan = opened(db, clock, product, data.draw(st.integers(1_000, 5_000_000)))
        do(loans.pay_out_part, db, clock, loan, "first", amount=Money(loan.principal.minor // 2, currency))
        for number in range(data.draw(st.integers(1, 6))):
            clock.advance(timedelta(days=data.draw(st.integers(0, 40))))
            _step(data, db, clock, get_loan(db=db, loan_id=loan.id), f"k{number}")
            in_accord(db, clock, loan.id)
        transaction.rollback()


def _step(data: st.DataObject, db: Connection, clock: FixedClock, loan: Loan, key: str) -> None:
    amount = Money(data.draw(st.integers(1, max(1, loan.principal.minor))), loan.principal.currency)
    happened = [one.event.id for one in loans.history(db=db, loan_id=loan.id)][2:]
    moves = {
        "pay": lambda: loans.receive(db=db, clock=clock, loan_id=loan.id, amount=amount, key=key, on=clock.today()),
        "pay in the past": lambda: loans.receive(
            db=db, clock=clock, loan_id=loan.id, amount=amount, key=key, on=max(loan.disbursed_on, clock.today() - timedelta(20))
        ),
        "settle": lambda: repay(db=db, clock=clock, loan_id=loan.id, amount=view(db=db, clock=clock, loan_id=loan.id).owed.payoff, key=key),
        "fee": lambda: do(loans.charge, db, clock, loan, key, code="x", amount=amount, due=clock.today()),
        "tranche": lambda: do(loans.pay_out_part, db, clock, loan, key, amount=amount),
        "undo": lambda: do(loans.reverse, db, clock, loan, key, of=data.draw(st.sampled_from(happened))) if happened else None,
        "write off": lambda: do(loans.write_off, db, clock, loan, key),
    }
    move = data.draw(st.sampled_from(sorted(moves)))
    with db.begin_nested() as point:
        try:
            moves[move]()
        except (LifeRefused, errors.LoanClosed, errors.TermsRefused, errors.AmountNotAccepted):
            point.rollback()


@pytest.mark.parametrize("instalments", [1, 3])
@pytest.mark.parametrize("days", [10, 30, 61, 89])
def test_money_lent_after_all_was_repaid_is_owed(db: Connection, clock: FixedClock, instalments: int, days: int) -> None:
    product = replace(TRANCHES, instalments=instalments, tranches=Tranches(most=2), progressive=True, recalculation=Recalculation())
    loan = opened(db, clock, product, 1_000)
    do(loans.pay_out_part, db, clock, loan, "first", amount=CNY(500))
    for key, fen in (("part", 1), ("too much", 500)):
        loans.receive(db=db, clock=clock, loan_id=loan.id, amount=CNY(fen), key=key, on=clock.today())
    clock.advance(timedelta(days=days))
    do(loans.pay_out_part, db, clock, loan, "second", amount=CNY(3))
    books = loans.books(db=db, clock=clock, loan_id=loan.id)
    assert books.due.principal == 503
    assert books.outstanding.principal == 2  # one of the three was paid in excess before
    in_accord(db, clock, loan.id)


def test_a_deducted_fee_is_kept_back_from_the_payout(db: Connection, clock: FixedClock) -> None:
    fee = Fee("handling", FeeTime.DISBURSEMENT, amount=Decimal("50.00"), paid=FeePaid.DEDUCTED)
    loan = opened(db, clock, replace(TRANCHES, fees=(fee,), tranches=Tranches(most=1)))
    do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(1_000_000))
    assert net(db, Account(Kind.CLEARING)) == 5000, "the borrower got 9 950.00"
    assert net(db, Account(Kind.PLATFORM)) == -5000
    in_accord(db, clock, loan.id)


def test_a_products_late_fee_is_charged_once_for_each_late_instalment(db: Connection, clock: FixedClock) -> None:
    fee = Fee("late", FeeTime.OVERDUE, amount=Decimal("15.00"), penalty=True)
    loan = opened(db, clock, replace(TRANCHES, fees=(fee,), tranches=Tranches(most=1)))
    do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(1_000_000))
    until(clock, date(2026, 4, 10))
    assert len(loans.close_loan_day(db=db, clock=clock, loan_id=loan.id)) == 1
    assert loans.close_loan_day(db=db, clock=clock, loan_id=loan.id) == []
    clock.advance(timedelta(days=1))
    assert loans.close_loan_day(db=db, clock=clock, loan_id=loan.id) == []
    assert view(db=db, clock=clock, loan_id=loan.id).owed.penalty >= CNY(1500)
    in_accord(db, clock, loan.id)


def test_late_principal_bears_interest_where_the_product_says_so(db: Connection, clock: FixedClock) -> None:
    product = replace(TRANCHES, tranches=Tranches(most=1), recalculation=Recalculation(), progressive=False)
    loan = opened(db, clock, product)
    do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(1_000_000))
    planned = view(db=db, clock=clock, loan_id=loan.id).states
    until(clock, date(2026, 4, 20))
    loans.close_loan_day(db=db, clock=clock, loan_id=loan.id)
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert seen.states[1].instalment.interest > planned[1].instalment.interest
    in_accord(db, clock, loan.id)


def test_a_part_repaid_early_lowers_what_falls_due_later(db: Connection, clock: FixedClock) -> None:
    """2 000.00 on the fifteenth day pay the running instalment of 913.49; the 1 086.51 beyond it lower the principal from that day."""
    loan = lent(db, clock, replace(TERMS, prepayment=Prepayment.REDUCE))
    planned = view(db=db, clock=clock, loan_id=loan.id).states
    until(clock, date(2026, 3, 17))
    quoted = quote_prepayment(db=db, clock=clock, loan_id=loan.id, amount=CNY(200_000))
    pay(db, clock, loan, 200_000)
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert [state.instalment for state in seen.states if not state.settled] == list(quoted.after)
    assert all(now.instalment.total < then.instalment.total for now, then in zip(seen.states[1:], planned[1:], strict=True))
    before, after = (sum(s.instalment.total.minor for s in states) for states in (planned, seen.states))
    assert quoted.saved == CNY(before - after)
    in_accord(db, clock, loan.id)


def test_a_settlement_costs_the_same_under_either_contract(db: Connection, clock: FixedClock) -> None:
    ahead, reduce_ = (lent(db, clock, replace(TERMS, prepayment=kind)) for kind in Prepayment)
    for day in (date(2026, 3, 4), date(2026, 3, 17), date(2026, 4, 12), date(2026, 7, 2)):
        until(clock, day)
        first, second = (view(db=db, clock=clock, loan_id=one.id).owed for one in (ahead, reduce_))
        assert first.payoff == second.payoff


def test_a_list_tells_the_same_as_each_loan_alone(db: Connection, clock: FixedClock) -> None:
    """Lists read rows, one loan is replayed: late, paid ahead, settled, with a fee."""
    made = [lent(db, clock) for _ in range(4)]
    pay(db, clock, made[1], 91_349, "ahead")
    pay(db, clock, made[2], 1_000_000, "back at once")
    do(loans.charge, db, clock, made[3], "fee-1", code="statement", amount=CNY(1500), due=date(2026, 3, 20), penalty=True)
    until(clock, date(2026, 5, 20))
    listed = {seen.loan.id: seen for seen in loans.loans_of_funder(db=db, clock=clock, funder_id=BANK.id)}
    for loan in made:
        alone, one = view(db=db, clock=clock, loan_id=loan.id), listed[loan.id]
        for name in ("now", "overdue", "penalty", "next_due", "next_amount"):
            assert getattr(one.owed, name) == getattr(alone.owed, name), name
        assert (one.paid, one.days_past_due, one.bucket) == (alone.paid, alone.days_past_due, alone.bucket)


def test_a_down_payment_is_taken_with_the_payout_once(db: Connection, clock: FixedClock) -> None:
    product = replace(TRANCHES, down_payment=DownPayment(Decimal("0.25"), automatic=True), tranches=Tranches(most=2))
    loan = opened(db, clock, product)
    for _ in range(2):
        done = do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(400_000))
    assert (done.repeated, get_loan(db=db, loan_id=loan.id).paid) == (True, 100_000)
    do(loans.pay_out_part, db, clock, loan, "t2", amount=CNY(600_000))
    assert get_loan(db=db, loan_id=loan.id).outstanding == CNY(750_000)
    in_accord(db, clock, loan.id)


def test_a_financed_fee_is_lent_on_top_and_a_repeat_says_so_again(db: Connection, clock: FixedClock) -> None:
    fee = Fee("handling", FeeTime.DISBURSEMENT, amount=Decimal("50.00"), paid=FeePaid.FINANCED)
    loan = opened(db, clock, replace(TRANCHES, fees=(fee,), tranches=Tranches(most=2, over_applied=Decimal("0.01"))))
    for _ in range(2):
        do(loans.pay_out_part, db, clock, loan, "t1", amount=CNY(500_000))
    assert net(db, Account(Kind.PRINCIPAL, loan.id)) == 505_000
    assert net(db, Account(Kind.CLEARING)) == 5000, "lent and kept: the fee is the platform's"
    in_accord(db, clock, loan.id)


def test_money_behind_a_guarantors_claim_that_bounces_goes_back_to_the_claim(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 6, 10))
    due = due_all(db, clock, loan)
    do(loans.compensate, db, clock, loan, "stood in", amount=due)
    loans.receive(db=db, clock=clock, loan_id=loan.id, amount=due + CNY(5000), key="paid", on=clock.today())
    do(loans.charge_back, db, clock, loan, "bounced", of="paid", amount=due + CNY(5000))
    assert net(db, Account(Kind.SUBROGATED, loan.id)) == due.minor
    assert net(db, Account(Kind.CLAWBACK, INSURER.id)) >= due.minor, "what was passed to the guarantor comes back from it"
    in_accord(db, clock, loan.id)


def test_an_excess_that_bounces_leaves_no_money_behind(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock, replace(TERMS, months=1))
    until(clock, date(2026, 4, 2))
    owed = due_all(db, clock, loan)
    loans.receive(db=db, clock=clock, loan_id=loan.id, amount=owed + CNY(2000), key="too much", on=clock.today())
    do(loans.charge_back, db, clock, loan, "bounced", of="too much", amount=owed + CNY(2000))
    assert (net(db, Account(Kind.CREDIT, loan.id)), net(db, Account(Kind.CLEARING))) == (0, 0)
    in_accord(db, clock, loan.id)


def test_a_loan_not_paid_out_owes_nothing(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    do(loans.undo_disbursal, db, clock, loan, "never sent")
    clock.advance(timedelta(days=40))
    seen = view(db=db, clock=clock, loan_id=loan.id)
    assert (seen.loan.outstanding, seen.days_past_due, seen.states) == (CNY(0), 0, ())
    assert loan.id not in loans.active_loans(db=db)


def test_what_others_rest_on_is_not_reversed(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=SECOND, key="book", author=BY)
    for firm in ("disbursed", f"book/{loan.id}"):
        with pytest.raises(LifeRefused, match="not_reversible"):
            do(loans.reverse, db, clock, loan, f"undo {firm}", of=firm)


def test_new_terms_begin_with_an_instalment_still_to_come(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    until(clock, date(2026, 5, 20))
    with pytest.raises(errors.TermsRefused, match="2026-06-02"):
        do(loans.skip, db, clock, loan, "past", due=date(2026, 4, 2))


def test_many_reversals_are_reckoned_at_once(db: Connection, clock: FixedClock) -> None:
    loan = lent(db, clock)
    for number in range(25):
        do(loans.charge, db, clock, loan, f"fee {number}", code="x", amount=CNY(100), due=clock.today())
        do(loans.reverse, db, clock, loan, f"undo {number}", of=f"fee {number}")
    in_accord(db, clock, loan.id)


def test_a_claim_sold_twice_at_once_is_sold_by_whoever_holds_it(database: Database, clock: FixedClock) -> None:
    tenant, third = "claim-race", UUID(int=78)
    with database.begin(tenant=tenant) as db:
        loan = lent(db, clock)
        lent(db, clock)

    def sell(to: UUID) -> None:
        with database.begin(tenant=tenant) as db:
            loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=to, key=f"to {to}", author=BY)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sell, (SECOND, third)))
    with database.begin(tenant=tenant) as db:
        held = {owner: net(db, Account(Kind.CAPITAL, owner)) for owner in (BANK.id, SECOND, third)}
        assert held[BANK.id] == -1_000_000
        assert sorted((held[SECOND], held[third])) == [-1_000_000, 0]
