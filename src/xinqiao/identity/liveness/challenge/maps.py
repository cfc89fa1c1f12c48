"""How strongly each place on the face answers the screen, and what that says of its shape: solid, flat, or shining by itself.

With the clip aligned, each of 468 places obeys  seen = gain * (room + answer * whole screen + tilt * (upper half - lower half)),  per colour.

- A surface that reflects answers as it looks: bright skin more than brows and lips. A screen's own picture does not (`albedo`).
- The room's light and the screen's fall from different sides, so on a solid face their ratio goes with its normals; on a sheet, flat or
  bent, albedo cancels and the ratio is smooth (`room_relief`). In the dark there is nothing to divide by, but what looks up answers the upper
  half more than what looks down (`screen_relief`).

Face Flashing (Tang et al. 2018, NDSS, arXiv 1801.01949) compares with a reference face; here the mesh's own normals are the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .align import Alignment, design, drift, fit
from .sample import Samples

SURE_ENOUGH = 0.03
"""Share of the answer by which even a clean fit errs (the mesh trembles, the tone curve is not quite known): added to each error."""
DARKEST = 0.10
FAINTEST = 0.15
"""Places darker, or answering less, than this share of the face's mean are not asked about shape."""
FEWEST = 60


@dataclass(frozen=True, slots=True)
class Maps:
    """Over 468 places; the mean over plain skin is 1 for `answer` and `brightness`."""

    answer: np.ndarray
    answer_error: np.ndarray
    tilt: np.ndarray
    tilt_error: np.ndarray
    brightness: np.ndarray
    red: np.ndarray
    blue: np.ndarray
    """the answer in one colour alone, (468, 2): over the skin's mean, and its error"""

    @property
    def clearness(self) -> float:
        """Answer over its error, the median place."""
        return float(np.median(self.answer / np.maximum(self.answer_error, 1e-6)))


def maps(samples: Samples, alignment: Alignment) -> Maps:
    whole, tilt = alignment.shown.mean(1), (alignment.shown[:, 0] - alignment.shown[:, 1]) / 2
    late = alignment.later.mean(1) - whole
    gain = _gain(samples, whole)
    parts = [
        _channel(samples, np.stack([whole[:, c], tilt[:, c], late[:, c], whole[:, other]], axis=1), gain, c)
        for c, other in ((0, 2), (2, 0))
    ]
    answer, answer_error, tilted, tilt_error, mean = (np.stack(p, axis=1) for p in zip(*parts, strict=True))
    skin = samples.skin
    level = np.maximum(answer[skin].mean(0), 1e-9)
    trust = np.where(answer[skin].mean(0) > 0, (level / np.maximum(np.median(answer_error[skin], axis=0), 1e-9)) ** 2, 0)
    trust = trust / max(trust.sum(), 1e-12)
    return Maps(
        answer=(answer / level) @ trust,
        answer_error=np.sqrt((answer_error / level) ** 2 @ trust**2),
        tilt=(tilted / level) @ trust,
        tilt_error=np.sqrt((tilt_error / level) ** 2 @ trust**2),
        brightness=(mean / np.maximum(mean[skin].mean(0), 1e-9)) @ trust,
        red=np.stack([answer[:, 0], answer_error[:, 0]], axis=1) / level[0],
        blue=np.stack([answer[:, 1], answer_error[:, 1]], axis=1) / level[1],
    )


def _gain(samples: Samples, whole: np.ndarray) -> np.ndarray:
    """(f,) what brightens all colours of a frame alike."""
    light = samples.face[:, samples.skin].mean(1)
    seen = light / np.maximum(light.mean(0), 1e-6)
    columns = design(samples.times, whole[None])
    modelled = np.einsum("cfk,ck->fc", columns[0], fit(columns, seen[None])[0][0])
    gain = (seen * modelled).sum(1) / np.maximum((modelled**2).sum(1), 1e-9)
    return gain / gain.mean()


def _channel(samples: Samples, light: np.ndarray, gain: np.ndarray, channel: int) -> tuple[np.ndarray, ...]:
    """Answer, its error, tilt, its error, mean: each (468,). What goes with the head's own movement is fitted away.

    `light` (f, 4): the whole screen in this colour, its tilt, its change within an instant (a rolling shutter opens lower rows later), and the
    whole screen in the other colour, which leaks into this one.
    """
    seen = samples.face[:, :, channel] / gain[:, None]
    moved = samples.moved - samples.moved.mean(0)
    columns = np.concatenate([light - light.mean(0), drift(samples.times), moved], axis=1)
    inverse = np.linalg.inv(columns.T @ columns + 1e-9 * np.eye(columns.shape[1]))
    found = inverse @ columns.T @ seen
    left = seen - columns @ found
    spread = np.sqrt((left**2).sum(0) / max(1, len(seen) - columns.shape[1]))
    return found[0], spread * np.sqrt(inverse[0, 0]), found[1], spread * np.sqrt(inverse[1, 1]), seen.mean(0)


def albedo(found: Maps, samples: Samples) -> float:
    """Slope of answer on brightness across the face, eyes, brows and lips included: 1 a surface that reflects in a dark room, less where the
    room lights it from elsewhere, about 0 a picture that shines by itself."""
    weight = 1 / (found.answer_error**2 + SURE_ENOUGH**2)
    columns = np.concatenate([sheet(samples.points), found.brightness[:, None]], axis=1)
    return float(_solve(columns, found.answer, weight)[-1])


