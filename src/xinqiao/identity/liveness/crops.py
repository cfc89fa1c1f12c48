"""The two views of a face that the texture network sees: the face alone, and the face with what surrounds it."""

from __future__ import annotations

import cv2
import numpy as np

from ..detection import Face
from ..media import Picture

SIDE = 112
TIGHT, WIDE = 1.1, 2.7


def two_crops(picture: Picture, face: Face) -> np.ndarray:
    """(2, 112, 112, 3) uint8: tight, then wide."""
    return np.stack([square(picture, face, TIGHT), square(picture, face, WIDE)])


def square(picture: Picture, face: Face, scale: float, pixels: int = SIDE) -> Picture:
    """A square `scale` times the face, moved (and if it must be, shrunk) to lie inside the picture, as `pixels` x `pixels`."""
    height, width = picture.shape[:2]
    side = min(face.side * scale, width, height)
    left = float(np.clip(face.centre[0] - side / 2, 0, width - side))
    top = float(np.clip(face.centre[1] - side / 2, 0, height - side))
    cut = picture[int(top) : int(top + side), int(left) : int(left + side)]
    method = cv2.INTER_AREA if side > pixels else cv2.INTER_LINEAR
    return cv2.resize(cut, (pixels, pixels), interpolation=method)
