"""The face check's page before a camera whose picture is a file: the ways to choose from, stopping, trouble, and what leaves the browser when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from xinqiao.demo.faces import demo_faces, fake_camera

from .conftest import PHONE, Launch, Platform, Visit
from .facing import answered, at_face, checks, choose, face_due, plays, record, until
from .test_walk import RULES, sound

DESK = {"width": 1280, "height": 900}
CAMERA_IS_OFF = "document.querySelector('video').srcObject === null"


class Wall:
    """What a camera sees that no face is before: a wall that trembles, with grain over it, and no frame of it comes twice.

    The browser's own test picture goes round every second, which a machine with time for every frame rightly calls a loop.
    """

    def __init__(self, film: Path) -> None:
        self.film, self._seed = film, 880

    def change(self) -> None:
        """Another wall from the next time that the camera opens: no clip of it was sent before."""
        self._seed += 1
        rng = np.random.default_rng(self._seed)
        wall = cv2.resize(rng.integers(60, 196, (12, 20, 3), np.uint8), (480, 360), interpolation=cv2.INTER_CUBIC).astype(np.int16)
        walk = cv2.GaussianBlur(rng.normal(0, 90, (300, 2)), (1, 9), 2)
        places = np.clip(np.array([60, 80]) + walk, 0, [120, 160]).astype(int)
        frames = (wall[y : y + 240, x : x + 320] + rng.integers(-9, 10, (240, 320, 3)) for y, x in places)
        coded = b"".join(cv2.imencode(".jpg", np.clip(one, 0, 255).astype(np.uint8))[1].tobytes() for one in frames)
        fresh = self.film.with_suffix(".new")
        fresh.write_bytes(coded)
        fresh.replace(self.film)


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Wall:
    seen = Wall(tmp_path_factory.mktemp("camera") / "wall.mjpeg")
    seen.change()
    return seen


@pytest.fixture(scope="module")
def faceless(launch: Launch, wall: Wall) -> Browser:
    return launch(wall.film)


@pytest.fixture
def page(platform: Platform, visit: Visit, faceless: Browser, wall: Wall) -> Page:
    """The face page on a phone, in English, before a camera that sees no face."""
    wall.change()
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    return at_face(platform, visit, faceless, applied, language="en")


def sent_by(page: Page) -> list[Request]:
    """Every request that carries something, from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["360", "1280"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_moment_of_the_check_has_a_fault(platform: Platform, visit: Visit, browser: Browser, viewport: Any, language: str) -> None:
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    page = at_face(platform, visit, browser, applied, language=language, viewport=viewport)
    sound(page)
    start = choose(page, "colours")
    sound(page)
    start.click()
    expect(page.locator("dialog[open]")).to_be_visible()
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-ways]")).to_be_visible()
    sound(page)


