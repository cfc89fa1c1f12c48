"""What is to leave for the bureau, what left in which file, and what came of it. The queue alone changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from xinqiao.kit import canonical, plain, sha256_hex, tables
from xinqiao.kit.database import tenant

submission = Table(
    "bureau_submission",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("period", Text),
    Column("body", JSONB, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "what"),
    Index("ix_bureau_submission_id", "tenant", "id"),
    Index("ix_bureau_submission_loan", "tenant", "loan_id", "kind"),
    info={"append_only": True},
)

queue = Table(
    "bureau_queue",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("submission_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("batch_id", Uuid),
    Column("since", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "submission_id"),
    Index("ix_bureau_queue_state", "tenant", "state", "since", "submission_id"),
    Index("ix_bureau_queue_batch", "tenant", "batch_id"),
)

batch = Table(
    "bureau_batch",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "number"),
    info={"append_only": True},
)

batch_line = Table(
    "bureau_batch_line",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("submission_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "batch_id", "seq"),
    Index("ix_bureau_batch_line_batch", "tenant", "batch_id", "seq"),
    info={"append_only": True},
)

outcome = Table(
    "bureau_outcome",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("submission_id", Uuid, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("code", Text),
    Column("batch_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "submission_id", "attempt"),
    info={"append_only": True},
)

QUEUED, SENT, STUCK = "queued", "sent", "stuck"
ACCEPTED, REJECTED, WITHHELD = "accepted", "rejected", "withheld"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record in the queue."""

    id: UUID
    person_id: UUID
    loan_id: UUID
    kind: str
    body: Mapping[str, Any]
    attempts: int
    state: str = QUEUED


@dataclass(frozen=True, slots=True)
class Outcome:
    submission_id: UUID
    attempt: int
    result: str
    code: str | None
    batch_id: UUID | None
    at: datetime


def put(db: Connection, what: str, body: Mapping[str, Any], *, loan: UUID, period: str | None, at: datetime) -> bool:
    """Queue a record; False when the same was queued before."""
    values = {
        "person_id": UUID(body["person"]),
        "loan_id": loan,
        "what": what,
        "id": UUID(body["id"]),
        "kind": body["kind"],
        "period": period,
        "body": plain(body),
        "sha256": sha256_hex(canonical(body)),
        "at": at,
    }
    made = db.execute(insert(submission).values(values).on_conflict_do_nothing().returning(submission.c.id)).first()
    if made is None:
        return False
    waiting = {"person_id": values["person_id"], "submission_id": values["id"], "state": QUEUED, "attempts": 0, "since": at}
    db.execute(insert(queue).values(waiting))
    return True


def take(db: Connection, *, limit: int) -> list[Waiting]:
    """The oldest queued records, locked; what another writer holds is passed over."""
    query = (
        select(submission.c.id, submission.c.person_id, submission.c.loan_id, submission.c.kind, submission.c.body, queue.c.attempts)
        .join(submission, (submission.c.person_id == queue.c.person_id) & (submission.c.id == queue.c.submission_id))
        .select_from(queue)
        .where(queue.c.state == QUEUED)
        .order_by(queue.c.since, queue.c.submission_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=queue)
    )
    return [Waiting(r.id, r.person_id, r.loan_id, r.kind, r.body, r.attempts) for r in db.execute(query)]


def waiting(db: Connection, state: str, *, limit: int) -> list[Waiting]:
    query = (
        select(
            submission.c.id,
            submission.c.person_id,
            submission.c.loan_id,
            submission.c.kind,
            submission.c.body,
            queue.c.attempts,
            queue.c.state,
        )
        .join(submission, (submission.c.person_id == queue.c.person_id) & (submission.c.id == queue.c.submission_id))
        .select_from(queue)
        .where(queue.c.state == state)
        .order_by(queue.c.since, queue.c.submission_id)
        .limit(limit)
    )
    return [Waiting(r.id, r.person_id, r.loan_id, r.kind, r.body, r.attempts, r.state) for r in db.execute(query)]


def next_number(db: Connection) -> int:
    return (db.execute(select(func.max(batch.c.number))).scalar() or 0) + 1


def add_batch(db: Connection, batch_id: UUID, number: int, sent: Sequence[Waiting], *, sha256: str, at: datetime) -> None:
    db.execute(insert(batch).values(id=batch_id, number=number, records=len(sent), sha256=sha256, at=at))
    lines = {"person": [one.person_id for one in sent], "submission": [one.id for one in sent], "seq": list(range(1, len(sent) + 1))}
    db.execute(LINES, {**lines, "batch": batch_id, "at": at})


LINES = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:person AS uuid[]), CAST(:submission AS uuid[]), CAST(:seq AS int[])) AS g(person_id, submission_id, seq)
), kept AS (
    INSERT INTO bureau_batch_line (person_id, batch_id, seq, submission_id) SELECT person_id, :batch, seq, submission_id FROM given
)
UPDATE bureau_queue q SET state = 'sent', batch_id = :batch, attempts = q.attempts + 1, since = :at
FROM given g WHERE q.person_id = g.person_id AND q.submission_id = g.submission_id
""")

SETTLE = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:submission AS uuid[]), CAST(:result AS text[]), CAST(:code AS text[])) AS g(submission_id, result, code)
), mine AS (
    SELECT q.person_id, q.submission_id, q.attempts, g.result, g.code FROM bureau_queue q JOIN given g USING (submission_id)
    WHERE q.state = 'sent' AND q.batch_id = :batch
), kept AS (
    INSERT INTO bureau_outcome (person_id, submission_id, attempt, result, code, batch_id, at)
    SELECT person_id, submission_id, attempts, result, code, :batch, :at FROM mine
), again AS (
    UPDATE bureau_queue q SET state = CASE WHEN q.attempts >= :most THEN 'stuck' ELSE 'queued' END, batch_id = NULL, since = :at
    FROM mine m WHERE m.result = 'rejected' AND q.person_id = m.person_id AND q.submission_id = m.submission_id
), done AS (
    DELETE FROM bureau_queue q USING mine m WHERE m.result = 'accepted' AND q.person_id = m.person_id AND q.submission_id = m.submission_id
)
SELECT result, attempts >= :most AS last, count(*) AS rows FROM mine GROUP BY 1, 2
""")


