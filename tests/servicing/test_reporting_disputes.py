"""Disputes: annotated at once, answered within twenty days, set right; and what is old enough is deleted."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock, Settings, events, new_id
from xinqiao.servicing import loan as loan_of
from xinqiao.servicing import reporting
from xinqiao.servicing.errors import DisputeAnswered, DisputeUnknown, RecordMalformed, RecordUnknown, RecordWithdrawn
from xinqiao.servicing.reporting import Finding, Ground
from xinqiao.vault import Vault

from .telling import agree, borrower, late_loan, pay, reported


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def person(db: Connection, vault: Vault, clock: FixedClock) -> UUID:
    return borrower(db, vault, clock)


@pytest.fixture
def record(db: Connection, vault: Vault, clock: FixedClock, person: UUID) -> reporting.Record:
    return reported(db, clock, late_loan(db, clock, person), agree(db, vault, clock, person))


def disputed(db: Connection, clock: FixedClock, record: reporting.Record, ground: Ground = Ground.WRONG_AMOUNT) -> reporting.Dispute:
    return reporting.open_dispute(db=db, clock=clock, person_id=record.person_id, record_id=record.id, ground=ground)


def answered(db: Connection, clock: FixedClock, dispute: reporting.Dispute, finding: Finding, now=None) -> reporting.Dispute:
    return reporting.answer_dispute(db=db, clock=clock, dispute_id=dispute.id, finding=finding, by="operator-1", now=now)


def kinds(db: Connection, record: reporting.Record) -> list[str]:
    return [body["kind"] for body in reporting.told_of(db=db, loan_id=record.loan_id)]


def test_a_dispute_has_twenty_days_and_annotates_the_record_at_once(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    made = disputed(db, clock, record)
    assert made.answer_by == clock.today() + timedelta(days=20)
    assert reporting.disputes(db=db, loan_id=record.loan_id) == [made]
    told = reporting.told_of(db=db, loan_id=record.loan_id)[-1]
    assert (told["kind"], told["state"], told["refers_to"], told["answer_by"]) == (
        "annotation",
        "in_dispute",
        str(record.id),
        made.answer_by.isoformat(),
    )


def test_the_same_objection_again_is_the_same_dispute(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    assert disputed(db, clock, record) == disputed(db, clock, record, Ground.NOT_MINE)


def test_deadlines_are_seen_and_those_that_passed_are_listed(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    made = disputed(db, clock, record)
    clock.advance(timedelta(days=20))
    assert reporting.open_disputes(db=db) == [made]
    assert reporting.overdue_disputes(db=db, clock=clock) == []
    assert not made.is_overdue(clock.today())
    clock.advance(timedelta(days=1))
    assert reporting.overdue_disputes(db=db, clock=clock) == [made]
    assert made.is_overdue(clock.today())
    late = answered(db, clock, made, Finding.STANDS)
    assert reporting.overdue_disputes(db=db, clock=clock) == reporting.open_disputes(db=db) == []
    assert late.answer is not None
    assert [e.data["in_time"] for e in events.of(db, record.loan_id) if e.kind == "servicing.dispute_answered"] == [False]


def test_a_record_that_stands_loses_its_annotation(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    answered(db, clock, disputed(db, clock, record), Finding.STANDS)
    assert kinds(db, record) == ["negative", "annotation", "annotation"]
    assert reporting.told_of(db=db, loan_id=record.loan_id)[-1]["state"] == "answered"


def test_a_wrong_record_is_corrected(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    now = reporting.arrears(date(2026, 4, 5), 10, "M1", CNY(500_00))
    answered(db, clock, disputed(db, clock, record), Finding.CORRECTED, now)
    assert kinds(db, record) == ["negative", "annotation", "correction", "annotation"]
    corrected = reporting.told_of(db=db, loan_id=record.loan_id)[2]
    assert corrected["now"] == {"since": "2026-04-05", "days_past_due": 10, "bucket": "M1", "overdue": "500.00"}
    assert corrected["refers_to"] == str(record.id)


def test_a_correction_without_what_is_right_is_refused_and_changes_nothing(
    db: Connection, clock: FixedClock, record: reporting.Record
) -> None:
    made = disputed(db, clock, record)
    with pytest.raises(RecordMalformed, match="now"):
        answered(db, clock, made, Finding.CORRECTED, {"days_past_due": -1})
    assert reporting.open_disputes(db=db) == [made]
    assert kinds(db, record) == ["negative", "annotation"]


def test_a_record_that_does_not_stand_is_deleted_and_its_arrears_never_told_again(
    db: Connection, clock: FixedClock, record: reporting.Record
) -> None:
    answered(db, clock, disputed(db, clock, record, Ground.NO_NOTICE), Finding.DELETED)
    assert kinds(db, record) == ["negative", "annotation", "deletion", "annotation"]
    clock.advance(timedelta(days=40))
    with pytest.raises(RecordWithdrawn, match="2026-04-02"):
        reporting.report(db=db, clock=clock, loan_id=record.loan_id, consent=record.consent)
    pay(db, clock, loan_of(db=db, loan_id=record.loan_id))
    assert reporting.clear(db=db, clock=clock, loan_id=record.loan_id) is None


def test_a_further_report_while_a_dispute_runs_says_so(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    disputed(db, clock, record)
    clock.advance(timedelta(days=20))
    later = reporting.report(db=db, clock=clock, loan_id=record.loan_id, consent=record.consent)
    assert later.bucket == "M2"
    told = reporting.told_of(db=db, loan_id=record.loan_id)
    assert [body["in_dispute"] for body in told if body["kind"] == "negative"] == [False, True]


def test_an_answer_is_given_once(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    made = answered(db, clock, disputed(db, clock, record), Finding.STANDS)
    with pytest.raises(DisputeAnswered, match="stands"):
        answered(db, clock, made, Finding.DELETED)
    with pytest.raises(DisputeUnknown):
        reporting.answer_dispute(db=db, clock=clock, dispute_id=new_id(), finding=Finding.STANDS, by="x")


def test_after_an_answer_a_new_dispute_may_be_opened(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    first = answered(db, clock, disputed(db, clock, record), Finding.STANDS)
    clock.advance(timedelta(days=1))
    assert disputed(db, clock, record).id != first.id


def test_nobody_disputes_another_s_record(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    with pytest.raises(RecordUnknown):
        reporting.open_dispute(db=db, clock=clock, person_id=new_id(), record_id=record.id, ground=Ground.OTHER)


def test_the_bureau_takes_the_whole_story_in_its_order(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    bureau = reporting.SimulatedBureau(clock)
    answered(db, clock, disputed(db, clock, record), Finding.DELETED)
    batch = reporting.export_batch(db=db, clock=clock)
    assert batch is not None
    done = reporting.acknowledge(db=db, clock=clock, data=bureau.receive(batch.data))
    assert (done.accepted, done.requeued) == (3, 1)
    assert str(record.id) not in bureau.holds


def test_five_years_after_the_arrears_ended_the_record_is_deleted(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    assert reporting.expire(db=db, clock=clock) == []
    clock.advance(timedelta(days=365 * 6))
    assert reporting.expire(db=db, clock=clock) == []
    clock.advance(-timedelta(days=365 * 6))
    pay(db, clock, loan_of(db=db, loan_id=record.loan_id))
    reporting.clear(db=db, clock=clock, loan_id=record.loan_id)
    ended = clock.today()
    clock.advance(date(ended.year + 5, ended.month, ended.day) - ended - timedelta(days=1))
    assert reporting.expire(db=db, clock=clock) == []
    clock.advance(timedelta(days=1))
    assert reporting.expire(db=db, clock=clock) == [record.id]
    assert reporting.expire(db=db, clock=clock) == []
    told = reporting.told_of(db=db, loan_id=record.loan_id)[-1]
    assert (told["kind"], told["why"], told["refers_to"]) == ("deletion", "expired", str(record.id))
