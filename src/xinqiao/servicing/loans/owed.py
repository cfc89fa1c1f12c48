"""What a loan owes on a day, from its books. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from xinqiao.kit import Money

from ..lifecycle import Books, Parts
from .model import Loan, Owed, State


def owed_of(loan: Loan, books: Books, payoff: Parts) -> Owed:
    """`payoff` is what settles the loan on the books' day."""
    on, currency = books.on, loan.principal.currency

    def money(minor: int) -> Money:
        return Money(minor, currency)

    due = [line for line in books.instalments if line.due <= on]
    now = sum(line.outstanding.total for line in due)
    ahead = next((line for line in books.instalments if line.due >= on and line.outstanding.total), None)
    coming = ahead.outstanding.total if ahead is not None and ahead.due > on else 0
    recounted = books.agreement.product.recalculation is not None
    return Owed(
        now=money(now),
        overdue=money(sum(line.outstanding.total for line in due if line.due < on)),
        penalty=money(sum(line.outstanding.penalty for line in due)),
        next_due=ahead.due if ahead else None,
        next_amount=money(ahead.outstanding.total if ahead else 0),
        accepted_up_to=money(payoff.total if recounted else now + coming),
        payoff=money(payoff.total),
    )


def owed_by_rows(loan: Loan, states: Sequence[State], on: date) -> Owed:
    """The same from rows aged to `on`, but for what settles the loan, which only a replay tells."""
    daily = loan.terms.late_rate

    def money(minor: int) -> Money:
        return Money(minor, loan.principal.currency)

    due = [state for state in states if state.instalment.due <= on]
    ahead = next((state for state in states if state.instalment.due >= on and not state.settled), None)
    return Owed(
        now=money(sum(state.unpaid(daily).total for state in due)),
        overdue=money(sum(state.unpaid(daily).total for state in due if state.instalment.due < on)),
        penalty=money(sum(max(0, state.unpaid(daily).penalty) for state in due)),
        next_due=ahead.instalment.due if ahead else None,
        next_amount=money(ahead.unpaid(daily).total if ahead else 0),
        accepted_up_to=None,
        payoff=None,
    )
