"""One loan gathered for its page, part by part. No personal data: the borrower is reached through the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing
from xinqiao.journeys import board
from xinqiao.kit import Money
from xinqiao.partners import Partner
from xinqiao.servicing import View, ledger, reporting
from xinqiao.servicing.loans import Parts

from ..i18n import Words
from .bookkeeping import Teller
from .desk import Desk
from .overview import named
from .words import BUCKETS, PARTS, STATES


def gather(desk: Desk, db: Connection, words: Words, loan_id: UUID) -> dict[str, Any]:
    """All panels of the page. Raises LoanNotFound."""
    seen = servicing.view(db=db, clock=desk.house.clock, loan_id=loan_id)
    parties = board.parties(db)
    teller = Teller(words, parties)
    journal = ledger.journal(db=db, subject=seen.loan.id, person=seen.loan.person_id)
    return {
        "head": _head(words, parties, seen),
        "owed": _owed(words, seen),
        "instalments": [_instalment(words, seen, state) for state in seen.states],
        "shown": _shown(seen),
        "repayments": [
            {"at": one.at, "amount": words.money(one.amount), "parts": _parts(words, one.allocation, seen.loan.principal.currency)}
            for one in servicing.repayments(db=db, loan_id=loan_id)
        ],
        "journal": [teller.posting(one) for one in journal],
        "records": [_record(words, one) for one in reporting.records(db=db, loan_id=loan_id)],
    }


def _head(words: Words, parties: Mapping[UUID, Partner], seen: View) -> dict[str, Any]:
    loan = seen.loan
    return {
        "id": loan.id,
        "application": loan.application_id,
        "on": seen.on,
        "status": words.gettext("Repaid") if loan.closed_on else words.gettext("Active"),
        "tone": "good" if loan.closed_on else "bad" if seen.days_past_due else "live",
        "funder": named(words, parties.get(loan.funder_id)),
        "guarantor": named(words, parties.get(loan.guarantor_id)) if loan.guarantor_id else "–",
        "principal": words.money(loan.principal),
        "outstanding": words.money(loan.outstanding),
        "now": words.money(seen.owed.now),
        "payoff": words.money(seen.owed.payoff),
        "days": seen.days_past_due,
        "bucket": words.gettext(BUCKETS.get(seen.bucket or "current", seen.bucket or "")),
        "rate": words.percent(loan.terms.annual_rate),
        "disbursed": loan.disbursed_on,
        "months": loan.terms.months,
        "next_due": seen.owed.next_due,
        "next_amount": words.money(seen.owed.next_amount),
        "paid": words.money(seen.paid),
    }


def _owed(words: Words, seen: View) -> list[tuple[str, str]]:
    """What is due by today, by what it is for."""
    late = seen.loan.terms.late_rate
    due = sum((state.unpaid(late) for state in seen.states if state.instalment.due <= seen.on), Parts())
    return _parts(words, due.by_name, seen.loan.principal.currency)


def _shown(seen: View) -> set[str]:
    """The columns that are not empty."""
    late = seen.loan.terms.late_rate
    found = {name for state in seen.states for name, minor in (state.scheduled + state.unpaid(late)).by_name.items() if minor}
    return found & {"premium", "fee", "penalty"}


def _parts(words: Words, amounts: Mapping[str, int], currency: str) -> list[tuple[str, str]]:
    return [(words.gettext(PARTS[name]), words.money(Money(minor, currency))) for name, minor in amounts.items() if minor]


def _instalment(words: Words, seen: View, state: Any) -> dict[str, Any]:
    i, late = state.instalment, seen.loan.terms.late_rate
    currency = seen.loan.principal.currency
    word, tone = STATES[seen.status_of(state)]
    return {
        "number": i.number,
        "due": i.due,
        "payment": words.money(i.principal + i.interest + i.premium + i.fee),
        "principal": words.money(i.principal),
        "interest": words.money(i.interest),
        "premium": words.money(i.premium),
        "fee": words.money(i.fee),
        "paid": words.money(Money(state.paid.total, currency)),
        "unpaid": words.money(Money(state.unpaid(late).total, currency)),
        "penalty": words.money(Money(state.unpaid(late).penalty, currency)),
        "state": (words.gettext(word), tone),
    }


def _record(words: Words, one: reporting.Record) -> dict[str, Any]:
    return {
        "at": one.at,
        "kind": one.kind,
        "bucket": one.bucket or "–",
        "days": one.days_past_due,
        "overdue": words.money(one.overdue),
        "since": one.arrears_since,
        "consent": one.consent,
    }
