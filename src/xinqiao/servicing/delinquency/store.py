"""The bucket and the category each loan stands in and since when, every move between them, and what the book looked like on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    text,
)

from xinqiao.kit import new_id, tables
from xinqiao.kit.database import tenant

from .grades import NO_FLAG, Flag, Grade, Judgement, flags_of
from .model import Owing

standing = Table(
    "loan_standing",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("bucket", Text),
    Column("since", Date, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id"),
    Index("ix_loan_standing_loan", "tenant", "loan_id"),
    Index("ix_loan_standing_bucket", "tenant", "bucket"),
)

move_made = Table(
    "loan_standing_move",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("was", Text),
    Column("became", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id"),
    info={"append_only": True},
)

grade = Table(
    "loan_grade",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("grade", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("since", Date, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id"),
    Index("ix_loan_grade_loan", "tenant", "loan_id"),
    Index("ix_loan_grade_grade", "tenant", "grade"),
)

grade_move = Table(
    "loan_grade_move",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("days_past_due", Integer, nullable=False),
    Column("clean_days", Integer, nullable=False),
    Column("cure_days", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id"),
    Index("ix_loan_grade_move_loan", "tenant", "loan_id"),
    info={"append_only": True},
)

mark = Table(
    "loan_mark",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("flag", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("until", Date),
    Column("lifted", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "id"),
    Index("ix_loan_mark_loan", "tenant", "loan_id"),
    info={"append_only": True},
)

snapshot = Table(
    "loan_snapshot",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "day", "person_id", "loan_id"),
    postgresql_partition_by="RANGE (day)",
    info={"monthly": "day", "append_only": True},
)

MOVE = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:person AS uuid[]), CAST(:loan AS uuid[]), CAST(:id AS uuid[]), CAST(:was AS text[]), CAST(:became AS text[]))
        AS g(person_id, loan_id, id, was, became)
), past AS (
    INSERT INTO loan_standing_move (person_id, loan_id, id, day, was, became, at)
    SELECT person_id, loan_id, id, :day, was, became, :at FROM given
)
INSERT INTO loan_standing (person_id, loan_id, bucket, since) SELECT person_id, loan_id, became, :day FROM given ORDER BY person_id, loan_id
ON CONFLICT (tenant, person_id, loan_id) DO UPDATE SET bucket = excluded.bucket, since = excluded.since
""")

GRADE = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:person AS uuid[]), CAST(:loan AS uuid[]), CAST(:id AS uuid[]), CAST(:was AS text[]), CAST(:became AS text[]),
                         CAST(:rule AS text[]), CAST(:clause AS text[]), CAST(:version AS text[]), CAST(:days AS int[]), CAST(:clean AS int[]),
                         CAST(:cure AS int[]))
        AS g(person_id, loan_id, id, was, became, rule, clause, version, days, clean, cure)
), past AS (
    INSERT INTO loan_grade_move
        (person_id, loan_id, id, day, was, became, rule, clause, rules_version, days_past_due, clean_days, cure_days, at)
    SELECT person_id, loan_id, id, :day, was, became, rule, clause, version, days, clean, cure, :at FROM given
)
INSERT INTO loan_grade (person_id, loan_id, grade, rule, since)
SELECT person_id, loan_id, became, rule, :day FROM given ORDER BY person_id, loan_id
ON CONFLICT (tenant, person_id, loan_id) DO UPDATE SET grade = excluded.grade, rule = excluded.rule, since = excluded.since
""")

KNOWN = text("""
SELECT g.id, s.bucket, s.since, c.grade, c.rule, m.flags
FROM unnest(CAST(:loans AS uuid[])) AS g(id)
LEFT JOIN loan_standing s ON s.loan_id = g.id
LEFT JOIN loan_grade c ON c.loan_id = g.id
LEFT JOIN LATERAL (
    SELECT array_agg(flag) AS flags FROM (
        SELECT DISTINCT ON (flag) flag, lifted, until FROM loan_mark WHERE loan_id = g.id AND day <= :day ORDER BY flag, day DESC, id DESC
    ) AS newest WHERE NOT lifted AND (until IS NULL OR until > :day)
) m ON true
""")

SNAPSHOT = text("""
INSERT INTO loan_snapshot (day, person_id, loan_id, state, grade, outstanding, currency)
SELECT :day, l.person_id, l.id,
       CASE WHEN m.loan_id IS NOT NULL OR l.state = 'written_off' THEN 'charged_off' WHEN l.closed_on IS NOT NULL THEN 'closed' ELSE coalesce(s.bucket, 'current') END,
       coalesce(g.grade, 'normal'), l.outstanding, l.currency
