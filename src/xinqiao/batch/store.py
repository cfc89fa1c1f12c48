"""The close of days: which days, which pages of each, and what every loan had earned by each day."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Uuid,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from xinqiao.kit import tables
from xinqiao.kit.database import tenant
from xinqiao.servicing.loans import read_splits, write_splits

from . import columns
from .columns import bigints, booleans, dates, decode, integers, uuids
from .model import NEVER, RATE_SCALE, WHOLE, WORDS, Base, Before, Cut, Instalments, Ints, Page, Standing

accrual = Table(
    "loan_accrual",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("interest", BigInteger, nullable=False),
    Column("penalty", BigInteger, nullable=False),
    Column("collected", BigInteger, nullable=False),
    Column("collected_penalty", BigInteger, nullable=False, server_default="0"),
    Column("outstanding", BigInteger, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("days_past_due", Integer, nullable=False),
    Column("worst", Integer, nullable=False),
    Column("base_days", Integer, nullable=False),
    Column("base_outstanding", BigInteger, nullable=False),
    Column("next_due", Date),
    Column("next_amount", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("shares", JSONB),
    PrimaryKeyConstraint("tenant", "day", "person_id", "loan_id"),
    postgresql_partition_by="RANGE (day)",
    info={"monthly": "day", "append_only": True},
)
"""One row a loan and a closed day; `interest`, `penalty` and `collected` are totals since the payout, `worst` the most days past due that any close found.
`base_days` and `base_outstanding` are days past due and principal at the last close of the month before, -1 for a loan that was not there: what roll rates count from.
`shares` tells who had what of interest and penalty interest; NULL when all was the funder's."""

close = Table(
    "book_close",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("figures", JSONB, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("tenant", "day"),
)

page = Table(
    "book_close_page",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("number", Integer, nullable=False),
    Column("after", Uuid, nullable=False),
    Column("until", Uuid, nullable=False),
    Column("loans", Integer),
    Column("moved", Integer),
    Column("sums", LargeBinary),
    PrimaryKeyConstraint("tenant", "day", "number"),
)
"""A page is a range of people: `after` < person <= `until`. Done when `sums`, what it adds to the book's figures, is there."""

NUMBER_BITS = 12
"""An instalment's number takes the low bits of its key, its loan's row in the page the others."""
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)

BOUNDS = text("""
SELECT person_id FROM (SELECT person_id, row_number() OVER (ORDER BY person_id) AS n FROM loan WHERE closed_on IS NULL) counted
WHERE n % :size = 0 ORDER BY person_id
""")

