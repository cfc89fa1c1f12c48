"""What the pages refuse: foreign forms, strangers, altered cookies, other people's applications. No browser needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.kit import new_id
from xinqiao.web import pages

from .conftest import Applied, Platform
from .facing import face_due

POSTS = [
    "/my/consent",
    "/my/face",
    "/my/face/challenge",
    "/my/face/refuse",
    "/my/human",
    "/my/leave",
    "/my/sign",
    "/my/loan/pay",
    "/my/data/copy",
    "/my/forget",
]
OWN = [
    "/my",
    "/my/consent",
    "/my/face",
    "/my/wait",
    "/my/offer",
    "/my/sign",
    "/my/loan",
    "/my/end",
    "/my/consents",
    "/my/data",
    "/my/accesses",
]


@pytest.fixture
def applied(platform: Platform) -> Applied:
    return platform.apply()


@pytest.fixture
def client(platform: Platform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=platform.address, headers={"accept": "text/html", "accept-language": "en"}) as made:
        yield made


def enter(client: httpx.Client, applied: Applied, *, page: str = "/my/consent") -> str:
    """Open the link; return the form token of the session."""
    client.get(applied.url)
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", OWN)
def test_a_stranger_is_asked_for_the_link(client: httpx.Client, platform: Platform, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert "applicant.no_session" in answer.text
    assert answer.headers["content-security-policy"] == pages.POLICY


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_our_token_changes_nothing(client: httpx.Client, applied: Applied, platform: Platform, path: str) -> None:
    enter(client, applied)
    before = platform.journeys.standing(applied.id)
    answer = client.post(path, data={"answer": "agree", "sure": "yes", "form_token": "x"})
    assert answer.status_code == 403
    assert platform.journeys.standing(applied.id) == before


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}])
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    client: httpx.Client, applied: Applied, platform: Platform, headers: dict[str, str]
) -> None:
    token = enter(client, applied)
    assert client.post("/my/leave", data={"form_token": token}, headers=headers).status_code == 403
    assert platform.journeys.standing(applied.id).next == "consent"


def test_another_session_s_token_does_not_fit(client: httpx.Client, platform: Platform) -> None:
    stolen = enter(client, platform.apply())
    mine = platform.apply()
    client.cookies.clear()
    enter(client, mine)
    assert client.post("/my/leave", data={"form_token": stolen}).status_code == 403


def test_the_cookie_is_out_of_scripts_reach_and_the_token_out_of_the_address(client: httpx.Client, applied: Applied) -> None:
    answer = client.get(applied.url)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("token", ["", "x", "..%2f..%2fetc", "A" * 43, "é", "A" * 4000])
def test_a_wrong_link_is_a_friendly_refusal(client: httpx.Client, platform: Platform, token: str) -> None:
    answer = client.get(f"/a/{token}")
    assert 400 <= answer.status_code < 500


def test_a_consent_of_somebody_else_cannot_be_answered(client: httpx.Client, platform: Platform) -> None:
    other = platform.apply()
    text = platform.journeys.next_consent(other.id, "zh-CN")
    assert text is not None
    mine = platform.apply()
    token = enter(client, mine)
    form = {"form_token": token, "display_id": str(text.display_id), "text_sha256": text.text_sha256, "answer": "agree"}
    assert 400 <= client.post("/my/consent", data=form).status_code < 500
    assert platform.journeys.standing(other.id).next == "consent"
    assert [receipt for receipt in platform.journeys.receipts(mine.id) if receipt.agreed] == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"answer": "agree"},
        {"answer": "maybe", "display_id": str(UUID(int=1)), "text_sha256": "0" * 64},
        {"answer": "agree", "display_id": "not-an-id", "text_sha256": "0" * 64},
        {"answer": "agree", "display_id": str(new_id()), "text_sha256": "0" * 64},
    ],
)
def test_a_broken_answer_is_refused_and_recorded_nowhere(
    client: httpx.Client, applied: Applied, platform: Platform, form: dict[str, str]
) -> None:
    token = enter(client, applied)
    answer = client.post("/my/consent", data=form | {"form_token": token})
    assert 400 <= answer.status_code < 500, answer.text
    assert list(platform.journeys.receipts(applied.id)) == []


def test_the_same_answer_twice_is_one_answer(client: httpx.Client, applied: Applied, platform: Platform) -> None:
    token = enter(client, applied)
    page = client.get("/my/consent").text
    form = dict(re.findall(r'name="(display_id|text_sha256|form_token)" value="([^"]+)"', page)) | {"answer": "agree", "form_token": token}
    assert [client.post("/my/consent", data=form).status_code for _ in range(2)] == [303, 303]
    assert len(platform.journeys.receipts(applied.id)) == 1


@pytest.mark.parametrize("clip", [b"", b"GIF89a", b"\x1aE\xdf\xa3" + b"\0" * 2000, b"x" * 200_000])
def test_a_broken_clip_is_refused_kindly(client: httpx.Client, platform: Platform, clip: bytes) -> None:
    applied = face_due(platform)
    token = enter(client, applied, page="/my/face")
    sent = {"form_token": token, "flashes": "no"}
    answer = client.post("/my/face", data=sent, files={"clip": ("clip.webm", clip), "portrait": ("p.jpg", clip)})
    assert answer.status_code == 422
    assert 'id="problem"' in answer.text  # the page of the form, with what is wrong
    assert 'name="clip"' in answer.text
    assert platform.journeys.standing(applied.id).next == "face"


def test_no_colours_before_the_consent_to_a_face_check(client: httpx.Client, applied: Applied) -> None:
    answer = client.post("/my/face/challenge", data={"form_token": enter(client, applied)}, headers={"accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "journey.not_now"


def test_a_challenge_is_given_to_the_page_as_it_was_made(client: httpx.Client, platform: Platform) -> None:
    applied = face_due(platform)
    token = enter(client, applied, page="/my/face")
    answer = client.post("/my/face/challenge", data={"form_token": token}, headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    made = Challenge.parse(answer.text)
    assert made.application == str(applied.id)
    assert set(answer.json()["colours"]) >= {name for slot in made.slots for name in (slot.upper, slot.lower)}


def test_a_script_that_sends_a_recording_is_answered_in_json(client: httpx.Client, platform: Platform) -> None:
    applied = face_due(platform)
    token = enter(client, applied, page="/my/face")
    files = {"clip": ("clip.webm", b"no film"), "portrait": ("p.jpg", b"no picture")}
    asking = {"accept": "application/json"}
    lit = client.post("/my/face", data={"form_token": token}, files=files, headers=asking)
    assert (lit.status_code, lit.json()["code"]) == (422, "journey.challenge_missing")
    calm = client.post("/my/face", data={"form_token": token, "flashes": "no"}, files=files, headers=asking)
    assert (calm.status_code, calm.json()["code"].partition(".")[0]) == (422, "identity")
    platform.journeys.refuse_face(applied.id)
    late = client.post("/my/face", data={"form_token": token, "flashes": "no"}, files=files, headers=asking)
    assert late.json() == {"next": "/my/wait"}


def test_a_program_gets_a_problem_and_a_person_a_page(client: httpx.Client, platform: Platform) -> None:
    problem = client.get("/my", headers={"accept": "application/problem+json"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "applicant.no_session"
    assert client.get("/my").headers["content-type"].startswith("text/html")


def test_pages_with_personal_data_are_kept_by_no_cache(client: httpx.Client, applied: Applied) -> None:
    enter(client, applied)
    for path in ("/my", "/my/data", "/my/consents"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == pages.POLICY


def test_the_camera_is_open_to_the_face_page_alone(client: httpx.Client, platform: Platform, applied: Applied) -> None:
    enter(client, applied)
    assert "camera=()" in client.get("/my").headers["permissions-policy"]
    with_face = face_due(platform)
    enter(client, with_face, page="/my/face")
    assert "camera=(self)" in client.get("/my/face").headers["permissions-policy"]


def test_static_files_come_with_their_type_and_outside_paths_do_not_come(client: httpx.Client, platform: Platform) -> None:
    answer = client.get(pages.asset("xinqiao.css"))
    assert answer.headers["content-type"].startswith("text/css")
    assert client.get("/static/../pages.py").status_code == 404
    assert client.get("/static/%2e%2e/pages.py").status_code == 404
