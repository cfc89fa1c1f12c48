"""The end of a day over the book: age the loans, remind, give notice, and report to the bureau only when all its conditions hold.

A reminder goes out between 8:00 and 22:00 local time alone. A negative report needs the borrower's own receipt, a notice before it, and a
grace period in which payment stops it (Credit Reporting Regulation 2013, art. 15; unverified).
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, servicing
from xinqiao.kit import events
from xinqiao.kit.locks import hold
from xinqiao.kit.telemetry import logger
from xinqiao.servicing import View, contact, delinquency, reporting
from xinqiao.vault import Purpose

from .house import House, note

log = logger("collect")
PAGE = 500
REMIND_BEFORE_DAYS = 3
CHANNEL = "page"


def end_of_day(house: House) -> dict[str, int]:
    """Everything this day asks for; doing it again does nothing more. Returns how many were aged, reminded, noticed and reported."""
    done: Counter[str] = Counter(aged=0, reminded=0, noticed=0, reported=0, cleared=0)
    after: UUID | None = None
    while True:
        with house.begin() as db:
            hold(db, "end-of-day")
            loans = servicing.active_loans(db=db, after=after, limit=PAGE)
            if not loans:
                return dict(done)
            done.update(_day(house, db, loans))
        after = loans[-1]


def _day(house: House, db: Connection, loans: list[UUID]) -> Counter[str]:
    on = house.clock.today()
    aged = delinquency.age(db=db, clock=house.clock, book=servicing.owing(db=db, loan_ids=loans, on=on), on=on)
    done = Counter(aged=aged)
    for loan_id in loans:
        try:
            with db.begin_nested():
                seen = servicing.view(db=db, clock=house.clock, loan_id=loan_id, on=on)
                done.update(Counter(reminded=int(remind(house, db, seen))) + report(house, db, seen))
        except Exception as error:
            log.error("a loan's day failed", loan=str(loan_id), error=type(error).__name__, exc_info=error)
    return done


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
    return None if days is None else {0: "due_today", REMIND_BEFORE_DAYS: "due_soon"}.get(days)


def report(house: House, db: Connection, seen: View) -> Counter[str]:
    """Notice of a coming report, the report once its grace is over, and its correction once the arrears are paid.

    All of it only where the borrower agreed to reporting, and the notice only at hours when people may be contacted.
    """
    loan_id = seen.loan.id
    if not seen.days_past_due:
        return Counter(cleared=int(reporting.clear(db=db, clock=house.clock, loan_id=loan_id) is not None))
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
