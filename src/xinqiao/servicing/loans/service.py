"""Paying a loan out, taking repayments, and telling what it owes. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import add
from uuid import UUID, uuid5

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events

from .. import delinquency, ledger
from ..errors import AmountNotAccepted, KeyReused, LoanClosed, LoanNotFound, NotSigned, TermsRefused
from ..ledger import Account
from ..offer import Offer, get_offer, signature_of
from . import postings, store
from .model import NOTHING, Loan, Owed, Parts, Repayment, State, View, allocate, owed, settlement

LOANS = UUID("8f7d0f2b-7b57-5f0c-9a6e-3f0c7f1b2c44")
"""The namespace under which a loan's id is derived from its offer's: one offer, one loan."""


def disburse(*, db: Connection, clock: Clock, offer_id: UUID) -> Loan:
    """Turn a signed offer into a loan: its schedule from today, its accounts and postings. A repeat returns the same loan.

    Raises OfferNotFound, NotSigned.
    """
    offer = get_offer(db=db, offer_id=offer_id)
    if signature_of(db=db, offer_id=offer_id) is None:
        raise NotSigned(offer_id)
    loan = _loan(offer, clock)
    if not store.add(db, loan, _states(offer, loan)):
        return get_loan(db=db, loan_id=loan.id)
    ledger.open_accounts(db=db, accounts=postings.accounts(loan))
    ledger.post(db=db, clock=clock, transfers=postings.disbursement(loan))
    data = {"loan": loan.id, "offer": offer.id, "funder": loan.funder_id, "principal": loan.principal, "disbursed_on": loan.disbursed_on}
    events.append(db, [events.Event("servicing.disbursed", loan.application_id, data, loan.person_id, clock.now())])
    return loan


def repay(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str) -> Repayment:
    """Take a payment: up to all that falls due through the next instalment, or exactly what settles the loan today.

    A repeat of `key` with the same amount returns the first answer. Raises LoanNotFound, LoanClosed, AmountNotAccepted, KeyReused.
    """
    loan = store.lock(db, loan_id)
    if loan is None:
        raise LoanNotFound(loan_id)
    known = store.repayment(db, loan, key)
    if known is not None:
        return _same(known, amount, key)
    if loan.closed_on is not None:
        raise LoanClosed(loan_id)
    on = clock.today()
    states = _aged(db, [loan], on)[loan.id]
    shares, closing = _shares(loan, states, amount, on)
    after = _apply(loan, states, shares, closing)
    return _book(db, clock, loan, (states, after), reduce(add, shares, NOTHING), Repayment(key, clock.now(), amount, {}, closing))


def view(*, db: Connection, clock: Clock, loan_id: UUID, on: date | None = None) -> View:
    """The loan as it stands on a day, by default today. Raises LoanNotFound."""
    return _views(db, [get_loan(db=db, loan_id=loan_id)], on or clock.today())[0]


def get_loan(*, db: Connection, loan_id: UUID) -> Loan:
    """Raises LoanNotFound."""
    found = store.get(db, loan_id)
    if found is None:
        raise LoanNotFound(loan_id)
    return found


def active_loans(*, db: Connection, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
    """A page of the loans that are not repaid yet, in the order of their ids; `after` is the last one of the page before."""
    return store.active(db, after=after, limit=limit)


def loans_of(*, db: Connection, clock: Clock, person_id: UUID) -> list[View]:
    """All of a person's loans, newest first."""
    return _views(db, store.of_person(db, person_id), clock.today())


def loans_of_funder(*, db: Connection, clock: Clock, funder_id: UUID, limit: int = 50, before: UUID | None = None) -> list[View]:
    """A page of a funder's loans, newest first; `before` is the last loan of the page before."""
    return _views(db, store.of_party(db, store.funded_by(funder_id), limit=limit, before=before), clock.today())


def loans_of_guarantor(*, db: Connection, clock: Clock, guarantor_id: UUID, limit: int = 50, before: UUID | None = None) -> list[View]:
    """A page of the loans that a guarantor stands for, newest first."""
    return _views(db, store.of_party(db, store.guaranteed_by(guarantor_id), limit=limit, before=before), clock.today())


def loan_of_offer(*, db: Connection, offer_id: UUID) -> Loan | None:
    return store.get(db, uuid5(LOANS, str(offer_id)))


def repayments(*, db: Connection, loan_id: UUID) -> list[Repayment]:
    """Oldest first. Raises LoanNotFound."""
    return store.repayments(db, get_loan(db=db, loan_id=loan_id))


def owing(*, db: Connection, loan_ids: Sequence[UUID], on: date) -> list[delinquency.Owing]:
    """The loans with what they have not paid, as `delinquency.age` takes them."""
    loans = store.get_all(db, loan_ids)
    states = _aged(db, loans, on)
    return [_owing(loan, states[loan.id]) for loan in loans]


