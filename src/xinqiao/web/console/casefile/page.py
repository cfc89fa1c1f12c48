"""All panels of one application's page, gathered room by room; and what a reviewer may grant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing, staff
from xinqiao.journeys import board
from xinqiao.journeys.case import Case, look
from xinqiao.journeys.progress import Step
from xinqiao.kit import events
from xinqiao.partners import Partner
from xinqiao.vault import audit

from ...i18n import Words
from ..desk import Desk, Operator
from ..overview import age, named, outcome_of
from ..words import PRODUCT_KINDS, STAGES, WHY
from . import bidding, decided, faces, lending, screened
from .accessed import accesses
from .held import person
from .receipts import consents
from .telling import timeline

MOST_ACCESSES = 30


def gather(desk: Desk, db: Connection, who: Operator, words: Words, application: UUID) -> dict[str, Any]:
    """All panels of the page. Raises ApplicationUnknown."""
    case, parties = look(db, application), board.parties(db)
    logins = {str(one.id): one.login for one in staff.list_users(db=db)}
    offer = lending.offer_of(db, case)
    loan = servicing.loan_of_offer(db=db, offer_id=offer.id) if offer else None
    return {
        "case": case,
        "head": _head(case, words, parties, desk),
        "person": person(desk, db, who, words, case),
        "timeline": timeline(words, parties, logins, [*case.events, *(events.of(db, loan.id) if loan else ())]),
        "identity": faces.checks(case, words),
        "fraud": screened.screening(db, case, words),
        "decisions": decided.decisions(desk, db, who, case, words),
        "auction": bidding.auction(db, case, words, parties),
        "reservation": bidding.reservation(db, case, words, parties),
        "offer": offer and lending.offered(db, offer, words),
        "loan": loan and lending.lent(desk, db, loan.id, words),
        "consents": consents(db, case, words),
        "accesses": accesses(words, logins, parties, audit.page(db, person=case.person, limit=MOST_ACCESSES))
        if who.may("audit.read") or who.may("applications.review")
        else None,
        "review": _review(desk, case, words) if who.may("applications.review") and case.step is Step.REVIEW else None,
    }


def _head(case: Case, words: Words, parties: Mapping[UUID, Partner], desk: Desk) -> dict[str, Any]:
    one, (word, tone) = case.application, STAGES[case.application.stage]
    return {
        "id": one.id,
        "person": one.person_id,
        "reference": one.reference or str(one.id)[-8:].upper(),
        "stage": (words.gettext(word), tone),
        "outcome": outcome_of(case, words, dict(parties)),
        "amount": words.money(one.amount),
        "months": one.term_months,
        "scene": named(words, parties.get(one.scene_id)),
        "kind": words.gettext(PRODUCT_KINDS.get(one.kind.value, one.kind.value)),
        "purpose": one.loan_purpose,
        "region": one.region,
        "age_band": one.age_band,
        "created": one.created_at,
        "age": age(words, desk.house.clock.now() - one.created_at),
    }


def _review(desk: Desk, case: Case, words: Words) -> dict[str, Any]:
    """What a reviewer may grant: bands that the policy prices, the amount asked for or less."""
    found = case.progress.terms or {}
    bands = [one for one in desk.house.policy.bands if one.annual_rate is not None]
    cap = desk.house.policy.caps.get(case.application.kind.value)
    most = min(cap, case.application.amount) if cap else case.application.amount
    return {
        "bands": [{"name": one.name, "rate": words.percent(one.annual_rate)} for one in bands if one.annual_rate is not None],
        "band": found.get("band"),
        "most": words.money(most),
        "amount": str(most),
        "why": [words.gettext(WHY.get(one, one)) for one in case.progress.referrals],
    }
