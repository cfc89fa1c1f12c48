"""A person walks through the pages of the running application with a phone's browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from xinqiao.demo.faces import demo_faces
from xinqiao.journeys import reviewing
from xinqiao.vault import Actor

from .conftest import Applied, Platform, Visit

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REVIEWER = Actor("operator", "reviewer-1", frozenset({"risk"}))


def sound(page: Page) -> None:
    """No serious fault of accessibility, and nothing that sticks out of a phone's screen."""
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [
        (fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found if fault["impact"] in ("serious", "critical")
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def answer_all(page: Page, answer: str = "agree", *, check: Callable[[Page], None] = lambda page: None) -> int:
    """Answer every consent that is asked, one page each; how many there were."""
    asked = 0
    while page.url.endswith("/my/consent"):
        check(page)
        title = page.locator("h1").inner_text()
        page.locator(f"button.answer[value={answer}]").click()
        expect(page.locator("h1")).not_to_have_text(title)
        asked += 1
        assert asked < 10
    return asked


def to_review(platform: Platform, visit: Visit, browser: Browser, **how: object) -> tuple[Applied, Page]:
    """Open the link, agree to what is asked, and choose a person instead of the camera."""
    applied = platform.apply()
    page = visit.open(browser, applied.url, **how)  # type: ignore[arg-type]
    page.locator("a.primary").click()
    assert answer_all(page) >= 3
    page.locator("form[action='/my/face/refuse'] button").click()
    page.wait_for_url("**/my/wait")
    return applied, page


def to_offer(platform: Platform, visit: Visit, browser: Browser, **how: object) -> tuple[Applied, Page]:
    applied, page = to_review(platform, visit, browser, **how)
    reviewing.approve(platform.house, applied.id, by=REVIEWER, why="Document checked by video call.", band="B")
    page.goto(f"{platform.address}/my/wait")
    page.wait_for_url("**/my/offer")
    return applied, page


def to_loan(
    platform: Platform, visit: Visit, browser: Browser, *, check: Callable[[Page], None] = lambda page: None
) -> tuple[Applied, Page]:
    applied, page = to_offer(platform, visit, browser)
    check(page)
    page.locator("a.primary").click()
    answer_all(page, check=check)
    page.wait_for_url("**/my/sign")
    check(page)
    page.get_by_label("您的姓名").fill(applied.name)
    button(page, "签署合同")
    page.wait_for_url("**/my/loan")
    return applied, page


def test_from_the_link_to_the_last_repayment_without_a_fault_on_any_page(platform: Platform, visit: Visit, browser: Browser) -> None:
    _, page = to_loan(platform, visit, browser, check=sound)
    sound(page)
    expect(page.get_by_role("heading", name="下一期应还")).to_be_visible()
    page.get_by_role("button", name="还款", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已入账")
    page.get_by_label("全部结清").check()
    page.get_by_role("button", name="还款", exact=True).click()
    expect(page.get_by_role("heading", name="已结清")).to_be_visible()
    sound(page)


def test_both_answers_to_a_consent_look_alike_and_nothing_is_preselected(platform: Platform, visit: Visit, browser: Browser) -> None:
    page = visit.open(browser, platform.apply().url)
    page.locator("a.primary").click()
    styles = (
        "button => { const s = getComputedStyle(button); return [s.width, s.backgroundColor, s.borderColor, s.color, s.fontSize].join() }"
    )
    looks = {page.locator(f"button.answer[value={answer}]").evaluate(styles) for answer in ("agree", "decline")}
    assert len(looks) == 1
    assert page.locator("input[type=checkbox], input[type=radio]").count() == 0
    assert page.locator("button.answer").count() == 2
    assert page.locator("article.reading").count() == 1


def test_every_step_but_camera_and_key_works_without_script(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied, page = to_offer(platform, visit, browser, script=False)
    page.locator("a.primary").click()
    answer_all(page)
    page.wait_for_url("**/my/sign")
    expect(page.get_by_text("不能在这里签署")).to_be_visible()
    page.goto(f"{platform.address}/my/consents")
    assert page.get_by_text("已同意").count() >= 4
    assert platform.journeys.standing(applied.id).next == "sign"


def test_a_clip_from_the_phone_needs_no_script(platform: Platform, visit: Visit, browser: Browser) -> None:
    face = demo_faces("live")[6]
    applied = platform.apply()
    page = visit.open(browser, applied.url, script=False)
    page.locator("a.primary").click()
    answer_all(page)
    page.locator("details[data-fallback] summary").click()
    page.locator("#portrait").set_input_files(face.portrait)
    page.locator("#clip").set_input_files(face.clip)
    button(page, "上传短片")
    assert platform.journeys.standing(applied.id).next != "face"


def test_what_was_recorded_of_a_consent_is_what_happened(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied = platform.apply()
    page = visit.open(browser, applied.url)
    page.locator("a.primary").click()
    page.wait_for_timeout(1200)
    page.locator("button.answer[value=agree]").click()
    page.wait_for_load_state()
    page.goto(f"{platform.address}/my/data")
    with page.expect_download() as download:
        button(page, "下载副本")
    copy = json.loads(Path(download.value.path()).read_text())
    shown = json.dumps(copy, ensure_ascii=False)
    assert '"scrolled_to_end": true' in shown or '"scrolled_to_end": false' in shown
    assert applied.name in shown


def test_refusing_to_share_with_the_only_lender_ends_it_and_says_so(platform: Platform, visit: Visit, browser: Browser) -> None:
    _, page = to_offer(platform, visit, browser)
    page.locator("a.primary").click()
    page.locator("button.answer[value=decline]").click()
    page.wait_for_url("**/my/end")
    expect(page.get_by_text("目前没有资金方可以承接这笔申请")).to_be_visible()
    sound(page)


def test_who_is_refused_by_the_machine_reads_why_and_can_ask_for_a_person(platform: Platform, visit: Visit, browser: Browser) -> None:
    face = demo_faces("live")[7]
    applied = platform.apply(default=True, portrait=face.portrait.read_bytes())
    page = visit.open(browser, applied.url)
    page.locator("a.primary").click()
    answer_all(page)
    page.locator("details[data-fallback] summary").click()
    page.locator("#clip").set_input_files(face.clip)
    button(page, "上传短片")
    page.wait_for_url("**/my/end", timeout=60_000)
    assert page.locator("ol.list .reason").count() >= 1
    expect(page.get_by_text("怎样会有帮助").first).to_be_visible()
    sound(page)
    button(page, "申请人工复核")
    page.wait_for_url("**/my/wait")
    assert platform.journeys.standing(applied.id).human_asked


def test_what_a_reviewer_refuses_is_said_too(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied, page = to_review(platform, visit, browser)
    reviewing.decline(platform.house, applied.id, by=REVIEWER, why="The documents did not fit together.")
    page.goto(f"{platform.address}/my/wait")
    page.wait_for_url("**/my/end")
    expect(page.get_by_text("经人工审核，本次未能通过")).to_be_visible()
    sound(page)


def test_the_waiting_page_moves_on_by_itself(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied, page = to_review(platform, visit, browser)
    page.evaluate("document.querySelector('#now').setAttribute('hx-trigger', 'every 1s'); htmx.process(document.querySelector('#now'))")
    reviewing.approve(platform.house, applied.id, by=REVIEWER, why="Document checked by video call.", band="B")
    page.wait_for_url("**/my/offer", timeout=45_000)


def test_my_file_shows_and_changes_what_is_mine(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied, page = to_offer(platform, visit, browser)
    for room in ("consents", "data", "accesses", "forget"):
        page.goto(f"{platform.address}/my/{room}")
        sound(page)
    page.goto(f"{platform.address}/my/data")
    assert applied.name not in page.inner_text("main")
    page.goto(f"{platform.address}/my/accesses")
    assert page.locator("ol.list > li").count() > 1
    page.goto(f"{platform.address}/my/consents")
    live = page.get_by_text("已同意").count()
    page.get_by_role("link", name="撤回").first.click()
    sound(page)
    button(page, "是，撤回")
    page.wait_for_url("**/my/consents")
    assert page.get_by_text("已同意").count() == live - 1


def test_a_forgotten_person_is_gone(platform: Platform, visit: Visit, browser: Browser) -> None:
    _, page = to_review(platform, visit, browser)
    page.goto(f"{platform.address}/my/forget")
    page.get_by_label("我明白此操作无法撤销").check()
    button(page, "立即遗忘我")
    expect(page.get_by_role("heading", name="您已被遗忘")).to_be_visible()
    page.goto(f"{platform.address}/my")
    expect(page.get_by_text("applicant.no_session")).to_be_visible()


@pytest.mark.parametrize(("language", "agree"), [("zh-CN", "同意"), ("en-GB", "Agree")])
def test_the_browser_s_language_is_spoken_and_can_be_changed(
    platform: Platform, visit: Visit, browser: Browser, language: str, agree: str
) -> None:
    page = visit.open(browser, platform.apply().url, language=language)
    page.locator("a.primary").click()
    expect(page.locator("button.answer[value=agree] strong")).to_have_text(agree)
    page.locator("a.lang").click()
    expect(page.locator("button.answer[value=agree] strong")).to_have_text("Agree" if agree == "同意" else "同意")


def test_the_whole_way_in_english_on_a_desk(platform: Platform, visit: Visit, browser: Browser) -> None:
    _, page = to_offer(platform, visit, browser, language="en", viewport={"width": 1280, "height": 900})
    sound(page)
    expect(page.get_by_role("heading", name="Whole cost of a year")).to_be_visible()
