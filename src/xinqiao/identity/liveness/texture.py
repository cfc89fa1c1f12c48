"""Texture: a small two-crop network that tells skin before a camera from paper and screens. Trained by scripts/train_liveness.py."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime

from ..networks import run

FEW = 4
"""Under so many frames each is looked at in several ways; from here on the frames differ by themselves."""
CLOSER = 0.92
"""The share of a view's side that a second, closer look keeps."""


def log_odds(session: onnxruntime.InferenceSession, crops: Sequence[np.ndarray]) -> float:
    """Larger is more alive, 0 is even: the mean over frames, so that one lucky frame decides nothing.

    `crops`: for each frame a (2, 112, 112, 3) uint8 array from `two_crops`; at least one.
    """
    return float(run(session, fed(looks(crops)))[0].mean())


def fed(views: Sequence[np.ndarray]) -> np.ndarray:
    """What the network is given: (n, 6, side, side) in -1 to 1, of views (2, side, side, 3) uint8."""
    stack = np.stack(views).astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(stack.transpose(0, 1, 4, 2, 3)).reshape(len(stack), -1, *stack.shape[2:4])


def looks(crops: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the network is shown: of a clip every second frame mirrored, which costs nothing; of a still four views."""
    if len(crops) >= FEW:
        return [mirrored(crop) if n % 2 else crop for n, crop in enumerate(crops)]
    return [view for crop in crops for near in (crop, closer(crop)) for view in (near, mirrored(near))]


def mirrored(crop: np.ndarray) -> np.ndarray:
    return crop[:, :, ::-1]


def closer(crop: np.ndarray) -> np.ndarray:
    """The middle of each view, as large as the whole was."""
    side = crop.shape[1]
    edge = round(side * (1 - CLOSER) / 2)
    return np.stack([cv2.resize(view[edge : side - edge, edge : side - edge], (side, side)) for view in crop])
