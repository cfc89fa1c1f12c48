"""Single moments without a clip: colour, near infrared, depth, a second camera; many devices look at one scene. *Simulated.*"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..challenge.model import Challenge
from .camera import Camera
from .film import EPOCH, _depth, _expose, _infrared
from .head import MOVES
from .people import invent
from .ranging import pair
from .scene import SOLID, Scene, near_infrared
from .stage import PRINT_SIZE, Pose, Stage, backdrop, build, photograph

NOTHING_SHOWN = Challenge("0" * 32, "no challenge", EPOCH, EPOCH, ())


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One moment; what was not asked for is None."""

    scene: Scene
    colour: np.ndarray | None
    """uint8 RGB"""
    infrared: np.ndarray | None
    """uint8"""
    depth: np.ndarray | None
    """uint16 millimetres, 0 unknown"""
    right: np.ndarray | None
    """uint8 RGB, from a second camera"""


def stills(
    scene: Scene, *, count: int, colour: bool = False, infrared: bool = False, depth: bool = False, right: bool = False
) -> Iterator[Still]:
    """`count` moments of one scene, each in another pose and before another device; of a mask the material near 900 nm differs too, and one
    wearer in four has glasses on."""
    rng = np.random.default_rng([29, scene.seed])
    scene = replace(scene, glasses=scene.glasses or (scene.species in SOLID and bool(rng.random() < 0.25)))
    stage = _with_film(build(scene, rng), scene, rng)
    for variant in range(count):
        now = replace(scene, material=scene.material | near_infrared(rng)) if "infrared" in scene.material else scene
        pose = _pose(scene, rng, still=variant == 0)
        first, second = _colours(stage, now, pose, rng, right=right) if colour or right else (None, None)
        yield Still(
            now,
            first,
            _infrared(stage, now, pose, rng, variant) if infrared else None,
            _depth(stage, now, pose, rng, variant) if depth else None,
            second,
        )


def _with_film(stage: Stage, scene: Scene, rng: np.random.Generator) -> Stage:
    """A replayed screen shows one picture here, not a film."""
    if not scene.species.endswith("_replay"):
        return stage
    person = invent(scene.person)
    return replace(stage, films=[photograph(person, backdrop(rng, PRINT_SIZE), rng, glasses=person.glasses)])


def _pose(scene: Scene, rng: np.random.Generator, *, still: bool) -> Pose:
    wander = np.zeros(6) if still else rng.normal(0, 1, 6) * (4, 4, 3, 0.1, 0.1, 0.25)
    moves = np.clip(rng.normal(0, 0.06, len(MOVES)), -0.1, 0.3).astype(np.float32)
    base = np.array([scene.yaw, scene.pitch, scene.roll, scene.x, scene.y, scene.away]) + wander
    flat = scene.species.endswith(("_print", "_replay"))
    return Pose(*(float(v) for v in base[:5]), float(max(base[5], 0.8)), np.zeros_like(moves) if flat else moves)


def _colours(stage: Stage, scene: Scene, pose: Pose, rng: np.random.Generator, *, right: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """What the colour camera sees while its exposure settles on the screen's grey, and a second camera beside it."""
    camera = Camera(scene, rng)
    camera.gain = 0.2 / max(scene.lux * 0.3 + scene.nits * 0.03, 0.2)
    camera.meter(_exposed(stage, scene, pose, camera, 0.0), first=True)
    first = camera.develop(_exposed(stage, scene, pose, camera, 0.0), 0.5, camera.exposure)
    if not right:
        return first, None
    camera.gain *= float(np.exp(rng.normal(0, 0.05)))
    return first, camera.develop(_exposed(stage, scene, pose, camera, pair(scene)["baseline"] / 100), 0.5, camera.exposure)


def _exposed(stage: Stage, scene: Scene, pose: Pose, camera: Camera, aside: float) -> np.ndarray:
    edges = NOTHING_SHOWN.edges() + 10.0  # the screen stays grey
    return _expose(stage, scene, NOTHING_SHOWN, edges, 0.5, pose, np.zeros(2), camera, aside=aside)
