"""A million schedules of twelve instalments: ours, the decimals they must equal row by row, and what others would give."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from typing import Any

import numpy as np
import pyxirr
from numpy.typing import NDArray
from rich.progress import Progress

from xinqiao.batch import schedules
from xinqiao.batch.schedules import SCALE
from xinqiao.kit import CNY
from xinqiao.servicing.schedule import equal_instalments

MONTHS, BLOCK = 12, 5_000
START = date(2026, 1, 31)
Ints = NDArray[np.int64]


def terms(rows: int) -> tuple[Ints, Ints]:
    """Amounts from ¥500 to ¥200,000 to the fen, rates from 3 % to 36 % to the millionth."""
    chance = np.random.default_rng(1)
    return chance.integers(50_000, 20_000_000, rows), chance.integers(30_000, 360_000, rows) * (SCALE // 10**6)


def run(rows: int, ends: float, progress: Callable[[], Progress]) -> dict[str, Any]:
    principal, rate = terms(rows)
    began = time.perf_counter()
    schedules.equal_instalments(principal[:1], rate[:1], MONTHS)
    compiling = time.perf_counter() - began
    made, wall, cpu = timed(lambda: schedules.equal_instalments(principal, rate, MONTHS))
    whole = made.principal + made.interest
    compared, wrong, per_row = compare(principal, rate, made, ends, progress)
    naive, _, naive_cpu = timed(lambda: in_floats(principal, rate))
    sample = slice(0, min(rows, 2_000))
    peer, _, peer_cpu = timed(lambda: by_pyxirr(principal[sample], rate[sample]))
    per_million = 1e6 / rows
    return {
        "rows": rows,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "cpu_s_a_million": round(cpu * per_million, 3),
        "compile_or_load_s": round(compiling, 2),
        "left_to_the_decimals": made.by_reference,
        "compared_with_the_decimals": compared,
        "rows_that_differ": wrong,
        "decimals_cpu_s_a_million": round(per_row * 1e6, 1),
        "times_the_decimals": round(per_row * rows / cpu),
        "numpy_floats_cpu_s_a_million": round(naive_cpu * per_million, 3),
        "numpy_floats_rows_wrong": int((naive != made.interest).any(axis=1).sum()),
        "pyxirr_cpu_s_a_million": round(peer_cpu / len(peer) * 1e6, 1),
        "pyxirr_rows_wrong_in_a_million": round(int((peer != whole[sample, 0]).sum()) / len(peer) * 1e6),
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def compare(
    principal: Ints, rate: Ints, made: schedules.Schedules, ends: float, progress: Callable[[], Progress]
) -> tuple[int, int, float]:
    """Rows compared, rows that differ, and the reference's CPU seconds a row; on two processes, until `ends`."""
    compared = wrong = 0
    spent = 0.0
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, progress() as bar:
        task = bar.add_task("comparing with the decimals", total=len(principal))
        blocks = [slice(first, first + BLOCK) for first in range(0, len(principal), BLOCK)]
        asked = {pool.submit(reference, principal[of], rate[of]): of for of in blocks}
        for answer in as_completed(asked):
            of = asked.pop(answer)
            parts, cpu = answer.result()
            wrong += int(((parts[0] != made.principal[of]) | (parts[1] != made.interest[of])).any(axis=1).sum())
            compared, spent = compared + len(parts[0]), spent + cpu
            bar.update(task, completed=compared)
            if time.monotonic() > ends:
                pool.shutdown(wait=True, cancel_futures=True)
                break
    return compared, wrong, spent / max(1, compared)


def reference(principal: Ints, rate: Ints) -> tuple[Ints, float]:
    """(2, n, MONTHS): principal and interest as `servicing.schedule` computes them in decimals, one loan at a time."""
    began = time.process_time()
    made = np.empty((2, len(principal), MONTHS), np.int64)
    for row, (amount, yearly) in enumerate(zip(principal.tolist(), rate.tolist(), strict=True)):
        drawn = equal_instalments(CNY(amount), Decimal(yearly) / SCALE, MONTHS, START).instalments
        made[0, row] = [one.principal.minor for one in drawn]
        made[1, row] = [one.interest.minor for one in drawn]
    return made, time.process_time() - began


def in_floats(principal: Ints, rate: Ints) -> Ints:
    """Interest as a numpy user would write it: binary floats, rounded to the cent."""
    monthly = rate / SCALE / 12
    payment = np.round(principal / 100 * monthly / (1 - (1 + monthly) ** -MONTHS), 2)
    left, made = principal / 100, np.empty((len(principal), MONTHS), np.int64)
    for month in range(MONTHS):
        interest = np.round(left * monthly, 2)
        left = left - (payment - interest)
        made[:, month] = np.round(interest * 100)
    return made


def by_pyxirr(principal: Ints, rate: Ints) -> Ints:
    """The first instalment's total by pyxirr's pmt, ipmt and ppmt over all months, one call each."""
    first = np.empty(len(principal), np.int64)
    for row, (amount, yearly) in enumerate(zip((principal / 100).tolist(), (rate / SCALE / 12).tolist(), strict=True)):
        payment = pyxirr.pmt(yearly, MONTHS, amount)
        for month in range(1, MONTHS + 1):
            pyxirr.ipmt(yearly, month, MONTHS, amount)
            pyxirr.ppmt(yearly, month, MONTHS, amount)
        first[row] = round(-payment * 100)
    return first
