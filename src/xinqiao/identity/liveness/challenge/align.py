"""Find the challenge in the face's light: when it began, how strongly each colour answers, and how much of what varies it explains.

The clock that stamps frames and the one that drives the screen share no zero, the frame rate is whatever it is, exposure and white balance
drift. So every delay of a window is tried; at each, a face that reflects the screen obeys, per colour channel,

    seen(frame) = gain(time) * (room + answer * shown(frame - delay)),     gain a smooth curve

which is linear in the products that `design` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .model import Challenge

EARLIEST, LATEST = -0.25, 0.45
"""Seconds by which the clip's first frame may lie after the first grey."""
COARSE, FINE = 1 / 60, 1 / 240
"""Steps of the search, a slot lasting at least six sixtieths; the fine one goes through the neighbours of the best coarse one."""
EXPOSURES = (0.008, 0.022, 0.034, 0.048)
"""Seconds that a shutter may have been open, from a bright room to a dark one; the second is tried first."""
INSTANT = 0.008
"""Seconds: the step by which a lower row's delay is told."""
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Alignment:
    delay: float
    """seconds from the first grey to the clip's first frame"""
    exposure: float
    shown: np.ndarray
    """(f, 2 halves, 3): mean light of the screen while each frame was exposed"""
    later: np.ndarray
    """the same, INSTANT seconds later"""
    explained: np.ndarray
    """(3,) share of each channel's variation, smooth drift aside, that the challenge explains"""
    pooled: float
    """the same of all three together"""
    answer: np.ndarray
    """(3,) how much the face brightens from no to full screen light, relative to its mean; negative where it darkens"""
    noise: np.ndarray
    """(3,) standard deviation of what is left, relative to the mean"""


def align(challenge: Challenge, times: np.ndarray, light: np.ndarray) -> Alignment:
    """`light`: (f, 3) linear mean of the face. The delay and exposure under which the challenge explains most."""
    seen = light / np.maximum(light.mean(0), 1e-6)
    rough = _best(challenge, times, seen, np.arange(EARLIEST, LATEST, COARSE), EXPOSURES[1:2])
    return _best(challenge, times, seen, rough.delay + np.arange(-COARSE, COARSE + FINE / 2, FINE), EXPOSURES)


def _best(challenge: Challenge, times: np.ndarray, seen: np.ndarray, delays: np.ndarray, exposures: Sequence[float]) -> Alignment:
    shown = np.concatenate([challenge.over(times[None] + delays[:, None], e) for e in exposures])
    plain = np.broadcast_to(drift(times), (1, CHANNELS, len(times), 3))
    before = fit(plain, seen[None])[1]
    answers, left = fit(design(times, shown.mean(2)), np.broadcast_to(seen, (len(shown), *seen.shape)))
    explained = 1 - (left**2).sum(1) / np.maximum((before**2).sum(1), 1e-12)
    pooled = 1 - (left**2).sum((1, 2)) / np.maximum((before**2).sum((1, 2)), 1e-12)
    brightens = (answers[:, [0, 2], 0] > 0).all(1)
    best = int(np.argmax(np.where(brightens, pooled, pooled - 1)))
    delay, exposure = float(delays[best % len(delays)]), exposures[best // len(delays)]
    return Alignment(
        delay=delay,
        exposure=exposure,
        shown=shown[best],
        later=challenge.over(times + delay + INSTANT, exposure),
        explained=explained[best],
        pooled=float(pooled[best]),
        answer=answers[best, :, 0],
        noise=left[best].std(0),
    )


def fit(columns: np.ndarray, seen: np.ndarray, rounds: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with a free gain a frame, common to the three channels: lamps hum, and exposure jumps.

    `columns` (n, 3, f, k), `seen` (n, f, 3). Coefficients (n, 3, k) and what is left (n, f, 3). Channel and gain are solved in turn.
    """
    values = seen.transpose(0, 2, 1)
    gain = np.ones((len(seen), 1, seen.shape[1]))
    gram = np.einsum("ncfk,ncfl->nckl", columns, columns) + 1e-9 * np.eye(columns.shape[-1])
    for _ in range(rounds):
        found = np.linalg.solve(gram, np.einsum("ncfk,ncf->nck", columns, values / gain)[..., None])[..., 0]
        modelled = np.einsum("ncfk,nck->ncf", columns, found)
        gain = (values * modelled).sum(1, keepdims=True) / np.maximum((modelled**2).sum(1, keepdims=True), 1e-9)
        gain = np.clip(gain / gain.mean(-1, keepdims=True), 0.3, 3.0)
    return found, (values / gain - modelled).transpose(0, 2, 1)


def centred(times: np.ndarray) -> np.ndarray:
    """-1 to 1."""
    return (times - times[0]) / max(times[-1] - times[0], 1e-6) * 2 - 1


def drift(times: np.ndarray) -> np.ndarray:
    t = centred(times)
    return np.stack([np.ones_like(t), t, t**2], axis=1)


def design(times: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(n, 3, f, 4) from (n, f, 3): the screen's light, and a colour balance that drifts."""
    swing = (shown - shown.mean(1, keepdims=True)).transpose(0, 2, 1)
    return np.concatenate([swing[..., None], np.broadcast_to(drift(times), (*swing.shape, 3))], axis=-1)
