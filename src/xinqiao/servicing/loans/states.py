"""Books as the rows that everything else reads: instalments with what they still owe. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from xinqiao.kit import Money

from .. import delinquency
from ..lifecycle import Books, Parts
from ..lifecycle import Instalment as Line
from ..lifecycle.late import is_plain
from ..lifecycle.model import LineKind
from ..schedule import Instalment
from .model import Loan, State

FROZEN = date.max
"""The day up to which rows are aged whose penalty interest unit-days do not tell: it is capped, waits for days of grace, or is on interest too."""


def states_of(loan: Loan, books: Books) -> list[State]:
    """As of the books' day; a loan that is not paid out owes nothing yet."""
    if not books.disbursed:
        return []
    return [_state(loan, books, line) for line in books.instalments]


def _state(loan: Loan, books: Books, line: Line) -> State:
    def money(minor: int) -> Money:
        return Money(minor, loan.principal.currency)

    owed = line.amounts - line.waived - replace(line.written_off, principal=0)
    planned = Instalment(line.number, line.due, *map(money, (owed.principal, owed.interest, owed.premium, owed.fee, line.balance)))
    settled = line.outstanding.total == 0 and (line.due < books.on or owed.total > 0 or line.paid_on is not None)
    paid = line.paid + Parts(principal=line.written_off.principal)
    if line.kind is LineKind.ADDITIONAL or not is_plain(books.agreement.product.late):
        return State(planned, paid, penalties=owed.penalty, aged_to=FROZEN, settled=settled)
    aged_to = books.on if line.late_unit_days else None
    return State(planned, paid, owed.penalty - line.penalty_interest, line.late_unit_days, aged_to, settled)


def is_stale(states: Sequence[State], on: date) -> bool:
    """Whether something late bears penalty interest that these rows cannot tell of a later day, so that only a replay does."""
    return any(state.aged_to == FROZEN and not state.settled and state.instalment.due < on for state in states)


def owing_of(loan: Loan, states: Sequence[State]) -> delinquency.Owing:
    daily, currency = loan.terms.late_rate, loan.principal.currency
    unpaid = ((state.instalment, state.unpaid(daily).total) for state in states)
    late = tuple(delinquency.Instalment(i.number, i.due, Money(minor, currency)) for i, minor in unpaid if minor)
    return delinquency.Owing(loan.id, loan.person_id, late)


def aged(states: Sequence[State], on: date) -> list[State]:
    return [state.aged(on) for state in states]
