"""The credit decision of one application: bureau file with its receipt, decision with its consent, record under the person's key."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection

from xinqiao import consent, credit, fraud, vault
from xinqiao.credit import service as decisions
from xinqiao.identity import REASONS
from xinqiao.intake import Stage
from xinqiao.kit import Money
from xinqiao.vault import SYSTEM, Field, Purpose

from .case import Case, climb
from .house import House, note
from .views import Reason, Said

RECORD = "credit.decision"
"""The label under which a decision's record is sealed."""


def decide(house: House, db: Connection, case: Case) -> None:
    """Decide, or withhold the decision and leave it to a person where the applicant did not agree to a machine's."""
    climb(db, house.clock, case.application, Stage.DECIDING)
    refused = [purpose.value for purpose in (Purpose.BUREAU_QUERY, Purpose.AUTOMATED_DECISION) if not agreed(house, db, case, purpose)]
    if refused:
        note(db, house.clock, "credit.withheld", case.id, case.person, not_agreed=refused)
        return
    attributes = bureau_file(house, db, case)
    decision = credit.decide(model=house.model, policy=house.policy, attributes=attributes, application_facts=facts(house, db, case))
    decisions.record(
        db=db,
        clock=house.clock,
        decisions=[credit.Decided(case.id, case.person, decision)],
        seal=lambda person, plain: vault.seal_record(db=db, vault=house.vault, person=person, label=RECORD, plain=plain),
    )


def agreed(house: House, db: Connection, case: Case, purpose: Purpose) -> bool:
    """Whether a live receipt exists at this moment; what was agreed earlier and withdrawn since does not count."""
    try:
        consent.require(db=db, clock=house.clock, person=case.person, purpose=purpose)
    except consent.ConsentMissing:
        return False
    return True


def bureau_file(house: House, db: Connection, case: Case) -> dict[str, Any] | None:
    number = vault.read(
        db=db,
        vault=house.vault,
        clock=house.clock,
        person=case.person,
        fields=[Field.ID_NUMBER],
        purpose=Purpose.BUREAU_QUERY,
        actor=SYSTEM,
    )[Field.ID_NUMBER]
    index = vault.blind(vault=house.vault, field=Field.ID_NUMBER, value=number)
    return credit.bureau.ask(
        db=db, clock=house.clock, bureau=house.bureau(db), application_id=case.id, person_id=case.person, id_index=index
    )


def facts(house: House, db: Connection, case: Case) -> dict[str, Any]:
    """What the policy needs beside the bureau's attributes."""
    held = vault.read(
        db=db,
        vault=house.vault,
        clock=house.clock,
        person=case.person,
        fields=[Field.INCOME, Field.BIRTH_DATE],
        purpose=Purpose.AUTOMATED_DECISION,
        actor=SYSTEM,
    )
    app = case.application
    income = held.get(Field.INCOME)
    return {
        "amount": app.amount,
        "term_months": app.term_months,
        "kind": app.kind.value,
        "age": _age(held.get(Field.BIRTH_DATE), house.clock.today(house.settings.timezone)),
        "monthly_income": Money.parse(income, app.amount.currency) if income else None,
        "region": app.region,
        "loan_purpose": app.loan_purpose,
    }


def _age(born: str | None, today: date) -> int | None:
    if not born:
        return None
    day = date.fromisoformat(born)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def reasons(house: House, db: Connection, case: Case) -> list[Reason]:
    """The principal reasons of the last decision in words, out of its record, which lies under the person's key."""
    made = decisions.of_application(db=db, application_id=case.id)
    if not made:
        return []
    plain = vault.open_record(db=db, vault=house.vault, person=case.person, label=RECORD, sealed=made[-1].record)
    return [Reason(Said(one["zh"], one["en"]), Said(one["help_zh"], one["help_en"])) for one in json.loads(plain)["reasons"]]


def referral_reasons(db: Connection, case: Case) -> list[Said]:
    """Why a person has to look: what the face check left open, what the rules saw, what the applicant did not agree to."""
    found: list[Said] = []
    if case.progress.face_refused:
        found.append(Said("申请人不做人脸核验。", "The applicant does not want the face check."))
    elif case.progress.identity != "pass" and (check := case.last("identity.checked")):
        found += [Said(REASONS[code].zh, REASONS[code].en) for code in check.data["reasons"] if code in REASONS]
    if case.progress.fraud == "refer":
        found += [Said(one.zh, one.en) for one in fraud.find(db=db, application_id=case.id).reasons]
    if case.last("credit.withheld"):
        found.append(
            Said("申请人未同意查询征信或自动化决策。", "The applicant did not agree to the bureau query or to a machine's decision.")
        )
    elif case.progress.credit == "refer":
        found.append(Said("信用评估需要人工判断。", "The credit assessment needs a person's judgement."))
    return found
