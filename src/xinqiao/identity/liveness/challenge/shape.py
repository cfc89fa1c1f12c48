"""Is what answered the light a solid face? Measurements of maps.py, weighed by a small logistic model (`shape.json`, fitted on simulated sessions)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...thresholds import Band
from .align import Alignment, design, fit
from .maps import albedo, maps, redness, room_relief, screen_relief
from .sample import Samples

FILE = Path(__file__).parent / "shape.json"
FEATURES = (
    "albedo",
    "room_explained",
    "room_depth",
    "room_even",
    "room_rough",
    "room_x",
    "room_y",
    "room_xx",
    "room_yy",
    "screen_alike",
    "screen_explained",
    "screen_even",
    "screen_rough",
    "screen_x",
    "screen_y",
    "screen_xx",
    "screen_yy",
    "strength",
    "clearness",
    "unexplained",
    "background",
)
"""What the model weighs, besides each measurement's product with `strength` (what tells in the dark tells little in a lit room)."""


@dataclass(frozen=True, slots=True)
class ShapeModel:
    version: str
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float
    bands: tuple[tuple[float, Band], ...]
    """by the answer's strength (decimal logarithm): each holds up to its bound, the last for all above. In a lit room the shape is told far
    more surely than in the dark."""
    clear_enough: float
    """clearness under which the shape cannot be told: the answer drowns"""

    def probability(self, measured: dict[str, float]) -> float:
        """0-1, larger is more like a solid face."""
        z = (row(measured) - self.centre) / self.scale
        return float(1 / (1 + np.exp(-np.clip(expanded(z[None])[0] @ self.weights + self.bias, -30, 30))))

    def band(self, strength: float) -> Band:
        return next(band for bound, band in self.bands if strength <= bound or bound == self.bands[-1][0])

    @classmethod
    def parse(cls, data: dict[str, Any]) -> ShapeModel:
        if tuple(data["features"]) != FEATURES:
            raise ValueError("shape.json weighs other measurements than this code makes")
        lists = (np.array(data[k], float) for k in ("centre", "scale", "weights"))
        bands = tuple((float(b["up_to"]), Band(b["sure"], b["doubt"])) for b in data["bands"])
        return cls(data["version"], *lists, float(data["bias"]), bands, float(data["clear_enough"]))


@cache
def shape_model() -> ShapeModel:
    return ShapeModel.parse(json.loads(FILE.read_text("utf-8")))


def row(measured: dict[str, float]) -> np.ndarray:
    return np.array([measured[name] for name in FEATURES])


def expanded(z: np.ndarray) -> np.ndarray:
    """(n, 2 k - 1): standardised measurements and their products with the strength of the answer."""
    strength = FEATURES.index("strength")
    others = [k for k in range(len(FEATURES)) if k != strength]
    return np.concatenate([z, z[:, others] * z[:, strength : strength + 1]], axis=1)


def measure(samples: Samples, alignment: Alignment) -> dict[str, float]:
    """Every measurement by name, bounded, so that no broken clip makes a number that nobody has seen."""
    found = maps(samples, alignment)
    room = room_relief(found, samples)
    screen, alike = screen_relief(found, samples)
    red, red_error = redness(found, samples)
    answer = float(alignment.answer[[0, 2]].mean())
    return {
        "albedo": float(np.clip(albedo(found, samples), -1, 2)),
        "room_explained": float(np.clip(room.explained, -0.2, 1)),
        "room_depth": float(np.clip(room.depth, 0, 0.5)),
        "room_noise": float(np.clip(room.noise, 0, 1)),
        "room_even": float(np.clip(room.even, -1, 1)),
        "room_rough": float(np.clip(room.rough, 0, 0.6)),
        "screen_explained": float(np.clip(screen.explained, -0.2, 1)),
        "screen_alike": float(np.clip(alike, -1, 1)),
        "screen_even": float(np.clip(screen.even, -1, 1)),
        "screen_rough": float(np.clip(screen.rough, 0, 0.4)),
        "screen_noise": float(np.clip(screen.noise, 0, 1)),
        **_slopes("room", room.slopes, 1.0),
        **_slopes("screen", screen.slopes, 0.5),
        "strength": float(np.log10(np.clip(answer, 0.005, 4))),
        "clearness": float(np.log10(np.clip(found.clearness, 0.5, 150))),
        "unexplained": float(np.log10(np.clip(1 - alignment.pooled, 0.002, 1))),
        "background": background_answer(samples, alignment),
        "red_relief": float(np.clip(red, -1, 3)),
        "red_relief_error": float(np.clip(red_error, 0, 3)),
    }


def _slopes(name: str, slopes: np.ndarray, most: float) -> dict[str, float]:
    """Sideways slopes without their sign: left and right are alike."""
    x, y, xx, _, yy = np.clip(slopes, -most, most)
    return {f"{name}_x": abs(float(x)), f"{name}_y": float(y), f"{name}_xx": float(xx), f"{name}_yy": float(yy)}


def background_answer(samples: Samples, alignment: Alignment) -> float:
    """How strongly what is behind answers the screen, as a share of the face's answer, 0 to 1.5; .1 where nothing is to be seen behind.

    A wall is further away than the face before it; the wall that is printed around a face is not.
    """
    if samples.background is None:
        return 0.1
    light = samples.background
    seen = light / np.maximum(light.mean(0), 1e-6)
    found = fit(design(samples.times, alignment.shown.mean(1)[None]), seen[None])[0][0]
    behind = (found[[0, 2], 0] * light.mean(0)[[0, 2]]).mean()
    face = (alignment.answer * samples.face[:, samples.skin].mean((0, 1)))[[0, 2]].mean()
    return float(np.clip(behind / max(face, 1e-9), 0, 1.5))
