"""The state machine, as a table of what has happened and what comes next."""

from typing import Any
from uuid import UUID

import pytest

from xinqiao.journeys.progress import Step, fold, next_step
from xinqiao.kit.events import Event
from xinqiao.vault import Purpose

APPLICATION = UUID(int=1)
AGREED = [("consent.agreed", {"purpose": purpose}) for purpose in (Purpose.IDENTITY, Purpose.BUREAU_QUERY, Purpose.AUTOMATED_DECISION)]
NO_FACE = [("consent.declined", {"purpose": Purpose.IDENTITY}), *AGREED[1:]]
NO_MEDIA = ("consent.declined", {"purpose": Purpose.MEDIA})
PASS = ("identity.checked", {"outcome": "pass"})
SCREENED = ("fraud.screened", {"outcome": "pass"})
TERMS = {"band": "B", "pd": "0.1", "limit": {}, "amount": {}, "annual_rate": "0.1"}
APPROVED = ("credit.decided", {"outcome": "approve", **TERMS})
RESERVED = ("funding.reserved", {"reservation": "r", "funder": "f"})
OFFERED = ("servicing.offer_made", {"offer": "o"})
SHARED = ("consent.agreed", {"purpose": Purpose.FUNDER_SHARING, "recipient": "f"})
REPORT = ("consent.declined", {"purpose": Purpose.BUREAU_REPORT})
NO_ADS = ("consent.declined", {"purpose": Purpose.MARKETING})
FOR_ANOTHER = ("consent.agreed", {"purpose": Purpose.FUNDER_SHARING, "recipient": "g"})
GOOD = [*AGREED, PASS, SCREENED, APPROVED]
BY_PERSON = ("review.approved", {"terms": TERMS})


def after(*events: tuple[str, dict[str, Any]]) -> tuple[Step, Purpose | None]:
    return next_step(fold(Event(kind, APPLICATION, data) for kind, data in events))