def test_in_the_dark_theme_too(platform: Platform, visit: Visit, browser: Browser, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    sound(page)
    choose(page, "plain")
    sound(page)


def test_the_three_ways_look_alike(page: Page) -> None:
    look = "b => { const s = getComputedStyle(b); return [s.width, s.backgroundColor, s.borderColor, s.color, s.fontSize].join() }"
    ways = page.locator(".ways button.answer")
    assert ways.count() == 3
    assert len({ways.nth(n).evaluate(look) for n in range(3)}) == 1


def test_the_warning_stands_before_the_ways(page: Page) -> None:
    warning, first = page.get_by_text("Sensitive to light?"), page.locator(".ways button.answer").first
    assert warning.is_visible()
    assert warning.bounding_box()["y"] < first.bounding_box()["y"]  # type: ignore[index]


def test_who_wants_less_motion_is_offered_calm_first(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    page = at_face(platform, visit, browser, applied, language="en")
    assert page.locator(".ways button.answer").first.get_attribute("data-way") == "colours"
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    assert page.locator(".ways button.answer").first.get_attribute("data-way") == "plain"
    expect(page.get_by_text("Your device asks for less motion")).to_be_visible()


def test_nothing_leaves_the_browser_while_hints_are_shown(page: Page) -> None:
    sent = sent_by(page)
    choose(page, "plain")
    expect(page.locator("[data-says]")).not_to_have_text("Opening the camera…")
    page.wait_for_timeout(1500)
    assert [request.url for request in sent] == []


def test_without_colours_a_clip_is_sent_that_says_so(platform: Platform, visit: Visit, launch: Launch, tmp_path: Path) -> None:
    face = demo_faces("live")[5]  # a face of its own: the same face under two names is rightly sent to a person
    applied = face_due(platform, portrait=face.portrait.read_bytes())
    page = at_face(platform, visit, launch(fake_camera(face.clip, tmp_path / "camera.mjpeg")), applied)
    record(page, "plain")
    if answered(page):  # a machine under load records few frames, and the page asks once more
        record(page, "plain")
    page.wait_for_url(re.compile(r"/my/(wait|offer)$"), timeout=60_000)
    assert plays(page) == []
    assert all(check["challenge"] is None for check in checks(platform, applied.id))


def test_a_picture_without_a_face_is_told_what_to_do_better_and_how_often(platform: Platform, page: Page) -> None:
    record(page, "plain")
    tips = page.locator("[data-tips]")
    expect(tips).to_be_visible(timeout=60_000)
    expect(tips).to_be_focused()
    expect(tips.locator("li").first).to_contain_text("face")
    expect(tips.locator("[data-left]")).to_have_text(str(platform.house.settings.face_attempts - 1))
    expect(page.get_by_role("button", name="A person instead")).to_be_visible()
    sound(page)


def test_after_the_last_try_a_person_looks(platform: Platform, page: Page, wall: Wall) -> None:
    for left in reversed(range(platform.house.settings.face_attempts)):
        wall.change()
        record(page, "plain")
        assert answered(page) == bool(left)
        if left:
            expect(page.locator("[data-left]")).to_have_text(str(left))
    assert page.url.endswith("/my/wait")


def test_what_is_shown_is_what_was_issued(page: Page) -> None:
    """Order and colours exactly; times by the page's own verdict, which a busy machine may well make a refusal."""
    issued: list[dict[str, Any]] = []
    page.on("response", lambda answer: issued.append(answer.json()) if answer.url.endswith("/my/face/challenge") else None)
    record(page, "colours")
    played, challenge = plays(page)[-1], issued[-1]
    assert played["fault"] == ""
    asked = [("n", "n"), *((upper, lower) for upper, lower, *_ in challenge["slots"]), ("n", "n")]
    assert [(state["upper"], state["lower"]) for state in played["states"]] == asked
    assert [change["state"] for change in played["shown"]] == list(range(len(asked)))
    seen = page.evaluate("window.__shown")
    wanted = [[f"rgb({', '.join(map(str, challenge['colours'][half]))})" for half in state] for state in asked]
    assert seen[-len(wanted) :] == wanted
    edge = challenge["lead_ms"]
    for change, (*_, ticks) in zip(played["shown"][1:], [*challenge["slots"], [0]], strict=True):
        assert played["states"][change["state"]]["at"] == pytest.approx(edge)
        assert abs(change["at"] - edge) <= 50
        edge += ticks * challenge["tick_ms"]


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ([0, 150, 250, 350], ""),
        ([0, 190, 260, 390], ""),
        ([0, 150, 310, 350], "late"),
        ([0, 80, 250, 350], "late"),
        ([0, 150, None, 350], "dropped"),
        ([0, 150, 250, None], "dropped"),
    ],
)
def test_colours_that_came_late_or_not_at_all_are_not_sent(page: Page, shown: list[float | None], fault: str) -> None:
    changes = [{"state": n, "at": at} for n, at in enumerate(shown) if at is not None]
    challenge = {"lead_ms": 150, "tick_ms": 50 / 3, "slots": [["g", "c", 6], ["m", "m", 6]]}
    assert page.evaluate("([challenge, shown]) => faultOf(scheduleOf(challenge), shown)", [challenge, changes]) == fault


def test_the_two_halves_are_halves_and_cover_everything(page: Page) -> None:
    choose(page, "colours").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    upper, lower = (page.locator(f"[data-{half}]").bounding_box() for half in ("upper", "lower"))
    assert upper == {"x": 0, "y": 0, "width": 360, "height": 370}
    assert lower == {"x": 0, "y": 370, "width": 360, "height": 370}
    page.keyboard.press("Escape")


@pytest.mark.parametrize("how", ["Escape", "button"])
def test_the_colours_can_be_stopped_at_any_time(page: Page, how: str) -> None:
    sent = sent_by(page)
    choose(page, "colours").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    if how == "Escape":
        page.keyboard.press("Escape")
    else:
        page.locator("[data-light-stop]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-way=colours]")).to_be_focused()
    expect(page.locator("[data-trouble]")).to_be_hidden()
    until(page, lambda: page.evaluate(CAMERA_IS_OFF))
    page.wait_for_timeout(2500)  # longer than the colours would have lasted
    assert [request.url for request in sent if request.url.endswith("/my/face")] == []


