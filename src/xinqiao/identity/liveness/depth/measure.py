"""What a depth map says of a face, as numbers: each answers one question that a mask, a print or a screen answers otherwise."""

from __future__ import annotations

import cv2
import numpy as np

from .face import CELL_MM, CELLS, OVAL, REACH, Patch
from .surface import flattened, plane, sheet, trimmed

PLACES = {
    "nose": (1, 4, 5, 45, 275),
    "bridge": (6, 168, 197, 195),
    "brows": (105, 66, 334, 296),
    "sockets": (133, 362, 243, 463),
    "cheeks": (50, 280, 117, 346, 205, 425),
    "lips": (0, 17, 11, 16),
    "corners": (61, 291),
    "chin": (152, 175, 199),
    "forehead": (9, 151, 108, 337),
    "temples": (127, 356, 162, 389),
}
STEPS = np.linspace(0.75, 1.35, 13)
SECTORS = {
    "top": (0, 1, 2, 3, 4, 32, 33, 34, 35),
    "sides": (6, 7, 8, 9, 10, 26, 27, 28, 29, 30),
    "bottom": (14, 15, 16, 17, 18, 19, 20, 21, 22),
}
FARTHEST = 60.0
FEWEST = 300
"""Cells of the face that must be known."""


def measure(seen: Patch) -> dict[str, float] | None:
    """None when too little of the face has a distance."""
    known = seen.inside & ~np.isnan(seen.depth)
    if known.sum() < FEWEST:
        return None
    known &= np.abs(seen.depth - np.nanmedian(seen.depth[known])) < REACH / 2
    rows, columns = np.nonzero(known)
    if len(rows) < FEWEST:
        return None
    w, middle = flattened(seen.depth[known])
    u, v = (columns - CELLS / 2) * CELL_MM, (rows - CELLS / 2) * CELL_MM
    flat, bent = plane(u, v, w), sheet(u, v, w)
    noise = seen.noise if np.isfinite(seen.noise) else 9.0
    relief = np.full((CELLS, CELLS), np.nan)
    relief[known] = flat.rest
    return {
        "valid": float(known.sum() / max(1, seen.inside.sum())),
        "noise": noise,
        "plane": flat.spread,
        "sheet": bent.spread,
        "sheet_noise": bent.spread / max(noise, 0.2),
        "distance": middle,
        **_against_mesh(seen, relief),
        **_heights(seen, relief),
        **_eyes(seen, relief),
        **_rim(seen),
        **_shading(seen, relief),
    }


def _against_mesh(seen: Patch, relief: np.ndarray) -> dict[str, float]:
    """The mesh guesses relief from the picture alone; a face has it, in that place and of that size."""
    x, y = np.rint(seen.points).astype(int).T
    within = (x >= 0) & (y >= 0) & (x < CELLS) & (y < CELLS)
    found = np.full(len(x), np.nan)
    found[within] = relief[y[within], x[within]]
    use = np.isfinite(found)
    if use.sum() < 60:
        return {"mesh_alike": 0.0, "mesh_scale": 0.0, "mesh_rest": 30.0}
    u, v = seen.points[use].T
    expected = plane(u, v, seen.heights[use]).rest
    measured = plane(u, v, found[use]).rest
    scale = float(expected @ measured / max(expected @ expected, 1e-6))
    alike = float(expected @ measured / max(np.linalg.norm(expected) * np.linalg.norm(measured), 1e-6))
    return {"mesh_alike": alike, "mesh_scale": scale, "mesh_rest": trimmed(measured - scale * expected)}


def _heights(seen: Patch, relief: np.ndarray) -> dict[str, float]:
    """Millimetres behind (positive) or before the face's plane, by place."""
    smooth = _mean(relief, 3)
    out = {}
    for name, numbers in PLACES.items():
        x, y = np.clip(np.rint(seen.points[list(numbers)]).astype(int), 0, CELLS - 1).T
        values = smooth[y, x]
        values = values[np.isfinite(values)]
        out[f"at_{name}"] = float(np.clip(values.mean(), -FARTHEST, FARTHEST)) if len(values) else 0.0
    return out


def _mean(values: np.ndarray, cells: int) -> np.ndarray:
    """Of what is known among `cells` by `cells` neighbours."""
    known = np.isfinite(values).astype(np.float32)
    total = cv2.blur(np.where(known > 0, values, 0).astype(np.float32), (cells, cells))
    share = cv2.blur(known, (cells, cells))
    return np.where(share > 0.01, total / np.maximum(share, 0.01), np.nan)


