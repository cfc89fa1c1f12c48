"""The one way in which anything happens to a loan: the event is written, and rows, postings and standing follow from the books after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events

from ... import delinquency, ledger
from ...errors import KeyReused, LoanClosed, LoanNotFound
from ...lifecycle import Books, Entry, Event, Parts, Status, refuse, replay
from ...lifecycle import events as e
from .. import codec, postings, store, tally
from ..model import Happened, Loan, Recorded
from ..states import owing_of, states_of

ENDED = (Status.CLOSED, Status.WRITTEN_OFF)
AFTER_THE_END = (e.Reversed, e.ChargedBack, e.CreditRefunded, e.CashRefunded, e.DisbursalUndone)
"""What may still happen to a loan that has ended; money recovered after a write-off too."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who records an event, and why; both stay with it."""

    by: str = "system"
    why: str = ""


SYSTEM = Author()
Make = Callable[[Books, dict[str, object]], Event]
"""Makes the event from the books before it and the fields that every event has (id, on, order, recorded_on)."""


def record(
    *, db: Connection, clock: Clock, loan_id: UUID, key: str, make: Make, on: date | None = None, author: Author = SYSTEM, tell: bool = True
) -> Recorded:
    """Let an event happen to a loan. A repeat of `key` with the same content returns the first answer.

    `on` is the day from which it counts, today unless told; an earlier one reorders history. The platform's log hears of it, unless the
    caller has more to tell and says it itself (`tell`). Raises LoanNotFound, LoanClosed, KeyReused,
    and what the event's own rules refuse.
    """
    loan = store.lock(db, loan_id)
    if loan is None:
        raise LoanNotFound(loan_id)
    life, today = store.life(db, loan), clock.today()
    before = replay(loan.agreed, [one.event for one in life], on=today)
    known = next((one for one in life if one.event.id == key), None)
    fields = {"id": key, "on": on or today, "order": len(life) + 1, "recorded_on": today}
    if known is not None:
        return _again(loan, [one.event for one in life], before, known, make)
    event = make(before, fields)
    _require_open(loan, before, event)
    refuse(loan.agreed, [one.event for one in life], event)
    after = replay(loan.agreed, [*(one.event for one in life), event], on=today)
    what = Happened(event, clock.now(), author.by, author.why)
    done = _happen(db, clock, loan, (before, after), what)
    _mark(db, clock, done, event, [one.event for one in life])
    if tell:
        events.append(db, [_told(done, what)])
    return done


def _mark(db: Connection, clock: Clock, done: Recorded, event: Event, life: Sequence[Event]) -> None:
    """Tell the classification what bears on it: an event that eases or ends the debt, or one that is taken back."""
    taken_back = isinstance(event, e.Reversed)
    meant = next((one for one in life if one.id == event.of), None) if isinstance(event, e.Reversed) else event
    flag = _flag(meant) if meant is not None else None
    if flag is not None:
        mark = delinquency.lift if taken_back else delinquency.mark
        days = done.books.delinquency.days
        mark(db=db, clock=clock, loan_id=done.loan.id, person_id=done.loan.person_id, flag=flag, days_past_due=days)


def _flag(event: Event) -> delinquency.Flag | None:
    """A due date that only moves to another day of the month is a convenience and no restructuring."""
    only_moved = isinstance(event, e.Rescheduled) and not (
        event.grace_principal or event.grace_interest or event.extra_instalments or event.annual_rate is not None
    )
    return None if only_moved else delinquency.OF_EVENTS.get(codec.name_of(event))


def _again(loan: Loan, life: Sequence[Event], books: Books, known: Happened, make: Make) -> Recorded:
    """Ask anew what was asked then, of the books as they were then."""
    old = known.event
    then = replay(loan.agreed, [one for one in life if one.order < old.order], on=old.recorded)
    new = make(then, {"id": old.id, "on": old.on, "order": old.order, "recorded_on": old.recorded_on})
    if codec.name_of(new) != codec.name_of(old) or _meant(new) != _meant(old):
        raise KeyReused(old.id, "event", field="key")
    return _recorded(loan, books, old, repeated=True)


def _meant(event: Event) -> dict[str, object]:
    """What the caller asked for. A payment's kind follows from the day on which it came, so it is no part of the question."""
    asked = codec.write(event)
    return {name: value for name, value in asked.items() if name != "kind"}


def _require_open(loan: Loan, books: Books, event: Event) -> None:
    recovery = isinstance(event, e.Paid) and event.kind is e.PaymentKind.RECOVERY
    if books.status in ENDED and not isinstance(event, AFTER_THE_END) and not (recovery and books.status is Status.WRITTEN_OFF):
        raise LoanClosed(loan.id)


def _happen(db: Connection, clock: Clock, loan: Loan, books: tuple[Books, Books], what: Happened) -> Recorded:
    before, after = books
    changed = stand(loan, after, clock.today())
    store.add_events(db, loan, [what])
    transfers = postings.between(changed, tally.of_books(before), tally.of_books(after), what.event.id)
    ledger.post(db=db, clock=clock, transfers=transfers)
    keep(db, clock, changed, after)
    return _recorded(changed, after, what.event)


def stand(loan: Loan, books: Books, today: date) -> Loan:
    """The loan's row as the books have it."""
    out = [tranche.on for tranche in books.tranches if tranche.disbursed]
    ended = books.status in ENDED or (books.status is Status.OVERPAID and not books.outstanding.total)
    outstanding = Money(books.outstanding.principal if out else 0, loan.principal.currency)
    closed_on = (loan.closed_on or today) if ended else None
    if out and min(out) != loan.disbursed_on:
        loan = replace(loan, disbursed_on=min(out))
    return replace(loan, outstanding=outstanding, closed_on=closed_on, state=books.status.value, paid=tally.paid_in(tally.of_books(books)))


def keep(db: Connection, clock: Clock, loan: Loan, books: Books) -> None:
    """Write the loan's row and its instalments, and let it stand in the ageing bucket where it belongs."""
    states = states_of(loan, books)
    store.save(db, loan, states)
    delinquency.age(db=db, clock=clock, book=[owing_of(loan, states)])


def _recorded(loan: Loan, books: Books, event: Event, *, repeated: bool = False) -> Recorded:
    entry = entry_of(books, event.id)
    amount = Money(entry.amount if entry else 0, loan.principal.currency)
    return Recorded(loan, event.id, codec.name_of(event), amount, entry.parts if entry else Parts(), books, repeated)


def entry_of(books: Books, event_id: str) -> Entry | None:
    return next((entry for entry in books.entries if entry.event == event_id), None)


def _told(done: Recorded, what: Happened) -> events.Event:
    """To the platform's own log: the facts of the event, who recorded it and why."""
    data = {"what": done.kind, "key": done.event, "on": what.event.on, "by": what.by, "why": what.why, **codec.write(what.event)}
    return events.Event("servicing.happened", done.loan.id, data, done.loan.person_id, what.at)


def life_of(db: Connection, loan: Loan) -> Sequence[Event]:
    return [one.event for one in store.life(db, loan)]
