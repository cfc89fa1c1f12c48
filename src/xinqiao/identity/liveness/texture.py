"""Texture: a small two-crop network that tells skin before a camera from paper and screens. Trained by scripts/train_liveness.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime

from ..networks import run


def log_odds(session: onnxruntime.InferenceSession, crops: Sequence[np.ndarray]) -> float:
    """Larger is more alive, 0 is even: the mean over frames, so that one lucky frame decides nothing.

    `crops`: for each frame a (2, 112, 112, 3) uint8 array from `two_crops`; at least one.
    """
    stack = np.stack(crops).astype(np.float32) / 127.5 - 1
    value = np.ascontiguousarray(stack.transpose(0, 1, 4, 2, 3)).reshape(len(crops), 6, *stack.shape[2:4])
    return float(run(session, value)[0].mean())
