"""The console as its users meet it: signing in, what each role sees and may do, what is refused, and what is written down of it."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from uuid import UUID

import httpx
import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from xinqiao import funding, partners
from xinqiao.demo.robot import Applicant
from xinqiao.staff import Role
from xinqiao.vault import audit
from xinqiao.web import pages
from xinqiao.web.console.desk import COOKIE, safe_next

from .conftest import FUNDER, Applied, Platform, Visit
from .staffing import Client, newcomer, send

PAGES = {
    Role.RISK: [
        "/console",
        "/console/reviews",
        "/console/checks",
        "/console/requests",
        "/console/book",
        "/console/funders",
        "/console/ledger",
    ],
    Role.COMPLIANCE: ["/console/accesses", "/console/consents"],
    Role.ADMIN: ["/console/partners", "/console/users"],
}
INNER = [
    "/console/liveness",
    "/console/book/vintages",
    "/console/book/rolls",
    "/console/book/forecast",
    "/console/ledger/closes",
    "/console/ledger/clearing",
]
"""Pages within a room; looked at on the narrow screen."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def waiting(platform: Platform) -> Applied:
    """An application that waits for a reviewer: its applicant refused the face check."""
    applied = platform.apply()
    assert Applicant(platform.journeys, applied.name, None).walk(applied.id).ended == "review"
    return applied


def test_a_stranger_is_sent_to_sign_in_and_back(client: Client) -> None:
    answer = client().get("/console/ledger")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login?next=/console/ledger")
    assert client().get("/console/live").status_code == 303


@pytest.mark.parametrize(
    "address", ["https://evil.example/console", "//evil.example/console", "/my", "/console/login", "javascript:x", "/console\\x"]
)
def test_signing_in_leads_nowhere_else(address: str) -> None:
    assert safe_next(address) == "/console"


def test_signing_in_takes_password_then_code_and_a_wrong_one_is_not_told_apart(
    platform: Platform, tokens: dict[Role, str], client: Client
) -> None:
    _, password, secret = newcomer(platform.house, tokens[Role.ADMIN], "console-signer", Role.VIEWER)
    browser = client()
    given = {"login": "console-signer", "password": password, "next": "/console/book"}
    assert "Code of your authenticator" in browser.post("/console/login", data=given).text
    wrong = browser.post("/console/login", data=given | {"code": "000000"})
    unknown = browser.post("/console/login", data=given | {"login": "nobody-here", "code": "000000"})
    assert wrong.status_code == unknown.status_code == 401
    code = pyotp.TOTP(secret).at(platform.house.clock.now() + timedelta(seconds=30))
    answer = browser.post("/console/login", data=given | {"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/book")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/console" in cookie
    assert browser.get("/console/book").status_code == 200
    assert send(browser, "/console/logout").status_code == 303
    browser.cookies.set(COOKIE, re.search(rf"{COOKIE}=([^;]+)", cookie)[1])  # type: ignore[index]
    assert browser.get("/console/book").status_code == 303


def test_a_first_password_and_a_missing_authenticator_come_before_all_else(
    platform: Platform, tokens: dict[Role, str], client: Client
) -> None:
    page = send(client(Role.ADMIN), "/console/users", login="console-fresh", role="viewer").text
    first = re.search(r'class="hash secret">([^<]+)<', page)
    assert first is not None
    assert first[1] not in client(Role.ADMIN).get("/console/users").text
    browser = client()
    browser.post("/console/login", data={"login": "console-fresh", "password": first[1]})
    assert browser.get("/console").headers["location"] == "/console/password"
    own = secrets.token_urlsafe(16)
    assert send(browser, "/console/password", old=first[1], new=own, again="else").status_code == 422
    assert send(browser, "/console/password", old=first[1], new=own, again=own).headers["location"] == "/console/authenticator"
    assert browser.get("/console").headers["location"] == "/console/authenticator"
    shown = send(browser, "/console/authenticator").text
    assert '<svg viewBox="0 0' in shown
    assert "data:" not in re.sub(r"data-[a-z]+", "", shown)
    key = re.search(r'class="hash secret">([^<]+)<', shown)
    assert key is not None
    code = pyotp.TOTP(key[1].replace(" ", "")).at(platform.house.clock.now())
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", send(browser, "/console/authenticator/confirm", code=code).text)
    assert len(codes) == 10
    assert browser.get("/console").status_code == 200


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}])
def test_a_form_from_elsewhere_changes_nothing(client: Client, platform: Platform, headers: dict[str, str]) -> None:
    admin = client(Role.ADMIN)
    token = re.search(r'name="form_token" value="([^"]+)"', admin.get("/console/partners").text)[1]  # type: ignore[index]
    fields = {"form_token": token, "kind": "scene", "code": "evil", "name": "E", "name_zh": "E"}
    assert admin.post("/console/partners", data=fields, headers=headers).status_code == 403
    assert admin.post("/console/partners", data=fields | {"form_token": "x"}).status_code == 403
    assert client().post("/console/login", data={"login": "a", "password": "b"}, headers=headers).status_code == 403
    with platform.house.begin() as db:
        assert "evil" not in {one.code for one in partners.list_partners(db=db)}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_the_rooms_it_may_use_and_no_others(client: Client, role: Role) -> None:
    browser = client(role)
    menu = set(re.findall(r'class="room" href="([^"]+)"', browser.get("/console").text))
    everything = {address for addresses in PAGES.values() for address in addresses}
    assert menu <= everything
    assert {address for address in everything if browser.get(address).status_code == 200} == menu
    assert {browser.get(address).status_code for address in everything - menu} <= {403}


