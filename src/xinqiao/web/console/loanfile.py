"""One loan gathered for its page, part by part. No personal data: the borrower is reached through the application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing
from xinqiao.journeys import board, requests
from xinqiao.kit import Money
from xinqiao.partners import Partner
from xinqiao.servicing import Happened, View, delinquency, ledger, reporting
from xinqiao.servicing.lifecycle import Books, Entry, Instalment, Parts

from ..i18n import Words
from . import asking, explaining
from .bookkeeping import Teller
from .desk import Desk, Operator
from .overview import named
from .words import BUCKETS, ENTRIES, HAPPENED, N_, PARTS, STATES, STATUSES


def gather(desk: Desk, db: Connection, who: Operator, words: Words, loan_id: UUID, number: int | None = None) -> dict[str, Any]:
    """All panels of the page, with one instalment explained. Raises LoanNotFound."""
    clock = desk.house.clock
    seen = servicing.view(db=db, clock=clock, loan_id=loan_id)
    books = servicing.loans.books(db=db, clock=clock, loan_id=loan_id)
    life = servicing.history(db=db, loan_id=loan_id)
    parties = board.parties(db)
    teller, asker = Teller(words, parties), asking.Teller(desk, db, words)
    journal = ledger.journal(db=db, subject=seen.loan.id, person=seen.loan.person_id)
    events = [one.event for one in life]
    told = _Told(words, books, asker)
    number = number if number in {line.number for line in books.instalments} else None
    choices = asker.choices(books, {one.event.id: one.event for one in life}, seen.loan.funder_id)
    return {
        "head": _head(words, parties, seen, books),
        "category": delinquency.explain(db=db, loan_id=loan_id).says(words.language),
        "owed": explaining.owed(words, seen, books),
        "payoff": explaining.payoff(words, seen, events),
        "instalments": [told.instalment(line, seen) for line in books.instalments],
        "explained": number and {"number": number, "why": explaining.instalment(words, seen, events, number)},
        "shown": {name for line in books.instalments for name, minor in line.amounts.by_name.items() if minor}
        & {"premium", "fee", "penalty"},
        "life": told.life(life),
        "charges": [told.charge(one) for one in books.charges],
        "journal": [teller.posting(one) for one in journal],
        "records": [_record(words, one) for one in reporting.records(db=db, loan_id=loan_id)],
        "asked": [asker.request(one) for one in requests.of_loan(db, loan_id)],
        "operations": [
            asker.operation(one, loan_id) for one in asking.offered(books, choices, guaranteed=seen.loan.guarantor_id is not None)
        ]
        if who.may("applications.review")
        else [],
        "choices": choices,
    }


def _head(words: Words, parties: Mapping[UUID, Partner], seen: View, books: Books) -> dict[str, Any]:
    loan = seen.loan
    word, tone = STATUSES[books.status.value]
    late = books.delinquency.days
    return {
        "id": loan.id,
        "application": loan.application_id,
        "on": seen.on,
        "status": words.gettext(word),
        "tone": "bad" if late and tone == "live" else tone,
        "funder": named(words, parties.get(loan.funder_id)),
        "guarantor": named(words, parties.get(loan.guarantor_id)) if loan.guarantor_id else "–",
        "principal": words.money(loan.principal),
        "outstanding": words.money(loan.outstanding),
        "now": words.money(seen.owed.now),
        "payoff": words.money(seen.owed.payoff),
        "days": late,
        "bucket": words.gettext(BUCKETS.get(seen.bucket or "current", seen.bucket or "")),
        "rate": words.percent(loan.terms.annual_rate),
        "disbursed": loan.disbursed_on,
        "count": len(books.instalments),
        "paid": words.money(seen.paid),
        "overpaid": words.money(Money(books.overpaid, loan.principal.currency)) if books.overpaid else "",
        "product": f"{books.agreement.product.code} {books.agreement.product.version}",
    }


class _Told:
    """The books' lines and entries in words."""

    def __init__(self, words: Words, books: Books, asker: asking.Teller) -> None:
        self.words, self.books, self.asker = words, books, asker
        self.currency = books.agreement.principal.currency

    def money(self, minor: int) -> str:
        return self.words.money(Money(minor, self.currency))

    def parts(self, parts: Parts) -> list[tuple[str, str]]:
        return [(self.words.gettext(PARTS[name]), self.money(minor)) for name, minor in parts.by_name.items() if minor]

    def instalment(self, line: Instalment, seen: View) -> dict[str, Any]:
        amounts, paid = line.amounts, line.paid + line.waived + line.written_off
        state = "paid" if not line.outstanding.total and (amounts.total or line.paid_on) else _state(line, seen)
        word, tone = STATES[state]
        return {
            "number": line.number,
            "start": line.start,
            "due": line.due,
            "days": line.days,
            "payment": self.money(amounts.total),
            **{name: self.money(minor) for name, minor in amounts.by_name.items()},
            "paid": self.money(paid.total),
            "unpaid": self.money(line.outstanding.total),
            "balance": self.money(line.balance),
            "state": (self.words.gettext(word), tone),
            "more": [
                (self.words.gettext(word), self.money(value.total))
                for word, value in ((N_("Waived"), line.waived), (N_("Written off"), line.written_off), (N_("Owed again"), line.credited))
                if value.total
            ],
        }

    def life(self, life: Sequence[Happened]) -> list[dict[str, Any]]:
        """Every event, newest first, with what it came to: the split follows from the whole history."""
        entries: dict[str, list[Entry]] = {}
        for entry in self.books.entries:
            entries.setdefault(entry.event, []).append(entry)
        return [self._happened(one, entries.get(one.event.id, [])) for one in reversed(life)]

    def _happened(self, one: Happened, entries: Sequence[Entry]) -> dict[str, Any]:
        kind = type(one.event).__name__
        return {
            "kind": self.words.gettext(HAPPENED.get(kind, kind)),
            "id": one.event.id,
            "on": one.event.on,
            "recorded": one.at,
            "late": one.event.recorded != one.event.on,
            "by": self.asker.who(one.by),
            "why": one.why,
            "entries": [self._entry(entry) for entry in entries],
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        return {
            "word": self.words.gettext(ENTRIES.get(entry.kind.value, entry.kind.value)),
            "amount": self.money(entry.amount or entry.parts.total),
            "parts": self.parts(entry.parts),
            "overpaid": self.money(entry.overpaid) if entry.overpaid else "",
            "balance": self.money(entry.balance) if entry.balance is not None else "",
            "reversed": entry.reversed,
            "shares": [(share.number, self.parts(share.parts)) for share in entry.shares],
        }

    def charge(self, one: Any) -> dict[str, Any]:
        return {
            "code": one.code,
            "id": one.id,
            "due": one.due,
            "amount": self.money(one.amount),
            "paid": self.money(one.paid),
            "waived": self.money(one.waived),
            "left": self.money(one.outstanding),
        }


def _state(line: Instalment, seen: View) -> str:
    return "overdue" if line.due < seen.on and line.outstanding.total else "due" if line.due == seen.on else "upcoming"


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


def explained(desk: Desk, db: Connection, words: Words, loan_id: UUID, number: int) -> list[dict[str, str]] | None:
    """One instalment alone; None where the loan has none of that number. Raises LoanNotFound."""
    seen = servicing.view(db=db, clock=desk.house.clock, loan_id=loan_id)
    events = [one.event for one in servicing.history(db=db, loan_id=loan_id)]
    if number not in {state.instalment.number for state in seen.states}:
        return None
    return explaining.instalment(words, seen, events, number)
