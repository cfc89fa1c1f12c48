"""A deployment's own liveness model: an ONNX file named by its hash, with a description of what it is fed and what it answers.

`models/liveness/NAME.json` under `XINQIAO_HOME`, the file beside it. For MiniFASNet V2 (Apache-2.0, converted by its user), say:

    {"file": "minifasnet_v2.onnx", "sha256": "…", "side": 80, "scale": 2.7, "colours": "BGR", "divide": 1, "output": "logits", "live": 1,
     "weight": 1.0, "sure": 0.9, "doubt": 0.5}

A model that is named and does not load stops the check; it is not skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime

from .errors import ModelsUnavailable
from .thresholds import Band

OUTPUTS = ("logits", "probabilities", "probability", "log_odds")
SIDES = range(16, 513)


@dataclass(frozen=True, slots=True)
class Guest:
    name: str
    version: str
    session: onnxruntime.InferenceSession
    side: int
    """pixels of its square input"""
    scale: float
    """the square's side over the face's"""
    colours: str
    """RGB or BGR"""
    layout: str
    """NCHW or NHWC"""
    divide: float
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    """input = (pixel / divide - mean) / spread, by channel in the order of `colours`"""
    output: str
    """one of OUTPUTS: of classes (logits, probabilities) or of life alone (probability, log_odds)"""
    live: int
    """the number of the class of living faces"""
    weight: float
    band: Band

    @classmethod
    def load(cls, path: Path, session: Any) -> Self:
        """`session`: makes an onnxruntime session of bytes. Raises ModelsUnavailable for a wrong hash or a description that makes no sense."""
        try:
            told = json.loads(path.read_text("utf-8"))
            weights = (path.parent / Path(told["file"]).name).read_bytes()
            if hashlib.sha256(weights).hexdigest() != told["sha256"]:
                raise ModelsUnavailable(f"{told['file']} is not the file that {path.name} names")
            return cls._of(path.stem, told, session(weights))
        except (OSError, KeyError, ValueError, TypeError, RuntimeError) as problem:
            raise ModelsUnavailable(f"{path.name}: {type(problem).__name__} {problem}") from problem

    @classmethod
    def _of(cls, name: str, told: Mapping[str, Any], session: onnxruntime.InferenceSession) -> Self:
        made = cls(
            name=name,
            version=f"{told.get('version', '1')}@{told['sha256'][:8]}",
            session=session,
            side=int(told["side"]),
            scale=float(told["scale"]),
            colours=told.get("colours", "RGB"),
            layout=told.get("layout", "NCHW"),
            divide=float(told.get("divide", 255)),
            mean=_three(told.get("mean", 0)),
            spread=_three(told.get("spread", 1)),
            output=told["output"],
            live=int(told.get("live", 1)),
            weight=float(told.get("weight", 1)),
            band=Band(float(told["sure"]), float(told["doubt"])),
        )
        sensible = made.output in OUTPUTS and made.colours in ("RGB", "BGR") and made.layout in ("NCHW", "NHWC") and made.side in SIDES
        if not (sensible and made.weight > 0 and made.scale > 0 and made.divide > 0 and all(made.spread) and made.live >= 0):
            raise ValueError("a value is none of those allowed")
        return made

    def probability(self, squares: Sequence[np.ndarray]) -> float:
        """0-1, from the mean log-odds over the squares, (side, side, 3) uint8 RGB each. Raises ModelsUnavailable when it cannot be run on them."""
        try:
            answers = [self._log_odds(self.session.run(None, {self.session.get_inputs()[0].name: self._fed(s)})[0]) for s in squares]
        except Exception as problem:  # onnxruntime's own errors have no common base
            raise ModelsUnavailable(f"{self.name} cannot be run: {type(problem).__name__}") from problem
        mean = float(np.mean(answers))
        if not np.isfinite(mean):
            raise ModelsUnavailable(f"{self.name} answers no number")
        return float(1 / (1 + np.exp(-mean)))

    def _fed(self, square: np.ndarray) -> np.ndarray:
        pixels = square[..., ::-1] if self.colours == "BGR" else square
        value = (pixels.astype(np.float32) / self.divide - np.float32(self.mean)) / np.float32(self.spread)
        return np.ascontiguousarray(value.transpose(2, 0, 1) if self.layout == "NCHW" else value)[None]

    def _log_odds(self, raw: np.ndarray) -> float:
        values = np.asarray(raw, np.float64).reshape(-1)
        if self.output == "log_odds":
            return float(np.clip(values[0], -30, 30))
        if self.output == "logits":
            values = np.exp(values - values.max())
            values /= values.sum()
        p = np.clip(values[0] if self.output == "probability" else values[self.live], 1e-6, 1 - 1e-6)
        return float(np.log(p / (1 - p)))


def _three(value: Any) -> tuple[float, ...]:
    values = tuple(map(float, value)) if isinstance(value, list) else (float(value),) * 3
    if len(values) != 3:
        raise ValueError("mean and spread have three numbers, or one")
    return values


def load_guests(folder: Path, session: Any) -> tuple[Guest, ...]:
    return tuple(Guest.load(path, session) for path in sorted(folder.glob("*.json"))) if folder.is_dir() else ()
