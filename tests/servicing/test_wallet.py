from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from xinqiao.kit import CNY, Database, FixedClock, Money, Refused, events
from xinqiao.kit.money import DECIMALS
from xinqiao.servicing import ledger, wallet
from xinqiao.servicing.errors import (
    HoldEnded,
    KeyReused,
    MovementUnknown,
    NotDone,
    RailRefused,
    TokenRefused,
    WalletCurrency,
    WalletLimit,
    WalletMinimum,
    WalletShort,
    WalletUnknown,
)
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.wallet import SimulatedRail, State

from .books import fresh, noon, sound

CLEARING, PLATFORM = Account(Kind.CLEARING), Account(Kind.PLATFORM)


@pytest.fixture
def person(database: Database, clock: FixedClock, begin) -> UUID:
    made = uuid4()
    with begin() as db:
        wallet.open_wallet(db=db, clock=clock, person=made)
        ledger.open_accounts(db=db, accounts=[PLATFORM])
    return made


@pytest.fixture
def tenant() -> str:
    return fresh()


@pytest.fixture
def begin(database: Database, tenant: str):
    return partial(database.begin, tenant)


@pytest.fixture
def rail() -> SimulatedRail:
    return SimulatedRail()


def fill(begin, clock: FixedClock, person: UUID, fen: int, key: str = "first") -> wallet.Movement:
    with begin() as db:
        one = wallet.top_up(db=db, clock=clock, person=person, amount=CNY(fen), token="bank", key=key)
    return wallet.carry_out(begin=begin, clock=clock, rail=SimulatedRail(), movement=one.id)


def draw(begin, clock: FixedClock, person: UUID, fen: int, token: str = "bank", key: str = "out") -> wallet.Movement:
    with begin() as db:
        return wallet.pay_out(db=db, clock=clock, person=person, amount=CNY(fen), token=token, key=key)


def standing(begin, person: UUID) -> tuple[int, int]:
    with begin() as db:
        found = wallet.balance(db=db, person=person)
    return found.total.minor, found.available.minor


def test_a_top_up_arrives_when_the_rail_says_so_and_the_receipt_says_that_it_is_simulated(begin, clock, person, rail) -> None:
    with begin() as db:
        asked = wallet.top_up(db=db, clock=clock, person=person, amount=CNY(5000), token="bank", key="k")
    assert (asked.state, standing(begin, person)) == (State.ASKED, (0, 0))
    done = wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id)
    assert (done.state, done.rail, standing(begin, person)) == (State.DONE, "simulator", (5000, 5000))
    assert "SIMULATED" in done.says
    assert rail.carried[asked.id].simulated
    with begin() as db:
        assert [one.kind for one in events.of(db, asked.id)] == ["servicing.wallet_moved"]
        assert ledger.balances(db=db, accounts=[CLEARING])[CLEARING].net == CNY(5000)


def test_a_pay_out_is_held_until_the_rail_has_paid(begin, clock, person, rail, database, tenant) -> None:
    fill(begin, clock, person, 5000)
    asked = draw(begin, clock, person, 3000)
    assert standing(begin, person) == (5000, 2000)
    done = wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id)
    assert (done.state, standing(begin, person)) == (State.DONE, (2000, 2000))
    sound(database, tenant)


def test_a_refused_pay_out_is_available_again(begin, clock, person, rail) -> None:
    fill(begin, clock, person, 5000)
    refused = wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=draw(begin, clock, person, 3000, "refuse").id)
    assert (refused.state, standing(begin, person)) == (State.REFUSED, (5000, 5000))
    assert "the account is closed" in refused.says


