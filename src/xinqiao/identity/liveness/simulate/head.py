"""The parametric head: 32 modes of shape of two hundred invented people (`head.npz`, CC0, made by scripts/make_head_mesh.py), and solids.

Lengths are decimetres; x to the picture's right, y up, z from the head to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "head.npz"
EYES = np.array([0.0, 7.284, 1.245], np.float32)
"""Between the eyes of the base mesh."""
PIVOT = np.array([0.0, 6.4, 0.4], np.float32)
MOVES = ("blink", "smile", "jaw", "brows", "squint")
SKIN, EYE, HAIR, CLOTH, GEAR, SHEET, CUT = range(7)
"""Texture layers: CUT has holes; GEAR is whatever a person wears."""
SCATTER = np.array([0.025, 0.009, 0.005], np.float32)
"""How far light wanders under skin before it leaves, decimetres (red, green, blue), as a Gaussian's width: two thirds of the diffuse mean
free paths that Jensen et al. 2001 measured ("A Practical Model for Subsurface Light Transport": 3.7, 1.4 and .7 mm)."""


@dataclass(frozen=True, slots=True)
class Base:
    mean: np.ndarray
    modes: np.ndarray
    moves: np.ndarray
    rest: np.ndarray
    triangles: np.ndarray
    material: np.ndarray
    openness: np.ndarray
    scalp: np.ndarray
    lips: np.ndarray
    view: np.ndarray
    edges: tuple[np.ndarray, np.ndarray]
    """Both ends of every edge of the skin, each direction once."""


@cache
def base() -> Base:
    with np.load(FILE) as data:
        found = {name: data[name] for name in data.files}
    found["modes"] = found["modes"].astype(np.float32) * found.pop("modes_step")[:, None, None]
    triangles = found["triangles"].astype(np.int64)
    pairs = triangles[found["material"] == 0][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    wide = {name: found[name].astype(np.float32) for name in ("mean", "moves", "rest", "openness", "scalp")}
    return Base(**(found | wide | {"triangles": triangles}), edges=(both[:, 0], both[:, 1]))


@dataclass(frozen=True, eq=False)
class Solid:
    """Something to be drawn: n vertices, t triangles. `normals` (n, 3 channels, 3): the red light's wander further than the blue's."""

    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    open: np.ndarray
    """(n,) share of the sky that a vertex sees"""
    shine: np.ndarray
    """(n, 2): reflectance at normal incidence, Blinn-Phong exponent"""
    triangles: np.ndarray
    layer: np.ndarray
    """(t,) texture layer"""
    closed: np.ndarray
    """(t,) cannot be seen from behind"""
    moves: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3), np.float32))
    turns: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """(n,) 1 follows the head, 0 stays with the shoulders"""

    @cached_property
    def enclosed(self) -> np.ndarray:
        """(n,) vertices of closed surfaces: seen from one side alone."""
        out = np.zeros(len(self.points), bool)
        out[self.triangles[self.closed]] = True
        return out


def join(*solids: Solid) -> Solid:
    counts = np.cumsum([0, *(len(s.points) for s in solids)])
    kinds = len(MOVES)
    moves = [s.moves if len(s.moves) else np.zeros((kinds, len(s.points), 3), np.float32) for s in solids]
    turns = [s.turns if len(s.turns) else np.ones(len(s.points), np.float32) for s in solids]
    return Solid(
        points=np.concatenate([s.points for s in solids]),
        normals=np.concatenate([s.normals for s in solids]),
        uv=np.concatenate([s.uv for s in solids]),
        open=np.concatenate([s.open for s in solids]),
        shine=np.concatenate([s.shine for s in solids]),
        triangles=np.concatenate([s.triangles + n for s, n in zip(solids, counts, strict=False)]),
        layer=np.concatenate([s.layer for s in solids]),
        closed=np.concatenate([s.closed for s in solids]),
        moves=np.concatenate(moves, axis=1),
        turns=np.concatenate(turns),
    )


def shape(rng: np.random.Generator) -> np.ndarray:
    """Vertices of an invented head, eyes at EYES."""
    b = base()
    points = b.mean + np.tensordot(np.clip(rng.normal(size=len(b.modes)), -2.2, 2.2).astype(np.float32), b.modes, 1)
    eyes = np.unique(b.triangles[b.material == 1])
    return (points + EYES - points[eyes].mean(0)).astype(np.float32)


def normals_of(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    corner = points[triangles]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    out = np.empty((len(points), 3), np.float32)
    for axis in range(3):
        out[:, axis] = sum(np.bincount(triangles[:, k], face[:, axis], len(points)) for k in range(3))
    return unit(out)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)).astype(np.float32)


def scattered(points: np.ndarray, normals: np.ndarray, share: float, spectral: float = 1.0) -> np.ndarray:
    """Normals (n, 3 channels, 3) smoothed along the skin by SCATTER (hybrid normals, Ma et al. 2007).

    `share`: 1 skin, 0 an opaque solid. `spectral`: 1 red wanders as much further as in skin, 0 all channels like the green.
    """
    start, end = base().edges
    widths = SCATTER[1] + (SCATTER - SCATTER[1]) * spectral
    squared = ((points[start] - points[end]) ** 2).sum(1)
    out = np.repeat(normals[:, None], 3, 1)
    for channel, width in enumerate(widths * share):
        for _ in range(2 if width > 0.002 else 0):
            weight = np.exp(-squared / (2 * width**2)).astype(np.float32)
            total = out[:, channel].copy()
            for axis in range(3):
                total[:, axis] += np.bincount(start, weight * out[end, channel, axis], len(points))
            out[:, channel] = total
    return unit(out)


def smoothed(points: np.ndarray, passes: int) -> np.ndarray:
    """The surface with its relief ironed out: each pass moves a vertex half-way to its neighbours' middle."""
    start, end = base().edges
    count = np.maximum(np.bincount(start, minlength=len(points)), 1)[:, None]
    out = points.copy()
    for _ in range(passes):
        middle = np.stack([np.bincount(start, out[end, axis], len(points)) for axis in range(3)], 1) / count
        out += np.where(np.bincount(start, minlength=len(points))[:, None] > 0, (middle - out) * 0.5, 0).astype(np.float32)
    return out


