from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import AccountMalformed, CursorMalformed, PeriodBackwards, TransferUnknown
from xinqiao.servicing.ledger.store import closing, reading

from .books import ALL, CLEARING, FUNDER, LENT, LOAN, OWED, move, noon

FIRST, DAY = date(2026, 2, 2), timedelta(days=1)


@pytest.fixture
def lived(db: Connection) -> Connection:
    """Ten days; each has a list of three: 100 in and 30 and 20 out, as clearing sees it."""
    l.open_accounts(db=db, accounts=ALL)
    for n in range(10):
        three = [move(f"in{n}", CLEARING, OWED, 100), move(f"a{n}", LENT, CLEARING, 30), move(f"b{n}", LENT, CLEARING, 20)]
        l.post(db=db, clock=noon(FIRST + n * DAY), transfers=three)
    return db


@pytest.mark.parametrize("closed", [0, 3, 9])
def test_a_statement_runs_from_what_stood_to_what_stands(lived: Connection, closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same whatever is closed, whether or not balances were kept at the closes."""
    monkeypatch.setattr(closing, "BUSY", 4)
    if closed:
        l.close_through(db=lived, clock=noon(FIRST + 20 * DAY), on=FIRST + (closed - 1) * DAY)
    page = l.statement(db=lived, account=CLEARING, since=FIRST + 4 * DAY, until=FIRST + 5 * DAY)
    assert (page.opening.net, page.closing.net, page.next) == (CNY(200), CNY(300), None)
    assert [line.entry.amount.minor for line in page.lines] == [100, -30, -20, 100, -30, -20]
    assert [line.balance.minor for line in page.lines] == [300, 270, 250, 350, 320, 300]
    assert (page.closing.debits - page.opening.debits, page.closing.credits - page.opening.credits) == (CNY(200), CNY(100))


@pytest.mark.parametrize("limit", [1, 2, 4, 30])
def test_pages_of_a_statement_join_without_a_gap(lived: Connection, limit: int) -> None:
    whole = l.statement(db=lived, account=CLEARING, since=FIRST, until=FIRST + 9 * DAY)
    lines, after = [], None
    while True:
        page = l.statement(db=lived, account=CLEARING, since=FIRST, until=FIRST + 9 * DAY, limit=limit, after=after)
        lines += page.lines
        if page.next is None:
            break
        after = l.Cursor.parse(str(page.next))
    assert lines == list(whole.lines)
    assert len(lines) == 30


def test_pages_of_entries_join_even_within_one_list(lived: Connection) -> None:
    whole, after, found = l.entries(db=lived, account=CLEARING), None, []
    while page := l.entries(db=lived, account=CLEARING, limit=4, after=after):
        found += page
        after = page[-1].cursor
    assert found == whole
    assert [one.booked_on for one in found] == sorted((one.booked_on for one in found), reverse=True)
    assert len({one.transfer for one in found}) == 30


def test_entries_booked_back_stand_on_their_book_date(lived: Connection) -> None:
    l.post(db=lived, clock=noon(FIRST + 12 * DAY), transfers=[move("back", CLEARING, OWED, 7)], booked_on=FIRST + 4 * DAY)
    page = l.statement(db=lived, account=CLEARING, since=FIRST + 4 * DAY, until=FIRST + 4 * DAY)
    assert [line.entry.amount.minor for line in page.lines] == [100, -30, -20, 7]
    assert page.lines[-1].entry.at == noon(FIRST + 12 * DAY).now()


def test_a_statement_of_nothing_says_what_stands(lived: Connection, clock: FixedClock) -> None:
    page = l.statement(db=lived, account=CLEARING, since=FIRST + 20 * DAY, until=FIRST + 30 * DAY)
    assert (page.opening.net, page.closing.net, page.lines) == (CNY(500), CNY(500), ())
    assert l.statement(db=lived, account=CLEARING, since=FIRST - 9 * DAY, until=FIRST - DAY).closing.net == CNY(0)


def test_a_statement_of_no_account_or_a_backward_period_is_refused(lived: Connection) -> None:
    with pytest.raises(l.AccountUnknown):
        l.statement(db=lived, account=l.Account(l.Kind.FUNDER, uuid4()), since=FIRST, until=FIRST)
    with pytest.raises(PeriodBackwards):
        l.statement(db=lived, account=CLEARING, since=FIRST, until=FIRST - DAY)


def test_one_transfer_shows_its_list(lived: Connection) -> None:
    detail = l.transfer(db=lived, transfer="a3")
    assert (detail.posting.amount, detail.posting.booked_on, detail.posting.cursor.line) == (CNY(30), FIRST + 3 * DAY, 2)
    assert [one.id for one in detail.together] == [l.transfer_id("in3"), l.transfer_id("b3")]
    assert (detail.link, detail.reversed_by) == (None, None)
    with pytest.raises(TransferUnknown, match="nothing"):
        l.transfer(db=lived, transfer="nothing")


def test_accounts_are_found_by_kind_owner_currency_and_whether_they_stand_at_something(lived: Connection) -> None:
    funders = [l.Account(l.Kind.FUNDER, uuid4(), currency) for currency in ("CNY", "JPY") for _ in range(3)]
    l.open_accounts(db=lived, accounts=funders)

    def found(**asked) -> list[l.Account]:
        rows, after = [], None
        while True:
            page = l.find_accounts(db=lived, limit=2, after=after, **asked)
            rows += [one.account for one in page.rows]
            if page.next is None:
                return rows
            after = page.next

    assert set(found(kind=l.Kind.FUNDER)) == {*funders, OWED}
    assert set(found(kind=l.Kind.FUNDER, currency="JPY")) == set(funders[3:])
    assert found(currency="JPY") == sorted(funders[3:], key=lambda one: one.id)
    assert found(kind=l.Kind.FUNDER, standing=True) == [OWED]
    assert set(found(standing=True)) == {CLEARING, OWED, LENT}
    assert found(owner=FUNDER) == [OWED]
    assert found(owner=LOAN, kind=l.Kind.FUNDER) == []


def test_a_page_of_standing_accounts_looks_through_so_many_and_goes_on(lived: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SCANNED", 3)
    l.open_accounts(db=lived, accounts=[l.Account(l.Kind.FUNDER, uuid4()) for _ in range(9)])
    rows, after, pages = [], None, 0
    while True:
        page = l.find_accounts(db=lived, kind=l.Kind.FUNDER, standing=True, after=after)
        rows, after, pages = [*rows, *page.rows], page.next, pages + 1
        if after is None:
            break
    assert ([one.account for one in rows], pages) == ([OWED], 4)


@pytest.mark.parametrize("text", ["", "nothing", "clearing/x", "clearing//CNY/x", "2026"])
def test_what_names_no_account_is_refused(text: str) -> None:
    with pytest.raises(AccountMalformed, match="kind/owner"):
        l.Account.parse(text)


@pytest.mark.parametrize("account", [CLEARING, OWED, l.Account(l.Kind.WRITTEN_OFF, FUNDER, "JPY")])
def test_an_accounts_name_reads_back(account: l.Account) -> None:
    assert l.Account.parse(str(account)) == account


@pytest.mark.parametrize("text", ["", "2026-13-01.1.1", "2026-01-01.1", "2026-01-01.1.1; DROP", "2026-01-01.-1.1"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(CursorMalformed):
        l.Cursor.parse(text)


def test_the_chart_names_every_kind_in_both_languages_and_numbers_it_by_class() -> None:
    classes = ["assets", "liabilities", "equity", "income", "expenses"]
    assert list(l.chart()) == list(l.Kind)
    assert [one.number for one in l.chart().values()] == sorted({one.number for one in l.chart().values()})
    for one in l.chart().values():
        assert one.zh
        assert one.en
        assert one.use
        assert classes.index(one.group) == one.number // 1000 - 1
        assert (one.rule is l.Rule.WITHIN_DEBITS) <= (one.group in ("assets", "expenses"))
        assert (one.rule is l.Rule.WITHIN_CREDITS) <= (one.group in ("liabilities", "equity", "income"))
