"""One display, one purpose, one answer: what is taken, and everything that is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from xinqiao import consent
from xinqiao import vault as safe
from xinqiao.consent import Display, Recipient, errors
from xinqiao.kit import Database, FixedClock, canonical, events, new_id, sha256_hex
from xinqiao.vault import Actor, Field, Purpose, Vault, audit

HOW = {"method": "tap", "preticked": False, "scrolled_to_end": True, "bundle": None}
BANK = Recipient("bank-a", "Example Bank", "示例银行")
SERVICE = Actor("service", "tests")


def show(db: Connection, clock: FixedClock, person: UUID, purpose: Purpose = Purpose.MARKETING, **more: Any) -> Display:
    asked = {"application": None, "purpose": purpose, "language": "zh-CN", "surface": "phone", "recipient": None} | more
    if purpose is Purpose.FUNDER_SHARING and asked["recipient"] is None:
        asked["recipient"] = BANK
    return consent.show(db=db, clock=clock, person=person, **asked)


def agree(db: Connection, vault: Vault, clock: FixedClock, shown: Display, **more: Any) -> consent.Receipt:
    given = {
        "person": shown.person,
        "display_id": shown.id,
        "purposes": [shown.purpose],
        "text_sha256": shown.text_sha256,
        "how": HOW,
    } | more
    return consent.agree(db=db, vault=vault, clock=clock, **given)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose.needs_consent])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_each_purpose_is_shown_agreed_to_and_opens_that_purpose_alone(own, vault, clock, person, purpose, language) -> None:
    shown = show(own, clock, person, purpose, language=language)
    clock.advance(timedelta(seconds=20))
    receipt = agree(own, vault, clock, shown)
    assert (receipt.purpose, receipt.agreed, receipt.language, receipt.text_sha256) == (purpose, True, language, shown.text_sha256)
    recipient = BANK.id if purpose is Purpose.FUNDER_SHARING else None
    assert consent.require(db=own, clock=clock, person=person, purpose=purpose, recipient=recipient).id == receipt.id
    for other in Purpose:
        if other.needs_consent:
            named = BANK.id if other is Purpose.FUNDER_SHARING else None
            assert safe.has_basis(own, person, other, clock.now(), named) == (other is purpose)


def test_what_was_agreed_to_can_be_read_and_the_read_names_the_receipt(own, vault, clock, person) -> None:
    receipt = agree(own, vault, clock, show(own, clock, person))
    safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.MARKETING, actor=SERVICE)
    assert audit.of(own, person=person)[-1].data["basis"] == [f"consent:{receipt.id}"]


def refused(own, vault, clock, shown: Display, error: type[Exception], **more: Any) -> None:
    with pytest.raises(error) as raised:
        agree(own, vault, clock, shown, **more)
    assert str(raised.value)
    assert raised.value.message("zh-CN")
    assert consent.history(db=own, person=shown.person) == []
    assert not safe.has_basis(own, shown.person, shown.purpose, clock.now())


@pytest.mark.parametrize("purposes", [["marketing", "media_retention"], [], "marketing", ["marketing", "marketing"]])
def test_two_purposes_in_one_answer_are_refused(own, vault, clock, person, purposes) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.PurposesBundled, purposes=purposes)


def test_an_answer_for_another_purpose_than_was_shown_is_refused(own, vault, clock, person) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.PurposeDiffers, purposes=["media_retention"])
    refused(own, vault, clock, show(own, clock, person), errors.TextUnknown, purposes=["everything"])


def test_an_answer_without_a_display_is_refused(own, vault, clock, person) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.NotShown, display_id=new_id())


def test_an_answer_before_its_display_is_refused(own, vault, clock, person) -> None:
    shown = show(own, clock, person)
    clock.advance(timedelta(seconds=-1))
    refused(own, vault, clock, shown, errors.PrecedesDisplay)


def test_a_display_is_answered_within_half_an_hour(own, vault, clock, person) -> None:
    late, in_time = show(own, clock, person), show(own, clock, person, Purpose.MEDIA)
    clock.advance(timedelta(minutes=30))
    agree(own, vault, clock, in_time)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(errors.DisplayExpired, match="show it again"):
        agree(own, vault, clock, late)


@pytest.mark.parametrize("sha256", ["0" * 64, "", "nonsense"])
def test_an_unknown_text_is_refused(own, vault, clock, person, sha256) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.TextDiffers, text_sha256=sha256)


def test_another_text_than_the_one_shown_is_refused(own, vault, clock, person) -> None:
    english = consent.TEXTS[Purpose.MARKETING, "en"].sha256
    refused(own, vault, clock, show(own, clock, person), errors.TextDiffers, text_sha256=english)
    form = consent.TEXTS[Purpose.FUNDER_SHARING, "zh-CN"].sha256
    refused(own, vault, clock, show(own, clock, person, Purpose.FUNDER_SHARING), errors.TextDiffers, text_sha256=form)


def test_another_language_than_the_one_shown_is_refused(own, vault, clock, person) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.LanguageDiffers, language="en")


def test_another_persons_display_is_refused(own, vault, clock, person) -> None:
    stranger = safe.enrol(db=own, vault=vault, clock=clock)
    shown = show(own, clock, stranger)
    with pytest.raises(errors.ShownToAnother):
        agree(own, vault, clock, shown, person=person)
    assert consent.history(db=own, person=person) == consent.history(db=own, person=stranger) == []


def test_another_tenants_display_does_not_exist_here(database: Database, tenant, own, vault, clock, person) -> None:
    with database.begin(tenant=tenant + "x") as elsewhere:
        stranger = safe.enrol(db=elsewhere, vault=vault, clock=clock)
        shown = show(elsewhere, clock, stranger)
    with pytest.raises(errors.NotShown):
        agree(own, vault, clock, shown, person=person)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"preticked": True}, errors.Preticked),
        ({"preticked": None}, errors.Preticked),
        ({"preticked": "false"}, errors.Preticked),
        ({"scrolled_to_end": False}, errors.TextNotRead),
        ({"bundle": "welcome-pack"}, errors.Bundled),
        ({"bundle": ["marketing"]}, errors.Bundled),
        ({"incentive": "5 yuan"}, errors.TiedToIncentive),
        ({"coupon": "SPRING"}, errors.TiedToIncentive),
        ({"discount": True}, errors.TiedToIncentive),
        ({"method": "assumed"}, errors.HowMissing),
        ({"method": None}, errors.HowMissing),
        ({"mood": "good"}, errors.HowUnknown),
        ({"name": "张小明"}, errors.HowUnknown),
    ],
)
def test_consent_that_was_not_given_freely_alone_and_by_an_act_is_refused(own, vault, clock, person, change, error) -> None:
    refused(own, vault, clock, show(own, clock, person), error, how=HOW | change)


@pytest.mark.parametrize("how", [{}, {"method": "tap"}, {"preticked": False}, None, "tap"])
def test_how_it_was_given_must_be_said(own, vault, clock, person, how) -> None:
    refused(own, vault, clock, show(own, clock, person), errors.HowMissing, how=how)


def test_the_receipt_binds_person_purpose_text_language_how_and_when(own, vault, clock, person) -> None:
    application = new_id()
    shown = show(own, clock, person, Purpose.FUNDER_SHARING, application=application)
    clock.advance(timedelta(seconds=9))
    receipt = agree(own, vault, clock, shown)
    record = receipt.record
    assert record["schema_version"] == "ISO/IEC TS 27560:2023"
    assert (record["record_id"], record["pii_principal_id"]) == (str(receipt.id), str(person))
    processing = record["pii_processing"]
    assert processing["privacy_notice"]["sha256"] == shown.text_sha256
    assert (processing["purpose"], processing["language"], processing["lawful_basis"]) == ("funder_sharing", "zh-CN", "consent")
    assert processing["recipient_third_parties"] == [{"id": "bank-a", "name": "示例银行"}]
    assert record["event"] == {
        "event_time": "2026-03-02T02:00:09Z",
        "validity_duration": "P90D",
        "entity_id": str(person),
        "event_type": "explicit",
        "event_state": "consent_given",
    }
    assert record["display"]["how"] == HOW
    assert record["application"] == str(application)
    assert receipt.sha256 == sha256_hex(canonical(record))
    assert receipt.until == clock.now() + timedelta(days=90)


def test_display_and_answer_are_in_the_log_and_in_the_applications_events(own, vault, clock, person) -> None:
    application = new_id()
    receipt = agree(own, vault, clock, show(own, clock, person, application=application))
    kinds = [entry.kind for entry in audit.of(own, person=person)]
    assert kinds[-3:] == ["consent.shown", "consent.agreed", "vault.basis_granted"]
    agreed = next(entry for entry in audit.of(own, person=person) if entry.kind == "consent.agreed")
    assert agreed.data["receipt_sha256"] == receipt.sha256
    assert [event.kind for event in events.of(own, application)] == ["consent.shown", "consent.agreed"]
    assert audit.verify(own, vault).ok


def test_the_text_of_a_receipt_is_kept_word_for_word(own, vault, clock, person) -> None:
    shown = show(own, clock, person, Purpose.FUNDER_SHARING)
    receipt = agree(own, vault, clock, shown)
    kept = consent.text_of(db=own, receipt=receipt)
    assert kept == shown.text
    assert kept.sha256 == receipt.text_sha256
    assert "示例银行" in kept.title


def test_a_repeated_answer_gives_the_first_receipt(own, vault, clock, person) -> None:
    shown = show(own, clock, person)
    first = agree(own, vault, clock, shown)
    clock.advance(timedelta(hours=2))
    assert agree(own, vault, clock, shown) == first
    assert len(consent.history(db=own, person=person)) == 1


def test_answers_to_one_display_at_once_leave_one_receipt(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = safe.enrol(db=db, vault=vault, clock=clock)
        shown = show(db, clock, person)

    def answer(_: int) -> UUID:
        with database.begin(tenant=tenant) as db:
            return agree(db, vault, clock, shown).id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(answer, range(12)))) == 1
    with database.begin(tenant=tenant) as db:
        assert len(consent.history(db=db, person=person)) == 1
        assert len([basis for basis in safe.bases(db, person) if basis.purpose is Purpose.MARKETING]) == 1
        assert audit.verify(db, vault).ok


def test_a_no_is_on_record_and_opens_nothing(own, vault, clock, person) -> None:
    shown = show(own, clock, person)
    receipt = consent.decline(db=own, clock=clock, person=person, display_id=shown.id, how={"method": "tap"})
    assert not receipt.agreed
    assert receipt.record["event"]["event_state"] == "consent_refused"
    assert not safe.has_basis(own, person, Purpose.MARKETING, clock.now())
    with pytest.raises(consent.ConsentMissing) as raised:
        consent.require(db=own, clock=clock, person=person, purpose=Purpose.MARKETING)
    assert raised.value.why == "declined"
    assert consent.decline(db=own, clock=clock, person=person, display_id=shown.id) == receipt


def test_a_display_is_not_answered_both_ways(own, vault, clock, person) -> None:
    shown = show(own, clock, person)
    agree(own, vault, clock, shown)
    with pytest.raises(errors.AlreadyAnswered):
        consent.decline(db=own, clock=clock, person=person, display_id=shown.id)


def test_a_later_no_ends_an_earlier_yes(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person))
    clock.advance(timedelta(days=1))
    consent.decline(db=own, clock=clock, person=person, display_id=show(own, clock, person).id)
    assert not safe.has_basis(own, person, Purpose.MARKETING, clock.now())
    assert [one.ended_why for one in consent.history(db=own, person=person)] == ["declined", None]


def test_the_pages_words_for_how_are_understood(own, vault, clock, person) -> None:
    how = {"surface": "applicant-web", "control": "button", "preselected": False, "seconds_shown": "12.5", "scrolled_to_end": True}
    receipt = agree(own, vault, clock, show(own, clock, person), how=how)
    assert receipt.how == {
        "surface": "applicant-web",
        "method": "button",
        "preticked": False,
        "seconds_shown": "12.5",
        "scrolled_to_end": True,
    }
