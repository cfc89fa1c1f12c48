"""The face step: a challenge for one recording, what is taken once, what is kept, and the ways around it. Faces are simulated."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from xinqiao import credit, vault
from xinqiao.demo import cast
from xinqiao.demo.book import people
from xinqiao.demo.book.vintages import facts_of
from xinqiao.demo.cast import Sitter
from xinqiao.demo.robot import HOW, Outcome
from xinqiao.demo.world import World
from xinqiao.identity import replay
from xinqiao.identity.errors import ClipUnreadable
from xinqiao.identity.liveness.challenge import issue
from xinqiao.identity.liveness.challenge.errors import (
    ChallengeExpired,
    ChallengeForAnother,
    ChallengeForged,
    ChallengeSpent,
    ChallengeUnreadable,
)
from xinqiao.identity.thresholds import Fusion
from xinqiao.journeys import ApplicantJourneys, House, applying, facing, issue_challenge, read_media, rights, submit_face, work
from xinqiao.journeys.case import Case, look
from xinqiao.journeys.errors import ChallengeMissing, MediaNotKept, NotNow, TooManyChallenges
from xinqiao.journeys.facing import MOST_CHALLENGES
from xinqiao.journeys.progress import Step
from xinqiao.kit import Database, FixedClock, Refused, new_id, sha256_hex
from xinqiao.vault import Actor, Field, Purpose, audit
from xinqiao.vault.errors import AccessDenied

from ..conftest import NOW
from ..sitting import living
from .evidencing import new_house

RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))
VIEWER = Actor("operator", "viewer-1", frozenset({"viewer"}))
JUNK = b"\x1aE\xdf\xa3 no film at all" * 20
Walk = Callable[..., Outcome]
Sit = Received = Callable[..., UUID]


def ann() -> Sitter:
    return living(1)[0]


def eve() -> Sitter:
    return Sitter(931)


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="module")
def place(database: Database, clock: FixedClock, tmp_path_factory: pytest.TempPathFactory) -> tuple[House, World, Iterator[dict[str, Any]]]:
    """One house for this file, and people enough that each test has its own."""
    house, world = new_house(database, clock, tmp_path_factory.mktemp("facing"))
    return house, world, iter(_lendable(house))


def _lendable(house: House) -> Iterator[dict[str, Any]]:
    """Invented people whom the policy approves, so that what becomes of them is the face check's doing."""
    for person in people(400):
        facts = facts_of(person)
        made = credit.decide(model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts)
        if person["application"]["kind"] == "personal" and made.outcome == "approve":
            yield person


@pytest.fixture
def house(place: tuple[House, World, Any]) -> House:
    """The tests share clips, which for each of them were never sent before."""
    with place[0].begin() as db:
        db.execute(text("DELETE FROM liveness_clip"))
    return place[0]


@pytest.fixture
def received(place: tuple[House, World, Any]) -> Received:
    """An application just received: of this test's person of that number, with a sitter's photo on the ID."""
    house, world, fresh = place
    mine: dict[int, dict[str, Any]] = {}

    def receive(number: int = 0, face: Callable[[], Sitter] | None = ann) -> UUID:
        body = mine.setdefault(number, next(fresh) if number not in mine else {})["application"]
        portrait = face().portrait if face else None
        return applying.receive(house, scene=world.shop, body=body, portrait=portrait, key=str(new_id())).application.id

    return receive


@pytest.fixture
def sit(house: House, received: Received) -> Sit:
    """... that stands at the face step."""

    def seat(number: int = 0, face: Callable[[], Sitter] | None = ann, *, keep: bool = False) -> UUID:
        application = received(number, face)
        journeys = ApplicantJourneys(house)
        while (shown := journeys.next_consent(application, "zh-CN")) is not None:
            agreed = keep or shown.purpose != Purpose.MEDIA
            journeys.answer_consent(application, display_id=shown.display_id, text_sha256=shown.text_sha256, agreed=agreed, how=HOW)
        return application

    return seat


def case_of(house: House, application: UUID) -> Case:
    with house.begin() as db:
        return look(db, application)


def checks(house: House, application: UUID) -> list[dict[str, Any]]:
    return [dict(one.data) for one in case_of(house, application).events if one.kind == "identity.checked"]


