"""What one sensor beside the colour camera says of a capture."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Signal
from .decide import Evidence


@dataclass(frozen=True, slots=True)
class Found:
    signals: tuple[Signal, ...]
    evidence: Evidence | None
    """None where nothing could be judged"""
