"""Depth from two colour cameras that stand side by side: semi-global matching (Hirschmueller 2008, by OpenCV) around the face alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from ...errors import StereoUnfit
from ...media import Picture
from ...mesh import Mesh

NEAREST, FARTHEST = 150.0, 1500.0
"""Millimetres between which a face is looked for."""
WIDEST = 200
"""Pixels of the face, beyond which both pictures are shrunk: precision enough, and time saved."""
MOST_TEXT = 4096
SIXTEENTH = 16.0


@dataclass(frozen=True, slots=True)
class Pair:
    """How the second camera stands: to the right of the first by `baseline` millimetres, both pictures rectified, `focal` pixels at `width` columns."""

    focal: float
    baseline: float
    width: int
    height: int
    time: float | None = None
    """seconds into the clip at which the second picture was taken; None: its middle"""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises StereoUnfit, which names what is wrong."""
        if len(text) > MOST_TEXT:
            raise StereoUnfit("too long", "内容过长", field="stereo")
        try:
            data = json.loads(text)
            time = data.get("time")
            found = cls(
                float(data["focal"]),
                float(data["baseline"]),
                int(data["width"]),
                int(data["height"]),
                None if time is None else float(time),
            )
            rectified = data["rectified"]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as problem:
            raise StereoUnfit("focal, baseline, width, height and rectified are needed", "需要 focal、baseline、width、height 和 rectified", field="stereo") from problem  # fmt: skip
        if rectified is not True:
            raise StereoUnfit("the pictures must be rectified", "图像须先做极线校正", field="stereo")
        sound = (found.focal, found.baseline, found.time or 0.0)
        if not all(map(math.isfinite, sound)) or not (50 <= found.focal <= 20_000 and 5 <= found.baseline <= 500 and 64 <= found.width <= 8192 and 64 <= found.height <= 8192):  # fmt: skip
            raise StereoUnfit("a number is out of range", "数值超出范围", field="stereo")
        return found


def ranged(left: Picture, right: Picture, pair: Pair, mesh: Mesh) -> np.ndarray:
    """uint16 millimetres in the left picture's size, 0 where nothing was matched or far from the face. Raises StereoUnfit when the pictures differ in shape."""
    if abs(left.shape[0] * right.shape[1] - left.shape[1] * right.shape[0]) > 0.02 * left.shape[0] * right.shape[1]:
        raise StereoUnfit("the second picture has another shape than the first", "两幅图像的长宽比不同", field="right")
    rows, columns = left.shape[:2]
    focal = pair.focal * columns / pair.width
    box = _box(mesh, rows, columns)
    scale = min(1.0, WIDEST / max(float(np.ptp(mesh.points[:, 0])), 1.0))
    small = [_grey(p, (round(columns * scale), round(rows * scale))) for p in (left, right)]
    found = _match(small[0], small[1], [round(v * scale) for v in box], focal * scale * pair.baseline)
    out = np.zeros((rows, columns), np.uint16)
    top, bottom, first, last = box
    out[top:bottom, first:last] = cv2.resize(found, (last - first, bottom - top), interpolation=cv2.INTER_NEAREST)
    return out


def _box(mesh: Mesh, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Top, bottom, left, right: the face and half of it around."""
    (x0, y0), (x1, y1) = mesh.points[:, :2].min(0), mesh.points[:, :2].max(0)
    dx, dy = 0.35 * (x1 - x0), 0.35 * (y1 - y0)
    top, left = int(np.clip(y0 - dy, 0, rows - 16)), int(np.clip(x0 - dx, 0, columns - 16))
    return top, int(np.clip(y1 + dy, top + 16, rows)), left, int(np.clip(x1 + dx, left + 16, columns))


def _grey(picture: Picture, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)


def _match(left: np.ndarray, right: np.ndarray, box: list[int], shift_mm: float) -> np.ndarray:
    """uint16 millimetres within the box. `shift_mm`: focal length in pixels times baseline; a shift of one pixel is that far away."""
    top, bottom, first, last = box
    least, most = shift_mm / FARTHEST, min(shift_mm / NEAREST, left.shape[1] * 0.7)
    levels = max(16, math.ceil((most - least) / 16) * 16)
    begin = max(0, first - math.ceil(most) - 8)
    a, b = left[top:bottom, begin:last], right[top:bottom, begin:last]
    block = 5
    matcher = cv2.StereoSGBM.create(
        minDisparity=int(least), numDisparities=levels, blockSize=block, P1=8 * block**2, P2=32 * block**2, disp12MaxDiff=2,
        preFilterCap=31, uniquenessRatio=5, speckleWindowSize=60, speckleRange=2, mode=cv2.STEREO_SGBM_MODE_SGBM,
    )  # fmt: skip
    room = levels + int(least)
    a, b = (cv2.copyMakeBorder(p, 0, 0, room, 0, cv2.BORDER_REPLICATE) for p in (a, b))  # the matcher leaves its first columns out
    shift = cv2.medianBlur(matcher.compute(a, b), 5)[:, room + first - begin :].astype(np.float32) / SIXTEENTH
    with np.errstate(divide="ignore"):
        found = np.where(shift > max(least, 0.5), shift_mm / shift, 0)
    return np.clip(np.round(found), 0, 65535).astype(np.uint16)
