"""A book of loans as rows ready for COPY: what the whole-book benchmarks and their tests run on. Amounts come from `batch.schedules`.

The loans were paid out evenly over the twelve months before `on`; each repays in twelve instalments. All paid what fell due, save the late: some
4 %, one to eleven instalments behind, the further the fewer, and a tenth of them with half an instalment paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from xinqiao.batch import schedules
from xinqiao.kit import CNY, Database
from xinqiao.kit.canonical import canonical
from xinqiao.servicing import Charge, Terms
from xinqiao.servicing.offer.store import write_terms

EPOCH = date(2000, 1, 1)
"""Dates in PostgreSQL's binary format count from here, and instants too, in microseconds."""
MONTHS = 12
FUNDERS, GUARANTORS = 20, 5
RATES = [Decimal(p) / 1000 for p in (72, 88, 98, 108, 118, 128, 138, 148, 158, 168, 178, 198)]
PRODUCTS, REGIONS = ("consumer", "working_capital", "device"), ("CN-11", "CN-31", "CN-32", "CN-33", "CN-44", "CN-51")
TERMS_BYTES = 700
Fields = list[tuple[str, str, int]]
KINDS = {"uuid": "V16", "int8": ">i8", "int4": ">i4", "date": ">i4", "timestamptz": ">i8", "bool": "u1", "null": "V0"}


@dataclass(frozen=True, slots=True)
class Made:
    """One block of the book."""

    people: NDArray[np.void]
    loans: NDArray[np.void]
    applications: NDArray[np.void]
    start: NDArray[np.int64]
    """Day of payout, counted from EPOCH."""
    rate: NDArray[np.int64]
    """Which of RATES."""
    funder: NDArray[np.int64]
    paid: NDArray[np.int64]
    """Instalments paid in full, the first ones."""
    half: NDArray[np.bool_]
    """Half of the next one is paid."""
    due: NDArray[np.int64]
    rows: schedules.Schedules
    premium: NDArray[np.int64]


def blocks(loans: int, on: date, *, size: int = 50_000, seed: int = 11) -> Iterator[Made]:
    chance = np.random.default_rng(seed)
    for first in range(0, loans, size):
        yield block(chance, min(size, loans - first), on)


def block(chance: np.random.Generator, n: int, on: date) -> Made:
    start = (on - EPOCH).days - chance.integers(1, 335, n)
    rate = chance.integers(0, len(RATES), n)
    rows = schedules.equal_instalments(
        chance.integers(20, 3000, n) * 10_000, np.array([schedules.parts(one) for one in RATES])[rate], MONTHS
    )
    due = due_days(start)
    fallen = (due < (on - EPOCH).days).sum(axis=1)
    late = chance.random(n) < 0.045
    behind = np.where(late, np.minimum(fallen, 1 + chance.geometric(0.45, n)), 0)
    people, ids, applications = (np.frombuffer(chance.bytes(16 * n), "V16") for _ in range(3))
    half = late & (behind > 0) & (chance.random(n) < 0.1)
    premium = schedules.charges(rows, schedules.parts(Decimal("0.02")))
    return Made(people, ids, applications, start, rate, chance.integers(0, FUNDERS, n), fallen - behind, half, due, rows, premium)


def due_days(start: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, MONTHS): as `servicing.schedule.due_date`, for many."""
    day = start.astype("datetime64[D]") + (np.datetime64(EPOCH, "D") - np.datetime64(0, "D"))
    month = day.astype("datetime64[M]")
    of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    later = month[:, None] + np.arange(1, MONTHS + 1)
    length = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(np.int64)
    return (later.astype("datetime64[D]") - np.datetime64(EPOCH, "D")).astype(np.int64) + np.minimum(of_month[:, None], length - 1)


def funder(number: int) -> UUID:
    return UUID(int=(0xF << 124) + number)


def binary(columns: list[tuple[str, object]], n: int) -> bytes:
    """Rows in PostgreSQL's binary COPY format; a column is (kind, array or scalar or bytes); "null" for none; "text:9" is nine bytes wide."""
    layout: list[tuple[str, str]] = [("count", ">i2")]
    for number, (kind, _) in enumerate(columns):
        name, _, width = kind.partition(":")
        layout.append((f"n{number}", ">i4"))
        if name != "null":
            layout.append((f"v{number}", f"S{width}" if width else KINDS[name]))
    rows = np.zeros(n, np.dtype(layout))
    rows["count"] = len(columns)
    for number, (kind, values) in enumerate(columns):
        if kind == "null":
            rows[f"n{number}"] = -1
            continue
        rows[f"n{number}"] = rows.dtype[f"v{number}"].itemsize
        rows[f"v{number}"] = values
    return rows.tobytes()


def loan_rows(made: Made) -> bytes:
    n = len(made.loans)
    terms = np.array([_terms(rate) for rate in RATES], f"S{TERMS_BYTES}")
    back = np.where(np.arange(MONTHS) < made.paid[:, None], made.rows.principal, 0).sum(axis=1)
    lent = made.rows.principal.sum(axis=1)
    owners = np.array([funder(i).bytes for i in range(FUNDERS)], "V16")
    return binary(
        [
            ("text:4", b"main"),
            ("uuid", made.people),
            ("uuid", made.loans),
            ("uuid", made.loans),
            ("uuid", made.applications),
            ("uuid", owners[made.funder]),
            ("null", None),
            ("text:3", b"CNY"),
            ("int8", lent),
            ("int8", lent - back - half_paid(made)[1].sum(axis=1)),
            (f"text:{TERMS_BYTES}", terms[made.rate]),
            ("date", made.start),
            ("timestamptz", made.start * 86_400_000_000),
            ("null", None),
        ],
        n,
    )


