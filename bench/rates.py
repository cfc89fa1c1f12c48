"""Annual rates of a whole book, beside pyxirr (Rust) in the same run; and its buckets and categories.

    python bench/rates.py [--rows 100000] [--json]

Each row is a loan of 12 or 24 monthly instalments with its own dates. pyxirr takes one vector a call; `xirr_many` takes them all. The figures are
compared row by row before any time is reported.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyxirr

from xinqiao.kit import CNY
from xinqiao.servicing import apr, delinquency

START = date(2026, 1, 5)


def book(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Days after each loan's own payout, and fen toward the borrower: (rows, 25) each."""
    random = np.random.default_rng(11)
    month = np.arange(25)
    days = np.cumsum(np.where(month > 0, random.integers(28, 32, (rows, 25)), 0), axis=1)
    term = np.where(random.random(rows) < 0.5, 12, 24)
    lent = random.integers(1_000_00, 200_000_00, rows)
    instalment = lent * random.uniform(1.02, 1.3, rows) / term
    amounts = np.where((month > 0) & (month <= term[:, None]), -np.rint(instalment)[:, None], 0.0)
    amounts[:, 0] = lent
    return days, amounts


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def run(rows: int = 100_000) -> dict[str, Any]:
    """Rates a second of ours and the peer's, and of the exact ones that are shown; raises AssertionError when they differ."""
    days, amounts = book(rows)
    dates = [[START + timedelta(int(day)) for day in row] for row in days]
    lists = amounts.tolist()
    ours, wall, cpu = timed(lambda: apr.xirr_many(days, amounts))
    theirs, peer_wall, peer_cpu = timed(lambda: np.array([pyxirr.xirr(d, a) for d, a in zip(dates, lists, strict=True)], dtype=float))
    worst = float(np.max(np.abs(ours - theirs)))
    assert worst < 1e-8, f"rates differ from the peer's by {worst}"
    flows = [[apr.Dated(d, CNY(int(abs(a))), lent=a > 0) for d, a in zip(dates[row], lists[row], strict=True) if a] for row in range(100)]
    _, _, exact_cpu = timed(lambda: [apr.xirr(one) for one in flows])
    _, _, all_cpu = timed(lambda: [apr.rates_of(one) for one in flows[:50]])
    days_late, flags = np.random.default_rng(5).integers(0, 500, 1_000_000), np.zeros(1_000_000, np.int64)
    was = delinquency.class_codes(days_late, flags)
    _, _, bucket_cpu = timed(lambda: delinquency.bucket_codes(days_late))
    _, _, class_cpu = timed(lambda: delinquency.class_codes(days_late, flags, was=was, clean_days=flags))
    return {
        "rows": rows,
        "xirr_many": {"a_second": round(rows / cpu), "cpu_s": round(cpu, 3), "wall_s": round(wall, 3)},
        "pyxirr, one call a row": {"a_second": round(rows / peer_cpu), "cpu_s": round(peer_cpu, 3), "wall_s": round(peer_wall, 3)},
        "largest_difference": worst,
        "xirr, exact, ms of CPU": round(exact_cpu / len(flows) * 1000, 2),
        "rates_of, every convention, ms of CPU": round(all_cpu / 50 * 1000, 2),
        "a million loans into buckets, into categories, CPU s": [round(bucket_cpu, 3), round(class_cpu, 3)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = run(options.rows)
    print(json.dumps(found) if options.json else "\n".join(f"{name:40} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