def test_a_rail_that_does_not_answer_leaves_the_hold_for_a_later_try(begin, clock, person, rail) -> None:
    fill(begin, clock, person, 5000)
    asked = draw(begin, clock, person, 3000, "silent")
    for _ in range(3):
        assert wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id).state is State.ASKED
        clock.advance(timedelta(days=3))
        with begin() as db:
            assert ledger.expire(db=db, clock=clock) == 0
            assert [one.id for one in wallet.unanswered(db=db)] == [asked.id]
    assert standing(begin, person) == (5000, 2000)


def test_an_answer_that_was_lost_is_found_when_the_same_order_is_asked_again(begin, clock, person, rail) -> None:
    fill(begin, clock, person, 5000)
    asked = draw(begin, clock, person, 3000, "lost")
    assert wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id).state is State.ASKED
    assert wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id).state is State.DONE
    assert wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=asked.id).state is State.DONE
    assert (standing(begin, person), len(rail.carried)) == ((2000, 2000), 1)


def test_a_pay_out_that_the_bank_returns_is_in_the_wallet_again_and_does_not_count_against_the_limit(begin, clock, person, rail) -> None:
    fill(begin, clock, person, 5000)
    one = wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=draw(begin, clock, person, 3000).id)
    clock.advance(timedelta(hours=3))
    for _ in range(2):
        with begin() as db:
            back = wallet.take_back(db=db, clock=clock, movement=one.id, why="the account is closed")
        assert (back.state, back.says, back.reference) == (State.RETURNED, "the account is closed", one.reference)
    assert standing(begin, person) == (5000, 5000)
    with begin() as db:
        assert wallet.store.moved(db, person, wallet.Way.PAY_OUT, "CNY", on=clock.today()) == (CNY(0), CNY(0))


def test_a_top_up_that_bounced_cannot_be_taken_from_a_wallet_that_spent_it(begin, clock, person) -> None:
    one = fill(begin, clock, person, 5000)
    with begin() as db:
        wallet.pay(db=db, clock=clock, person=person, amount=CNY(1), to=PLATFORM, key="fee")
    with pytest.raises(ledger.BalanceForbidden, match="wallet/"), begin() as db:
        wallet.take_back(db=db, clock=clock, movement=one.id, why="no cover")
    assert standing(begin, person) == (4999, 4999)


def test_what_was_not_done_cannot_be_taken_back(begin, clock, person) -> None:
    fill(begin, clock, person, 5000)
    with pytest.raises(NotDone, match="asked"), begin() as db:
        wallet.take_back(db=db, clock=clock, movement=draw(begin, clock, person, 100).id, why="x")


@pytest.mark.parametrize("verb", ["top_up", "pay_out"])
def test_a_key_names_one_movement(begin, clock, person, verb: str) -> None:
    fill(begin, clock, person, 5000)
    ask = partial(getattr(wallet, verb), clock=clock, person=person, key="again")
    with begin() as db:
        first = ask(db=db, amount=CNY(3000), token="bank")
        assert ask(db=db, amount=CNY(3000), token="bank") == first
        with pytest.raises(KeyReused, match="'again'"):
            ask(db=db, amount=CNY(2000), token="bank")


def test_no_more_is_paid_out_than_is_available(begin, clock, person) -> None:
    fill(begin, clock, person, 5000)
    draw(begin, clock, person, 3000)
    with pytest.raises(WalletShort, match=r"20\.00 CNY available"):
        draw(begin, clock, person, 2001, key="more")


@pytest.mark.parametrize(
    ("steps", "error", "says"),
    [
        (["0.99"], WalletMinimum, r"1\.00 CNY"),
        (["5000.01"], WalletLimit, "top-up a day"),
        (["3000", "2000.01"], WalletLimit, r"top-up a day, 5000\.00 CNY; at most 2000\.00 CNY"),
    ],
)
def test_limits_of_a_day_are_counted_over_movements(begin, clock, person, steps: list[str], error: type[Refused], says: str) -> None:
    *before, last = [Money.parse(step, "CNY") for step in steps]
    with begin() as db:
        for n, amount in enumerate(before):
            wallet.top_up(db=db, clock=clock, person=person, amount=amount, token="bank", key=f"k{n}")
        with pytest.raises(error, match=says):
            wallet.top_up(db=db, clock=clock, person=person, amount=last, token="bank", key="last")


