"""A borrower's wallet on the pages: money in, a repayment out of it, money back to the bank, and no more than is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from xinqiao.kit import CNY
from xinqiao.servicing import ledger, wallet
from xinqiao.servicing.ledger import Kind

from .conftest import Lending, Lent, Platform, Visit
from .reading import pages_of
from .test_statements import download
from .test_walk import sound


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    return lending()


def opened(visit: Visit, browser: Browser, platform: Platform, lent: Lent, path: str, **how: object) -> Page:
    page = visit.open(browser, lent.url, **how)  # type: ignore[arg-type]
    page.goto(platform.address + path)
    return page


def test_money_goes_in_pays_the_loan_and_the_rest_goes_back(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    page = opened(visit, browser, platform, lent, "/my/wallet", script=False)
    page.locator("#in").fill("3000.00")
    page.get_by_role("button", name="从银行转入").click()
    expect(page.get_by_role("status")).to_contain_text("已办理")
    expect(page.get_by_text("SIMULATED")).to_be_visible()
    page.goto(f"{platform.address}/my/loan")
    page.get_by_label("其他金额", exact=True).check()
    page.locator("#amount").fill("1234.56")
    page.get_by_label("从我的钱包").check()
    page.get_by_role("button", name="还款", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已入账")
    assert [one.amount for one in lent.journeys.loan(lent.application).payments] == [CNY(123_456)]
    page.goto(f"{platform.address}/my/wallet")
    page.locator("#out").fill("1765.44")
    page.get_by_role("button", name="转出到银行").click()
    expect(page.get_by_text("¥0.00").first).to_be_visible()
    text = "\n".join(pages_of(download(page, "下载 PDF")))
    for said in ("钱包对账单", "¥3,000.00", "¥1,234.56", "¥1,765.44"):
        assert said in text
    with platform.house.begin() as db:
        person = lent.journeys.standing(lent.application).person_id
        assert wallet.balance(db=db, person=person).total.is_zero
        balances = ledger.trial_balance(db=db)
    assert sum(one.net.minor for one in balances.values()) == 0
    assert balances[Kind.WALLET, "CNY"].debits.minor >= 300_000


def test_what_the_wallet_does_not_hold_is_refused_beside_the_form_and_nothing_is_booked(
    platform: Platform, visit: Visit, browser: Browser, lent: Lent
) -> None:
    page = opened(visit, browser, platform, lent, "/my/wallet")
    expect(page.locator("#out")).to_have_count(0)
    sound(page)
    page.locator("#in").fill("90000")
    page.get_by_role("button", name="从银行转入").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#in")).to_have_value("90000")
    expect(page.locator("#in")).to_have_attribute("aria-invalid", "true")
    sound(page)
    before = len(lent.journeys.loan(lent.application).payments)
    page.goto(f"{platform.address}/my/loan")
    expect(page.get_by_label("从我的钱包")).to_be_disabled()
    page.get_by_label("从我的钱包").evaluate("field => { field.disabled = false; field.checked = true }")
    page.get_by_role("button", name="还款", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert len(lent.journeys.loan(lent.application).payments) == before
