"""The view of a face that the near-infrared network sees: tight, upright, its brightness made even."""

from __future__ import annotations

import cv2
import numpy as np

from ...detection import Face

SIDE, SCALE = 112, 1.3
NEARER = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), 0, 1.083)
"""A scale of 1.2 instead of 1.3."""
LEAST_SPREAD = 6.0
"""Grey levels: a flatter crop is not stretched further, or it would be noise that is judged."""


def square(grey: np.ndarray, face: Face, scale: float = SCALE, pixels: int = SIDE) -> np.ndarray:
    """uint8 (pixels, pixels): a square `scale` times the face, turned so that the eyes are level; edges repeat beyond the picture."""
    across = face.eyes[1] - face.eyes[0]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    size = pixels / (face.side * scale)
    part, (x, y) = _around(grey, face, scale)
    middle = (face.centre[0] - x, face.centre[1] - y)
    matrix = cv2.getRotationMatrix2D(middle, angle, size)
    matrix[:, 2] += pixels / 2 - np.array(middle)
    if size < 0.7:
        part = cv2.GaussianBlur(part, (0, 0), 0.45 / size)  # a plain resampling would alias
    return cv2.warpAffine(part, matrix, (pixels, pixels), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _around(picture: np.ndarray, face: Face, scale: float) -> tuple[np.ndarray, tuple[int, int]]:
    """What a square turned by any angle can reach, and its place: the rest need not be touched."""
    reach = face.side * scale * 0.75 + 4
    rows, columns = picture.shape[:2]
    left, top = (int(np.clip(v - reach, 0, most - 2)) for v, most in zip(face.centre, (columns, rows), strict=True))
    right, bottom = (int(np.clip(v + reach, low + 2, most)) for v, low, most in zip(face.centre, (left, top), (columns, rows), strict=True))
    return picture[top:bottom, left:right], (left, top)


def views(crop: np.ndarray) -> np.ndarray:
    """float32 (4, 1, side, side): the crop and a closer look, each with its mirror image; their mean errs less than one, for a third of a millisecond each."""
    near = cv2.warpAffine(crop, NEARER, crop.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.stack([even(one) for part in (crop, near) for one in (part, part[:, ::-1])])[:, None]


def even(crop: np.ndarray) -> np.ndarray:
    """float32, mean 0 and spread 1: what exposure and lamp make of a face says nothing about it."""
    value = crop.astype(np.float32)
    return (value - value.mean()) / max(float(value.std()), LEAST_SPREAD)
