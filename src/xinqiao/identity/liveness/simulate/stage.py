"""From a scene to things that can be drawn: solids, textures, and where they stand at each instant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from . import head, raster
from .head import CUT, MOVES, SHEET, Solid
from .people import Person, invent
from .scene import Scene

FOCAL = 0.80
"""Focal length in picture heights: 64 degrees from top to bottom, a usual front camera."""
SCREEN = (0.7, 1.4)
"""The phone's lit surface, decimetres; its upper edge lies a little below the camera."""
CEILING = np.array([0.0, 1.0, 0.25])
PRINT_SIZE = (320, 240)


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees and decimetres at one instant; `moves` as head.MOVES."""

    yaw: float
    pitch: float
    roll: float
    x: float
    y: float
    away: float
    moves: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    solid: Solid
    fixed: Solid | None
    """what does not move its face with `moves`: the mask over it"""
    atlas: np.ndarray
    infrared: np.ndarray
    hole: np.ndarray
    emission: np.ndarray
    dots: np.ndarray
    wall: np.ndarray
    centre: np.ndarray
    """the point of the solid that stands at the pose's place"""
    pivot: np.ndarray
    films: list[np.ndarray] = field(default_factory=list)
    """frames that a replayed screen shows, linear"""


def lamps(scene_nits: float) -> tuple[np.ndarray, np.ndarray]:
    """Eight samples of a white screen: (8, 4) place and nits times area, (8,) which half."""
    wide, tall = SCREEN
    xs, ys = (-wide / 4, wide / 4), np.array([1, 3, 5, 7]) / 8
    points = np.array([[x, -0.12 - y * tall, 0.0, scene_nits * wide * tall / 8] for y in ys for x in xs], np.float32)
    return points, np.array([0, 0, 0, 0, 1, 1, 1, 1])


def rotation(pose: Pose) -> np.ndarray:
    tilt = cv2.Rodrigues(np.radians([-pose.pitch, pose.yaw, 0.0]))[0]
    return (tilt @ cv2.Rodrigues(np.radians([0.0, 0.0, pose.roll]))[0]).astype(np.float32)


def placed(solid: Solid, pose: Pose, centre: np.ndarray, pivot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) before the camera at the origin, z toward it, and normals (n, 3, 3)."""
    turn = rotation(pose)
    points = solid.points + np.tensordot(pose.moves, solid.moves, 1) if len(solid.moves) and pose.moves.any() else solid.points
    follow = solid.turns[:, None] if len(solid.turns) else np.float32(1)
    turned = pivot + (points - pivot) @ turn.T
    at = turned * follow + points * (1 - follow) - centre + np.array([pose.x, pose.y, -pose.away], np.float32)
    return at.astype(np.float32), np.ascontiguousarray((solid.normals.reshape(-1, 3) @ turn.T).reshape(solid.normals.shape))


def on_screen(points: np.ndarray, size: tuple[int, int], sway: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Pixels and depth, (n, 3). `sway`: pixels by which the picture moves while its rows are read, from first to last."""
    rows, columns = size
    depth = -points[:, 2]
    focal = FOCAL * rows
    y = rows / 2 - focal * points[:, 1] / depth
    x = columns / 2 + focal * points[:, 0] / depth
    late = np.clip(y / rows, 0, 1)
    return np.stack([x + sway[0] * late, y + sway[1] * late, depth], 1).astype(np.float32)


def build(scene: Scene, rng: np.random.Generator) -> Stage:
    person = invent(scene.person)
    wall = backdrop(rng, scene.size)
    kind = scene.species
    if kind in ("flat_print", "bent_print"):
        return _print(scene, person, wall, rng)
    if kind in ("phone_replay", "tablet_replay"):
        return _screen(scene, person, wall)
    if kind in ("paper_mask", "resin_mask", "silicone_mask", "printed_head"):
        return _mask(scene, person, wall, rng)
    return _stage(person.solid(glasses=scene.glasses), person, wall)


def _stage(solid: Solid, person: Person, wall: np.ndarray, **changes: object) -> Stage:
    layers = len(person.textures)
    plain = Stage(
        solid=solid,
        fixed=None,
        atlas=person.textures,
        infrared=person.infrared_textures,
        hole=np.zeros((1, 1), bool),
        emission=np.zeros((layers, 2), np.float32),
        dots=np.zeros(4, np.float32),
        wall=wall,
        centre=head.EYES,
        pivot=head.PIVOT,
    )
    return replace(plain, **changes)


def backdrop(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """An out-of-focus room, reflectance, a tenth larger than the frame on each side."""
    rows, columns = round(size[0] * 1.2), round(size[1] * 1.2)
    image = np.tile(_paint(rng), (rows, columns, 1)).astype(np.float32)
    image *= np.linspace(rng.uniform(0.7, 1.2), rng.uniform(0.7, 1.2), columns, dtype=np.float32)[None, :, None]
    for _ in range(rng.integers(3, 9)):
        x, y = rng.integers(-columns // 6, columns), rng.integers(-rows // 6, rows)
        w, h = rng.integers(columns // 16, columns // 2), rng.integers(rows // 16, rows * 3 // 4)
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), tuple(float(v) for v in _paint(rng)), -1)
    return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(2, 7)) * size[0] / 320)


