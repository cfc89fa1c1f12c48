"""Boosted trees as plain data: a few kilobytes of JSON, read without any library (Friedman 2001; grown by scripts/train_depth.py)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from ...thresholds import Band

FILE = Path(__file__).with_name("depth.json")


@dataclass(frozen=True, slots=True)
class Forest:
    """The log-odds of life is `base` and one leaf of each tree. A node is [feature, bound, left, right]; a leaf is a number."""

    names: tuple[str, ...]
    base: float
    trees: Sequence[Sequence[Any]]
    band: Band
    flat: float
    """millimetres off the best bent sheet, below which a thing is one"""
    flat_noise: float
    """... and as a multiple of the sensor's own noise"""
    alike: float
    """correlation with the mesh's relief, below which it is no face's"""
    scale: tuple[float, float]
    """relief over the mesh's relief, least and most"""

    def log_odds(self, found: Mapping[str, float]) -> float:
        row = [found[name] for name in self.names]
        return self.base + sum(_leaf(tree, row) for tree in self.trees)

    def probability(self, found: Mapping[str, float]) -> float:
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.log_odds(found)))))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        low, high = data["scale"]
        band = Band(float(data["sure"]), float(data["doubt"]))
        return cls(tuple(data["names"]), float(data["base"]), data["trees"], band, float(data["flat"]), float(data["flat_noise"]), float(data["alike"]), (float(low), float(high)))  # fmt: skip


def _leaf(nodes: Sequence[Any], row: Sequence[float]) -> float:
    at = nodes[0]
    while isinstance(at, list):
        feature, bound, left, right = at
        at = nodes[left if row[feature] <= bound else right]
    return float(at)


@cache
def forests() -> Mapping[str, Forest]:
    """By kind of depth: `map` (a sensor's), `pair` (two cameras')."""
    data = json.loads(FILE.read_text("utf-8"))
    return {kind: Forest.parse(data[kind]) for kind in ("map", "pair")}
