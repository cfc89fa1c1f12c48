"""A depth map around a face: the same 72 by 72 places of every face, whatever the map's size and the head's turn in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...media import Picture
from ...mesh import Mesh

CELLS, EYES_APART = 72, 24
"""Cells a side, and between the eyes."""
PUPILS_MM = 63.0
"""Between an adult's pupils on the average (Dodgson 2004: mean 63.4 mm, sd 3.8): it gives millimetres across without a focal length."""
CELL_MM = PUPILS_MM / EYES_APART
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
"""The mesh's outline, from the forehead over the picture's right to the chin and back."""
LEFT_EYE, RIGHT_EYE = (33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380)
REACH = 180.0
"""Millimetres before or behind the face that still belong to a person."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    depth: np.ndarray
    """(CELLS, CELLS) millimetres, NaN unknown"""
    points: np.ndarray
    """(468, 2): the mesh in cells"""
    heights: np.ndarray
    """(468,): the mesh's own idea of distance, millimetres, larger further away"""
    inside: np.ndarray
    """(CELLS, CELLS) bool: within the mesh's outline"""
    eyes: np.ndarray
    """(CELLS, CELLS) bool: within the lids"""
    luma: np.ndarray | None
    """(CELLS, CELLS) grey levels of the picture; None without one"""
    noise: float
    """millimetres from a place to its neighbours, as the sensor gave them"""
    pixels: float
    """of the map, between the eyes"""


def patch(millimetres: np.ndarray, picture: Picture | None, mesh: Mesh, size: tuple[int, int]) -> Patch:
    """`size`: rows and columns of the picture that `mesh` was found in; the map shows the same view in any size."""
    scale = np.array([millimetres.shape[1] / size[1], millimetres.shape[0] / size[0]])
    eyes = mesh.five()[:2]
    matrix = _matrix(eyes)
    points = mesh.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    apart = float(np.linalg.norm((eyes[1] - eyes[0]) * scale))
    depth = _sampled(millimetres, matrix, scale)
    return Patch(
        depth=depth,
        points=points,
        heights=mesh.points[:, 2] * PUPILS_MM / max(mesh.eye_distance(), 1.0),
        inside=_filled([points[list(OVAL)]]),
        eyes=_filled([points[list(LEFT_EYE)], points[list(RIGHT_EYE)]]),
        luma=None if picture is None else _luma(picture, matrix),
        noise=_noise(millimetres, points, matrix, scale),
        pixels=apart,
    )


def _matrix(eyes: np.ndarray) -> np.ndarray:
    """Picture to cells: eyes level, EYES_APART apart, two fifths down."""
    across = eyes[1] - eyes[0]
    size = EYES_APART / max(float(np.linalg.norm(across)), 1.0)
    angle = np.arctan2(across[1], across[0])
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    turn = np.array([[cos, sin], [-sin, cos]])
    return np.concatenate([turn, (np.array([CELLS / 2, CELLS * 0.4]) - turn @ eyes.mean(0))[:, None]], 1)


def _sampled(millimetres: np.ndarray, matrix: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Each cell: the median of the known among four places."""
    back = cv2.invertAffineTransform(matrix)
    half = (np.arange(2 * CELLS) + 0.5) / 2 - 0.5
    cells = np.stack(np.meshgrid(half, half), -1)
    at = np.rint((cells @ back[:, :2].T + back[:, 2]) * scale).astype(int)
    rows, columns = millimetres.shape
    within = (at[..., 0] >= 0) & (at[..., 0] < columns) & (at[..., 1] >= 0) & (at[..., 1] < rows)
    found = millimetres[np.clip(at[..., 1], 0, rows - 1), np.clip(at[..., 0], 0, columns - 1)].astype(float)
    found[~within | (found <= 0)] = np.nan
    four = np.sort(found.reshape(CELLS, 2, CELLS, 2).transpose(0, 2, 1, 3).reshape(CELLS, CELLS, 4), axis=-1)  # NaN last
    known = (~np.isnan(four)).sum(-1)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    pick = np.take_along_axis
    high = np.minimum(high, np.maximum(known - 1, 0))
    return (pick(four, low[..., None], -1)[..., 0] + pick(four, high[..., None], -1)[..., 0]) / 2


def _filled(polygons: list[np.ndarray]) -> np.ndarray:
    out = np.zeros((CELLS, CELLS), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(out, [np.rint(polygon).astype(np.int32)], 1)
    return out.astype(bool)


def _luma(picture: Picture, matrix: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = float(np.hypot(*matrix[0, :2]))
    smooth = cv2.GaussianBlur(grey, (0, 0), max(0.4, 0.45 / size)) if size < 1 else grey
    return cv2.warpAffine(smooth, matrix, (CELLS, CELLS), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def _noise(millimetres: np.ndarray, points: np.ndarray, matrix: np.ndarray, scale: np.ndarray) -> float:
    """How far a place lies from the median of the 5 by 5 around it, within the face: a mean, since a median of whole millimetres is mostly 0."""
    back = cv2.invertAffineTransform(matrix)
    outline = (points[list(OVAL)] @ back[:, :2].T + back[:, 2]) * scale
    rows, columns = millimetres.shape
    (left, top), (right, bottom) = np.clip(outline.min(0), 0, (columns - 1, rows - 1)).astype(int), np.clip(outline.max(0) + 1, 1, (columns, rows)).astype(int)  # fmt: skip
    part = np.ascontiguousarray(millimetres[top:bottom, left:right])
    if min(part.shape) < 8:
        return float("nan")
    away = np.abs(part.astype(float) - cv2.medianBlur(part, 5))[part > 0]
    return float(1.2533 * np.sort(away)[: len(away) * 9 // 10].mean()) if len(away) > 50 else float("nan")
