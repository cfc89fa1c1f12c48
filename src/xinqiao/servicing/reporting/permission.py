"""Nothing is told of a person without the person's own receipt for credit-bureau reporting, in force at that very moment."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent
from xinqiao.kit import Clock, NotFound
from xinqiao.vault import Purpose

from ..errors import NoConsent


def of(db: Connection, clock: Clock, person: UUID, receipt: str | None) -> str:
    """The receipt that was named, found in force. Raises NoConsent when it is none, another's, for another purpose, or over."""
    if not receipt or not stands(db, clock, person, receipt):
        raise NoConsent(field="consent")
    return receipt


def stands(db: Connection, clock: Clock, person: UUID, receipt: str) -> bool:
    try:
        found = consent.get(db=db, person=person, receipt=UUID(receipt))
    except (ValueError, NotFound):
        return False
    return found.agreed and found.purpose is Purpose.BUREAU_REPORT and found.is_live(clock.now())


def current(db: Connection, clock: Clock, person: UUID) -> str | None:
    """The person's receipt in force; None when there is none."""
    try:
        return str(consent.require(db=db, clock=clock, person=person, purpose=Purpose.BUREAU_REPORT).id)
    except consent.ConsentMissing:
        return None
