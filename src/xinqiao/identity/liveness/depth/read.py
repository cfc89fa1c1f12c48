"""A depth map from a stranger: PNG, 16 bits of grey, millimetres, 0 unknown. Its size is read before anything is decoded."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from ...errors import DepthUnreadable

MOST_BYTES = 16 * 2**20
MOST_PIXELS = 4_000_000
LEAST_SIDE, MOST_SIDE = 64, 4096
MAGIC = b"\x89PNG\r\n\x1a\n"


def read_depth(data: bytes) -> np.ndarray:
    """uint16 (rows, columns). Raises DepthUnreadable for anything else, whatever the bytes are."""
    if len(data) > MOST_BYTES or data[:8] != MAGIC or data[12:16] != b"IHDR" or len(data) < 33:
        raise _unreadable()
    width, height, bits, colour = struct.unpack(">IIBB", data[16:26])
    if (
        bits != 16
        or colour != 0
        or not (min(width, height) >= LEAST_SIDE and max(width, height) <= MOST_SIDE and width * height <= MOST_PIXELS)
    ):
        raise _unreadable()
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            values = np.asarray(image)
    except Exception as problem:  # a decoder has its own way to fail on hostile bytes
        raise _unreadable() from problem
    if values.ndim != 2 or values.shape != (height, width):
        raise _unreadable()
    return np.clip(values, 0, 65535).astype(np.uint16)


def _unreadable() -> DepthUnreadable:
    return DepthUnreadable(f"{MOST_PIXELS:,}", field="depth")
