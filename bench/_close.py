"""The close of a day over a book of loans in an embedded database of its own, and the book's pages after it."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import _book
from rich.progress import Progress
from sqlalchemy import Connection, text

from xinqiao import servicing
from xinqiao.batch import accruals, end_of_day, reminders
from xinqiao.kit import Database, FixedClock, embedded
from xinqiao.migrations.run import upgrade
from xinqiao.servicing import book
from xinqiao.servicing.book import By, Per

Found = dict[str, Any]
LIVES = """
INSERT INTO loan_event (person_id, loan_id, number, id, kind, "on", recorded_on, at, data)
SELECT l.person_id, l.id, g.number, g.kind, g.kind, l.disbursed_on, l.disbursed_on, l.disbursed_at, jsonb_build_object('amount', l.principal) || g.more
FROM loan l CROSS JOIN (VALUES (1, 'approved', '{"expected_on": null}'::jsonb), (2, 'disbursed', '{}')) AS g(number, kind, more)
WHERE l.id = ANY(:loans)
UNION ALL
SELECT i.person_id, i.loan_id, 2 + i.number, 'paid ' || i.number, 'paid', i.due, i.due, i.due::timestamptz,
       jsonb_build_object('amount', i.principal + i.interest + i.premium, 'kind', 'repayment')
FROM loan_instalment i WHERE i.loan_id = ANY(:loans) AND i.settled
"""
"""What happened to a sample of loans, for the scalar way, which replays it."""
TICKS = os.sysconf("SC_CLK_TCK")
PAGES_UNDER = 0.2


def run(loans: int, progress: Callable[[], Progress]) -> Found:
    on = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=3)
    with TemporaryDirectory(prefix="xinqiao-bench-", ignore_cleanup_errors=True) as folder:
        database = Database(embedded.start(Path(folder) / "pg"))
        try:
            upgrade(database)
            loading = filled(database, loans, on, progress)
            closes = [closed(database, on + timedelta(days=day), loans, Path(folder) / "pg", progress) for day in (0, 1, 1)]
            peers = beside(database, on, loans)
            return {
                "loans": loans,
                "load_s": round(loading, 1),
                "first_close": closes[0],
                "next_day": closes[1],
                "the_same_day_again": closes[2],
                **peers,
                "first_close_to_reading_all": round(closes[0]["wall_s"] / peers["copy_of_all_instalments_wall_s"], 2),
                "book_pages_ms": pages(database, on + timedelta(days=1)),
            }
        finally:
            database.close()


def filled(database: Database, loans: int, on: date, progress: Callable[[], Progress]) -> float:
    began = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("loading the book", total=loans)
        _book.load(database, loans, on, lambda n: bar.advance(task, n))
    return time.perf_counter() - began


def closed(database: Database, on: date, loans: int, folder: Path, progress: Callable[[], Progress]) -> Found:
    clock = FixedClock(datetime.combine(on + timedelta(days=1), datetime.min.time(), ZoneInfo("Asia/Shanghai")) + timedelta(hours=2))
    server = Server(folder)
    with progress() as bar, server:
        task = bar.add_task(f"closing {on}", total=None)
        wall, cpu = time.perf_counter(), time.process_time()
        done = end_of_day(begin=database.begin, clock=clock, on=on, progress=lambda n, all_: bar.update(task, completed=n, total=all_))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu + server.cpu, 2),
        "client_cpu_s": round(cpu, 2),
        "peak_gb": round(server.peak / 2**30, 2),
        "loans": done.loans,
        "moved": done.moved,
        "transfers": done.transfers,
        "again": done.again,
    }


class Server:
    """CPU of the embedded server while this is open, and the most memory that it and this process held together (proportional set size)."""

    def __init__(self, folder: Path) -> None:
        self.postmaster = int((folder / "postmaster.pid").read_text().split()[0])
        self.cpu, self.peak = 0.0, 0
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Server:
        self._before = self._spent()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watch.join()
        self.cpu = self._spent() - self._before

    def _sample(self) -> None:
        while not self._stop.wait(0.25):
            self.peak = max(self.peak, sum(held(pid) for pid in [os.getpid(), self.postmaster, *self._children()]))

    def _children(self) -> list[int]:
        path = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children")
        return [int(pid) for pid in path.read_text().split()]

    def _spent(self) -> float:
        """Of the postmaster, of the backends that live, and of those that ended."""
        ended = sum(stat(self.postmaster)[11:15])
        return (ended + sum(sum(stat(pid)[11:13]) for pid in self._children())) / TICKS


def stat(pid: int) -> list[int]:
    """The fields of /proc/pid/stat from the state on; times at 11 to 14 (of children that ended: 13 and 14)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0] * 15
    return [0, *(int(one) for one in fields[1:15])]


