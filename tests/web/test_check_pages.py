"""The console's view of face checks: what is told of each, who may see frames, and what is written down of a look."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from xinqiao.identity import REASONS
from xinqiao.identity.liveness.challenge.shape import shape_model
from xinqiao.journeys import checks
from xinqiao.journeys.checks import Check
from xinqiao.journeys.house import note
from xinqiao.staff import Role
from xinqiao.vault import audit
from xinqiao.web.console.desk import COOKIE
from xinqiao.web.console.signals import ASKED, PROMISE

from .checking import checked, told, write
from .conftest import Applied, Platform, Visit
from .staffing import Client, send

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
REASON = "The face has to be compared with the document"
PICTURE = "data:image/jpeg;base64,"


@pytest.fixture(scope="module")
def kept(platform: Platform) -> tuple[Applied, Check]:
    """Simulated; the applicant agreed to keeping the recording."""
    return checked(platform, keeps=True)


@pytest.fixture(scope="module")
def dropped(platform: Platform) -> tuple[Applied, Check]:
    """Simulated; the applicant did not."""
    return checked(platform, keeps=False)


def page_of(client: Client, check: Check, role: Role = Role.RISK) -> str:
    answer = client(role).get(f"/console/checks/{check.id}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def looks_of(platform: Platform, check: Check) -> list[audit.Recorded]:
    """What the log holds of operators at this person's data in clear, newest first."""
    with platform.house.begin() as db:
        found = audit.page(db, person=check.person_id, actor="operator", limit=50)
    return [one for one in found if one.kind != "vault.read" or not one.data["masked"]]


def frames(client: Client, check: Check, role: Role = Role.RISK, reason: str = REASON) -> httpx.Response:
    return send(client(role), f"/console/checks/{check.id}/frames", page="/console", reason=reason)


def test_reviewers_and_those_who_answer_requests_see_checks_and_others_do_not(client: Client, dropped: tuple[Applied, Check]) -> None:
    for address in ("/console/checks", f"/console/checks/{dropped[1].id}", "/console/liveness"):
        allowed = {role: client(role).get(address).status_code for role in Role}
        assert allowed == {Role.RISK: 200, Role.COMPLIANCE: 200, Role.VIEWER: 403, Role.ADMIN: 403}, address


def test_everything_that_was_measured_is_told_with_what_it_asks_and_its_bound(
    platform: Platform, client: Client, dropped: tuple[Applied, Check]
) -> None:
    _, check = dropped
    with platform.house.begin() as db:
        event = checks.find(db=db, check=check.id)[1]
    page = page_of(client, check)
    assert set(event.data["signals"]) <= set(ASKED)
    for name in event.data["signals"]:
        assert ASKED[name].word in page, name
        assert ASKED[name].asks in page, name
        assert ASKED[name].source in page, name
    for code in event.data["reasons"]:
        assert REASONS[code].en in page
    band = platform.house.faces.thresholds.match
    assert f"cosine · passes from {band.sure:g}, fails under {band.doubt:g}" in page
    for version in event.data["model_versions"].values():
        assert version in page
    assert f"took {event.data['took_ms']} ms" in page
    assert "not calibrated: borderline goes to a person" in page
    assert f"/console/checks/{check.id}" in client(Role.RISK).get(f"/console/applications/{check.application_id}").text


def test_the_colours_are_those_that_were_shown(platform: Platform, client: Client, dropped: tuple[Applied, Check]) -> None:
    _, check = dropped
    with platform.house.begin() as db:
        slots = checks.find(db=db, check=check.id)[1].data["slots"]
    page = page_of(client, check)
    names = {"g": "green", "c": "azure", "m": "magenta", "y": "orange"}
    assert "; ".join(f"{names[upper]} / {names[lower]}" for upper, lower, _ in slots) in page
    rows = re.findall(r'<th scope="row" class="n">(\d+)</th><td>(\w+)</td><td>(\w+)</td><td class="n">(\d+)</td>', page)
    assert rows == [(str(n), names[u], names[v], f"{1000 * t / 60:.0f}") for n, (u, v, t) in enumerate(slots, 1)]
    assert str(check.challenge) in page


BANDS = {"scale": 1.0, "shift": 0.0, "sure": 0.83, "doubt": 0.41, "calibrated": False, "cut": 0.6}
OF_BEFORE = {"texture": {"state": "pass", "value": 0.9, "reason": None}, "match": {"state": "pass", "value": 0.8, "reason": None}}


