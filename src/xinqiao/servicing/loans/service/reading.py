"""What a loan is, owes, was paid and would cost: everything that asks and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ... import delinquency
from ...errors import AmountNotAccepted, LoanNotFound
from ...lifecycle import Books, replay
from ...lifecycle import events as e
from ...lifecycle.what_if import payoff
from .. import store
from ..model import Happened, Loan, Prepayment, Repayment, State, View
from ..owed import owed_by_rows, owed_of
from ..states import aged, is_stale, owing_of, states_of
from .lending import loan_id_of


def get_loan(*, db: Connection, loan_id: UUID) -> Loan:
    """Raises LoanNotFound."""
    found = store.get(db, loan_id)
    if found is None:
        raise LoanNotFound(loan_id)
    return found


def view(*, db: Connection, clock: Clock, loan_id: UUID, on: date | None = None) -> View:
    """The loan as it stands on a day, by default today. Raises LoanNotFound."""
    return _views(db, [get_loan(db=db, loan_id=loan_id)], on or clock.today())[0]


def books(*, db: Connection, clock: Clock, loan_id: UUID, on: date | None = None) -> Books:
    """The loan's whole books on a day: instalments, entries, charges. Raises LoanNotFound."""
    loan = get_loan(db=db, loan_id=loan_id)
    return replay(loan.agreed, [one.event for one in store.life(db, loan)], on=on or clock.today())


def history(*, db: Connection, loan_id: UUID) -> list[Happened]:
    """Every event with who recorded it, when and why, oldest first. Raises LoanNotFound."""
    return store.life(db, get_loan(db=db, loan_id=loan_id))


def active_loans(*, db: Connection, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
    """A page of the loans that are not repaid yet, in the order of their ids; `after` is the last one of the page before."""
    return store.active(db, after=after, limit=limit)


def loans_of(*, db: Connection, clock: Clock, person_id: UUID) -> list[View]:
    """All of a person's loans, newest first."""
    return _views(db, store.of_person(db, person_id), clock.today())


def loans_of_funder(*, db: Connection, clock: Clock, funder_id: UUID, limit: int = 50, before: UUID | None = None) -> list[View]:
    """A page of the loans whose claim a funder holds, newest first; `before` is the last loan of the page before."""
    return _listed(db, store.of_party(db, store.funded_by(funder_id), limit=limit, before=before), clock.today())


def loans_of_guarantor(*, db: Connection, clock: Clock, guarantor_id: UUID, limit: int = 50, before: UUID | None = None) -> list[View]:
    """A page of the loans that a guarantor stands for, newest first."""
    return _listed(db, store.of_party(db, store.guaranteed_by(guarantor_id), limit=limit, before=before), clock.today())


def loan_of_offer(*, db: Connection, offer_id: UUID) -> Loan | None:
    return store.get(db, loan_id_of(offer_id))


def repayments(*, db: Connection, loan_id: UUID) -> list[Repayment]:
    """As they were taken, oldest first. Raises LoanNotFound."""
    return store.repayments(db, get_loan(db=db, loan_id=loan_id))


def owing(*, db: Connection, loan_ids: Sequence[UUID], on: date) -> list[delinquency.Owing]:
    """The loans with what they have not paid, as `delinquency.age` takes them."""
    loans = store.get_all(db, loan_ids)
    found = _states(db, loans, on)
    return [owing_of(loan, found[loan.id]) for loan in loans]


def penalties(*, db: Connection, loan_ids: Sequence[UUID], on: date) -> dict[UUID, list[int]]:
    """All penalty, paid or not, of each instalment on a day, in minor units and the order of their numbers, by replay."""
    loans = store.get_all(db, loan_ids)
    lives = store.lives(db, loans)
    return {loan.id: [state.penalty(loan.terms.late_rate) for state in _replayed(loan, lives[loan.id], on)] for loan in loans}


def _states(db: Connection, loans: Sequence[Loan], on: date) -> dict[UUID, list[State]]:
    """From the rows, without a replay each, but for the few loans whose rows cannot tell."""
    rows = store.states(db, loans)
    found = {loan.id: aged(rows.get(loan.id, ()), on) for loan in loans}
    stale = [loan for loan in loans if is_stale(found[loan.id], on)]
    lives = store.lives(db, stale)
    return found | {loan.id: _replayed(loan, lives[loan.id], on) for loan in stale}


def _replayed(loan: Loan, life: Sequence[Happened], on: date) -> list[State]:
    return states_of(loan, replay(loan.agreed, [one.event for one in life], on=on))


def quote_prepayment(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money | None = None, on: date | None = None) -> Prepayment:
    """What paying `amount` on a day (all that settles the loan; today) would save, and the instalments before and after.

    Raises LoanNotFound, AmountNotAccepted.
    """
    loan, day = get_loan(db=db, loan_id=loan_id), on or clock.today()
    life = [one.event for one in store.life(db, loan)]
    before = replay(loan.agreed, life, on=day)
    all_ = Money(payoff(loan.agreed, life, on=day).total, loan.principal.currency)
    paid = all_ if amount is None else amount
    if paid.currency != all_.currency or not paid.is_positive or paid > all_:
        raise AmountNotAccepted(f"{paid} {paid.currency}", all_, all_, field="amount")
    fields = {"id": "quote", "on": day, "order": len(life) + 1, "recorded_on": day}
    made = e.SettledEarly(**fields, amount=paid.minor) if paid == all_ else e.Paid(**fields, amount=paid.minor)
    after = replay(loan.agreed, [*life, made], on=day)
    saved = _to_pay(before) - _to_pay(after) - paid.minor
    return Prepayment(
        day,
        paid,
        paid == all_,
        Money(saved, all_.currency),
        tuple(state.instalment for state in states_of(loan, before) if not state.settled),
        tuple(state.instalment for state in states_of(loan, after) if not state.settled),
    )


def _to_pay(books: Books) -> int:
    return books.outstanding.total + books.subrogated.total


def _views(db: Connection, loans: Sequence[Loan], on: date) -> list[View]:
    lives = store.lives(db, loans)
    return [_view(loan, [one.event for one in lives[loan.id]], on) for loan in loans]


def _listed(db: Connection, loans: Sequence[Loan], on: date) -> list[View]:
    """A page of loans from their rows; what would settle them is asked of one loan alone."""
    found = _states(db, loans, on)
    return [_from_rows(loan, found[loan.id], on) for loan in loans]


def _from_rows(loan: Loan, states: Sequence[State], on: date) -> View:
    days = delinquency.days_past_due(owing_of(loan, states).unpaid, on=on)
    paid = Money(loan.paid, loan.principal.currency)
    return View(loan, on, owed_by_rows(loan, states, on), paid, days, delinquency.MONTHLY.of(days), tuple(states))


def _view(loan: Loan, life: Sequence[e.Event], on: date) -> View:
    found = replay(loan.agreed, life, on=on)
    states = states_of(loan, found)
    days = delinquency.days_past_due(owing_of(loan, states).unpaid, on=found.on)
    paid = Money(loan.paid, loan.principal.currency)
    return View(
        loan, found.on, owed_of(loan, found, payoff(loan.agreed, life, on=on)), paid, days, delinquency.MONTHLY.of(days), tuple(states)
    )
