"""The pictures that the texture network is trained and measured on: real, simulated, and attacks made from the living.

    python scripts/liveness_pool.py POOL --frames FRAMES --simulated SESSIONS --renders PEOPLE

FRAMES holds live/PERSON/*.jpg and print/PERSON/*.jpg (NUAA's layout); SESSIONS what `xinqiao liveness simulate` wrote; PEOPLE what
render_people.py wrote. Writes POOL/NAME.npy, (n, views, side, side, 3) uint8, and POOL/NAME.json, one row a sample. *Plain* samples are cut as the
product cuts them; *varied* ones have gone through another camera, and attacks *made* from live frames through two.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from liveness_attacks import attacked
from liveness_camera import View, framed, photograph

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from xinqiao.identity import FaceModels
from xinqiao.identity.detection import Face
from xinqiao.identity.liveness.crops import SIDE, TIGHT, WIDE, square
from xinqiao.identity.observe import look

MARGIN = 8
CUT = SIDE + MARGIN
REPEATS = {
    "nuaa": {"live": 2, "print": 1, "replay": 1.6, "paper": 1.3, "mask": 0.6},
    "simulated": {"live": 1, "attack": 1, "replay": 0.7, "paper": 0.6, "mask": 0.2},
    "render": {"live": 1, "replay": 0.7, "paper": 0.6, "mask": 0.2},
}
"""Samples of each kind a source frame; a fraction is a chance."""


@dataclass(frozen=True, slots=True)
class Row:
    """`kind`: live, print (real), replay, paper, mask (made), or a simulated species; `number`: the source frame's."""

    origin: str
    kind: str
    person: str
    number: int
    usable: bool
    made: bool
    varied: bool


@dataclass(frozen=True, slots=True)
class Source:
    """`picture` uint8, so that thousands fit into memory; `face` and `eyes` as in View."""

    picture: np.ndarray
    face: tuple[float, float, float]
    eyes: np.ndarray
    row: Row

    @property
    def view(self) -> View:
        return View(self.picture.astype(np.float32) / 255, self.face, self.eyes)


def views(view: View) -> np.ndarray:
    """(3, CUT, CUT, 3) uint8: tight, wide, and the middle of the face pixel by pixel, each with a margin to shift in."""
    picture = (np.clip(view.image, 0, 1) * 255 + 0.5).astype(np.uint8)
    x, y, side = view.face
    face = Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0, view.eyes)
    grown = CUT / SIDE
    return np.stack([square(picture, face, scale * grown, CUT) for scale in (TIGHT, WIDE, min(1.0, SIDE / side))])


def sources(files: Iterator[tuple[np.ndarray, str, str, str]], models: FaceModels) -> list[Source]:
    """Those in which the product finds a face; `usable` where its gates for a picture hold."""
    out = []
    for number, (picture, origin, kind, person) in enumerate(files):
        sight = look(models, picture)
        if sight:
            usable = not sight.crowd and sight.quality.problem(sight.gates.for_picture()) is None
            row = Row(origin, kind, person, number, usable, made=False, varied=False)
            out.append(Source(picture, (*sight.face.centre, sight.face.side), sight.face.eyes, row))
    return out


def stills(folder: Path) -> Iterator[tuple[np.ndarray, str, str, str]]:
    for file in sorted(folder.glob("*/*/*.jpg")):
        yield read(file), "nuaa", file.parent.parent.name, file.parent.name


def rendered(people: Path) -> Iterator[tuple[np.ndarray, str, str, str]]:
    for file in sorted(people.glob("train/*/selfie/*.png"))[::4]:
        yield read(file), "render", "live", f"r{file.parents[1].name}"


def sessions(folder: Path, frames: int = 4) -> Iterator[tuple[np.ndarray, str, str, str]]:
    """Some frames of every clip, as decoded."""
    for line in (folder / "sessions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        with av.open(str(folder / row["file"])) as clip:
            decoded = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
        for at in np.linspace(2, len(decoded) - 3, frames).astype(int):
            yield decoded[at], "simulated", row["species"], row["person"]


def read(file: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)


def plain(found: list[Source]) -> Iterator[tuple[np.ndarray, Row]]:
    for source in found:
        yield views(source.view), source.row


def varied(found: list[Source], rng: np.random.Generator) -> Iterator[tuple[np.ndarray, Row]]:
    """Every source through another camera, and attacks made from the living."""
    living = [s for s in found if s.row.kind == "live"]
    for source in found:
        times = REPEATS[source.row.origin]
        own = "live" if source.row.kind == "live" else "print" if source.row.origin == "nuaa" else "attack"
        for kind in (own, "replay", "paper", "mask") if own == "live" else (own,):
            for _ in range(int(times[kind] + rng.random())):
                other = living[rng.integers(len(living))]
                yield _vary(source, other, kind if kind != own else source.row.kind, made=kind != own, rng=rng)


def _vary(source: Source, other: Source, kind: str, *, made: bool, rng: np.random.Generator) -> tuple[np.ndarray, Row]:
    view = framed(source.view, rng)
    seen = attacked(kind, view, framed(other.view, rng), rng) if made else photograph(view, rng)
    row = source.row
    return views(seen), Row(row.origin, kind, row.person, row.number, row.usable, made=made, varied=True)


def save(samples: Iterator[tuple[np.ndarray, Row]], path: Path) -> None:
    crops, rows = [], []
    for crop, row in samples:
        crops.append(crop)
        rows.append(asdict(row))
    np.save(path.with_suffix(".npy"), np.stack(crops))
    path.with_suffix(".json").write_text(json.dumps(rows), "utf-8")
    print(path.name, len(rows), flush=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("pool", type=Path)
    ask.add_argument("--frames", type=Path)
    ask.add_argument("--simulated", type=Path)
    ask.add_argument("--renders", type=Path)
    ask.add_argument("--name", default="")
    ask.add_argument("--plain-only", action="store_true")
    ask.add_argument("--seed", type=int, default=17)
    given = ask.parse_args()
    cv2.setNumThreads(1)
    given.pool.mkdir(parents=True, exist_ok=True)
    models = FaceModels.load()
    for name, folder, reader in (
        ("nuaa", given.frames, stills),
        ("simulated", given.simulated, sessions),
        ("render", given.renders, rendered),
    ):
        if folder:
            found = sources(reader(folder), models)
            save(plain(found), given.pool / f"{given.name or name}-plain")
            if not given.plain_only:
                save(varied(found, np.random.default_rng([given.seed, len(found)])), given.pool / f"{given.name or name}-varied")


if __name__ == "__main__":
    main()
