from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import HoldEnded, HoldExpired, HoldTooSmall, HoldUnknown, KeyReused

from .books import ALL, CLEARING, OWED, SUSPENSE, fresh, move, net, opened, put, sound


@pytest.fixture
def funded(db: Connection, clock: FixedClock) -> Connection:
    """500 fen came in and are owed to the funder."""
    l.open_accounts(db=db, accounts=ALL)
    l.post(db=db, clock=clock, transfers=[move("in", CLEARING, OWED, 500)])
    return db


def of(db: Connection, account: l.Account) -> l.Balance:
    return l.balances(db=db, accounts=[account])[account]


def test_what_is_held_is_not_available_on_either_side(funded: Connection, clock: FixedClock) -> None:
    assert l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)]) == 1
    assert (of(funded, OWED).available, of(funded, CLEARING).available) == (CNY(200), CNY(200))
    assert net(funded, OWED) == -500


def test_a_posting_cannot_take_what_is_held(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    with pytest.raises(l.BalanceForbidden, match=f"funder/{OWED.owner}/CNY"):
        l.post(db=funded, clock=clock, transfers=[move("out", OWED, SUSPENSE, 201)])


def test_another_hold_cannot_take_what_is_held(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    with pytest.raises(l.BalanceForbidden, match=f"funder/{OWED.owner}/CNY"):
        l.hold(db=funded, clock=clock, holds=[put("more", OWED, SUSPENSE, 201)])


def test_a_hold_settles_in_parts_and_gives_back_the_rest(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    first = l.settle(db=funded, clock=clock, hold="h", key="s1", amount=CNY(100))
    assert (first.amount, l.get_hold(db=funded, hold="h").left, of(funded, OWED).available) == (CNY(100), CNY(200), CNY(200))
    l.settle(db=funded, clock=clock, hold="h", key="s2", amount=CNY(50), final=True)
    held = l.get_hold(db=funded, hold="h")
    assert (held.settled, held.left, held.ended) == (CNY(150), CNY(0), "settled")
    assert (net(funded, OWED), of(funded, OWED).available, of(funded, CLEARING).held_credits) == (-350, CNY(350), 0)
    assert l.transfer(db=funded, transfer="s1").link == l.Link(first.id, "settles", held.id, "test")


def test_all_that_is_left_settles_by_default(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 500)])
    assert l.settle(db=funded, clock=clock, hold="h", key="s").amount == CNY(500)
    assert (net(funded, OWED), l.get_hold(db=funded, hold="h").ended) == (0, "settled")


def test_a_settlement_repeats_without_posting_again(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    first = l.settle(db=funded, clock=clock, hold="h", key="s", amount=CNY(100))
    assert l.settle(db=funded, clock=clock, hold="h", key="s", amount=CNY(100)) == first
    assert l.settle(db=funded, clock=clock, hold="h", key="s") == first
    assert net(funded, OWED) == -400
    with pytest.raises(KeyReused, match="'s'"):
        l.settle(db=funded, clock=clock, hold="h", key="s", amount=CNY(101))
    with pytest.raises(KeyReused, match="'in'"):
        l.settle(db=funded, clock=clock, hold="h", key="in")


def test_a_hold_placed_again_is_the_same_hold(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    assert l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300), put("h2", OWED, CLEARING, 100)]) == 1
    with pytest.raises(KeyReused, match="'h'"):
        l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 301)])


def test_released_money_is_available_again_and_releasing_twice_gives_nothing(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    assert l.release(db=funded, clock=clock, hold="h") == CNY(300)
    assert l.release(db=funded, clock=clock, hold="h") == CNY(0)
    assert of(funded, OWED).available == CNY(500)
    with pytest.raises(HoldEnded, match="released"):
        l.settle(db=funded, clock=clock, hold="h", key="s")


def test_a_hold_past_its_time_settles_nothing_and_is_swept(funded: Connection, clock: FixedClock) -> None:
    until = clock.now() + timedelta(hours=1)
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300, expires_at=until), put("stays", OWED, CLEARING, 100)])
    assert l.expire(db=funded, clock=clock) == 0
    clock.advance(timedelta(hours=1))
    with pytest.raises(HoldExpired):
        l.settle(db=funded, clock=clock, hold="h", key="s")
    assert (l.expire(db=funded, clock=clock), l.expire(db=funded, clock=clock)) == (1, 0)
    assert (l.get_hold(db=funded, hold="h").ended, of(funded, OWED).available) == ("expired", CNY(400))
    assert [one.what for one in l.holds_of(db=funded, account=OWED)] == ["test"]
    assert len(l.holds_of(db=funded, account=OWED, standing=False)) == 2


def test_more_than_is_left_is_refused_and_the_transaction_goes_on(funded: Connection, clock: FixedClock) -> None:
    l.hold(db=funded, clock=clock, holds=[put("h", OWED, CLEARING, 300)])
    with pytest.raises(HoldTooSmall, match=r"3\.00 CNY is left"):
        l.settle(db=funded, clock=clock, hold="h", key="s", amount=CNY(301))
    assert l.get_hold(db=funded, hold="h").left == CNY(300)


def test_an_unknown_hold_and_an_unknown_account_are_named(funded: Connection, clock: FixedClock) -> None:
    with pytest.raises(HoldUnknown, match="nothing"):
        l.release(db=funded, clock=clock, hold="nothing")
    stranger = l.Account(l.Kind.FUNDER, uuid4())
    with pytest.raises(l.AccountUnknown, match=str(stranger.owner)):
        l.hold(db=funded, clock=clock, holds=[put("good", OWED, CLEARING, 1), put("h", stranger, CLEARING, 1)])
    assert (l.is_held(db=funded, hold="good"), of(funded, OWED).held_debits) == (False, 0)


def test_many_threads_cannot_settle_or_release_more_than_was_held(database: Database, clock: FixedClock) -> None:
    tenant = fresh()
    with opened(database, tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("in", CLEARING, OWED, 1000)])
        l.hold(db=db, clock=clock, holds=[put("h", OWED, CLEARING, 1000)])

    def work(number: int) -> int:
        try:
            with database.begin(tenant=tenant) as db:
                if number == 7:
                    return l.release(db=db, clock=clock, hold="h").minor
                return l.settle(db=db, clock=clock, hold="h", key=f"s{number}", amount=CNY(150)).amount.minor
        except (HoldEnded, HoldTooSmall):
            return 0

    with ThreadPoolExecutor(8) as pool:
        moved = sum(pool.map(work, range(12)))
    with database.begin(tenant=tenant) as db:
        held, owed = l.get_hold(db=db, hold="h"), of(db, OWED)
        assert held.ended is not None
        assert (owed.held_debits, net(db, OWED)) == (0, held.settled.minor - 1000)
        assert moved == 1000 or moved == held.settled.minor
    sound(database, tenant)
