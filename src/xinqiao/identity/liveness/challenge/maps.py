"""How every place on the face answers the screen: the pictures from which shape and material are told.

With the clip aligned, each pixel of the upright picture obeys, per colour,

    seen = gain * (room + answer * whole screen + tilt * (upper half - lower half)) + what goes with the head's own movement

- A surface that reflects answers as it looks: bright skin more than brows and lips. A screen's own picture does not.
- The room's light and the screen's fall from different sides, so on a solid face their ratio goes with its normals; on a sheet albedo
  cancels and the ratio is smooth.
- In the dark there is nothing to divide by. But what looks down answers the lower half more, a nose stands nearer to the screen than an ear,
  and gloss mirrors the screen's colour where skin gives its own.

Face Flashing (Tang et al. 2018, NDSS, arXiv 1801.01949) compares with a reference face; here a network has learnt what faces do (`shape.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .align import Alignment, design, drift, fit
from .sample import Samples

MOST = 20.0
PARTNER = (2, 2, 0)
"""The colour that leaks most into red, green and blue. Of equally bright colours two tell the third, so one is enough."""


@dataclass(frozen=True, slots=True)
class Maps:
    """Pictures of (rows, columns, 3) unless said otherwise; each colour is over its own mean on plain skin."""

    answers: np.ndarray
    bright: np.ndarray
    """what is seen, room and screen together"""
    tilt: np.ndarray
    """(rows, columns): how much more the upper half counts than the lower, red and blue pooled by their trust"""
    error: np.ndarray
    """(rows, columns): standard error of the answer, red and blue pooled"""
    tilt_error: np.ndarray
    left: np.ndarray
    """(rows, columns): what varies and nothing explains, over what is seen there"""
    level: np.ndarray
    """(3,) answer of plain skin over what is seen of it: how strongly the screen lights it"""
    colour: np.ndarray
    """(3,) what is seen of plain skin"""
    clearness: float
    """answer over its error, the median of plain skin"""
    places: np.ndarray

    @property
    def answer(self) -> np.ndarray:
        """(468,): at each of the mesh's points, red and blue together; for drawings."""
        x, y = np.clip(self.places.round().astype(int), 0, np.array(self.bright.shape[1::-1]) - 1).T
        return self.answers[y, x][:, [0, 2]].mean(1)

    def picture(self) -> np.ndarray:
        """(10, rows, columns) float32, bounded, so that no broken clip makes a number that nobody has seen: what the network looks at."""
        planes = (self.answers, self.bright, *(p[..., None] for p in (self.tilt, self.error, self.tilt_error, self.left)))
        whole = np.concatenate(planes, axis=-1).transpose(2, 0, 1)
        return np.nan_to_num(whole, nan=0.0, posinf=MOST, neginf=-MOST).clip(-MOST, MOST).astype(np.float32)


def maps(samples: Samples, alignment: Alignment) -> Maps:
    whole, tilt = alignment.shown.mean(1), (alignment.shown[:, 0] - alignment.shown[:, 1]) / 2
    late = alignment.later.mean(1) - whole
    seen = samples.face / _gain(samples, whole)[:, None, None, None].astype(np.float32)
    fits = [
        _channel(samples, seen[..., c], np.stack([whole[:, c], tilt[:, c], late[:, c], whole[:, PARTNER[c]]], axis=1)) for c in range(3)
    ]
    answer, error, tilted, tilt_error, left = (np.stack(part, axis=-1) for part in zip(*fits, strict=True))
    mean = seen.mean(0)
    colour, level = np.maximum(mean[samples.skin].mean(0), 1e-6), answer[samples.skin].mean(0)
    unit = np.maximum(level, 0.002 * colour)
    spread = np.maximum(np.median(error[samples.skin], axis=0), 1e-9)
    trust = ((unit / spread) ** 2)[[0, 2]]
    trust = trust / trust.sum()
    both = np.sqrt((error / unit)[..., [0, 2]] ** 2 @ trust**2)
    return Maps(
        answers=answer / unit,
        bright=mean / colour,
        tilt=(tilted / unit)[..., [0, 2]] @ trust,
        error=both,
        tilt_error=np.sqrt((tilt_error / unit)[..., [0, 2]] ** 2 @ trust**2),
        left=(left / np.maximum(mean, 0.02 * colour)).mean(-1),
        level=level / colour,
        colour=colour,
        clearness=float(np.median(((answer / unit).mean(-1) / np.maximum(both, 1e-6))[samples.skin])),
        places=samples.places,
    )


def _gain(samples: Samples, whole: np.ndarray) -> np.ndarray:
    """(f,) what brightens all colours of a frame alike."""
    light = samples.light
    seen = light / np.maximum(light.mean(0), 1e-6)
    columns = design(samples.times, whole[None])
    modelled = np.einsum("cfk,ck->fc", columns[0], fit(columns, seen[None])[0][0])
    gain = (seen * modelled).sum(1) / np.maximum((modelled**2).sum(1), 1e-9)
    return gain / gain.mean()


def _channel(samples: Samples, seen: np.ndarray, light: np.ndarray) -> tuple[np.ndarray, ...]:
    """Answer, its error, tilt, its error, what is left: each (rows, columns). What goes with the head's own movement is fitted away.

    `seen` (f, rows, columns) of one colour; `light` (f, 4): the whole screen in this colour, its tilt, its change within an instant (a rolling
    shutter opens lower rows later), and the whole screen in the colour that leaks into this one.
    """
    moved = samples.moved - samples.moved.mean(0)
    columns = np.concatenate([light - light.mean(0), drift(samples.times), moved], axis=1)
    inverse = np.linalg.inv(columns.T @ columns + 1e-9 * np.eye(columns.shape[1]))
    flat = seen.reshape(len(seen), -1)
    found = (inverse @ columns.T).astype(np.float32) @ flat
    left = flat - columns.astype(np.float32) @ found
    spread = np.sqrt((left**2).sum(0) / max(1, len(seen) - columns.shape[1]))
    shape = seen.shape[1:]
    parts = (found[0], spread * np.sqrt(inverse[0, 0]), found[1], spread * np.sqrt(inverse[1, 1]), spread)
    return tuple(part.reshape(shape) for part in parts)