def held(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def beside(database: Database, on: date, loans: int) -> Found:
    """Reading every instalment by COPY, without computing anything; and the scalar way, one loan's view after the other."""
    with database.admin.begin() as db:
        began = time.perf_counter()
        db.execute(text("COPY (SELECT * FROM loan_instalment) TO '/dev/null' (FORMAT BINARY)"))
        copying = time.perf_counter() - began
    clock = FixedClock(datetime.combine(on, datetime.min.time(), ZoneInfo("Asia/Shanghai")))
    with database.begin() as db:
        some = db.execute(text("SELECT id FROM loan ORDER BY id LIMIT 300")).scalars().all()
        db.execute(text(LIVES), {"loans": list(some)})
        began, cpu = time.perf_counter(), time.process_time()
        for loan in some:
            servicing.view(db=db, clock=clock, loan_id=loan, on=on)
        scalar, scalar_cpu = time.perf_counter() - began, time.process_time() - cpu
    return {
        "copy_of_all_instalments_wall_s": round(copying, 2),
        "one_view_after_the_other_s_for_all": round(scalar / len(some) * loans),
        "one_view_after_the_other_client_cpu_s_for_all": round(scalar_cpu / len(some) * loans),
    }


def pages(database: Database, day: date) -> Found:
    """Median and worst of seven, in ms; those that pass 200 are named."""
    asked: dict[str, Callable[[Connection], object]] = {
        **{f"lines by {by}": lambda db, by=by: book.lines(db=db, by=by) for by in By},
        "lines of a funder": lambda db: book.lines(db=db, by=By.VINTAGE, funder_id=_book.funder(3)),
        "concentration": lambda db: book.concentration(db=db),
        "vintage curves": lambda db: book.curves(db=db, late="M1"),
        "roll rates": lambda db: book.roll_rates(db=db),
        "cash flow by month": lambda db: book.cash_flow(db=db),
        "cash flow by week": lambda db: book.cash_flow(db=db, per=Per.WEEK),
        "reminders, a page of 1,000": lambda db: reminders(db=db, on=day + timedelta(days=1)),
        "a loan's accruals": _accruals,
        "live: balances by bucket": lambda db: book.balances(db=db, by=By.BUCKET),
        "live: balances by product": lambda db: book.balances(db=db, by=By.PRODUCT),
    }
    made: Found = {}
    with database.begin() as db:
        for name, ask in asked.items():
            made[name] = _timed(db, ask)
    made["over 200"] = [name for name, found in made.items() if found["worst"] > 1000 * PAGES_UNDER]
    return made


def _accruals(db: Connection) -> object:
    row = db.execute(text("SELECT person_id, id FROM loan LIMIT 1 OFFSET 999")).one()
    return accruals(db=db, person_id=row.person_id, loan_id=row.id)


def _timed(db: Connection, ask: Callable[[Connection], object]) -> dict[str, float]:
    took = []
    for _ in range(7):
        began = time.perf_counter()
        ask(db)
        took.append(1000 * (time.perf_counter() - began))
    return {"median": round(statistics.median(took), 1), "worst": round(max(took), 1)}
