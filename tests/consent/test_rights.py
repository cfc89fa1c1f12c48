"""A copy of one's data, a correction, being forgotten."""

import base64
import json
from datetime import timedelta

import pytest

from xinqiao import consent
from xinqiao import vault as safe
from xinqiao.consent import rights
from xinqiao.consent.errors import NothingToCorrect, RequestUnknown
from xinqiao.kit import canonical, new_id
from xinqiao.vault import Actor, Basis, Field, Purpose, audit

from .test_answers import SERVICE, agree, show

COMPLIANCE = Actor("operator", "0190", frozenset({"compliance"}))
RISK = Actor("operator", "0191", frozenset({"risk"}))


def test_a_person_gets_all_that_is_held_of_them(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person))
    safe.put(db=own, vault=vault, clock=clock, person=person, values={Field.SELFIE: b"\xff\xd8", Field.TEMPLATE_KEY: b"k" * 32})
    safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.MARKETING, actor=SERVICE)
    request, given = rights.copy(db=own, vault=vault, clock=clock, person=person, key="k-1")
    given = json.loads(canonical(given))
    assert given["fields"]["name"] == "张小明"
    assert base64.b64decode(given["fields"]["selfie"]["base64"]) == b"\xff\xd8"
    assert set(given["fields"]) == {"name", "id_number", "phone", "income", "selfie"}
    assert given["consents"][0]["pii_processing"]["purpose"] == "marketing"
    assert given["accesses"][0]["by"] == "service:tests"
    assert (request.kind, request.state, request.handled_by) == ("copy", "done", f"person:{person}")
    assert audit.verify(own, vault).ok


def test_a_repeated_copy_is_one_request_and_a_read_each(own, vault, clock, person) -> None:
    first, _ = rights.copy(db=own, vault=vault, clock=clock, person=person, key="k-1")
    again, _ = rights.copy(db=own, vault=vault, clock=clock, person=person, key="k-1")
    assert first.id == again.id
    assert len(rights.of(db=own, person=person)) == 1
    assert sum(entry.kind == "vault.read" for entry in audit.of(own, person=person)) == 2


def test_nobody_gets_another_persons_copy(own, vault, clock, person) -> None:
    for actor in (Actor("person", str(new_id())), RISK, Actor("scene", "shop"), Actor("funder", "bank")):
        with pytest.raises(safe.AccessDenied):
            rights.copy(db=own, vault=vault, clock=clock, person=person, key="k-1", actor=actor)
    assert rights.copy(db=own, vault=vault, clock=clock, person=person, key="k-2", actor=COMPLIANCE)[0].handled_by == "operator:0190"


def test_a_person_corrects_how_to_reach_them(own, vault, clock, person) -> None:
    values = {Field.PHONE: "13900139000", Field.ADDRESS: "杭州市西湖区"}
    request = rights.correct(db=own, vault=vault, clock=clock, person=person, values=values, key="k-1")
    assert (request.state, request.fields) == ("done", ("address", "phone"))
    assert safe.find(db=own, vault=vault, field=Field.PHONE, value="13900139000") == person
    assert any(entry.kind == "vault.corrected" and entry.actor == f"person:{person}" for entry in audit.of(own, person=person))
    assert "13900139000" not in canonical(rights.of(db=own, person=person)).decode()


def test_a_repeated_correction_does_not_undo_a_later_one(own, vault, clock, person) -> None:
    for phone, key in [("13900139000", "k-1"), ("13700137000", "k-2"), ("13900139000", "k-1")]:
        rights.correct(db=own, vault=vault, clock=clock, person=person, values={Field.PHONE: phone}, key=key)
    assert safe.find(db=own, vault=vault, field=Field.PHONE, value="13700137000") == person


def test_what_needs_proof_waits_for_an_operator_with_its_deadline(own, vault, clock, person) -> None:
    values = {Field.NAME: "张晓明", Field.PHONE: "13900139000"}
    request = rights.correct(db=own, vault=vault, clock=clock, person=person, values=values, key="k-1")
    assert request.state == "open"
    assert request.due_at == clock.now() + timedelta(days=15)
    assert safe.find(db=own, vault=vault, field=Field.PHONE, value="13900139000") is None
    assert [one.id for one in rights.unanswered(db=own)] == [request.id]
    assert rights.unanswered(db=own, due_before=clock.now()) == []
    clock.advance(timedelta(days=16))
    assert [one.id for one in rights.unanswered(db=own, due_before=clock.now())] == [request.id]
    done = rights.correct(db=own, vault=vault, clock=clock, person=person, values=values, key="k-1", actor=COMPLIANCE)
    assert (done.id, done.state, done.handled_by) == (request.id, "done", "operator:0190")
    assert rights.unanswered(db=own) == []


def test_a_correction_is_refused_to_whoever_may_not_see_the_data(own, vault, clock, person) -> None:
    for actor in (RISK, Actor("person", str(new_id()))):
        with pytest.raises(safe.AccessDenied):
            rights.correct(db=own, vault=vault, clock=clock, person=person, values={Field.PHONE: "1"}, key="k-1", actor=actor)
    with pytest.raises(NothingToCorrect):
        rights.correct(db=own, vault=vault, clock=clock, person=person, values={}, key="k-2")


def test_a_forgotten_person_leaves_no_readable_trace_and_no_consent(own, vault, clock, person) -> None:
    receipt = agree(own, vault, clock, show(own, clock, person))
    request = rights.forget(db=own, vault=vault, clock=clock, person=person, key="k-1")
    assert request.state == "done"
    with pytest.raises(safe.PersonForgotten):
        safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.RIGHTS, actor=SERVICE)
    (kept,) = consent.history(db=own, person=person)
    assert (kept.id, kept.ended_why) == (receipt.id, "forgotten")
    assert rights.forget(db=own, vault=vault, clock=clock, person=person, key="k-1") == request
    assert audit.verify(own, vault).ok


def test_an_open_loan_keeps_the_data_but_ends_every_consent_until_it_is_repaid(own, vault, clock, person) -> None:
    agree(own, vault, clock, show(own, clock, person))
    safe.grant_basis(own, Basis(person, Purpose.SERVICING, "contract:1"), clock.now())
    request = rights.forget(db=own, vault=vault, clock=clock, person=person, key="k-1")
    assert request.state == "waiting"
    assert not safe.has_basis(own, person, Purpose.MARKETING, clock.now())
    assert safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.SERVICING, actor=SERVICE)
    assert rights.resume(db=own, vault=vault, clock=clock, person=person, request=request.id, actor=SERVICE).state == "waiting"
    safe.end_basis(own, person, Purpose.SERVICING, clock.now())
    assert rights.resume(db=own, vault=vault, clock=clock, person=person, request=request.id, actor=SERVICE).state == "done"
    with pytest.raises(safe.PersonForgotten):
        safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.RIGHTS, actor=SERVICE)


def test_another_cannot_have_a_person_forgotten(own, vault, clock, person) -> None:
    with own.begin_nested() as attempt:
        with pytest.raises(safe.AccessDenied):
            rights.forget(db=own, vault=vault, clock=clock, person=person, key="k-1", actor=RISK)
        attempt.rollback()
    assert safe.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.RIGHTS, actor=SERVICE)
    with pytest.raises(RequestUnknown):
        rights.resume(db=own, vault=vault, clock=clock, person=person, request=new_id(), actor=COMPLIANCE)
