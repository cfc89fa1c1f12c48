"""Surfaces through a depth map: a plane, a bent sheet, and what is left over.

A point at column u, row v and distance z is held as (u, v, w) with w = Z - Z * Z / z, Z the middle distance: near Z that is z - Z in millimetres, and a
plane in space is a plane in (u, v, w) whatever the focal length is (1 / z is linear in u and v on a plane: Hartley and Zisserman 2004, 8.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 4
ANGLES = np.radians(np.arange(0, 180, 15))
BULGE = 4
"""Degree of the curve along which a sheet may be bent."""


@dataclass(frozen=True, slots=True)
class Fit:
    rest: np.ndarray
    """(n,) millimetres left over, towards larger distance positive"""
    spread: float
    """root mean square of the middle nine tenths, millimetres"""
    tilt: float = 0.0
    """of a sheet: degrees of the direction along which it bends"""


def flattened(depth: np.ndarray) -> tuple[np.ndarray, float]:
    """w of distances (millimetres), and their middle Z."""
    middle = float(np.median(depth))
    return middle - middle * middle / depth, middle


def plane(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> Fit:
    """Through most of the points: Tukey's weights, so that a nose or a hole does not turn it."""
    return robust(np.stack([np.ones_like(u), u, v], 1), w)


def sheet(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> Fit:
    """The best of the surfaces that bend along one direction alone and are straight across it: paper, whichever way it is rolled or folded softly."""
    best: Fit | None = None
    size = max(float(np.abs(u).max()), float(np.abs(v).max()), 1e-6)
    for angle in ANGLES:
        along = (u * np.cos(angle) + v * np.sin(angle)) / size
        across = (v * np.cos(angle) - u * np.sin(angle)) / size
        columns = np.stack([across, *(along**n for n in range(BULGE + 1))], 1)
        fit = robust(columns, w)
        if best is None or fit.spread < best.spread:
            best = Fit(fit.rest, fit.spread, float(np.degrees(angle)))
    if best is None:
        raise ValueError("no angles")
    return best


def robust(columns: np.ndarray, values: np.ndarray) -> Fit:
    """Least squares, weighted anew each round by Tukey's biweight at 4.7 deviations."""
    weight = np.ones(len(values))
    rest = values
    for _ in range(ROUNDS):
        left = columns * weight[:, None]
        solved = np.linalg.solve(left.T @ columns + 1e-6 * np.eye(columns.shape[1]), left.T @ values)
        rest = values - columns @ solved
        wide = 4.7 * max(1.4826 * float(np.median(np.abs(rest))), 0.05)
        weight = np.clip(1 - (rest / wide) ** 2, 0, None) ** 2
    return Fit(rest, trimmed(rest))


def trimmed(rest: np.ndarray) -> float:
    """Root mean square without the largest tenth."""
    size = np.sort(np.abs(rest))
    return float(np.sqrt(np.mean(size[: max(1, len(size) * 9 // 10)] ** 2)))