def written(platform: Platform, client: Client, also: dict[str, object] | None = None, **changes: object) -> str:
    """The page of a check that an event tells of, judged by thresholds of before."""
    applied = platform.apply()
    person = platform.journeys.standing(applied.id).person_id
    write(platform.house, applied.id, person, platform.house.clock.now(), told("refer", 0.6, signals=OF_BEFORE | (also or {}), **changes))
    (check,) = mine(platform, applied)
    return page_of(client, check)


def test_bounds_that_are_not_known_any_more_are_not_drawn(platform: Platform, client: Client) -> None:
    page = written(platform, client)
    assert "The thresholds of then, of-before, are no longer in force" in page
    assert "By which bounds this score was judged is not in its record" in page
    assert 'class="needle"' not in page
    assert "passes from" not in page
    assert "replaced since" in page


def test_bounds_that_the_record_holds_are_drawn_whatever_is_in_force_now(platform: Platform, client: Client) -> None:
    page = written(platform, client, bounds=BANDS, weights={"appearance": "0.4"})
    assert 'class="needle"' in page
    assert "passes from 0.83, fails under 0.41" in page
    assert page.count("passes from 0.83") == 2  # texture, and under the scale; not the match, whose bounds are those of the thresholds
    assert "cosine · passes" not in page


def test_the_band_of_one_source_is_not_drawn_as_that_of_several(platform: Platform, client: Client) -> None:
    """Without a calibration, several sources together are held to a band of their own."""
    page = written(platform, client, calibrated=False, bounds=BANDS, weights={"appearance": "0.4", "infrared": "1.2"})
    assert 'class="needle"' not in page
    assert "By which bounds this score was judged is not in its record" in page


def test_the_band_that_judged_several_sources_is_drawn_as_the_record_tells_it(platform: Platform, client: Client) -> None:
    both, spoken = [["appearance", "infrared"]], {"appearance": "0.4", "infrared": "1.2"}
    used = BANDS | {"used": {"sure": "0.92", "doubt": "0.25", "cut": "0.6"}}
    fused = {"fused": {"state": "refer", "value": "0.9", "reason": "borderline"}}
    page = written(platform, client, also=fused, calibrated=False, bounds=used, weights=spoken, judged_as="any")
    assert 'class="needle"' in page
    assert "Fails under 0.25, passes from 0.92" in page
    assert "0 to 1 · passes from 0.92, fails under 0.25" in page  # all evidence together
    assert "0 to 1 · passes from 0.83, fails under 0.41" in page  # the texture
    assert "judged as: any camera" in page
    calibrated = written(platform, client, bounds=used | {"calibrated": True, "groups": both}, weights=spoken)
    assert "0.83" not in calibrated  # a band that was measured with another sensor beside did not judge the picture alone


def test_doubt_that_the_whole_settled_is_named_and_promises_nobody(platform: Platform, client: Client) -> None:
    doubt = {"state": "refer", "value": "0.56", "reason": "texture_unsure"}
    applied = platform.apply()
    person = platform.journeys.standing(applied.id).person_id
    signals = {"texture": doubt, "fused": {"state": "pass", "value": "0.85", "reason": None}}
    write(platform.house, applied.id, person, platform.house.clock.now(), told("pass", 0.85, signals=signals))
    page = page_of(client, mine(platform, applied)[0])
    assert "Doubt in: Texture (photo or screen attack); settled by all evidence together." in page
    assert "Every signal that was asked passed." not in page
    assert "whether a living person was recorded. Settled by all evidence together." in page
    assert "a person will review it" not in page
    referred = written(platform, client, also={"texture": doubt})
    assert "Did not pass: Texture (photo or screen attack)." in referred
    assert "a person will review it" in referred


def test_every_promise_that_a_person_will_look_is_one_that_can_be_left_out() -> None:
    for one in REASONS.values():
        assert one.zh.endswith(PROMISE[0]) == one.en.endswith(PROMISE[1]), one.code


def test_the_shapes_bounds_are_told_while_the_network_of_then_is_in_force(platform: Platform, client: Client) -> None:
    shape = {"light_shape": {"state": "pass", "value": "0.97", "reason": None}}
    now = platform.house.faces.versions
    page = written(platform, client, also=shape, model_versions={"thresholds": "of-before", "light": now["light"]})
    for _, band in shape_model().bands:
        assert f"{band.sure:.3g}" in page
        assert f"{band.doubt:.3g}" in page
    assert "0 to 1 · bounds by the answer's strength" in written(platform, client, also=shape)