def test_names_are_masked_each_look_is_logged_and_an_administrator_sees_none(client: Client, platform: Platform, waiting: Applied) -> None:
    page = client(Role.VIEWER).get(f"/console/applications/{waiting.id}").text
    assert waiting.name not in page
    assert f"{waiting.name[0]}*" in page
    with platform.house.begin() as db:
        person = platform.journeys.standing(waiting.id).person_id
        last = audit.page(db, person=person, actor="operator", limit=1)[0]
    assert (last.kind, last.data["masked"]) == ("vault.read", True)
    hidden = client(Role.ADMIN).get(f"/console/applications/{waiting.id}").text
    assert f"{waiting.name[0]}*" not in hidden


def clear(browser: httpx.Client, applied: Applied, **fields: object) -> httpx.Response:
    given = {"fields": ["name"], "purpose": "application_processing", "reason": "The document has to be compared"}
    return send(browser, f"/console/applications/{applied.id}/clear", **(given | fields))


def test_values_in_clear_need_a_reason_a_role_and_a_policy_and_are_logged(client: Client, platform: Platform, waiting: Applied) -> None:
    risk, person = client(Role.RISK), platform.journeys.standing(waiting.id).person_id
    assert clear(risk, waiting, reason="short").status_code == 422
    assert clear(client(Role.VIEWER), waiting).status_code == 403
    refused = clear(risk, waiting, fields=["bank_account"])
    assert refused.status_code == 403
    assert "no policy permits it" in refused.text
    with platform.house.begin() as db:
        assert audit.page(db, person=person, refused=True, limit=1)[0].data["fields"] == ["bank_account"]
    shown = clear(risk, waiting)
    assert shown.status_code == 200
    assert waiting.name in shown.text
    with platform.house.begin() as db:
        kinds = [(one.kind, one.data) for one in audit.page(db, person=person, actor="operator", limit=8)]
    assert ("staff.reason", "The document has to be compared") in [(kind, data.get("reason")) for kind, data in kinds]
    assert any(kind == "vault.read" and data["masked"] is False for kind, data in kinds)


def test_decisions_replay_to_the_same_bytes(client: Client, waiting: Applied) -> None:
    page = send(client(Role.RISK), f"/console/applications/{waiting.id}/replay").text
    assert page.count("the same bytes came out") == 2
    assert "OTHER" not in page


def test_a_review_needs_a_note_and_sends_the_application_on(client: Client, platform: Platform) -> None:
    applied = platform.apply()
    assert Applicant(platform.journeys, applied.name, None).walk(applied.id).ended == "review"
    risk, address = client(Role.RISK), f"/console/applications/{applied.id}/approve"
    assert str(applied.id) in risk.get("/console/reviews").text
    assert send(risk, address, why="ok", band="A").status_code == 422
    assert send(risk, address, why="Documents were compared by hand", band="A", amount="99999999").status_code == 422
    assert send(client(Role.COMPLIANCE), address, why="Documents were compared by hand", band="A").status_code == 403
    assert platform.journeys.standing(applied.id).next == "review"
    answer = send(risk, address, why="Documents were compared by hand", band="A")
    assert answer.headers["location"].endswith("done=approved")
    assert platform.journeys.standing(applied.id).has_offer
    told = risk.get(f"/console/applications/{applied.id}").text
    assert "Documents were compared by hand" in told
    assert "console-risk" in told


def test_what_staff_found_out_is_recorded_under_their_name(client: Client, platform: Platform) -> None:
    applied = platform.apply()
    Applicant(platform.journeys, applied.name, None).walk(applied.id)
    risk, address = client(Role.RISK), f"/console/applications/{applied.id}/label"
    assert send(client(Role.VIEWER), address, label="fraud").status_code == 403
    assert send(risk, address, label="perhaps").status_code == 422
    assert send(risk, address, label="fraud").headers["location"].endswith("done=labelled")
    page = risk.get(f"/console/applications/{applied.id}").text
    assert "Confirmed fraud" in page
    assert "A fraud label was recorded" in page


def test_the_stream_names_what_moved_and_goes_on_where_it_broke(client: Client, platform: Platform) -> None:
    browser = client(Role.VIEWER)
    after = re.search(r"live\?after=([0-9a-f-]{36})", browser.get("/console").text)[1]  # type: ignore[index]
    applied = platform.apply()
    identifier, told = first_message(browser, f"/console/live?after={after}")
    assert str(applied.id) in {row["id"] for row in told["rows"]}
    assert told["counts"]["received"] >= 1
    assert applied.name[0] not in json.dumps(told["rows"], ensure_ascii=False)
    again = platform.apply()
    _, resumed = first_message(browser, "/console/live", {"last-event-id": identifier}, wanted=again.id)
    assert str(again.id) in {row["id"] for row in resumed["rows"]}


