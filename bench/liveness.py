"""Liveness: each figure that this product claims or aims at, in one run that can be broken off and gone on with.

    XINQIAO_BENCH_SESSIONS=500 python bench/liveness.py [--only time sessions match nuaa peers] [--jobs 2] [--minutes 600]

Sessions are *simulated* (`xinqiao.identity.liveness.simulate`, seeds of their own), filmed in memory, checked under each set of sensors, and kept
under the hash of weights and code in `var/bench-liveness/`; the same command goes on where it stopped. 10,000 sessions are a night's work of two
cores. NUAA and ORL are measured where ../shared holds them, and said to be skipped where it does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import _liveness_rates as rates
import _liveness_real as real
import _liveness_sessions as sessions
import _liveness_time as timing
from _liveness_docs import write
from _liveness_tables import show
from lending import console, machine, progress

Found = dict[str, Any]


def main() -> int:
    options = read_options()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    version = sessions.version()
    folder = options.out.parent / "bench-liveness" / version
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + options.minutes * 60
    parts: dict[str, Callable[[], Found]] = {
        "time": lambda: with_progress("measuring time", 6, lambda step: timing.run(options.images, lambda _: step(1))),
        "match": lambda: with_progress("1:1 match", None, real.match),
        "nuaa": lambda: with_progress("NUAA", real.count(), real.nuaa),
        "sessions": lambda: simulated(folder, options, until),
        "peers": peers,
    }
    found: Found = {"code": version, "weights": dict(sessions.models().versions), "machine": machine()}
    for name in options.only or parts:
        console.rule(name)
        found[name] = one(folder / f"{name}.json", parts[name], again=options.again or name == "sessions")
        show(name, found[name])
    found["machine_after"] = machine()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1, default=str), encoding="utf-8")
    console.print(
        f"written to {options.out}; load average {found['machine']['load_average'][0]} before, {found['machine_after']['load_average'][0]} after"
    )
    for path in options.docs:
        console.print(f"{path}: {', '.join(write(path, found))}")
    return int(any("failed" in part for part in found.values() if isinstance(part, dict)))


def one(kept: Path, part: Callable[[], Found], *, again: bool) -> Found:
    """A part that was measured with this very code and these weights is not measured again; one that fails is shown as failed, and the others run."""
    if kept.is_file() and not again:
        return json.loads(kept.read_text("utf-8")) | {
            "measured": "in an earlier run with the same code and weights (--again measures anew)"
        }
    try:
        found = part() | {"load_average": machine()["load_average"]}
    except Exception as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
    kept.write_text(json.dumps(found, indent=1, default=str), "utf-8")
    return found


def with_progress(what: str, total: int | None, part: Callable[[Callable[[int], None]], Found]) -> Found:
    with progress() as bar:
        task = bar.add_task(what, total=total)
        return part(lambda n: bar.advance(task, n))


def simulated(folder: Path, options: argparse.Namespace, until: float) -> Found:
    order = sessions.order_of(options.sessions, options.height)
    with progress() as bar:
        task = bar.add_task("simulated sessions", total=options.sessions)
        rows = sessions.rows(folder, order, jobs=options.jobs, until=until, step=lambda n: bar.advance(task, n))
    if not rows:
        return {"left_out": "no session was checked in the time given"}
    models = sessions.models()
    cases = {name: [(row["species"], row["fused"][name]) for row in rows] for name in ("clip alone", "all")}
    return {
        "label": "simulated",
        "asked": options.sessions,
        "checked": len(rows),
        "frame": f"{order.size[1]} by {order.size[0]}",
        "cpu_s_a_session": round(sum(sum(row["cpu_s"]) for row in rows) / len(rows), 2),
        "sets_of_sensors_fused_again_unlike_an_outright_check": [sum(r.get("spot", 0) for r in rows), 3 * sum("spot" in r for r in rows)],
        "rates": rates.by_sensors_and_room(rows),
        "another_challenge": rates.wrong_challenges(rows),
        "ablation, clip alone": rates.ablation(cases["clip alone"], models),
        "ablation, all sensors": rates.ablation(cases["all"], models),
    }


def peers() -> Found:
    """Open models are not part of this product; one that lies in models/liveness joins the fusion, and the ablation tells it alone."""
    guests = [guest.name for guest in sessions.models().guests]
    return {
        "measured": guests,
        "skipped": ""
        if guests
        else "no peer's weights are at hand (MiniFASNet's are in its repository only); docs/liveness.md gives figures that others measured",
    }


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=int(os.environ.get("XINQIAO_BENCH_SESSIONS", 10_000)))
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--height", type=int, default=640, help="rows of a frame; the width is three quarters of it")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--minutes", type=float, default=600, help="no session begins after so many")
    parser.add_argument("--only", nargs="*", choices=("time", "match", "nuaa", "sessions", "peers"))
    parser.add_argument("--again", action="store_true", help="measure anew what this code was measured with before (sessions are kept)")
    parser.add_argument("--docs", type=Path, nargs="*", default=[], help="documents whose marked tables are written anew: docs/liveness.md")
    parser.add_argument("--out", type=Path, default=Path("var/bench-liveness.json"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
