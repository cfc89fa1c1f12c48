"""What a person fills in wrongly leads back to the form, with what they wrote and what would be right; and errors look like the house they are of."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from xinqiao.staff import Role

from .conftest import Lending, Lent, Platform
from .staffing import Client


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    return lending()


@pytest.fixture
def borrower(lent: Lent) -> Iterator[httpx.Client]:
    with httpx.Client(headers={"accept": "text/html", "accept-language": "zh-CN"}, timeout=30) as browser:
        assert browser.get(lent.url).status_code == 303
        yield browser


def post(browser: httpx.Client, address: str, page: str, **fields: str) -> httpx.Response:
    found = re.search(r'name="form_token" value="([^"]+)"', browser.get(page).text)
    assert found is not None
    return browser.post(address, data={"form_token": found[1], **fields})


def test_a_wrong_amount_comes_back_in_its_field_with_what_would_be_right(platform: Platform, borrower: httpx.Client) -> None:
    page = f"{platform.address}/my/loan"
    answer = post(borrower, f"{page}/pay", page, choice="other", amount="12,3x", payment_key="mistaken")
    assert answer.status_code == 422
    assert "最多 2 位小数" in answer.text
    field = re.search(r'<input[^>]*id="amount"[^>]*>', answer.text)
    assert field is not None
    assert 'value="12,3x"' in field[0]
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="problem"' in field[0]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_more_than_may_be_paid_is_said_beside_the_form(platform: Platform, borrower: httpx.Client) -> None:
    page = f"{platform.address}/my/loan"
    answer = post(borrower, f"{page}/pay", page, choice="other", amount="999999.00", payment_key="too-much")
    assert answer.status_code in (409, 422)
    assert '<p id="problem">' in answer.text
    assert 'value="999999.00"' in answer.text


def test_a_corrected_form_is_taken_after_a_mistake(platform: Platform, lent: Lent, borrower: httpx.Client) -> None:
    page = f"{platform.address}/my/loan"
    post(borrower, f"{page}/pay", page, choice="other", amount="", payment_key="second-try")
    answer = post(borrower, f"{page}/pay", page, choice="other", amount="1.00", payment_key="second-try")
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/loan?paid=1")
    assert [str(one.amount) for one in lent.journeys.loan(lent.application).payments] == ["1.00"]


def test_an_empty_field_is_asked_for_by_its_name_in_words(platform: Platform, borrower: httpx.Client) -> None:
    wrong = post(borrower, f"{platform.address}/my/data/phone/correct", f"{platform.address}/my/data/phone/correct", value=" ")
    assert wrong.status_code == 422
    assert "请填写“正确的内容”后再提交" in html.unescape(wrong.text)
    assert "typed_name" not in wrong.text


def test_a_form_that_is_not_ours_leads_to_no_form(platform: Platform, borrower: httpx.Client) -> None:
    answer = borrower.post(f"{platform.address}/my/loan/pay", data={"form_token": "x", "choice": "other", "amount": "1.00"})
    assert answer.status_code == 403
    assert "没有成功" in answer.text


@pytest.mark.parametrize("path", ["/my/loan", "/my/nothing", "/nowhere"])
def test_errors_say_that_this_is_a_demonstration(platform: Platform, path: str) -> None:
    page = httpx.get(platform.address + path, headers={"accept": "text/html", "accept-language": "zh-CN"})
    assert page.status_code >= 400
    assert "演示环境：人物虚构" in page.text


def test_a_missing_permission_is_named_in_words(client: Client) -> None:
    page = client(Role.VIEWER).get("/console/users", headers={"accept-language": "zh-CN"}).text
    assert "“管理控制台用户”" in page
    assert "users.manage" not in page
