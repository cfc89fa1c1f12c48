"""A near-infrared picture from a stranger: 8 bits in any of the formats of a photograph, or a PNG of 16 bits grey as sensors of 10 to 14 bits write it."""

from __future__ import annotations

import cv2
import numpy as np

from xinqiao.kit import Refused

from ...errors import DepthUnreadable, InfraredUnreadable
from ...media import read_image
from ..depth.read import MAGIC, read_depth


def read_infrared(data: bytes) -> np.ndarray:
    """uint8 (rows, columns). Raises InfraredUnreadable, whatever the bytes are."""
    try:
        if data[:8] == MAGIC and data[24:26] == b"\x10\x00":
            values = read_depth(data)
            return np.clip(values * (255.0 / max(float(np.percentile(values, 99.8)), 1.0)), 0, 255).astype(np.uint8)
        return cv2.cvtColor(read_image(data), cv2.COLOR_RGB2GRAY)
    except (DepthUnreadable, Refused) as problem:
        raise InfraredUnreadable(field="nir") from problem
