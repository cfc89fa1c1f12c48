"""Ageing a book, judging its loans, and telling where they rolled. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events

from ..errors import SnapshotMissing
from ..rules import GRADES_2023, GradeRules
from . import rolls, store
from .grades import Flag, Grade, Judgement, classify
from .model import MONTHLY, Buckets, Owing, days_past_due
from .store import GradeMove, Known


def age(
    *,
    db: Connection,
    clock: Clock,
    book: Sequence[Owing],
    on: date | None = None,
    buckets: Buckets = MONTHLY,
    rules: GradeRules = GRADES_2023,
) -> int:
    """Move every loan of `book` into its bucket and its category as of `on` (by default the clock's day); return how many changed bucket.

    Ageing the same day twice moves nothing. The caller owns the transaction.
    """
    day, now = on or clock.today(), clock.now()
    loans = list({owing.loan_id: owing for owing in book}.values())
    known = store.known(db, [owing.loan_id for owing in loans], day)
    late = {owing.loan_id: days_past_due(owing.unpaid, on=day) for owing in loans}
    found = [(owing, known[owing.loan_id].bucket, buckets.of(late[owing.loan_id])) for owing in loans]
    moved = [(owing, was, bucket) for owing, was, bucket in found if was != bucket]
    store.move(db, moved, since=day, at=now)
    judged = {owing.loan_id: _judge(owing, known[owing.loan_id], late[owing.loan_id], day, rules) for owing in loans}
    _regrade(db, [(owing.person_id, owing.loan_id, known[owing.loan_id], judged[owing.loan_id]) for owing in loans], day, now)
    events.append(db, [_aged(owing, was, bucket, judged[owing.loan_id], now) for owing, was, bucket in moved])
    events.append(db, _regraded(loans, known, judged, {owing.loan_id for owing, _, _ in moved}, now))
    return len(moved)


def standing(*, db: Connection, loans: Sequence[UUID]) -> dict[UUID, str | None]:
    """The bucket each loan stands in; a loan that never was late is absent."""
    return store.buckets_of(db, loans)


def grades(*, db: Connection, loans: Sequence[UUID], on: date | None = None) -> dict[UUID, Grade]:
    """The category of each loan, now or on a past day; one that was never anything but normal is absent."""
    return store.grades_of(db, loans) if on is None else store.grades_on(db, loans, on)


def grade_history(*, db: Connection, loan_id: UUID) -> list[GradeMove]:
    """Every change of a loan's category or of its reason, oldest first, with rule, clause and version."""
    return store.grade_moves(db, loan_id)


def flags(*, db: Connection, loans: Sequence[UUID], on: date) -> dict[UUID, Flag]:
    """The events that stand for each loan on a day."""
    return {loan: known.flags for loan, known in store.known(db, loans, on).items()}


def explain(*, db: Connection, loan_id: UUID, rules: GradeRules = GRADES_2023) -> Judgement:
    """The category a loan stands in, and by which clause."""
    moves = store.grade_moves(db, loan_id)
    return moves[-1].judged if moves else Judgement(Grade.NORMAL, "none", "", rules.version)


def mark(
    *,
    db: Connection,
    clock: Clock,
    loan_id: UUID,
    person_id: UUID,
    flag: Flag,
    days_past_due: int = 0,
    until: date | None = None,
    rules: GradeRules = GRADES_2023,
) -> Judgement:
    """Record what happened to a loan, from today on, and judge it anew; a repeat changes nothing.

    A restructured loan is watched for the rules' time; restructured again within it, it is marked so too.
    """
    day, before = clock.today(), store.known(db, [loan_id], clock.today())[loan_id]
    for one in _added(flag, before.flags):
        watched = one in Flag.RESTRUCTURED | Flag.RESTRUCTURED_AGAIN
        end = until or (day + timedelta(days=rules.observation_days) if watched else None)
        store.add_mark(db, person_id, loan_id, one, day=day, until=end, lifted=False, at=clock.now())
        data = {"flag": one.word, "until": end}
        events.append(db, [events.Event("servicing.marked", loan_id, data, person_id, clock.now())])
    return _judge_marked(db, clock, loan_id, person_id, days_past_due, rules)


def lift(
    *,
    db: Connection,
    clock: Clock,
    loan_id: UUID,
    person_id: UUID,
    flag: Flag,
    days_past_due: int = 0,
    rules: GradeRules = GRADES_2023,
) -> Judgement:
    """Record that an event no longer stands (found to be wrong, or over), and judge the loan anew."""
    before = store.known(db, [loan_id], clock.today())[loan_id]
    for one in flag & before.flags:
        store.add_mark(db, person_id, loan_id, one, day=clock.today(), until=None, lifted=True, at=clock.now())
        events.append(db, [events.Event("servicing.mark_lifted", loan_id, {"flag": one.word}, person_id, clock.now())])
    return _judge_marked(db, clock, loan_id, person_id, days_past_due, rules)


def take_snapshot(*, db: Connection, clock: Clock) -> int:
    """Keep what every loan's bucket, category and balance is at the end of today; a second call of the day keeps nothing new."""
    return store.take_snapshot(db, clock.today())


def snapshot_days(*, db: Connection) -> list[date]:
    return store.snapshot_days(db)


def roll_rates(*, db: Connection, start: date, end: date, currency: str = "CNY") -> rolls.RollMatrix:
    """Where the loans of each bucket went between two kept days, by count and by balance. Raises SnapshotMissing."""
    kept = store.snapshot_days(db)
    for day in (start, end):
        if day not in kept:
            raise SnapshotMissing(day, ", ".join(map(str, kept)) or "none")
    return rolls.from_cells(store.rolls(db, start, end, currency))


def roll_rates_by_moves(*, db: Connection, start: date, end: date, currency: str = "CNY") -> rolls.RollMatrix:
    """The same from the moves between any two days; "balance" is then the principal lent, for what was owed on a past day is not kept."""
    return rolls.from_cells(store.rolls_by_moves(db, start, end, currency))


def _added(flag: Flag, active: Flag) -> list[Flag]:
    if Flag.RESTRUCTURED in flag & active:
        flag |= Flag.RESTRUCTURED_AGAIN
    return list(flag & ~active)


def _judge(owing: Owing, known: Known, days: int, day: date, rules: GradeRules) -> Judgement:
    clean = (day - known.since).days if known.bucket is None and known.since is not None and not days else 0
    return classify(days, known.flags, was=known.grade, clean_days=clean, period_days=owing.period_days, rules=rules)


def _judge_marked(db: Connection, clock: Clock, loan: UUID, person: UUID, days: int, rules: GradeRules) -> Judgement:
    known = store.known(db, [loan], clock.today())[loan]
    judged = _judge(Owing(loan, person, ()), known, days, clock.today(), rules)
    _regrade(db, [(person, loan, known, judged)], clock.today(), clock.now())
    if judged.grade is not known.grade:
        events.append(db, [_graded(loan, person, known.grade, judged, clock.now())])
    return judged


def _regrade(db: Connection, found: Sequence[tuple[UUID, UUID, Known, Judgement]], day: date, now: datetime) -> None:
    """Keep what changed, be it only the reason."""
    changed = [(person, loan, known.grade, new) for person, loan, known, new in found if (new.grade, new.rule) != (known.grade, known.rule)]
    store.regrade(db, changed, day=day, at=now)


def _aged(owing: Owing, was: str | None, bucket: str | None, judged: Judgement, at: datetime) -> events.Event:
    data = {"from": was, "to": bucket, "grade": judged.grade.word, "rule": judged.rule}
    return events.Event("servicing.aged", owing.loan_id, data, owing.person_id, at)


def _regraded(
    loans: Sequence[Owing], known: dict[UUID, Known], judged: dict[UUID, Judgement], told: set[UUID], at: datetime
) -> list[events.Event]:
    """Changes of category of which no change of bucket tells already."""
    changed = [one for one in loans if one.loan_id not in told and judged[one.loan_id].grade is not known[one.loan_id].grade]
    return [_graded(one.loan_id, one.person_id, known[one.loan_id].grade, judged[one.loan_id], at) for one in changed]


def _graded(loan: UUID, person: UUID, was: Grade, judged: Judgement, at: datetime) -> events.Event:
    data = {"from": was.word, "to": judged.grade.word, "rule": judged.rule, "clause": judged.clause, "rules": judged.version}
    return events.Event("servicing.graded", loan, data, person, at)
