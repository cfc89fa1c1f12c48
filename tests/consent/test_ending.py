"""Withdrawal, time, renewed texts: consent that has ended stops everything that rested on it."""

from datetime import timedelta

import pytest

from xinqiao import consent
from xinqiao import vault as safe
from xinqiao.consent import ConsentMissing, Recipient, texts
from xinqiao.consent.service import answering, asking, proving
from xinqiao.kit import Database, new_id
from xinqiao.vault import Actor, Field, Purpose, audit

from .test_answers import BANK, SERVICE, agree, show

OTHER = Recipient("bank-b", "Other Bank", "另一银行")


def why_missing(db, clock, person, purpose, recipient=None) -> str:
    with pytest.raises(ConsentMissing) as raised:
        consent.require(db=db, clock=clock, person=person, purpose=purpose, recipient=recipient)
    return raised.value.why


def test_withdrawn_consent_blocks_the_bureau_query_at_once(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = safe.enrol(db=db, vault=vault, clock=clock)
        safe.put(db=db, vault=vault, clock=clock, person=person, values={Field.NAME: "张三"})
        agree(db, vault, clock, show(db, clock, person, Purpose.BUREAU_QUERY))
    asked = {"vault": vault, "clock": clock, "person": person, "fields": [Field.NAME], "purpose": Purpose.BUREAU_QUERY, "actor": SERVICE}
    with database.begin(tenant=tenant) as reader:
        assert safe.read(db=reader, **asked) == {Field.NAME: "张三"}
        with database.begin(tenant=tenant) as db:
            assert len(consent.withdraw(db=db, clock=clock, person=person, purpose=Purpose.BUREAU_QUERY)) == 1
        with pytest.raises(safe.AccessDenied):
            safe.read(db=reader, **asked)
        assert why_missing(reader, clock, person, Purpose.BUREAU_QUERY) == "withdrawn"


def test_withdrawing_is_on_record_and_a_repeat_is_harmless(own, vault, clock, person) -> None:
    receipt = agree(own, vault, clock, show(own, clock, person))
    clock.advance(timedelta(days=3))
    assert [one.id for one in consent.withdraw(db=own, clock=clock, person=person, purpose=Purpose.MARKETING)] == [receipt.id]
    assert consent.withdraw(db=own, clock=clock, person=person, purpose=Purpose.MARKETING) == []
    (kept,) = consent.history(db=own, person=person)
    assert (kept.ended_at, kept.ended_why, kept.is_live(clock.now())) == (clock.now(), "withdrawn", False)
    assert sum(entry.kind == "consent.ended" for entry in audit.of(own, person=person)) == 1


def test_withdrawing_from_one_funder_leaves_the_other(own, vault, clock, person) -> None:
    for recipient in (BANK, OTHER):
        agree(own, vault, clock, show(own, clock, person, Purpose.FUNDER_SHARING, recipient=recipient))
    consent.withdraw(db=own, clock=clock, person=person, purpose=Purpose.FUNDER_SHARING, recipient=BANK.id)
    assert why_missing(own, clock, person, Purpose.FUNDER_SHARING, BANK.id) == "withdrawn"
    assert consent.require(db=own, clock=clock, person=person, purpose=Purpose.FUNDER_SHARING, recipient=OTHER.id)
    consent.withdraw(db=own, clock=clock, person=person, purpose=Purpose.FUNDER_SHARING)
    assert why_missing(own, clock, person, Purpose.FUNDER_SHARING, OTHER.id) == "withdrawn"


def test_consent_for_one_funder_is_none_for_another_nor_for_nobody_in_particular(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person, Purpose.FUNDER_SHARING, recipient=BANK))
    assert why_missing(own, clock, person, Purpose.FUNDER_SHARING, OTHER.id) == "never_asked"
    assert why_missing(own, clock, person, Purpose.FUNDER_SHARING) == "never_asked"


@pytest.mark.parametrize(
    ("purpose", "kept"),
    [
        (Purpose.MEDIA, {Field.SELFIE: b"clip", Field.PORTRAIT: b"image"}),
        (Purpose.IDENTITY, {Field.FACE_TEMPLATE: b"numbers", Field.TEMPLATE_KEY: b"k" * 32, Field.FACE_INDEX: b"code"}),
    ],
)
def test_what_was_kept_under_a_consent_is_deleted_when_it_is_withdrawn(own, vault, clock, person, purpose, kept) -> None:
    agree(own, vault, clock, show(own, clock, person, purpose))
    safe.put(db=own, vault=vault, clock=clock, person=person, values=kept)
    consent.withdraw(db=own, clock=clock, person=person, purpose=purpose)
    assert set(safe.holds(db=own, person=person)).isdisjoint(kept)
    assert Field.NAME in safe.holds(db=own, person=person)


