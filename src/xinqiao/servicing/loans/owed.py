"""What a loan owes on a day, from its books. Pure."""

from __future__ import annotations

from xinqiao.kit import Money

from ..lifecycle import Books, Parts
from .model import Loan, Owed


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
