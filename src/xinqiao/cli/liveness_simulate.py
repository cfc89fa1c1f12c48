"""`liveness simulate`: capture sessions with ground truth, rendered."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from rich.progress import track

from xinqiao.kit import Refused
from xinqiao.terminal import OK, Json, errors, refusals, show, table


class WrongSimulation(Refused):
    code = "cli.wrong_simulation"
    says = "That cannot be simulated: {0}."
    says_zh = "无法按此模拟：{0}。"


def add(group: cyclopts.App) -> None:
    """Hang the command on the `liveness` group."""
    group.command(simulate)


Names = Annotated[tuple[str, ...], cyclopts.Parameter(consume_multiple=True, negative="")]
Flag = Annotated[bool, cyclopts.Parameter(negative="")]


def simulate(
    out: Path,
    *,
    sessions: int = 100,
    seed: int = 1,
    species: Names = (),
    rooms: Names = (),
    devices: Names = (),
    nir: Flag = False,
    depth: Flag = False,
    right: Flag = False,
    video: Literal["webm", "mp4", "frames"] = "webm",
    height: int = 640,
    jobs: int = 1,
    as_json: Json = False,
) -> int:
    """Render capture sessions: people, prints, replays and masks, answering a light challenge. Everything is simulated.

    Parameters
    ----------
    out
        Folder for live/, attack/, sensors/ and sessions.jsonl.
    sessions
        How many; half live, the rest spread evenly over the attack species.
    seed
        The same seed gives the same sessions.
    species
        live, flat_print, bent_print, phone_replay, tablet_replay, paper_mask, resin_mask, silicone_mask, printed_head.
    rooms
        dark, dim, indoor, office, window; outdoors only when asked for.
    devices
        basic, middle, flagship.
    nir
        Also a near-infrared picture.
    depth
        Also a depth map.
    right
        Also what a second colour camera beside the first saw.
    video
        How each session is stored.
    height
        Rows of a frame; the width is three quarters of it. 640 (480 by 640, as the page records) takes about 2 seconds of one core a session; 320
        under half of that, but there many copies are too small for the checks and end as to be tried again.
    jobs
        Processes.
    """
    from xinqiao.identity.liveness import simulate as simulator
    from xinqiao.identity.liveness.simulate.write import Order, known
    from xinqiao.identity.liveness.simulate.write import simulate as run

    with refusals(as_json=as_json):
        try:
            order = Order(
                out=out,
                sessions=_within(sessions, 1, 1_000_000, "sessions"),
                seed=seed,
                species=known(species, simulator.SPECIES, what="species"),
                rooms=known(rooms, tuple(simulator.ROOMS), what="room", leave_out=("outdoors",)),
                devices=known(devices, tuple(simulator.DEVICES), what="device"),
                size=(_within(height, 160, 960, "height") // 16 * 16, height // 16 * 12),
                video=video,
                infrared=nir,
                depth=depth,
                right=right,
            )
        except ValueError as problem:
            raise WrongSimulation(problem) from problem
        started = time.perf_counter()
        rows = list(track(run(order, jobs=jobs), "Filming …", total=sessions, console=errors))
        took = time.perf_counter() - started
        counts = Counter(r["species"] for r in rows)
        answer = {"label": "simulated", "sessions": len(rows), "seconds": round(took), "out": str(out), "species": dict(counts)}
        show(answer, as_json=as_json, human=lambda: table(f"Simulated sessions in {out}, {took:.0f} s", ["species", "sessions"], [[*c] for c in counts.items()]))  # fmt: skip
    return OK


def _within(value: int, low: int, high: int, what: str) -> int:
    if not low <= value <= high:
        raise ValueError(f"{what} from {low} to {high}, not {value}")
    return value