def pay_out(*, db: Connection, clock: Clock, party: Account, amount: Money, key: str) -> bool:
    """Settle with a funder, a guarantor or the platform: what it is owed leaves clearing. False when `key` was paid out before.

    Raises BalanceForbidden when the party is owed less.
    """
    if party.kind not in (ledger.Kind.FUNDER, ledger.Kind.GUARANTOR, ledger.Kind.PLATFORM):
        raise TermsRefused(f"money is paid out to a funder, a guarantor or the platform, not from a {party.kind} account", field="party")
    return ledger.post(db=db, clock=clock, transfers=[postings.payout(party, amount, key)]) == 1


def _loan(offer: Offer, clock: Clock) -> Loan:
    return Loan(
        id=uuid5(LOANS, str(offer.id)),
        person_id=offer.person_id,
        offer_id=offer.id,
        application_id=offer.application_id,
        funder_id=offer.funder.id,
        guarantor_id=offer.guarantor.id if offer.guarantor else None,
        terms=offer.terms,
        disbursed_on=clock.today(),
        disbursed_at=clock.now(),
        outstanding=offer.principal,
    )


def _states(offer: Offer, loan: Loan) -> list[State]:
    """The amounts that were offered, due from the day the money left."""
    return [State(instalment) for instalment in offer.schedule.starting(loan.disbursed_on).instalments]


def _aged(db: Connection, loans: Sequence[Loan], on: date) -> dict[UUID, list[State]]:
    return {loan_id: [state.aged(on) for state in states] for loan_id, states in store.states(db, loans).items()}


def _same(known: Repayment, amount: Money, key: str) -> Repayment:
    if known.amount != amount:
        raise KeyReused(key, "repayment", field="key")
    return known


def _shares(loan: Loan, states: Sequence[State], amount: Money, on: date) -> tuple[list[Parts], bool]:
    """How the payment spreads over the instalments, and whether it settles the loan."""
    due = owed(loan, states, on)
    if amount.currency == due.payoff.currency and amount == due.payoff:
        return settlement(loan, states, on), True
    if amount.currency != due.now.currency or not amount.is_positive or amount > due.accepted_up_to or amount > due.payoff:
        raise AmountNotAccepted(f"{amount} {amount.currency}", _accepted(due), due.payoff, field="amount")
    shares = allocate(loan, states, amount.minor, on)
    return shares, all(after.settled for after in _apply(loan, states, shares, False))


def _accepted(due: Owed) -> Money:
    return min(due.accepted_up_to, due.payoff)


def _apply(loan: Loan, states: Sequence[State], shares: Sequence[Parts], closing: bool) -> list[State]:
    paid = [state.pay(share, loan.terms.late_rate) if share.total else state for state, share in zip(states, shares, strict=True)]
    return [replace(state, settled=True) for state in paid] if closing else paid


def _book(
    db: Connection, clock: Clock, loan: Loan, states: tuple[Sequence[State], Sequence[State]], parts: Parts, taken: Repayment
) -> Repayment:
    before, after = states
    repaid = replace(taken, allocation=parts.by_name)
    premium_before = sum(state.paid.premium for state in before)
    ledger.post(db=db, clock=clock, transfers=postings.repayment(loan, taken.key, parts, premium_before))
    closed_on = clock.today() if taken.closed else None
    outstanding = loan.outstanding - Money(parts.principal, loan.principal.currency)
    store.save(db, replace(loan, outstanding=outstanding, closed_on=closed_on), after)
    store.add_repayment(db, loan, repaid)
    delinquency.age(db=db, clock=clock, book=[_owing(loan, after)])
    events.append(db, [_repaid(loan, repaid)])
    return repaid


def _repaid(loan: Loan, repaid: Repayment) -> events.Event:
    data = {"amount": repaid.amount, "allocation": dict(repaid.allocation), "closed": repaid.closed}
    return events.Event("servicing.repaid", loan.id, data, loan.person_id, repaid.at)


def _owing(loan: Loan, states: Sequence[State]) -> delinquency.Owing:
    daily, currency = loan.terms.late_rate, loan.principal.currency
    unpaid = ((state.instalment, state.unpaid(daily).total) for state in states)
    late = tuple(delinquency.Instalment(i.number, i.due, Money(minor, currency)) for i, minor in unpaid if minor)
    return delinquency.Owing(loan.id, loan.person_id, late)


def _views(db: Connection, loans: Sequence[Loan], on: date) -> list[View]:
    states = _aged(db, loans, on)
    return [_view(loan, states[loan.id], on) for loan in loans]


def _view(loan: Loan, states: Sequence[State], on: date) -> View:
    days = delinquency.days_past_due(_owing(loan, states).unpaid, on=on)
    paid = Money(sum(state.paid.total for state in states), loan.principal.currency)
    return View(loan, on, owed(loan, states, on), paid, days, delinquency.MONTHLY.of(days), tuple(states))
