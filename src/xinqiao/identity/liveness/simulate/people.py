"""Invented people: shape, skin, hair, eyes, clothes and glasses from a seed; textures on the frontal chart of head.py."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import head
from .head import CLOTH, CUT, EYE, GEAR, HAIR, SHEET, SKIN

TONES = np.array([[0.62, 0.42, 0.33], [0.58, 0.36, 0.25], [0.42, 0.25, 0.165], [0.24, 0.13, 0.08], [0.12, 0.065, 0.042]])
"""Linear reflectance of skin (red, green, blue) from very light to dark, about ITA 55 to -40 degrees."""
NEAR_INFRARED = np.array([0.62, 0.6, 0.55, 0.48, 0.42])
"""... and at 850-940 nm, where melanin absorbs little (Angelopoulou 2001; values rounded, unverified)."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    seed: int
    points: np.ndarray
    skin: np.ndarray
    """mean linear reflectance"""
    infrared: float
    hair: np.ndarray
    thickness: float
    long_hair: bool
    glasses: bool
    scatter: float
    """How far light wanders in this skin, 1 the published mean."""
    shine: float
    textures: np.ndarray
    """(layers, rows, columns, 3) linear reflectance"""
    infrared_textures: np.ndarray

    def solid(self, *, glasses: bool | None = None) -> head.Solid:
        hair = self.thickness
        bust = head.head(self.points, scatter=self.scatter, shine=(0.028, self.shine), hair=hair, long_hair=self.long_hair)
        return head.join(bust, head.glasses(self.points)) if (self.glasses if glasses is None else glasses) else bust


def invent(seed: int, chart: tuple[int, int] = (320, 240)) -> Person:
    """`chart`: rows and columns of each texture; 320 by 240 gives about a millimetre a texel."""
    rng = np.random.default_rng([20_261_122, seed])
    points = head.shape(rng)
    tone = rng.uniform(0, len(TONES) - 1)
    spread = np.arange(len(TONES))
    skin = np.array([np.interp(tone, spread, TONES[:, c]) for c in range(3)]) * rng.uniform(0.9, 1.1) * rng.uniform(0.96, 1.04, 3)
    infrared = float(np.interp(tone, spread, NEAR_INFRARED) * rng.uniform(0.94, 1.06))
    grey = rng.random() < 0.15
    hair = np.full(3, rng.uniform(0.15, 0.4)) if grey else np.array([0.035, 0.026, 0.022]) * rng.uniform(0.6, 3.0)
    textures, dark = _textures(rng, skin, hair, chart)
    return Person(
        seed=seed,
        points=points,
        skin=skin,
        infrared=infrared,
        hair=hair,
        thickness=0.0 if rng.random() < 0.06 else rng.uniform(0.08, 0.2),
        long_hair=bool(rng.random() < 0.4),
        glasses=bool(rng.random() < 0.25),
        scatter=rng.uniform(0.75, 1.25),
        shine=rng.uniform(18, 45),
        textures=textures.astype(np.float32),
        infrared_textures=_infrared(textures, dark, infrared, np.random.default_rng([20_261_123, seed])).astype(np.float32),
    )


