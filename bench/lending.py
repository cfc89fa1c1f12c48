"""Lending at the size of a book, each figure beside its peer in the same run: schedules, the close of a day, the book's pages, rates, the ledger.

    python bench/lending.py [--loans 1000000] [--schedules 1000000] [--postings 10000000] [--minutes 45] [--out var/bench-lending.json]

An embedded PostgreSQL in a folder of its own. It stops by itself: no part begins once the minutes are over, and the comparison of schedules with the
decimals ends with them. CPU of the close is this process and the server with all its backends; memory is the greatest sum of both, sampled.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
console = Console(width=None if sys.stdout.isatty() else 140)
Found = dict[str, Any]


def progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def machine() -> Found:
    load = [round(one, 2) for one in os.getloadavg()]
    return {"load_average": load, "cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


def rates() -> Found:
    return importlib.import_module("rates").run()


def ledger(postings: int) -> Found:
    """Lists of transfers beside raw COPY, and every question of an explorer over a book of many postings."""
    found = importlib.import_module("ledger").figures(explored=postings)
    rates = {str(one["name"]): one["rows_per_second"] for one in found["posting"]}
    lists, copy = (next(rate for name, rate in rates.items() if name.startswith(start)) for start in ("ledger.post", "raw COPY"))
    slow = [name for name, took in found.get("explorer", {}).get("queries", {}).items() if took["p95_ms"] > 200]
    return {**found, "posting_to_copy": round(lists / copy, 3), "explorer questions over 200 ms at p95": slow}


def show(name: str, found: Found) -> None:
    made = Table(title=name, title_justify="left", show_header=False)
    for key, value in found.items():
        made.add_row(key, json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))
    console.print(made)


def main() -> int:
    options = read_options()
    ends = time.monotonic() + options.minutes * 60
    parts: dict[str, Callable[[], Found]] = {
        "schedules": lambda: importlib.import_module("_schedules").run(options.schedules, ends, progress),
        "rates": rates,
        "close": lambda: importlib.import_module("_close").run(options.loans, progress),
        "ledger": lambda: ledger(options.postings),
    }
    found: Found = {"machine": machine()}
    for name in options.only or parts:
        if time.monotonic() > ends:
            found[name] = {"left_out": f"the {options.minutes} minutes were over"}
        else:
            found[name] = one(name, parts[name])
        show(name, found[name])
    found["machine_after"] = machine()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1, default=str), encoding="utf-8")
    console.print(
        f"written to {options.out}; load average {found['machine']['load_average'][0]} before, {found['machine_after']['load_average'][0]} after"
    )
    return int(any("failed" in part for part in found.values()))


def one(name: str, part: Callable[[], Found]) -> Found:
    """A part that fails is shown as failed, and the others still run."""
    console.rule(name)
    try:
        return part()
    except Exception as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = int(os.environ.get("XINQIAO_BENCH_LOANS", 1_000_000))
    parser.add_argument("--loans", type=int, default=size)
    parser.add_argument("--schedules", type=int, default=size)
    parser.add_argument("--postings", type=int, default=10 * size)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--only", nargs="*", choices=("schedules", "rates", "close", "ledger"))
    parser.add_argument("--out", type=Path, default=Path("var/bench-lending.json"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
