"""A person looks at what the machine referred, and decides with a note that becomes evidence."""

from __future__ import annotations

from uuid import UUID

from xinqiao.intake import Stage
from xinqiao.kit import Money
from xinqiao.vault import Actor

from .case import Case, end, expect, take
from .errors import NoteMissing, TermsOutOfPolicy
from .house import House, note
from .machine import advance
from .progress import Step

SHORTEST_NOTE = 10


def approve(house: House, application: UUID, *, by: Actor, why: str, band: str | None = None, amount: Money | None = None) -> Case:
    """Let the application go on to the funders. Band and amount default to what the decision found; both stay within the policy.

    Raises NotNow, NoteMissing, TermsOutOfPolicy.
    """
    with house.begin() as db:
        case = take(db, application)
        if not case.progress.approved_by_person:
            _require_note(why)
            expect(case, Step.REVIEW)
            terms = _terms(house, case, band, amount)
            note(
                db,
                house.clock,
                "review.approved",
                case.id,
                case.person,
                by=by.id,
                why=why.strip(),
                covers=list(case.progress.referrals),
                terms=terms,
            )
    return advance(house, application)


def decline(house: House, application: UUID, *, by: Actor, why: str) -> Case:
    """Say no, finally. Raises NotNow, NoteMissing."""
    with house.begin() as db:
        case = take(db, application)
        if case.application.stage is not Stage.DECLINED:
            _require_note(why)
            expect(case, Step.REVIEW)
            note(db, house.clock, "review.declined", case.id, case.person, by=by.id, why=why.strip())
            end(db, house.clock, case.application, Stage.DECLINED, why="review")
    return advance(house, application)


def _require_note(why: str) -> None:
    if len(why.strip()) < SHORTEST_NOTE:
        raise NoteMissing(field="why")


def _terms(house: House, case: Case, band: str | None, amount: Money | None) -> dict[str, object]:
    """What may be offered after a review. In a band other than the score's, or without a score, the band's worst probability counts."""
    found = case.progress.terms or {}
    asked = case.application.amount
    priced = {one.name: one for one in house.policy.bands if one.annual_rate is not None}
    most = min(house.policy.caps[case.application.kind.value], asked)
    chosen, granted = priced.get(band or found.get("band") or ""), amount or asked
    if chosen is None or not granted.is_positive or granted > most:
        raise TermsOutOfPolicy(", ".join(priced), most, field="band")
    pd = found.get("pd") if chosen.name == found.get("band") else None
    return {"band": chosen.name, "pd": pd or chosen.pd_below, "limit": granted, "amount": granted, "annual_rate": chosen.annual_rate}
