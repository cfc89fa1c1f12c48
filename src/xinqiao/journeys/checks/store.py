"""The projection `identity_check`: one row a face check, made from its event in the transaction that writes the event.

The event log is the truth and tells everything; this table holds what lists and weekly figures ask for, so that neither opens a hundred
thousand documents. `project` may be repeated, and `rebuild` makes the table anew from the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    delete,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from .model import UNPASSED, Check, Wanted

KINDS = ("identity.checked", "identity.unreadable")
"""A recording that could not be read was a try too, to be made again: a non-response."""

check = Table(
    "identity_check",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("judged_as", Text, nullable=False, server_default="any"),
    Column("calibrated", Boolean, nullable=False),
    Column("score", Double),
    Column("match", Double),
    Column("ms", Integer),
    Column("challenge", Text),
    Column("weak", ARRAY(Text), nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_identity_check_id", "tenant", "id"),
    Index("ix_identity_check_newest", "tenant", "at", "id"),
    Index("ix_identity_check_outcome", "tenant", "outcome", "at", "id"),
    Index("ix_identity_check_device", "tenant", "device", "at", "id"),
    Index("ix_identity_check_weak", "weak", postgresql_using="gin"),
)

_PROJECT = """
INSERT INTO identity_check
    (tenant, person_id, id, application_id, at, outcome, device, judged_as, calibrated, score, match, ms, challenge, weak, reasons)
SELECT e.tenant, e.person_id, e.id, e.subject, e.at, coalesce(e.data ->> 'outcome', 'retry'), coalesce(e.data ->> 'device', 'any'),
    coalesce(e.data ->> 'judged_as', CASE WHEN (e.data ->> 'calibrated')::boolean THEN e.data ->> 'device' END, 'any'),
    coalesce((e.data ->> 'calibrated')::boolean, false), (e.data ->> 'liveness_score')::double precision,
    (e.data ->> 'match_score')::double precision, (e.data ->> 'took_ms')::integer, nullif(e.data ->> 'challenge', ''),
    ARRAY(SELECT s.key || ':' || (s.value ->> 'state') FROM jsonb_each(coalesce(e.data -> 'signals', '{}')) s
          WHERE s.value ->> 'state' IN ('fail', 'refer', 'retry', 'not_run') ORDER BY 1),
    ARRAY(SELECT jsonb_array_elements_text(coalesce(e.data -> 'reasons', jsonb_build_array(e.data ->> 'code'))))
FROM event e WHERE e.kind IN ('identity.checked', 'identity.unreadable') AND e.person_id IS NOT NULL
"""
_ONES = text(f"{_PROJECT} AND e.at = ANY(:at) AND e.id = ANY(:ids) ON CONFLICT DO NOTHING")
_ALL = text(f"{_PROJECT} ON CONFLICT DO NOTHING")
_WEEKS = text(
    """SELECT width_bucket(at, CAST(:starts AS timestamptz[])) AS week, device, judged_as, outcome,
        width_bucket(score, CAST(:edges AS double precision[])) AS place, count(*) AS n
    FROM identity_check WHERE at >= :since GROUP BY 1, 2, 3, 4, 5"""
)
_TOLD = text(
    """SELECT width_bucket(at, CAST(:starts AS timestamptz[])) AS week, device, told.what, told.of, count(*) AS n
    FROM identity_check, LATERAL (
        SELECT 'signal' AS what, unnest(weak) AS of
        UNION ALL SELECT 'reason', unnest(reasons) WHERE outcome = 'retry'
    ) AS told WHERE at >= :since AND (weak <> '{}' OR outcome = 'retry') GROUP BY 1, 2, 3, 4"""
)

_NEWEST = text(
    """SELECT c.id FROM identity_check c JOIN event e ON e.at = c.at AND e.id = c.id AND e.kind = 'identity.checked'
    WHERE c.person_id = :person ORDER BY c.at DESC, c.id DESC LIMIT 1"""
)


def project(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add what events of this transaction (`events.appended_in`) tell of face checks; nothing for all other events."""
    mine = [row for row in rows if row["kind"] in KINDS]
    if mine:
        db.execute(_ONES, {"at": [row["at"] for row in mine], "ids": [row["id"] for row in mine]})


def rebuild(db: Connection) -> int:
    """Make the tenant's rows anew from the log; how many there are."""
    db.execute(delete(check))
    return db.execute(_ALL).rowcount


def page(db: Connection, wanted: Wanted, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Check]:
    """Newest first, from after `before` on."""
    query = select(check).order_by(check.c.at.desc(), check.c.id.desc()).limit(limit)
    if wanted.outcome is not None:
        query = query.where(check.c.outcome == wanted.outcome.value)
    if wanted.device:
        query = query.where(check.c.device == wanted.device)
    if wanted.signal:
        query = query.where(check.c.weak.overlap([f"{wanted.signal}:{state.value}" for state in UNPASSED]))
    if wanted.since is not None:
        query = query.where(check.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(check.c.at < wanted.until)
    if before is not None:
        query = query.where(tuple_(check.c.at, check.c.id) < tuple_(*before))
    return [_check(row) for row in db.execute(query)]


def get(db: Connection, one: UUID) -> Check | None:
    row = db.execute(select(check).where(check.c.id == one)).first()
    return _check(row) if row is not None else None


def devices(db: Connection) -> list[str]:
    """Classes that occur, by a walk over the index that skips from one to the next."""
    found: list[str] = []
    while (after := db.scalar(_next_device(found[-1] if found else ""))) is not None:
        found.append(after)
    return found


def _next_device(last: str) -> Any:
    return select(check.c.device).where(check.c.device > last).order_by(check.c.device).limit(1)


def newest_of(db: Connection, person: UUID) -> UUID | None:
    """The person's latest check that was made; a recording that could not be read is none, for it leaves what is kept as it is."""
    return db.scalar(_NEWEST, {"person": person})


def weeks(db: Connection, starts: Sequence[datetime], edges: Sequence[float]) -> list[tuple[int, str, str, str, int | None, int]]:
    """Number of the week among those that begin at `starts` (1 the first), device, the class it was judged as, outcome, place of the score among `edges` (0 below the
    first; None without a score), how many."""
    rows = db.execute(_WEEKS, {"since": starts[0], "starts": list(starts), "edges": list(edges)})
    return [tuple(row) for row in rows]  # type: ignore[misc]


def told(db: Connection, starts: Sequence[datetime]) -> list[tuple[int, str, str, str, int]]:
    """Number of the week, device, "signal" (with its state) or "reason" (of what is to be tried again), its name, how many."""
    return [tuple(row) for row in db.execute(_TOLD, {"since": starts[0], "starts": list(starts)})]  # type: ignore[misc]


def _check(row: Row[Any]) -> Check:
    weak = tuple((name, state) for name, _, state in (one.rpartition(":") for one in row.weak))
    own = (row.id, row.application_id, row.person_id, row.at, row.outcome, row.device, row.judged_as, row.calibrated)
    return Check(*own, row.score, row.match, row.ms, row.challenge, weak, tuple(row.reasons))