def _paint(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.04, 0.7) * (1 + rng.normal(0, 0.22, 3)).clip(0.3, 1.6)


def photograph(person: Person, wall: np.ndarray, rng: np.random.Generator, *, glasses: bool) -> np.ndarray:
    """The thief's picture of the victim, PRINT_SIZE, linear 0-1: lit by a room, before a wall of its own."""
    solid = person.solid(glasses=glasses)
    pose = Pose(
        *(float(v) for v in rng.normal(0, 4, 2)),
        0.0,
        0.0,
        float(rng.uniform(-0.3, 0)),
        float(rng.uniform(3.0, 4.0)),
        np.zeros(len(MOVES), np.float32),
    )
    sun, share = np.array([rng.uniform(-0.7, 0.7), rng.uniform(0.2, 0.9), 0.8]), 0.5
    if rng.random() < 0.4:  # a flash or a window straight before the face shades it much as the challenge's own light does
        sun, share = np.array([rng.uniform(-0.2, 0.2), rng.uniform(-0.3, 0.3), 1.0]), rng.uniform(0.6, 0.9)
    shown = render(_stage(solid, person, wall), solid, pose, PRINT_SIZE, room=1.0, sun=sun / np.linalg.norm(sun), sun_share=share)
    return np.clip(shown * 0.32 / max(float(shown[80:200, 60:180].mean()), 1e-3) * 0.8, 0, 1)


def render(stage: Stage, solid: Solid, pose: Pose, size: tuple[int, int], *, room: float, sun: np.ndarray, sun_share: float) -> np.ndarray:
    """A still under room light alone, linear."""
    points, normals = placed(solid, pose, stage.centre, stage.pivot)
    none, halves = lamps(0.0)
    lit = raster.illuminate(points, normals, solid.enclosed, solid.open, solid.shine, none, halves, room, CEILING, sun, sun_share)
    near, weights = raster.visible(on_screen(points, size), solid.triangles, solid.layer, solid.closed, solid.uv, stage.hole, *size[::-1])
    rows, still = np.zeros((size[0], 2, 3)), np.ones(size[0])
    wall = cv2.resize(stage.wall, size[::-1])
    return raster.paint(near, weights, solid.triangles, solid.layer, lit, solid.uv, stage.atlas, np.ones((len(stage.atlas), 3), np.float32), stage.emission, stage.dots, wall, np.array([room * 0.8, 0.0]), rows, still, np.ones(3), still)  # fmt: skip