def send(house: House, application: UUID, film: Callable[..., bytes], **more: Any) -> Any:
    """Ask for a challenge, have it filmed, send the film."""
    challenge = issue_challenge(house, application)
    return submit_face(house, application, clip=film(challenge), portrait=None, challenge=challenge.to_json(), **more)


# ── The challenge ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_living_person_who_answers_the_challenge_passes_and_the_record_tells_it_all(house: House, sit: Sit) -> None:
    application = sit(0)
    evidence = send(house, application, ann().film, agent="Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140 Mobile")
    assert evidence.outcome == "pass", evidence.record()
    case = case_of(house, application)
    issued, checked = case.last("face.challenge_issued"), case.last("identity.checked")
    assert issued
    assert checked
    assert checked.data["challenge"] == issued.data["challenge"]
    assert checked.data["device"] in ("any", "phone_basic", "phone_high", "desktop")
    assert checked.data["calibrated"] is False
    assert {"light_sequence", "light_shape", "texture", "timing", "sent_before", "match"} <= set(checked.data["signals"])
    assert all(set(one) == {"state", "value", "reason"} for one in checked.data["signals"].values())
    assert {"liveness_texture", "thresholds", "fusion", "recorders"} <= set(checked.data["model_versions"])
    assert len(checked.data["clip_sha256"]) == 64


def test_the_answer_to_another_challenge_is_an_attack_and_not_lent_to(house: House, sit: Sit, walk: Walk) -> None:
    application = sit(0)
    outcome = walk(application, "x", clip=lambda challenge: cast.replayed(ann(), challenge))
    assert (outcome.face, outcome.ended) == ("fail", "declined")
    (check,) = checks(house, application)
    assert check["signals"]["light_sequence"]["reason"] == "light_other"
    assert check["label"] == "attack"


def test_a_print_before_the_colours_does_not_pass(house: House, sit: Sit, walk: Walk) -> None:
    outcome = walk(sit(0, eve), "x", clip=lambda challenge: cast.printed(eve(), challenge))
    assert outcome.face != "pass"
    assert outcome.ended in ("declined", "review")


def test_somebody_elses_face_is_not_the_portraits(house: House, sit: Sit, walk: Walk) -> None:
    application = sit(0, eve)
    assert walk(application, "x", clip=ann().film).face != "pass"
    assert checks(house, application)[0]["signals"]["match"]["reason"] in ("other_person", "match_unsure")


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda text: text[:-1], ChallengeUnreadable),
        (lambda text: text.replace('"tick_ms"', '"tack_ms"').replace('"seal": "', '"seal": "0'), ChallengeForged),
        (lambda text: issue(application="another", key=b"k" * 32, clock=FixedClock(NOW)).to_json(), ChallengeForged),
    ],
)
def test_a_challenge_that_we_did_not_issue_is_refused_before_the_clip_is_looked_at(
    house: House, sit: Sit, spoil: Callable[[str], str], refusal: type[Refused]
) -> None:
    application = sit(0)
    challenge = issue_challenge(house, application).to_json()
    with pytest.raises(refusal):
        submit_face(house, application, clip=JUNK, portrait=None, challenge=spoil(challenge))
    case = case_of(house, application)
    assert (case.step, case.progress.face_attempts) == (Step.FACE, 0)
    with pytest.raises(ClipUnreadable):  # the true one is still good
        submit_face(house, application, clip=JUNK, portrait=None, challenge=challenge)


def test_a_challenge_of_another_application_is_refused(house: House, sit: Sit) -> None:
    mine, other = sit(0), sit(1, None)
    with pytest.raises(ChallengeForAnother):
        submit_face(house, mine, clip=JUNK, portrait=None, challenge=issue_challenge(house, other).to_json())


def test_a_challenge_runs_out_and_another_can_be_asked_for(house: House, clock: FixedClock, sit: Sit) -> None:
    application = sit(0)
    late = issue_challenge(house, application)
    clock.advance(timedelta(seconds=house.settings.challenge_seconds + 1))
    with pytest.raises(ChallengeExpired) as refusal:
        submit_face(house, application, clip=JUNK, portrait=None, challenge=late.to_json())
    assert "60" in refusal.value.message("zh")
    assert issue_challenge(house, application).id != late.id


