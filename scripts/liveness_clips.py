"""Do noise, coding, flicker and small movements of a clip tell a re-shot picture from a person? Measured on clips and people not fitted on.

    python scripts/liveness_clips.py FITTED TESTED OUT.json

FITTED and TESTED hold what `xinqiao liveness simulate` wrote (two seeds). A threshold and a sign are chosen on the first and judged on the second; then
all measures together, and together with the texture network's score, by logistic regression. What does not help is left out of the product.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import texture
from xinqiao.identity.liveness.crops import square, two_crops
from xinqiao.identity.observe import Sight, look

FRAMES = 10
SIDE = 160
SOLID = ("resin_mask", "silicone_mask", "printed_head")


def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def fine(image: np.ndarray) -> np.ndarray:
    return image - cv2.GaussianBlur(image, (0, 0), 1.2)


def registered(faces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each face moved onto the one before it, by phase correlation."""
    out = [faces[0]]
    for image in faces[1:]:
        (dx, dy), _ = cv2.phaseCorrelate(image, out[-1])
        move = np.array([[1, 0, np.clip(dx, -8, 8)], [0, 1, np.clip(dy, -8, 8)]], np.float32)
        out.append(cv2.warpAffine(image, move, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT))
    return out


def measures(sights: Sequence[Sight]) -> dict[str, float]:
    faces = [grey(square(s.picture, s.face, 0.9, SIDE)) for s in sights]
    colours = [square(s.picture, s.face, 0.9, SIDE).astype(np.float32) for s in sights]
    still = registered(faces)
    residues = np.stack([fine(f) for f in still])
    change = np.diff(np.stack(still), axis=0)
    noise = np.stack([fine(c) for c in change])
    return {
        "noise_between_frames": float(np.log(np.median(np.abs(noise)) + 1e-3)),
        "noise_spread": float(np.std([np.abs(n).mean() for n in noise]) / (np.abs(noise).mean() + 1e-3)),
        "detail_that_stays": float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairwise(residues)])),
        "colour_noise": float(np.log(np.mean([fine(c - c.mean(-1, keepdims=True)).std() for c in colours]) + 1e-3)),
        "noise_against_light": slope_of_noise(still, noise),
        "blocks": float(np.mean([blocks(grey(s.picture)) for s in sights[:3]])),
        "rows_beat": rows_beat(faces),
        "light_beat": float(np.std([f.mean() for f in faces]) / (np.mean([f.mean() for f in faces]) + 1)),
        "fine_power": float(np.log(np.mean(residues**2) + 1e-3)),
        "spectral_slope": spectral_slope(faces[0]),
        **moves(sights),
    }


def slope_of_noise(still: Sequence[np.ndarray], noise: np.ndarray) -> float:
    """A sensor's shot noise grows with light; a screen's or a print's own detail does not in the same way."""
    level = np.mean(still, 0).ravel()
    spread = np.abs(noise).mean(0).ravel()
    return float(np.corrcoef(level, spread)[0, 1])


def blocks(image: np.ndarray) -> float:
    """Steps at every eighth column over those between: coded twice, they lie on two lattices."""
    steps = np.abs(np.diff(image, axis=1)).mean(0)
    on = steps[7::8].mean()
    return float(on / (np.delete(steps, np.arange(7, len(steps), 8)).mean() + 1e-3))


def rows_beat(faces: Sequence[np.ndarray]) -> float:
    """Bars that move over the rows from frame to frame."""
    rows = np.stack([f.mean(1) for f in faces])
    rows = rows / (rows.mean(1, keepdims=True) + 1)
    moving = rows - rows.mean(0)
    return float(np.log(cv2.GaussianBlur(moving, (0, 0), 2, sigmaY=0.01).std() + 1e-5))


