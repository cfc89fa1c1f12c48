"""Statements of a loan: what the ledger holds of a period, given out under a fingerprint that anybody can ask about later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing, vault
from xinqiao.kit import Money, events
from xinqiao.servicing import Loan, View, ledger
from xinqiao.servicing.ledger import Kind, Posting
from xinqiao.vault import Actor, Field, Purpose

from . import lending, views
from .errors import PeriodBackwards
from .house import House, note
from .views import Said

ISSUED = "statement.issued"
PORTIONS = {Kind.PRINCIPAL: "principal", Kind.INTEREST: "interest", Kind.PREMIUM: "premium", Kind.FEES: "fee"}


def of_loan(house: House, application: UUID, *, since: date | None = None, until: date | None = None) -> views.Statement:
    """The statement of the application's loan, by default from the payout to today, and the record that it was given out.

    Raises NoLoan, PeriodBackwards.
    """
    with house.begin() as db:
        found = _statement(house, db, lending.loan_of(db, application), since, until)
        subject = document_id(found.sha256)
        if not events.of(db, subject):
            data = {"loan": found.loan_id, "since": found.since, "until": found.until, "sha256": found.sha256}
            note(db, house.clock, ISSUED, subject, lending.loan_of(db, application).person_id, **data)
    return found


def issued(house: House, sha256: str) -> views.Issued | None:
    """Whether a file with this fingerprint was given out, and for which period; no person is named."""
    with house.begin() as db:
        told = next((one for one in events.of(db, document_id(sha256)) if one.kind == ISSUED and one.data["sha256"] == sha256), None)
    if told is None:
        return None
    return views.Issued(sha256, told.at, *(date.fromisoformat(told.data[name]) for name in ("since", "until")))


def document_id(sha256: str) -> UUID:
    """The subject under which a document's events stand: the first half of its fingerprint."""
    return UUID(sha256[:32])


def _statement(house: House, db: Connection, loan: Loan, since: date | None, until: date | None) -> views.Statement:
    today = house.clock.today(house.settings.timezone)
    since, until = since or loan.disbursed_on, min(until or today, today)
    if since > until:
        raise PeriodBackwards(since, until, field="since")
    offer = servicing.get_offer(db=db, offer_id=loan.offer_id)
    booked = _booked(loan, ledger.journal(db=db, subject=loan.id, person=loan.person_id))
    entries = [one for one in booked if since <= one.on <= until]
    zero = Money(0, loan.principal.currency)
    before, through = ([one for one in booked if one.on < since], [one for one in booked if one.on <= until])
    seen = servicing.view(db=db, clock=house.clock, loan_id=loan.id)
    return views.Statement(
        loan_id=loan.id,
        borrower=_name(house, db, loan.person_id),
        lender=Said(offer.funder.name_zh, offer.funder.name),
        guarantor=Said(offer.guarantor.name_zh, offer.guarantor.name) if offer.guarantor else None,
        principal=loan.principal,
        disbursed_on=loan.disbursed_on,
        annual_rate=loan.terms.annual_rate,
        apr=offer.rates.nominal,
        since=since,
        until=until,
        opening=before[-1].balance if before else zero,
        closing=through[-1].balance if through else zero,
        lent=sum((one.amount for one in entries if one.what == "disbursed"), zero),
        repaid=_sum([one.parts for one in entries if one.what == "repaid"], zero),
        entries=entries,
        dues=_dues(seen) if until == today else (),
    )


def _booked(loan: Loan, postings: Sequence[Posting]) -> list[views.Booked]:
    """Each journal entry as one line: what came out of clearing for the loan, or what came into it."""
    entries: dict[tuple[date, int], list[Posting]] = defaultdict(list)
    for one in postings:
        entries[one.booked_on, one.cursor.entry].append(one)
    lines, balance = [], Money(0, loan.principal.currency)
    for (on, _), found in sorted(entries.items()):
        lent = [one for one in found if one.debit.kind is Kind.PRINCIPAL and one.debit.owner == loan.id]
        paid = [one for one in found if one.debit.kind is Kind.CLEARING and one.credit.owner == loan.id]
        for what, sides in (("disbursed", lent), ("repaid", paid)):
            if sides:
                parts = _parts(sides, balance.currency)
                balance = balance + parts.principal if what == "disbursed" else balance - parts.principal
                lines.append(views.Booked(on, what, parts.total, parts, balance))
    return lines


def _parts(sides: Sequence[Posting], currency: str) -> views.Portions:
    found = dict.fromkeys(("principal", "interest", "premium", "fee", "penalty"), Money(0, currency))
    for one in sides:
        account = one.debit if one.debit.kind in PORTIONS else one.credit
        name = "penalty" if one.what == "penalty" else PORTIONS[account.kind]
        found[name] += one.amount
    return views.Portions(**found)


def _sum(parts: Sequence[views.Portions], zero: Money) -> views.Portions:
    names = ("principal", "interest", "premium", "fee", "penalty")
    return views.Portions(**{name: sum((getattr(one, name) for one in parts), zero) for name in names})


def _dues(seen: View) -> list[views.Instalment]:
    rows = ((state.instalment, state.paid.total) for state in seen.states if not state.settled)
    return [views.Instalment(i.number, i.due, i.principal, i.interest, i.premium, Money(paid, i.principal.currency)) for i, paid in rows]


def _name(house: House, db: Connection, person: UUID) -> str:
    """Masked, and read in the person's own name."""
    common = {"db": db, "vault": house.vault, "clock": house.clock, "purpose": Purpose.RIGHTS, "actor": Actor("person", str(person))}
    return vault.read_masked(person=person, fields=[Field.NAME], **common).get(Field.NAME, "")