def test_a_challenge_is_good_for_one_recording(house: House, sit: Sit) -> None:
    application = sit(0)
    challenge = issue_challenge(house, application).to_json()
    with pytest.raises(ClipUnreadable):
        submit_face(house, application, clip=JUNK, portrait=None, challenge=challenge)
    with pytest.raises(ChallengeSpent):
        submit_face(house, application, clip=JUNK, portrait=None, challenge=challenge)


def test_of_many_uploads_with_one_challenge_at_once_exactly_one_is_taken(house: House, sit: Sit) -> None:
    application = sit(0)
    challenge = issue_challenge(house, application).to_json()
    ready, ends = threading.Barrier(6), []

    def upload() -> None:
        ready.wait()
        try:
            submit_face(house, application, clip=JUNK, portrait=None, challenge=challenge)
        except Refused as refusal:
            ends.append(refusal.code)

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["identity.challenge_spent"] * 5 + ["identity.clip_unreadable"]
    assert case_of(house, application).progress.face_attempts == 1


def test_a_challenge_is_issued_at_the_face_step_alone(house: House, received: Received, sit: Sit) -> None:
    with pytest.raises(NotNow):
        issue_challenge(house, received(0))
    application = sit(1)
    rights.withdraw_consent(house, application, _receipt(house, application, "Verify identity (face)"))
    with pytest.raises(NotNow):
        issue_challenge(house, application)


def test_nobody_may_draw_challenges_until_one_fits(house: House, sit: Sit) -> None:
    application = sit(0)
    for _ in range(MOST_CHALLENGES):
        issue_challenge(house, application)
    with pytest.raises(TooManyChallenges):
        issue_challenge(house, application)


def test_spent_challenges_are_forgotten_after_a_day(house: House, clock: FixedClock, sit: Sit) -> None:
    application = sit(0)
    with pytest.raises(ClipUnreadable):
        submit_face(house, application, clip=JUNK, portrait=None, challenge=issue_challenge(house, application).to_json())
    counted = text("SELECT count(*) FROM liveness_challenge_spent")
    work.tidy(house)
    with house.begin() as db:
        assert db.scalar(counted) >= 1
    clock.advance(timedelta(days=1, seconds=1))
    work.tidy(house)
    with house.begin() as db:
        assert db.scalar(counted) == 0


# ── Other ways ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clip_without_a_challenge_is_taken_only_from_who_declined_it(house: House, sit: Sit) -> None:
    with pytest.raises(ChallengeMissing):
        submit_face(house, sit(0), clip=JUNK, portrait=None)


def test_who_declines_the_colours_is_looked_at_by_a_person_and_not_refused(house: House, sit: Sit, walk: Walk) -> None:
    application = sit(0)
    outcome = walk(application, "x", clip=ann().clip)
    assert (outcome.face, outcome.ended) == ("refer", "review")
    assert checks(house, application)[0]["signals"]["light_sequence"] == {"state": "not_run", "value": None, "reason": "light_declined"}


def test_without_the_colours_nobody_passes_on_cameras_that_the_deployment_measured(house: House, sit: Sit) -> None:
    """A stolen clip of a living person would look the same: nothing there tells the two apart."""
    shipped = house.faces.thresholds.liveness
    measured = {
        name: replace(one, calibrated=True, band=replace(one.band, sure=0.5), groups=(("appearance",),))
        for name, one in shipped.devices.items()
    }
    faces = replace(house.faces, thresholds=replace(house.faces.thresholds, liveness=Fusion(shipped.cut, measured)))
    evidence = submit_face(replace(house, faces=faces), sit(0), clip=ann().clip, portrait=None, flashes=False)
    assert (evidence.calibrated, evidence.liveness) == (True, "pass")
    assert {s.name: s.state for s in evidence.signals}["light_sequence"] == "not_run"
    assert evidence.outcome == "refer", evidence.record()


def test_a_clip_that_was_sent_for_another_application_fails(house: House, sit: Sit) -> None:
    submit_face(house, sit(0), clip=ann().clip, portrait=None, flashes=False)
    again = submit_face(house, sit(1), clip=ann().clip, portrait=None, flashes=False)
    assert again.outcome == "fail"
    assert "sent_before" in [one.code for one in again.reasons]


def test_outside_the_demonstration_a_clip_made_by_a_tool_is_not_the_pages(house: House, sit: Sit) -> None:
    real = replace(house, settings=house.settings.model_copy(update={"demo": False}))
    evidence = send(real, sit(0), lambda challenge: ann().clip)
    assert "foreign_recorder" in [one.code for one in evidence.reasons]
    assert evidence.outcome == "fail"