def first_message(
    browser: httpx.Client, address: str, headers: dict[str, str] | None = None, wanted: UUID | None = None
) -> tuple[str, dict]:
    identifier = ""
    with browser.stream("GET", address, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("id: "):
                identifier = line[4:]
            if line.startswith("data: ") and (wanted is None or str(wanted) in line):
                return identifier, json.loads(line[6:])
    raise AssertionError("the stream ended without a message")


def test_terms_that_are_wrong_name_the_place_and_right_ones_make_a_version(client: Client, platform: Platform) -> None:
    risk, house = client(Role.RISK), platform.house
    with house.begin() as db:
        funder = partners.get(db=db, code="test-bank").id
    address = f"/console/funders/{funder}/terms"
    assert "in line 2, column" in send(risk, address, terms='{"budget":\n x}').text
    wrong = send(risk, address, terms=json.dumps(FUNDER | {"max_pd": "7"}))
    assert wrong.status_code == 422
    assert "max_pd" in wrong.text
    assert send(client(Role.VIEWER), address, terms=json.dumps(FUNDER)).status_code == 403
    with house.begin() as db:
        before = next(one for one in funding.standings(db=db) if one.partner_id == funder).version
    assert send(risk, address, terms=json.dumps(FUNDER | {"max_pd": "0.51"})).headers["location"].endswith("done=published")
    assert f"version {before + 1}" in risk.get(f"/console/funders/{funder}").text
    send(risk, address, terms=json.dumps(FUNDER))


def test_a_key_s_secret_is_shown_once(client: Client, platform: Platform) -> None:
    admin = client(Role.ADMIN)
    made = send(admin, "/console/partners", kind="scene", code="console-shop", name="Console Shop", name_zh="控制台商店")
    address = made.headers["location"].partition("?")[0]
    shown = send(admin, f"{address}/keys", scopes=["applications:write"]).text
    secret = re.search(r"xq_live_[0-9a-f_]{80,}", shown)[0]  # type: ignore[index]
    assert secret not in admin.get(address).text
    with platform.house.begin() as db:
        assert partners.authenticate(db=db, clock=platform.house.clock, secret=secret).code == "console-shop"
    send(admin, f"{address}/keys/{secret.split('_')[2]}", do="revoke")
    assert "Revoked" in admin.get(address).text


def test_the_log_is_verified_and_its_keys_are_shown(client: Client) -> None:
    page = send(client(Role.COMPLIANCE), "/console/accesses/verify").text
    assert "The log is as it was written." in page


def test_the_evidence_pack_is_a_zip_for_those_who_may(client: Client, waiting: Applied) -> None:
    address = f"/console/applications/{waiting.id}/evidence"
    answer = send(client(Role.RISK), address)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.content[:2] == b"PK"
    assert send(client(Role.VIEWER), address).status_code == 403


@pytest.mark.parametrize(
    "path", ["/console/applications/x", "/console/ledger/nothing", "/console?cursor=%00", "/console/accesses?person=x"]
)
def test_what_is_not_understood_is_a_page_that_says_so(client: Client, path: str) -> None:
    answer = client(Role.COMPLIANCE).get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-security-policy"] == pages.POLICY
    assert "That was refused" in answer.text


@pytest.mark.parametrize("width", [360, 1280])
def test_every_room_is_accessible_and_fits_the_screen(
    visit: Visit, browser: Browser, platform: Platform, tokens: dict[Role, str], waiting: Applied, width: int
) -> None:
    for role, addresses in PAGES.items():
        page = visit.open(browser, f"{platform.address}/console/login", viewport={"width": width, "height": 800})
        page.context.add_cookies([{"name": COOKIE, "value": tokens[role], "url": f"{platform.address}/console"}])
        inner = INNER if role is Role.RISK and width < 700 else []
        for address in [*addresses, *inner, f"/console/applications/{waiting.id}"]:
            page.goto(platform.address + address)
            expect(page.locator("h1")).to_be_visible()
            found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
            assert [(one["id"], address) for one in found if one["impact"] in ("serious", "critical")] == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_a_new_application_appears_in_the_open_list(visit: Visit, browser: Browser, platform: Platform, tokens: dict[Role, str]) -> None:
    page = visit.open(browser, f"{platform.address}/console/login", viewport={"width": 1280, "height": 800})
    page.context.add_cookies([{"name": COOKIE, "value": tokens[Role.VIEWER], "url": f"{platform.address}/console"}])
    page.goto(f"{platform.address}/console")
    expect(page.locator("#live-state")).to_have_text("实时")
    applied = platform.apply()
    row = page.locator(f"#a-{applied.id}")
    expect(row).to_be_visible(timeout=15_000)
    Applicant(platform.journeys, applied.name, None).walk(applied.id)
    expect(row.locator('[data-part="stage"]')).to_have_text("待人工审核", timeout=15_000)
