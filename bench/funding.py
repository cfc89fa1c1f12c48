"""Measure funding: a whole book, a stream decided online, and live reservations on a real PostgreSQL.

    .venv/bin/python bench/funding.py [--asks 20000] [--funders 30] [--seconds 10] [--threads 4]

Prints one JSON object. Random market and book of the tests (tests/funding/markets.py), seed 1, budgets 60 % of what is asked.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.funding import markets

from xinqiao import funding
from xinqiao.funding.allocation import allocate_book, descend
from xinqiao.funding.market import UNLIMITED, Book, Market, choose
from xinqiao.kit import CNY, Database, SystemClock, embedded, new_id
from xinqiao.migrations.run import upgrade

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def instance(asks: int, funders: int) -> tuple[Market, Book]:
    chance = random.Random(1)
    wanted = markets.asks(chance, asks)
    budget = int(sum(one.amount.minor for one in wanted) // 100 * 0.6 / funders)
    return Market(markets.funders(chance, funders, budget), markets.guarantors(chance, 3, budget * funders // 2)), Book.of(wanted)


def whole_book(market: Market, book: Book) -> dict[str, float]:
    start, cpu = time.perf_counter(), time.process_time()
    found = allocate_book(market, book, at=NOON)
    return {
        "asks": len(book),
        "pairs": len(market.funders) * (len(market.guarantors) + 1),
        "wall_s": round(time.perf_counter() - start, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "value_of_dual_bound": round(found.value / found.bound, 4),
        "placed": int((found.pair >= 0).sum()),
        "bound": found.bound,
    }


def online(market: Market, book: Book, bound: int, *, solves: int) -> dict[str, float]:
    """Decide asks in order of arrival; `solves` times, prices are found again from the asks seen so far."""
    layout, caps = market.layout(book), market.caps(book)
    left, value, step = caps.copy(), 0, -(-len(book) // (solves + 1))
    prices, start = np.zeros(layout.size, dtype=np.int64), time.process_time()
    for begin in range(0, len(book), step):
        if begin:
            remaining = len(book) - begin
            past = book.part(slice(0, begin))
            scaled = np.where(caps >= UNLIMITED, UNLIMITED, np.minimum(left, UNLIMITED // 4) // remaining * begin)
            prices = descend(market, past, at=NOON, caps=scaled, prices=prices, iterations=80)
        value += decide(market, book.part(slice(begin, begin + step)), left, prices)
    return {"re_solves": solves, "value_of_dual_bound": round(value / bound, 4), "cpu_s": round(time.process_time() - start, 2)}


def decide(market: Market, arriving: Book, left: np.ndarray, prices: np.ndarray) -> int:
    """Each ask in turn takes its best pair that still fits, if it is worth its price; `left` is drawn down."""
    quotes, value = market.quote(arriving, at=NOON), 0
    reduced, layout, pairs = quotes.reduced(prices), quotes.layout, np.arange(quotes.value.shape[1])
    worth = quotes.eligible & (reduced > 0)
    for i in np.flatnonzero(worth.any(axis=1)):
        one = arriving.part(np.full(len(pairs), i))
        rows = layout.rows(one, pairs)
        cover = quotes.cover_need[i, pairs % layout.covers]
        open_to = worth[i] & (left[rows[:, :5]] >= arriving.amount[i]).all(axis=1) & (left[rows[:, 5]] >= cover)
        pick = int(choose(reduced[i : i + 1], quotes.all_in[i : i + 1], open_to[None, :])[0])
        if pick >= 0:
            left[rows[pick, :5]] -= arriving.amount[i]
            left[rows[pick, 5]] -= cover[pick]
            value += int(quotes.value[i, pick])
    return value


def live(funders: int, seconds: float, threads: int) -> dict[str, float]:
    """Auction, reservation and event in one transaction each, on an embedded PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        database = Database(embedded.start(Path(home)), pool_size=threads + 2)
        upgrade(database)
        clock, chance = SystemClock(), random.Random(2)
        with database.begin() as db:
            for _ in range(funders):
                data = markets.funder_data(budget=markets.yuan(10**8), caps={"region": "0.5", "guarantor": "0.6"})
                data["rate"] = {"base": f"{chance.uniform(0.05, 0.1):.4f}", "add_on": markets.RATES}
                funding.publish_funder(db=db, clock=clock, funder_id=new_id(), data=data)
            for _ in range(3):
                funding.publish_guarantor(
                    db=db, clock=clock, guarantor_id=new_id(), data=markets.guarantor_data(capacity=markets.yuan(10**8))
                )
        took, until = [], time.perf_counter() + seconds

        def work(number: int) -> None:
            mine = random.Random(number)
            while time.perf_counter() < until:
                wanted = markets.ask(amount=CNY(mine.randint(10, 400) * 10_000), band=mine.choice("ABCD"))
                start = time.perf_counter()
                with database.begin() as db:
                    held = funding.reserve(db=db, clock=clock, application_id=new_id(), person_id=new_id(), ask=wanted)
                assert held is not None
                took.append(time.perf_counter() - start)

        running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for one in running:
            one.start()
        for one in running:
            one.join()
        database.close()
    milliseconds = np.array(took) * 1000
    return {
        "funders": funders,
        "threads": threads,
        "reservations_per_s": round(len(took) / seconds, 1),
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 1),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asks", type=int, default=20_000)
    parser.add_argument("--funders", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    market, book = instance(given.asks, given.funders)
    book_result = whole_book(market, book)
    streams = [online(market, book, int(book_result["bound"]), solves=solves) for solves in (0, 5, 20)]
    lives = [live(12, given.seconds, threads) for threads in sorted({1, given.threads})]
    print(json.dumps({"day": str(date.today()), "whole_book": book_result, "online": streams, "live": lives}, indent=2))


if __name__ == "__main__":
    main()
