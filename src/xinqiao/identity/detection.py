"""Faces in a picture: BlazeFace short range (Bazarevsky et al. 2019, arXiv 1907.05047), its anchors and suppression in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime

from .media import Picture
from .networks import run

SIDE = 128
SCORE = 0.5
OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Face:
    """A found face, in pixels of its picture."""

    box: tuple[float, float, float, float]
    """left, top, right, bottom"""
    score: float
    eyes: np.ndarray
    """(2, 2): the eye at the picture's left, then the one at its right; x, y"""

    @property
    def side(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def _anchors() -> np.ndarray:
    """Anchor centres, (896, 2) as shares of the side: two a cell on a 16 x 16 grid, then six a cell on an 8 x 8 grid."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        grids.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2) + 0.5, each, axis=0) / cells)
    return np.concatenate(grids).astype(np.float32)


ANCHORS = _anchors()


def find_faces(session: onnxruntime.InferenceSession, picture: Picture, *, closer: bool = True) -> list[Face]:
    """Faces, largest first, in a picture or one of its grey levels alone; `closer`: a second look at overlapping tiles when the whole picture shows none (a small portrait on a card)."""
    found = _look(session, picture, (0, 0))
    return found if found or not closer else _look_closer(session, picture)


def _look_closer(session: onnxruntime.InferenceSession, picture: Picture) -> list[Face]:
    height, width = picture.shape[:2]
    tile = int(max(height, width) * 0.5)
    tops = sorted({int(t) for t in np.linspace(0, max(0, height - tile), 3)})
    lefts = sorted({int(t) for t in np.linspace(0, max(0, width - tile), 3)})
    found = [face for top in tops for left in lefts for face in _look(session, picture[top : top + tile, left : left + tile], (left, top))]
    return _suppress(found)


def _look(session: onnxruntime.InferenceSession, picture: Picture, origin: tuple[int, int]) -> list[Face]:
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    small = cv2.cvtColor(small, cv2.COLOR_GRAY2RGB) if small.ndim == 2 else small
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    boxes, logits = sorted(run(session, canvas[None].astype(np.float32) / 127.5 - 1), key=lambda o: -o.shape[-1])
    return _decode(boxes[0], logits[0, :, 0], 1 / scale, origin)


def _decode(raw: np.ndarray, logits: np.ndarray, scale: float, origin: tuple[int, int]) -> list[Face]:
    scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    likely = np.flatnonzero(scores >= SCORE)
    points = (raw[likely].reshape(-1, 8, 2) + 0.0) * scale
    centres = ANCHORS[likely] * SIDE * scale + np.asarray(origin)
    middle, size, marks = points[:, 0] + centres, points[:, 1], points[:, 2:] + centres[:, None]
    corners = np.concatenate([middle - size / 2, middle + size / 2], axis=1)
    return _suppress([Face(tuple(map(float, c)), float(scores[i]), m[:2]) for c, i, m in zip(corners, likely, marks, strict=True)])


def _suppress(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if all(_overlap(face.box, other.box) < OVERLAP for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda f: -f.side)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
