"""The end of a day over the book: close it, then remind, give notice, and report to the bureau only when all its conditions hold.

A reminder goes out between 8:00 and 22:00 local time alone. A negative report needs the borrower's own receipt, a notice before it, and a
grace period in which payment stops it (Credit Reporting Regulation 2013, art. 15; unverified).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import batch, consent, servicing
from xinqiao.kit import events
from xinqiao.kit.locks import hold
from xinqiao.kit.telemetry import logger
from xinqiao.servicing import View, contact, reporting
from xinqiao.vault import Purpose

from . import bureau
from .house import House, note

log = logger("collect")
PAGE = 500
CHANNEL = "page"


def end_of_day(house: House) -> dict[str, int]:
    """Close yesterday for the whole book, then do what today asks of those who are late or soon due; again, it does nothing more.

    Returns how many were aged, reminded, noticed, reported, cleared and told to the bureau.
    """
    on = house.clock.today()
    closed = batch.end_of_day(begin=house.begin, clock=house.clock, on=on - timedelta(days=1))
    done: Counter[str] = Counter(aged=closed.moved, reminded=0, noticed=0, reported=0, cleared=0)
    after: batch.Reminder | None = None
    while page := _page(house, on, after):
        done.update(_day(house, on, [one.loan_id for one in page]))
        after = page[-1]
    done.update(_clear(house))
    done.update(bureau.day(house))
    return dict(done)


def _page(house: House, on: date, after: batch.Reminder | None) -> list[batch.Reminder]:
    with house.begin() as db:
        return batch.reminders(db=db, on=on, after=after, limit=PAGE)


def _day(house: House, on: date, loans: list[UUID]) -> Counter[str]:
    done: Counter[str] = Counter()
    with house.begin() as db:
        hold(db, "end-of-day")
        for loan_id in loans:
            with _apart(db, loan_id):
                servicing.loans.close_loan_day(db=db, clock=house.clock, loan_id=loan_id)
                seen = servicing.view(db=db, clock=house.clock, loan_id=loan_id, on=on)
                done.update(Counter(reminded=int(remind(house, db, seen))) + report(house, db, seen))
    return done


def _clear(house: House) -> Counter[str]:
    """Tell the bureau of reported arrears that were paid since."""
    done: Counter[str] = Counter()
    with house.begin() as db:
        hold(db, "end-of-day")
        for loan_id in reporting.open_reports(db=db):
            with _apart(db, loan_id):
                done["cleared"] += int(reporting.clear(db=db, clock=house.clock, loan_id=loan_id) is not None)
    return done


@contextmanager
def _apart(db: Connection, loan_id: UUID) -> Iterator[None]:
    """One loan that fails does not hold up the others."""
    try:
        with db.begin_nested():
            yield
    except Exception as error:
        log.error("a loan's day failed", loan=str(loan_id), error=type(error).__name__, exc_info=error)


def remind(house: House, db: Connection, seen: View) -> bool:
    """At most one reminder a loan and a day: before a due date, on it, and while something is late; never in the quiet hours.

    The channel that ships is the borrower's own page; a text-message provider is an adapter to come.
    """
    why = _why_remind(seen)
    if why is None or not contact.may_contact(house.clock.now()):
        return False
    loan, on = seen.loan, seen.on.isoformat()
    if any(event.kind == "collect.reminded" and event.data["on"] == on for event in events.of(db, loan.id)):
        return False
    note(db, house.clock, "collect.reminded", loan.id, loan.person_id, why=why, on=on, channel=CHANNEL)
    return True


def _why_remind(seen: View) -> str | None:
    if seen.days_past_due:
        return "late"
    days = (seen.owed.next_due - seen.on).days if seen.owed.next_due else None
    if days is None:
        return None
    return "due_today" if days == 0 else "due_soon" if timedelta(days) in batch.REMIND_BEFORE else None


def report(house: House, db: Connection, seen: View) -> Counter[str]:
    """Notice of a coming report, and the report once its grace is over.

    Both only where the borrower agreed to reporting, and the notice only at hours when people may be contacted.
    """
    loan_id = seen.loan.id
    if not seen.days_past_due:
        return Counter()
    receipt = _receipt(house, db, seen.loan.person_id)
    if receipt is None:
        return Counter()
    try:
        reporting.report(db=db, clock=house.clock, loan_id=loan_id, consent=receipt)
        return Counter(reported=1)
    except servicing.errors.InGrace:
        return Counter()
    except servicing.errors.NoNotice:
        if not contact.may_contact(house.clock.now()):
            return Counter()
        reporting.notify(db=db, clock=house.clock, loan_id=loan_id, language="zh-CN", channel=CHANNEL)
        return Counter(noticed=1)


def _receipt(house: House, db: Connection, person: UUID) -> str | None:
    try:
        return str(consent.require(db=db, clock=house.clock, person=person, purpose=Purpose.BUREAU_REPORT).id)
    except consent.ConsentMissing:
        return None
