"""A borrower who is late reads what it costs and how it stops, and may object to what the bureau was told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from xinqiao import intake
from xinqiao.demo.robot import Applicant
from xinqiao.journeys import ApplicantJourneys, House, applying, reviewing
from xinqiao.kit import FixedClock, new_id
from xinqiao.servicing import reporting
from xinqiao.staff import Role
from xinqiao.web.i18n import Words

from .conftest import REVIEWER, Lent, Platform, Visit, load_history
from .staffing import Client, send
from .test_statements import WORDS
from .test_walk import sound

CHINESE: Words = WORDS["zh-CN"]


def then(house: House, days: int) -> House:
    """The house as it was so many days ago."""
    return replace(house, clock=FixedClock(house.clock.now() - timedelta(days=days)))


@pytest.fixture(scope="module")
def late(platform: Platform) -> Lent:
    """A loan of a hundred days ago that nobody paid, noticed and then reported to the bureau."""
    past, person = then(platform.house, 100), next(platform.good)
    load_history(platform.house, person)
    made = applying.receive(past, scene=platform.scene, body=person["application"], portrait=None, key=str(new_id()))
    borrower = Applicant(ApplicantJourneys(past), person["name"], None)
    borrower.walk(made.application.id)
    reviewing.approve(past, made.application.id, by=REVIEWER, why="Document checked by video call.", band="B")
    loan = borrower.walk(made.application.id).loan
    assert loan is not None
    receipt = next(one for one in ApplicantJourneys(past).receipts(made.application.id) if one.title.en == "Report to the credit bureau")
    for days, tell in ((60, False), (40, True)):
        day = then(platform.house, days)
        with day.begin() as db:
            if tell:
                reporting.report(db=db, clock=day.clock, loan_id=loan, consent=str(receipt.receipt_id))
            else:
                reporting.notify(db=db, clock=day.clock, loan_id=loan, language="zh-CN", channel="page")
    return Lent(made.application.id, loan, made.applicant_url, platform.journeys)


def opened(platform: Platform, late: Lent) -> str:
    """The link was made a hundred days ago and has run out; a scene asks for a new one."""
    with platform.house.begin() as db:
        return f"{platform.address}/a/{intake.issue_link(db=db, clock=platform.house.clock, application=late.application)}"


def test_being_late_is_told_with_its_price_a_day_and_its_end(platform: Platform, visit: Visit, browser: Browser, late: Lent) -> None:
    loan = late.journeys.loan(late.application)
    assert loan.days_past_due > 60
    assert loan.late_a_day.is_positive
    page = visit.open(browser, opened(platform, late))
    page.goto(f"{platform.address}/my/loan")
    expect(page.get_by_role("heading", name="我今天应还")).to_be_visible()
    expect(page.locator("section[aria-labelledby=late]")).to_contain_text(CHINESE.money(loan.late_a_day))
    expect(page.locator("section[aria-labelledby=late]")).to_contain_text(CHINESE.money(loan.overdue))
    page.locator("details.why summary").filter(has_text="罚息").click()
    worked = next(one.worked for one in loan.due_why if one.what == "penalty")
    expect(page.get_by_text(worked)).to_be_visible()
    sound(page)


def test_an_objection_is_marked_at_once_and_answered_at_the_console(
    platform: Platform, visit: Visit, browser: Browser, client: Client, late: Lent
) -> None:
    page = visit.open(browser, opened(platform, late))
    page.goto(f"{platform.address}/my/bureau")
    page.get_by_text("这条有误").click()
    page.get_by_label("我已经还了").check()
    sound(page)
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_role("status")).to_contain_text("前答复")
    staff = client(Role.COMPLIANCE)
    queue = staff.get("/console/requests").text
    assert "already paid" in queue
    dispute = re.search(r"/console/disputes/([0-9a-f-]{36})", queue)
    assert dispute is not None
    assert send(staff, f"/console/disputes/{dispute[1]}", finding="perhaps").status_code == 422
    assert send(staff, f"/console/disputes/{dispute[1]}", finding="deleted").headers["location"].endswith("done=answered")
    page.reload()
    expect(page.get_by_text("已删除").first).to_be_visible()
    assert send(staff, f"/console/disputes/{dispute[1]}", finding="stands").status_code == 409
