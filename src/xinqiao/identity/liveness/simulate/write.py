"""Sessions on disk, laid out as `liveness eval` reads them, with the truth beside each.

    OUT/live/PERSON/NAME.webm, NAME.json             OUT/attack/SPECIES/PERSON/NAME.webm, NAME.json
    OUT/sensors/NAME.nir.png, NAME.depth.png (16 bits, millimetres), NAME.challenge.json
    OUT/sensors/NAME.right.png, NAME.stereo.json     a second colour camera, and how it stands
    OUT/sessions.jsonl                               one line a session

With `frames` instead of a clip, NAME is a folder of PNG pictures. Everything is labelled simulated.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xinqiao.kit import FixedClock

from ..challenge.model import Challenge
from ..challenge.service import issue
from .camera import encode
from .film import EPOCH, Session, film
from .scene import DEVICES, draw

SIMULATED_KEY = b"simulated sessions only, never a server's"
VIDEO = {"webm": "libvpx", "mp4": "h264", "frames": ""}


@dataclass(frozen=True, slots=True)
class Order:
    """What `simulate` was asked for."""

    out: Path
    sessions: int
    seed: int
    species: tuple[str, ...]
    rooms: tuple[str, ...]
    devices: tuple[str, ...]
    size: tuple[int, int]
    video: str
    infrared: bool
    depth: bool
    right: bool = False


def challenge_of(seed: int) -> Challenge:
    """The challenge of the session with this seed: sealed with a key that no server uses."""
    source = random.Random(seed)
    return issue(
        application=f"simulated-{seed}", key=SIMULATED_KEY, clock=FixedClock(EPOCH), lifetime=timedelta(days=365), draw=source.randrange
    )


def session_of(order: Order, number: int) -> Session:
    """Session `number` of an order. Half are live where `live` is among the species; the rest go round the other species."""
    seed = order.seed * 1_000_003 + number
    rng = np.random.default_rng([3, seed])
    attacks = [s for s in order.species if s != "live"]
    live = "live" in order.species and (not attacks or number % 2 == 0)
    species = "live" if live else attacks[(number // (2 if "live" in order.species else 1)) % len(attacks)]
    scene = draw(
        seed,
        species=species,
        room=str(rng.choice(order.rooms)),
        device=str(rng.choice(order.devices)),
        size=order.size,
        codec=VIDEO[order.video] or "libvpx",
    )
    return film(scene, challenge_of(seed), infrared=order.infrared, depth=order.depth, right=order.right)


def simulate(order: Order, *, jobs: int = 1) -> Iterator[dict[str, Any]]:
    """Film and write every session; yields one line of sessions.jsonl for each as it is done, in order."""
    order.out.mkdir(parents=True, exist_ok=True)
    with (order.out / "sessions.jsonl").open("w", encoding="utf-8") as index:
        for row in _rows(order, jobs):
            index.write(json.dumps(row) + "\n")
            yield row


def _rows(order: Order, jobs: int) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from (_one(order, n) for n in range(order.sessions))
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_one, [order] * order.sessions, range(order.sessions), chunksize=4)


def _one(order: Order, number: int) -> dict[str, Any]:
    cv2.setNumThreads(1)
    session = session_of(order, number)
    return write(session, order.out, name=f"s{order.seed}-{number:06}", video=order.video)


def write(session: Session, out: Path, *, name: str, video: str = "webm") -> dict[str, Any]:
    """Write one session; the line of sessions.jsonl that tells of it."""
    scene = session.scene
    where = Path("live") if scene.species == "live" else Path("attack") / scene.species
    where = where / f"p{scene.person:08x}"
    (out / where).mkdir(parents=True, exist_ok=True)
    media = _media(session, out / where / name, video)
    (out / where / f"{name}.json").write_text(json.dumps(session.truth(), indent=1), "utf-8")
    row = {"name": name, "file": str(where / media), "truth": str(where / f"{name}.json"), "label": "simulated"}
    row |= {"species": scene.species, "person": f"p{scene.person:08x}", "room": scene.room, "device": scene.device, "frames": len(session.frames)}  # fmt: skip
    return row | _sensors(session, out / "sensors", name)


def _media(session: Session, path: Path, video: str) -> str:
    if video == "frames":
        path.mkdir(exist_ok=True)
        for n, frame in enumerate(session.frames):
            _save(path / f"{n:03}.png", frame[:, :, ::-1])
        return path.name
    path.with_suffix(f".{video}").write_bytes(clip_of(session))
    return f"{path.name}.{video}"


def clip_of(session: Session) -> bytes:
    """The session as its phone would send it."""
    low, high = DEVICES[session.scene.device].quality
    share = np.random.default_rng([5, session.scene.seed]).random()
    return encode(session.frames, session.times, codec=session.scene.codec, kilobits=low + share * (high - low))


def _sensors(session: Session, folder: Path, name: str) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.challenge.json").write_text(session.challenge.to_json(), "utf-8")
    row: dict[str, Any] = {"challenge": f"sensors/{name}.challenge.json"}
    for kind, picture in (("nir", session.infrared), ("depth", session.depth)):
        if picture is not None:
            _save(folder / f"{name}.{kind}.png", picture)
            row[kind] = f"sensors/{name}.{kind}.png"
    if session.right is not None:
        _save(folder / f"{name}.right.png", session.right[:, :, ::-1])
        (folder / f"{name}.stereo.json").write_text(json.dumps(session.stereo), "utf-8")
        row |= {"right": f"sensors/{name}.right.png", "stereo": f"sensors/{name}.stereo.json"}
    return row


def _save(path: Path, picture: np.ndarray) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path} could not be written")


def known(asked: Sequence[str] | None, all_of: Sequence[str], *, what: str, leave_out: Sequence[str] = ()) -> tuple[str, ...]:
    """The names asked for, or all but `leave_out`. Raises ValueError with the names there are."""
    strange = set(asked or ()) - set(all_of)
    if strange:
        raise ValueError(f"no such {what}: {', '.join(sorted(strange))}; there are {', '.join(all_of)}")
    return tuple(asked) if asked else tuple(name for name in all_of if name not in leave_out)
