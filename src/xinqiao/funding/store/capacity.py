"""Capacity in slices, taken and given back under the lock of a slice's root row.

A funder's budget is cut into slices, each with a root row (dimension `budget`) and rows for its shares; a guarantor's root rows are
`cover`. Whoever changes any row of a slice holds the lock of its root, so one lock guards the slice and no other row is
contended. Locks are taken budgets first, then covers, each in the order of holder and slice; nobody waits in a ring.

`cap_minor` of all slices sums to the capacity; `excess_minor` is what stands above a capacity that was cut below its use, and
leaves as it is given back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import DeadlockDetected
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from xinqiao.kit import tables
from xinqiao.kit.database import tenant

from ..errors import CapacityOverdrawn
from ..model import Hold

ROOTS = ("budget", "cover")

capacity = Table(
    "funding_capacity",
    tables,
    tenant(),
    Column("holder_id", Uuid, nullable=False),
    Column("slice", Integer, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("cap_minor", BigInteger, nullable=False),
    Column("used_minor", BigInteger, nullable=False, server_default="0"),
    Column("excess_minor", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "holder_id", "slice", "dimension", "key"),
    CheckConstraint("used_minor >= 0 AND used_minor <= cap_minor AND excess_minor >= 0", name="within"),
)


@dataclass(frozen=True, slots=True)
class Need:
    """What a loan takes from one of a holder's dimensions."""

    dimension: str
    key: str
    minor: int


_PICK = text(
    """SELECT root.slice FROM funding_capacity root
       WHERE root.holder_id = :holder AND root.dimension = :root AND root.cap_minor - root.used_minor >= :minor
       AND NOT EXISTS (
         SELECT FROM unnest(CAST(:dimensions AS text[]), CAST(:keys AS text[]), CAST(:minors AS bigint[])) AS need (dimension, key, minor)
         JOIN funding_capacity c ON c.holder_id = root.holder_id AND c.slice = root.slice AND c.dimension = need.dimension AND c.key = need.key
         WHERE c.used_minor + need.minor > c.cap_minor)
       ORDER BY root.slice LIMIT 1 FOR UPDATE OF root SKIP LOCKED"""
)

_TAKE = text(
    """UPDATE funding_capacity c SET used_minor = c.used_minor + need.minor
       FROM unnest(CAST(:dimensions AS text[]), CAST(:keys AS text[]), CAST(:minors AS bigint[])) AS need (dimension, key, minor)
       WHERE c.holder_id = :holder AND c.slice = :slice AND c.dimension = need.dimension AND c.key = need.key
       AND c.used_minor + need.minor <= c.cap_minor"""
)

_LOCK_ROOTS = text(
    """SELECT root.slice FROM funding_capacity root
       JOIN unnest(CAST(:holders AS uuid[]), CAST(:slices AS int[])) AS one (holder_id, slice)
         ON root.holder_id = one.holder_id AND (root.slice = one.slice OR one.slice IS NULL)
       WHERE root.dimension IN ('budget', 'cover')
       ORDER BY root.dimension, root.holder_id, root.slice FOR UPDATE OF root"""
)

_CHANGE = text(
    """UPDATE funding_capacity c SET cap_minor = c.cap_minor + change.cap, used_minor = c.used_minor + change.used
       FROM unnest(CAST(:slices AS int[]), CAST(:dimensions AS text[]), CAST(:keys AS text[]), CAST(:caps AS bigint[]), CAST(:useds AS bigint[]))
         AS change (slice, dimension, key, cap, used)
       WHERE c.holder_id = :holder AND c.slice = change.slice AND c.dimension = change.dimension AND c.key = change.key"""
)

_GIVE_BACK = text(
    """UPDATE funding_capacity c SET used_minor = c.used_minor - back.minor,
         cap_minor = c.cap_minor - least(back.minor, c.excess_minor), excess_minor = c.excess_minor - least(back.minor, c.excess_minor)
       FROM unnest(CAST(:holders AS uuid[]), CAST(:slices AS int[]), CAST(:dimensions AS text[]), CAST(:keys AS text[]), CAST(:minors AS bigint[]))
         AS back (holder_id, slice, dimension, key, minor)
       WHERE c.holder_id = back.holder_id AND c.slice = back.slice AND c.dimension = back.dimension AND c.key = back.key"""
)


