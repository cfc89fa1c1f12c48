"""Where a score turns from pass to review to fail: data, versioned with the weights it was calibrated for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from .model import State


@dataclass(frozen=True, slots=True)
class Band:
    """At least `sure`: pass. Below `doubt`: fail. Between: a person looks."""

    sure: float
    doubt: float

    def __post_init__(self) -> None:
        if self.doubt > self.sure:
            raise ValueError(f"doubt ({self.doubt}) lies above sure ({self.sure})")

    def state(self, value: float) -> State:
        if value >= self.sure:
            return State.PASS
        return State.REFER if value >= self.doubt else State.FAIL


@dataclass(frozen=True, slots=True)
class Thresholds:
    version: str
    match: Band
    """Cosine of portrait and selfie."""
    one_person: Band
    """Smallest cosine between two frames of the clip."""
    texture: Band
    """The liveness network's score, 0-1."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `thresholds.json`. Raises KeyError or ValueError when a band is missing or upside down."""
        data = json.loads(text)
        return cls(
            data["version"], *(Band(float(data[name]["sure"]), float(data[name]["doubt"])) for name in ("match", "one_person", "texture"))
        )
