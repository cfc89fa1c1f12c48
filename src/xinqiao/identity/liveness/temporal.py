"""What the clip's frames say together: an injected still does not move, and a spliced clip changes its face."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from ..media import Picture
from ..mesh import Mesh

STILL_GREY = 0.12
"""Mean absolute change of the face region, grey levels, under which two frames count as the same picture: a camera's own noise, even
after hard video coding, moves the mean by more."""


def changes(frames: Sequence[Picture], meshes: Sequence[Mesh]) -> np.ndarray:
    """Mean absolute grey-level change of the face's bounding box from each frame to the next; (n - 1,), less where the frame size changes."""
    points = np.concatenate([m.points[:, :2] for m in meshes])
    (left, top), (right, bottom) = np.maximum(points.min(0), 0).astype(int), np.maximum(points.max(0), 1).astype(int) + 1
    pairs = [(a, b) for a, b in pairwise(frames) if a.shape == b.shape]
    grey = [[cv2.cvtColor(np.ascontiguousarray(f[top:bottom, left:right]), cv2.COLOR_RGB2GRAY).astype(np.int16) for f in p] for p in pairs]
    return np.array([np.abs(b - a).mean() for a, b in grey])


def movement(frames: Sequence[Picture], meshes: Sequence[Mesh]) -> float | None:
    """The 75th percentile of `changes`: a live clip may repeat frames (a slow camera, a duplicated frame), a still repeats all of them.

    None when no two frames can be compared.
    """
    found = changes(frames, meshes)
    return float(np.percentile(found, 75)) if len(found) else None


def least_alike(embeddings: np.ndarray) -> float:
    """The smallest cosine between two of the unit embeddings, (n, 192), n >= 2."""
    return float((embeddings @ embeddings.T).min())
