"""Depth, judged: first by physics (is it flat, is it a bent sheet, is the relief a face's), then by a small model of what masks get wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...media import Picture
from ...mesh import Mesh
from ...model import Signal, State
from ..decide import Evidence
from ..found import Found
from .face import patch
from .measure import measure
from .trees import Forest, forests

FEWEST_PIXELS = 16.0
"""Of the map, between the eyes: a coarser map shows no relief."""
MOST_NOISE = 5.0
"""Millimetres; beyond it a face's relief drowns."""
LEAST_KNOWN = 0.45
NOT_SOLID = 0.02
"""The probability of life that something flat leaves."""


def judge(millimetres: np.ndarray, picture: Picture | None, mesh: Mesh, *, size: tuple[int, int] | None = None, kind: str = "map") -> Found:
    """`millimetres` uint16 (rows, columns), 0 unknown, the same view as the picture in which `mesh` was found; `size` of that picture where it is not
    given; `kind`: `map` of a depth sensor, `pair` of two cameras."""
    shape = size or (picture.shape[:2] if picture is not None else millimetres.shape)
    seen = patch(millimetres, picture, mesh, (int(shape[0]), int(shape[1])))
    found = measure(seen)
    if found is None or found["valid"] < LEAST_KNOWN:
        return _again(None if found is None else found["valid"], "depth_missing")
    if seen.pixels < FEWEST_PIXELS:
        return _again(seen.pixels, "too_small")
    if found["noise"] > MOST_NOISE:
        return _again(found["noise"], "depth_noisy")
    return _judged(found, forests()[kind])


def _again(value: float | None, reason: str) -> Found:
    return Found((Signal("depth_relief", State.RETRY, value, reason), Signal("depth_texture", State.NOT_RUN, None, "not_run")), None)


def _judged(found: Mapping[str, float], forest: Forest) -> Found:
    relief = _relief(found, forest)
    score = forest.probability(found)
    state = forest.band.state(score)
    texture = Signal("depth_texture", state, score, {State.REFER: "depth_unsure", State.FAIL: "depth_mask"}.get(state))
    return Found((relief, texture), Evidence(NOT_SOLID if relief.state is State.FAIL else score))


def _relief(found: Mapping[str, float], forest: Forest) -> Signal:
    """Value: millimetres that are left when the best plane or bent sheet is taken away; of a face 3 to 7."""
    left = found["sheet"]
    if left < max(forest.flat, forest.flat_noise * found["noise"]):
        flat = found["plane"] < forest.flat
        return Signal("depth_relief", State.FAIL, left, "depth_flat" if flat else "depth_bent")
    low, high = forest.scale
    if found["mesh_alike"] < forest.alike or not low <= found["mesh_scale"] <= high:
        return Signal("depth_relief", State.FAIL, left, "depth_other")
    return Signal("depth_relief", State.PASS, left)
