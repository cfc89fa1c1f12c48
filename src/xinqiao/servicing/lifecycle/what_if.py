"""What would be: the sum that settles a loan on a day, what a prepayment saves, what falls due next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from .events import Event
from .fold import fold
from .model import Agreement
from .parts import Parts, total


def payoff(agreement: Agreement, events: Sequence[Event], *, on: date) -> Parts:
    """What settles the loan on `on`: all principal, all charges, and interest to the day that the product's rule counts to."""
    work = fold(agreement, [event for event in events if event.recorded <= on], on)
    owed = work.owed
    if work.progress is None or not work.progress.follows_payments:
        return owed
    kept = work.progress
    kept.count_until(on)
    current = next((p for p in kept.model.periods if p.start <= on < p.due), None)
    until = current.due if current is not None and kept.until_due else on
    due = kept.model.payoff(until)
    rest = sum_of(line.outstanding for line in work.lines if not kept.holds(line))
    charges = sum_of(line.outstanding - only_debt(line.outstanding) for line in work.lines if kept.holds(line))
    return rest + charges + Parts(interest=due.interest.minor, principal=due.principal.minor)


def only_debt(parts: Parts) -> Parts:
    return Parts(interest=parts.interest, principal=parts.principal)


def sum_of(parts: Iterable[Parts]) -> Parts:
    return total(list(parts))
