"""What would be: the sum that settles a loan on a day, what a prepayment saves, what falls due next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .events import Event, Paid, SettledEarly
from .fold import PLENTY, fold, replay
from .model import Agreement, Books, Instalment
from .parts import NOTHING, Parts
from .settlement import cooling, settling


@dataclass(frozen=True, slots=True)
class Saving:
    """What paying `amount` on `on` would change."""

    on: date
    amount: int
    interest: int
    """Less interest over the loan's life."""
    charges: int
    """Less fees and premiums."""
    ends_on: date
    """The last due date afterwards."""
    after: Books


def payoff(agreement: Agreement, events: Sequence[Event], *, on: date) -> Parts:
    """What settles the loan on `on`: principal, all that is due, and interest to the day that the product's rule counts to."""
    known = [event for event in events if event.recorded <= on]
    work = fold(agreement, known, on)
    if work.follows_payments and not cooling(work, on):
        return _swallowed(agreement, known, on)
    return settling(work, on)


def _swallowed(agreement: Agreement, known: Sequence[Event], on: date) -> Parts:
    """What a payment of any size would settle, where interest follows payments."""
    event = SettledEarly(id="payoff", on=on, order=max((e.order for e in known), default=0) + 1, amount=PLENTY)
    books = replay(agreement, [*known, event], on=on)
    return next((entry.parts for entry in books.entries if entry.event == "payoff"), NOTHING)


def saving(agreement: Agreement, events: Sequence[Event], *, on: date, amount: int | None = None) -> Saving:
    """What a prepayment of `amount` on `on` saves against paying as planned; None settles the loan."""
    known = [event for event in events if event.recorded <= on]
    before = replay(agreement, known, on=on)
    sum_ = payoff(agreement, known, on=on).total if amount is None else amount
    order = max((event.order for event in known), default=0) + 1
    kind = SettledEarly if amount is None else Paid
    after = replay(agreement, [*known, kind(id="prepayment", on=on, order=order, amount=sum_)], on=on)
    less = before.due - after.due
    ends = max(i.due for i in after.instalments if i.amounts.total) if amount is not None else on
    return Saving(on, sum_, less.interest, less.fee + less.premium, ends, after)


def next_dues(books: Books, count: int = 3) -> list[Instalment]:
    """The instalments that next ask for money, the oldest unpaid first."""
    return [i for i in sorted(books.instalments, key=lambda i: i.due) if i.outstanding.total][:count]


def owed_now(books: Books) -> Parts:
    """All that is due by the books' day."""
    due = NOTHING
    for instalment in books.instalments:
        due += instalment.outstanding if instalment.due <= books.on else NOTHING
    return due
