"""Receipts of consents, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from xinqiao import consent
from xinqiao.journeys.case import Case
from xinqiao.journeys.words import PURPOSES

from ...i18n import Words
from ..words import ENDED, said


def consents(db: Connection, case: Case, words: Words) -> list[dict[str, Any]]:
    """The person's, newest first."""
    return [consent_row(one, words) for one in reversed(consent.history(db=db, person=case.person))]


def consent_row(one: consent.Receipt, words: Words) -> dict[str, Any]:
    if not one.agreed:
        state = (words.gettext("Refused"), "warn")
    elif one.ended_at is not None:
        state = (words.gettext(ENDED.get(one.ended_why or "", "ended")), "")
    else:
        state = (words.gettext("Given"), "good")
    return {
        "purpose": said(words, PURPOSES[one.purpose]),
        "state": state,
        "at": one.at,
        "ended": one.ended_at,
        "version": one.text_version,
        "language": one.language,
        "text": one.text_sha256,
        "recipient": one.recipient_name,
        "surface": one.surface,
        "application": one.application,
        "sha256": one.sha256,
    }