@dataclass(frozen=True, slots=True)
class Relief:
    """Evidence of a solid face in one map."""

    explained: float
    """share of what no bent sheet explains that the face's normals do, adjusted for their number"""
    depth: float
    """root mean square of what they explain, as a share of the answer"""
    noise: float
    """a place's median error, as a share of the answer"""
    even: float
    """correlation of what no bent sheet explains with its own mirror image: a face has two like halves, a spot of gloss has not"""
    rough: float
    """root mean square of what no bent sheet explains, less the noise"""
    slopes: np.ndarray
    """(5,) of the sheet that fits best: x, y, x^2, x y, y^2; a head is bent both ways, a sheet one way"""


NOTHING = Relief(0.0, 0.0, 1.0, 0.0, 0.0, np.zeros(5))


def room_relief(found: Maps, samples: Samples) -> Relief:
    """Of the ratio between answer and brightness, on plain skin."""
    chosen = samples.skin & (found.brightness > DARKEST)
    if chosen.sum() < FEWEST:
        return NOTHING
    ratio, error = found.answer[chosen] / found.brightness[chosen], found.answer_error[chosen] / found.brightness[chosen]
    tone = np.log(found.brightness[chosen])
    smooth = np.concatenate([sheet(samples.points[chosen]), tone[:, None], tone[:, None] ** 2], axis=1)
    normal = samples.normals[chosen]
    return _relief(ratio, error, smooth, np.concatenate([normal, normal[:, :1] ** 2], axis=1), samples.points[chosen])


def screen_relief(found: Maps, samples: Samples) -> tuple[Relief, float]:
    """Of upper against lower half, on plain skin; and its correlation with how far each place looks up (positive on a solid face)."""
    chosen = samples.skin & (found.brightness > DARKEST) & (found.answer > FAINTEST)
    if chosen.sum() < FEWEST:
        return NOTHING, 0.0
    share, error = found.tilt[chosen] / found.answer[chosen], found.tilt_error[chosen] / found.answer[chosen]
    smooth, upward = sheet(samples.points[chosen]), samples.normals[chosen, 1:2]
    weight = 1 / (error**2 + SURE_ENOUGH**2)
    left, up = share - smooth @ _solve(smooth, share, weight), upward[:, 0] - smooth @ _solve(smooth, upward[:, 0], weight)
    alike = _correlation(left, up, weight)
    return _relief(share, error, smooth, upward, samples.points[chosen]), alike


def sheet(points: np.ndarray) -> np.ndarray:
    """(p, 6): what light falling on a flat or bent sheet can do: a surface of the second degree."""
    x, y = points[:, 0], points[:, 1]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _relief(values: np.ndarray, error: np.ndarray, smooth: np.ndarray, shape: np.ndarray, points: np.ndarray) -> Relief:
    weight = 1 / (error**2 + SURE_ENOUGH**2)
    both = np.concatenate([smooth, shape], axis=1)
    plain = _solve(smooth, values, weight)
    flat, solid = smooth @ plain, both @ _solve(both, values, weight)
    free = len(values) - both.shape[1]
    before, after = (weight * (values - flat) ** 2).sum() / (free + shape.shape[1]), (weight * (values - solid) ** 2).sum() / free
    return Relief(
        explained=float(1 - after / max(before, 1e-12)),
        depth=float(np.sqrt(np.average((solid - flat) ** 2, weights=weight))),
        noise=float(np.median(error)),
        even=_correlation(values - flat, (values - flat)[_mirrored(points)], weight),
        rough=float(np.sqrt(max(0.0, np.average((values - flat) ** 2 - error**2, weights=weight)))),
        slopes=plain[1:6],
    )


def _mirrored(points: np.ndarray) -> np.ndarray:
    """(p,) index of the place nearest to each one's mirror image."""
    flat = points[:, :2]
    return np.linalg.norm(flat[:, None] * np.array([-1, 1]) - flat[None], axis=-1).argmin(1)


def _correlation(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> float:
    both = (weight * one * other).sum()
    return float(both / np.sqrt(max((weight * one**2).sum() * (weight * other**2).sum(), 1e-12)))


def redness(found: Maps, samples: Samples) -> tuple[float, float]:
    """How deep the relief is in red against blue, and its error: light wanders furthest under skin in red, so that skin's is below 1."""
    chosen = samples.skin & (found.brightness > DARKEST)
    if chosen.sum() < FEWEST:
        return 1.0, 1.0
    smooth, normal = sheet(samples.points[chosen]), samples.normals[chosen]
    shape = np.concatenate([smooth, normal, normal[:, :1] ** 2], axis=1)
    weight = 1 / (found.answer_error[chosen] ** 2 + SURE_ENOUGH**2)

    def relief(values: np.ndarray) -> np.ndarray:
        return shape @ _solve(shape, values, weight) - smooth @ _solve(smooth, values, weight)

    red, blue = (relief(colour[chosen, 0] / found.brightness[chosen]) for colour in (found.red, found.blue))
    both = (red + blue) / 2
    power = max(float((weight * both**2).sum()), 1e-9)
    noise = float(np.median(np.hypot(found.red[chosen, 1], found.blue[chosen, 1]))) / np.sqrt(
        max(power / weight.sum() * chosen.sum() / 8, 1e-12)
    )
    low = float((weight * blue * both).sum() / power)
    return float((weight * red * both).sum() / power) / (low if abs(low) > 0.05 else 0.05), noise


def _solve(columns: np.ndarray, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    root = np.sqrt(weight)
    return np.linalg.lstsq(columns * root[:, None], values * root, rcond=None)[0]