def test_each_version_that_judged_is_said_to_be_in_force_or_replaced(platform: Platform, client: Client) -> None:
    now = platform.house.faces.versions
    page = written(platform, client, model_versions={"thresholds": now["thresholds"], "fusion": "of-before"})
    told_of = re.findall(r"<dt>(Thresholds|Fusion)</dt><dd><code[^>]*>[^<]*</code> <span[^>]*>([^<]*)<", page)
    assert told_of == [("Thresholds", "in force"), ("Fusion", "replaced since")]


def mine(platform: Platform, applied: Applied) -> list[Check]:
    with platform.house.begin() as db:
        return [one for one in checks.page(db=db, limit=200) if one.application_id == applied.id]


def test_whoever_chose_no_colours_is_said_to_have_chosen(platform: Platform, client: Client) -> None:
    applied = platform.apply()
    person = platform.journeys.standing(applied.id).person_id
    declined = {"light_sequence": {"state": "not_run", "value": None, "reason": "light_declined"}}
    write(platform.house, applied.id, person, platform.house.clock.now(), told("refer", 0.9, signals=declined))
    page = page_of(client, mine(platform, applied)[0])
    assert "The applicant chose the way without changing colours" in page
    assert "spent by this recording" not in page


def test_a_recording_that_could_not_be_read_says_so_and_shows_no_measurements(platform: Platform, client: Client) -> None:
    applied = platform.apply()
    person = platform.journeys.standing(applied.id).person_id
    with platform.house.begin() as db:
        note(db, platform.house.clock, "identity.unreadable", applied.id, person, code="identity.clip_unreadable", tries_left=2)
    page = page_of(client, mine(platform, applied)[0])
    assert "The recording could not be read (identity.clip_unreadable)" in page
    assert "Nothing was measured" in page
    assert "signals-h" not in page
    assert "unchanged since" in page


def test_the_record_is_bound_into_the_log_and_an_altered_one_shows(
    platform: Platform, client: Client, dropped: tuple[Applied, Check]
) -> None:
    _, check = dropped
    page = page_of(client, check)
    assert "unchanged since" in page
    with platform.house.begin() as db:
        entry = next(one for one in audit.of(db, person=check.person_id) if one.data.get("event") == str(check.id))
    assert entry.data["sha256"] in page
    assert f"{entry.lane}/{entry.seq}" in page
    alter = text("UPDATE event SET data = jsonb_set(data, '{liveness_score}', CAST(:score AS jsonb)) WHERE id = :id RETURNING data")
    with platform.house.database.admin.begin() as db:
        before = db.scalar(text("SELECT data ->> 'liveness_score' FROM event WHERE id = :id"), {"id": check.id})
        db.execute(alter, {"id": check.id, "score": '"0.999"'})
    try:
        assert "ALTERED" in page_of(client, check)
    finally:
        with platform.house.database.admin.begin() as db:
            db.execute(alter, {"id": check.id, "score": f'"{before}"'})
    assert "unchanged since" in page_of(client, check)


def test_without_consent_to_keeping_there_is_no_picture_and_nothing_to_ask_for(
    platform: Platform, client: Client, dropped: tuple[Applied, Check]
) -> None:
    _, check = dropped
    page = page_of(client, check)
    assert "the person did not agree to keeping the recording" in page
    assert "The measurements on this page are all that the check left." in page
    assert "/frames" not in page
    before = len(looks_of(platform, check))
    refused = frames(client, check)
    assert refused.status_code == 404
    assert PICTURE not in refused.text
    assert [one.kind for one in looks_of(platform, check)][: len(looks_of(platform, check)) - before] == ["staff.reason"]


def test_frames_are_drawn_for_a_reviewer_with_a_reason_and_the_person_can_see_who_looked(
    platform: Platform, client: Client, kept: tuple[Applied, Check]
) -> None:
    applied, check = kept
    assert PICTURE not in page_of(client, check)
    answer = frames(client, check)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count(PICTURE) == 7  # six frames and the portrait
    assert len(re.findall(r'class="layer answer"', answer.text)) == 6
    assert re.search(r"Reckoned anew: delay \d+ ms, \d+% of the face", html.unescape(answer.text))
    read, reason = looks_of(platform, check)[:2]
    assert (read.kind, read.data["fields"], read.data["purpose"]) == ("vault.read", ["portrait", "selfie"], "identity_verification")
    assert (reason.kind, reason.data["reason"], reason.data["check"]) == ("staff.reason", REASON, str(check.id))
    newest = platform.journeys.accesses(applied.id)[0]
    assert newest.who.en == "A member of staff"
    assert "Selfie clip" in [field.en for field in newest.fields]
    assert newest.allowed


