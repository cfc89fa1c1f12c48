"""Reminders at decent hours, reports only with consent, notice and grace; and the rights of the person."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from xinqiao import intake, vault
from xinqiao.demo.robot import Outcome
from xinqiao.demo.world import World
from xinqiao.journeys import ApplicantJourneys, House, applying, collecting, lending, reviewing, rights
from xinqiao.journeys.errors import LoanOpen, NoPaymentRail, NotNow, ProofNeeded
from xinqiao.kit import CNY, FixedClock, events, new_id
from xinqiao.servicing import ledger, reporting
from xinqiao.vault import SYSTEM, Actor, Field, PersonForgotten, Purpose

from ..sitting import living

RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))
Receive, Walk = Callable[..., UUID], Callable[..., Outcome]


@pytest.fixture
def lent(house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk) -> Callable[..., UUID]:
    def lend(refuses: frozenset[str] = frozenset()) -> UUID:
        person = approved[0]
        application = received(person)
        walk(application, person["name"])
        reviewing.approve(house, application, by=RISK, why="document checked by hand", band="B")
        assert walk(application, person["name"], refuses=refuses).ended == "loan"
        return application

    return lend


def loan_events(house: House, application: UUID) -> list[str]:
    with house.begin() as db:
        return [event.kind for event in events.of(db, lending.loan_of(db, application).id)]


def test_a_late_loan_is_reminded_once_a_day_and_never_at_night(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    application = lent()
    clock.advance(timedelta(days=40, hours=13))  # 23:00 in Shanghai
    assert collecting.end_of_day(house)["reminded"] == 0
    clock.advance(timedelta(hours=10))  # 09:00
    assert collecting.end_of_day(house)["reminded"] == 1
    assert collecting.end_of_day(house)["reminded"] == 0
    assert loan_events(house, application).count("collect.reminded") == 1


def test_arrears_are_reported_only_after_notice_and_grace(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    application = lent()
    clock.advance(timedelta(days=40))
    assert collecting.end_of_day(house)["noticed"] == 1
    assert collecting.end_of_day(house)["reported"] == 0
    with house.begin() as db:
        grace = lending.loan_of(db, application).terms.report_grace_days
    clock.advance(timedelta(days=grace + 1))
    assert collecting.end_of_day(house)["reported"] == 1
    assert loan_events(house, application).count("servicing.bureau_recorded") == 1


def test_the_bureau_is_told_with_consent_and_told_again_when_the_arrears_are_paid(
    house: House, clock: FixedClock, lent: Callable[..., UUID]
) -> None:
    """Notice, grace, record, file, answer; then the payment, and the bureau hears of that too."""
    application = lent()
    clock.advance(timedelta(days=40))
    collecting.end_of_day(house)
    clock.advance(timedelta(days=8))
    assert collecting.end_of_day(house)["sent"] >= 1
    with house.begin() as db:
        loan = lending.loan_of(db, application)
        told = [one["kind"] for one in reporting.told_of(db=db, loan_id=loan.id)]
        assert "negative" in told
        assert reporting.unanswered(db=db) == [], "the simulated bureau took every record"
    lending.repay(house, loan.id, amount=ApplicantJourneys(house).loan(application).overdue, key="all of it")
    clock.advance(timedelta(days=1))
    assert collecting.end_of_day(house)["cleared"] == 1
    with house.begin() as db:
        assert reporting.stuck(db=db) == []
        assert [one["kind"] for one in reporting.told_of(db=db, loan_id=loan.id)].count("cleared") == 1


def test_a_closed_day_stays_closed_and_its_interest_is_in_the_books(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    lent()
    clock.advance(timedelta(days=10))
    collecting.end_of_day(house)
    with house.begin() as db:
        earned = {kind: one.net.minor for (kind, _), one in ledger.trial_balance(db=db).items()}
        assert earned[ledger.Kind.ACCRUED] == -earned[ledger.Kind.INCOME] > 0
        assert ledger.closes(db=db)[0].on == clock.today() - timedelta(days=1)


def test_payment_in_the_grace_period_stops_the_report(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    application = lent()
    clock.advance(timedelta(days=40))
    collecting.end_of_day(house)
    journeys = ApplicantJourneys(house)
    with house.begin() as db:
        loan = lending.loan_of(db, application)
    owed = journeys.loan(application).overdue
    lending.repay(house, loan.id, amount=owed, key="in-grace")
    clock.advance(timedelta(days=12))
    collecting.end_of_day(house)
    assert "servicing.bureau_recorded" not in loan_events(house, application)


def test_without_a_receipt_nothing_is_ever_reported(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    application = lent(frozenset({"credit_bureau_reporting"}))
    for _ in range(4):
        clock.advance(timedelta(days=30))
        collecting.end_of_day(house)
    found = loan_events(house, application)
    assert "servicing.report_notified" not in found
    assert "servicing.bureau_recorded" not in found


def test_a_person_sees_what_is_held_and_who_looked(house: House, approved: list[dict[str, Any]], lent: Callable[..., UUID]) -> None:
    application = lent()
    held = {one.field: one for one in rights.held(house, application)}
    assert approved[0]["phone"] not in held["phone"].masked
    copied = json.loads(rights.copy(house, application))
    assert copied["fields"]["phone"].endswith(approved[0]["phone"])
    looked = rights.accesses(house, application)
    assert {one.purpose.en for one in looked} >= {"Prevent fraud", "Ask the credit bureau", "Answer a request about one's data"}


def test_a_correction_takes_effect_and_a_name_needs_a_paper(house: House, lent: Callable[..., UUID]) -> None:
    application = lent()
    rights.correct(house, application, field="address", value="上海市浦东新区世纪大道1号")
    copied = json.loads(rights.copy(house, application))
    assert copied["fields"]["address"] == "上海市浦东新区世纪大道1号"
    rights.correct(house, application, field="name", value="另一个人")
    assert json.loads(rights.copy(house, application))["fields"]["name"] != "另一个人"


def test_forgetting_waits_for_the_loan_and_then_destroys_the_key(house: House, clock: FixedClock, lent: Callable[..., UUID]) -> None:
    application = lent()
    with house.begin() as db:
        loan = lending.loan_of(db, application)
    with pytest.raises(LoanOpen):
        rights.forget(house, application)
    with house.begin() as db:
        assert not vault.has_basis(db, loan.person_id, Purpose.IDENTITY, clock.now())
    lending.repay(house, loan.id, amount=ApplicantJourneys(house).loan(application).payoff, key="all-of-it")
    with pytest.raises(PersonForgotten):
        rights.held(house, application)


def test_without_a_loan_forgetting_is_at_once(house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk) -> None:
    application = received(approved[0])
    walk(application, approved[0]["name"])
    rights.forget(house, application)
    with pytest.raises(PersonForgotten):
        rights.held(house, application)


def test_knowing_an_id_number_opens_nobodys_file(
    house: House, approved: list[dict[str, Any]], received: Receive, lent: Callable[..., UUID]
) -> None:
    """A second application under the same ID number, by whoever: nothing of the first person shows or changes before the face check."""
    lent()
    stranger = received(approved[0], phone="13900139000", bank_account="6222021234567890128")
    for peek in (rights.held, rights.copy, rights.accesses, rights.receipts, rights.forget):
        with pytest.raises(ProofNeeded):
            peek(house, stranger)
    with house.begin() as db:
        person = intake.get(db=db, application=stranger).person_id
        held = vault.read(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=person,
            fields=[Field.PHONE],
            purpose=Purpose.SERVICING,
            actor=SYSTEM,
        )
    assert held[Field.PHONE].endswith(approved[0]["phone"]), "a contract is served by what was on file"


def test_without_a_payment_rail_nobody_can_declare_a_loan_repaid(house: House, lent: Callable[..., UUID]) -> None:
    application = lent()
    real = replace(house, settings=house.settings.model_copy(update={"demo": False}))
    with pytest.raises(NoPaymentRail):
        ApplicantJourneys(real).pay(application, amount=CNY(100), key="page-button")


def test_face_codes_go_with_the_consent_to_face_processing(house: House, world: World, approved: list[dict[str, Any]], walk: Walk) -> None:
    (face,) = living(1)
    sent = applying.receive(house, scene=world.shop, body=approved[0]["application"], portrait=face.portrait, key=str(new_id())).application
    assert walk(sent.id, approved[0]["name"], clip=face.film, signs=False).face == "pass"
    consented = next(one for one in rights.receipts(house, sent.id) if one.title.en == "Verify identity (face)")
    rights.withdraw_consent(house, sent.id, consented.receipt_id)
    with house.begin() as db:
        assert db.execute(text("SELECT count(*) FROM fraud_face WHERE person_id = :one"), {"one": sent.person_id}).scalar() == 0
        assert Field.FACE_TEMPLATE not in vault.holds(db=db, person=sent.person_id)


def test_a_signed_contract_cannot_be_withdrawn(house: House, lent: Callable[..., UUID]) -> None:
    with pytest.raises(NotNow):
        applying.withdraw(house, lent(), by=Actor("scene", "shop"))
