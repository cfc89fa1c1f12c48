"""A face that physically answers the page's colours is recorded by a real browser, sent, and believed; another challenge's film is not.

The camera is *simulated*: what a rendered face sends back of the colours that the page really shows (answering.py). All else is the product.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser, Page, expect

from .answering import AnsweringFace, answering_face
from .conftest import Applied, Platform, Visit
from .facing import answered, at_face, checks, face_due, record

SEED = 4711
"""Used for nothing else."""


def before(
    face: AnsweringFace, platform: Platform, visit: Visit, browser: Browser, *, replaying: dict[str, Any] | None = None
) -> tuple[Applied, Page]:
    applied = face_due(platform, portrait=face.portrait())
    page = at_face(platform, visit, browser, applied, language="en")
    face.before(page, replaying=replaying)
    page.reload()
    return applied, page


def light_sequence(platform: Platform, page: Page, applied: Applied) -> dict[str, Any]:
    """Record with the colours and send; what the server found. A busy machine may record too few frames, and is asked once more."""
    for tries in (1, 2):
        record(page, "colours")
        again = answered(page)
        found = checks(platform, applied.id)
        assert len(found) == tries
        signal = found[-1]["signals"]["light_sequence"]
        if signal["reason"] != "light_few_frames" or not again:
            break
    return signal


def test_a_face_that_answers_the_colours_is_recognised(platform: Platform, visit: Visit, browser: Browser) -> None:
    applied, page = before(answering_face(SEED), platform, visit, browser)
    signal = light_sequence(platform, page, applied)
    assert signal["state"] == "pass", signal
    assert float(signal["value"]) > 0.9
    checked = checks(platform, applied.id)[-1]
    assert checked["challenge"]
    expect(page.locator("body")).not_to_contain_text("internal")


def test_a_film_that_answers_another_challenge_is_not(platform: Platform, visit: Visit, browser: Browser) -> None:
    other = json.loads(platform.journeys.issue_challenge(face_due(platform).id).to_json())
    states, at = [{"upper": "n", "lower": "n", "at": 0}], float(other["lead_ms"])
    for upper, lower, *_, ticks in other["slots"]:
        states.append({"upper": upper, "lower": lower, "at": at})
        at += ticks * other["tick_ms"]
    states.append({"upper": "n", "lower": "n", "at": at})
    film = {"states": states, "colours": other["colours"]}
    applied, page = before(answering_face(SEED), platform, visit, browser, replaying=film)
    signal = light_sequence(platform, page, applied)
    assert signal["state"] in ("fail", "retry"), signal
    assert signal["value"] is not None
    assert float(signal["value"]) < 0.76
