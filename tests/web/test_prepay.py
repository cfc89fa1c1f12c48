"""What paying early saves is asked before it is paid: by a field, by a slider, with and without script, and it is what then happens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from xinqiao.kit import Money
from xinqiao.web.i18n import Words

from .conftest import Lending, Lent, Platform, Visit
from .test_statements import WORDS
from .test_walk import sound

CHINESE: Words = WORDS["zh-CN"]


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    return lending()


def test_the_slider_asks_the_server_and_the_field_follows(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    page = visit.open(browser, lent.url)
    page.goto(f"{platform.address}/my/loan/prepay")
    payoff = lent.journeys.quote(lent.application, None)
    expect(page.locator("#amount")).to_have_value(str(payoff.amount))
    expect(page.locator("#quote")).to_contain_text(CHINESE.money(payoff.saved))
    slide = page.locator("#slide")
    slide.evaluate("slide => { slide.value = 500; slide.dispatchEvent(new Event('input', { bubbles: true })) }")
    expect(page.locator("#amount")).to_have_value("500.00")
    expect(page.locator("#quote")).to_contain_text("¥500.00")
    sound(page)


def test_without_script_the_form_asks_and_a_wrong_amount_is_told(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    page = visit.open(browser, lent.url, script=False)
    page.goto(f"{platform.address}/my/loan/prepay")
    page.locator("#amount").fill("abc")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("#quote")).to_contain_text("不是有效的 CNY 金额")
    page.locator("#amount").fill("99999999")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("#quote .notice")).to_be_visible()


def test_what_was_quoted_is_what_the_payment_does(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    before = lent.journeys.loan(lent.application)
    amount = Money(before.next_amount.minor + 50_000, before.next_amount.currency) if before.next_amount else before.payoff
    quote = lent.journeys.quote(lent.application, amount)
    page = visit.open(browser, lent.url, script=False)
    page.goto(f"{platform.address}/my/loan/prepay?amount={amount}")
    if not quote.accepted:
        expect(page.locator("#quote")).to_contain_text(CHINESE.money(quote.most))
        return
    page.get_by_role("link", name="去还").click()
    page.get_by_role("button", name="还款", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已入账")
    after = lent.journeys.loan(lent.application)
    assert before.owed - after.owed - amount == quote.saved
    assert [row.payment for row in after.schedule if row.state != "paid"] == [row.payment for row in quote.after]
