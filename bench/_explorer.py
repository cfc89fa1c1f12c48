"""Every question of a ledger explorer, asked of a book of ten million postings in an embedded database of its own.

The book: loans over three years, each with twelve monthly repayments of four transfers, loaded by binary COPY in the order of time (as posting
would have written it), then closed day by day. Each query is asked of chosen and of random things; the worst account (clearing: half of all
entries) is always among them.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Index, text

from xinqiao.kit import Database, FixedClock, embedded, schema
from xinqiao.migrations.run import upgrade
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.ledger.store import closing, tables

TENANT, FUNDERS, REPAYMENTS, DAYS, LIST = "bench", 20, 12, 1080, 500
FIRST = date(2023, 1, 2)
EPOCH = date(2000, 1, 1)
"""PostgreSQL counts days and microseconds from here."""
CLEARING = Account(Kind.CLEARING)
CLOSED = 30
"""Days that are really closed and measured; those before are loaded as closed."""
BLOCK = 200_000


@dataclass(frozen=True)
class Book:
    """Columns of all transfers, in the order of time; accounts are numbers into `accounts`."""

    accounts: list[Account]
    loan: np.ndarray
    day: np.ndarray
    entry: np.ndarray
    line: np.ndarray
    at: np.ndarray
    debit: np.ndarray
    credit: np.ndarray
    minor: np.ndarray
    ids: np.ndarray


def made(transfers: int) -> Book:
    """So many transfers, or a few less: loans of 2 + 4 x 12."""
    draw = np.random.default_rng(7)
    loans = max(1, transfers // (2 + 4 * REPAYMENTS))
    random = Random(7)
    funders = [UUID(int=random.getrandbits(128)) for _ in range(FUNDERS)]
    owners = [UUID(int=random.getrandbits(128)) for _ in range(loans)]
    accounts = [CLEARING, *(Account(Kind.CAPITAL, f) for f in funders), *(Account(Kind.FUNDER, f) for f in funders)]
    base = len(accounts)
    accounts += [Account(Kind.PRINCIPAL, o) for o in owners] + [Account(Kind.INTEREST, o) for o in owners]
    number, start, funder = np.arange(loans), draw.integers(0, DAYS - 30 * REPAYMENTS, loans), draw.integers(0, FUNDERS, loans)
    capital, owed, principal, interest = 1 + funder, 1 + FUNDERS + funder, base + number, base + loans + number
    part = draw.integers(10_000, 100_000, loans)
    rows = [(start, 0 * number, capital, part * REPAYMENTS), (start, principal, 0 * number, part * REPAYMENTS)]
    for n in range(1, REPAYMENTS + 1):
        day, cost = start + 30 * n, part // 100 + 1
        rows += [
            (day, 0 * number, interest, cost),
            (day, interest, owed, cost),
            (day, 0 * number, principal, part),
            (day, capital, owed, part),
        ]
    day, debit, credit, minor = (np.concatenate(column) for column in zip(*rows, strict=True))
    loan = np.tile(number, len(rows))
    order = np.argsort(day, kind="stable")
    day, loan, debit, credit, minor = day[order], loan[order], debit[order], credit[order], minor[order]
    within = np.arange(len(day)) - np.searchsorted(day, day)
    chunk = within // LIST
    entry = np.cumsum(np.concatenate([[1], (np.diff(day) != 0) | (np.diff(chunk) != 0)]))
    seconds = chunk.astype(np.int64) * 60
    at = (day.astype(np.int64) * 86400 + 3600 + seconds) * 1_000_000
    ids = draw.bytes(16 * len(day))
    return Book(accounts, loan, day, entry, within % LIST + 1, at, debit, credit, minor, np.frombuffer(ids, "S16"))


def _raw(values: list[UUID]) -> np.ndarray:
    return np.frombuffer(b"".join(v.bytes for v in values), dtype="V16")


def _binary(columns: list[tuple[str, np.ndarray | bytes]], rows: int) -> bytes:
    """PostgreSQL's binary COPY format of rows of fixed-width fields: a count, then each field's length and bytes."""
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, value in columns:
        kind = f"V{len(value)}" if isinstance(value, bytes) else (value.dtype.str if value.dtype.kind == "V" else f">i{value.itemsize}")
        fields += [(f"{name}_length", ">i4"), (name, kind)]
    out = np.zeros(rows, dtype=np.dtype(fields))
    out["count"] = len(columns)
    for name, value in columns:
        out[name] = np.frombuffer(value, f"V{len(value)}")[0] if isinstance(value, bytes) else value
        out[f"{name}_length"] = len(value) if isinstance(value, bytes) else value.itemsize
    return out.tobytes()


def _blocks(book: Book, table: str) -> Iterator[bytes]:
    account_ids = _raw([one.id for one in book.accounts])
    owners = _raw([one.owner for one in book.accounts])
    loans = owners[1 + 2 * FUNDERS :]
    shift = (FIRST - EPOCH).days
    yield b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    for start in range(0, len(book.day), BLOCK):
        part = slice(start, start + BLOCK)
        rows = len(book.day[part])
        person, at = loans[book.loan[part]], book.at[part] + shift * 86400 * 1_000_000
        ids = book.ids[part].view("V16")
        if table == "ledger_key":
            yield _binary([("tenant", TENANT.encode()), ("person", person), ("id", ids), ("at", at)], rows)
            continue
        yield _binary(
            [
                ("tenant", TENANT.encode()),
                ("at", at),
                ("person", person),
                ("id", ids),
                ("what", b"interest"),
                ("subject", person),
                ("debit", account_ids[book.debit[part]]),
                ("credit", account_ids[book.credit[part]]),
                ("minor", book.minor[part].astype(np.int64)),
                ("currency", b"CNY"),
                ("booked", (book.day[part] + shift).astype(np.int32)),
                ("entry", book.entry[part].astype(np.int64)),
                ("line", book.line[part].astype(np.int32)),
            ],
            rows,
        )
    yield struct.pack(">h", -1)


COLUMNS = {
    "ledger_key": "tenant, person_id, id, at",
    "ledger_transfer": "tenant, at, person_id, id, what, subject, debit, credit, minor, currency, booked_on, entry, line",
}
KEYS = {"ledger_key": "tenant, id, person_id", "ledger_transfer": "tenant, person_id, at, id"}


def load(database: Database, book: Book) -> None:
    """Accounts and transfers by COPY without indexes, the indexes then, and the balances from the transfers."""
    indexes = [index for index in tables.transfer.indexes if isinstance(index, Index)]
    with database.admin.begin() as db:
        schema.ensure_partitions(db, [tables.transfer], since=FIRST, months=DAYS // 30 + 2)
        db.execute(text("ALTER TABLE ledger_transfer DISABLE TRIGGER USER"))
        for name in KEYS:
            db.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT pk_{name}"))
        for index in indexes:
            index.drop(db)
        for name, columns in COLUMNS.items():
            with db.connection.cursor().copy(f"COPY {name} ({columns}) FROM STDIN (FORMAT binary)") as out:  # type: ignore[union-attr]
                for block in _blocks(book, name):
                    out.write(block)
        db.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for name, columns in KEYS.items():
            db.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT pk_{name} PRIMARY KEY ({columns})"))
        for index in indexes:
            index.create(db)
        db.execute(text("ALTER TABLE ledger_transfer ENABLE TRIGGER USER"))
        _open(db, book)
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM (ANALYZE)"))


def _open(db: Connection, book: Book) -> None:
    size = len(book.accounts)
    debits, credits = (np.bincount(side, weights=book.minor, minlength=size).astype(np.int64) for side in (book.debit, book.credit))
    entries = (np.bincount(book.debit, minlength=size) + np.bincount(book.credit, minlength=size)).tolist()
    columns = "tenant, id, kind, owner, currency, rule, debits, credits, entries, summed"
    with db.connection.cursor().copy(f"COPY ledger_account ({columns}) FROM STDIN") as out:  # type: ignore[union-attr]
        for one, debit, credit, count in zip(book.accounts, debits.tolist(), credits.tolist(), entries, strict=True):
            rule = str(ledger.RULES[one.kind])
            out.write_row((TENANT, one.id, str(one.kind), one.owner, one.currency, rule, debit, credit, count, 0))
    db.execute(text("SELECT setval('ledger_entry_number', :n)"), {"n": int(book.entry[-1]) + 1})


def lived(database: Database, book: Book, days: int) -> None:
    """What the first `days` closes would have left: totals, and the balances of the accounts that all loans share.

    The book's past is loaded, not lived through; its transfers are not hashed, since here only speed is asked for.
    """
    kinds = list(dict.fromkeys(one.kind for one in book.accounts))
    kind_of = np.array([kinds.index(one.kind) for one in book.accounts])
    shared = 1 + 2 * FUNDERS
    sums, stood = np.zeros((2, DAYS, len(kinds)), np.int64), np.zeros((2, DAYS, shared), np.int64)
    for side, accounts in enumerate((book.debit, book.credit)):
        np.add.at(sums[side], (book.day, kind_of[accounts]), book.minor)
        mine = accounts < shared
        np.add.at(stood[side], (book.day[mine], accounts[mine]), book.minor[mine])
    sums, stood = sums.cumsum(axis=1), stood.cumsum(axis=1)
    last = np.searchsorted(book.day, np.arange(days), side="right") - 1
    previous: bytes | None = None
    with database.begin(TENANT) as db:
        for day, row in enumerate(last.tolist()):
            totals = ledger.Totals(
                {(kind, "CNY"): (int(sums[0, day, k]), int(sums[1, day, k])) for k, kind in enumerate(kinds) if sums[:, day, k].any()}
            )
            at = datetime(2023, 1, 2, tzinfo=UTC) + timedelta(microseconds=int(book.at[row]))
            closing.add_snapshot(db, ledger.Snapshot(int(book.entry[row]), at, totals))
            made = ledger.Close(FIRST + timedelta(days=day), at, int(book.entry[row]), 0, b"", totals, previous, b"")
            made = replace(made, sha256=made.digest())
            closing.add_close(db, made)
            previous = made.sha256
    with (
        database.admin.begin() as db,
        db.connection.cursor().copy('COPY ledger_balance (tenant, account, "on", debits, credits) FROM STDIN') as out,  # type: ignore[union-attr]
    ):
        for day in range(days):
            for number, one in enumerate(book.accounts[:shared]):
                out.write_row((TENANT, one.id, FIRST + timedelta(days=day), int(stood[0, day, number]), int(stood[1, day, number])))


def close(database: Database, clock: FixedClock, since: date) -> list[float]:
    """Close the days from `since` to the last but one; how long each took."""
    took = []
    for n in range((FIRST + timedelta(days=DAYS - 1) - since).days):
        began = time.perf_counter()
        with database.begin(TENANT) as db:
            ledger.close_day(db=db, clock=clock, on=since + timedelta(days=n))
        took.append(time.perf_counter() - began)
    return took


def questions(book: Book, random: Random) -> dict[str, Callable[[Connection], object]]:
    """Name and what asks it; each call asks of something else."""
    loans = book.accounts[1 + 2 * FUNDERS :]
    funders = book.accounts[1 + FUNDERS : 1 + 2 * FUNDERS]

    def account() -> Account:
        return random.choice([CLEARING, random.choice(funders), random.choice(loans)])

    def day() -> date:
        return FIRST + timedelta(days=random.randrange(40, DAYS - 1))

    def instant() -> datetime:
        return datetime(2023, 1, 2, tzinfo=UTC) + timedelta(seconds=random.randrange(40 * 86400, (DAYS - 1) * 86400))

    def page(db: Connection) -> object:
        on = random.choice([None, ledger.Cursor(day())])
        return ledger.entries(db=db, account=account(), limit=50, after=on)

    def accounts(db: Connection) -> object:
        return ledger.find_accounts(db=db, kind=random.choice([Kind.PRINCIPAL, Kind.INTEREST]), after=random.choice([None, account().id]))

    def standing(db: Connection) -> object:
        return ledger.find_accounts(db=db, kind=random.choice([Kind.PRINCIPAL, Kind.INTEREST, None]), currency="CNY", standing=True)

    def month(db: Connection) -> object:
        since = day()
        return ledger.statement(db=db, account=account(), since=since, until=since + timedelta(days=30), limit=100)

    def one(db: Connection) -> object:
        return ledger.transfer(db=db, transfer=UUID(bytes=bytes(book.ids[random.randrange(len(book.ids))]).ljust(16, b"\0")))

    return {
        "trial balance now": lambda db: ledger.trial_balance(db=db),
        "trial balance at a past instant": lambda db: ledger.trial_balance(db=db, until=instant()),
        "trial balance at a past book date": lambda db: ledger.trial_balance(db=db, on=day()),
        "trial balance at the open day": lambda db: ledger.trial_balance(db=db, on=FIRST + timedelta(days=DAYS)),
        "accounts of a kind, a page": accounts,
        "accounts that stand at something, a page": standing,
        "accounts of an owner": lambda db: ledger.find_accounts(db=db, owner=random.choice(loans).owner),
        "an account's entries, a page by keyset": page,
        "an account's statement of a month, a page": month,
        "balances at a past book date": lambda db: ledger.balances(db=db, accounts=[account(), account()], on=day()),
        "one transfer with its links": one,
        "a loan's journal": lambda db: (lambda owner: ledger.journal(db=db, subject=owner, person=owner))(random.choice(loans).owner),
    }


def ask(database: Database, asked: dict[str, Callable[[Connection], object]], times: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each question, transaction and all, on one connection."""
    found = {}
    for name, question in asked.items():
        took = []
        for _ in range(times):
            began = time.perf_counter()
            with database.begin(TENANT) as db:
                question(db)
            took.append(1000 * (time.perf_counter() - began))
        found[name] = {"first_ms": round(took[0], 1)} | _percentiles(took)
    return found