LOAN = (
    "tenant, person_id, id, offer_id, application_id, funder_id, guarantor_id, currency, principal, outstanding, terms, disbursed_on, "
    "disbursed_at, closed_on"
)
INSTALMENT = (
    "tenant, person_id, loan_id, number, due, principal, interest, premium, fee, balance, paid_penalty, paid_fee, paid_premium, "
    "paid_interest, paid_principal, late_unit_days, aged_to, settled"
)
APPLICATION = (
    "tenant, person_id, id, scene_id, kind, product, amount_minor, currency, term_months, loan_purpose, region, age_band, language, stage, "
    "version, created_at, updated_at, facts"
)


def half_paid(made: Made) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Interest and principal paid on the one instalment that is half paid: all its interest, and half of its principal."""
    one = made.half[:, None] & (np.arange(MONTHS) == made.paid[:, None])
    return np.where(one, made.rows.interest, 0), np.where(one, made.rows.principal // 2, 0)


def instalment_rows(made: Made) -> bytes:
    n, rows = len(made.loans), made.rows
    settled = np.arange(MONTHS) < made.paid[:, None]
    interest, principal = half_paid(made)
    paid = {name: np.where(settled, getattr(rows, name), 0) for name in ("principal", "interest")}

    def each(values: NDArray) -> NDArray:
        return np.repeat(values, MONTHS)

    return binary(
        [
            ("text:4", b"main"),
            ("uuid", each(made.people)),
            ("uuid", each(made.loans)),
            ("int4", np.tile(np.arange(1, MONTHS + 1), n)),
            ("date", made.due.ravel()),
            ("int8", rows.principal.ravel()),
            ("int8", rows.interest.ravel()),
            ("int8", made.premium.ravel()),
            ("int8", 0),
            ("int8", rows.balance.ravel()),
            ("int8", 0),
            ("int8", 0),
            ("int8", np.where(settled, made.premium, 0).ravel()),
            ("int8", (paid["interest"] + interest).ravel()),
            ("int8", (paid["principal"] + principal).ravel()),
            ("int8", 0),
            ("null", None),
            ("bool", settled.ravel()),
        ],
        n * MONTHS,
    )


def application_rows(made: Made) -> bytes:
    n = len(made.loans)
    products = [np.flatnonzero(made.rate % len(PRODUCTS) == i) for i in range(len(PRODUCTS))]
    return b"".join(_application_rows(made, index, PRODUCTS[i]) for i, index in enumerate(products) if len(index)) if n else b""


def _application_rows(made: Made, index: NDArray[np.int64], product: str) -> bytes:
    regions = np.array(REGIONS, "S5")
    at = made.start[index] * 86_400_000_000
    texts = {"scene_id": ("uuid", made.applications[index])}
    return binary(
        [
            ("text:4", b"main"),
            ("uuid", made.people[index]),
            ("uuid", made.applications[index]),
            texts["scene_id"],
            ("text:8", b"consumer"),
            (f"text:{len(product)}", product.encode()),
            ("int8", made.rows.principal[index].sum(axis=1)),
            ("text:3", b"CNY"),
            ("int4", MONTHS),
            ("text:5", b"goods"),
            ("text:5", regions[made.funder[index] % len(REGIONS)]),
            ("text:5", b"26-35"),
            ("text:5", b"zh-CN"),
            ("text:9", b"disbursed"),
            ("int4", 1),
            ("timestamptz", at),
            ("timestamptz", at),
            ("text:3", b"\x01{}"),
        ],
        len(index),
    )


def _terms(rate: Decimal) -> bytes:
    """JSONB: a version byte, then text, padded to one width. The dates and the amount in it are not read by the close of a day."""
    text_ = canonical(write_terms(Terms(CNY(1_000_000), rate, MONTHS, date(2026, 1, 1), premium=Charge(Decimal("0.02")))))
    if len(text_) >= TERMS_BYTES:
        raise AssertionError(f"terms take {len(text_)} bytes")
    return b"\x01" + text_ + b" " * (TERMS_BYTES - 1 - len(text_))


TABLES = (("loan", LOAN, loan_rows), ("loan_instalment", INSTALMENT, instalment_rows), ("application", APPLICATION, application_rows))


def load(database: Database, loans: int, on: date, progress: Callable[[int], None] = lambda n: None) -> None:
    """COPY the book into an upgraded database, as its owner (row-level security lets nobody else COPY), index it and gather statistics."""
    with database.admin.begin() as db:
        indexes = _drop_indexes(db)
    for made in blocks(loans, on):
        with database.admin.begin() as db:
            db.execute(text("SET LOCAL synchronous_commit = off"))
            for table, columns, rows in TABLES:
                with db.connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as out:  # type: ignore[attr-defined]
                    out.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8) + rows(made) + b"\xff\xff")
        progress(len(made.loans))
    with database.admin.begin() as db:
        db.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for definition in indexes:
            db.execute(text(definition))
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE loan, loan_instalment, application"))


def _drop_indexes(db: Connection) -> list[str]:
    """Take the tables' indexes away while they are filled; return the statements that make them again."""
    names = [name for name, _, _ in TABLES]
    keys = db.execute(KEYS, {"names": names}).all()
    for row in keys:
        db.execute(text(f"ALTER TABLE {row.table} DROP CONSTRAINT {row.name}"))
    rest = db.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:names)"), {"names": names}).all()
    for row in rest:
        db.execute(text(f"DROP INDEX {row.indexname}"))
    return [f"ALTER TABLE {row.table} ADD CONSTRAINT {row.name} {row.definition}" for row in keys] + [row.indexdef for row in rest]


KEYS = text("""
SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE conrelid::regclass::text = ANY(:names) AND contype = 'p'
""")
