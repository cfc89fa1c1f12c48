"""Was the clip put in the camera's place? Its clock, its repeats, its maker, its camera's name, and clips sent before.

What recorders write and what virtual cameras are called is data: `recorders.json`, where `measured` says on which release an entry was
taken; an entry without it is from memory (unverified). A mark is easily forged, so a good one proves nothing and passes only for itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .. import template
from ..media import Clip, Picture
from ..model import Signal, State

FASTEST = 1 / 500
"""Seconds; no phone's recorder gives its page 500 pictures a second."""
REPEATED = 0.5
"""Share of successive frames that are equal to the last pixel, from which a clip was not recorded in one go."""
LAGS = 7
"""Frames between two showings of one picture, at the least: mains light beats with a shutter every three to six, and is no loop."""
RUN = 6
"""Successive frames that come back, at the least."""
NEARER = 0.5
"""A frame that comes back lies nearer to its first showing than this share of the smallest usual step over fewer than LAGS frames."""
MARK_TIMES, MARK_WAVES = 8, 24
SAME_CLIP_BITS = 64
"""Differing bits of two clip marks (256) at or under which one clip was sent twice; its error rates stand in docs/liveness.md."""

Camera = Mapping[str, Any]
"""What the page knows of the camera: `label`, as the browser names the track; empty where the page's script ran and told none."""


def timing_signal(film: Clip) -> Signal:
    """Frame times of a recording rise, and not faster than a sensor; value: the median step in seconds."""
    steps = np.diff(film.stamps)
    if len(steps) < 2 or np.isnan(steps).any():
        return Signal("timing", State.NOT_RUN, None, "not_run")
    middle = float(np.median(steps))
    if (steps <= 0).any() or middle < FASTEST:
        return Signal("timing", State.FAIL, middle, "impossible_timing")
    return Signal("timing", State.PASS, middle)


def repeats_signal(film: Clip) -> Signal:
    """Equal neighbours, and passages that come back, forwards (a loop) or backwards; value: the share of frames that repeat."""
    if len(film.frames) < 2:
        return Signal("repeats", State.NOT_RUN, None, "not_run")
    equal = float(np.mean([np.array_equal(a, b) for a, b in zip(film.frames, film.frames[1:], strict=False)]))
    if equal > REPEATED:
        return Signal("repeats", State.REFER, equal, "repeated_frames")
    back = comes_back(film.frames)
    if back:
        return Signal("repeats", State.FAIL, back / len(film.frames), "looped")
    return Signal("repeats", State.PASS, equal)


def comes_back(frames: Sequence[Picture]) -> int:
    """The length of the longest passage that is shown again, forwards or backwards; 0 when none of RUN frames is.

    A living scene does not return to an earlier picture more exactly than it leaves it, frame after frame.
    """
    small = np.stack([cv2.resize(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), (48, 36), interpolation=cv2.INTER_AREA) for f in frames]).astype(
        float
    )
    apart = np.abs(small[:, None] - small[None]).mean((2, 3))
    step = min(float(np.median(np.diagonal(apart, lag))) for lag in range(1, min(LAGS, len(frames))))
    near = apart < NEARER * step
    lines = [np.diagonal(near, lag) for lag in range(LAGS, len(frames))]
    flipped = np.fliplr(near)
    count = len(frames)
    lines += [_far_half(np.diagonal(flipped, at)) for at in range(-count + 1, count)]
    longest = max((_longest(line) for line in lines), default=0)
    return longest if longest >= RUN else 0


def _far_half(line: np.ndarray) -> np.ndarray:
    """One side of an anti-diagonal, without the frames around its turning point, which are near each other anyway."""
    return line[: max(0, (len(line) - LAGS) // 2)]


def _longest(line: np.ndarray) -> int:
    best = run = 0
    for hit in line:
        run = run + 1 if hit else 0
        best = max(best, run)
    return best


@cache
def facts() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "recorders.json").read_text("utf-8"))


