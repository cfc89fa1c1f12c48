"""Where an application stands: the fold of its events, and the one step that comes next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from xinqiao.kit.events import Event
from xinqiao.vault import Purpose

ASKED_FIRST = (Purpose.IDENTITY, Purpose.BUREAU_QUERY, Purpose.AUTOMATED_DECISION)
ASKED_BEFORE_FACE = Purpose.MEDIA
"""Whether the pictures may be kept. Nothing waits for the answer: a recording is taken before it, and then they are not kept."""
ASKED_BEFORE_SIGNATURE = (Purpose.FUNDER_SHARING, Purpose.BUREAU_REPORT, Purpose.MARKETING)
FACE_ATTEMPTS = 3
"""Recordings allowed where the event of a check does not say how many were left."""


class Step(StrEnum):
    """What happens next. The first group waits for a person, the second is the platform's own work."""

    CONSENT = "consent"
    FACE = "face"
    REVIEW = "review"
    FUNDER = "funder"
    SIGN = "sign"
    DONE = "done"

    SCREEN = "screen"
    DECIDE = "decide"
    DECLINE = "decline"
    FUND = "fund"
    OFFER = "offer"
    ANOTHER = "another"
    DISBURSE = "disburse"


WAITS = frozenset({Step.CONSENT, Step.FACE, Step.REVIEW, Step.FUNDER, Step.SIGN, Step.DONE})
"""Steps at which the platform has nothing to do until somebody answers."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the events say so far. Outcomes are the rooms' own words: pass, retry, refer, fail, decline, approve."""

    answers: Mapping[str, bool] = field(default_factory=dict)
    """Purpose -> agreed, as last answered in this application."""
    identity: str | None = None
    face_attempts: int = 0
    face_tries_left: int | None = None
    """How often an unclear recording may still be sent again, as the last check says; None before the first."""
    face_refused: bool = False
    fraud: str | None = None
    credit: str | None = None
    terms: Mapping[str, Any] | None = None
    """What may be offered: band, probability of default, limit and annual rate, from the decision or from the reviewer."""
    human_asked: bool = False
    """The applicant asked that a person look again; the machine's refusal then does not stand alone."""
    approved_by_person: bool = False
    asked_funder: str | None = None
    reserved: Mapping[str, Any] | None = None
    no_funder: bool = False
    offer: str | None = None
    signed: bool = False
    loan: str | None = None
    ended: str | None = None

    @property
    def referrals(self) -> tuple[str, ...]:
        """What a person has to look at, unless one already did."""
        if self.approved_by_person:
            return ()
        found = []
        if self.identity is None or self.identity != "pass":
            found.append("identity")
        if self.fraud != "pass":
            found.append("fraud")
        if self.credit != "approve":
            found.append("credit")
        return tuple(found)


def fold(events: Iterable[Event]) -> Progress:
    progress = Progress()
    for event in events:
        apply = FOLDS.get(event.kind)
        if apply is not None:
            progress = apply(progress, event.data)
    return progress


def _answered(agreed: bool) -> Callable[[Progress, Mapping[str, Any]], Progress]:
    """A no to the face consent is the refusal of the face check as well; an answer about sharing counts for the funder it named."""

    def apply(p: Progress, data: Mapping[str, Any]) -> Progress:
        if data["purpose"] == Purpose.FUNDER_SHARING and data.get("recipient") != (p.reserved or {}).get("funder"):
            return p
        refused = p.face_refused or (data["purpose"] == Purpose.IDENTITY and not agreed)
        return replace(p, answers={**p.answers, data["purpose"]: agreed}, face_refused=refused)

    return apply


def _ended(p: Progress, data: Mapping[str, Any]) -> Progress:
    """Taken back, it is a no from now on; run out or outlived by its text, it is asked again."""
    if data["why"] in ("withdrawn", "forgotten"):
        return _answered(False)(p, data)
    return replace(p, answers={purpose: agreed for purpose, agreed in p.answers.items() if purpose != data["purpose"]})


def _checked(p: Progress, data: Mapping[str, Any]) -> Progress:
    return replace(_tried(p, data), identity=data["outcome"])


def _tried(p: Progress, data: Mapping[str, Any]) -> Progress:
    count = p.face_attempts + 1
    return replace(p, face_attempts=count, face_tries_left=data.get("tries_left", max(0, FACE_ATTEMPTS - count)))


def _approved(p: Progress, data: Mapping[str, Any]) -> Progress:
    return replace(p, approved_by_person=True, terms=data["terms"], ended=None, no_funder=False)