IN_RANGE = "{0}.person_id > %(after)s AND {0}.person_id <= %(until)s"
MARKS = f"""
marks AS (
    SELECT person_id, loan_id, string_agg(flag, ' ' ORDER BY flag) AS flags,
           bool_or(flag = 'charged_off' AND day <= %(before)s::date) AS was_charged_off FROM (
        SELECT DISTINCT ON (person_id, loan_id, flag) person_id, loan_id, flag, day, lifted, until FROM loan_mark m
        WHERE {IN_RANGE.format("m")} AND day <= %(on)s ORDER BY person_id, loan_id, flag, day DESC, id DESC
    ) newest WHERE NOT lifted AND (until IS NULL OR until > %(on)s) GROUP BY person_id, loan_id
)
"""
WHOLLY = " AND ".join(
    f"l.splits #>> '{{{kind},0,{name}}}' = {wanted}"
    for kind in ("interest", "penalty")
    for name, wanted in (("owner", "l.funder_id::text"), ("fraction", "'1'"))
)
"""All that the loan earns is its funder's."""
MINE = f"""
mine AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY l.person_id, l.id) - 1 AS n, l.person_id, l.id, l.funder_id, l.disbursed_on,
           l.closed_on IS NOT NULL AS ended, l.state = 'written_off' AS lost, l.principal, l.outstanding,
           coalesce(CAST(l.terms ->> 'penalty_rate' AS numeric), 0) * %(scale)s AS late_parts,
           CAST(l.terms ->> 'penalty_days_in_year' AS bigint) * %(scale)s AS late_scale,
           coalesce(p.interest, e.interest, 0) AS was_interest, coalesce(p.penalty, e.penalty, 0) AS was_penalty,
           coalesce(p.collected, e.collected, 0) AS was_collected, coalesce(p.collected_penalty, e.collected_penalty, 0) AS was_collected_penalty,
           CASE WHEN l.splits IS NULL OR {WHOLLY} THEN '' ELSE jsonb_build_object('interest', l.splits -> 'interest', 'penalty', l.splits -> 'penalty')::text END AS shared,
           coalesce(p.shares, e.shares)::text AS was_shared, coalesce(p.worst, e.worst, 0) AS was_worst,
           coalesce(p.days_past_due, -1) AS was_late, coalesce(p.outstanding, 0) AS was_outstanding,
           coalesce(p.base_days, -1) AS base_days, coalesce(p.base_outstanding, 0) AS base_outstanding,
           coalesce(p.closed, e.closed, false) AS was_closed, coalesce(p.funder_id, e.funder_id, l.funder_id) AS was_funder,
           coalesce(m.was_charged_off, false) AS was_charged_off,
           coalesce(s.since, l.disbursed_on) AS since,
           concat_ws(chr(31), l.currency, coalesce(a.product, ''), coalesce(a.region, ''), coalesce(s.bucket, ''), coalesce(g.grade, 'normal'),
                     coalesce(m.flags, '')) AS words
    FROM loan l
    LEFT JOIN loan_accrual p ON p.day = %(before)s::date AND p.person_id = l.person_id AND p.loan_id = l.id AND {IN_RANGE.format("p")}
    LEFT JOIN LATERAL (
        SELECT x.interest, x.penalty, x.collected, x.collected_penalty, x.shares, x.worst, x.closed, x.funder_id FROM loan_accrual x
        WHERE p.loan_id IS NULL AND l.disbursed_on <= %(before)s::date AND x.person_id = l.person_id AND x.loan_id = l.id
          AND x.day < %(before)s::date
        ORDER BY x.day DESC LIMIT 1
    ) e ON true
    LEFT JOIN loan_standing s ON s.person_id = l.person_id AND s.loan_id = l.id AND {IN_RANGE.format("s")}
    LEFT JOIN loan_grade g ON g.person_id = l.person_id AND g.loan_id = l.id AND {IN_RANGE.format("g")}
    LEFT JOIN marks m ON m.person_id = l.person_id AND m.loan_id = l.id
    LEFT JOIN application a ON a.person_id = l.person_id AND a.id = l.application_id AND {IN_RANGE.format("a")}
    WHERE {IN_RANGE.format("l")} AND l.state <> 'approved' AND (l.closed_on IS NULL OR l.closed_on >= coalesce(%(before)s::date, l.closed_on) OR NOT p.closed)
      AND (%(only)s::uuid[] IS NULL OR l.id = ANY(%(only)s))
)
"""
"""The loans to be closed: active ones, and those that ended since the day before was closed. What each had earned by then stands on that day's
row, or, for one that ended and was opened again, on its last one."""

OF_LOANS = (
    *("n", "person_id", "id", "funder_id", "disbursed_on", "ended", "lost", "principal", "outstanding", "late_parts::bigint", "late_scale"),
    *("was_interest", "was_penalty", "was_collected", "was_collected_penalty", "was_worst", "was_late", "was_outstanding"),
    *("base_days", "base_outstanding", "was_closed", "was_funder", "was_charged_off", "since"),
)
OF_INSTALMENTS = (
    *(
        "due",
        "principal",
        "interest",
        "premium + fee",
        "paid_principal",
        "paid_interest",
        "paid_premium + paid_fee",
        "paid_penalty",
        "penalties",
    ),
    *("late_unit_days", "counted_to", "settled"),
)
PAGE = f"""
WITH {MARKS}, {MINE}
SELECT l.*, i.* FROM (
    SELECT bool_or(late_parts <> late_parts::bigint), string_agg(words, chr(30)), string_agg(shared, chr(30)),
           string_agg(coalesce(was_shared, ''), chr(30)), {", ".join(f"array_agg({name})" for name in OF_LOANS)} FROM mine
) l, (
    SELECT array_agg((n << {NUMBER_BITS}) + number), {", ".join(f"array_agg({name})" for name in OF_INSTALMENTS)} FROM (
        SELECT m.n, i.*, greatest(i.due, i.aged_to) AS counted_to
        FROM mine m JOIN loan_instalment i ON i.person_id = m.person_id AND i.loan_id = m.id WHERE {IN_RANGE.format("i")}
    ) joined
) i
"""
"""All of a page by one statement, and so of one instant; one array a column. The first array of each half tells the order of its rows."""

QUICKLY = "SET LOCAL work_mem = '96MB'; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
"""A page is sorted and hashed in memory; its cores are busy with the other pages."""