def chart() -> np.ndarray:
    """Each vertex's place on the frontal chart of textures, (n, 2), 0-1, v downward."""
    left, right, bottom, top = base().view
    rest = base().rest
    return np.stack([(rest[:, 0] - left) / (right - left), (top - rest[:, 1]) / (top - bottom)], 1).astype(np.float32)


def head(points: np.ndarray, *, scatter: float, spectral: float = 1.0, shine: tuple[float, float], hair: float, long_hair: bool) -> Solid:
    """A person's head and shoulders. `hair`: thickness in decimetres, 0 bald."""
    b = base()
    keep = (b.material != 2) | long_hair
    triangles, material = b.triangles[keep], b.material[keep]
    normals = normals_of(points, b.triangles)
    gloss = np.tile(np.array(shine, np.float32), (len(points), 1))
    gloss[np.unique(b.triangles[b.material == 1])] = (0.04, 300)
    turns = np.clip((b.rest[:, 1] - 5.7) / 0.7, 0, 1).astype(np.float32)
    skin = Solid(
        points=points,
        normals=scattered(points, normals, scatter, spectral),
        uv=chart(),
        open=np.clip(b.openness * 1.15, 0.15, 1),
        shine=gloss,
        triangles=triangles,
        layer=np.choose(material, [SKIN, EYE, HAIR]).astype(np.int64),
        closed=material != 2,
        moves=b.moves,
        turns=turns,
    )
    return join(skin, shell(skin, normals, hair)) if hair > 0 else skin


def shell(skin: Solid, normals: np.ndarray, thickness: float) -> Solid:
    """Hair: the scalp pushed outward."""
    b = base()
    amount = np.clip(b.scalp * 5, 0, 1)
    covered = (b.material == 0) & (amount[b.triangles].min(1) > 0)
    used, numbers = np.unique(b.triangles[covered], return_inverse=True)
    return Solid(
        points=skin.points[used] + normals[used] * (amount[used] * thickness + 0.004)[:, None],
        normals=np.repeat(normals[used, None], 3, 1),
        uv=skin.uv[used],
        open=skin.open[used],
        shine=np.tile(np.array([0.03, 12.0], np.float32), (len(used), 1)),
        triangles=numbers.reshape(-1, 3),
        layer=np.full(int(covered.sum()), HAIR),
        closed=np.ones(int(covered.sum()), bool),
        moves=b.moves[:, used],
        turns=skin.turns[used],
    )