def test_a_page_out_of_sight_does_not_count(page: Page) -> None:
    sent = sent_by(page)
    choose(page, "colours").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("[data-trouble]")).to_contain_text("out of sight")
    expect(page.locator("[data-start]")).to_be_enabled()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert [request.url for request in sent if request.url.endswith("/my/face")] == []


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.way") == "colours":
            break
    page.keyboard.press("Enter")
    expect(page.locator("[data-stage]")).to_be_focused()
    expect(page.locator("[data-start]")).to_be_enabled()
    page.keyboard.press("Tab")
    expect(page.locator("[data-start]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("[data-light-stop]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-way=colours]")).to_be_focused()


def test_a_refused_challenge_is_told_on_the_page_and_a_new_one_is_asked_for(platform: Platform, page: Page, wall: Wall) -> None:
    other = face_due(platform)
    stale = platform.journeys.issue_challenge(other.id).to_json()
    page.route("**/my/face/challenge", lambda route: route.fulfill(body=stale, content_type="application/json"))
    record(page, "colours")
    trouble = page.locator("[data-trouble]")
    expect(trouble).to_contain_text("issued for another application", timeout=60_000)
    expect(trouble).to_be_focused()
    assert page.url.endswith("/my/face")
    page.unroute("**/my/face/challenge")
    wall.change()
    record(page, "colours")
    expect(page.locator("[data-tips]")).to_be_visible(timeout=60_000)


def test_a_lost_connection_is_told_and_costs_nothing(page: Page) -> None:
    page.route("**/my/face", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    record(page, "plain")
    expect(page.locator("[data-trouble]")).to_contain_text("connection was lost", timeout=60_000)
    expect(page.locator("[data-way=plain]")).to_be_visible()


def test_what_has_arrived_is_waited_for(page: Page) -> None:
    page.evaluate(  # the clip arrives, and the check takes for ever
        "XMLHttpRequest.prototype.send = function () { setTimeout(() => this.upload.dispatchEvent(new ProgressEvent('load'))) }; void 0"
    )
    choose(page, "plain").click()
    expect(page.locator("[data-sends]")).to_contain_text("Checking", timeout=60_000)
    expect(page.locator("[data-cancel]")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("[data-sends]")).to_be_visible()


def test_a_browser_without_camera_access_offers_a_file_and_a_person(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    page = at_face(platform, visit, browser, applied)
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.reload()
    expect(page.locator("[data-way=colours]")).to_be_hidden()
    expect(page.get_by_label("一段一到三秒的面部短片")).to_be_visible()
    expect(page.get_by_role("button", name="改由人工核验")).to_be_visible()


def test_an_application_that_went_on_elsewhere_leads_on(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    page = at_face(platform, visit, browser, applied)
    start = choose(page, "colours")
    platform.journeys.refuse_face(applied.id)
    start.click()
    page.wait_for_url("**/my/wait", timeout=60_000)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("NotAllowedError", "没有获得使用摄像头的许可"),
        ("NotFoundError", "没有在这台设备上找到摄像头"),
        ("NotReadableError", "正被其他应用占用"),
    ],
)
def test_a_camera_that_does_not_open_is_explained_and_other_ways_are_shown(
    platform: Platform, visit: Visit, browser: Browser, fault: str, says: str
) -> None:
    applied = face_due(platform, portrait=demo_faces("live")[0].portrait.read_bytes())
    page = at_face(platform, visit, browser, applied)
    page.evaluate(f"void (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{fault}')))")
    page.locator("[data-way=colours]").click()
    expect(page.locator("[data-trouble]")).to_contain_text(says)
    expect(page.locator("[data-trouble]")).to_be_focused()
    expect(page.get_by_label("一段一到三秒的面部短片")).to_be_visible()
    expect(page.locator("[data-way=plain]")).to_be_visible()
    sound(page)


def test_the_portrait_is_asked_for_before_the_camera(platform: Platform, visit: Visit, browser: Browser) -> None:
    page = at_face(platform, visit, browser, face_due(platform))
    page.locator("[data-way=colours]").click()
    assert not page.locator("#portrait").evaluate("field => field.validity.valid")
    expect(page.locator("[data-stage]")).to_be_hidden()


def test_without_script_a_file_or_a_person_are_the_ways(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied = face_due(platform)
    page = at_face(platform, visit, browser, applied, script=False)
    expect(page.locator("[data-way]").first).to_be_hidden()
    page.locator("#portrait").set_input_files(demo_faces("live")[6].portrait)
    page.locator("details[data-fallback] summary").click()
    page.locator("#clip").set_input_files({"name": "clip.webm", "mimeType": "video/webm", "buffer": b"no film"})
    page.get_by_role("button", name="上传短片").click()
    assert page.url.endswith("/my/face")
    expect(page.locator("#problem")).to_be_visible()  # what is wrong with the file, on the page where it can be sent again
    page.locator("#portrait").set_input_files(demo_faces("live")[6].portrait)
    page.locator("#clip").set_input_files(demo_faces("live")[6].clip)
    page.get_by_role("button", name="上传短片").click()
    assert platform.journeys.standing(applied.id).next != "face"