def _eyes(seen: Patch, relief: np.ndarray) -> dict[str, float]:
    """Wet eyes throw a sensor's light elsewhere; a mask's holes show what is behind; painted eyes are part of the surface."""
    lids = cv2.dilate(seen.eyes.astype(np.uint8), np.ones((3, 3))).astype(bool)
    around = cv2.dilate(lids.astype(np.uint8), np.ones((7, 7))).astype(bool) & ~lids & seen.inside
    inner, outer = relief[lids & np.isfinite(relief)], relief[around & np.isfinite(relief)]
    lost = float(np.isnan(seen.depth[lids]).mean()) if lids.any() else 0.0
    lost_around = float(np.isnan(seen.depth[around]).mean()) if around.any() else 0.0
    if len(inner) < 8 or len(outer) < 8:
        return {"eyes_lost": lost, "eyes_lost_more": lost - lost_around, "eyes_deep": 0.0, "eyes_rough": 0.0, "eyes_step": 0.0}
    rough = np.abs(relief - _mean(relief, 3))
    return {
        "eyes_lost": lost,
        "eyes_lost_more": lost - lost_around,
        "eyes_deep": float(np.clip(np.median(inner) - np.median(outer), -30, 30)),
        "eyes_rough": float(np.nanmean(rough[lids]) / max(float(np.nanmean(rough[around])), 0.05)),
        "eyes_step": float(np.clip(np.percentile(inner, 90) - np.percentile(outer, 75), -30, 30)),
    }


def _rim(seen: Patch) -> dict[str, float]:
    """From the face outward: hair, ears and neck follow, or a mask's edge, or nothing."""
    outline = seen.points[list(OVAL)]
    centre = outline.mean(0)
    at = np.rint(centre + (outline - centre)[:, None] * STEPS[None, :, None]).astype(int)
    within = (at >= 0).all(-1) & (at < CELLS).all(-1)
    found = np.full(at.shape[:2], np.nan)
    found[within] = seen.depth[at[..., 1][within], at[..., 0][within]]
    out = {}
    for name, rays in SECTORS.items():
        part = found[list(rays)]
        for label, (near, far) in {"edge": (1, 4), "brink": (4, 7), "beyond": (7, 11)}.items():
            out[f"{name}_{label}"] = _middle(part[:, far] - part[:, near])
        jumps = np.abs(np.diff(part, axis=1))
        jumps = jumps[np.isfinite(jumps) & (jumps < FARTHEST / 2)]
        out[f"{name}_jump"] = float(np.percentile(jumps, 95)) if len(jumps) > 8 else 0.0
        bends = np.abs(np.diff(part, 2, axis=1))
        bends = bends[np.isfinite(bends) & (bends < FARTHEST / 2)]
        out[f"{name}_bend"] = float(np.percentile(bends, 85)) if len(bends) > 8 else 0.0
        out[f"{name}_lost"] = float(np.isnan(part[:, 6:]).mean())
    return out


def _middle(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.clip(np.median(known), -FARTHEST, FARTHEST)) if len(known) else FARTHEST


def _shading(seen: Patch, relief: np.ndarray) -> dict[str, float]:
    """How much of the picture's light and shade the measured surface explains (a first-order lamp: Basri and Jacobs 2003), and how the fine
    structure of both agrees. A printed shade has no slope under it."""
    if seen.luma is None:
        return {"shade": 0.0, "shade_fine": 0.0}
    smooth = _mean(relief, 5)
    slope_y, slope_x = np.gradient(smooth, CELL_MM)
    use = seen.inside & ~cv2.dilate(seen.eyes.astype(np.uint8), np.ones((5, 5))).astype(bool) & np.isfinite(slope_x) & np.isfinite(slope_y)
    if use.sum() < FEWEST:
        return {"shade": 0.0, "shade_fine": 0.0}
    upright = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    columns = np.stack([np.ones(use.sum()), (slope_x * upright)[use], (slope_y * upright)[use], upright[use]], 1)
    light = cv2.GaussianBlur(seen.luma, (0, 0), 1.5)[use]
    return {"shade": _explained(columns, light), "shade_fine": _alike_fine(seen.luma, smooth, use)}


def _explained(columns: np.ndarray, values: np.ndarray) -> float:
    solved = np.linalg.lstsq(columns, values, rcond=None)[0]
    return float(np.clip(1 - np.var(values - columns @ solved) / max(float(np.var(values)), 1e-3), 0, 1))


def _alike_fine(luma: np.ndarray, smooth: np.ndarray, use: np.ndarray) -> float:
    filled = np.where(np.isfinite(smooth), smooth, 0).astype(np.float32)
    bands = [(cv2.GaussianBlur(x, (0, 0), 1.2) - cv2.GaussianBlur(x, (0, 0), 4.0))[use] for x in (luma, filled)]
    if min(float(b.std()) for b in bands) < 1e-3:
        return 0.0
    return float(np.corrcoef(*bands)[0, 1])
