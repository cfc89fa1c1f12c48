"""Telling the borrower first, then the bureau. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events, new_id

from .. import loans
from ..errors import InGrace, NoNotice, NotInArrears, PaidInGrace, RecordWithdrawn
from . import making, permission, store
from .model import SHAPE, Notice, Record, notice_text
from .shape import check
from .store import disputes, outbox


def notify(*, db: Connection, clock: Clock, loan_id: UUID, language: str, channel: str) -> Notice:
    """Record that the borrower is told of a coming report, and until when payment stops it; a repeat returns the notice that runs.

    The caller sends `Notice.text` by the channel, within contact hours. Raises LoanNotFound, NotInArrears, LanguageUnknown.
    """
    seen = _in_arrears(db, clock, loan_id)
    since = arrears_since(seen)
    known = store.notice(db, seen.loan, since)
    if known is not None and not known.met_by(_payments(db, loan_id)):
        return known
    until = clock.today() + timedelta(days=seen.loan.terms.report_grace_days)
    text = notice_text(language=language, loan_id=loan_id, since=since, overdue=seen.owed.overdue, until=until)
    number = known.number + 1 if known else 1
    given = Notice(new_id(), loan_id, seen.loan.person_id, since, seen.owed.overdue, language, text, channel, clock.now(), until, number)
    if not store.add_notice(db, given):
        return store.notice(db, seen.loan, since) or given
    data = {"notice": given.id, "arrears_since": since, "text_sha256": given.text_sha256, "channel": channel, "grace_until": until}
    events.append(db, [events.Event("servicing.report_notified", loan_id, data, given.person_id, given.at)])
    return given


def report(*, db: Connection, clock: Clock, loan_id: UUID, consent: str | None) -> Record:
    """Make the negative record and queue it for the bureau; the same arrears in the same bucket are recorded once.

    `consent` names the person's receipt for credit-bureau reporting. It must be in force now, and is asked for again when the file is written.
    Raises NoConsent, LoanNotFound, NotInArrears (also when the arrears were paid in the grace period), NoNotice, PaidInGrace, InGrace,
    RecordWithdrawn.
    """
    seen = _in_arrears(db, clock, loan_id)
    receipt = permission.of(db, clock, seen.loan.person_id, consent)
    since = arrears_since(seen)
    if store.withdrawn(db, seen.loan, since):
        raise RecordWithdrawn(since)
    notice = told(db, clock, seen)
    made = Record(
        id=new_id(),
        loan_id=loan_id,
        person_id=seen.loan.person_id,
        kind="negative",
        arrears_since=since,
        days_past_due=seen.days_past_due,
        bucket=seen.bucket or "",
        overdue=seen.owed.overdue,
        consent=receipt,
        notice_id=notice.id,
        at=clock.now(),
    )
    return _record(db, made, making.negative(seen.loan, made, notice, in_dispute=_in_dispute(db, loan_id)))


def clear(*, db: Connection, clock: Clock, loan_id: UUID) -> Record | None:
    """Once arrears that were reported have been paid, record that; None when there is nothing to correct."""
    seen = loans.view(db=db, clock=clock, loan_id=loan_id)
    open_since = store.reported_and_open(db, seen.loan)
    if open_since is None or (seen.days_past_due and arrears_since(seen) == open_since.arrears_since):
        return None
    zero = seen.owed.overdue - seen.owed.overdue
    made = replace(open_since, id=new_id(), kind="cleared", days_past_due=0, bucket="", overdue=zero, at=clock.now(), shape=SHAPE)
    return _record(db, made, making.cleared(seen.loan, made, open_since.id))


def open_reports(*, db: Connection, limit: int = 10_000) -> list[UUID]:
    """Loans reported for arrears that no later record has ended: those to `clear` once they are paid."""
    return store.open_reports(db, limit=limit)


def records(*, db: Connection, loan_id: UUID) -> list[Record]:
    """All records made of a loan, oldest first."""
    return store.records(db, loan_id)


def told(db: Connection, clock: Clock, seen: loans.View) -> Notice:
    """The notice that stands for a loan's arrears, its grace over and unmet. Raises NoNotice, PaidInGrace, InGrace."""
    since = arrears_since(seen)
    notice = store.notice(db, seen.loan, since)
    if notice is None:
        raise NoNotice(since)
    if notice.met_by(_payments(db, seen.loan.id)):
        raise PaidInGrace(notice.overdue)
    if clock.today() <= notice.grace_until:
        raise InGrace(notice.grace_until)
    return notice


def arrears_since(seen: loans.View) -> date:
    """The oldest due date that is still unpaid."""
    return seen.on - timedelta(days=seen.days_past_due)


def _record(db: Connection, made: Record, body: Mapping[str, Any]) -> Record:
    if not store.add_record(db, made):
        return store.same_record(db, made)
    check(body)
    outbox.put(db, f"{made.kind}/{made.id}", body, loan=made.loan_id, period=None, at=made.at)
    data = {
        "record": made.id,
        "kind": made.kind,
        "bucket": made.bucket,
        "consent": made.consent,
        "notice": made.notice_id,
        "shape": made.shape,
    }
    events.append(db, [events.Event("servicing.bureau_recorded", made.loan_id, data, made.person_id, made.at)])
    return made


def _in_dispute(db: Connection, loan_id: UUID) -> bool:
    return any(one.answer is None for one in disputes.of_loan(db, loan_id))


def _payments(db: Connection, loan_id: UUID) -> list[tuple[datetime, Money]]:
    return [(paid.at, paid.amount) for paid in loans.repayments(db=db, loan_id=loan_id)]


def _in_arrears(db: Connection, clock: Clock, loan_id: UUID) -> loans.View:
    seen = loans.view(db=db, clock=clock, loan_id=loan_id)
    if not seen.days_past_due:
        raise NotInArrears(loan_id)
    return seen