FROM loan l
LEFT JOIN loan_standing s ON s.person_id = l.person_id AND s.loan_id = l.id
LEFT JOIN loan_grade g ON g.person_id = l.person_id AND g.loan_id = l.id
LEFT JOIN LATERAL (
    SELECT loan_id FROM (SELECT loan_id, lifted FROM loan_mark WHERE loan_id = l.id AND flag = 'charged_off' ORDER BY day DESC, id DESC LIMIT 1) AS newest
    WHERE NOT lifted
) m ON true
ON CONFLICT DO NOTHING
""")

ROLLS = text("""
SELECT a.state AS start, coalesce(b.state, 'closed') AS became, count(*) AS loans, sum(a.outstanding) AS balance
FROM loan_snapshot a
LEFT JOIN loan_snapshot b ON b.day = :end AND b.person_id = a.person_id AND b.loan_id = a.loan_id
WHERE a.day = :start AND a.currency = :currency AND a.state NOT IN ('closed', 'charged_off')
GROUP BY 1, 2
""")

BY_MOVES = text("""
SELECT coalesce(a.became, 'current') AS start,
       CASE WHEN l.closed_on <= :end THEN CASE l.state WHEN 'written_off' THEN 'charged_off' ELSE 'closed' END ELSE coalesce(b.became, 'current') END AS became,
       count(*) AS loans, sum(l.principal) AS balance
FROM loan l
LEFT JOIN LATERAL (SELECT became FROM loan_standing_move m WHERE m.person_id = l.person_id AND m.loan_id = l.id AND m.day <= :start
                   ORDER BY day DESC, id DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT became FROM loan_standing_move m WHERE m.person_id = l.person_id AND m.loan_id = l.id AND m.day <= :end
                   ORDER BY day DESC, id DESC LIMIT 1) b ON true
WHERE l.disbursed_on <= :start AND (l.closed_on IS NULL OR l.closed_on > :start) AND l.currency = :currency
GROUP BY 1, 2
""")

Move = tuple[Owing, str | None, str | None]
"""A loan, the bucket it left and the one it entered."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of one loan."""

    bucket: str | None = None
    since: date | None = None
    grade: Grade = Grade.NORMAL
    rule: str = "none"
    flags: Flag = NO_FLAG


@dataclass(frozen=True, slots=True)
class GradeMove:
    day: date
    was: Grade
    judged: Judgement
    at: datetime


def buckets_of(db: Connection, loans: Sequence[UUID]) -> dict[UUID, str | None]:
    rows = db.execute(select(standing.c.loan_id, standing.c.bucket).where(standing.c.loan_id == func.any(list(loans))))
    return {row.loan_id: row.bucket for row in rows}


def known(db: Connection, loans: Sequence[UUID], day: date) -> dict[UUID, Known]:
    """Bucket, category and events in force of each loan, by one query."""
    rows = db.execute(KNOWN, {"loans": list(loans), "day": day})
    return {r.id: Known(r.bucket, r.since, Grade.of(r.grade or "normal"), r.rule or "none", flags_of(r.flags or ())) for r in rows}