def test_a_new_day_has_its_own_limit_a_month_and_the_balance_theirs(begin, clock, person) -> None:
    told = {
        "max_balance": "100.00",
        "top_up": {"least": "1", "day": "40", "month": "70"},
        "pay_out": {"least": "1", "day": "9", "month": "9"},
    }
    limits = wallet.Limits.parse("CNY", told)

    def ask(key: str, fen: int) -> None:
        with begin() as db:
            wallet.top_up(db=db, clock=clock, person=person, amount=CNY(fen), token="bank", key=key, limits=limits)

    ask("a", 4000)
    clock.advance(timedelta(days=1))
    ask("b", 3000)
    clock.advance(timedelta(days=1))
    with pytest.raises(WalletLimit, match="top-up a month"):
        ask("c", 100)
    clock.advance(timedelta(days=30))
    with pytest.raises(WalletLimit, match=r"the balance, 100\.00 CNY; at most 30\.00 CNY"):
        ask("d", 3001)
    ask("d", 3000)


def test_a_refused_movement_does_not_use_up_the_limit(begin, clock, person, rail) -> None:
    with begin() as db:
        one = wallet.top_up(db=db, clock=clock, person=person, amount=CNY(500_000), token="refuse", key="a")
    wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=one.id)
    assert fill(begin, clock, person, 500_000, key="b").state is State.DONE


@pytest.mark.parametrize("token", ["", "6222021234567890123", "6222 0212 3456 7890", "x" * 201])
def test_an_account_number_is_not_a_token(begin, clock, person, token: str) -> None:
    with pytest.raises(TokenRefused), begin() as db:
        wallet.top_up(db=db, clock=clock, person=person, amount=CNY(500), token=token, key="k")


def test_paying_from_the_wallet_once(begin, clock, person) -> None:
    fill(begin, clock, person, 5000)
    with begin() as db:
        first = wallet.pay(db=db, clock=clock, person=person, amount=CNY(1200), to=PLATFORM, key="fee", subject=person)
        assert wallet.pay(db=db, clock=clock, person=person, amount=CNY(1200), to=PLATFORM, key="fee", subject=person) == first
        with pytest.raises(KeyReused):
            wallet.pay(db=db, clock=clock, person=person, amount=CNY(1), to=PLATFORM, key="fee")
    with pytest.raises(WalletShort, match=r"38\.00 CNY available"), begin() as db:
        wallet.pay(db=db, clock=clock, person=person, amount=CNY(3801), to=PLATFORM, key="more")
    assert standing(begin, person) == (3800, 3800)


def test_a_repayment_from_the_wallet_is_one_list_with_the_loans_own_postings(begin, clock, person, database, tenant) -> None:
    """As `loans` posts it: clearing ← principal; the wallet pays into clearing, so that the money at the bank stays what it was."""
    loan, funder = Account(Kind.PRINCIPAL, uuid4()), Account(Kind.CAPITAL, uuid4())
    fill(begin, clock, person, 5000)
    with begin() as db:
        ledger.open_accounts(db=db, accounts=[loan, funder])
        lent = [
            ledger.Transfer("in", "funded", CLEARING, funder, CNY(4000)),
            ledger.Transfer("out", "disbursed", loan, CLEARING, CNY(4000)),
        ]
        ledger.post(db=db, clock=clock, transfers=lent)
        paid = wallet.payment(person=person, amount=CNY(1500), to=CLEARING, key="r", subject=loan.owner)
        ledger.post(
            db=db, clock=clock, transfers=[paid, ledger.Transfer("r/p", "principal", CLEARING, loan, CNY(1500), loan.owner, person)]
        )
        found = ledger.balances(db=db, accounts=[CLEARING, loan])
        assert (found[CLEARING].net, found[loan].net) == (CNY(5000), CNY(2500))
        assert [one.what for one in ledger.journal(db=db, subject=loan.owner, person=person)] == ["paid from wallet", "principal"]
    assert standing(begin, person) == (3500, 3500)
    sound(database, tenant)