def test_a_virtual_camera_is_looked_at_by_a_person(house: House, sit: Sit) -> None:
    real = replace(house, settings=house.settings.model_copy(update={"demo": False}))
    evidence = submit_face(real, sit(0), clip=ann().clip, portrait=None, flashes=False, camera="OBS Virtual Camera")
    assert {s.name: s.reason for s in evidence.signals}["camera"] == "virtual_camera"


def test_a_camera_whose_name_the_page_did_not_send_is_looked_at_by_a_person(house: House, sit: Sit) -> None:
    """To leave the name out is no way around the test for virtual cameras. In the demonstration, where nobody films, it is not asked."""
    real = replace(house, settings=house.settings.model_copy(update={"demo": False}))
    unnamed, demo = send(real, sit(0), ann().film), send(house, sit(1), ann().film)
    assert {s.name: s.reason for s in unnamed.signals}["camera"] == "camera_unnamed"
    assert {s.name: s.state for s in demo.signals}["camera"] == "not_checked"


# ── At the same time ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Checks that all look for clips sent before anybody's result is written: each waits, after its check, for the others."""
    real = facing._check

    def arrange(many: int) -> None:
        ready = threading.Barrier(many)

        def check(*given: Any) -> Any:
            evidence = real(*given)
            ready.wait(60)
            return evidence

        monkeypatch.setattr(facing, "_check", check)

    return arrange


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gave, or the code of its refusal; in the order of the calls."""
    ends: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        try:
            ends[number] = calls[number]()
        except Refused as refusal:
            ends[number] = refusal.code

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_of_one_clip_sent_for_many_applications_at_once_one_alone_is_the_first(
    house: House, sit: Sit, together: Callable[[int], None]
) -> None:
    applications = [sit(n) for n in range(3)]
    together(3)
    sent = [partial(submit_face, house, one, clip=ann().clip, portrait=None, flashes=False) for one in applications]
    ends = at_once(*sent)
    assert sorted(one.outcome for one in ends) == ["fail", "fail", "refer"]
    for application, end in zip(applications, ends, strict=True):
        (check,) = checks(house, application)
        assert check["outcome"] == end.outcome
        assert ("sent_before" in check["reasons"]) is (end.outcome == "fail")
        assert replay(check) == (end.outcome, None)


def test_a_recording_that_another_one_outran_leaves_its_record_and_its_mark(
    house: House, sit: Sit, together: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever has two tries at once would have one that nobody learns of."""
    application = sit(0)
    together(2)
    clips = (ann().clip, eve().clip)
    ends = at_once(*(partial(submit_face, house, application, clip=clip, portrait=None, flashes=False) for clip in clips))
    assert NotNow.code in ends
    case = case_of(house, application)
    late, checked = case.last("identity.late"), case.last("identity.checked")
    assert late
    assert checked
    lost = ends.index(NotNow.code)
    assert late.data["clip_sha256"] == sha256_hex(clips[lost])
    assert case.progress.face_attempts == 1, "it decides nothing, and is no try of the one that counts"
    assert late.data["media_kept"] is False
    monkeypatch.undo()
    again = submit_face(house, sit(1), clip=clips[lost], portrait=None, flashes=False)
    assert "sent_before" in [one.code for one in again.reasons]


# ── Tries ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_judged_may_be_sent_once_more_and_then_a_person_looks(house: House, sit: Sit) -> None:
    application = sit(0)
    before = issue_challenge(house, application)
    first = submit_face(house, application, clip=ann().at("outdoors").film(before), portrait=None, challenge=before.to_json())
    assert first.outcome == "retry", first.record()
    standing = ApplicantJourneys(house).standing(application)
    assert (standing.next, standing.face_tries_left) == ("face", 1)
    with pytest.raises(ClipUnreadable):
        send(house, application, lambda challenge: JUNK)
    case = case_of(house, application)
    assert case.step is Step.REVIEW
    told = [(one.kind, one.data["tries_left"]) for one in case.events if "tries_left" in one.data]
    assert told == [("identity.checked", 1), ("identity.unreadable", 0)]
    with pytest.raises(NotNow):
        issue_challenge(house, application)


