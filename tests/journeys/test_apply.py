"""The main job on the real database: who gets a loan, who is looked at by a person, and what never happens twice."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from xinqiao import funding, servicing, vault
from xinqiao.consent import errors as consent_errors
from xinqiao.demo import robot
from xinqiao.demo.cast import Sitter
from xinqiao.demo.world import World
from xinqiao.journeys import ApplicantJourneys, House, applying, lending, reviewing
from xinqiao.journeys.errors import NameDiffers, NoteMissing, NotNow, TermsOutOfPolicy
from xinqiao.journeys.house import event_hash, event_row
from xinqiao.kit import CNY, events, new_id
from xinqiao.vault import Actor, Field, Purpose, audit

from ..sitting import living

RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))
Receive, Walk, Stage = Callable[..., UUID], Callable[..., robot.Outcome], Callable[[UUID], str]
HOW = robot.HOW
SITTER = Sitter(921)


def lend(house: House, person: dict[str, Any], received: Receive, walk: Walk) -> UUID:
    """A loan by way of a reviewer, for tests that are not about faces."""
    application = received(person)
    assert walk(application, person["name"]).ended == "review"
    reviewing.approve(house, application, by=RISK, why="document checked by hand", band="B")
    assert walk(application, person["name"]).ended == "loan"
    return application


def test_a_living_face_that_matches_leads_to_a_loan_without_anybody_looking(
    house: House, world: World, approved: list[dict[str, Any]], walk: Walk
) -> None:
    person = approved[0]
    (sitter,) = living(1)
    sent = applying.receive(house, scene=world.shop, body=person["application"], portrait=sitter.portrait, key=str(new_id()))
    outcome = walk(sent.application.id, person["name"], clip=sitter.film)
    assert (outcome.face, outcome.ended) == ("pass", "loan")
    with house.begin() as db:
        held = vault.holds(db=db, person=sent.application.person_id)
    assert not {Field.SELFIE, Field.PORTRAIT} & set(held), "raw media are dropped after the check"
    assert Field.FACE_TEMPLATE in held


def test_refusing_the_face_check_leads_to_a_person_not_to_a_no(
    stage_of: Stage, approved: list[dict[str, Any]], received: Receive, walk: Walk
) -> None:
    application = received(approved[0])
    assert walk(application, approved[0]["name"]).ended == "review"
    assert stage_of(application) == "review"


def test_a_portrait_that_was_not_needed_is_dropped_with_the_application(
    house: House, world: World, approved: list[dict[str, Any]], walk: Walk
) -> None:
    portrait, body = SITTER.portrait, approved[0]["application"]
    sent = applying.receive(house, scene=world.shop, body=body, portrait=portrait, key=str(new_id())).application
    walk(sent.id, approved[0]["name"])
    with house.begin() as db:
        assert Field.PORTRAIT in vault.holds(db=db, person=sent.person_id), "the reviewer compares the document by it"
    reviewing.decline(house, sent.id, by=RISK, why="the document is somebody else's")
    with house.begin() as db:
        assert Field.PORTRAIT not in vault.holds(db=db, person=sent.person_id)


@pytest.mark.parametrize("refused", ["credit_bureau_query", "automated_decision"])
def test_refusing_query_or_machine_decision_leads_to_a_person_and_no_query(
    house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk, refused: str
) -> None:
    application = received(approved[0])
    assert walk(application, approved[0]["name"], refuses=frozenset({refused})).ended == "review"
    with house.begin() as db:
        kinds = [event.kind for event in events.of(db, application)]
    assert "credit.withheld" in kinds
    assert "bureau.queried" not in kinds
    assert "credit.decided" not in kinds


def test_refusing_to_share_leads_to_another_funder_and_frees_the_capacity(
    house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk
) -> None:
    """Each funder is named once; when nobody is left, the answer is no, and nothing stays reserved."""
    application = received(approved[0])
    walk(application, approved[0]["name"])
    reviewing.approve(house, application, by=RISK, why="document checked by hand")
    assert walk(application, approved[0]["name"], refuses=frozenset({"funder_sharing"})).ended == "declined"
    with house.begin() as db:
        history = events.of(db, application)
        held = funding.reservation_of(db=db, application_id=application)
    asked = [event.data["recipient"] for event in history if event.kind == "consent.declined" and event.data["purpose"] == "funder_sharing"]
    assert len(asked) == len(set(asked)) > 1
    assert held is not None
    assert not held.state.is_live


def test_a_loan_balances_and_every_event_is_bound_into_the_log(
    house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk
) -> None:
    application = lend(house, approved[0], received, walk)
    with house.begin() as db:
        history = events.of(db, application)
        bound = {entry.data["sha256"] for entry in audit.latest(db, limit=10_000) if entry.kind == "event"}
        trial = servicing.ledger.trial_balance(db=db)
        report = audit.verify(db, house.vault)
    assert {event_hash(event_row(event)) for event in history} <= bound
    assert sum(balance.debits.minor - balance.credits.minor for balance in trial.values()) == 0
    assert report.ok


def test_paying_every_instalment_closes_the_loan_and_ends_the_contracts_basis(
    house: House, stage_of: Stage, approved: list[dict[str, Any]], received: Receive, walk: Walk
) -> None:
    application = lend(house, approved[0], received, walk)
    journeys = ApplicantJourneys(house)
    for number in range(40):
        loan = journeys.loan(application)
        if loan.next_amount is None:
            break
        journeys.pay(application, amount=loan.next_amount, key=f"instalment-{number}")
    assert stage_of(application) == "closed"
    with house.begin() as db:
        person = lending.loan_of(db, application).person_id
        assert not vault.has_basis(db, person, Purpose.SERVICING, house.clock.now())
        held = funding.reservation_of(db=db, application_id=application)
    assert held is not None
    assert held.outstanding == CNY(0)


def test_repeats_change_nothing(house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk) -> None:
    application = lend(house, approved[0], received, walk)
    with house.begin() as db:
        before = len(events.of(db, application))
    lending.disburse(house, application)
    walk(application, approved[0]["name"])
    with house.begin() as db:
        assert len(events.of(db, application)) == before


def test_an_answer_to_two_purposes_is_refused_and_leaves_nothing(house: House, approved: list[dict[str, Any]], received: Receive) -> None:
    application = received(approved[0])
    shown = applying.next_consent(house, application, "zh-CN")
    assert shown is not None
    with pytest.raises(consent_errors.PurposesBundled):
        applying.answer_consent(
            house,
            application,
            display_id=shown.id,
            text_sha256=shown.text_sha256,
            agreed=True,
            how=HOW,
            purposes=["identity_verification", "marketing"],
        )
    with house.begin() as db:
        assert not [event for event in events.of(db, application) if event.kind == "consent.agreed"]


def test_withdrawn_consent_blocks_the_bureau_query(
    house: House, stage_of: Stage, approved: list[dict[str, Any]], received: Receive
) -> None:
    """Agreed, then taken back before the step that needs it: the decision is withheld."""
    person = approved[0]
    application = received(person)
    journeys = ApplicantJourneys(house)
    for _ in range(3):
        text = journeys.next_consent(application, "zh-CN")
        assert text is not None
        journeys.answer_consent(application, display_id=text.display_id, text_sha256=text.text_sha256, agreed=True, how=HOW)
    query = next(one for one in journeys.receipts(application) if one.title.en == "Ask the credit bureau")
    journeys.withdraw_consent(application, query.receipt_id)
    journeys.refuse_face(application)
    with house.begin() as db:
        kinds = [event.kind for event in events.of(db, application)]
    assert "bureau.queried" not in kinds
    assert stage_of(application) == "review"


def test_another_name_does_not_sign(house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk) -> None:
    application = received(approved[0])
    walk(application, approved[0]["name"])
    reviewing.approve(house, application, by=RISK, why="document checked by hand")
    with pytest.raises(NameDiffers):
        walk(application, "别人")


def test_a_reviewer_stays_within_the_policy_and_says_why(
    house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk
) -> None:
    application = received(approved[0])
    with pytest.raises(NotNow):
        reviewing.approve(house, application, by=RISK, why="document checked by hand")
    walk(application, approved[0]["name"])
    with pytest.raises(NoteMissing):
        reviewing.approve(house, application, by=RISK, why="ok")
    with pytest.raises(TermsOutOfPolicy):
        reviewing.approve(house, application, by=RISK, why="document checked by hand", amount=CNY(10**9))
    with pytest.raises(TermsOutOfPolicy):
        reviewing.approve(house, application, by=RISK, why="document checked by hand", band="F")


def test_a_refused_applicant_is_told_why_and_may_ask_for_a_person(
    house: House, folk: list[dict[str, Any]], stage_of: Stage, received: Receive, walk: Walk
) -> None:
    declined = next(
        (application, outcome)
        for person in folk
        for application in [received(person)]
        for outcome in [walk(application, person["name"])]
        if outcome.ended == "declined"
    )
    application, outcome = declined
    assert outcome.reasons
    assert outcome.reasons_zh
    applying.ask_human(house, application)
    assert stage_of(application) == "review"