def test_a_hold_is_captured_in_part_and_the_rest_comes_back(begin, clock, person) -> None:
    fill(begin, clock, person, 5000)
    with begin() as db:
        wallet.hold(db=db, clock=clock, person=person, amount=CNY(3000), to=PLATFORM, key="h")
        assert wallet.hold(db=db, clock=clock, person=person, amount=CNY(3000), to=PLATFORM, key="h").left == CNY(3000)
    assert standing(begin, person) == (5000, 2000)
    with begin() as db:
        wallet.capture(db=db, clock=clock, person=person, hold="h", key="c1", amount=CNY(1000), final=False)
        wallet.capture(db=db, clock=clock, person=person, hold="h", key="c2", amount=CNY(500))
        with pytest.raises(HoldEnded):
            wallet.capture(db=db, clock=clock, person=person, hold="h", key="c3")
    assert standing(begin, person) == (3500, 3500)


def test_a_released_hold_is_available_again(begin, clock, person) -> None:
    fill(begin, clock, person, 5000)
    with begin() as db:
        wallet.hold(db=db, clock=clock, person=person, amount=CNY(3000), to=PLATFORM, key="h")
        with pytest.raises(WalletShort):
            wallet.hold(db=db, clock=clock, person=person, amount=CNY(3000), to=PLATFORM, key="h2")
        assert wallet.release(db=db, clock=clock, person=person, key="h") == CNY(3000)
    assert standing(begin, person) == (5000, 5000)


def test_an_overpayment_comes_into_the_wallet_whatever_the_limits(begin, clock, person) -> None:
    credit = Account(Kind.CREDIT, uuid4())
    with begin() as db:
        ledger.open_accounts(db=db, accounts=[credit])
        ledger.post(db=db, clock=clock, transfers=[ledger.Transfer("in", "overpaid", CLEARING, credit, CNY(9_000_000))])
        wallet.receive(db=db, clock=clock, person=person, amount=CNY(9_000_000), source=credit, key="back")
    assert standing(begin, person) == (9_000_000, 9_000_000)


def test_the_statement_runs_from_opening_to_closing(begin, person) -> None:
    first = noon(date(2026, 3, 2))
    fill(begin, first, person, 5000)
    second = noon(date(2026, 3, 3))
    with begin() as db:
        wallet.pay(db=db, clock=second, person=person, amount=CNY(1200), to=PLATFORM, key="fee")
        page = wallet.statement(db=db, person=person, since=second.today(), until=second.today())
    assert (page.opening.net, [line.entry.what for line in page.lines], page.closing.net) == (CNY(-5000), ["paid from wallet"], CNY(-3800))


def test_strangers_and_strange_currencies_are_refused(begin, clock, person) -> None:
    stranger = uuid4()
    with begin() as db:
        with pytest.raises(WalletUnknown, match="open one first"):
            wallet.balance(db=db, person=stranger)
        with pytest.raises(WalletUnknown):
            wallet.top_up(db=db, clock=clock, person=stranger, amount=CNY(500), token="bank", key="k")
        with pytest.raises(WalletCurrency, match="CNY, HKD"):
            wallet.open_wallet(db=db, clock=clock, person=person, currency="GBP")
        with pytest.raises(MovementUnknown):
            wallet.conclude(db=db, clock=clock, rail="x", movement=stranger, answer=RailRefused("x", "no"))
        assert wallet.open_wallet(db=db, clock=clock, person=person) == wallet.account(person)