def recorder_signal(film: Clip, *, from_page: bool) -> Signal:
    """Asked only of what claims to come from the page's own recorder; an unknown maker may be a new browser, so a person looks."""
    if not from_page:
        return Signal("recorder", State.NOT_CHECKED, None, "not_asked")
    told = " ".join(film.marks.get(key, "") for key in ("encoder", "handler_name", "comment", "software", "com.apple.quicktime.software"))
    if any(_made_by(film, one) for one in facts()["recorders"]):
        return Signal("recorder", State.PASS)
    if re.search(facts()["tools"], told):
        return Signal("recorder", State.FAIL, None, "foreign_recorder")
    return Signal("recorder", State.REFER, None, "unknown_recorder")


def _made_by(film: Clip, one: Mapping[str, Any]) -> bool:
    marks = {key: pattern for key, pattern in one.items() if key not in ("name", "measured", "codecs")}
    return film.codec in one["codecs"] and all(re.search(pattern, film.marks.get(key, "")) for key, pattern in marks.items())


def camera_signal(camera: Camera | None) -> Signal:
    """A camera of software is not proof of deceit (it may blur a background), so a person looks; and so where the name was left out, which costs
    whoever uses one nothing. None: nobody asked."""
    if camera is None:
        return Signal("camera", State.NOT_CHECKED, None, "not_asked")
    if not str(camera.get("label") or "").strip():
        return Signal("camera", State.REFER, None, "camera_unnamed")
    if re.search(facts()["virtual_cameras"], str(camera["label"])):
        return Signal("camera", State.REFER, None, "virtual_camera")
    return Signal("camera", State.PASS)


def clip_mark(film: Clip, key: bytes) -> bytes | None:
    """256 keyed bits of how the clip moves: alike for the same clip coded anew, unlike for another clip of the same face in the same room.

    After Charikar 2002 (see `template`) over the low waves of each frame's difference from the clip's mean; None for fewer than two frames.
    Raises KeyTooShort.
    """
    if len(film.frames) < 2:
        return None
    return template.make_clip_mark(motion_vector(film), key)


def motion_vector(film: Clip) -> np.ndarray:
    """(192,): MARK_TIMES moments, MARK_WAVES waves each; unit length, or zeros for a clip in which nothing moves."""
    times = np.asarray(film.times)
    grey = np.stack([_small(f) for f in film.frames])
    moments = [grey[int(np.abs(times - t).argmin())] for t in np.linspace(0, times[-1], MARK_TIMES)]
    waves = np.stack([_waves(m - grey.mean(0)) for m in moments]).ravel()
    return waves / max(1e-9, float(np.linalg.norm(waves)))


def _small(frame: Picture) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)


def _waves(picture: np.ndarray) -> np.ndarray:
    """The MARK_WAVES lowest waves but the constant one: a change of light alone is no motion."""
    low = cv2.dct(picture)[:7, :7]
    order = sorted((x + y, x, y) for x in range(7) for y in range(7))[1 : MARK_WAVES + 1]
    return np.array([low[y, x] for _, x, y in order])


Nearest = Callable[[bytes], int | None]
"""Differing bits from a mark to the nearest one known; None when none is."""


def nearest_of(known: Iterable[bytes]) -> Nearest:
    marks = list(known)
    return lambda mark: min((template.distance(mark, other) for other in marks), default=None)


def sent_before_signal(mark: bytes | None, nearest: Nearest | None) -> Signal:
    """`nearest`: None when nobody looked. Value: differing bits to the nearest clip sent before."""
    if nearest is None:
        return Signal("sent_before", State.NOT_CHECKED, None, "not_asked")
    if mark is None:
        return Signal("sent_before", State.NOT_RUN, None, "not_run")
    apart = nearest(mark)
    if apart is not None and apart <= SAME_CLIP_BITS:
        return Signal("sent_before", State.FAIL, apart, "sent_before")
    return Signal("sent_before", State.PASS, apart)
