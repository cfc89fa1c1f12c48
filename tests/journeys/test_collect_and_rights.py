"""Reminders at decent hours, reports only with consent, notice and grace; and the rights of the person."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from xinqiao import vault
from xinqiao.demo.robot import Outcome
from xinqiao.journeys import ApplicantJourneys, House, applying, collecting, lending, reviewing, rights
from xinqiao.journeys.errors import LoanOpen, NotNow
from xinqiao.kit import FixedClock, events
from xinqiao.vault import Actor, PersonForgotten, Purpose

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


def test_a_signed_contract_cannot_be_withdrawn(house: House, lent: Callable[..., UUID]) -> None:
    with pytest.raises(NotNow):
        applying.withdraw(house, lent(), by=Actor("scene", "shop"))
