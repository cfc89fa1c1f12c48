"""The demonstration's invented shop sends real applications over the public interface."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from xinqiao.journeys import reviewing

from .conftest import REVIEWER, Platform, Visit
from .facing import answered, checks
from .test_walk import answer_all, sound


def test_a_visitor_goes_from_the_shop_to_an_offer(platform: Platform, visit: Visit, browser: Browser) -> None:
    page = visit.open(browser, f"{platform.address}/shop")
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if "/a/" in request.url else None)
    sound(page)
    page.get_by_role("button", name="分期付款").click()
    page.wait_for_url("**/my")
    expect(page.get_by_text("测试商店")).to_be_visible()
    expect(page.get_by_text("¥2,899.00")).to_be_visible()
    page.locator("a.primary").click()
    answer_all(page)
    sound(page)
    application = platform.journeys.open_link(opened[0].rsplit("/", 1)[1])
    page.get_by_role("button", name="让虚构人物来完成").click()
    expect(page.locator("[data-sends]")).to_contain_text("虚构人物")  # filming takes seconds, and the page says so
    assert not answered(page)
    signals = checks(platform, application)[-1]["signals"]
    assert signals["light_sequence"]["state"] == "pass"  # the clip answers the very colours that this page was given
    if platform.journeys.standing(application).next == "review":
        reviewing.approve(platform.house, application, by=REVIEWER, why="Borderline by the simulated light; document checked.", band="B")
        page.goto(f"{platform.address}/my/wait")
    page.wait_for_url("**/my/offer", timeout=60_000)


def test_the_same_order_pressed_twice_is_one_application(platform: Platform) -> None:
    form = {"good": "commute", "person": "p1", "months": "6", "order": "order-pressed-twice"}
    places = [httpx.post(f"{platform.address}/shop", data=form, timeout=60).headers["location"] for _ in range(2)]
    assert len({platform.journeys.open_link(place.rsplit("/", 1)[1]) for place in places}) == 1


@pytest.mark.parametrize("wrong", [{"good": "yacht"}, {"person": "stranger"}, {"months": "7"}, {"order": "x"}, {"order": "y" * 65}])
def test_what_is_not_on_the_lists_is_not_ordered(platform: Platform, wrong: dict[str, str]) -> None:
    form = {"good": "commute", "person": "p1", "months": "6", "order": "order-not-on-list"} | wrong
    answer = httpx.post(f"{platform.address}/shop", data=form, headers={"accept": "text/html", "accept-language": "en"})
    assert answer.status_code == 422
    assert "demo_shop.not_in_the_shop" in answer.text


def test_only_clips_of_invented_people_are_given_out(platform: Platform) -> None:
    assert httpx.get(f"{platform.address}/shop/clips/p0.webm").content[:4] == b"\x1aE\xdf\xa3"
    assert httpx.get(f"{platform.address}/shop/clips/p99.webm").status_code == 422
    assert httpx.get(f"{platform.address}/shop/clips/..%2f..%2fp0.webm").status_code in (404, 422)
