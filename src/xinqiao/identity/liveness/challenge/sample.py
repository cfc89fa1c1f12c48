"""What the camera saw of the light: every frame's face, turned upright, in linear light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...media import Picture
from ...observe import similarity

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
        132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
FEATURES = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
)
"""Outlines of lips, eyes and brows: they move, and are not skin."""
OUTER_EYES = (33, 263)
SPAN = 32
"""Pixels between the outer corners of the eyes in the upright picture; a span is that distance."""
ROWS, COLUMNS = 108, 96
ORIGIN = (48.0, 46.0)
"""Where the middle between the eyes lies: x, y. Hair above, neck below, ears and some background beside."""
CLEAR = 3
"""Pixels that plain skin keeps from the face's edge, eyes, brows and lips."""
BURNT = 250
LINEAR = np.where(np.arange(256) / 255 <= 0.04045, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""The sRGB curve undone (IEC 61966-2-1). A phone's own curve differs a little, which the fits bear."""


@dataclass(frozen=True, slots=True)
class Samples:
    times: np.ndarray
    """(f,) seconds"""
    face: np.ndarray
    """(f, ROWS, COLUMNS, 3) linear, 0-1, upright, each place on the face where it is in every other frame"""
    skin: np.ndarray
    """(ROWS, COLUMNS) which pixels are plain skin"""
    moved: np.ndarray
    """(f, 3) where the face was in each frame and how large: the fits take out what goes with it"""
    places: np.ndarray
    """(468, 2) where the mesh's points lie in the upright picture, x and y"""
    burnt: float
    """share of the face's pixels that are blown out"""

    @property
    def light(self) -> np.ndarray:
        """(f, 3) mean of the plain skin."""
        return self.face[:, self.skin].mean(1)


def sample(frames: Sequence[Picture], times: Sequence[float], meshes: Sequence[np.ndarray]) -> Samples:
    """`meshes`: the (468, 2 or 3) points of each frame, in its pixels (`identity.mesh`)."""
    tracks = smooth(np.stack(meshes).astype(np.float32)[..., :2])
    home, span = upright(tracks.mean(0))
    face = np.stack([_turned(frame, at, home, span) for frame, at in zip(frames, tracks, strict=True)])
    return Samples(
        times=np.asarray(times, float),
        face=face,
        skin=plain(home),
        moved=movement(tracks, span),
        places=home,
        burnt=float(np.mean([_burnt(frame, at) for frame, at in zip(frames, tracks, strict=True)])),
    )


def smooth(tracks: np.ndarray) -> np.ndarray:
    """A landmark network trembles by half a pixel: a weighted mean over three frames."""
    padded = np.concatenate([tracks[:1], tracks, tracks[-1:]])
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


def movement(tracks: np.ndarray, span: float) -> np.ndarray:
    size = np.linalg.norm(tracks[:, OUTER_EYES[1], :2] - tracks[:, OUTER_EYES[0], :2], axis=1, keepdims=True)
    return np.concatenate([tracks[:, :, :2].mean(1), size], axis=1) / span


def upright(mean: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean face in the upright picture, (468, 2), and its span in the frames' pixels."""
    left, right = mean[OUTER_EYES[0]], mean[OUTER_EYES[1]]
    across = right - left
    span = float(max(np.hypot(*across), 1.0))
    turn = np.array([[across[0], across[1]], [-across[1], across[0]]]) / span * (SPAN / span)
    return (mean - (left + right) / 2) @ turn.T + ORIGIN, span


def _turned(frame: Picture, at: np.ndarray, home: np.ndarray, span: float) -> np.ndarray:
    """The frame's light, moved, turned and scaled so that the mesh comes to lie on `home` as nearly as it can; fine pixels are averaged first."""
    shrink = max(1, int(span // SPAN))
    matrix = similarity(at, home)
    part, corner = _around(frame, at, span)
    light = cv2.LUT(part[: part.shape[0] // shrink * shrink, : part.shape[1] // shrink * shrink], LINEAR)
    if shrink > 1:
        light = cv2.resize(light, (light.shape[1] // shrink, light.shape[0] // shrink), interpolation=cv2.INTER_AREA)
    shift = matrix[:, :2] @ (corner + (shrink - 1) / 2) + matrix[:, 2]
    whole = np.concatenate([matrix[:, :2] * shrink, shift[:, None]], axis=1)
    return cv2.warpAffine(light, whole, (COLUMNS, ROWS), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _around(frame: Picture, at: np.ndarray, span: float) -> tuple[Picture, np.ndarray]:
    """What the upright picture can show of the frame, and its left upper corner."""
    size, middle = np.array(frame.shape[1::-1]), at.mean(0)
    low = np.clip(middle - 2.2 * span, 0, size - 8).astype(int)
    high = np.clip(middle + 2.2 * span, low + 8, size).astype(int)
    return frame[low[1] : high[1], low[0] : high[0]], low.astype(float)


def plain(home: np.ndarray) -> np.ndarray:
    """(ROWS, COLUMNS) bool: inside the face's oval, away from its edge and features."""
    skin, features = np.zeros((ROWS, COLUMNS), np.uint8), np.zeros((ROWS, COLUMNS), np.uint8)
    cv2.fillPoly(skin, [home[list(OVAL)].round().astype(np.int32)], 1)
    for outline in FEATURES:
        cv2.fillPoly(features, [home[list(outline)].round().astype(np.int32)], 1)
    border = np.ones((2 * CLEAR + 1, 2 * CLEAR + 1), np.uint8)
    inside = cv2.erode(skin, border, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return (inside > 0) & (cv2.dilate(features, border) == 0)


def _burnt(frame: Picture, at: np.ndarray) -> float:
    x, y = np.clip(at.round().astype(int), 0, np.array(frame.shape[1::-1]) - 1).T
    return float((frame[y, x] >= BURNT).any(-1).mean())
