"""The colours that a challenge may show, and what photosensitive people are owed: WCAG 2.2, 2.3.1 (three flashes or below threshold).

All colours have the same relative luminance, so that no change of colour is a change of brightness, and none is a saturated red.
"""

from __future__ import annotations

import numpy as np

LUMINANCE = 0.35
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Relative luminance of linear sRGB (WCAG 2.2, "relative luminance")."""
COLOURS = {
    "n": (159, 159, 159),
    "g": (0, 185, 0),
    "c": (0, 167, 255),
    "m": (255, 85, 255),
    "y": (227, 139, 0),
}
"""sRGB, 8 bits. n: neutral grey, shown before and after; g, c, m, y: red and blue each off or on, green making up the luminance."""
ALPHABET = ("g", "c", "m", "y")
GENERAL_FLASH = 0.10
"""A pair of opposing changes of relative luminance by this much or more, the darker below .80, is a general flash."""
DARKER_BELOW = 0.80
RED_SHARE = 0.8
"""A state is a saturated red when R / (R + G + B) reaches this."""
RED_CHROMATICITY = 0.2
"""... and a change to or from it counts when it moves this far in the CIE 1976 UCS diagram."""


def linear(srgb: tuple[int, int, int]) -> np.ndarray:
    """Linear light, 0-1 (IEC 61966-2-1)."""
    value = np.asarray(srgb, float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


LIGHT = {name: linear(srgb) for name, srgb in COLOURS.items()}


def luminance(light: np.ndarray) -> float:
    return float(light @ WEIGHTS)


def chromaticity(light: np.ndarray) -> np.ndarray:
    """u', v' of linear sRGB (CIE 1976 UCS, by way of the D65 primaries of IEC 61966-2-1)."""
    x, y, z = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ light
    total = x + 15 * y + 3 * z
    return np.array([4 * x, 9 * y]) / max(total, 1e-12)


def is_general_flash(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether going from one linear colour to the other and back would be a general flash."""
    low, high = sorted((luminance(one), luminance(other)))
    return high - low >= GENERAL_FLASH and low < DARKER_BELOW


def is_red_flash(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether going from one linear colour to the other and back would be a red flash."""
    red = max(float(c[0] / max(c.sum(), 1e-12)) for c in (one, other))
    return red >= RED_SHARE and float(np.linalg.norm(chromaticity(one) - chromaticity(other))) > RED_CHROMATICITY