def test_every_look_is_logged_anew_and_nothing_else_is_written(platform: Platform, client: Client, kept: tuple[Applied, Check]) -> None:
    _, check = kept
    with platform.house.begin() as db:
        events = db.scalar(text("SELECT count(*) FROM event"))
    before = len(looks_of(platform, check))
    frames(client, check)
    frames(client, check)
    assert len(looks_of(platform, check)) == before + 4
    with platform.house.begin() as db:
        assert db.scalar(text("SELECT count(*) FROM event")) == events


def test_a_look_needs_a_reason_a_role_and_the_vault_s_leave(platform: Platform, client: Client, kept: tuple[Applied, Check]) -> None:
    _, check = kept
    before = len(looks_of(platform, check))
    assert frames(client, check, reason="short").status_code == 422
    assert frames(client, check, Role.VIEWER).status_code == 403
    assert len(looks_of(platform, check)) == before
    refused = frames(client, check, Role.COMPLIANCE)
    assert refused.status_code == 403
    assert PICTURE not in refused.text
    assert [one.kind for one in looks_of(platform, check)[:2]] == ["vault.refused", "staff.reason"]


def test_whoever_takes_the_consent_back_takes_the_pictures_back(platform: Platform, client: Client) -> None:
    applied, check = checked(platform, keeps=True)
    assert "The recording is kept" in page_of(client, check)
    receipt = next(one for one in platform.journeys.receipts(applied.id) if "Keep" in one.title.en)
    platform.journeys.withdraw_consent(applied.id, receipt.receipt_id)
    assert "or took that back" in page_of(client, check)
    assert frames(client, check).status_code == 404


def test_a_later_recording_s_frames_are_not_shown_as_those_of_an_earlier_check(platform: Platform, client: Client) -> None:
    applied, check = checked(platform, keeps=True)
    person = platform.journeys.standing(applied.id).person_id
    write(platform.house, applied.id, person, platform.house.clock.now(), told("retry", None, media_kept=True, clip_sha256="0" * 64))
    assert "the recording of a later check" in page_of(client, check)
    later = next(one for one in mine(platform, applied) if one.id != check.id)
    refused = frames(client, later)
    assert refused.status_code == 404  # what the vault holds is not this check's clip
    assert PICTURE not in refused.text


def test_a_try_that_could_not_be_read_hides_no_recording_and_has_none_itself(platform: Platform, client: Client) -> None:
    applied, check = checked(platform, keeps=True)
    person = platform.journeys.standing(applied.id).person_id
    with platform.house.begin() as db:
        note(db, platform.house.clock, "identity.unreadable", applied.id, person, code="identity.clip_unreadable", tries_left=1)
    unread = next(one for one in mine(platform, applied) if one.id != check.id)
    assert "The recording is kept" in page_of(client, check)
    assert frames(client, check).status_code == 200
    refused = frames(client, unread)
    assert refused.status_code == 404
    assert "There are no pictures of this check" in html.unescape(refused.text)


@pytest.mark.parametrize("path", ["x", str(UUID(int=5)), "01a20390-5fea-72a0-96de-ed808fe0f587"])
def test_a_check_that_is_not_there_is_a_page_that_says_so(client: Client, path: str) -> None:
    assert client(Role.RISK).get(f"/console/checks/{path}").status_code == 404


# ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def lot(platform: Platform) -> str:
    """The class of device of sixty checks of one application, every third failed by its motion."""
    applied, device = platform.apply(), "lot_of_tests"
    person = platform.journeys.standing(applied.id).person_id
    still = {"motion": {"state": "fail", "value": 0.01, "reason": "frozen"}}
    for n in range(60):
        data = told("fail", 0.0, signals=still, device=device) if n % 3 == 0 else told("pass", 0.9, device=device)
        write(platform.house, applied.id, person, platform.house.clock.now(), data)
    return device


def rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/console/checks/([0-9a-f-]{36})">', page)


def test_a_list_is_narrowed_and_its_next_page_stays_narrowed(client: Client, lot: str) -> None:
    risk = client(Role.RISK)
    first = risk.get("/console/checks", params={"device": lot})
    assert len(rows(first.text)) == 50
    onward = re.search(r'href="(/console/checks\?[^"]*before=[^"]*)"', first.text)
    assert onward is not None
    second = risk.get(html.unescape(onward[1]))
    assert len(rows(second.text)) == 10
    assert not set(rows(first.text)) & set(rows(second.text))
    failed = risk.get("/console/checks", params={"device": lot, "outcome": "fail", "signal": "motion"}).text
    assert len(rows(failed)) == 20
    assert "Motion in the clip" in failed
    assert rows(risk.get("/console/checks", params={"device": lot, "signal": "texture", "outcome": "fail"}).text) == []


