"""What the camera saw of the light: linear intensity of 468 places on the face, and of the background, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...media import Picture

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
        132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 13, 14, 78, 308)
EYES = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384,
        385, 386, 387, 388, 466)  # fmt: skip
BROWS = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
OUTER_EYES = (33, 263)
PATCH = 0.10
"""Side of the square that is averaged around each place, in distances between the outer corners of the eyes."""
CLEAR_OF_FEATURES = 0.09
CLEAR_OF_EDGE = 0.10
BURNT = 250
THIN = 3
"""Of the background every third pixel of every third row is enough."""
LINEAR = np.where(np.arange(256) / 255 <= 0.04045, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""The sRGB curve undone (IEC 61966-2-1). A phone's own curve differs a little, which the fits bear."""


@dataclass(frozen=True, slots=True)
class Samples:
    times: np.ndarray
    """(f,) seconds"""
    face: np.ndarray
    """(f, 468, 3) linear, 0-1"""
    skin: np.ndarray
    """(468,) which places are plain skin: away from eyes, brows and lips, which move and are not skin, and from the face's edge"""
    points: np.ndarray
    """(468, 3) mean place of each patch, in distances between the outer corners of the eyes, from between them; x right, y up, z to the camera"""
    normals: np.ndarray
    """(468, 3) of the mesh, unit length"""
    moved: np.ndarray
    """(f, 3) where the face is in each frame and how large: the fits take out what goes with it"""
    background: np.ndarray | None
    """(f, 3) linear; None where there is none to see"""
    burnt: float
    """share of the face's pixels that are blown out"""


def sample(frames: Sequence[Picture], times: Sequence[float], meshes: Sequence[np.ndarray]) -> Samples:
    """`meshes`: the (468, 3) points of each frame, in its pixels, z away from the camera (`identity.mesh`)."""
    tracks = smooth(np.stack(meshes).astype(np.float32))
    shape = upright(tracks)
    span = float(np.median(np.linalg.norm(tracks[:, OUTER_EYES[1], :2] - tracks[:, OUTER_EYES[0], :2], axis=1)))
    side = max(3, round(span * PATCH) | 1)
    outside = _background_mask(frames[0].shape[:2], tracks)
    face = np.empty((len(frames), len(shape), 3), np.float32)
    behind, burnt = np.empty((len(frames), 3)), []
    for n, frame in enumerate(frames):
        at = tracks[n, :, :2]
        (left, top), (right, bottom) = _around(at, side, frame.shape)
        light = cv2.blur(LINEAR[frame[top:bottom, left:right]], (side, side))
        face[n] = cv2.remap(light, at[None, :, 0] - left, at[None, :, 1] - top, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        behind[n] = LINEAR[frame[::THIN, ::THIN][outside]].mean(0) if outside is not None else 0
        x, y = np.clip(at.round().astype(int), 0, np.array(frame.shape[1::-1]) - 1).T
        burnt.append(float((frame[y, x] >= BURNT).any(-1).mean()))
    centre = tracks[:, :, :2].mean(1)
    size = np.linalg.norm(tracks[:, OUTER_EYES[1], :2] - tracks[:, OUTER_EYES[0], :2], axis=1, keepdims=True)
    return Samples(
        times=np.asarray(times, float),
        face=face,
        skin=plain(shape),
        points=shape,
        normals=normals(shape),
        moved=np.concatenate([centre, size], axis=1) / span,
        background=behind if outside is not None else None,
        burnt=float(np.mean(burnt)),
    )


def _around(at: np.ndarray, margin: int, shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Left, top and right, bottom of a box around the points, inside the picture, at least a pixel large."""
    size = np.array(shape[1::-1])
    low = np.clip(at.min(0) - margin, 0, size - 1).astype(int)
    high = np.clip(at.max(0) + margin + 1, low + 1, size).astype(int)
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))


def smooth(tracks: np.ndarray) -> np.ndarray:
    """A landmark network trembles by half a pixel: a weighted mean over three frames."""
    padded = np.concatenate([tracks[:1], tracks, tracks[-1:]])
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


def upright(tracks: np.ndarray) -> np.ndarray:
    """The mean face, (468, 3): origin between the outer corners of the eyes, their distance 1, x right, y up, z to the camera."""
    mean = tracks.mean(0)
    left, right = mean[OUTER_EYES[0]], mean[OUTER_EYES[1]]
    span = np.linalg.norm(right[:2] - left[:2])
    return (mean - (left + right) / 2) * np.array([1, -1, -1], np.float32) / span


def plain(shape: np.ndarray) -> np.ndarray:
    flat = shape[:, :2]

    def clear(of: tuple[int, ...], by: float) -> np.ndarray:
        return np.linalg.norm(flat[:, None] - flat[list(of)][None], axis=-1).min(1) > by

    return clear((*LIPS, *EYES, *BROWS), CLEAR_OF_FEATURES) & clear(OVAL, CLEAR_OF_EDGE)


def normals(shape: np.ndarray, neighbours: int = 10) -> np.ndarray:
    """(468, 3): of the plane through each vertex and its nearest neighbours, turned to the camera."""
    near = np.argsort(np.linalg.norm(shape[:, None, :2] - shape[None, :, :2], axis=-1), axis=1)[:, :neighbours]
    cloud = shape[near] - shape[near].mean(1, keepdims=True)
    gram = np.einsum("pki,pkj->pij", cloud, cloud)
    plane = gram[:, :2, :2] + 1e-6 * np.eye(2)
    slope = np.linalg.solve(plane, gram[:, :2, 2:])[..., 0]
    out = np.concatenate([-slope, np.ones((len(shape), 1))], axis=1)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def _background_mask(size: tuple[int, int], tracks: np.ndarray) -> np.ndarray | None:
    """Every THINth pixel beside and above the head in every frame; None when they are under two in a hundred."""
    low, high = tracks[:, :, :2].min((0, 1)), tracks[:, :, :2].max((0, 1))
    wide, tall = high - low
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    beside = (x < low[0] - 0.45 * wide) | (x > high[0] + 0.45 * wide)
    above = y < low[1] - 0.75 * tall
    mask = ((beside & (y < low[1] + 0.8 * tall)) | above)[::THIN, ::THIN]
    return mask if mask.mean() > 0.02 else None
