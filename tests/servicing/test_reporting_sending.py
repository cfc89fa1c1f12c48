"""Files for the bureau and its answers: nothing leaves without its consent, nothing is lost, nothing is told twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from xinqiao.kit import Database, FixedClock, Settings, canonical, events, new_id, sha256_hex
from xinqiao.servicing import reporting
from xinqiao.servicing.errors import AcknowledgementMalformed, BatchUnknown, RecordUnknown
from xinqiao.vault import Vault

from .telling import agree, borrower, late_loan, pay, reported, withdraw


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def person(db: Connection, vault: Vault, clock: FixedClock) -> UUID:
    return borrower(db, vault, clock)


@pytest.fixture
def record(db: Connection, vault: Vault, clock: FixedClock, person: UUID) -> reporting.Record:
    return reported(db, clock, late_loan(db, clock, person), agree(db, vault, clock, person))


def export(db: Connection, clock: FixedClock, **more) -> reporting.Batch:
    made = reporting.export_batch(db=db, clock=clock, **more)
    assert made is not None
    return made


def lines(batch: reporting.Batch) -> list[dict]:
    return [json.loads(line) for line in batch.data.splitlines()]


def test_a_file_has_a_header_its_records_and_a_trailer_that_seals_it(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    batch = export(db, clock)
    header, (line,), trailer = lines(batch)[0], lines(batch)[1:-1], lines(batch)[-1]
    assert (header["shape"], header["batch"], header["number"], header["records"]) == ("xinqiao.bureau.batch/1", str(batch.id), 1, 1)
    assert header["simulated"] is True
    assert trailer["sha256"] == sha256_hex(batch.data[: batch.data.rindex(b"\n", 0, -1) + 1])
    assert (trailer["records"], line["seq"], batch.sha256) == (1, 1, sha256_hex(batch.data))
    told = line["record"]
    assert (told["kind"], told["id"], told["consent"]["receipt"]) == ("negative", str(record.id), record.consent)
    assert told["arrears"] == {"since": "2026-04-02", "days_past_due": 13, "bucket": "M1", "overdue": str(record.overdue)}
    assert told["notice"]["id"] == str(record.notice_id)
    assert told["identity"] is None


def test_the_accepted_are_done_and_nothing_leaves_twice(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    bureau, batch = reporting.SimulatedBureau(clock), export(db, clock)
    assert reporting.export_batch(db=db, clock=clock) is None
    assert [one.id for one in reporting.unanswered(db=db)] == [record.id]
    answer = bureau.receive(batch.data)
    assert json.loads(answer)["simulated"] is True
    first = reporting.acknowledge(db=db, clock=clock, data=answer)
    assert (first.accepted, first.requeued, first.stuck, first.unknown) == (1, 0, 0, 0)
    again = reporting.acknowledge(db=db, clock=clock, data=answer)
    assert (again.accepted, again.unknown) == (0, 1)
    assert reporting.export_batch(db=db, clock=clock) is None
    assert reporting.unanswered(db=db) == []
    assert [(one.attempt, one.result) for one in reporting.outcomes(db=db, person_id=record.person_id, record_id=record.id)] == [
        (1, "accepted")
    ]


def test_the_rejected_wait_for_the_next_file_and_at_last_for_a_person(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    bureau = reporting.SimulatedBureau(clock, refuses=lambda told: "E01")
    for requeued, stuck in [(1, 0), (1, 0), (0, 1)]:
        done = reporting.acknowledge(db=db, clock=clock, data=bureau.receive(export(db, clock).data))
        assert (done.requeued, done.stuck) == (requeued, stuck)
    assert reporting.export_batch(db=db, clock=clock) is None
    assert [(one.id, one.attempts) for one in reporting.stuck(db=db)] == [(record.id, 3)]
    tried = reporting.outcomes(db=db, person_id=record.person_id, record_id=record.id)
    assert [(one.attempt, one.result, one.code) for one in tried] == [(n, "rejected", "E01") for n in (1, 2, 3)]


def test_a_person_releases_what_is_stuck_once(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    bureau = reporting.SimulatedBureau(clock, refuses=lambda told: "E01")
    for _ in range(3):
        reporting.acknowledge(db=db, clock=clock, data=bureau.receive(export(db, clock).data))
    reporting.release(db=db, clock=clock, record_id=record.id)
    with pytest.raises(RecordUnknown):
        reporting.release(db=db, clock=clock, record_id=record.id)
    bureau.refuses = lambda told: None
    done = reporting.acknowledge(db=db, clock=clock, data=bureau.receive(export(db, clock).data))
    assert done.accepted == 1


def test_consent_that_ended_between_the_record_and_the_file_keeps_it_in_the_house(
    db: Connection, clock: FixedClock, record: reporting.Record
) -> None:
    withdraw(db, clock, record.person_id)
    assert reporting.export_batch(db=db, clock=clock) is None
    assert reporting.export_batch(db=db, clock=clock) is None
    (held,) = reporting.outcomes(db=db, person_id=record.person_id, record_id=record.id)
    assert (held.result, held.code, held.batch_id) == ("withheld", "consent_ended", None)
    assert [event.data["why"] for event in events.of(db, record.loan_id) if event.kind == "servicing.bureau_withheld"] == ["consent_ended"]


def test_a_new_receipt_does_not_revive_a_record_made_under_the_old_one(
    db: Connection, vault: Vault, clock: FixedClock, record: reporting.Record
) -> None:
    withdraw(db, clock, record.person_id)
    clock.advance(timedelta(days=1))
    agree(db, vault, clock, record.person_id)
    assert reporting.export_batch(db=db, clock=clock) is None


def test_one_withheld_record_stops_no_other(db: Connection, vault: Vault, clock: FixedClock, record: reporting.Record) -> None:
    other = borrower(db, vault, clock)
    kept = reported(db, clock, late_loan(db, clock, other), agree(db, vault, clock, other))
    withdraw(db, clock, record.person_id)
    batch = export(db, clock)
    assert (batch.records, dict(batch.withheld)) == (1, {"consent_ended": 1})
    assert lines(batch)[1]["record"]["id"] == str(kept.id)


def test_what_sets_right_leaves_though_the_consent_has_ended(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    """Withdrawing must not freeze a bad record: that the arrears were paid is still told, by the receipt under which they were."""
    bureau = reporting.SimulatedBureau(clock)
    reporting.acknowledge(db=db, clock=clock, data=bureau.receive(export(db, clock).data))
    withdraw(db, clock, record.person_id)
    from xinqiao.servicing import loan

    pay(db, clock, loan(db=db, loan_id=record.loan_id))
    cleared = reporting.clear(db=db, clock=clock, loan_id=record.loan_id)
    assert cleared is not None
    told = lines(export(db, clock))[1]["record"]
    assert (told["kind"], told["refers_to"], told["consent"]["receipt"]) == ("cleared", str(record.id), record.consent)


def test_the_identity_is_added_only_to_the_file(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    identity = {"name": "张小明", "document_type": "resident_id", "document_number": "1101"}
    batch = export(db, clock, identify=lambda person: identity if person == record.person_id else None)
    assert lines(batch)[1]["record"]["identity"] == identity
    assert [told["identity"] for told in reporting.told_of(db=db, loan_id=record.loan_id)] == [None]


def test_whom_nobody_can_name_is_not_reported(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    assert reporting.export_batch(db=db, clock=clock, identify=lambda person: None) is None
    (held,) = reporting.outcomes(db=db, person_id=record.person_id, record_id=record.id)
    assert held.code == "no_identity"


def test_a_malformed_identity_keeps_the_record_in_the_house(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    assert reporting.export_batch(db=db, clock=clock, identify=lambda person: {"name": ""}) is None
    (held,) = reporting.outcomes(db=db, person_id=record.person_id, record_id=record.id)
    assert held.code == "malformed"


def test_a_lost_file_is_written_again_byte_for_byte(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    batch = export(db, clock)
    clock.advance(timedelta(days=2))
    assert reporting.export_again(db=db, batch_id=batch.id) == batch.data
    with pytest.raises(BatchUnknown):
        reporting.export_again(db=db, batch_id=new_id())


def test_files_are_numbered_and_bounded(db: Connection, vault: Vault, clock: FixedClock) -> None:
    for _ in range(3):
        person = borrower(db, vault, clock)
        reported(db, clock, late_loan(db, clock, person), agree(db, vault, clock, person))
    made = [export(db, clock, limit=2), export(db, clock, limit=2)]
    assert [(one.number, one.records) for one in made] == [(1, 2), (2, 1)]


def test_answers_to_no_file_and_broken_answers_are_refused(db: Connection, clock: FixedClock, record: reporting.Record) -> None:
    answer = json.loads(reporting.SimulatedBureau(clock).receive(export(db, clock).data))
    with pytest.raises(BatchUnknown):
        reporting.acknowledge(db=db, clock=clock, data=canonical({**answer, "batch": str(new_id())}))
    with pytest.raises(AcknowledgementMalformed, match="accepted"):
        reporting.acknowledge(db=db, clock=clock, data=canonical({**answer, "accepted": "all"}))


def test_writers_side_by_side_share_the_queue_and_repeat_nothing(database: Database, vault: Vault, clock: FixedClock) -> None:
    tenant = f"t{new_id().hex}"
    with database.begin(tenant=tenant) as db:
        for _ in range(6):
            person = borrower(db, vault, clock)
            reported(db, clock, late_loan(db, clock, person), agree(db, vault, clock, person))

    def write(_: int) -> reporting.Batch | None:
        with database.begin(tenant=tenant) as db:
            return reporting.export_batch(db=db, clock=clock, limit=2)

    with ThreadPoolExecutor(4) as pool:
        made = [one for one in pool.map(write, range(4)) if one is not None]
    assert sorted(one.number for one in made) == [1, 2, 3]
    ids = [line["record"]["id"] for one in made for line in lines(one)[1:-1]]
    assert len(ids) == len(set(ids)) == 6


@tries(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_whatever_the_bureau_rejects_every_record_is_done_or_waits_for_a_person(
    database: Database, vault: Vault, clock: FixedClock, rejections: list[int]
) -> None:
    """Record k is rejected so many times; three are too many."""
    with database.engine.connect() as db, db.begin() as transaction:
        db.execute(text("SELECT set_config('xinqiao.tenant', :tenant, true)"), {"tenant": f"t{new_id().hex}"})
        left = {}
        for times in rejections:
            person = borrower(db, vault, clock)
            left[str(reported(db, clock, late_loan(db, clock, person), agree(db, vault, clock, person)).id)] = times
        stuck = {one for one, times in left.items() if times == 3}
        bureau = reporting.SimulatedBureau(clock, refuses=lambda told: _once_less(left, told["id"]))
        while (batch := reporting.export_batch(db=db, clock=clock, limit=2)) is not None:
            reporting.acknowledge(db=db, clock=clock, data=bureau.receive(batch.data))
        assert {str(one.id) for one in reporting.stuck(db=db)} == stuck
        assert set(bureau.holds) == set(left) - stuck
        assert reporting.unanswered(db=db) == []
        transaction.rollback()


def _once_less(left: dict[str, int], record: str) -> str | None:
    left[record] -= 1
    return "E01" if left[record] >= 0 else None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-40],
        lambda data: data.replace(b'"days_past_due":13', b'"days_past_due":14'),
        lambda data: b"".join(data.splitlines(keepends=True)[::2]),
        lambda data: b"",
    ],
)
def test_a_damaged_file_is_answered_by_nobody(db: Connection, clock: FixedClock, record: reporting.Record, damage) -> None:
    with pytest.raises(ValueError, match=r"file|header|Expecting|record|Unterminated"):
        reporting.SimulatedBureau(clock).receive(damage(export(db, clock).data))
