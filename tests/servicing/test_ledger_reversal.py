from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import AlreadyReversed, KeyReused, NotReversible, TransferUnknown

from .books import ALL, CLEARING, LENT, OWED, fresh, move, net, opened, sound

WHY = "the bank returned the payment"


@pytest.fixture
def posted(db: Connection, clock: FixedClock) -> Connection:
    l.open_accounts(db=db, accounts=ALL)
    l.post(db=db, clock=clock, transfers=[move("a", CLEARING, OWED, 500), move("b", LENT, CLEARING, 200)])
    return db


def test_a_reversal_is_the_mirror_on_its_own_day_and_both_stay(posted: Connection, clock: FixedClock) -> None:
    clock.advance(timedelta(days=3))
    made = l.reverse(db=posted, clock=clock, transfers=["b", "a"], key="r", why=WHY)
    assert [(one.debit, one.credit, one.amount, one.booked_on) for one in made] == [
        (CLEARING, LENT, CNY(200), clock.today()),
        (OWED, CLEARING, CNY(500), clock.today()),
    ]
    assert [net(posted, account) for account in (CLEARING, OWED, LENT)] == [0, 0, 0]
    detail = l.transfer(db=posted, transfer="a")
    assert (detail.posting.amount, detail.reversed_by) == (CNY(500), l.Link(made[1].id, "reverses", l.transfer_id("a"), WHY))
    assert l.transfer(db=posted, transfer=made[1].id).link.of == l.transfer_id("a")


def test_a_reversal_repeats_without_posting_again(posted: Connection, clock: FixedClock) -> None:
    first = l.reverse(db=posted, clock=clock, transfers=["a", "b"], key="r", why=WHY)
    assert l.reverse(db=posted, clock=clock, transfers=["a", "b"], key="r", why=WHY) == first
    assert net(posted, OWED) == 0


def test_a_transfer_is_reversed_once_and_nothing_of_the_second_list_stands(posted: Connection, clock: FixedClock) -> None:
    l.reverse(db=posted, clock=clock, transfers=["b"], key="r", why=WHY)
    with pytest.raises(AlreadyReversed):
        l.reverse(db=posted, clock=clock, transfers=["a", "b"], key="again", why=WHY)
    assert (net(posted, OWED), net(posted, LENT), l.transfer(db=posted, transfer="a").reversed_by) == (-500, 0, None)


def test_a_reversal_itself_is_not_reversed(posted: Connection, clock: FixedClock) -> None:
    (made,) = l.reverse(db=posted, clock=clock, transfers=["b"], key="r", why=WHY)
    with pytest.raises(NotReversible, match="post the transfer anew"):
        l.reverse(db=posted, clock=clock, transfers=[made.id], key="r2", why=WHY)


def test_money_that_has_left_cannot_be_taken_back(posted: Connection, clock: FixedClock) -> None:
    """300 of the 500 are still in clearing: taking the 500 back would leave the bank with less than nothing."""
    with pytest.raises(l.BalanceForbidden, match="clearing"):
        l.reverse(db=posted, clock=clock, transfers=["a"], key="r", why=WHY)
    assert (net(posted, OWED), l.transfer(db=posted, transfer="a").reversed_by) == (-500, None)


def test_an_unknown_transfer_is_named(posted: Connection, clock: FixedClock) -> None:
    stranger = uuid4()
    with pytest.raises(TransferUnknown, match=str(stranger)):
        l.reverse(db=posted, clock=clock, transfers=["a", stranger], key="r", why=WHY)


def test_a_reversal_keeps_loan_and_person(posted: Connection, clock: FixedClock) -> None:
    person = uuid4()
    l.post(db=posted, clock=clock, transfers=[move("mine", CLEARING, OWED, 7, person)])
    l.reverse(db=posted, clock=clock, transfers=["mine"], key="r", why=WHY)
    found = l.journal(db=posted, subject=move("mine", CLEARING, OWED, 7).subject, person=person)
    assert [one.what for one in found] == ["test", "reversal of test"]


def test_each_list_stands_or_falls_alone(posted: Connection, clock: FixedClock) -> None:
    bad = [move("in", CLEARING, OWED, 10), move("out", OWED, CLEARING, 10_000)]
    lists = [[move(f"good{n}", CLEARING, OWED, 1), move(f"back{n}", OWED, CLEARING, 1)] for n in range(5)]
    stranger = [move("x", CLEARING, l.Account(l.Kind.FUNDER, uuid4()), 1)]
    reused = [move("good0", CLEARING, OWED, 2)]
    answers = l.post_lists(db=posted, clock=clock, lists=[*lists[:2], bad, lists[2], stranger, *lists[3:], reused])
    assert [type(one) for one in answers if one] == [l.BalanceForbidden, l.AccountUnknown, KeyReused]
    assert [answers[n] for n in (0, 1, 3, 5, 6)] == [None] * 5
    assert not l.is_posted(db=posted, transfer="in")
    together = l.transfer(db=posted, transfer="good3").together
    assert [one.id for one in together] == [l.transfer_id("back3")]


def test_lists_of_nothing_are_nothing(posted: Connection, clock: FixedClock) -> None:
    assert l.post_lists(db=posted, clock=clock, lists=[]) == []
    assert l.post_lists(db=posted, clock=clock, lists=[[], []]) == [None, None]
    assert l.reverse(db=posted, clock=clock, transfers=[], key="r", why=WHY) == []


def test_many_threads_reverse_a_transfer_once(database: Database, clock: FixedClock) -> None:
    tenant = fresh()
    with opened(database, tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("a", CLEARING, OWED, 500), move("b", CLEARING, OWED, 500)])

    def work(number: int) -> bool:
        try:
            with database.begin(tenant=tenant) as db:
                return len(l.reverse(db=db, clock=clock, transfers=["a"], key=f"r{number}", why=WHY)) == 1
        except AlreadyReversed:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 1
    with database.begin(tenant=tenant) as db:
        assert net(db, OWED) == -500
    sound(database, tenant)
