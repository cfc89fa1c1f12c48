"""Near infrared: what things look like near 900 nm, under a lamp beside the camera. *Simulated.*

Skin is bright and even there (melanin and blood absorb little), hair greys, screens send nothing out, and inks are anything from transparent (dyes)
to black (carbon). A mask's base and paint are drawn so widely that they overlap with skin: what a given resin or silicone does is not known to us.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import raster
from .head import CUT, EYE, GEAR, HAIR, SHEET, SKIN, Solid
from .scene import Scene
from .stage import CEILING, Pose, Stage, on_screen, rotation

WHITE = 3000.0
"""Electrons at which the usual sensor is full; each camera's is a multiple."""
SUNNY = ("window", "outdoors")


@dataclass(frozen=True, slots=True)
class Eye:
    """One device's near-infrared camera and lamp, drawn from a seed."""

    lamp: tuple[float, float]
    """where it stands beside the lens, decimetres"""
    power: float
    """lux of white at one decimetre, times square decimetres"""
    beam: float
    """width of its cone, picture heights; beyond it the light fades"""
    aim: tuple[float, float]
    leak: float
    """share of the room's light that passes the camera's filter: little of an LED's, much of the sun's"""
    well: float
    read_noise: float
    steady: bool
    """exposure set in the factory for a face at arm's length, not metered"""
    error: float
    """of exposure, natural logarithm"""
    curve: float
    """output is light to the power of 1 / curve"""
    soft: float
    shift: tuple[float, float]
    """against the colour camera, shares of the picture's height"""
    turn: float
    zoom: float
    red_eye: float
    """how brightly pupils throw the lamp's light back; 0 unless lamp and lens stand close together"""
    shine: float
    """gloss near 900 nm over gloss in visible light"""


def eye(scene: Scene, variant: int = 0) -> Eye:
    """The device of a scene; `variant`: another one for the same scene."""
    rng = np.random.default_rng([13, scene.seed, variant])
    near = rng.random() < 0.3
    lamp = rng.uniform(-0.12, 0.12, 2) if near else rng.uniform(0.15, 0.5) * _direction(rng)
    sun = scene.room in SUNNY
    wrong = rng.random() < 0.06
    return Eye(
        lamp=(float(lamp[0]), float(lamp[1])),
        power=float(np.exp(rng.uniform(np.log(300), np.log(2500)))),
        beam=float(rng.uniform(0.5, 1.4)),
        aim=(float(rng.normal(0, 0.06)), float(rng.normal(0, 0.06))),
        leak=float(rng.uniform(0.02, 0.3) if sun else rng.uniform(0, 0.04) * (4 if scene.warmth > 1.15 else 1)),
        well=float(WHITE * np.exp(rng.uniform(np.log(0.4), np.log(3)))),
        read_noise=float(rng.uniform(3, 12)),
        steady=bool(rng.random() < 0.35),
        error=float(rng.normal(0, 0.2) + (rng.choice([-0.9, 0.7]) if wrong else 0.0)),
        curve=float(rng.uniform(1.5, 2.4)),
        soft=float(rng.uniform(0.5, 1.1)),
        shift=(float(rng.normal(0, 0.012)), float(rng.normal(0, 0.008))),
        turn=float(rng.normal(0, 0.6)),
        zoom=float(1 + rng.normal(0, 0.015)),
        red_eye=float(rng.uniform(0.2, 0.9)) if near and rng.random() < 0.6 else 0.0,
        shine=float(np.exp(rng.normal(0, 0.35))),
    )