WRITE = """
INSERT INTO loan_accrual (day, person_id, loan_id, funder_id, interest, penalty, collected, collected_penalty, outstanding, overdue, days_past_due, worst, base_days,
                          base_outstanding, next_due, next_amount, closed, shares)
SELECT %(day)s, g.person, g.loan, g.funder, g.interest, g.penalty, g.collected, g.collected_penalty, g.outstanding, g.overdue, g.late, g.worst, g.base_days, g.base_outstanding,
       nullif(g.next_due, %(never)s), g.next_amount, g.closed, (%(splits)s::text[])[g.shared]::jsonb
FROM unnest(%(person)s, %(loan)s, %(funder)s, %(interest)s, %(penalty)s, %(collected)s, %(collected_penalty)s, %(outstanding)s, %(overdue)s, %(late)s, %(worst)s,
            %(base_days)s, %(base_outstanding)s, %(next_due)s,
            %(next_amount)s, %(closed)s, %(shared)s)
    AS g(person, loan, funder, interest, penalty, collected, collected_penalty, outstanding, overdue, late, worst, base_days, base_outstanding, next_due, next_amount,
         closed, shared)
"""
"""COPY is closed to tables under row-level security; binary arrays through one INSERT come near to its speed and keep the policy."""


def day(db: Connection, on: date) -> Any:
    """The day's close, if it began: its `closed_at` (None while it runs) and `figures`."""
    return db.execute(text("SELECT day, closed_at, figures FROM book_close WHERE day = :day"), {"day": on}).first()


def unfinished(db: Connection) -> date | None:
    return db.execute(text("SELECT min(day) FROM book_close WHERE closed_at IS NULL")).scalar()


def last_closed(db: Connection, before: date | None = None) -> date | None:
    query = "SELECT max(day) FROM book_close WHERE closed_at IS NOT NULL AND (CAST(:before AS date) IS NULL OR day < :before)"
    return db.execute(text(query), {"before": before}).scalar()


def begin(db: Connection, on: date, at: datetime, *, size: int) -> None:
    """Open the day and cut the book into pages of about `size` active loans."""
    db.execute(text("INSERT INTO book_close (day, began_at) VALUES (:day, :at)"), {"day": on, "at": at})
    bounds = [FIRST, *db.execute(BOUNDS, {"size": size}).scalars(), LAST]
    rows = [{"day": on, "number": n, "after": a, "until": u} for n, (a, u) in enumerate(itertools.pairwise(bounds))]
    db.execute(text("INSERT INTO book_close_page (day, number, after, until) VALUES (:day, :number, :after, :until)"), rows)


def progress(db: Connection, on: date) -> tuple[int, int]:
    """Pages, and pages still open."""
    query = "SELECT count(*), count(*) FILTER (WHERE sums IS NULL) FROM book_close_page WHERE day = :day"
    pages, left = db.execute(text(query), {"day": on}).one()
    return pages, left


