"""The ledger's pages say what the ledger says: of now, of a day, of one account, of one transfer, of the closed days."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from xinqiao import servicing
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Close, Kind, Totals
from xinqiao.staff import Role
from xinqiao.web.console import bookkeeping
from xinqiao.web.i18n import Words

from .conftest import Lending, Lent, Platform
from .staffing import Client

ENGLISH = Words("en", ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    found = lending()
    found.journeys.pay(found.application, amount=found.journeys.loan(found.application).next_amount, key="ledger-first")
    return found


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_trial_balance_is_of_now_or_of_a_day(client: Client, platform: Platform, lent: Lent) -> None:
    browser = client(Role.VIEWER)
    with platform.house.begin() as db:
        owed = ledger.trial_balance(db=db)[Kind.PRINCIPAL, "CNY"].net
    now = text_of(browser.get("/console/ledger").text)
    assert "debits equal credits" in now
    assert ENGLISH.money(owed) in now
    before = text_of(browser.get("/console/ledger?on=2020-01-01").text)
    assert "booked up to 1 January 2020" in before
    assert "Nothing has been posted yet" in before
    assert ENGLISH.money(owed) in text_of(browser.get("/console/ledger?until=2099-01-01T00:00").text)


@pytest.mark.parametrize("query", ["on=yesterday", "until=soon"])
def test_a_day_that_is_none_is_said_and_now_is_shown(client: Client, query: str) -> None:
    page = text_of(client(Role.VIEWER).get(f"/console/ledger?{query}").text)
    assert "is not understood" in page
    assert "Trial balance, now" in page


def test_an_account_s_statement_runs_to_its_balance_on_the_page_and_as_a_file(client: Client, platform: Platform, lent: Lent) -> None:
    browser, address = client(Role.VIEWER), f"/console/ledger/principal/{lent.loan}"
    with platform.house.begin() as db:
        account = Account(Kind.PRINCIPAL, lent.loan)
        net = ledger.balances(db=db, accounts=[account])[account].net
    assert ENGLISH.money(net) in browser.get(address).text
    assert ENGLISH.money(net) in browser.get(f"{address}/statement").text
    file = browser.get(f"{address}/statement?form=csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert len(rows) == 2
    assert rows[-1]["Balance"] == str(net)
    assert sum(int(row["Amount"].replace(".", "")) for row in rows) == net.minor


def test_a_transfer_shows_its_two_sides_and_what_was_posted_with_it(client: Client, platform: Platform, lent: Lent) -> None:
    browser = client(Role.VIEWER)
    page = browser.get(f"/console/ledger/principal/{lent.loan}").text
    found = re.findall(r"/console/ledger/transfers/[0-9a-f-]{36}", page)
    told = browser.get(found[0]).text
    assert f"/console/loans/{lent.loan}" in told
    assert "Posted together with it" in told
    others = re.findall(r"/console/ledger/transfers/([0-9a-f-]{36})", told)
    with platform.house.begin() as db:
        loan = servicing.loan(db=db, loan_id=lent.loan)
        mine = {str(one.id) for one in ledger.journal(db=db, subject=loan.id, person=loan.person_id)}
    assert others
    assert set(others) <= mine


def test_what_is_typed_is_found_as_a_loan_a_transfer_or_an_account(client: Client, platform: Platform, lent: Lent) -> None:
    browser = client(Role.VIEWER)
    loan = browser.get(f"/console/ledger/find?what={lent.loan}")
    assert loan.headers["location"] == f"/console/loans/{lent.loan}"
    account = browser.get("/console/ledger/find?what=clearing/")
    assert account.headers["location"].startswith("/console/ledger/clearing/")
    with platform.house.begin() as db:
        loan = servicing.loan(db=db, loan_id=lent.loan)
        posted = ledger.journal(db=db, subject=loan.id, person=loan.person_id)[0]
    transfer = browser.get(f"/console/ledger/find?what={posted.id}")
    assert transfer.headers["location"].startswith("/console/ledger/transfers/")
    assert "no loan or account" in browser.get("/console/ledger/find?what=nothing-of-that-name").text


def test_a_loan_s_page_shows_what_it_owes_and_where_it_was_booked(client: Client, platform: Platform, lent: Lent) -> None:
    page = client(Role.VIEWER).get(f"/console/loans/{lent.loan}").text
    with platform.house.begin() as db:
        seen = servicing.view(db=db, clock=platform.house.clock, loan_id=lent.loan)
    for amount in (seen.loan.outstanding, seen.owed.payoff, seen.paid):
        assert ENGLISH.money(amount) in page
    assert len(re.findall(r"/console/ledger/transfers/", page)) >= 4


def closed(days: int) -> list[Close]:
    """Days closed one after another, newest first."""
    totals = Totals(MappingProxyType({(Kind.CLEARING, "CNY"): (500, 0), (Kind.CAPITAL, "CNY"): (0, 500)}))
    made: list[Close] = []
    for n in range(days):
        previous = made[-1].sha256 if made else None
        at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=n)
        one = Close(date(2026, 3, 1) + timedelta(days=n), at, n, 1, hashlib.sha256(b"").digest(), totals, previous, b"")
        made.append(replace(one, sha256=one.digest()))
    return made[::-1]


def chain_of(found: Sequence[Close]) -> list[bool]:
    rows, is_whole = bookkeeping.chain(ENGLISH, found)
    assert is_whole is all(row["holds"] for row in rows)
    return [row["holds"] for row in rows]


def test_a_chain_of_closed_days_holds_until_one_is_changed_or_left_out() -> None:
    found = closed(4)
    assert chain_of(found) == [True] * 4
    other = Totals(MappingProxyType({(Kind.CLEARING, "CNY"): (501, 0), (Kind.CAPITAL, "CNY"): (0, 501)}))
    assert chain_of([found[0], replace(found[1], totals=other), *found[2:]]) == [True, False, True, True]
    assert chain_of([found[0], *found[2:]]) == [False, True, True]


def test_how_far_the_books_are_closed_is_counted_in_days_that_are_over() -> None:
    newest = closed(1)
    assert bookkeeping.standing(ENGLISH, newest, date(2026, 3, 2))["open"] == 0
    assert bookkeeping.standing(ENGLISH, newest, date(2026, 3, 5))["open"] == 3
    assert bookkeeping.standing(ENGLISH, [], date(2026, 3, 5))["last"] is None


def test_the_books_leave_as_files_that_balance(client: Client, lent: Lent) -> None:
    browser = client(Role.VIEWER)
    rows = list(csv.DictReader(io.StringIO(browser.get("/console/ledger/export").text)))
    assert str(lent.loan) in {row["subject"] for row in rows}
    told = browser.get("/console/ledger/export?form=beancount").text
    assert told.startswith('option "title"')
    assert " balance " in told
    assert browser.get("/console/ledger/export?since=2026-05-02&until=2026-05-01").status_code == 422
