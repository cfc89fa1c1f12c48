"""What a recording says to its challenge: did the face answer this sequence, in time, and as a solid face answers?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...media import Picture
from ...mesh import Mesh
from ...model import Signal, State
from ...networks import FaceModels
from .align import Alignment, align
from .model import Challenge
from .sample import Samples, sample
from .shape import measure, shape_model, swing
from .track import follow

FEWEST_FRAMES = 16
"""Frames with a face that a sequence of ten slots needs: 12 a second."""
FACE_IN = 0.7
"""Share of the frames in which the face must be found."""
SURE = 0.76
"""Share of the face's colour changes that the sequence must explain. In development no clip that answered another challenge came above .70
(2,900 simulated pairs)."""
DOUBT = 0.60
"""Below this, changes that are strong enough to be read are those of another light."""
FAINT = 0.02
"""Changes of colour smaller than this share of the face's light are no answer to anything: the room is too bright, or the screen too dim."""
MOST_BURNT = 0.35


@dataclass(frozen=True, slots=True)
class Answer:
    """Three signals, never one counted as passed that could not run. `measured` is for cards, calibration and the console."""

    sequence: Signal
    shape: Signal
    skin: Signal
    measured: dict[str, float] = field(default_factory=dict)
    alignment: Alignment | None = None

    @property
    def signals(self) -> tuple[Signal, ...]:
        return self.sequence, self.shape, self.skin

    @property
    def passed(self) -> bool:
        """Sequence and shape, both."""
        return self.sequence.state is State.PASS and self.shape.state is State.PASS


def analyse(challenge: Challenge, *, models: FaceModels, frames: Sequence[Picture], times: Sequence[float]) -> Answer:
    """`frames`: all of the clip's (not a selection: ten slots in a second want every one), uint8 RGB; `times`: seconds, rising.

    The challenge's seal and expiry are `verify`'s affair, before the recording is looked at.
    """
    return analyse_meshes(challenge, frames=frames, times=times, meshes=follow(models, frames))


def analyse_meshes(challenge: Challenge, *, frames: Sequence[Picture], times: Sequence[float], meshes: Sequence[Mesh | None]) -> Answer:
    """The same where the meshes are known already."""
    alike = [n for n, mesh in enumerate(meshes) if mesh is not None and frames[n].shape == frames[0].shape]
    if len(alike) < FEWEST_FRAMES or len(alike) < FACE_IN * len(frames):
        return unanswered("light_few_frames")
    found = sample([frames[n] for n in alike], [times[n] for n in alike], [meshes[n].points for n in alike])  # type: ignore[union-attr]
    return judge(challenge, found)


def judge(challenge: Challenge, samples: Samples) -> Answer:
    if samples.burnt > MOST_BURNT:
        return unanswered("light_burnt")
    light = samples.light
    alignment = align(challenge, samples.times, light)
    sequence = _sequence(alignment, light)
    if sequence.state is not State.PASS:
        return Answer(sequence, _not_run("shape"), _not_run("skin"), {"explained": alignment.pooled}, alignment)
    measured = measure(samples, alignment)
    return Answer(sequence, shape_signal(measured), _skin(measured), measured, alignment)


def _sequence(alignment: Alignment, light: np.ndarray) -> Signal:
    brightens = bool((alignment.answer[[0, 2]] > 0).all())
    value = alignment.pooled if brightens else 0.0
    if value >= SURE:
        return Signal("light_sequence", State.PASS, value)
    if swing(light) < FAINT or value >= DOUBT:
        return Signal("light_sequence", State.RETRY, value, "light_faint")
    return Signal("light_sequence", State.FAIL, value, "light_other")


def shape_signal(measured: dict[str, float]) -> Signal:
    model = shape_model()
    value = measured["alive"]
    if measured["clearness"] < model.clear_enough:
        return Signal("light_shape", State.RETRY, value, "light_faint")
    state = model.band(measured["strength"]).state(value)
    return Signal("light_shape", state, value, {State.REFER: "light_shape_unsure", State.FAIL: "light_flat"}.get(state))


def _skin(measured: dict[str, float]) -> Signal:
    """Told, never counted by itself: how little the answer looks like a mask's. It is part of the shape's value."""
    return Signal("light_skin", State.NOT_CHECKED, 1 - measured["mask"], "not_asked")


def _not_run(name: str) -> Signal:
    return Signal(f"light_{name}", State.NOT_RUN, None, "not_run")


def unanswered(reason: str) -> Answer:
    """Nothing could be read."""
    return Answer(Signal("light_sequence", State.RETRY, None, reason), _not_run("shape"), _not_run("skin"))
