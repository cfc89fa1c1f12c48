from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from xinqiao.kit import CNY, Database, FixedClock, Money
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import KeyReused

FUNDER, LOAN = uuid4(), uuid4()
CLEARING = l.Account(l.Kind.CLEARING)
OWED = l.Account(l.Kind.FUNDER, FUNDER)
LENT = l.Account(l.Kind.PRINCIPAL, LOAN)
ALL = [CLEARING, OWED, LENT]


def move(key: str, debit: l.Account, credit: l.Account, fen: int) -> l.Transfer:
    return l.Transfer(key, "test", debit, credit, CNY(fen), LOAN)


def net(db: Connection, account: l.Account) -> int:
    return l.balances(db=db, accounts=[account])[account].net.minor


@pytest.fixture
def opened(db: Connection) -> Connection:
    l.open_accounts(db=db, accounts=ALL)
    return db


def test_a_list_moves_both_sides(opened: Connection, clock: FixedClock) -> None:
    assert l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, OWED, 500), move("b", LENT, CLEARING, 500)]) == 2
    assert [net(opened, account) for account in ALL] == [0, -500, 500]


def test_a_repeated_key_posts_nothing_even_months_later(opened: Connection, clock: FixedClock) -> None:
    l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, OWED, 500)])
    clock.advance(timedelta(days=70))
    assert l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, OWED, 500), move("b", CLEARING, OWED, 1)]) == 1
    assert net(opened, OWED) == -501


@pytest.mark.parametrize("together", [True, False])
def test_a_key_that_returns_with_another_amount_is_refused(opened: Connection, clock: FixedClock, together: bool) -> None:
    first, second = move("a", CLEARING, OWED, 500), move("a", CLEARING, OWED, 501)
    if not together:
        l.post(db=opened, clock=clock, transfers=[first])
    with pytest.raises(KeyReused, match="'a'"):
        l.post(db=opened, clock=clock, transfers=[first, second] if together else [second])


def test_an_account_never_opened_is_named(opened: Connection, clock: FixedClock) -> None:
    stranger = uuid4()
    with pytest.raises(l.AccountUnknown, match=str(stranger)):
        l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, l.Account(l.Kind.FUNDER, stranger), 1)])


@pytest.mark.parametrize(
    ("debit", "credit"),
    [(CLEARING, LENT), (OWED, CLEARING), (LENT, CLEARING)],
    ids=["more repaid than lent", "more paid out than owed", "more lent than came in"],
)
def test_a_balance_does_not_go_where_its_account_forbids(
    opened: Connection, clock: FixedClock, debit: l.Account, credit: l.Account
) -> None:
    with pytest.raises(l.BalanceForbidden, match="no more than it holds"):
        l.post(db=opened, clock=clock, transfers=[move("a", debit, credit, 1)])


def test_a_rule_is_judged_on_the_whole_list(opened: Connection, clock: FixedClock) -> None:
    """Paying out before paying in is allowed within one list: it is the state after the list that must hold."""
    assert l.post(db=opened, clock=clock, transfers=[move("a", OWED, CLEARING, 7), move("b", CLEARING, OWED, 7)]) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": CNY(0)}, "must be positive"),
        ({"amount": CNY(-5)}, "must be positive"),
        ({"amount": Money(5, "USD")}, "one currency"),
        ({"debit": l.Account(l.Kind.CLEARING, currency="USD")}, "one currency"),
        ({"debit": OWED}, "different accounts"),
    ],
)
def test_a_transfer_that_cannot_balance_is_refused(change: dict, says: str) -> None:
    sound = {"key": "k", "what": "test", "debit": CLEARING, "credit": OWED, "amount": CNY(5)}
    with pytest.raises(l.TransferRefused, match=says):
        l.Transfer(**{**sound, **change})


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (move("bad", CLEARING, l.Account(l.Kind.FUNDER, uuid4()), 1), l.AccountUnknown),
        (move("bad", OWED, CLEARING, 10_000), l.BalanceForbidden),
        (move("known", CLEARING, OWED, 2), KeyReused),
    ],
    ids=["an account never opened", "a rule broken", "a key reused"],
)
def test_of_a_refused_list_nothing_stands_even_if_the_caller_goes_on(
    opened: Connection, clock: FixedClock, bad: l.Transfer, error: type[Exception]
) -> None:
    l.post(db=opened, clock=clock, transfers=[move("known", CLEARING, OWED, 1)])
    with pytest.raises(error):
        l.post(db=opened, clock=clock, transfers=[move("good", CLEARING, OWED, 500), bad])
    assert (net(opened, OWED), l.is_posted(db=opened, transfer="good")) == (-1, False)
    assert l.verify(db=opened).problems == ()


def test_entries_show_each_side_newest_first(opened: Connection, clock: FixedClock) -> None:
    l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, OWED, 500)])
    clock.advance(timedelta(days=40))
    l.post(db=opened, clock=clock, transfers=[move("b", LENT, CLEARING, 300)])
    assert [entry.amount for entry in l.entries(db=opened, account=CLEARING)] == [CNY(-300), CNY(500)]
    assert [entry.other for entry in l.entries(db=opened, account=CLEARING)] == [LENT, OWED]
    assert [entry.amount for entry in l.entries(db=opened, account=CLEARING, before=clock.now())] == [CNY(500)]


def test_the_journal_of_a_loan_is_the_persons_own(opened: Connection, clock: FixedClock) -> None:
    person = uuid4()
    l.post(
        db=opened, clock=clock, transfers=[l.Transfer("a", "funded", CLEARING, OWED, CNY(500), LOAN, person), move("b", CLEARING, OWED, 1)]
    )
    (posting,) = l.journal(db=opened, subject=LOAN, person=person)
    assert (posting.what, posting.debit, posting.credit, posting.amount) == ("funded", CLEARING, OWED, CNY(500))