@pytest.mark.parametrize(
    ("happened", "comes"),
    [
        ([], (Step.CONSENT, Purpose.IDENTITY)),
        (AGREED[:1], (Step.CONSENT, Purpose.BUREAU_QUERY)),
        (AGREED, (Step.CONSENT, Purpose.MEDIA)),
        ([*AGREED, NO_MEDIA], (Step.FACE, None)),
        ([*AGREED, ("consent.agreed", {"purpose": Purpose.MEDIA})], (Step.FACE, None)),
        (NO_FACE, (Step.SCREEN, None)),
        ([*AGREED, ("face.refused", {})], (Step.SCREEN, None)),
        ([*AGREED, ("identity.checked", {"outcome": "retry"})], (Step.FACE, None)),
        ([*AGREED, *[("identity.checked", {"outcome": "retry"})] * 3], (Step.SCREEN, None)),
        ([*AGREED, NO_MEDIA, ("identity.checked", {"outcome": "retry", "tries_left": 1})], (Step.FACE, None)),
        ([*AGREED, NO_MEDIA, ("identity.checked", {"outcome": "retry", "tries_left": 0})], (Step.SCREEN, None)),
        ([*AGREED, NO_MEDIA, ("identity.unreadable", {"tries_left": 1})], (Step.FACE, None)),
        ([*AGREED, NO_MEDIA, ("identity.unreadable", {"tries_left": 0})], (Step.SCREEN, None)),
        ([*AGREED, PASS], (Step.SCREEN, None)),
        ([*AGREED, PASS, SCREENED], (Step.DECIDE, None)),
        (GOOD, (Step.FUND, None)),
        ([*AGREED, ("identity.checked", {"outcome": "fail"}), SCREENED], (Step.DECLINE, None)),
        ([*AGREED, PASS, ("fraud.screened", {"outcome": "decline"})], (Step.DECLINE, None)),
        ([*AGREED, PASS, SCREENED, ("credit.decided", {"outcome": "decline", **TERMS})], (Step.DECLINE, None)),
        ([*AGREED, PASS, SCREENED, ("credit.withheld", {})], (Step.REVIEW, None)),
        ([*NO_FACE, SCREENED, APPROVED], (Step.REVIEW, None)),
        ([*AGREED, PASS, ("fraud.screened", {"outcome": "refer"}), APPROVED], (Step.REVIEW, None)),
        ([*NO_FACE, SCREENED, APPROVED, BY_PERSON], (Step.FUND, None)),
        ([*GOOD, ("funding.not_found", {})], (Step.DECLINE, None)),
        ([*GOOD, RESERVED, ("funding.asked", {"funder": "f"})], (Step.FUNDER, None)),
        ([*GOOD, RESERVED, ("funding.asked", {"funder": "f"}), ("funding.answered", {"reply": "yes"})], (Step.OFFER, None)),
        ([*GOOD, RESERVED, ("funding.asked", {"funder": "f"}), ("funding.answered", {"reply": "no"})], (Step.FUNDER, None)),
        ([*GOOD, RESERVED, ("funding.asked", {"funder": "f"}), ("funding.released", {})], (Step.FUND, None)),
        ([*GOOD, RESERVED], (Step.OFFER, None)),
        ([*GOOD, RESERVED, OFFERED], (Step.CONSENT, Purpose.FUNDER_SHARING)),
        ([*GOOD, RESERVED, OFFERED, ("consent.declined", {"purpose": Purpose.FUNDER_SHARING, "recipient": "f"})], (Step.ANOTHER, None)),
        ([*GOOD, RESERVED, OFFERED, SHARED], (Step.CONSENT, Purpose.BUREAU_REPORT)),
        ([*GOOD, RESERVED, OFFERED, SHARED, REPORT], (Step.CONSENT, Purpose.MARKETING)),
        ([*GOOD, RESERVED, OFFERED, SHARED, REPORT, NO_ADS], (Step.SIGN, None)),
        ([*GOOD, RESERVED, OFFERED, FOR_ANOTHER], (Step.CONSENT, Purpose.FUNDER_SHARING)),
        (
            [*GOOD, RESERVED, OFFERED, SHARED, REPORT, NO_ADS, ("consent.ended", {**SHARED[1], "why": "withdrawn"})],
            (Step.ANOTHER, None),
        ),
        ([*AGREED, ("consent.ended", {"purpose": Purpose.IDENTITY, "why": "withdrawn"})], (Step.SCREEN, None)),
        ([*AGREED, ("consent.ended", {"purpose": Purpose.IDENTITY, "why": "run out"})], (Step.CONSENT, Purpose.IDENTITY)),
        ([*GOOD, ("funding.not_found", {}), ("application.declined", {}), ("review.requested", {})], (Step.REVIEW, None)),
        ([*GOOD, RESERVED, OFFERED, SHARED, ("funding.released", {}), RESERVED, OFFERED], (Step.CONSENT, Purpose.FUNDER_SHARING)),
        ([*GOOD, RESERVED, OFFERED, SHARED, REPORT, ("servicing.offer_signed", {})], (Step.DISBURSE, None)),
        ([*GOOD, ("servicing.disbursed", {"loan": "l"})], (Step.DONE, None)),
        ([*GOOD, ("application.withdrawn", {})], (Step.DONE, None)),
        (
            [*AGREED, PASS, ("fraud.screened", {"outcome": "decline"}), ("application.declined", {}), ("review.requested", {})],
            (Step.REVIEW, None),
        ),
    ],
)
def test_what_comes_next(happened: list[tuple[str, dict[str, Any]]], comes: tuple[Step, Purpose | None]) -> None:
    assert after(*happened) == comes


@pytest.mark.parametrize("missing", ["identity", "fraud", "credit"])
def test_what_was_not_checked_is_never_passed(missing: str) -> None:
    evidence = {"identity": PASS, "fraud": SCREENED, "credit": APPROVED}
    step, _ = after(*AGREED, NO_MEDIA, *[event for name, event in evidence.items() if name != missing])
    assert step in (Step.FACE, Step.SCREEN, Step.DECIDE)
