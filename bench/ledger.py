"""Transfers a second through the ledger's list interface, beside raw COPY of the same rows in the same run.

    python bench/ledger.py [--transfers 50000] [--list 500] [--book 10000000] [--json]

The embedded PostgreSQL in a folder of its own. Wall time is what a caller waits; CPU is this process and its database backend. COPY writes the
same rows to a bare table (no index, no constraint, no row-level security): the ceiling, not a peer. `--book` also loads so many transfers into a
second database and asks every question of a ledger explorer (`_explorer.py`); `figures` gives both as one dict.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

sys.path.insert(0, str(Path(__file__).parent))
import _explorer

from xinqiao.kit import CNY, Database, SystemClock, embedded
from xinqiao.migrations.run import upgrade
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Kind, Transfer

TENANT = "bench"
COLUMNS = "at, person_id, id, what, subject, debit, credit, minor, currency"


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    rows: int
    wall: float
    client_cpu: float
    server_cpu: float

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "rows": self.rows,
            "rows_per_second": round(self.rows / self.wall),
            "wall_s": round(self.wall, 3),
            "cpu_s": round(self.client_cpu + self.server_cpu, 3),
            "client_cpu_s": round(self.client_cpu, 3),
            "server_cpu_s": round(self.server_cpu, 3),
        }


def server_cpu(pid: int) -> float:
    """CPU seconds of a database backend; Linux only, else nan."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name: str, database: Database, rows: int, work: Callable[[Connection], None]) -> Result:
    """One connection for the whole of `work`, which commits as it goes."""
    with database.engine.connect() as db:
        pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
        db.commit()
        server, client, wall = server_cpu(pid), time.process_time(), time.perf_counter()
        work(db)
        return Result(name, rows, time.perf_counter() - wall, time.process_time() - client, server_cpu(pid) - server)


def as_tenant(db: Connection) -> None:
    db.execute(text("SELECT set_config('xinqiao.tenant', :tenant, true)"), {"tenant": TENANT})


def book(transfers: int, loans: int) -> tuple[list[Account], list[Transfer]]:
    """Repayments: each loan's money comes into clearing and is owed to one of twenty funders."""
    random, clearing = Random(7), Account(Kind.CLEARING)
    funders = [Account(Kind.FUNDER, uuid4()) for _ in range(20)]
    receipts = [Account(Kind.INTEREST, uuid4()) for _ in range(loans)]
    made = []
    for number in range(transfers // 2):
        receipt, amount = random.choice(receipts), CNY(random.randint(1, 100_000))
        person, loan = UUID(int=receipt.owner.int ^ 1), receipt.owner
        made.append(Transfer(f"{number}/in", "interest", clearing, receipt, amount, loan, person))
        made.append(Transfer(f"{number}/on", "interest to funder", receipt, random.choice(funders), amount, loan, person))
    return [clearing, *funders, *receipts], made


def post_in_lists(transfers: list[Transfer], size: int) -> Callable[[Connection], None]:
    def work(db: Connection) -> None:
        for start in range(0, len(transfers), size):
            with db.begin():
                as_tenant(db)
                ledger.post(db=db, clock=SystemClock(), transfers=transfers[start : start + size])

    return work


def copy(transfers: list[Transfer]) -> Callable[[Connection], None]:
    def work(db: Connection) -> None:
        now = datetime.now(UTC)
        with db.begin(), db.connection.cursor().copy(f"COPY bench_raw ({COLUMNS}) FROM STDIN") as out:  # type: ignore[union-attr]
            for t in transfers:
                out.write_row((now, t.person, t.id, t.what, t.subject, t.debit.id, t.credit.id, t.amount.minor, t.amount.currency))

    return work


def prepare(database: Database, accounts: list[Account]) -> None:
    upgrade(database)
    with database.admin.begin() as db:
        db.execute(text(f"CREATE TABLE bench_raw AS SELECT {COLUMNS} FROM ledger_transfer WHERE false"))
        db.execute(text("GRANT INSERT ON bench_raw TO xinqiao_app"))
    with database.begin(TENANT) as db:
        for start in range(0, len(accounts), 2000):
            ledger.open_accounts(db=db, accounts=accounts[start : start + 2000])


def run(transfers: int = 50_000, size: int = 500) -> list[Result]:
    """Rows a second of posting by lists, of repeating it, and of COPY."""
    accounts, made = book(transfers, max(1, transfers // 10))
    with tempfile.TemporaryDirectory(prefix="xinqiao-bench-") as folder:
        database = Database(embedded.start(Path(folder) / "pg"))
        prepare(database, accounts)
        results = [
            measure(f"ledger.post, lists of {size}", database, len(made), post_in_lists(made, size)),
            measure(f"ledger.post again (all repeats), lists of {size}", database, len(made), post_in_lists(made, size)),
            measure("raw COPY of the same rows", database, len(made), copy(made)),
        ]
        with ledger.steady(database, TENANT) as db:
            found = ledger.verify(db=db)
            assert found.is_sound, found.problems
        database.close()
    return results


def figures(transfers: int = 50_000, size: int = 500, explored: int = 10_000_000) -> dict[str, object]:
    """`posting` (of `run`) and `explorer` (of `_explorer.run`); without the explorer's book when `explored` is 0. The book takes some minutes and six gigabytes of disk."""
    found: dict[str, object] = {"posting": [result.as_json() for result in run(transfers, size)]}
    if explored:
        found["explorer"] = _explorer.run(explored)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transfers", type=int, default=50_000)
    parser.add_argument("--list", type=int, default=500, dest="size")
    parser.add_argument("--book", type=int, default=0, help="transfers of the book to explore; 0 leaves it out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = figures(options.transfers, options.size, options.book)
    if options.json:
        print(json.dumps(found))
        return
    for r in found["posting"]:  # type: ignore[attr-defined]
        print(f"{r['name']:52} {r['rows_per_second']:>9,}/s   wall {r['wall_s']:>7} s   CPU {r['cpu_s']:>7} s (client {r['client_cpu_s']})")
    if options.book:
        _explorer.show(found["explorer"])  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