_GUARD = "SELECT pg_advisory_xact_lock{}(hashtextextended(current_setting('xinqiao.tenant') || '/funding/' || :name, 0))"


def guard(db: Connection, name: str, *, shared: bool = False) -> None:
    """Wait for a name until the transaction ends."""
    db.execute(text(_GUARD.format("_shared" if shared else "")), {"name": name})


def slices_of(db: Connection, holder: UUID) -> list[int]:
    return list(
        db.scalars(
            select(capacity.c.slice).where(capacity.c.holder_id == holder, capacity.c.dimension.in_(ROOTS)).order_by(capacity.c.slice)
        )
    )


def missing(db: Connection, holder: UUID, needs: Sequence[Need]) -> list[Need]:
    """Needs whose rows do not exist yet."""
    known = select(capacity.c.dimension, capacity.c.key).distinct().where(capacity.c.holder_id == holder)
    there = {(row.dimension, row.key) for row in db.execute(known.where(capacity.c.dimension.in_([need.dimension for need in needs])))}
    return [need for need in needs if (need.dimension, need.key) not in there]


def add_rows(db: Connection, holder: UUID, currency: str, caps: Mapping[tuple[str, str], Mapping[int, int]]) -> None:
    """Add (dimension, key) rows by slice that do not exist yet; concurrent adders wait for each other."""
    rows = [
        {"holder_id": holder, "slice": number, "dimension": dimension, "key": key, "currency": currency, "cap_minor": minor}
        for (dimension, key), by_slice in sorted(caps.items())
        for number, minor in sorted(by_slice.items())
    ]
    if rows:
        db.execute(insert(capacity).values(rows).on_conflict_do_nothing())


class Contended(Exception):
    """PostgreSQL broke a ring of waiting transactions at this one: undo to the savepoint, which lets the others go on, and try again."""


def take(db: Connection, holder: UUID, needs: Sequence[Need]) -> list[Hold] | str:
    """Take all needs from one slice, the first being the root; or the dimension that has too little in all slices.

    A slice that nobody holds and that fits is taken at once; otherwise all slices are locked, in order, and the capacity that is
    left is gathered into one. Run it inside a savepoint: what it locked is held until the transaction or the savepoint ends.
    """
    given = _columns(needs) | {"holder": holder}
    with db.begin_nested() as attempt:
        number = db.scalar(_PICK, given | {"root": needs[0].dimension, "minor": needs[0].minor})
        if number is not None and db.execute(_TAKE, given | {"slice": number}).rowcount == len(needs):
            return _holds(holder, number, needs)
        # Let go of the slice before waiting for all of them, or two that gather would wait for each other.
        attempt.rollback()
    return _gather(db, holder, needs)


def _gather(db: Connection, holder: UUID, needs: Sequence[Need]) -> list[Hold] | str:
    lock_roots(db, [(holder, None)])
    rows = _rows(db, holder, needs)
    for need in needs:
        if sum(row.cap_minor - row.used_minor for row in rows[need.dimension]) < need.minor:
            return need.dimension
    target = max(rows[needs[0].dimension], key=lambda row: (row.cap_minor - row.used_minor, -row.slice)).slice
    changes = [change for need in needs for change in _moves(rows[need.dimension], need, target)]
    names = ("slices", "dimensions", "keys", "caps", "useds")
    columns = {name: [change[at] for change in changes] for at, name in enumerate(names)}
    if db.execute(_CHANGE, columns | {"holder": holder}).rowcount != len(changes):
        raise CapacityOverdrawn(f"{holder}: a capacity row vanished while its slice was locked")
    return _holds(holder, target, needs)


def _moves(rows: Sequence[Row[Any]], need: Need, target: int) -> list[tuple[int, str, str, int, int]]:
    """(slice, dimension, key, change of cap, change of use) that bring what is short into the target slice."""
    free = {row.slice: row.cap_minor - row.used_minor for row in rows}
    short = max(0, need.minor - free.pop(target))
    moves = [(target, need.dimension, need.key, short, need.minor)]
    for number in sorted(free, key=lambda one: -free[one]):
        part = min(short, free[number])
        if part > 0:
            moves.append((number, need.dimension, need.key, -part, 0))
            short -= part
    return moves


