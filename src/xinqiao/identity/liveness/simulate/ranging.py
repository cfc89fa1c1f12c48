"""Depth: what a structured-light, time-of-flight or stereo sensor makes of the scene, and what a second colour camera sees. *Simulated.*

Levels of noise follow what makers and tests state for face sensors at 20 to 50 cm (about .3 to 2 mm; from memory, unverified).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.special import ndtr

from . import raster
from .head import EYE, GEAR, HAIR, SHEET, Solid
from .near import lenses
from .scene import Scene
from .stage import FOCAL, Pose, Stage, on_screen

KINDS = ("structured", "flight", "stereo")


@dataclass(frozen=True, slots=True)
class Ranger:
    """One device's depth sensor, drawn from a seed. Millimetres at 300 mm unless said otherwise."""

    kind: str
    noise: float
    grain: float
    """how far noise is alike, pixels of a picture of 320 rows"""
    warp: float
    """slow bends of the whole map"""
    step: float
    """of quantisation"""
    coarse: int
    """pixels of the map that were one pixel of the sensor"""
    lost_hair: float
    lost_eyes: float
    lost_lenses: float
    lost: float
    flying: float
    """share of edge pixels that lie between front and back instead of being unknown"""
    edge: float
    """metres a pixel beyond which an edge is not measured"""
    shift: tuple[float, float]
    """against the colour camera, shares of the picture's height"""
    gloss: float
    """how much more noise a mirror-like surface has"""


def ranger(scene: Scene, variant: int = 0) -> Ranger:
    rng = np.random.default_rng([19, scene.seed, variant])
    kind = KINDS[rng.integers(3)]
    low, high = {"structured": (0.25, 0.9), "flight": (0.6, 2.0), "stereo": (0.6, 1.8)}[kind]
    return Ranger(
        kind=kind,
        noise=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        grain=float(rng.uniform(0.6, 1.2) if kind == "flight" else rng.uniform(1.0, 3.0)),
        warp=float(rng.uniform(0, 1.5)),
        step=float(rng.choice([0.1, 0.5, 1.0, 2.0] if kind != "stereo" else [0.5, 1.0, 1.5])),
        coarse=int(rng.choice([1, 1, 2])),
        lost_hair=float(rng.uniform(0.05, 0.7)),
        lost_eyes=float(rng.uniform(0.0, 0.8)),
        lost_lenses=float(rng.uniform(0.0, 0.9)),
        lost=float(rng.uniform(0, 0.01)),
        flying=float(rng.uniform(0.2, 0.9) if kind == "flight" else rng.uniform(0, 0.2)),
        edge=float(rng.uniform(0.012, 0.04)),
        shift=(float(rng.normal(0, 0.006)), float(rng.normal(0, 0.006))),
        gloss=float(rng.uniform(0.5, 3.0)),
    )


def depth(
    stage: Stage, scene: Scene, pose: Pose, together: tuple[Solid, np.ndarray, np.ndarray], by: Ranger, rng: np.random.Generator
) -> np.ndarray:
    """uint16 millimetres (rows, columns), 0 unknown."""
    solid, points, _ = together
    rows, columns = scene.size
    pixels = on_screen(points, scene.size)
    near, weights = raster.visible(pixels, solid.triangles, solid.layer, solid.closed, solid.uv, stage.hole, columns, rows)
    lit = np.zeros((len(points), raster.LAYERS), np.float32)
    lit[:, 12] = -points[:, 2]
    true = raster.depths(near, weights, solid.triangles, lit) * 100
    true = np.where(true > 0, true, scene.wall * 100).astype(np.float32)
    kind = np.where(near >= 0, solid.layer[near], -1)
    rough = 1 + by.gloss * np.isin(kind, (SHEET,)) * float(scene.species.endswith("_replay"))
    seen = true + _noise(true, by, rng) * rough
    return _shifted(np.where(_lost(true, kind, scene, pose, by, rng), 0, _edges(seen, true, by, rng)), by)


def _noise(true: np.ndarray, by: Ranger, rng: np.random.Generator) -> np.ndarray:
    """Grows with the square of the distance where a baseline measures, with the distance where light is timed."""
    rows = true.shape[0]
    scale = rows / 320
    grain = cv2.GaussianBlur(rng.standard_normal(true.shape, np.float32), (0, 0), by.grain * scale)
    slow = cv2.GaussianBlur(rng.standard_normal(true.shape, np.float32), (0, 0), 25 * scale)
    far = (true / 300) ** (1 if by.kind == "flight" else 2)
    return far * (by.noise * grain / grain.std() + by.warp * slow / slow.std() / 2)


def _lost(true: np.ndarray, kind: np.ndarray, scene: Scene, pose: Pose, by: Ranger, rng: np.random.Generator) -> np.ndarray:
    """Hair, eyes and lenses throw light elsewhere; edges hide a strip from one of two lenses."""
    chance = np.full(true.shape, by.lost, np.float32)
    if scene.species != "printed_head":
        chance[kind == HAIR], chance[kind == EYE] = by.lost_hair, by.lost_eyes
    if (kind == GEAR).any():
        reach = 0.08 * scene.size[0] * 3 / scene.away
        y, x = np.mgrid[0 : true.shape[0], 0 : true.shape[1]]
        for left, top in lenses(scene, pose):
            inside = ((x - left) / reach) ** 2 + ((y - top) / reach / 0.75) ** 2 < 1
            chance[inside] = np.maximum(chance[inside], by.lost_lenses * rng.uniform(0.3, 1))
    blotches = cv2.GaussianBlur(rng.random(true.shape).astype(np.float32), (0, 0), 1.2)
    return ndtr((blotches - blotches.mean()) / blotches.std()) < chance


def _edges(seen: np.ndarray, true: np.ndarray, by: Ranger, rng: np.random.Generator) -> np.ndarray:
    steep = np.hypot(cv2.Sobel(true, cv2.CV_32F, 1, 0), cv2.Sobel(true, cv2.CV_32F, 0, 1)) / 8 > by.edge * 1000
    near, far = cv2.erode(seen, np.ones((3, 3))), cv2.dilate(seen, np.ones((3, 3)))
    between = near + (far - near) * rng.random(seen.shape, np.float32)
    edge = np.where(rng.random(seen.shape) < by.flying, between, 0)
    return np.where(steep, edge, seen)


def _shifted(millimetres: np.ndarray, by: Ranger) -> np.ndarray:
    rows, columns = millimetres.shape
    if by.coarse > 1:
        small = np.ascontiguousarray(millimetres[:: by.coarse, :: by.coarse])
        millimetres = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_NEAREST)
    matrix = np.array([[1, 0, by.shift[0] * rows], [0, 1, by.shift[1] * rows]])
    moved = cv2.warpAffine(millimetres.astype(np.float32), matrix, (columns, rows), flags=cv2.INTER_NEAREST)
    return np.clip(np.round(np.round(moved / by.step) * by.step), 0, 65535).astype(np.uint16)


def pair(scene: Scene) -> dict[str, Any]:
    """A second colour camera to the right of the first: its calibration, as `--stereo` reads it (pixels, millimetres)."""
    rng = np.random.default_rng([23, scene.seed])
    rows, columns = scene.size
    return {
        "focal": FOCAL * rows,
        "baseline": round(float(rng.uniform(30, 65)), 2),
        "width": columns,
        "height": rows,
        "rectified": True,
    }