def _direction(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def layers(stage: Stage, scene: Scene, red_eye: float = 0.0) -> np.ndarray:
    """The textures near 900 nm: people's as they were invented, what is printed, painted or lit from behind as its material is."""
    out, made = stage.infrared.copy(), scene.material
    if "infrared" in made:
        whole = scene.species == "printed_head" and bool(made.get("whole"))
        usual = float(np.median(stage.atlas[SKIN if whole else CUT]))
        for layer in (SKIN, EYE, HAIR) if whole else (CUT,):
            out[layer] = painted(stage.atlas[layer], made, usual)[..., None]
    elif "ink_infrared" in made:
        for layer in (SHEET, CUT):
            out[layer] = inked(stage.atlas[layer], made)[..., None]
    elif scene.species.endswith("_replay"):
        out[SHEET] = made.get("infrared_glass", 0.05)
    if red_eye and scene.species != "printed_head":
        out[EYE][stage.atlas[EYE].max(-1) < 0.01] = red_eye
    return out


def inked(picture: np.ndarray, made: dict[str, float]) -> np.ndarray:
    """Paper under ink. `ink_infrared`: 0 a dye that lets all through, 1 carbon; black is printed with carbon before colours are."""
    dark = np.clip(1 - picture.mean(-1) / made["white"], 0, 1)
    return made["white"] * (1 - made["ink_infrared"] * dark ** made.get("ink_black", 1.0))


def painted(picture: np.ndarray, made: dict[str, float], usual: float) -> np.ndarray:
    """A mask's base under its paint: what is as dark as hair keeps `infrared_hair` of its contrast, the rest `infrared_tone`. `usual`: the paint
    of its skin, mean reflectance."""
    light = picture.mean(-1) / max(usual, 1e-3)
    dark = np.clip((0.55 - light) / 0.35, 0, 1)
    return made["infrared"] * (1 - made["infrared_tone"] * (1 - np.clip(light, 0.45, 1.3))) * (1 - made["infrared_hair"] * 0.8 * dark)


def light(stage: Stage, scene: Scene, pose: Pose, together: tuple[Solid, np.ndarray, np.ndarray], wall: np.ndarray, by: Eye) -> np.ndarray:
    """The linear still (rows, columns) before any camera, in lux of white. `wall`: what is behind, reflectance."""
    solid, points, normals = together
    rows, columns = scene.size
    shine = solid.shine * np.array([by.shine, 1.0], np.float32)
    lamp = np.array([[*by.lamp, 0.0, by.power]], np.float32)
    room = scene.lux * by.leak
    lit = raster.illuminate(points, normals, solid.enclosed, solid.open, shine, lamp, np.zeros(1, np.int64), room, CEILING, np.array(scene.sun), scene.sun_share)  # fmt: skip
    pixels = on_screen(points, scene.size)
    near, weights = raster.visible(pixels, solid.triangles, solid.layer, solid.closed, solid.uv, stage.hole, columns, rows)
    behind = np.array([room * scene.wall_light, by.power / scene.wall**2])
    grey = np.repeat(wall.mean(-1, keepdims=True) * 0.5 + 0.25, 3, -1)
    white, steady = np.ones((rows, 2, 3)), np.ones(rows)
    tint, dark = np.ones((len(stage.atlas), 3), np.float32), np.zeros_like(stage.emission)
    atlas = np.ascontiguousarray(layers(stage, scene, by.red_eye))
    linear = raster.paint(near, weights, solid.triangles, solid.layer, lit, solid.uv, atlas, tint, dark, stage.dots, grey, behind, white, steady, np.ones(3), steady)[..., 0]  # fmt: skip
    linear = linear * _cone(scene.size, by)
    return _glint(linear, scene, pose, solid, by)


def _cone(size: tuple[int, int], by: Eye) -> np.ndarray:
    rows, columns = size
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / rows
    away = (x - columns / rows / 2 - by.aim[0]) ** 2 + (y - 0.5 - by.aim[1]) ** 2
    return np.exp(-away / (2 * by.beam**2)).astype(np.float32)


def _glint(linear: np.ndarray, scene: Scene, pose: Pose, solid: Solid, by: Eye) -> np.ndarray:
    """The lamp mirrored in glasses, where it happens to stand right."""
    if GEAR not in solid.layer:
        return linear
    rng = np.random.default_rng([17, scene.seed, int(by.power)])
    out = linear.copy()
    for x, y in lenses(scene, pose):
        if rng.random() < 0.5:
            size = rng.uniform(0.006, 0.03) * scene.size[0]
            spot = (int(x + rng.normal(0, 0.03) * scene.size[0]), int(y + rng.normal(0, 0.02) * scene.size[0]))
            glow = cv2.circle(np.zeros_like(out), spot, max(1, int(size)), float(rng.uniform(0.2, 3) * np.percentile(linear, 95)), -1)
            out += cv2.GaussianBlur(glow, (0, 0), max(0.6, size / 4))
    return out


def lenses(scene: Scene, pose: Pose) -> np.ndarray:
    """Pixels of the middles of both lenses, (2, 2)."""
    places = np.array([[-0.31, -0.03, 0.24], [0.31, -0.03, 0.24]], np.float32) @ rotation(pose).T
    return on_screen(places + np.array([pose.x, pose.y, -pose.away], np.float32), scene.size)[:, :2]


def develop(linear: np.ndarray, by: Eye, rng: np.random.Generator) -> np.ndarray:
    """uint8: exposure, lens, its own place beside the colour camera, shot and read noise, columns that differ, tone curve."""
    moved = _moved(linear, by)
    rows, columns = moved.shape
    middle = moved[rows // 4 : rows * 3 // 4, columns // 4 : columns * 3 // 4]
    wanted = 0.3 / max(float(middle.mean()), by.power * 2e-4) if not by.steady else 0.3 / (0.5 * by.power / 10.5)
    seen = cv2.GaussianBlur(moved * np.float32(wanted * np.exp(by.error)), (0, 0), by.soft * max(1.0, rows / 320))
    electrons = np.clip(seen, 0, 1.3) * by.well
    stripes = rng.normal(0, 0.25 * by.read_noise, (1, columns))
    noisy = electrons + rng.standard_normal(moved.shape) * np.sqrt(electrons + by.read_noise**2) + stripes
    return (np.clip(noisy / by.well, 0, 1) ** (1 / by.curve) * 255 + 0.5).astype(np.uint8)


def _moved(linear: np.ndarray, by: Eye) -> np.ndarray:
    rows, columns = linear.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), by.turn, by.zoom)
    matrix[:, 2] += np.array(by.shift) * rows
    return cv2.warpAffine(linear, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