def test_accounts_of_a_kind_come_in_pages(opened: Connection) -> None:
    l.open_accounts(db=opened, accounts=[l.Account(l.Kind.FUNDER, uuid4()) for _ in range(4)])
    first = l.accounts(db=opened, kind=l.Kind.FUNDER, limit=3)
    second = l.accounts(db=opened, kind=l.Kind.FUNDER, limit=3, after=first[-1].account.id)
    assert len({balance.account for balance in first + second}) == 5


def test_kept_balances_agree_with_the_transfers_behind_them(opened: Connection, clock: FixedClock) -> None:
    usd = [l.Account(l.Kind.CLEARING, currency="USD"), l.Account(l.Kind.FUNDER, FUNDER, "USD")]
    l.open_accounts(db=opened, accounts=usd)
    l.post(db=opened, clock=clock, transfers=[move("a", CLEARING, OWED, 500), l.Transfer("b", "test", *usd, Money(70, "USD"))])
    then = clock.now()
    clock.advance(timedelta(days=1))
    l.post(db=opened, clock=clock, transfers=[move("c", LENT, CLEARING, 200)])
    now, past = l.trial_balance(db=opened), l.trial_balance(db=opened, until=then)
    for balance, lent in ((now, 200), (past, 0)):
        for currency in ("CNY", "USD"):
            assert sum(b.net.minor for (_, c), b in balance.items() if c == currency) == 0
        assert (balance[l.Kind.PRINCIPAL, "CNY"].debits.minor if (l.Kind.PRINCIPAL, "CNY") in balance else 0) == lent
    assert l.trial_balance(db=opened, until=clock.now()) == now


def test_transfers_cannot_be_changed_or_removed(database: Database, clock: FixedClock) -> None:
    with database.begin(tenant="ledger-immutable") as db:
        l.open_accounts(db=db, accounts=ALL)
        l.post(db=db, clock=clock, transfers=[move("a", CLEARING, OWED, 500)])
    for statement in ("UPDATE ledger_transfer SET minor = 1", "DELETE FROM ledger_transfer", "DELETE FROM ledger_key"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.begin(tenant="ledger-immutable") as db:
            db.execute(text(statement))


def test_another_tenant_sees_nothing(database: Database, clock: FixedClock) -> None:
    with database.begin(tenant="ledger-mine") as db:
        l.open_accounts(db=db, accounts=ALL)
        l.post(db=db, clock=clock, transfers=[move("a", CLEARING, OWED, 500)])
    with database.begin(tenant="ledger-other") as db:
        assert l.balances(db=db, accounts=ALL) == {}
        assert l.entries(db=db, account=CLEARING) == []


def test_no_update_is_lost_and_nothing_deadlocks_under_concurrency(database: Database, clock: FixedClock) -> None:
    """Eight threads post lists over the same few accounts in random order, each list twice."""
    tenant, funders = "ledger-race", [l.Account(l.Kind.FUNDER, uuid4()) for _ in range(6)]
    with database.begin(tenant=tenant) as db:
        l.open_accounts(db=db, accounts=[CLEARING, *funders])

    def work(seed: int) -> int:
        random, posted = Random(seed), 0
        for round_ in range(12):
            chosen = [(i, random.choice(funders), random.randint(1, 900)) for i in range(20)]
            transfers = [move(f"{seed}/{round_}/{i}", CLEARING, funder, fen) for i, funder, fen in chosen]
            random.shuffle(transfers)
            for _ in range(2):
                with database.begin(tenant=tenant) as db:
                    posted += l.post(db=db, clock=clock, transfers=transfers)
        return posted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 8 * 12 * 20
    with database.begin(tenant=tenant) as db:
        assert l.trial_balance(db=db) == l.trial_balance(db=db, until=clock.now())
        assert sum(balance.net.minor for balance in l.trial_balance(db=db).values()) == 0


def test_the_same_keys_from_many_threads_post_once(database: Database, clock: FixedClock) -> None:
    tenant = "ledger-same"
    with database.begin(tenant=tenant) as db:
        l.open_accounts(db=db, accounts=ALL)
    transfers = [move(f"k{i}", CLEARING, OWED, 10) for i in range(50)]

    def work(seed: int) -> int:
        mine = list(transfers)
        Random(seed).shuffle(mine)
        with database.begin(tenant=tenant) as db:
            return l.post(db=db, clock=clock, transfers=mine)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(8))) == [0] * 7 + [50]


def test_a_last_yuan_is_paid_out_once(database: Database, clock: FixedClock) -> None:
    tenant = "ledger-last"
    with database.begin(tenant=tenant) as db:
        l.open_accounts(db=db, accounts=ALL)
        l.post(db=db, clock=clock, transfers=[move("in", CLEARING, OWED, 100)])

    def work(number: int) -> bool:
        try:
            with database.begin(tenant=tenant) as db:
                l.post(db=db, clock=clock, transfers=[move(f"out{number}", OWED, CLEARING, 100)])
        except l.BalanceForbidden:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 1


def test_ids_are_derived_from_names_and_never_move() -> None:
    """A changed derivation would let every key ever used post again."""
    assert l.Account(l.Kind.CLEARING).id == UUID("2850fe37-97a1-5805-912e-fc7e2a9fb135")
    assert l.Transfer("k", "w", CLEARING, OWED, CNY(1)).id == UUID("47215b1c-3c05-59af-aafa-0530501cc087")
