"""What a borrower asks and what staff do to a loan: with a reason, by two where it takes two, and every number with its sum."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from xinqiao import servicing
from xinqiao.journeys import requests
from xinqiao.staff import Role
from xinqiao.web.console.desk import COOKIE

from .conftest import Lending, Lent, Platform, Visit
from .staffing import Client, newcomer, send
from .test_walk import RULES, sound

WHY = "It was agreed with the borrower by telephone."


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    return lending()


@pytest.fixture(scope="module")
def colleague(platform: Platform, tokens: dict[Role, str]) -> Iterator[httpx.Client]:
    token, _, _ = newcomer(platform.house, tokens[Role.ADMIN], "console-second", Role.RISK)
    headers = {"accept": "text/html", "accept-language": "en"}
    with httpx.Client(base_url=platform.address, cookies={COOKIE: token}, headers=headers, timeout=30) as browser:
        yield browser


def operate(browser: httpx.Client, lent: Lent, what: str, **fields: str) -> httpx.Response:
    page = f"/console/loans/{lent.loan}"
    key = re.search(r'name="key" value="([^"]+)"', browser.get(page).text)
    assert key is not None
    return send(browser, f"{page}/{what}", page=page, key=key[1], **({"why": WHY} | fields))


def dues(platform: Platform, lent: Lent) -> list[str]:
    with platform.house.begin() as db:
        books = servicing.loans.books(db=db, clock=platform.house.clock, loan_id=lent.loan)
    return [line.due.isoformat() for line in books.instalments if line.outstanding.total]


def test_a_fee_is_added_with_a_reason_that_stays_with_it(client: Client, platform: Platform, lent: Lent) -> None:
    browser = client(Role.RISK)
    short = operate(browser, lent, "charge", code="letter", amount="12.50", due=dues(platform, lent)[0], why="short")
    assert short.status_code == 422
    assert 'value="12.50"' in short.text
    wrong = operate(browser, lent, "charge", code="letter", amount="a lot", due=dues(platform, lent)[0])
    assert wrong.status_code == 422
    done = operate(browser, lent, "charge", code="letter", amount="12.50", due=dues(platform, lent)[0])
    assert done.headers["location"].endswith("done=operated")
    page = browser.get(f"/console/loans/{lent.loan}").text
    assert "Fee added" in page
    assert WHY in page
    assert "¥12.50" in page
    assert "console-risk" in page


def test_who_may_only_look_is_offered_nothing_and_can_do_nothing(client: Client, lent: Lent) -> None:
    viewer = client(Role.VIEWER)
    page = viewer.get(f"/console/loans/{lent.loan}").text
    assert 'name="key"' not in page
    assert send(viewer, f"/console/loans/{lent.loan}/charge", key="x", why=WHY).status_code == 403
    assert viewer.get("/console/requests").status_code == 403


def test_giving_up_money_takes_two(client: Client, colleague: httpx.Client, platform: Platform, lent: Lent) -> None:
    first = client(Role.RISK)
    with platform.house.begin() as db:
        charge = servicing.loans.books(db=db, clock=platform.house.clock, loan_id=lent.loan).charges[-1]
    assert operate(first, lent, "waive", charge=charge.id).headers["location"].endswith("done=proposed")
    with platform.house.begin() as db:
        asked = next(one for one in requests.waiting(db) if one.loan_id == lent.loan)
    mine = send(first, f"/console/requests/{asked.id}/grant", why=WHY)
    assert mine.status_code == 403
    assert "another member of staff" in mine.text
    assert send(colleague, f"/console/requests/{asked.id}/grant", why=WHY).headers["location"].endswith("done=granted")
    with platform.house.begin() as db:
        books = servicing.loans.books(db=db, clock=platform.house.clock, loan_id=lent.loan)
        happened = servicing.history(db=db, loan_id=lent.loan)[-1]
    assert next(one for one in books.charges if one.id == charge.id).outstanding == 0
    assert happened.why == WHY
    again = send(colleague, f"/console/requests/{asked.id}/grant", why=WHY)
    assert again.status_code == 409


def test_a_borrower_asks_for_relief_and_reads_the_answer(
    client: Client, platform: Platform, visit: Visit, browser: Browser, lent: Lent
) -> None:
    page = visit.open(browser, lent.url)
    page.goto(f"{platform.address}/my/relief")
    sound(page)
    page.get_by_label("本人或需照顾的人生病").check()
    page.get_by_label("暂停一期").check()
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("工作人员正在审核")).to_be_visible()
    assert page.locator("input[name=wish]").count() == 0
    before = dues(platform, lent)
    with platform.house.begin() as db:
        asked = next(one for one in requests.waiting(db) if one.loan_id == lent.loan)
    staff = client(Role.RISK)
    missing = send(staff, f"/console/requests/{asked.id}/grant", plan="skip", why=WHY)
    assert missing.status_code == 422
    done = send(staff, f"/console/requests/{asked.id}/grant", plan="skip", due=before[0], why=WHY)
    assert done.headers["location"].endswith("done=granted"), done.text
    assert dues(platform, lent)[0] == before[1]
    page.reload()
    expect(page.get_by_text(WHY)).to_be_visible()
    sound(page)


def test_an_instalment_is_explained_to_its_formula_and_clause_with_and_without_script(
    visit: Visit, browser: Browser, client: Client, platform: Platform, tokens: dict[Role, str], lent: Lent
) -> None:
    address = f"{platform.address}/console/loans/{lent.loan}"
    plain = client(Role.VIEWER).get(f"/console/loans/{lent.loan}?number=2").text
    with platform.house.begin() as db:
        line = servicing.loans.books(db=db, clock=platform.house.clock, loan_id=lent.loan).instalments[1]
    interest = f"{line.amounts.interest // 100}.{line.amounts.interest % 100:02}"
    assert f"= {interest}" in plain
    assert "Contract, clause" in plain
    page = visit.open(browser, f"{platform.address}/console/login", language="en", viewport={"width": 1280, "height": 900})
    page.context.add_cookies([{"name": COOKIE, "value": tokens[Role.RISK], "url": f"{platform.address}/console"}])
    page.goto(address)
    page.get_by_text("How no. 2 came about").click()
    expect(page.get_by_text(f"= {interest}").first).to_be_visible()
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_nothing_told_to_the_bureau_is_said_so(platform: Platform, visit: Visit, browser: Browser, lent: Lent) -> None:
    page = visit.open(browser, lent.url)
    page.goto(f"{platform.address}/my/bureau")
    expect(page.get_by_text("没有任何报送记录")).to_be_visible()
    sound(page)
