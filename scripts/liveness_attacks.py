"""Presentation attacks made from live frames: what paper, screens and cut-out masks do to light, in image operations.

Each maker takes a `View` and gives the scene that a second camera would photograph (`liveness_camera.photograph`), with the grid of the
medium, if it has one, sampled by that camera's own pixels: moire and coloured fringes come out of the sampling and are not painted on.
Every part has a random strength, often nothing, and most attacks fill the picture: no edge, no bezel. After the winner of the CVPR 2024 face
anti-spoofing challenge and FAS-Aug (Cai et al. 2024), who found that such images teach more than real prints of one camera do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from liveness_camera import GAMMA, Grid, View, coded, photograph

Maker = Callable[[View, View, np.random.Generator], tuple[View, Grid | None]]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Where each camera pixel lies on the medium's grid: cells along u and v, and cells a camera pixel covers."""

    u: np.ndarray
    v: np.ndarray
    pitch: float


def lattice(shape: tuple[int, ...], pitch: float, rng: np.random.Generator, turn: float) -> Lattice:
    """Turned, in slight perspective, and bent a little by the lens."""
    height, width = shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    nx, ny = x / width - 0.5, y / height - 0.5
    lens = 1 + rng.normal(0, 0.012) * (nx * nx + ny * ny)
    deep = 1 + rng.normal(0, 0.05) * nx + rng.normal(0, 0.05) * ny
    x, y = nx * width * lens / deep, ny * height * lens / deep
    return Lattice(
        (x * np.cos(turn) + y * np.sin(turn)) * pitch + rng.random(), (y * np.cos(turn) - x * np.sin(turn)) * pitch + rng.random(), pitch
    )


def left_over(frequency: float, blur: float) -> float:
    """What the lens and a pixel's own width leave of a wave, `frequency` in cycles a camera pixel."""
    return float(np.sinc(frequency * 0.9) * np.exp(-2 * (np.pi * frequency * blur) ** 2))


def pixels(shape: tuple[int, ...], rng: np.random.Generator) -> Grid:
    """A screen's sub-pixels: upright stripes, or staggered dots, with dark lines between the rows."""
    at = lattice(
        shape, float(np.exp(rng.uniform(np.log(0.3), np.log(2.3)))), rng, rng.normal(0, 0.07) + (np.pi / 2) * (rng.random() < 0.25)
    )
    staggered, fill, strength = rng.random() < 0.35, rng.uniform(0.2, 0.33), rng.uniform(0.2, 1.0)

    def seen(blur: float) -> np.ndarray:
        out = np.ones(shape, np.float32)
        rows = 1 + strength * 2 * np.sinc(0.85) * left_over(at.pitch, blur) * np.cos(2 * np.pi * at.v)
        for channel in range(3):
            u = at.u - channel / 3 + (0.5 * np.floor(at.v) if staggered else 0)
            for k in (1, 2):
                out[..., channel] += strength * 2 * np.sinc(k * fill) * left_over(k * at.pitch, blur) * np.cos(2 * np.pi * k * u)
        return np.clip(out * rows[..., None], 0.05, 3)

    return seen


def dots(image: np.ndarray, rng: np.random.Generator) -> Grid:
    """A printer's screens, one angle a colour; strongest in the middle tones."""
    angles = np.radians([15, 75, 45]) + rng.normal(0, 0.05)
    pitch, strength = float(np.exp(rng.uniform(np.log(0.15), np.log(1.2)))), rng.uniform(0.1, 0.8)
    laid = [lattice(image.shape, pitch, rng, a) for a in angles]
    tones = 4 * image * (1 - image)

    def seen(blur: float) -> np.ndarray:
        weight = strength * left_over(pitch, blur)
        waves = [np.cos(2 * np.pi * at.u) * np.cos(2 * np.pi * at.v) for at in laid]
        return (1 + weight * np.stack(waves, -1) * tones).astype(np.float32)

    return seen


# ---------------------------------------------------------------------------------------------------------------- media


def screen(view: View, other: View, rng: np.random.Generator) -> tuple[View, Grid | None]:
    """Sent once already, shown with a screen's own gamma, white and black, behind glass that mirrors a room."""
    image = thinned(view.image, rng)
    linear = np.clip(image, 0, 1) ** np.float32(GAMMA * np.exp(rng.normal(0, 0.13)))
    grey = linear.mean(-1, keepdims=True)
    linear = np.maximum(grey + (linear - grey) * rng.uniform(0.8, 1.35), 0) * rng.uniform(0.5, 1.15)
    linear = linear * np.array([rng.uniform(0.82, 1.05), rng.uniform(0.93, 1.03), rng.uniform(0.95, 1.22)], np.float32)
    linear += rng.uniform(0, 0.04) * rng.random()
    linear = linear * slope(linear.shape, rng, 0.25) * bands(linear.shape, rng)
    linear = mirrored(linear, other, rng)
    out = replace(view, image=np.clip(linear, 0, 1.2) ** (1 / GAMMA))
    grid = pixels(out.image.shape, rng) if rng.random() < 0.75 else None
    return held(out, other, rng, edge=(2, 22), colour=rng.uniform(0, 0.2, 3), shown=0.35), grid