def lock_roots(db: Connection, slices: Iterable[tuple[UUID, int | None]]) -> None:
    """Wait for these slices (None: all of the holder), in the one order that everybody uses."""
    wanted = sorted(set(slices), key=str)
    try:
        db.execute(_LOCK_ROOTS, {"holders": [holder for holder, _ in wanted], "slices": [number for _, number in wanted]})
    except OperationalError as error:
        if isinstance(error.orig, DeadlockDetected):
            raise Contended from error
        raise


def give_back(db: Connection, holds: Iterable[Hold]) -> None:
    """Return capacity; many holds at once cost one statement."""
    sums: dict[tuple[UUID, int, str, str], int] = defaultdict(int)
    for hold in holds:
        sums[hold.holder_id, hold.slice, hold.dimension, hold.key] += hold.minor
    if not sums:
        return
    lock_roots(db, {(holder, number) for holder, number, _, _ in sums})
    names = ("holders", "slices", "dimensions", "keys")
    columns: dict[str, Any] = {name: [row[at] for row in sums] for at, name in enumerate(names)}
    if db.execute(_GIVE_BACK, columns | {"minors": list(sums.values())}).rowcount != len(sums):
        raise CapacityOverdrawn("capacity was given back to a row that does not exist")


def resize(db: Connection, holder: UUID, dimension: str, key: str, total: int) -> None:
    """Set a dimension's whole capacity: spread what is free over its slices, or note the excess when more is used. Locks nothing."""
    where = (capacity.c.holder_id == holder, capacity.c.dimension == dimension, capacity.c.key == key)
    rows = list(db.execute(select(capacity.c.slice, capacity.c.used_minor).where(*where).order_by(capacity.c.slice)))
    free = total - sum(row.used_minor for row in rows)
    shares, excess = spread(max(0, free), len(rows)), max(0, -free)
    for row, share in zip(rows, shares, strict=True):
        over = min(excess, row.used_minor)
        excess -= over
        values = {"cap_minor": row.used_minor + share, "excess_minor": over}
        db.execute(capacity.update().where(*where, capacity.c.slice == row.slice).values(values))


def keys_of(db: Connection, holder: UUID) -> list[tuple[str, str]]:
    """(dimension, key) of every capacity the holder has rows for."""
    return [
        (row.dimension, row.key)
        for row in db.execute(select(capacity.c.dimension, capacity.c.key).distinct().where(capacity.c.holder_id == holder))
    ]


def sums(db: Connection, holders: Iterable[UUID]) -> dict[tuple[UUID, str, str], tuple[int, int]]:
    """(capacity, used) over all slices, by holder, dimension and key."""
    c = capacity.c
    query = select(c.holder_id, c.dimension, c.key, func.sum(c.cap_minor - c.excess_minor), func.sum(c.used_minor))
    rows = db.execute(query.where(c.holder_id.in_(list(holders))).group_by(c.holder_id, c.dimension, c.key))
    return {(row[0], row[1], row[2]): (int(row[3]), int(row[4])) for row in rows}


def spread(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole numbers that differ by at most one."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def _rows(db: Connection, holder: UUID, needs: Sequence[Need]) -> dict[str, list[Row[Any]]]:
    c = capacity.c
    query = select(c.slice, c.dimension, c.key, c.cap_minor, c.used_minor).where(c.holder_id == holder).order_by(c.slice)
    wanted, found = {need.dimension: need.key for need in needs}, defaultdict(list)
    for row in db.execute(query.where(c.dimension.in_(list(wanted)))):
        if wanted[row.dimension] == row.key:
            found[row.dimension].append(row)
    return found


def _columns(needs: Sequence[Need]) -> dict[str, Any]:
    return {"dimensions": [n.dimension for n in needs], "keys": [n.key for n in needs], "minors": [n.minor for n in needs]}


def _holds(holder: UUID, number: int, needs: Sequence[Need]) -> list[Hold]:
    return [Hold(holder, need.dimension, need.key, number, need.minor) for need in needs]