def glasses(points: np.ndarray) -> Solid:
    """Two rims, a bridge and two temples; the lenses themselves are not modelled."""
    b = base()
    eyes = np.unique(b.triangles[b.material == 1])
    rings = []
    for side in (-1, 1):
        centre = points[eyes[b.rest[eyes, 0] * side > 0]].mean(0) + np.array([side * 0.02, -0.03, 0.24], np.float32)
        angle = np.linspace(0, 2 * np.pi, 25)[:-1]
        rings.append(centre + np.stack([0.27 * np.cos(angle), 0.2 * np.sin(angle), -0.06 * np.abs(np.cos(angle))], 1))
    bars = [
        np.stack([rings[0][0], rings[1][12]]),
        *(np.stack([r[k], r[k] + [s * 0.12, 0, -1.0]]) for r, k, s in ((rings[0], 12, -1), (rings[1], 0, 1))),
    ]
    return join(*(tube(r, closed=True) for r in rings), *(tube(bar, closed=False) for bar in bars))


def tube(line: np.ndarray, *, closed: bool, radius: float = 0.018) -> Solid:
    """A square bar along a polyline."""
    count = len(line)
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32) * radius
    points = np.concatenate([line + np.array([0, c[0], c[1]]) for c in corners]).astype(np.float32)
    normals = np.repeat(unit(np.repeat(np.pad(corners, ((0, 0), (1, 0))), count, 0))[:, None], 3, 1)
    rows = []
    for a in range(4):
        for n in range(count if closed else count - 1):
            m, b = (n + 1) % count, (a + 1) % 4
            rows += [[a * count + n, a * count + m, b * count + m], [a * count + n, b * count + m, b * count + n]]
    shine = np.tile(np.array([0.05, 80.0], np.float32), (len(points), 1))
    return Solid(points, normals, np.full((len(points), 2), 0.5, np.float32), np.ones(len(points), np.float32), shine, np.array(rows),
                 np.full(len(rows), GEAR), np.zeros(len(rows), bool))  # fmt: skip


def sheet(
    width: float, height: float, *, bend: float, upright: bool, shine: tuple[float, float], cells: tuple[int, int] = (24, 32)
) -> Solid:
    """A flat or rolled sheet around the origin. `bend`: the angle that the roll spans, radians; `upright`: the roll's axis is vertical."""
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(0, 1, cells[0] + 1), np.linspace(0, 1, cells[1] + 1)))
    along, size = (u, width) if upright else (1 - v, height)
    angle = (along - 0.5) * bend
    radius = size / bend if abs(bend) > 1e-3 else 0.0
    swept = radius * np.sin(angle) if radius else (along - 0.5) * size
    deep = radius * (np.cos(angle) - 1) if radius else np.zeros_like(along)
    other = (0.5 - v) * height if upright else (u - 0.5) * width
    flat = (swept, other) if upright else (other, swept)
    zero = np.zeros_like(angle)
    normals = np.stack([np.sin(angle), zero, np.cos(angle)] if upright else [zero, np.sin(angle), np.cos(angle)], 1)
    n = np.arange((cells[0] + 1) * (cells[1] + 1)).reshape(cells[1] + 1, cells[0] + 1)
    a, b, c, d = (x.ravel() for x in (n[:-1, :-1], n[:-1, 1:], n[1:, 1:], n[1:, :-1]))
    triangles = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    count = len(u)
    return Solid(
        points=np.stack([*flat, deep], 1).astype(np.float32),
        normals=np.repeat(normals[:, None].astype(np.float32), 3, 1),
        uv=np.stack([u, v], 1).astype(np.float32),
        open=np.ones(count, np.float32),
        shine=np.tile(np.array(shine, np.float32), (count, 1)),
        triangles=triangles,
        layer=np.full(len(triangles), SHEET),
        closed=np.zeros(len(triangles), bool),
    )


def front(
    points: np.ndarray, *, layer: int, scatter: float, spectral: float, shine: tuple[float, float], scope: float = 0.55, hollow: float = 1.0
) -> Solid:
    """The face alone, as a mask or a printed relief: skin that lies further forward than `scope`, below the hair and above the throat.

    `hollow`: 1 the surface shades itself as a face does, 0 not at all.
    """
    b = base()
    inside = (b.rest[:, 2] > scope) & (b.rest[:, 1] > 6.15) & (b.rest[:, 1] < 7.98)
    chosen = (b.material != 2) & inside[b.triangles].all(1)
    used, numbers = np.unique(b.triangles[chosen], return_inverse=True)
    normals = scattered(points, normals_of(points, b.triangles), scatter, spectral)
    count = int(chosen.sum())
    return Solid(
        points=points[used],
        normals=normals[used],
        uv=chart()[used],
        open=1 - hollow * (1 - np.clip(b.openness[used] * 1.15, 0.15, 1)),
        shine=np.tile(np.array(shine, np.float32), (len(used), 1)),
        triangles=numbers.reshape(-1, 3),
        layer=np.full(count, layer),
        closed=np.zeros(count, bool),
    )
