"""Render what the near-infrared network and the depth model are trained and measured on. *Simulated*; a seed is one scene, one invented person.

    .venv/bin/python scripts/sensors_pool.py nir OUT.npz --seeds 1 400 [--seconds 340]
    .venv/bin/python scripts/sensors_pool.py depth OUT.npz --seeds 1 400 [--seconds 340]
    .venv/bin/python scripts/sensors_pool.py answers OUT.npz --seeds 1 400

`nir`: crops around the face that our detector finds (or, where it finds none, around the place where it stands), before they are made even.
`depth`: the features of depth maps and of pairs of cameras, as the product reads them. `answers`: what the product says of each still (read by
scripts/sensors_rates.py). Stops after --seconds, at a whole scene.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xinqiao.identity import FaceModels
from xinqiao.identity.detection import Face, find_faces
from xinqiao.identity.liveness import infrared
from xinqiao.identity.liveness.depth import Pair, judge, measure, patch, ranged
from xinqiao.identity.liveness.infrared import crop as infrared_crop
from xinqiao.identity.liveness.simulate import SPECIES, draw
from xinqiao.identity.liveness.simulate.ranging import pair
from xinqiao.identity.liveness.simulate.scene import ROOMS, Scene
from xinqiao.identity.liveness.simulate.stills import Still, stills
from xinqiao.identity.observe import look

SHARES = {"live": 0.38, "flat_print": 0.05, "bent_print": 0.07, "phone_replay": 0.03, "tablet_replay": 0.03, "paper_mask": 0.1, "resin_mask": 0.12, "silicone_mask": 0.12, "printed_head": 0.1}  # fmt: skip
COUNT = {"nir": 8, "depth": 5, "answers": 2}
"""Stills of one scene."""
WIDE, PIXELS = 1.9, 160
"""The stored square: this many faces wide, so that training can move and turn it."""


def scene_of(seed: int) -> Scene:
    """The scene of a seed: every room, also outdoors; a quarter at 480 rows."""
    rng = np.random.default_rng([31, seed])
    species = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    room = str(rng.choice(list(ROOMS)))
    return draw(seed, species=species, room=room, size=(480, 368) if rng.random() < 0.25 else (320, 240))


def standing(still: Still) -> Face:
    """Where the face stands, roughly, when the detector finds none."""
    rows, columns = still.scene.size
    side = 0.8 * rows * 1.45 / still.scene.away
    x, y = columns / 2 + 0.8 * rows * still.scene.x / still.scene.away, rows / 2 - 0.8 * rows * (still.scene.y - 0.3) / still.scene.away
    eyes = np.array([[x - side / 4, y - side / 5], [x + side / 4, y - side / 5]])
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 0.0, eyes)


def crops(models: FaceModels, seed: int) -> Iterator[dict[str, Any]]:
    scene = scene_of(seed)
    for number, still in enumerate(stills(scene, count=COUNT["nir"], infrared=True)):
        picture = np.repeat(still.infrared[..., None], 3, -1)
        faces = find_faces(models.detector, picture)
        face = faces[0] if faces else standing(still)
        yield facts(scene, seed, number) | {
            "picture": infrared_crop.square(still.infrared, face, WIDE, PIXELS),
            "found": face.score,
            "eyes_apart": float(np.hypot(*(face.eyes[1] - face.eyes[0]))),
            "p95": float(np.percentile(still.infrared, 95)),
        }


def facts(scene: Scene, seed: int, number: int) -> dict[str, Any]:
    return {"seed": seed, "number": number, "species": SPECIES.index(scene.species), "room": list(ROOMS).index(scene.room), "glasses": scene.glasses}  # fmt: skip


def depths(models: FaceModels, seed: int) -> Iterator[dict[str, Any]]:
    """One row a depth map, and one a pair of cameras where the room is light enough to find a face in colour."""
    scene = scene_of(seed)
    for number, still in enumerate(stills(scene, count=COUNT["depth"], colour=True, infrared=True, depth=True, right=True)):
        near = np.repeat(still.infrared[..., None], 3, -1)
        colour, dark = look(models, still.colour), look(models, near)
        sight = colour or dark
        if sight is None:
            continue
        common = facts(scene, seed, number)
        found = measure(patch(still.depth, sight.picture, sight.mesh, sight.picture.shape[:2]))
        if found:
            yield common | found | {"pair": False, "dark": colour is None}
        if colour is None or number % 2:
            continue
        millimetres = ranged(still.colour, still.right, Pair.parse(json.dumps(pair(scene))), colour.mesh)
        found = measure(patch(millimetres, still.colour, colour.mesh, still.colour.shape[:2]))
        if found:
            yield common | found | {"pair": True, "dark": False}


STATES = ("pass", "refer", "retry", "fail", "not_run")


def answers(models: FaceModels, seed: int) -> Iterator[dict[str, Any]]:
    """Both signals of near infrared, of a depth map and of a pair of cameras, each by its number in STATES, and the scores (NaN: none)."""
    scene = scene_of(seed)
    for number, still in enumerate(stills(scene, count=COUNT["answers"], colour=True, infrared=True, depth=True, right=True)):
        colour = look(models, still.colour)
        said = {"nir": infrared.judge(models, still.infrared, colour.mesh if colour else None, colour=colour.picture if colour else None)}
        sight = colour or look(models, np.repeat(still.infrared[..., None], 3, -1))
        if sight:
            said["map"] = judge(still.depth, sight.picture, sight.mesh)
        if colour:
            millimetres = ranged(still.colour, still.right, Pair.parse(json.dumps(pair(scene))), colour.mesh)
            said["pair"] = judge(millimetres, colour.picture, colour.mesh, kind="pair")
        row = facts(scene, seed, number) | {"dark": colour is None}
        for kind in ("nir", "map", "pair"):
            first, second = said[kind].signals if kind in said else (None, None)
            row |= {
                f"{kind}_there": STATES.index(first.state.value) if first else 4,
                f"{kind}_like": STATES.index(second.state.value) if second else 4,
            }
            row[f"{kind}_reason"] = (first.reason if first and first.reason else "") or (second.reason if second and second.reason else "")
            row[f"{kind}_score"] = second.value if second and second.value is not None else np.nan
        yield row


MAKERS = {"nir": crops, "depth": depths, "answers": answers}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("what", choices=tuple(MAKERS))
    ask.add_argument("out", type=Path)
    ask.add_argument("--seeds", type=int, nargs=2, required=True)
    ask.add_argument("--seconds", type=float, default=1e9)
    asked = ask.parse_args()
    cv2.setNumThreads(1)
    models, started, rows = FaceModels.load(), time.monotonic(), []
    for seed in range(*asked.seeds):
        rows += MAKERS[asked.what](models, seed)
        if time.monotonic() - started > asked.seconds:
            break
    np.savez_compressed(asked.out, **{key: np.array([row[key] for row in rows]) for key in rows[0]})
    print(f"{asked.out}: {len(rows)} stills, seeds {asked.seeds[0]} to {seed}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
