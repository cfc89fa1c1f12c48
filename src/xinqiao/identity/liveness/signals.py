"""The tests that every clip undergoes, each as one `Signal`: quality, length, motion, one person, texture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..guests import Guest
from ..media import Clip, Picture
from ..model import Signal, State
from ..networks import FaceModels
from ..observe import Sight, embed_sights
from ..thresholds import ANY_DEVICE
from . import temporal, texture
from .crops import square, two_crops
from .decide import texture_told

FEWEST_FRAMES = 4
FACE_IN = 0.6
"""Share of the frames that must show one usable face."""
JUDGED = 8
"""Frames that the texture network sees: the best ones."""

BLACK = 45
"""Grey level, 0-255: a picture in which hardly anything is brighter has lost its face to the dark."""

Sights = Sequence[Sight | None]


def best(sights: Sights) -> list[Sight]:
    """The usable ones, best first."""
    return sorted((s for s in sights if s and not s.problem()), key=lambda s: -s.quality.rank())


def quality_signal(sights: Sights, frames: Sequence[Picture] = ()) -> Signal:
    """Share of usable frames; the instruction is the commonest problem's. `frames`: the pictures, so that no face in the dark asks for a lamp."""
    lost = "too_dark" if _black(frames) else "no_face"
    problems = [s.problem() if s else lost for s in sights]
    share = problems.count(None) / len(problems)
    if share >= FACE_IN:
        return Signal("selfie_quality", State.PASS, share)
    commonest = Counter(p for p in problems if p).most_common(1)[0][0]
    return Signal("selfie_quality", State.RETRY, share, commonest)


def _black(frames: Sequence[Picture]) -> bool:
    """Whether nine tenths of the middle frame are darker than BLACK."""
    return bool(frames) and float(np.percentile(frames[len(frames) // 2][::4, ::4], 90)) < BLACK


def length_signal(film: Clip) -> Signal:
    enough = film.decoded >= FEWEST_FRAMES
    return Signal("length", State.PASS if enough else State.RETRY, film.decoded, None if enough else "clip_too_short")


def motion_signal(sights: Sights) -> Signal:
    seen = [s for s in sights if s]
    moved = temporal.movement([s.picture for s in seen], [s.mesh for s in seen]) if len(seen) >= FEWEST_FRAMES else None
    if moved is None:
        return Signal("motion", State.NOT_RUN, None, "not_run")
    if moved < temporal.STILL_GREY:
        return Signal("motion", State.FAIL, moved, "frozen")
    return Signal("motion", State.PASS, moved)


def one_person_signal(models: FaceModels, sights: Sights) -> Signal:
    """First, middle and last face of the clip, whatever their quality ranks: a splice hides in the worst frames."""
    clear = [s for s in sights if s and s.problem() in (None, "too_dark")]
    if len(clear) < FEWEST_FRAMES:
        return Signal("one_person", State.NOT_RUN, None, "not_run")
    least = temporal.least_alike(embed_sights(models, [clear[0], clear[len(clear) // 2], clear[-1]]))
    state = models.thresholds.one_person.state(least)
    return Signal("one_person", state, least, {State.REFER: "face_unsteady", State.FAIL: "face_changes"}.get(state))


def texture_signal(models: FaceModels, usable: Sequence[Sight], device: str = ANY_DEVICE) -> tuple[float | None, Signal]:
    """The score, as calibrated for the class of camera, and its signal, from the best of `usable`."""
    if models.texture is None:
        return None, Signal("texture", State.NOT_RUN, None, "not_checked")  # which no darkness excuses, as it does a missing frame
    if not usable:
        return None, Signal("texture", State.NOT_RUN, None, "not_run")
    _, bounds = models.thresholds.liveness.device(device)
    score = bounds.calibrate(texture.log_odds(models.texture, [two_crops(s.picture, s.face) for s in usable[:JUDGED]]))
    return score, texture_told(score, bounds)


def guest_signal(guest: Guest, usable: Sequence[Sight]) -> tuple[float | None, Signal]:
    """A deployment's own model, asked about the same frames."""
    name = f"model_{guest.name}"
    if not usable:
        return None, Signal(name, State.NOT_RUN, None, "not_run")
    score = guest.probability([square(s.picture, s.face, guest.scale, guest.side) for s in usable[:JUDGED]])
    state = guest.band.state(score)
    return score, Signal(name, state, score, {State.REFER: "texture_unsure", State.FAIL: "texture_attack"}.get(state))