def claim(db: Connection, on: date) -> Cut | None:
    """A page that nobody has in hand; ours until the transaction ends."""
    query = (
        "SELECT number, after, until FROM book_close_page WHERE day = :day AND sums IS NULL ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    row = db.execute(text(query), {"day": on}).first()
    return Cut(row.number, row.after, row.until) if row else None


def read(db: Connection, cut: Cut, *, on: date, before: date | None, only: Sequence[UUID] | None = None) -> Page:
    given = {
        "on": on,
        "after": cut.after,
        "until": cut.until,
        "before": before,
        "only": list(only) if only is not None else None,
        "scale": RATE_SCALE,
    }
    with db.connection.cursor() as cursor:  # type: ignore[union-attr]
        cursor.execute(QUICKLY)  # type: ignore[call-arg]
        cursor.execute(PAGE, given, binary=True)  # type: ignore[call-arg]
        found = cursor.pgresult  # type: ignore[attr-defined]
        return _page([found.get_value(0, number) for number in range(found.nfields)])


def lock(db: Connection, cut: Cut, loans: Sequence[UUID]) -> None:
    """Hold these loans, so that no payment changes them before the transaction ends."""
    query = "SELECT 1 FROM loan WHERE person_id > :after AND person_id <= :until AND id = ANY(:loans) ORDER BY person_id, id FOR UPDATE"
    db.execute(text(query), {"after": cut.after, "until": cut.until, "loans": list(loans)})


def write(db: Connection, on: date, of: Page, standing: Standing, days_past_due: NDArray[np.int64], base: Base) -> None:
    given = {
        "person": uuids(of.people),
        "loan": uuids(of.loans),
        "funder": uuids(of.funders),
        "interest": bigints(standing.earned_interest),
        "penalty": bigints(standing.earned_penalty),
        "collected": bigints(standing.collected),
        "collected_penalty": bigints(standing.collected_penalty),
        "outstanding": bigints(of.outstanding),
        "overdue": bigints(standing.overdue),
        "late": integers(days_past_due),
        "worst": integers(np.maximum(of.before.worst, days_past_due)),
        "base_days": integers(base[0]),
        "base_outstanding": bigints(base[1]),
        "next_due": dates(standing.next_due),
        "next_amount": bigints(standing.next_amount),
        "closed": booleans(of.closed),
        "shared": integers(of.shared),
        "splits": [json.dumps(write_splits(one)) for one in of.splits[WHOLE + 1 :]],
    }
    with db.connection.cursor() as cursor:  # type: ignore[union-attr]
        columns.register(cursor.adapters)  # type: ignore[attr-defined]
        cursor.execute(WRITE, {**given, "day": on, "never": columns.day(NEVER)})


def finish_page(db: Connection, on: date, number: int, *, loans: int, moved: int, sums: bytes) -> None:
    query = "UPDATE book_close_page SET loans = :loans, moved = :moved, sums = :sums WHERE day = :day AND number = :number"
    db.execute(text(query), {"day": on, "number": number, "loans": loans, "moved": moved, "sums": sums})


def sums(db: Connection, on: date) -> tuple[list[bytes], int, int]:
    """What the pages add up, and how many loans were closed and moved."""
    rows = db.execute(text("SELECT sums, loans, moved FROM book_close_page WHERE day = :day ORDER BY number"), {"day": on}).all()
    return [bytes(row.sums) for row in rows], sum(row.loans for row in rows), sum(row.moved for row in rows)


def finish(db: Connection, on: date, at: datetime, figures: Mapping[str, Any]) -> None:
    db.execute(update(close).where(close.c.day == on).values(closed_at=at, figures=dict(figures)))
    db.execute(delete(page).where(page.c.day == on))


def reminders(db: Connection, on: date, due: Sequence[date], *, after: tuple[UUID, UUID], limit: int) -> Sequence[Row]:
    """Rows of the day whose loans are late, or have an instalment due on one of `due`, in the order of person and loan."""
    wanted = (accrual.c.days_past_due > 0) | accrual.c.next_due.in_(due)
    later = func.row(accrual.c.person_id, accrual.c.loan_id) > func.row(*after)
    query = select(accrual).where(accrual.c.day == on, ~accrual.c.closed, wanted, later)
    return db.execute(query.order_by(accrual.c.person_id, accrual.c.loan_id).limit(limit)).all()


def accruals(db: Connection, person: UUID, loan: UUID, *, limit: int) -> Sequence[Row]:
    """A loan's closed days, the last first."""
    query = select(accrual).where(accrual.c.person_id == person, accrual.c.loan_id == loan)
    return db.execute(query.order_by(accrual.c.day.desc()).limit(limit)).all()


def _page(found: Sequence[bytes | None]) -> Page:
    inexact, words, shared, was_shared, *arrays = found
    if inexact == b"\x01":
        raise ValueError(f"a penalty rate has more decimals than {RATE_SCALE} parts can hold")
    spoken = np.array([one.split("\x1f") for one in bytes(words).decode().split("\x1e")]) if words else np.empty((0, WORDS), np.str_)
    columns_of = [decode(one) for one in arrays]
    known = {"": WHOLE}
    now_shared, before_shared = (_coded(one, known) for one in (shared, was_shared))
    *of_loans, spoken, now_shared, before_shared = _ordered([*columns_of[: len(OF_LOANS)], spoken, now_shared, before_shared])
    _, people, loans, funders, start, ended, lost, principal, outstanding, parts, scale, *was, since = of_loans
    rows = _ordered(columns_of[len(OF_LOANS) :])
    return Page(
        people=people,
        loans=loans,
        funders=funders,
        start=start,
        closed=ended.astype(np.bool_),
        lost=lost.astype(np.bool_),
        principal=principal,
        outstanding=outstanding,
        penalty=(parts, scale),
        before=Before(
            *was[:-3], closed=was[-3].astype(np.bool_), funder=was[-2], charged_off=was[-1].astype(np.bool_), shared=before_shared
        ),
        since=since,
        words=spoken,
        shared=now_shared,
        splits=[read_splits(json.loads(one)) if one else {} for one in known],
        rows=Instalments(rows[0] >> NUMBER_BITS, *rows[1:-1], settled=rows[-1].astype(np.bool_)),
    )


def _coded(texts: bytes | None, known: dict[str, int]) -> Ints:
    """Each text by its place among those `known`, to which new ones are added."""
    said = bytes(texts).decode().split("\x1e") if texts is not None else []
    return np.array([known.setdefault(one, len(known)) for one in said], np.int64)


def _ordered(found: list[NDArray]) -> list[NDArray]:
    """In the order of the first column."""
    if (np.diff(found[0]) > 0).all():
        return found
    order = np.argsort(found[0], kind="stable")
    return [one[order] for one in found]