def settle(db: Connection, batch_id: UUID, answers: Mapping[UUID, tuple[str, str | None]], *, most: int, at: datetime) -> dict[str, int]:
    """Book what the bureau answered: accepted leave the queue, rejected wait again, or for a person after `most` attempts."""
    given = {
        "submission": list(answers),
        "result": [result for result, _ in answers.values()],
        "code": [code for _, code in answers.values()],
    }
    done = {ACCEPTED: 0, "requeued": 0, STUCK: 0}
    for row in db.execute(SETTLE, {**given, "batch": batch_id, "most": most, "at": at}):
        done[ACCEPTED if row.result == ACCEPTED else STUCK if row.last else "requeued"] += row.rows
    return done


def withhold(db: Connection, held: Sequence[Waiting], code: str, *, at: datetime) -> None:
    """What must not leave any more leaves the queue, with the reason on record."""
    if not held:
        return
    rows = [
        {"person_id": one.person_id, "submission_id": one.id, "attempt": one.attempts + 1, "result": WITHHELD, "code": code, "at": at}
        for one in held
    ]
    db.execute(insert(outcome), rows)
    db.execute(queue.delete().where(queue.c.submission_id == func.any([one.id for one in held])))


def release(db: Connection, submission_id: UUID, *, at: datetime) -> bool:
    """Queue a stuck record for one more attempt, once a person has looked."""
    stuck = (queue.c.submission_id == submission_id) & (queue.c.state == STUCK)
    return db.execute(queue.update().where(stuck).values(state=QUEUED, since=at)).rowcount == 1


def batch_of(db: Connection, batch_id: UUID) -> tuple[int, str, datetime] | None:
    """Its number, its hash and when it was written."""
    row = db.execute(select(batch.c.number, batch.c.sha256, batch.c.at).where(batch.c.id == batch_id)).first()
    return (row.number, row.sha256, row.at) if row else None


def bodies_of(db: Connection, batch_id: UUID) -> list[Mapping[str, Any]]:
    """The records of one file, in their order."""
    joined = (submission.c.person_id == batch_line.c.person_id) & (submission.c.id == batch_line.c.submission_id)
    query = select(submission.c.body).join(batch_line, joined).where(batch_line.c.batch_id == batch_id).order_by(batch_line.c.seq)
    return list(db.execute(query).scalars())


def outcomes(db: Connection, person: UUID, submission_id: UUID) -> list[Outcome]:
    mine = (outcome.c.person_id == person) & (outcome.c.submission_id == submission_id)
    rows = db.execute(select(outcome).where(mine).order_by(outcome.c.attempt, outcome.c.at))
    return [Outcome(r.submission_id, r.attempt, r.result, r.code, r.batch_id, r.at) for r in rows]


def bodies(db: Connection, loan: UUID, *, kind: str | None = None) -> list[Mapping[str, Any]]:
    """What was made of a loan, oldest first."""
    mine = submission.c.loan_id == loan
    query = select(submission.c.body).where(mine if kind is None else mine & (submission.c.kind == kind))
    return list(db.execute(query.order_by(submission.c.at, submission.c.id)).scalars())


def codes(db: Connection, loans: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """The status of every month told of each loan."""
    rows = db.execute(CODES, {"loans": list(loans)})
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.loan_id, {})[row.period] = row.status
    return found


CODES = text("""
SELECT loan_id, period, body->'month'->>'status' AS status FROM bureau_submission WHERE loan_id = ANY(:loans) AND kind = 'account'
""")


def old_bad_months(db: Connection, day: date, *, limit: int) -> list[Mapping[str, Any]]:
    """Months told in arrears whose arrears were over, by a later month, on or before that day, and that were not deleted yet."""
    rows = db.execute(OLD, {"before": f"{day + timedelta(days=1):%Y-%m}", "limit": limit})
    return [row.body for row in rows]


OLD = text("""
SELECT a.body FROM bureau_submission a
WHERE a.kind = 'account' AND a.period < :before AND a.body->'month'->>'status' = ANY(ARRAY['1', '2', '3', '4', '5', '6', '7', 'B', 'D'])
AND EXISTS (SELECT FROM bureau_submission b WHERE b.loan_id = a.loan_id AND b.kind = 'account' AND b.period > a.period AND b.period < :before
            AND b.body->'month'->>'status' = ANY(ARRAY['N', '*', 'C', 'G']))
AND NOT EXISTS (SELECT FROM bureau_submission d WHERE d.person_id = a.person_id AND d.loan_id = a.loan_id AND d.what = 'deletion/' || a.id)
ORDER BY a.at, a.id LIMIT :limit
""")


def body_of(db: Connection, submission_id: UUID) -> Mapping[str, Any] | None:
    return db.execute(select(submission.c.body).where(submission.c.id == submission_id)).scalar()
