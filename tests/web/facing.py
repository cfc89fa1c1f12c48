"""Walk to the face page without clicking through the consents, and drive its buttons as a person would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Locator, Page, expect

from xinqiao.journeys.case import look

from .conftest import Applied, Platform, Visit

KEEPS_WHAT_IS_PLAYED = """
document.addEventListener("light-played", (event) => (window.__plays ??= []).push(event.detail));
document.addEventListener("DOMContentLoaded", () => {
  const layer = document.querySelector("[data-light]");
  if (!layer) return;
  const shown = (window.__shown = []);
  const look = () => {
    if (!layer.open) return;
    const halves = ["upper", "lower"].map((half) => getComputedStyle(layer.querySelector(`[data-${half}]`)).backgroundColor);
    if (shown.at(-1)?.join() !== halves.join()) shown.push(halves);
  };
  new MutationObserver(look).observe(layer, { attributes: true, subtree: true, attributeFilter: ["style", "open"] });
});
"""
"""Notes every play, and every pair of colours that the layer really showed."""


NO_TRY = re.compile("不计次数|does not count")


def face_due(platform: Platform, **changes: Any) -> Applied:
    """A fresh application at its face check: every consent before it was agreed to."""
    applied = platform.apply(**changes)
    while platform.journeys.standing(applied.id).next == "consent":
        text = platform.journeys.next_consent(applied.id, "zh-CN")
        assert text is not None
        how = {"surface": "applicant_page", "method": "button", "preticked": False}
        platform.journeys.answer_consent(applied.id, display_id=text.display_id, text_sha256=text.text_sha256, agreed=True, how=how)
    assert platform.journeys.standing(applied.id).next == "face"
    return applied


def at_face(platform: Platform, visit: Visit, browser: Browser, applied: Applied, **how: Any) -> Page:
    """The face page of `applied`, whatever is played being noted."""
    page = visit.open(browser, platform.address, **how)
    page.add_init_script(KEEPS_WHAT_IS_PLAYED)
    page.goto(applied.url)
    page.goto(f"{platform.address}/my/face")
    return page


def choose(page: Page, way: str) -> Locator:
    """Choose `colours` or `plain`; the button that starts, once the camera is open."""
    page.locator(f"[data-way={way}]").click()
    start = page.locator("[data-start]")
    expect(start).to_be_enabled()
    return start


def record(page: Page, way: str, *, presses: int = 15) -> None:
    """Choose, start, and see the clip go; press again as often as the page says that this machine was too busy, which costs no try."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    start, told = choose(page, way), page.locator("[data-trouble]")
    for _ in range(presses):
        start.click()
        until(page, lambda: sent[-1:] == [page.url] or told.is_visible())
        if sent[-1:] == [page.url] or not start.is_visible():
            return
        expect(told).to_contain_text(NO_TRY)
    raise AssertionError(f"the colours were never shown in time: {plays(page)}")


def answered(page: Page) -> bool:
    """Wait for the server's answer to a recording: True when the page asks for another, False when it has led on."""
    asked = page.locator("[data-tips]")
    until(page, lambda: not page.url.endswith("/my/face") or asked.is_visible())
    return page.url.endswith("/my/face")


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Look five times a second, for a minute and a half at most: the pages allow no script from a string, so the browser cannot wait itself."""
    for _ in range(450):
        if holds():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"it never came on {page.url}: {page.inner_text('main')}")


def plays(page: Page) -> list[dict[str, Any]]:
    """Of every play: `states` as planned, `shown` with the time of each change, `fault`."""
    return page.evaluate("window.__plays ?? []")


def checks(platform: Platform, application: UUID) -> list[dict[str, Any]]:
    """The records of all face checks of an application, as its events hold them."""
    with platform.house.begin() as db:
        return [json.loads(json.dumps(dict(one.data))) for one in look(db, application).events if one.kind == "identity.checked"]