def _percentiles(took: list[float]) -> dict[str, float]:
    p50, p95, worst = np.percentile(took, [50, 95, 100])
    return {"p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1), "max_ms": round(float(worst), 1)}


def run(transfers: int = 10_000_000, *, times: int = 40) -> dict[str, object]:
    """Load, close the last days, and ask each question `times` times."""
    with TemporaryDirectory(prefix="xinqiao-explorer-", ignore_cleanup_errors=True) as folder:
        database = Database(embedded.start(Path(folder) / "pg"))
        upgrade(database)
        began = time.monotonic()
        book = made(transfers)
        load(database, book)
        lived(database, book, DAYS - 1 - CLOSED)
        loaded = time.monotonic() - began
        clock = FixedClock(datetime(2023, 1, 2, 12, tzinfo=UTC) + timedelta(days=DAYS))
        took = close(database, clock, FIRST + timedelta(days=DAYS - 1 - CLOSED))
        found = {
            "transfers": len(book.day),
            "accounts": len(book.accounts),
            "load_s": round(loaded, 1),
            "close_a_day": {"transfers": int(np.bincount(book.day)[-1 - CLOSED : -1].mean())} | _percentiles([1000 * one for one in took]),
            "queries": ask(database, questions(book, Random(11)), times),
        }
        database.close()
    return found


def show(found: dict[str, object]) -> None:
    """For people."""
    print(f"{found['transfers']:,} transfers, {found['accounts']:,} accounts, loaded in {found['load_s']} s")
    print(f"{'close a day of ' + str(found['close_a_day']['transfers']) + ' transfers':44} {_told(found['close_a_day'])}")  # type: ignore[index]
    for name, took in found["queries"].items():  # type: ignore[attr-defined]
        print(f"{name:44} {_told(took)}")


def _told(took: dict[str, float]) -> str:
    return "   ".join(f"{name} {took[name + '_ms']:>7} ms" for name in ("p50", "p95", "max"))


if __name__ == "__main__":
    show(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000))