def spectral_slope(image: np.ndarray) -> float:
    power = np.abs(np.fft.fftshift(np.fft.fft2(image * np.outer(np.hanning(SIDE), np.hanning(SIDE))))) ** 2
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    radius = np.hypot(x, y).astype(int)
    mean = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
    at = np.arange(8, SIDE // 2 - 4)
    return float(np.polyfit(np.log(at), np.log(mean[at] + 1e-3), 1)[0])


def moves(sights: Sequence[Sight]) -> dict[str, float]:
    points = np.stack([s.mesh.points[:, :2] for s in sights])
    left = []
    for a, b in pairwise(points):
        matrix, _ = cv2.findHomography(a, b, 0)
        left.append(np.abs(cv2.perspectiveTransform(a[None].astype(np.float32), matrix)[0] - b).mean() if matrix is not None else 0.0)
    size = np.mean([s.face.side for s in sights])
    return {"mesh_bends": float(np.mean(left) / size), "eyes": float(np.std([s.mesh.eye_opening() for s in sights]))}


def clips(folder: Path, models: FaceModels) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for line in (folder / "sessions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        with av.open(str(folder / row["file"])) as clip:
            pictures = [f.to_ndarray(format="rgb24") for f in clip.decode(video=0)][6 : 6 + FRAMES]
        sights = [s for s in (look(models, p) for p in pictures) if s and not s.crowd]
        usable = [s for s in sights if s.quality.problem(s.gates.for_picture()) is None]
        if len(sights) >= FRAMES - 2 and usable:
            score = texture.log_odds(models.texture, [two_crops(s.picture, s.face) for s in usable[:8]])
            out.append({"species": row["species"], "live": row["species"] == "live", "texture": score, **measures(sights)})
    return out


def half_error(fitted: np.ndarray, alive: np.ndarray, tested: np.ndarray, truth: np.ndarray) -> float:
    """Half the sum of both errors, threshold and sign chosen on the first."""
    best = min(
        ((np.mean((s * fitted < c)[alive]) + np.mean((s * fitted >= c)[~alive])) / 2, s, c) for s in (1, -1) for c in np.unique(s * fitted)
    )
    _, sign, cut = best
    called = sign * tested >= cut
    return float((np.mean(~called[truth]) + np.mean(called[~truth])) / 2)


def regression(x: np.ndarray, y: np.ndarray, steps: int = 400) -> np.ndarray:
    """Weights of a ridged logistic regression, by Newton's steps; the last is the intercept."""
    x = np.c_[x, np.ones(len(x))]
    w = np.zeros(x.shape[1])
    for _ in range(min(steps, 30)):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.eye(len(w)) * 2.0
        w += np.linalg.solve(hessian, x.T @ (y - p) - 2.0 * w)
    return w


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("fitted", type=Path)
    ask.add_argument("tested", type=Path)
    ask.add_argument("out", type=Path)
    given = ask.parse_args()
    cv2.setNumThreads(1)
    models = FaceModels.load()
    a, b = clips(given.fitted, models), clips(given.tested, models)
    found: dict[str, object] = {"label": "simulated", "clips": [len(a), len(b)]}
    for title, out_of in (("flat", [*SOLID]), ("all", [])):
        fit, test = ([c for c in part if c["species"] not in out_of] for part in (a, b))
        found[title] = compared(fit, test)
    given.out.write_text(json.dumps(found, indent=1), "utf-8")
    print(json.dumps(found, indent=1))


def compared(fit: list[dict[str, object]], test: list[dict[str, object]]) -> dict[str, float]:
    names = [k for k in fit[0] if k not in ("species", "live")]
    x, z = (np.array([[float(c[k]) for k in names] for c in part]) for part in (fit, test))
    y, t = (np.array([bool(c["live"]) for c in part]) for part in (fit, test))
    mean, spread = x.mean(0), x.std(0) + 1e-9
    x, z = (x - mean) / spread, (z - mean) / spread
    out = {name: half_error(x[:, n], y, z[:, n], t) for n, name in enumerate(names)}
    at = names.index("texture")
    for title, columns in (("all_but_texture", [n for n in range(len(names)) if n != at]), ("all_with_texture", list(range(len(names))))):
        w = regression(x[:, columns], y)
        out[title] = half_error(x[:, columns] @ w[:-1], y, z[:, columns] @ w[:-1], t)
    return {k: round(v, 3) for k, v in out.items()} | {"live": int(t.sum()), "attacks": int((~t).sum())}


if __name__ == "__main__":
    main()