def test_days_are_those_of_the_house_s_zone(platform: Platform, client: Client, lot: str) -> None:
    today = platform.house.clock.today(platform.house.settings.timezone).isoformat()
    risk = client(Role.RISK)
    assert len(rows(risk.get("/console/checks", params={"device": lot, "since": today, "until": today}).text)) == 50
    assert "No face check is like that." in risk.get("/console/checks", params={"device": lot, "until": "2020-01-01"}).text


@pytest.mark.parametrize("asked", [{"since": "yesterday"}, {"until": "2026-13-01"}, {"before": str(UUID(int=7))}, {"before": "x"}])
def test_a_question_that_makes_no_sense_is_answered_so(client: Client, asked: dict[str, str]) -> None:
    assert client(Role.RISK).get("/console/checks", params=asked).status_code in (404, 422)


@pytest.fixture
def crowd(platform: Platform) -> Iterator[None]:
    """A hundred thousand more rows, for as long as the test lasts."""
    with platform.house.begin() as db:
        db.execute(
            text("""INSERT INTO identity_check
                (person_id, id, application_id, at, outcome, device, calibrated, score, challenge, weak, reasons)
            SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), :now - n * interval '155 seconds',
                CASE WHEN n % 50 = 0 THEN 'fail' ELSE 'pass' END, 'phone_basic', true, (n % 997) / 997.0, 'crowd',
                CASE WHEN n % 7 = 0 THEN ARRAY['texture:refer'] ELSE '{}' END, '{}'
            FROM generate_series(1, 100000) n"""),
            {"now": platform.house.clock.now()},
        )
    with platform.house.database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE identity_check"))
    yield
    with platform.house.begin() as db:
        db.execute(text("DELETE FROM identity_check WHERE challenge = 'crowd'"))


def test_a_list_out_of_a_hundred_thousand_is_one_page(client: Client, crowd: None) -> None:
    risk = client(Role.RISK)
    for asked in ({}, {"outcome": "fail"}, {"signal": "texture", "device": "phone_basic"}, {"signal": "match"}):
        page = risk.get("/console/checks", params=asked)
        assert page.status_code == 200
        assert page.text.count("/console/checks/") < 120


# ── in a browser ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 360), ("en", 1280)])
def test_a_reviewer_looks_at_the_frames_and_takes_layers_off(
    platform: Platform, visit: Visit, browser: Browser, tokens: dict[Role, str], kept: tuple[Applied, Check], language: str, width: int
) -> None:
    page = visit.open(browser, f"{platform.address}/console/login", language=language, viewport={"width": width, "height": 800})
    page.context.add_cookies([{"name": COOKIE, "value": tokens[Role.RISK], "url": f"{platform.address}/console"}])
    page.goto(f"{platform.address}/console/checks/{kept[1].id}")
    page.locator("textarea[name=reason]").fill(REASON)
    page.locator("form[action*=frames] button").click()
    picture = page.locator(".frames svg").nth(3)
    expect(picture).to_be_visible()
    assert (
        page.evaluate(
            "(async () => { const i = new Image(); i.src = document.querySelector('.seen image').href.baseVal; await i.decode(); return i.width })()"
        )
        > 100
    )
    for layer in ("box", "answer", "mesh"):
        box = page.locator(f"input[name=show-{layer}]")
        drawn = picture.locator(f".{layer}").first
        box.check()
        expect(drawn).to_be_visible()
        box.uncheck()
        expect(drawn).to_be_hidden()
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_no_column_of_checks_or_of_an_applications_signals_is_cut_on_a_small_desktop(
    platform: Platform, visit: Visit, browser: Browser, tokens: dict[Role, str], dropped: tuple[Applied, Check]
) -> None:
    page = visit.open(browser, f"{platform.address}/console/login", language="en", viewport={"width": 1280, "height": 800})
    page.context.add_cookies([{"name": COOKIE, "value": tokens[Role.RISK], "url": f"{platform.address}/console"}])
    widths = "all => all.map(one => [one.scrollWidth, one.clientWidth])"
    for address, tables in (
        ("/console/checks", ".table-wrap"),
        (f"/console/applications/{dropped[1].application_id}", "[aria-labelledby=identity-h] .table-wrap"),
    ):
        page.goto(platform.address + address)
        found = page.locator(tables).evaluate_all(widths)
        assert found
        assert all(needed <= given for needed, given in found), (address, found)
