"""Is what answered the light a living face? A small network (`shape.onnx`) looks at the maps of maps.py; `shape.json` says how far to trust it.

The network was fitted by scripts/light_challenge.py on simulated sessions and tells nine things apart: a living face and eight species of attack.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ...thresholds import Band
from .align import Alignment
from .maps import Maps, maps
from .sample import Samples

FILE, WEIGHTS = (Path(__file__).parent / name for name in ("shape.json", "shape.onnx"))
SPECIES = ("live", "flat_print", "bent_print", "phone_replay", "tablet_replay", "paper_mask", "resin_mask", "silicone_mask", "printed_head")
FLAT = SPECIES[1:5]
"""Without a face's shape; the other attacks have one, and what they are made of must tell."""


@dataclass(frozen=True, slots=True)
class ShapeModel:
    version: str
    session: onnxruntime.InferenceSession
    scale: float
    shift: float
    """The network's log-odds of life are multiplied, then moved, to become those of a probability (Platt 1999)."""
    bands: tuple[tuple[float, Band], ...]
    """by the answer's strength (decimal logarithm): each holds up to its bound, the last for all above"""
    clear_enough: float
    """clearness (decimal logarithm) under which nothing is told: the answer drowns"""

    def shares(self, picture: np.ndarray, told: np.ndarray) -> np.ndarray:
        """(9,) probability of each of SPECIES before calibration, looked at twice: as it is, and in the mirror."""
        feed = {"picture": np.stack([picture, picture[:, :, ::-1]]), "numbers": np.repeat(told[None], 2, 0).astype(np.float32)}
        logs = self.session.run(None, feed)[0].astype(float).mean(0)
        shares = np.exp(logs - logs.max())
        return shares / shares.sum()

    def probability(self, shares: np.ndarray) -> float:
        """0-1, larger is more like a living face."""
        odds = np.log(max(float(shares[0]), 1e-9)) - np.log(max(1 - float(shares[0]), 1e-9))
        return float(1 / (1 + np.exp(-np.clip(self.scale * odds + self.shift, -30, 30))))

    def band(self, strength: float) -> Band:
        return next(band for bound, band in self.bands if strength <= bound or bound == self.bands[-1][0])

    @classmethod
    def parse(cls, data: dict[str, Any], weights: bytes) -> ShapeModel:
        """Raises ValueError when the weights are not those that `data` was made with."""
        if tuple(data["species"]) != SPECIES or hashlib.sha256(weights).hexdigest() != data["sha256"]:
            raise ValueError("shape.json tells of another network than shape.onnx")
        bands = tuple((float(b["up_to"]), Band(b["sure"], b["doubt"])) for b in data["bands"])
        return cls(data["version"], _session(weights), float(data["scale"]), float(data["shift"]), bands, float(data["clear_enough"]))


def _session(weights: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


@cache
def shape_model() -> ShapeModel:
    return ShapeModel.parse(json.loads(FILE.read_text("utf-8")), WEIGHTS.read_bytes())


def numbers(samples: Samples, alignment: Alignment, found: Maps) -> np.ndarray:
    """(12,) what the maps do not show: how strong, how clear, of which colour. Decimal logarithms, the two of colour natural ones."""
    level = np.log10(np.clip(found.level, 0.003, 5))
    colour = np.log(np.clip(found.colour, 1e-4, None))
    return np.array(
        [
            *level,
            level[0] - level[2],
            level[1] - (level[0] + level[2]) / 2,
            clearness(found),
            np.log10(np.clip(1 - alignment.pooled, 0.002, 1)),
            np.log10(samples.burnt + 0.01),
            np.log10(np.clip(swing(samples.light), 0.003, 1)),
            colour[0] - colour[1],
            colour[2] - colour[1],
            np.log10(found.colour.mean()),
        ]
    )


def clearness(found: Maps) -> float:
    return float(np.log10(np.clip(found.clearness, 0.3, 200)))


def swing(light: np.ndarray) -> float:
    """How much the face's colour changes: standard deviation of red and blue against green, slow drift aside. `light` (f, 3)."""
    colour = light[:, [0, 2]] / np.maximum(light[:, 1:2], 1e-6)
    relative = colour / np.maximum(colour.mean(0), 1e-6)
    t = np.linspace(-1, 1, len(relative))
    slow = np.stack([np.ones_like(t), t, t**2], axis=1)
    left = relative - slow @ np.linalg.lstsq(slow, relative, rcond=None)[0]
    return float(left.std(0).mean())


def measure(samples: Samples, alignment: Alignment) -> dict[str, float]:
    """Every measurement by name: `summary`'s, strength and clearness (decimal logarithms), and what the sequence explains."""
    found = maps(samples, alignment)
    return summary(shape_model(), found.picture(), numbers(samples, alignment, found)) | {
        "strength": float(np.log10(np.clip(alignment.answer[[0, 2]].mean(), 0.005, 4))),
        "clearness": clearness(found),
        "explained": alignment.pooled,
    }


def summary(model: ShapeModel, picture: np.ndarray, told: np.ndarray) -> dict[str, float]:
    """`alive`: calibrated probability; `flat`, `mask`: what the network believes of prints and replays, and of masks."""
    shares = model.shares(picture, told)
    flat = float(sum(shares[SPECIES.index(name)] for name in FLAT))
    return {"alive": model.probability(shares), "flat": flat, "mask": float(1 - shares[0] - flat)}
