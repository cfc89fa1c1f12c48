"""A statement says what the ledger holds, in both languages, with fonts of its own, and can be told from a forged one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser, Page, expect

from xinqiao import servicing
from xinqiao.journeys.views import Booked, Instalment, Portions, Said, Statement
from xinqiao.kit import CNY, Money
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.web import i18n, statements

from .conftest import Lending, Lent, Platform, Visit
from .reading import fonts_of, pages_of, title_of
from .test_walk import sound
from .test_words import translated, used

FONTS = Path(statements.__file__).parent / "fonts"
WORDS = {language: i18n.Words(language, ZoneInfo("Asia/Shanghai")) for language in i18n.LANGUAGES}


def made(entries: int = 3) -> Statement:
    """A statement of 1,000 yuan lent and `entries` payments of 10 yuan, 9 of them principal."""
    zero, day = CNY(0), date(2026, 3, 1)
    lent = Booked(day, "disbursement", "out", CNY(100_000), Portions(CNY(100_000), zero, zero, zero, zero), CNY(100_000))
    parts = Portions(CNY(900), CNY(70), CNY(20), zero, CNY(10))
    paid = [Booked(day, "repayment", "in", CNY(1000), parts, CNY(100_000 - 900 * n)) for n in range(1, entries + 1)]
    sums = Portions(
        *(Money(part.minor * entries, "CNY") for part in (parts.principal, parts.interest, parts.premium, parts.fee, parts.penalty))
    )
    return Statement(
        loan_id=UUID(int=7),
        borrower="李*",
        lender=Said("江南惠民银行", "Jiangnan Huimin Bank"),
        guarantor=None,
        principal=CNY(100_000),
        disbursed_on=day,
        annual_rate=Decimal("0.108"),
        apr=Decimal("0.1132"),
        since=day,
        until=date(2026, 11, 22),
        opening=zero,
        closing=paid[-1].balance,
        lent=CNY(100_000),
        repaid=CNY(1000 * entries),
        settled=sums,
        entries=[lent, *paid],
        dues=[Instalment(4, date(2026, 12, 1), CNY(900), CNY(70), CNY(20), CNY(0), fee=CNY(5))],
    )


def written(statement: Statement, language: str = "zh-CN") -> bytes:
    return statements.pdf(statements.loan_sheet(statement, WORDS[language], address="https://lender.example/statements"))


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "借款对账单"), ("en", "Loan statement")])
def test_a_statement_reads_back_with_its_sums_and_its_fingerprint(language: str, title: str) -> None:
    statement = made()
    text = "\n".join(pages_of(written(statement, language)))
    for said in (title, "李*", "¥1,000.00", "−¥30.00", "¥27.00", "¥973.00", "¥9.95", f"SHA-256 {statement.sha256}"):
        assert said in text
    assert "�" not in text


def test_a_long_table_goes_on_over_pages_under_its_head_again() -> None:
    pages = pages_of(written(made(entries=120), "en"))
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
    assert all("Amount" in page for page in pages[:3])
    assert sum(page.count("Payment received") for page in pages) == 120


def test_the_file_names_title_language_and_its_own_fonts() -> None:
    file = written(made())
    assert b"/Lang (zh-CN)" in file
    assert b"/DisplayDocTitle true" in file
    assert title_of(file).startswith("借款对账单 2026年3月1日")
    assert fonts_of(file) == []


def test_the_same_statement_is_the_same_file_and_another_is_not() -> None:
    assert written(made()) == written(made())
    changed = replace(made(), closing=CNY(1))
    assert changed.sha256 != made().sha256
    assert written(changed) != written(made())


@cache
def letters(name: str) -> frozenset[int]:
    return frozenset(TTFont(FONTS / name).getBestCmap())


@pytest.mark.parametrize("name", ["NotoSansSC-GB2312.ttf", "NotoSansSC-Headings.ttf"])
def test_the_fonts_hold_every_character_that_a_statement_says(name: str) -> None:
    known = translated()
    said = "".join(str(known[message][0][1]) for message, place in used().items() if place.startswith("statements/"))
    assert len(said) > 100
    assert {letter for letter in said if ord(letter) > 127 and ord(letter) not in letters(name)} == set(), (
        "run scripts/make_statement_fonts.py"
    )


def test_the_fonts_are_those_that_were_vendored() -> None:
    told = (FONTS / "FONTS.md").read_text()
    files = sorted(FONTS.glob("*.ttf"))
    assert len(files) == 2
    for path in files:
        assert re.search(rf"`{path.name}`.*`{sha256(path.read_bytes()).hexdigest()}`", told), path.name
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text()
    assert sum(path.stat().st_size for path in files) < 3_000_000


def test_a_spreadsheet_gets_numbers_as_numbers_and_no_formula() -> None:
    table = statements.spreadsheet(["what"], [["=1+1"], ["-5.00"], ["@x"], [CNY(5)]]).decode("utf-8-sig")
    assert table.splitlines() == ["what", "'=1+1", "-5.00", "'@x", "0.05"]


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return Path(waiting.value.path()).read_bytes()


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    """A loan of which the first instalment was paid."""
    found = lending()
    found.journeys.pay(found.application, amount=found.journeys.loan(found.application).next_amount, key="statement-first")
    return found


def test_what_is_downloaded_equals_the_ledger_and_is_known_by_its_fingerprint(
    platform: Platform, visit: Visit, browser: Browser, lent: Lent
) -> None:
    page = visit.open(browser, lent.url)
    page.goto(f"{platform.address}/my/statement")
    sound(page)
    text = "\n".join(pages_of(download(page, "下载 PDF")))
    file = download(page, "数据文件")
    table = download(page, "表格文件").decode("utf-8-sig")
    told = json.loads(file)
    with platform.house.begin() as db:
        loan = servicing.loan(db=db, loan_id=lent.loan)
        account = Account(Kind.PRINCIPAL, loan.id)
        balance = ledger.balances(db=db, accounts=[account])[account].net
    assert told["closing"]["amount"] == str(balance) == str(loan.outstanding)
    assert told["entries"][-1]["balance"]["amount"] == str(balance)
    assert table.splitlines()[-1].split(",")[-2] == str(balance)
    assert WORDS["zh-CN"].money(balance) in text
    fingerprint = sha256(file).hexdigest()
    assert f"SHA-256 {fingerprint}" in text
    page.goto(f"{platform.address}/statements?sha256={fingerprint}")
    expect(page.get_by_role("status")).to_contain_text("由我们出具")
    sound(page)
    page.goto(f"{platform.address}/statements?sha256={sha256(file + b' ').hexdigest()}")
    expect(page.get_by_role("alert")).to_contain_text("没有出具过")


def test_a_period_that_runs_backwards_is_refused_with_words(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    page = visit.open(browser, lent.url)
    page.goto(f"{platform.address}/my/statement")
    page.locator("form").evaluate("form => { form.noValidate = true }")
    page.locator("#until").fill("2020-01-01")
    page.get_by_role("button", name="下载 PDF").click()
    expect(page.get_by_text("起始日不得晚于截止日")).to_be_visible()
