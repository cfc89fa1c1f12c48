"""A camera that could have taken the picture: what any lens, sensor, phone and network do to light, alive or not.

Live frames and attacks go through the same camera, with the same chances, so that nothing in here can tell one from the other. Pictures are
float32 RGB, 0-1, as a screen shows them (gamma) unless a name says `linear`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

GAMMA = np.float32(2.2)
Grid = Callable[[float], np.ndarray]
"""Given the lens blur in pixels, what a grid lets through at each pixel of each colour, (rows, columns, 3) about 1."""


@dataclass(frozen=True, slots=True)
class View:
    """A picture with one face in it."""

    image: np.ndarray
    face: tuple[float, float, float]
    """centre x, centre y, side, in pixels"""
    eyes: np.ndarray
    """(2, 2) x, y"""

    def cut(self, left: int, top: int, right: int, bottom: int) -> View:
        x, y, side = self.face
        return View(self.image[top:bottom, left:right], (x - left, y - top, side), self.eyes - [left, top])

    def scaled(self, by: float, method: int) -> View:
        size = tuple(max(8, round(n * by)) for n in self.image.shape[1::-1])
        image = np.clip(cv2.resize(self.image, size, interpolation=method), 0, 1)  # cubic steps overshoot
        return View(image, tuple(v * by for v in self.face), self.eyes * by)


def framed(view: View, rng: np.random.Generator) -> View:
    """Some of the surroundings, sometimes none, and a face of some size: other cameras stand elsewhere."""
    x, y, side = view.face
    around = rng.uniform(1.02, 1.5) if rng.random() < 0.4 else rng.uniform(1.5, 3.6)
    half = side * around / 2
    dx, dy = rng.normal(0, 0.06, 2) * side * around
    height, width = view.image.shape[:2]
    left, right = int(max(0, x - half + dx)), int(min(width, x + half + dx))
    top, bottom = int(max(0, y - half * rng.uniform(1, 1.25) + dy)), int(min(height, y + half * rng.uniform(1, 1.25) + dy))
    wanted = np.exp(rng.uniform(np.log(80), np.log(270)))
    by = min(wanted / side, 1.7, 430 / max(right - left, bottom - top))
    return view.cut(left, top, right, bottom).scaled(by, cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC)


def shoot(linear: np.ndarray, rng: np.random.Generator, grid: Grid | None = None) -> np.ndarray:
    """Lens, colour filters, sensor noise, demosaicing: linear light in, linear light out."""
    blur = float(rng.uniform(0.15, 0.45) if rng.random() < 0.6 else rng.uniform(0.45, 1.6))
    light = cv2.GaussianBlur(linear, (0, 0), blur)
    if rng.random() < 0.08:
        light = cv2.filter2D(light, -1, streak(rng))
    if grid is not None:
        light = light * grid(blur)
    light = np.clip(light * float(np.exp(rng.normal(0, 0.25))), 0, 1.3)
    full = np.exp(rng.uniform(np.log(150), np.log(8000)))
    if rng.random() < 0.6:
        return demosaiced(noisy(mosaic(light), full, rng))
    return np.clip(noisy(light, full * 2, rng), 0, 1)


def streak(rng: np.random.Generator) -> np.ndarray:
    """The path of an unsteady hand during one exposure."""
    kernel = np.zeros((9, 9), np.float32)
    angle, length = rng.uniform(0, np.pi), rng.uniform(1, 4)
    end = np.array([np.cos(angle), np.sin(angle)]) * length
    cv2.line(kernel, tuple(np.round(4 - end).astype(int).tolist()), tuple(np.round(4 + end).astype(int).tolist()), 1.0)
    return kernel / kernel.sum()


def mosaic(light: np.ndarray) -> np.ndarray:
    """(rows, columns): each pixel sees one colour, in the pattern that OpenCV calls BayerRG."""
    out = light[..., 1].copy()
    out[::2, ::2], out[1::2, 1::2] = light[::2, ::2, 2], light[1::2, 1::2, 0]
    return out


def demosaiced(raw: np.ndarray) -> np.ndarray:
    bytes_ = np.clip(raw * 65535, 0, 65535).astype(np.uint16)
    return cv2.cvtColor(bytes_, cv2.COLOR_BayerRG2RGB).astype(np.float32) / 65535


def noisy(light: np.ndarray, full: float, rng: np.random.Generator) -> np.ndarray:
    """Shot noise of a pixel that holds `full` electrons, and a few electrons of reading."""
    electrons = np.maximum(light, 0) * full
    return (electrons + rng.standard_normal(light.shape, np.float32) * np.sqrt(electrons + 9)).astype(np.float32) / np.float32(full)


def develop(linear: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White balance, tone, colour, noise reduction and sharpening, as phones differ in them."""
    balance = np.exp(rng.normal(0, 0.09, 3)).astype(np.float32)
    image = np.clip(linear * balance, 0, 1) ** (1 / GAMMA * np.float32(np.exp(rng.normal(0, 0.18))))
    if rng.random() < 0.25:
        image = softened(image, rng)
    middle, steep = rng.uniform(0.35, 0.6), np.exp(rng.normal(0.0, 0.15))
    image = (image - middle) * steep + middle + rng.uniform(-0.06, 0.06)
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    colour = 0.15 if rng.random() < 0.04 else rng.uniform(0.6, 1.4)
    image = grey[..., None] + (image - grey[..., None]) * colour
    if rng.random() < 0.3:
        image = image + (image - cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.6, 1.6)))) * rng.uniform(0.3, 1.6)
    return np.clip(image, 0, 1).astype(np.float32)


def softened(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise reduction, or a filter that flatters."""
    if rng.random() < 0.5:
        return cv2.bilateralFilter(image.astype(np.float32), 5, float(rng.uniform(0.03, 0.12)), 2.0)
    return cv2.medianBlur((np.clip(image, 0, 1) * 255).astype(np.uint8), 3).astype(np.float32) / 255


def coded(image: np.ndarray, rng: np.random.Generator, worst: int = 28) -> np.ndarray:
    """One pass of JPEG (with its coarse colours), or of a VP8 key frame (which is what WebP is)."""
    bytes_ = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    quality = int(rng.integers(worst, 97))
    kind, option = (".webp", cv2.IMWRITE_WEBP_QUALITY) if rng.random() < 0.35 else (".jpg", cv2.IMWRITE_JPEG_QUALITY)
    return cv2.imdecode(cv2.imencode(kind, bytes_, [option, quality])[1], 1).astype(np.float32) / 255


def photograph(view: View, rng: np.random.Generator, grid: Grid | None = None) -> View:
    """The whole way from light to the file that is judged."""
    linear = np.clip(view.image, 0, 1) ** GAMMA
    seen = replace(view, image=develop(shoot(linear, rng, grid), rng))
    for _ in range(int(rng.choice([0, 1, 1, 2]))):
        seen = replace(seen, image=coded(seen.image, rng))
    if rng.random() < 0.4:
        seen = resized(seen, rng)
        seen = replace(seen, image=coded(seen.image, rng)) if rng.random() < 0.6 else seen
    return seen


def resized(view: View, rng: np.random.Generator) -> View:
    """Made smaller, or smaller and large again, on its way."""
    small = view.scaled(float(rng.uniform(0.45, 0.95)), int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    return small.scaled(float(rng.uniform(1.1, 1.8)), cv2.INTER_LINEAR) if rng.random() < 0.35 else small
