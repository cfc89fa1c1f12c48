"""What leaves as beancount and CSV is what stands in the books. The beancount subset is read by the small parser below; `bean-check` itself (GPL)
is an outside oracle, run by hand (docs/decisions/servicing-ledger-close.md)."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from xinqiao.kit import CNY, Database
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import PeriodBackwards

from .books import CLEARING, FUNDER, LOAN, fresh, move, noon, opened

FIRST, DAY = date(2026, 2, 26), timedelta(days=1)
JPY = [l.Account(l.Kind.CLEARING, currency="JPY"), l.Account(l.Kind.SUSPENSE, currency="JPY")]
KWD = [l.Account(l.Kind.CLEARING, currency="KWD"), l.Account(l.Kind.SUSPENSE, currency="KWD")]
LENT, OWED, GONE = l.Account(l.Kind.PRINCIPAL, LOAN), l.Account(l.Kind.FUNDER, FUNDER), l.Account(l.Kind.WRITTEN_OFF, FUNDER)

NUMBER, ACCOUNT = r"-?\d+(?:\.\d+)?", r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+"
OPTION = re.compile(r'option "(title|operating_currency)" "[^"]*"')
OPEN = re.compile(rf"(\d{{4}}-\d\d-\d\d) open ({ACCOUNT}) ([A-Z]{{3}})")
TRANSACTION = re.compile(r'(\d{4}-\d\d-\d\d) \* "((?:[^"\\]|\\.)*)"((?: \^[A-Za-z0-9\-_/.]+)*)')
META = re.compile(r'  ([a-z][a-z]+): "([^"]*)"')
POSTING = re.compile(rf"  ({ACCOUNT})  ({NUMBER}) ([A-Z]{{3}})")
BALANCE = re.compile(rf"(\d{{4}}-\d\d-\d\d) balance ({ACCOUNT})  ({NUMBER}) ~ 0 ([A-Z]{{3}})")


@dataclass
class Read:
    """A beancount file, checked as it is read: accounts are opened first and once, transactions balance, assertions hold."""

    opened: dict[str, tuple[date, str]] = field(default_factory=dict)
    transactions: list[tuple[date, str, dict[str, str], list[tuple[str, Decimal, str]]]] = field(default_factory=list)
    balances: dict[str, tuple[date, Decimal]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Read:
        made = cls()
        for line in text.splitlines():
            made._line(line)
        made._check()
        return made

    def _line(self, line: str) -> None:
        if not line or OPTION.fullmatch(line):
            return
        if found := OPEN.fullmatch(line):
            assert found[2] not in self.opened
            self.opened[found[2]] = (date.fromisoformat(found[1]), found[3])
        elif found := TRANSACTION.fullmatch(line):
            self.transactions.append((date.fromisoformat(found[1]), found[2], {}, []))
        elif found := META.fullmatch(line):
            self.transactions[-1][2][found[1]] = found[2]
        elif found := POSTING.fullmatch(line):
            self.transactions[-1][3].append((found[1], Decimal(found[2]), found[3]))
        elif found := BALANCE.fullmatch(line):
            self.balances[found[2]] = (date.fromisoformat(found[1]), Decimal(found[3]))
        else:
            raise AssertionError(f"not in the subset: {line!r}")

    def _check(self) -> None:
        standing: dict[str, Decimal] = defaultdict(Decimal)
        for on, _, _, postings in self.transactions:
            assert sum(amount for _, amount, _ in postings) == 0
            assert len({currency for _, _, currency in postings}) == 1
            for account, amount, currency in postings:
                assert self.opened[account][0] <= on
                assert self.opened[account][1] == currency
                standing[account] += amount
        for account, (_, amount) in self.balances.items():
            assert standing[account] == amount
        assert all(account in self.balances or account.startswith("Equity:Opening-Balances") for account in self.opened)

    @property
    def told(self) -> list[tuple[date, str]]:
        return [(on, what) for on, what, meta, _ in self.transactions if "transfer" in meta]


@pytest.fixture
def tenant(database: Database) -> str:
    made = fresh()
    with opened(database, made, [CLEARING, OWED, LENT, GONE, *JPY, *KWD]) as db:
        first = [
            move("in", CLEARING, OWED, 50_000),
            move("lent", LENT, CLEARING, 30_000),
            move("yen", *JPY, 1234),
            move("dinar", *KWD, 1234),
        ]
        l.post(db=db, clock=noon(FIRST), transfers=first)
        l.post(db=db, clock=noon(FIRST + 2 * DAY), transfers=[l.Transfer("off", 'written "off"\nat once', GONE, LENT, CNY(7), LOAN)])
        l.reverse(db=db, clock=noon(FIRST + 3 * DAY), transfers=["off"], key="r", why="too early")
    return made


def beancount(database: Database, tenant: str, since: date | None = None, until: date | None = None) -> str:
    with l.steady(database, tenant) as db:
        return "".join(l.beancount(db=db, since=since, until=until))


def test_the_whole_books_leave_as_beancount(database: Database, tenant: str) -> None:
    read = Read.parse(beancount(database, tenant))
    assert [what for _, what in read.told] == ["test"] * 4 + ['written \\"off\\" at once', 'reversal of written \\"off\\" at once']
    assert read.opened[f"Assets:Principal:{str(LOAN).upper()}:CNY"] == (FIRST - DAY, "CNY")
    assert read.balances[f"Assets:Principal:{str(LOAN).upper()}:CNY"] == (FIRST + 4 * DAY, Decimal("300.00"))
    assert read.balances["Assets:Clearing:JPY"][1] == 1234
    assert read.balances["Assets:Clearing:KWD"][1] == Decimal("1.234")
    assert f"Expenses:Written-Off:{str(FUNDER).upper()}:CNY" in read.opened


def test_a_reversal_names_what_it_reverses(database: Database, tenant: str) -> None:
    *_, off, reversal = Read.parse(beancount(database, tenant)).transactions
    assert reversal[2]["reverses"] == off[2]["transfer"] == str(l.transfer_id("off"))
    assert sorted((account, -amount) for account, amount, _ in off[3]) == sorted((account, amount) for account, amount, _ in reversal[3])


def test_a_period_begins_with_what_stood_before_it(database: Database, tenant: str) -> None:
    read = Read.parse(beancount(database, tenant, since=FIRST + DAY, until=FIRST + 2 * DAY))
    assert [on for on, _ in read.told] == [FIRST + 2 * DAY]
    assert read.balances[f"Assets:Principal:{str(LOAN).upper()}:CNY"] == (FIRST + 3 * DAY, Decimal("299.93"))
    openings = [one for one in read.transactions if one[1] == "opening balance"]
    assert {one[0] for one in openings} == {FIRST}
    counter = [amount for one in openings for account, amount, currency in one[3] if account == "Equity:Opening-Balances:CNY"]
    assert sum(counter) == 0


def test_an_export_does_not_depend_on_which_days_are_closed(database: Database, tenant: str) -> None:
    before = beancount(database, tenant)
    with database.begin(tenant=tenant) as db:
        l.close_through(db=db, clock=noon(FIRST + 5 * DAY), on=FIRST + 4 * DAY)
    assert beancount(database, tenant) == before


@pytest.mark.parametrize("write", [l.beancount, l.as_csv])
def test_books_without_a_posting_are_an_empty_file(database: Database, write) -> None:
    with l.steady(database, fresh()) as db:
        text = "".join(write(db=db))
    assert "open" not in text
    assert len(text.splitlines()) <= 3


def test_a_period_that_runs_backwards_is_refused(database: Database, tenant: str) -> None:
    with pytest.raises(PeriodBackwards, match="earlier day first"):
        beancount(database, tenant, since=FIRST + DAY, until=FIRST)


def test_the_csv_adds_up_to_the_trial_balance(database: Database, tenant: str) -> None:
    with l.steady(database, tenant) as db:
        rows = list(csv.DictReader(io.StringIO("".join(l.as_csv(db=db, since=FIRST, until=FIRST + 9 * DAY)), newline="")))
        found = l.trial_balance(db=db)
    nets: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        for side, sign in (("debit", 1), ("credit", -1)):
            nets[row[f"{side}_kind"], row["currency"]] += sign * Decimal(row["amount"])
    assert nets == {(str(kind), currency): one.net.decimal for (kind, currency), one in found.items()}
    assert [row["reverses"] for row in rows][-1] == str(l.transfer_id("off"))
    assert [UUID(row["transfer"]) for row in rows[:2]] == [l.transfer_id("in"), l.transfer_id("lent")]
    assert rows[0]["booked_on"] == "2026-02-26"


def test_the_export_stands_still_while_others_post(database: Database, tenant: str) -> None:
    with l.steady(database, tenant) as db:
        lines = l.beancount(db=db)
        head = [next(lines) for _ in range(4)]
        with database.begin(tenant=tenant) as other:
            l.post(db=other, clock=noon(FIRST + 3 * DAY), transfers=[move("later", CLEARING, OWED, 99)])
        read = Read.parse("".join([*head, *lines]))
    assert len(read.told) == 6
