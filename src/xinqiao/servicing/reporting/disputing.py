"""Objections to what was told: annotated at once, answered within the rule's days, set right with the bureau. The caller owns the transaction.

Credit Reporting Regulation art. 25: whoever provided the information checks it and answers within twenty days (from memory, unverified).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id

from .. import loans
from ..errors import DisputeAnswered, DisputeUnknown, RecordUnknown
from ..rules import BUREAU
from . import making, store
from .model import SHAPE, Answer, Dispute, Finding, Ground, Record
from .shape import check
from .store import disputes as kept
from .store import outbox


def open_dispute(*, db: Connection, clock: Clock, person_id: UUID, record_id: UUID, ground: Ground, raised_by: str = "person") -> Dispute:
    """Take an objection, by the person or found by us, and annotate the record with the bureau; a second while one is open returns the first.

    Raises RecordUnknown when the record is not this person's.
    """
    told = told_record(db, person_id, record_id)
    running = [one for one in kept.of_record(db, record_id) if one.answer is None]
    if running:
        return running[0]
    today = clock.today()
    made = Dispute(
        id=new_id(),
        person_id=person_id,
        loan_id=UUID(told["account"]["id"]),
        record_id=record_id,
        ground=Ground(ground).value,
        raised_by=raised_by,
        opened_on=today,
        answer_by=today + timedelta(days=BUREAU.dispute_days),
        rules_version=BUREAU.version,
        at=clock.now(),
    )
    kept.add(db, made)
    _queue(db, made, f"annotation/{made.id}/open", making.annotation(told, made, "in_dispute", clock.now()), clock)
    data = {"dispute": made.id, "record": record_id, "ground": made.ground, "raised_by": raised_by, "answer_by": made.answer_by}
    events.append(db, [events.Event("servicing.dispute_opened", made.loan_id, data, person_id, made.at)])
    return made


def answer_dispute(
    *, db: Connection, clock: Clock, dispute_id: UUID, finding: Finding, by: str, now: Mapping[str, Any] | None = None
) -> Dispute:
    """Answer it, set the record right with the bureau, and take the annotation back.

    `now` is what the record should have said (`making.arrears`, or a month), for a correction alone; "deleted" takes the record back whole.
    Raises DisputeUnknown, DisputeAnswered, RecordMalformed.
    """
    made, finding = _unanswered(db, dispute_id), Finding(finding)
    told = told_record(db, made.person_id, made.record_id)
    given = Answer(finding.value, clock.today(), by)
    if finding is Finding.CORRECTED:
        _queue(db, made, f"correction/{made.id}", making.correction(told, made, now or {}, clock.now()), clock)
    elif finding is Finding.DELETED:
        _queue(db, made, f"deletion/{made.record_id}", making.deletion(told, made.record_id, "disputed", clock.now()), clock)
        _take_back(db, made, clock)
    _queue(db, made, f"annotation/{made.id}/answered", making.annotation(told, made, "answered", clock.now()), clock)
    kept.answer(db, made, given, clock.now())
    data = {"dispute": made.id, "record": made.record_id, "finding": finding, "by": by, "in_time": not made.is_overdue(given.on)}
    events.append(db, [events.Event("servicing.dispute_answered", made.loan_id, data, made.person_id, clock.now())])
    return replace(made, answer=given)


def disputes(*, db: Connection, loan_id: UUID) -> list[Dispute]:
    """All disputes about a loan's records, oldest first, with their deadlines and answers."""
    return kept.of_loan(db, loan_id)


def open_disputes(*, db: Connection, limit: int = 100) -> list[Dispute]:
    """Those that wait for an answer, the nearest deadline first."""
    return kept.unanswered(db, until=None, limit=limit)


def overdue_disputes(*, db: Connection, clock: Clock, limit: int = 100) -> list[Dispute]:
    """Those whose last day has passed without an answer."""
    return kept.unanswered(db, until=clock.today(), limit=limit)


def _unanswered(db: Connection, dispute_id: UUID) -> Dispute:
    found = kept.get(db, dispute_id)
    if found is None:
        raise DisputeUnknown(dispute_id)
    if found.answer is not None:
        raise DisputeAnswered(dispute_id, found.answer.on, found.answer.finding)
    return found


def told_record(db: Connection, person: UUID, record_id: UUID) -> Mapping[str, Any]:
    """The record as it left; one that was made before records left in this shape is put into it."""
    body = outbox.body_of(db, record_id)
    if body is None:
        record = store.record_of(db, record_id)
        body = making.of_record(loans.get_loan(db=db, loan_id=record.loan_id), record) if record else None
    if body is None or body["person"] != str(person):
        raise RecordUnknown(record_id)
    return body


def _take_back(db: Connection, made: Dispute, clock: Clock) -> None:
    """A negative record that does not stand ends its arrears with us too: nothing is left to clear, and they are not told again."""
    record = store.record_of(db, made.record_id)
    if record is not None and record.kind == "negative":
        store.add_record(db, ended(record, "deleted", clock))


def ended(record: Record, kind: str, clock: Clock) -> Record:
    return replace(record, id=new_id(), kind=kind, at=clock.now(), shape=SHAPE)


def _queue(db: Connection, made: Dispute, what: str, body: Mapping[str, Any], clock: Clock) -> None:
    check(body)
    outbox.put(db, what, body, loan=made.loan_id, period=None, at=clock.now())