def thinned(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A copy has been coded before, and often has fewer pixels than the scene."""
    if rng.random() < 0.7:
        image = coded(image, rng, 35)
    if rng.random() < 0.45:
        height, width = image.shape[:2]
        by = rng.uniform(0.4, 0.9)
        image = cv2.resize(
            cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA), (width, height), interpolation=cv2.INTER_CUBIC
        )
    return np.clip(image, 0, 1)


def bands(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Refresh against a rolling shutter: dark bars across the rows."""
    if rng.random() > 0.35:
        return np.ones((1, 1, 1), np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    phase = (y + x * rng.normal(0, 0.03)) / shape[0] * rng.uniform(0.6, 5) + rng.random()
    return (1 + rng.uniform(0.02, 0.16) * np.sin(2 * np.pi * phase))[..., None]


def slope(shape: tuple[int, ...], rng: np.random.Generator, most: float) -> np.ndarray:
    """Brighter at one side: a flat thing lit, or seen, at an angle."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    a = rng.uniform(0, 2 * np.pi)
    along = (x / shape[1] - 0.5) * np.cos(a) + (y / shape[0] - 0.5) * np.sin(a)
    return (1 + rng.uniform(0, most) * 2 * along)[..., None].clip(0.3, 2)


def mirrored(linear: np.ndarray, other: View, rng: np.random.Generator) -> np.ndarray:
    """A room in the glass, and lamps."""
    if rng.random() < 0.5:
        room = cv2.resize(other.image[:, ::-1], linear.shape[1::-1]) ** GAMMA
        linear = linear + cv2.GaussianBlur(room, (0, 0), float(rng.uniform(1, 14))) * rng.uniform(0.01, 0.14)
    return linear + spot(linear.shape, rng) if rng.random() < 0.35 else linear


def spot(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A lamp in glass or gloss, round or long."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.5), 2)) * max(shape[:2])
    cx, cy, a = rng.uniform(0, shape[1]), rng.uniform(0, shape[0]), rng.uniform(0, np.pi)
    u, v = (x - cx) * np.cos(a) + (y - cy) * np.sin(a), (y - cy) * np.cos(a) - (x - cx) * np.sin(a)
    return (rng.uniform(0.05, 0.7) * np.exp(-((u / size[0]) ** 2) - (v / size[1]) ** 2))[..., None]


def paper(view: View, other: View, rng: np.random.Generator) -> tuple[View, Grid | None]:
    """A print: fewer colours, ink that bleeds, dots, grain, bends and their shading, gloss."""
    printed, grid = ink(view, rng)
    printed = bent(printed, rng)
    linear = printed.image**GAMMA * slope(printed.image.shape, rng, 0.3)
    if rng.random() < 0.35:
        linear = mirrored(linear, other, rng)
    out = replace(printed, image=np.clip(linear, 0, 1.2) ** (1 / GAMMA))
    return held(out, other, rng, edge=(0, 34), colour=rng.uniform(0.75, 1.0) * rng.uniform(0.94, 1.0, 3), shown=0.35), grid


def ink(view: View, rng: np.random.Generator) -> tuple[View, Grid | None]:
    image = np.clip(thinned(view.image, rng), 0, 1)
    if rng.random() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.3)))
    grey = image.mean(-1, keepdims=True)
    linear = np.clip(grey + (image - grey) * rng.uniform(0.35, 1.05), 0, 1) ** np.float32(GAMMA * np.exp(rng.normal(0, 0.1)))
    black, white = rng.uniform(0.015, 0.1), rng.uniform(0.55, 0.95)
    linear = (black + linear * (white - black)) * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
    height, width = linear.shape[:2]
    if rng.random() < 0.3:  # a printer's head passing over
        lines = np.sin(2 * np.pi * (np.arange(height) / rng.uniform(3, 25) + rng.random())) * rng.uniform(0.005, 0.04)
        linear = linear * (1 + lines.astype(np.float32)[:, None, None])
    grain = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), float(rng.uniform(0.5, 1.6)))
    linear = linear * (1 + grain[..., None] * rng.uniform(0, 0.09))
    out = replace(view, image=(np.clip(linear, 0, 1) ** (1 / GAMMA)).astype(np.float32))
    return out, dots(out.image, rng) if rng.random() < 0.6 else None


def bent(view: View, rng: np.random.Generator) -> View:
    """A sheet rolled about an upright or level axis, or folded; shaded accordingly."""
    if rng.random() < 0.35:
        return view
    height, width = view.image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    upright = rng.random() < 0.6
    place = (x / width if upright else y / height) - rng.uniform(0.35, 0.65)
    shift = rng.uniform(0, 0.13) * (place**3 * 2 - place * 0.5)
    x, y = (x + width * shift, y) if upright else (x, y + height * shift)
    shade = 1 + rng.uniform(-0.4, 0.4) * (np.abs(place) if rng.random() < 0.25 else place)
    image = cv2.remap(view.image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return replace(view, image=np.clip(image * shade[..., None], 0, 1).astype(np.float32))


def mask(view: View, other: View, rng: np.random.Generator) -> tuple[View, Grid | None]:
    """A printed face, cut out along the chin, worn by somebody else; often with holes for the eyes."""
    printed, grid = ink(view, rng)
    height, width = other.image.shape[:2]
    (px, py, pside), (x, y, side) = printed.face, other.face
    by = side / pside * rng.uniform(0.95, 1.1)
    matrix = np.array([[by, 0, x - px * by], [0, by, y - py * by]], np.float32)
    worn = cv2.warpAffine(printed.image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    cover = ellipse((height, width), (x, y + side * 0.02), (side * rng.uniform(0.4, 0.52), side * rng.uniform(0.5, 0.68)))
    if rng.random() < 0.65:
        for eye in printed.eyes * by + matrix[:, 2]:
            cover = cover * (1 - ellipse((height, width), eye, (side * rng.uniform(0.06, 0.11), side * rng.uniform(0.035, 0.07))))
    shadow = 1 - 0.4 * rng.random() * cv2.GaussianBlur(cover, (0, 0), float(side * 0.03)) * (1 - cover)
    shade = slope((height, width), rng, 0.3)
    image = worn * shade * cover[..., None] + other.image * (shadow * (1 - cover))[..., None]
    moved = View(np.clip(image, 0, 1).astype(np.float32), other.face, other.eyes)
    return moved, None if grid is None or rng.random() < 0.5 else dots(moved.image, rng)


def ellipse(shape: tuple[int, int], centre: np.ndarray | tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    away = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    return np.clip((1 - away) * min(radii), 0, 1).astype(np.float32)


# ---------------------------------------------------------------------------------------------------------------- holding it


def held(view: View, other: View, rng: np.random.Generator, *, edge: tuple[int, int], colour: np.ndarray, shown: float) -> View:
    """Before the camera, in slight perspective. With the chance `shown` its edge is in view, and a room behind; else it fills the picture."""
    height, width = view.image.shape[:2]
    visible = rng.random() < shown
    border = int(rng.integers(*edge)) if visible else 0
    picture = cv2.copyMakeBorder(view.image, *(4 * [border]), cv2.BORDER_CONSTANT, value=tuple(map(float, colour)))
    tall, wide = picture.shape[:2]
    source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    size = rng.uniform(0.6, 1.0) if visible else rng.uniform(1.08, 1.3)
    turn = rng.normal(0, 0.05)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    target = (source - [wide / 2, tall / 2]) @ spin.T * size + rng.normal(0, 0.015, (4, 2)) * width
    middle = (np.array(view.face[:2]) + border - [wide / 2, tall / 2]) * (size - 1) if not visible else rng.normal(0, 0.03, 2) * width
    target = target + np.array([width, height]) / 2 - middle
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    seen = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if visible:
        inside = cv2.warpPerspective(np.ones((tall, wide), np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR)[..., None]
        seen = seen * inside + behind(other, (width, height), rng) * (1 - inside)
    return moved(replace(view, image=seen.astype(np.float32)), matrix, border)


def behind(other: View, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Another picture's surroundings, out of focus."""
    room = cv2.GaussianBlur(cv2.resize(other.image, size), (0, 0), float(rng.uniform(2, 20)))
    return np.clip(room * rng.uniform(0.5, 1.3), 0, 1)


def moved(view: View, matrix: np.ndarray, border: int) -> View:
    x, y, side = view.face
    marks = np.array([[[x - side / 2, y], [x + side / 2, y], *view.eyes]], np.float32) + border
    a, b, *eyes = cv2.perspectiveTransform(marks, matrix)[0]
    return replace(view, face=(float(a[0] + b[0]) / 2, float(a[1] + b[1]) / 2, float(np.linalg.norm(b - a))), eyes=np.array(eyes))


MAKERS: dict[str, Maker] = {"replay": screen, "paper": paper, "mask": mask}


def attacked(kind: str, view: View, other: View, rng: np.random.Generator) -> View:
    """One of MAKERS, photographed. `other`: somebody else's live view, for rooms, mirrors and wearers."""
    scene, grid = MAKERS[kind](view, other, rng)
    return photograph(scene, rng, grid)