def move(db: Connection, moved: Sequence[Move], *, since: date, at: datetime) -> None:
    """Write all moves by one statement."""
    if not moved:
        return
    columns = {
        "person": [owing.person_id for owing, _, _ in moved],
        "loan": [owing.loan_id for owing, _, _ in moved],
        "id": [new_id() for _ in moved],
        "was": [was for _, was, _ in moved],
        "became": [became for _, _, became in moved],
    }
    db.execute(MOVE, {**columns, "day": since, "at": at})


def regrade(db: Connection, moved: Sequence[tuple[UUID, UUID, Grade, Judgement]], *, day: date, at: datetime) -> None:
    """Write all new categories by one statement: (person, loan, the one until now, the new one)."""
    if not moved:
        return
    judged = [new for _, _, _, new in moved]
    columns = {
        "person": [person for person, _, _, _ in moved],
        "loan": [loan for _, loan, _, _ in moved],
        "id": [new_id() for _ in moved],
        "was": [was.word for _, _, was, _ in moved],
        "became": [new.grade.word for new in judged],
        "rule": [new.rule for new in judged],
        "clause": [new.clause for new in judged],
        "version": [new.version for new in judged],
        "days": [new.days for new in judged],
        "clean": [new.clean for new in judged],
        "cure": [new.cure for new in judged],
    }
    db.execute(GRADE, {**columns, "day": day, "at": at})


def grade_moves(db: Connection, loan: UUID) -> list[GradeMove]:
    rows = db.execute(select(grade_move).where(grade_move.c.loan_id == loan).order_by(grade_move.c.day, grade_move.c.id))
    return [GradeMove(r.day, Grade.of(r.was), _judged(r), r.at) for r in rows]


def grades_of(db: Connection, loans: Sequence[UUID]) -> dict[UUID, Grade]:
    rows = db.execute(select(grade.c.loan_id, grade.c.grade).where(grade.c.loan_id == func.any(list(loans))))
    return {row.loan_id: Grade.of(row.grade) for row in rows}


def grades_on(db: Connection, loans: Sequence[UUID], day: date) -> dict[UUID, Grade]:
    """The categories in which they stood on a past day."""
    newest = (
        select(grade_move.c.loan_id, grade_move.c.became)
        .distinct(grade_move.c.loan_id)
        .where(grade_move.c.loan_id == func.any(list(loans)), grade_move.c.day <= day)
        .order_by(grade_move.c.loan_id, grade_move.c.day.desc(), grade_move.c.id.desc())
    )
    return {row.loan_id: Grade.of(row.became) for row in db.execute(newest)}


def add_mark(db: Connection, person: UUID, loan: UUID, flag: Flag, *, day: date, until: date | None, lifted: bool, at: datetime) -> None:
    values = {
        "person_id": person,
        "loan_id": loan,
        "id": new_id(),
        "flag": flag.word,
        "day": day,
        "until": until,
        "lifted": lifted,
        "at": at,
    }
    db.execute(insert(mark).values(values))


def take_snapshot(db: Connection, day: date) -> int:
    return db.execute(SNAPSHOT, {"day": day}).rowcount


def snapshot_days(db: Connection) -> list[date]:
    return list(db.execute(select(snapshot.c.day).distinct().order_by(snapshot.c.day)).scalars())


def rolls(db: Connection, start: date, end: date, currency: str) -> list[tuple[str, str, int, int]]:
    return [(r.start, r.became, r.loans, int(r.balance)) for r in db.execute(ROLLS, {"start": start, "end": end, "currency": currency})]


def rolls_by_moves(db: Connection, start: date, end: date, currency: str) -> list[tuple[str, str, int, int]]:
    return [(r.start, r.became, r.loans, int(r.balance)) for r in db.execute(BY_MOVES, {"start": start, "end": end, "currency": currency})]


def _judged(r) -> Judgement:  # type: ignore[no-untyped-def] - a row of grade_move
    return Judgement(Grade.of(r.became), r.rule, r.clause, r.rules_version, r.days_past_due, r.clean_days, r.cure_days)