def _textures(rng: np.random.Generator, skin: np.ndarray, hair: np.ndarray, chart: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The layers, and how far each texel of the skin is covered by hair (brows, lashes, beard)."""
    x, y = _places(chart)
    out = np.zeros((CUT + 1, *chart, 3))
    blotch = 0.5 * _noise(rng, chart, 12) + 0.3 * _noise(rng, chart, 40) + 0.2 * _noise(rng, chart, 110)
    tone = skin * (0.88 + 0.24 * blotch[..., None])
    flush = np.exp(-(((np.abs(x) - 0.45) / 0.2) ** 2 + ((y - 6.95) / 0.18) ** 2)) + np.exp(-((x / 0.12) ** 2 + ((y - 6.94) / 0.12) ** 2))
    tone *= 1 + flush[..., None] * rng.uniform(0.5, 1.5) * np.array([0.08, -0.10, -0.08])
    moles = (_noise(rng, chart, 90) > 0.93) * rng.random()
    tone *= 1 - 0.35 * cv2.GaussianBlur(moles.astype(np.float32), (0, 0), 0.8)[..., None]
    lips = cv2.resize(head.base().lips, chart[::-1]).astype(float)[..., None] / 255
    tone = tone * (1 - lips) + lips * skin * np.array([0.85, 0.52, 0.55])
    covered = np.maximum(_brows(rng, x, y), _beard(rng, x, y) * _noise(rng, chart, 200))
    covered = np.maximum(covered, _lids(x, y))
    out[SKIN] = tone * (1 - covered[..., None]) + covered[..., None] * hair
    cloth = y < 5.78 + 0.3 * np.abs(x)
    out[SKIN][cloth] = (rng.uniform(0.03, 0.7) * (1 + rng.normal(0, 0.25, 3)).clip(0.3, 1.7)) * (0.85 + 0.3 * blotch[cloth, None])
    out[EYE] = _eyes(rng, x, y)
    out[HAIR] = hair * (0.5 + _noise(rng, chart, 60))[..., None]
    out[CLOTH], out[GEAR] = 0.2, rng.uniform(0.01, 0.15)
    return out, np.where(cloth, 0, covered)


def _places(chart: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y on the base mesh of each texel."""
    left, right, bottom, top = head.base().view
    v, u = np.mgrid[0 : chart[0], 0 : chart[1]] + 0.5
    return left + u / chart[1] * (right - left), top - v / chart[0] * (top - bottom)


def _noise(rng: np.random.Generator, chart: tuple[int, int], cells: int) -> np.ndarray:
    """Smooth noise, 0-1, about `cells` bumps across the longer side."""
    small = rng.random((cells, max(2, cells * chart[1] // chart[0]))).astype(np.float32)
    return cv2.resize(small, chart[::-1], interpolation=cv2.INTER_LINEAR)


def _brows(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    along = np.clip((np.abs(x) - 0.10) / 0.44, 0, 1)
    middle = 7.46 + rng.uniform(-0.02, 0.03) + 0.07 * np.sin(along * 2.4) - 0.05 * along
    half = 0.045 * rng.uniform(0.7, 1.3) * (1 - 0.55 * along**2)
    inside = (
        np.clip(1.3 - np.abs(y - middle) / half, 0, 1) * np.clip((np.abs(x) - 0.08) * 25, 0, 1) * np.clip((0.56 - np.abs(x)) * 14, 0, 1)
    )
    return np.clip(inside * rng.uniform(0.6, 1.0), 0, 1)


def _lids(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Lashes: a dark line along the upper lid."""
    bow = 7.335 - 0.9 * (np.abs(x) - 0.308) ** 2
    return 0.75 * np.clip(1 - np.abs(y - bow) / 0.014, 0, 1) * (np.abs(np.abs(x) - 0.308) < 0.15)


def _beard(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    strength = rng.uniform(0.3, 0.9) if rng.random() < 0.25 else 0.0
    jaw = np.clip((6.75 - y) * 6, 0, 1) * np.clip((y - 6.05) * 6, 0, 1) * np.clip((0.65 - np.abs(x)) * 8, 0, 1)
    return strength * jaw * (1 - np.exp(-((x / 0.25) ** 2 + ((y - 6.56) / 0.09) ** 2)))


def _eyes(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    iris = np.array([0.10, 0.06, 0.035]) * rng.uniform(0.5, 1.8) * (np.array([0.6, 1.0, 1.6]) if rng.random() < 0.2 else 1.0)
    out = np.full((*x.shape, 3), 1.0) * np.array([0.62, 0.57, 0.53])
    away = np.hypot(np.abs(x) - 0.308, y - 7.284)
    for radius, colour in ((0.064, iris * 0.4), (0.058, iris), (0.026, np.full(3, 0.004))):
        out[away < radius] = colour
    return out


def _infrared(textures: np.ndarray, covered: np.ndarray, skin: float, rng: np.random.Generator) -> np.ndarray:
    """The same layers near 900 nm: even skin, lips that hardly show, hair lighter than it looks, cloth and frames that shine, each by its own share."""
    out = np.repeat(textures.mean(-1, keepdims=True), 3, -1)
    relief = np.clip(out[SKIN] / max(1e-6, float(np.median(out[SKIN]))), 0.4, 1.6)
    left = rng.uniform(0.04, 0.3)
    out[SKIN] = skin * np.clip(1 + left * (relief - 1), 0.6, 1.2)
    out[SKIN] = out[SKIN] * (1 - rng.uniform(0.3, 0.85) * covered[..., None])
    out[HAIR] = rng.uniform(0.04, 0.3) + 0.5 * out[HAIR]
    out[EYE] = rng.uniform(0.1, 0.35) + 0.4 * out[EYE]
    out[EYE][textures[EYE].max(-1) < 0.01] = 0.03
    out[GEAR] = rng.uniform(0.03, 0.5)
    out[SHEET] = 0.0
    return out