def _decided(p: Progress, data: Mapping[str, Any]) -> Progress:
    terms = {name: data[name] for name in ("band", "pd", "limit", "amount", "annual_rate")}
    return replace(p, credit=data["outcome"], terms=terms)


def _reserved(p: Progress, data: Mapping[str, Any]) -> Progress:
    return replace(p, reserved=data, asked_funder=None, no_funder=False)


def _funder_answered(p: Progress, data: Mapping[str, Any]) -> Progress:
    """A yes; a no, and silence, are followed by the release of the reservation."""
    return replace(p, asked_funder=None) if data["reply"] == "yes" else p


def _let_go(p: Progress, data: Mapping[str, Any]) -> Progress:
    """The capacity went back: the next best bid is tried, and sharing is asked anew for its name."""
    answers = {purpose: agreed for purpose, agreed in p.answers.items() if purpose != Purpose.FUNDER_SHARING}
    return replace(p, answers=answers, reserved=None, asked_funder=None, offer=None)


FOLDS = {
    "consent.agreed": _answered(True),
    "consent.declined": _answered(False),
    "consent.ended": _ended,
    "face.refused": lambda p, d: replace(p, face_refused=True),
    "identity.checked": _checked,
    "identity.unreadable": _tried,
    "fraud.screened": lambda p, d: replace(p, fraud=d["outcome"]),
    "credit.decided": _decided,
    "credit.withheld": lambda p, d: replace(p, credit="refer"),
    "review.approved": _approved,
    "review.declined": lambda p, d: replace(p, ended="declined"),
    "review.requested": lambda p, d: replace(p, ended=None, human_asked=True),
    "funding.reserved": _reserved,
    "funding.asked": lambda p, d: replace(p, asked_funder=d["funder"]),
    "funding.answered": _funder_answered,
    "funding.released": _let_go,
    "funding.expired": _let_go,
    "funding.not_found": lambda p, d: replace(p, no_funder=True),
    "servicing.offer_made": lambda p, d: replace(p, offer=d["offer"]),
    "servicing.offer_signed": lambda p, d: replace(p, signed=True),
    "servicing.disbursed": lambda p, d: replace(p, loan=d["loan"]),
    "application.declined": lambda p, d: replace(p, ended="declined"),
    "application.expired": lambda p, d: replace(p, ended="expired"),
    "application.withdrawn": lambda p, d: replace(p, ended="withdrawn"),
}


def next_step(p: Progress) -> tuple[Step, Purpose | None]:
    """The one step that comes next, and for a consent its purpose."""
    if p.ended or p.loan:
        return Step.DONE, None
    if p.signed:
        return Step.DISBURSE, None
    unanswered = next((purpose for purpose in ASKED_FIRST if purpose not in p.answers), None)
    if unanswered is not None and not p.approved_by_person:
        return Step.CONSENT, unanswered
    step = _evidence_step(p)
    if step is Step.SIGN:
        return _before_signature(p)
    if step is Step.FACE and p.face_attempts == 0 and ASKED_BEFORE_FACE not in p.answers:
        return Step.CONSENT, ASKED_BEFORE_FACE
    return step, None


def _before_signature(p: Progress) -> tuple[Step, Purpose | None]:
    """Without sharing this funder cannot lend, another may; reporting to the bureau is the person's free choice."""
    if p.answers.get(Purpose.FUNDER_SHARING) is False:
        return Step.ANOTHER, None
    unanswered = next((purpose for purpose in ASKED_BEFORE_SIGNATURE if purpose not in p.answers), None)
    return (Step.SIGN, None) if unanswered is None else (Step.CONSENT, unanswered)


def _evidence_step(p: Progress) -> Step:
    if not p.approved_by_person:
        if _face_is_due(p):
            return Step.FACE
        if p.fraud is None:
            return Step.SCREEN
        if p.identity == "fail" or p.fraud == "decline":
            return Step.REVIEW if p.human_asked else Step.DECLINE
        if p.credit is None:
            return Step.DECIDE
        if p.credit == "decline":
            return Step.REVIEW if p.human_asked else Step.DECLINE
        if p.referrals:
            return Step.REVIEW
    return _funding_step(p)


def _face_is_due(p: Progress) -> bool:
    if p.face_refused or not p.answers.get(Purpose.IDENTITY):
        return False
    return p.identity in (None, "retry") and p.face_tries_left != 0


def _funding_step(p: Progress) -> Step:
    if p.no_funder:
        return Step.REVIEW if p.human_asked and not p.approved_by_person else Step.DECLINE
    if p.reserved is None:
        return Step.FUND
    if p.asked_funder:
        return Step.FUNDER
    return Step.OFFER if p.offer is None else Step.SIGN
