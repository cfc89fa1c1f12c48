"""High dynamic range to ordinary: a phone's PQ or HLG clip (Rec. ITU-R BT.2100) as BT.709 pixels, so that every later step sees one kind of light."""

from __future__ import annotations

import numpy as np

PQ, HLG = 16, 18
"""Transfer characteristics by their numbers in ITU-T H.273."""
WHITE = 203.0
"""cd/m2 of reference white (Rec. ITU-R BT.2408)."""
TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Linear BT.2020 to linear BT.709 (Rec. ITU-R BT.2087)."""


def is_high(transfer: int) -> bool:
    return transfer in (PQ, HLG)


def ordinary(picture: np.ndarray, transfer: int) -> np.ndarray:
    """(h, w, 3) uint16 in PQ or HLG -> uint8 in BT.709's gamma; brighter than reference white is rolled off, not cut."""
    light = _table(transfer)[picture >> 4] @ TO_709.T.astype(np.float32)
    rolled = np.where(light > 0.8, 1 - 0.2 * np.exp(-(np.maximum(light, 0.8) - 0.8) / 0.2), np.maximum(light, 0))
    return (rolled ** np.float32(1 / 2.2) * 255 + 0.5).astype(np.uint8)


def _table(transfer: int) -> np.ndarray:
    """Light relative to reference white for each of 4,096 code values (BT.2100 tables 4 and 5)."""
    code = np.linspace(0, 1, 4096)
    if transfer == PQ:
        root = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        return (nits / WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return (1000 * scene**1.2 / WHITE).astype(np.float32)