def test_the_number_of_tries_is_the_deployments(house: House, sit: Sit) -> None:
    patient = replace(house, settings=house.settings.model_copy(update={"face_attempts": 4}))
    application = sit(0)
    for left in (3, 2, 1):
        with pytest.raises(ClipUnreadable):
            send(patient, application, lambda challenge: JUNK)
        assert ApplicantJourneys(patient).standing(application).face_tries_left == left


# ── Whether pictures are kept ───────────────────────────────────────────────────────────────────────────────────────────────


def _receipt(house: House, application: UUID, title: str) -> UUID:
    return next(one.receipt_id for one in rights.receipts(house, application) if one.title.en == title)


def test_keeping_pictures_is_asked_once_before_the_camera_and_nothing_waits_for_it(house: House, received: Received) -> None:
    sent = received(0, None)
    journeys, asked = ApplicantJourneys(house), []
    for _ in range(4):
        text = journeys.next_consent(sent, "en")
        assert text is not None
        asked.append(text.purpose)
        if text.purpose != Purpose.MEDIA:
            journeys.answer_consent(sent, display_id=text.display_id, text_sha256=text.text_sha256, agreed=True, how=HOW)
    assert asked[-1] == Purpose.MEDIA
    assert issue_challenge(house, sent), "the question is left unanswered, and the recording goes on"
    journeys.refuse_face(sent)
    assert journeys.standing(sent).next == "review"


def test_without_that_consent_no_picture_stays_and_nobody_sees_one(house: House, sit: Sit) -> None:
    application = sit(0)
    submit_face(house, application, clip=ann().clip, portrait=None, flashes=False)
    (check,) = checks(house, application)
    assert check["media_kept"] is False
    with house.begin() as db:
        assert not {Field.SELFIE, Field.PORTRAIT} & set(vault.holds(db=db, person=case_of(house, application).person))
    with pytest.raises(MediaNotKept):
        read_media(house, application, UUID(check["check"]), by=RISK)


def test_kept_pictures_are_seen_by_a_reviewer_on_record_until_the_consent_is_taken_back(house: House, sit: Sit) -> None:
    application = sit(0, keep=True)
    submit_face(house, application, clip=ann().clip, portrait=None, flashes=False)
    check = UUID(checks(house, application)[0]["check"])
    seen = read_media(house, application, check, by=RISK)
    assert (seen.clip, seen.portrait) == (ann().clip, ann().portrait)
    with pytest.raises(AccessDenied):
        read_media(house, application, check, by=VIEWER)
    with pytest.raises(MediaNotKept):
        read_media(house, application, new_id(), by=RISK)
    person = case_of(house, application).person
    with house.begin() as db:
        looks = [one for one in audit.of(db, person=person) if one.actor == str(RISK) and Field.SELFIE in one.data.get("fields", ())]
    assert [one.kind for one in looks] == ["vault.read"]
    rights.withdraw_consent(house, application, _receipt(house, application, "Keep the pictures"))
    with house.begin() as db:
        assert not {Field.SELFIE, Field.PORTRAIT} & set(vault.holds(db=db, person=person))
    with pytest.raises(MediaNotKept):
        read_media(house, application, check, by=RISK)


# ── The same person again ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_face_is_compared_with_the_one_that_passed_before(house: House, sit: Sit) -> None:
    """The portrait that comes with the second application is the second face's: what gives it away is the first check."""
    assert send(house, sit(0), ann().film).outcome == "pass"
    other = send(house, sit(0, eve), eve().film)
    assert {s.name: s.reason for s in other.signals}["same_as_before"] == "other_than_before"
    assert other.outcome != "pass", other.record()
    same = send(house, sit(0), ann().film)
    assert {s.name: s.state for s in same.signals}["same_as_before"] == "pass"


def test_forgetting_a_person_takes_the_marks_of_their_clips(house: House, sit: Sit) -> None:
    application = sit(0)
    submit_face(house, application, clip=ann().clip, portrait=None, flashes=False)
    counted = text("SELECT count(*) FROM liveness_clip WHERE person_id = :person")
    person = {"person": case_of(house, application).person}
    with house.begin() as db:
        assert db.scalar(counted, person) == 1
    rights.forget(house, application)
    with house.begin() as db:
        assert db.scalar(counted, person) == 0
