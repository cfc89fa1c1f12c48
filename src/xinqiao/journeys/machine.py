"""The platform's own steps: screen, decide, fund, offer, decline. Each is one transaction; `advance` runs them until somebody must answer."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import fraud, intake, vault
from xinqiao.intake import Stage
from xinqiao.kit.telemetry import TAKEN, step
from xinqiao.vault import SYSTEM, Field, Purpose

from . import deciding, funds
from .case import Case, climb, end, take
from .house import House
from .progress import WAITS, Step

MOST_STEPS = 12
"""More than any path has; a loop here would be a fault of the step function."""


def advance(house: House, application: UUID) -> Case:
    """Run the platform's steps until a person or a funder must answer; return the case as it then stands.

    Safe to call at any time, by anybody, again: each step checks under the application's lock that it is still the next one.
    """
    make_visible(house, application)
    for _ in range(MOST_STEPS):
        with house.begin() as db:
            case = take(db, application)
            if case.step in WAITS and not (case.step is Step.REVIEW and case.application.stage is not Stage.REVIEW):
                return case
            with step(f"journey.{case.step}", application=str(application)):
                RUN[case.step](house, db, case)
        TAKEN.labels(case.step.value).inc()
    raise AssertionError(f"application {application} did not come to rest")


def make_visible(house: House, application: UUID) -> None:
    """Before a screening, and in a transaction of its own: of two applications that look alike and arrive together, one sees the other."""
    with house.begin() as db:
        case = take(db, application)
        if case.step is Step.SCREEN:
            fraud.register(
                db=db,
                clock=house.clock,
                application_id=case.id,
                person_id=case.person,
                indexes=fraud_indexes(house, db, case),
                tokens=shape_tokens(house, db, case),
            )


def screen(house: House, db: Connection, case: Case) -> None:
    """Fraud screening over blind indexes; the values themselves are read under FRAUD and never leave this function."""
    climb(db, house.clock, case.application, Stage.SCREENING)
    indexes = fraud_indexes(house, db, case)
    app = case.application
    facts = {
        "amount": app.amount,
        "term_months": app.term_months,
        "loan_purpose": app.loan_purpose,
        "kind": app.kind.value,
        "face_checked": case.progress.identity == "pass",
        **app.facts,
    }
    fraud.screen(
        db=db,
        clock=house.clock,
        application_id=case.id,
        person_id=case.person,
        indexes=indexes,
        facts=facts,
        tokens=shape_tokens(house, db, case),
    )


def fraud_indexes(house: House, db: Connection, case: Case) -> dict[str, bytes]:
    """The keyed hashes by which fraud screening recognises equal values."""
    fields = {"phone": Field.PHONE, "id": Field.ID_NUMBER, "address": Field.ADDRESS, "device": Field.DEVICE, "account": Field.BANK_ACCOUNT}
    values = vault.read(
        db=db,
        vault=house.vault,
        clock=house.clock,
        person=case.person,
        fields=[*fields.values(), Field.FACE_INDEX],
        purpose=Purpose.FRAUD,
        actor=SYSTEM,
    )
    found = {name: vault.blind(vault=house.vault, field=field, value=values[field]) for name, field in fields.items() if values.get(field)}
    face = values.get(Field.FACE_INDEX)
    return found | ({"face": face} if face else {})


def shape_tokens(house: House, db: Connection, case: Case) -> list[bytes]:
    """Blinded pieces of what was written, by which near-duplicates are found: pairs of characters of address and employer."""
    values = vault.read(
        db=db,
        vault=house.vault,
        clock=house.clock,
        person=case.person,
        fields=[Field.ADDRESS, Field.EMPLOYER],
        purpose=Purpose.FRAUD,
        actor=SYSTEM,
    )
    app = case.application
    pieces = {f"{field}:{text[i : i + 2]}" for field, text in values.items() if text for i in range(len(text) - 1)}
    pieces |= {f"amount:{app.amount}", f"term:{app.term_months}", f"purpose:{app.loan_purpose}"}
    return [vault.blind(vault=house.vault, field="application_shape", value=piece) for piece in sorted(pieces)]


def decline(house: House, db: Connection, case: Case) -> None:
    end(db, house.clock, case.application, Stage.DECLINED, why=why_declined(case))


def why_declined(case: Case) -> str:
    """Which evidence said no: identity, fraud, credit or funding."""
    progress = case.progress
    if progress.identity == "fail":
        return "identity"
    if progress.fraud == "decline":
        return "fraud"
    return "funding" if progress.no_funder else "credit"


def to_review(house: House, db: Connection, case: Case) -> None:
    """Hand the application to a person, with what there is to look at."""
    why = {"why": list(case.progress.referrals), "asked_by_applicant": case.progress.human_asked}
    intake.move(db=db, clock=house.clock, application=case.application, to=Stage.REVIEW, event="review.opened", data=why)


def ask_another(house: House, db: Connection, case: Case) -> None:
    """The applicant does not want the named funder to have the data: its capacity goes back, and the next best bid is tried."""
    funds.let_go(house, db, case, why="not_shared")


RUN: dict[Step, Callable[[House, Connection, Case], None]] = {
    Step.SCREEN: screen,
    Step.DECIDE: deciding.decide,
    Step.DECLINE: decline,
    Step.REVIEW: to_review,
    Step.FUND: funds.fund,
    Step.OFFER: funds.offer,
    Step.ANOTHER: ask_another,
}
