"""Which class of cameras made a clip: few classes, each with its own calibration, told from the browser's name and from the clip itself.

| class | is |
|---|---|
| `phone_high` | a phone or tablet whose clip has at least RATE frames a second and SIDE pixels on its shorter side |
| `phone_basic` | a phone or tablet whose clip has fewer of either: an old phone, or one that slows its camera in the dark |
| `desktop` | a computer's camera |
| `any` | nothing is known, or what is known contradicts itself |

A browser's name is easily forged. So a name that the clip contradicts (a phone held like a computer's camera, or the reverse) is not believed; and
where `any` is calibrated, a class never makes a check easier than `any` would: the stricter of the two answers counts (`identity.check`).
A class that was not calibrated is judged as `any`. A deployment that calibrates classes therefore calibrates `any` too, on all its cameras. Models of phones are not told apart: browsers no longer name them (Chromium's
reduced User-Agent says "Android 10; K" for all), and a class needs hundreds of people to be calibrated.
"""

from __future__ import annotations

import re

import numpy as np

from ..media import Clip
from ..thresholds import ANY_DEVICE

PHONE_HIGH, PHONE_BASIC, DESKTOP = "phone_high", "phone_basic", "desktop"
CLASSES = (PHONE_HIGH, PHONE_BASIC, DESKTOP, ANY_DEVICE)
RATE = 21.0
"""Frames a second: basic phones give 15 to 20, others 24 to 30."""
SIDE = 360
"""Pixels of the shorter side, as decoded (`media.FRAME_SIDE` bounds the longer one); the capture page asks for 480."""
LONGEST_AGENT = 1024
"""Characters of a User-Agent that are read."""
HANDHELD = re.compile(r"Android|iPhone|iPad|iPod|Mobile|HarmonyOS|OpenHarmony|Windows Phone", re.IGNORECASE)
STANDING = re.compile(r"Windows NT|Macintosh|X11|CrOS", re.IGNORECASE)
MACHINE = re.compile(r"HeadlessChrome|PhantomJS|curl/|python|Wget|bot\b|Jsdom", re.IGNORECASE)
"""Programs that have no camera: nothing they say of their device is believed."""


def device_class(agent: str | None, film: Clip) -> str:
    """One of CLASSES. `agent`: the User-Agent as it came, or None; `film`: the decoded clip. Never raises."""
    said, shape = _said(agent), _shape(film)
    if shape is None or _upright(shape) == (said == DESKTOP):
        return ANY_DEVICE
    if said == DESKTOP:
        return DESKTOP
    rate = frames_a_second(film)
    if rate is None:
        return ANY_DEVICE
    return PHONE_HIGH if rate >= RATE and min(shape) >= SIDE else PHONE_BASIC


def _said(agent: str | None) -> str | None:
    """`phone`, DESKTOP, or None where the name says nothing that can be believed."""
    name = (agent or "")[:LONGEST_AGENT]
    if MACHINE.search(name):
        return None
    if HANDHELD.search(name):
        return "phone"
    return DESKTOP if STANDING.search(name) else None


def frames_a_second(film: Clip) -> float | None:
    """From the median step of the frame times as the container gives them; None for fewer than three, or for times that no clock gives."""
    steps = np.diff(np.asarray(film.stamps, float))
    steps = steps[np.isfinite(steps) & (steps > 0)]
    if len(steps) < 2:
        return None
    return float(1 / np.median(steps))


def _shape(film: Clip) -> tuple[int, int] | None:
    """Rows and columns of the first frame; None for a clip whose frames change their size."""
    shapes = {frame.shape[:2] for frame in film.frames}
    return shapes.pop() if len(shapes) == 1 else None


def _upright(shape: tuple[int, int]) -> bool:
    """Held as a phone is held; a computer's camera lies on its side. (A tablet that calls itself a Macintosh, as iPads do, is told by this too.)"""
    return shape[0] > shape[1]