def test_consent_runs_out_and_what_was_kept_is_swept_up(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person, Purpose.MEDIA))
    safe.put(db=own, vault=vault, clock=clock, person=person, values={Field.SELFIE: b"clip"})
    clock.advance(timedelta(days=179))
    assert consent.expire(db=own, clock=clock) == 0
    assert consent.require(db=own, clock=clock, person=person, purpose=Purpose.MEDIA)
    clock.advance(timedelta(days=1))
    assert why_missing(own, clock, person, Purpose.MEDIA) == "run_out"
    with pytest.raises(safe.AccessDenied):
        safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.SELFIE], purpose=Purpose.MEDIA, actor=SERVICE)
    assert consent.expire(db=own, clock=clock) == 1
    assert Field.SELFIE not in safe.holds(db=own, person=person)
    assert consent.expire(db=own, clock=clock) == 0
    assert why_missing(own, clock, person, Purpose.MEDIA) == "run_out"


def renew(monkeypatch, purpose: Purpose) -> None:
    """As if a second version of the purpose's text had been installed."""
    from dataclasses import replace

    newer = {key: replace(text, version=2) if key[0] is purpose else text for key, text in consent.TEXTS.items()}
    monkeypatch.setattr(texts, "TEXTS", newer)
    for module in (answering, asking, proving):
        if hasattr(module, "text_for"):
            monkeypatch.setattr(module, "text_for", lambda *given: texts.text_for(*given, texts=newer))


def test_a_renewed_text_must_be_agreed_to_anew(own, vault, clock, person, monkeypatch) -> None:
    application = new_id()
    agree(own, vault, clock, show(own, clock, person, application=application))
    waiting = show(own, clock, person, application=application)
    renew(monkeypatch, Purpose.MARKETING)
    assert why_missing(own, clock, person, Purpose.MARKETING) == "text_renewed"
    assert Purpose.MARKETING in consent.pending(db=own, clock=clock, person=person, application=application)
    with pytest.raises(consent.errors.TextRenewed):
        agree(own, vault, clock, waiting)
    shown = show(own, clock, person, application=application)
    assert shown.text.version == 2
    agree(own, vault, clock, shown)
    assert consent.require(db=own, clock=clock, person=person, purpose=Purpose.MARKETING).text_version == 2
    assert Purpose.MARKETING not in consent.pending(db=own, clock=clock, person=person, application=application)


def test_agreeing_anew_does_not_fall_with_the_old_text(own, vault, clock, person, monkeypatch) -> None:
    agree(own, vault, clock, show(own, clock, person))
    renew(monkeypatch, Purpose.MARKETING)
    agree(own, vault, clock, show(own, clock, person))
    from xinqiao.consent.service import ending

    monkeypatch.setattr(ending, "current_version", texts.current_version)
    assert consent.expire(db=own, clock=clock) == 1
    assert consent.require(db=own, clock=clock, person=person, purpose=Purpose.MARKETING).text_version == 2
    assert safe.has_basis(own, person, Purpose.MARKETING, clock.now())


def test_pending_asks_one_by_one_in_order_and_never_twice(own, vault, clock, person) -> None:
    application = new_id()

    def left(recipient: str | None = None) -> list[Purpose]:
        return consent.pending(db=own, clock=clock, person=person, application=application, recipient=recipient)

    assert left()[:3] == [Purpose.IDENTITY, Purpose.BUREAU_QUERY, Purpose.AUTOMATED_DECISION]
    assert Purpose.FUNDER_SHARING not in left()
    assert Purpose.FUNDER_SHARING in left(BANK.id)
    agree(own, vault, clock, show(own, clock, person, Purpose.IDENTITY, application=application))
    consent.decline(db=own, clock=clock, person=person, display_id=show(own, clock, person, application=application).id)
    agree(own, vault, clock, show(own, clock, person, Purpose.MEDIA, application=application))
    consent.withdraw(db=own, clock=clock, person=person, purpose=Purpose.MEDIA)
    agree(own, vault, clock, show(own, clock, person, Purpose.FUNDER_SHARING, application=application))
    assert left(BANK.id) == [Purpose.BUREAU_QUERY, Purpose.AUTOMATED_DECISION, Purpose.BUREAU_REPORT]
    assert Purpose.FUNDER_SHARING in left(OTHER.id)


def test_a_new_application_asks_again_what_was_declined_in_the_last(own, vault, clock, person) -> None:
    first, second = new_id(), new_id()
    agree(own, vault, clock, show(own, clock, person, Purpose.IDENTITY, application=first))
    consent.decline(db=own, clock=clock, person=person, display_id=show(own, clock, person, application=first).id)
    left = consent.pending(db=own, clock=clock, person=person, application=second)
    assert Purpose.MARKETING in left
    assert Purpose.IDENTITY not in left
    clock.advance(timedelta(days=31))
    assert Purpose.IDENTITY in consent.pending(db=own, clock=clock, person=person, application=second)


def test_a_receipt_is_looked_up_by_its_person_only(own, vault, clock, person) -> None:
    receipt = agree(own, vault, clock, show(own, clock, person))
    assert consent.get(db=own, person=person, receipt=receipt.id) == receipt
    with pytest.raises(consent.errors.ReceiptUnknown):
        consent.get(db=own, person=new_id(), receipt=receipt.id)


def test_an_operator_cannot_use_a_consent_for_a_purpose_it_was_not_given_for(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person, Purpose.BUREAU_QUERY))
    viewer = Actor("operator", "o", frozenset({"viewer"}))
    with pytest.raises(safe.AccessDenied):
        safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.BUREAU_QUERY, actor=viewer)
