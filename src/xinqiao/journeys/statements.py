"""Statements of a loan: what the ledger holds of a period, given out under a fingerprint that anybody can ask about later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing, vault
from xinqiao.kit import Money, events
from xinqiao.servicing import Loan, wallet
from xinqiao.servicing.lifecycle import Books, EntryKind, Parts
from xinqiao.vault import Actor, Field, Purpose

from . import lending, views
from .errors import PeriodBackwards
from .house import House, note
from .views import Said

ISSUED = "statement.issued"
IN = (
    EntryKind.REPAYMENT,
    EntryKind.DOWN_PAYMENT,
    EntryKind.WALLET,
    EntryKind.EARLY_SETTLEMENT,
    EntryKind.RECOVERY,
    EntryKind.FEE_AT_DISBURSEMENT,
)
"""Money from the borrower, or kept back from theirs."""
BACK = (EntryKind.CHARGEBACK, EntryKind.CREDIT_REFUND, EntryKind.CASH_REFUND)
"""Money that came from the borrower and did not stay."""


def of_loan(house: House, application: UUID, *, since: date | None = None, until: date | None = None) -> views.Statement:
    """The statement of the application's loan, by default from the payout to today, and the record that it was given out.

    Raises NoLoan, PeriodBackwards.
    """
    with house.begin() as db:
        loan = lending.loan_of(db, application)
        found = _statement(house, db, loan, since, until)
        _issue(house, db, found, loan.person_id, loan=loan.id)
    return found


def of_wallet(house: House, application: UUID, *, since: date | None = None, until: date | None = None) -> views.WalletStatement:
    """The statement of the borrower's wallet, by default of this month, given out as a loan's is. Raises NoLoan, PeriodBackwards, WalletUnknown."""
    today = house.clock.today(house.settings.timezone)
    first, last = since or today.replace(day=1), min(until or today, today)
    if first > last:
        raise PeriodBackwards(first, last, field="since")
    with house.begin() as db:
        person = lending.loan_of(db, application).person_id
        told = wallet.statement(db=db, person=person, since=first, until=last, limit=10_000)
        lines = [views.WalletLine(line.entry.booked_on, line.entry.what, -line.entry.amount, -line.balance) for line in told.lines]
        found = views.WalletStatement(_name(house, db, person), first, last, -told.opening.net, -told.closing.net, lines)
        _issue(house, db, found, person)
    return found


def _issue(house: House, db: Connection, found: views.Statement | views.WalletStatement, person: UUID, **more: UUID) -> None:
    """Once for each file, whoever asks for it again."""
    subject = document_id(found.sha256)
    if not events.of(db, subject):
        data = {"since": found.since, "until": found.until, "sha256": found.sha256, **more}
        note(db, house.clock, ISSUED, subject, person, **data)


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
    books = servicing.loans.books(db=db, clock=house.clock, loan_id=loan.id, on=until)
    currency = loan.principal.currency
    booked = _booked(books, currency)
    entries = [one for one in booked if since <= one.on <= until]
    zero = Money(0, currency)
    before, through = ([one for one in booked if one.on < since], [one for one in booked if one.on <= until])
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
        lent=sum((one.amount for one in entries if one.what == EntryKind.DISBURSEMENT), zero),
        repaid=sum((one.amount if one.way == "in" else -one.amount for one in entries if one.what in (*IN, *BACK)), zero),
        settled=_settled(entries, zero),
        entries=entries,
        dues=_dues(books, currency) if until == today else (),
    )


def _booked(books: Books, currency: str) -> list[views.Booked]:
    """What stands of the loan's life, with the principal owed after each; what was taken back as if it had not been is left out."""
    lines, balance = [], 0
    for entry in books.entries:
        if entry.reversed:
            continue
        balance = entry.balance if entry.balance is not None else balance
        way = "in" if entry.kind in IN else "out" if entry.kind in (EntryKind.DISBURSEMENT, *BACK) else ""
        amount = Money(entry.amount or entry.parts.total, currency)
        parts = Parts(principal=entry.amount) if entry.kind is EntryKind.DISBURSEMENT else entry.parts
        lines.append(views.Booked(entry.on, entry.kind.value, way, amount, portions(parts, currency), Money(balance, currency)))
    return lines


def portions(parts: Parts, currency: str) -> views.Portions:
    return views.Portions(**{name: Money(minor, currency) for name, minor in parts.by_name.items()})


def _settled(entries: Sequence[views.Booked], zero: Money) -> views.Portions:
    names = ("principal", "interest", "premium", "fee", "penalty")
    counted = [(one.parts, 1 if one.way == "in" else -1) for one in entries if one.what in (*IN, *BACK)]
    return views.Portions(**{name: sum((getattr(parts, name) * sign for parts, sign in counted), zero) for name in names})


def _dues(books: Books, currency: str) -> list[views.Instalment]:
    """What is not settled, with what was already met of it."""

    def money(minor: int) -> Money:
        return Money(minor, currency)

    return [
        views.Instalment(
            line.number,
            line.due,
            *map(money, (line.amounts.principal, line.amounts.interest, line.amounts.premium)),
            paid=money(line.amounts.total - line.outstanding.total),
            fee=money(line.amounts.fee + line.amounts.penalty),
        )
        for line in books.instalments
        if line.outstanding.total
    ]


def _name(house: House, db: Connection, person: UUID) -> str:
    """Masked, and read in the person's own name."""
    common = {"db": db, "vault": house.vault, "clock": house.clock, "purpose": Purpose.RIGHTS, "actor": Actor("person", str(person))}
    return vault.read_masked(person=person, fields=[Field.NAME], **common).get(Field.NAME, "")