@pytest.mark.parametrize("currency", list(wallet.limits()))
def test_the_shipped_limits_contradict_nothing(currency: str) -> None:
    limits = wallet.limits_of(currency)
    assert limits.max_balance.currency == currency
    assert DECIMALS[currency] == -Decimal(str(limits.max_balance)).as_tuple().exponent
    for bounds in (limits.top_up, limits.pay_out):
        assert bounds.least.is_positive
        assert bounds.least <= bounds.day <= bounds.month


def test_many_threads_cannot_spend_a_wallet_twice(begin, clock, person, rail, database, tenant) -> None:
    fill(begin, clock, person, 5000)

    def work(number: int) -> int:
        try:
            if number % 2:
                one = draw(begin, clock, person, 1000, key=f"k{number}")
                return wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=one.id).amount.minor
            with begin() as db:
                return wallet.pay(db=db, clock=clock, person=person, amount=CNY(1000), to=PLATFORM, key=f"k{number}").amount.minor
        except WalletShort:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(16))) == 5000
    assert standing(begin, person) == (0, 0)
    sound(database, tenant)


def test_two_workers_carry_out_one_order_once(begin, clock, person, rail) -> None:
    fill(begin, clock, person, 5000)
    one = draw(begin, clock, person, 3000)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=one.id), range(6)))
    assert {each.state for each in done} == {State.DONE}
    assert (standing(begin, person), len(rail.carried)) == ((2000, 2000), 1)


def test_a_daily_limit_holds_under_concurrency(begin, clock, person) -> None:
    def work(number: int) -> bool:
        try:
            with begin() as db:
                wallet.top_up(db=db, clock=clock, person=person, amount=CNY(200_000), token="bank", key=f"k{number}")
        except WalletLimit:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 2


steps = st.lists(
    st.tuples(
        st.sampled_from(["top_up", "pay_out", "pay", "hold", "capture", "release"]),
        st.integers(1, 3000),
        st.sampled_from(["bank", "refuse", "lost"]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_what_went_in_less_what_went_out_is_what_is_there(database: Database, sequence: list[tuple[str, int, str]]) -> None:
    clock, rail, person, expected = noon(date(2026, 3, 2)), SimulatedRail(), uuid4(), 0
    with database.engine.connect() as db, db.begin() as transaction:
        db.execute(text("SELECT set_config('xinqiao.tenant', 'wallet-invariants', true)"))

        @contextmanager
        def begin():
            yield db

        wallet.open_wallet(db=db, clock=clock, person=person)
        ledger.open_accounts(db=db, accounts=[PLATFORM])
        for n, (verb, fen, token) in enumerate(sequence):
            given = {"db": db, "clock": clock, "person": person}
            try:
                with db.begin_nested():
                    if verb in ("top_up", "pay_out"):
                        one = getattr(wallet, verb)(**given, amount=CNY(fen), token=token, key=str(n))
                        for _ in range(2):
                            one = wallet.carry_out(begin=begin, clock=clock, rail=rail, movement=one.id)
                        expected += (fen if verb == "top_up" else -fen) if one.state is State.DONE else 0
                    elif verb == "pay":
                        expected -= wallet.pay(**given, amount=CNY(fen), to=PLATFORM, key=str(n)).amount.minor
                    elif verb == "hold":
                        wallet.hold(**given, amount=CNY(fen), to=PLATFORM, key=str(fen % 5))
                    elif verb == "capture":
                        expected -= wallet.capture(**given, hold=str(fen % 5), key=str(n)).amount.minor
                    else:
                        wallet.release(**given, key=str(fen % 5))
            except Refused:
                pass
        found = wallet.balance(db=db, person=person)
        held = ledger.holds_of(db=db, account=wallet.account(person))
        assert (found.total.minor, found.held.minor) == (expected, sum(one.left.minor for one in held))
        assert not found.available < CNY(0)
        assert ledger.verify(db=db).problems == ()
        transaction.rollback()