def printed(picture: np.ndarray, made: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """What ink on paper reflects of a linear picture: narrower gamut, lifted black, halftone, grain."""
    grey = picture.mean(-1, keepdims=True)
    image = grey + (picture - grey) * made["gamut"]
    rows, columns = image.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    for channel, angle in enumerate(np.radians([15, 75, 45])):
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        image[..., channel] *= 1 + made["halftone"] * np.cos(2 * np.pi * u / 2.7) * np.cos(2 * np.pi * v / 2.7)
    image = made["black"] + np.clip(image, 0, 1) * (made["white"] - made["black"])
    return (image * (1 + 0.02 * rng.standard_normal((rows, columns, 1)))).astype(np.float32)


def _with_layer(person: Person, layer: int, texture: np.ndarray, infrared: np.ndarray) -> dict[str, np.ndarray]:
    atlas, near = person.textures.copy(), person.infrared_textures.copy()
    rows, columns = atlas.shape[1:3]
    atlas[layer] = cv2.resize(texture, (columns, rows), interpolation=cv2.INTER_AREA)
    near[layer] = cv2.resize(infrared, (columns, rows), interpolation=cv2.INTER_AREA)
    return {"atlas": atlas, "infrared": near}


def _print(scene: Scene, person: Person, wall: np.ndarray, rng: np.random.Generator) -> Stage:
    made = scene.material
    picture = printed(photograph(person, backdrop(rng, PRINT_SIZE), rng, glasses=person.glasses), made, rng)
    ink = made["white"] * (1 - made["ink_infrared"] * (1 - picture.mean(-1, keepdims=True) / made["white"]))
    tall = 4.4 * made["life_size"]  # the picture's height in the world when its face is as large as in life
    cut = picture if made["whole"] else picture[40:280, 40:200]
    height = tall * cut.shape[0] / 320
    solid = head.sheet(
        height * cut.shape[1] / cut.shape[0], height, bend=made["bend"], upright=bool(made["upright"]), shine=(made["f0"], made["gloss"])
    )
    layers = _with_layer(person, SHEET, cut, np.repeat(ink if made["whole"] else ink[40:280, 40:200], 3, -1))
    return _stage(solid, person, wall, **layers, centre=np.zeros(3, np.float32), pivot=np.zeros(3, np.float32))


def _screen(scene: Scene, person: Person, wall: np.ndarray) -> Stage:
    """The films that the screen shows are filmed by film.py."""
    made = scene.material
    solid = head.sheet(made["width"], made["width"] * 4 / 3, bend=0.0, upright=True, shine=(made["f0"], made["gloss"]))
    emission = np.zeros((len(person.textures), 2), np.float32)
    emission[SHEET] = (np.pi * made["nits"], made["diffuse"])
    layers = _with_layer(person, SHEET, np.zeros((*PRINT_SIZE, 3), np.float32), np.full((*PRINT_SIZE, 3), 0.04, np.float32))
    dots = np.array([made["columns"], made["columns"] * 4 / 3, made["dots"], made["split"]], np.float32)
    return _stage(
        solid, person, wall, **layers, emission=emission, dots=dots, centre=np.zeros(3, np.float32), pivot=np.zeros(3, np.float32)
    )


def _mask(scene: Scene, person: Person, wall: np.ndarray, rng: np.random.Generator) -> Stage:
    """A face of paper, resin or silicone over a wearer's, or a printed head that nobody wears. Its colours come from the victim."""
    made = scene.material
    wearer = invent(scene.wearer)
    points, skin = person.points, person.textures[head.SKIN]
    paper = scene.species == "paper_mask"
    if paper:
        points = head.smoothed(points, int(made["ironing"]))
        skin = printed(np.clip(skin * 1.1, 0, 1), made, rng)
    elif scene.species == "printed_head":
        flat = head.smoothed(points, 60)
        points = flat + (points - flat) * np.float32(made["relief"])
    lift = np.array([0, 0, made.get("gap", 0.0) + (0.12 if paper else 0.0)], np.float32)
    shine = (made["f0"], made["gloss"])
    cover = head.front(
        points + lift,
        layer=CUT,
        scatter=made.get("scatter", 0.0),
        spectral=made.get("spectral", 0.0),
        shine=shine,
        scope=0.45 if paper else 0.35,
        hollow=0.1 if paper else 1.0,
    )
    tinted = np.clip(skin * np.array([made.get("tint", 1.0), 1.0, 1.0]), 0, 1).astype(np.float32)
    if scene.species == "printed_head" or not made.get("eye_holes"):
        tinted = _with_eyes(tinted, person)
    near = np.full_like(tinted, made["white"] * (1 - made["ink_infrared"] * 0.4) if paper else rng.uniform(0.25, 0.75))
    layers = _with_layer(wearer, CUT, tinted, near)
    if scene.species == "printed_head":
        return _bust(person, points, made, wall, near) if made["whole"] else _stage(cover, wearer, wall, **layers)
    if made["matched"]:
        layers["atlas"][head.SKIN] = np.clip(layers["atlas"][head.SKIN] * (person.skin / wearer.skin), 0, 0.95)
    under = replace(wearer, points=(head.smoothed(person.points, 25) if paper else person.points) - np.array([0, 0, 0.08], np.float32))
    return _stage(under.solid(glasses=scene.glasses), wearer, wall, **layers, fixed=cover, hole=_holes(made, tinted.shape[:2]))


def _bust(person: Person, points: np.ndarray, made: dict[str, float], wall: np.ndarray, near: np.ndarray) -> Stage:
    """A printed head with neck and shoulders, hair and eyes painted on: no hair that lies over it, no wet eye."""
    shine = (made["f0"], made["gloss"])
    solid = head.head(points, scatter=0.0, spectral=0.0, shine=shine, hair=person.thickness, long_hair=False)
    solid = replace(solid, shine=np.tile(np.array(shine, np.float32), (len(solid.points), 1)), turns=np.ones_like(solid.turns))
    stage = _stage(solid, person, wall)
    stage.infrared[[head.SKIN, head.EYE, head.HAIR]] = float(near.mean())
    return stage


def _with_eyes(skin: np.ndarray, person: Person) -> np.ndarray:
    """Eyes painted on the mask, open."""
    x, y = _chart(skin.shape[:2])
    inside = ((np.abs(x) - 0.308) / 0.13) ** 2 + ((y - 7.285) / 0.055) ** 2 < 1
    return np.where(inside[..., None], person.textures[head.EYE], skin)


def _holes(made: dict[str, float], chart: tuple[int, int]) -> np.ndarray:
    x, y = _chart(chart)
    eyes = ((np.abs(x) - 0.308) / 0.17) ** 2 + ((y - 7.285) / 0.08) ** 2 < 1
    mouth = (x / 0.26) ** 2 + ((y - 6.57) / 0.09) ** 2 < 1
    return (eyes & bool(made.get("eye_holes"))) | (mouth & bool(made.get("mouth_hole")))


def _chart(chart: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    left, right, bottom, top = head.base().view
    v, u = np.mgrid[0 : chart[0], 0 : chart[1]] + 0.5
    return left + u / chart[1] * (right - left), top - v / chart[0] * (top - bottom)
