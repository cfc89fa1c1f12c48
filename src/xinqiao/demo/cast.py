"""Invented people who sit for an ID photo and answer a light challenge before a simulated camera, and attackers who try to. All *simulated*.

Nothing is on file: portrait and clips are rendered when they are asked for (`identity.liveness.simulate`), so that a clip can answer the
very challenge that an application was given.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

import numpy as np
from PIL import Image

from xinqiao.identity.liveness.challenge import Challenge, issue
from xinqiao.identity.liveness.simulate import Scene, draw, film
from xinqiao.identity.liveness.simulate.write import clip_of
from xinqiao.kit import SystemClock

SIZE = (480, 360)
"""Rows and columns of a clip: what a face needs, at half the cost of a phone's own 640 by 480."""
PHOTO = (640, 480)
NOBODYS = b"for sequences that no server issued"


@dataclass(frozen=True)
class Sitter:
    """One invented person. `seed` draws their face, room and phone; the same seed and challenge give the same pictures."""

    seed: int
    room: str = "indoor"
    device: str = "flagship"
    size: tuple[int, int] = SIZE

    @cached_property
    def scene(self) -> Scene:
        return draw(self.seed, species="live", room=self.room, device=self.device, size=self.size)

    @cached_property
    def portrait(self) -> bytes:
        """The photo on the ID card, JPEG: the same face, from the front, evenly lit, on another day."""
        steady = dict.fromkeys(("yaw", "pitch", "roll", "x", "hand", "nits"), 0.0)
        lamp = {"lux": 450.0, "warmth": 1.0, "sun": (0.1, 0.5, 0.86), "sun_share": 0.3, "flicker": (0.0, 100.0), "drift": (0.0, 0.0)}
        sitting = replace(self.scene, **steady, **lamp, y=-0.2, away=3.6, glasses=False, blink_at=None, size=PHOTO, frames_a_second=2.5)
        return _jpeg(film(sitting, a_challenge()).frames[-1])

    def film(self, challenge: Challenge) -> bytes:
        """The WebM clip that this person's phone records while its screen shows the challenge."""
        return clip_of(film(self.scene, challenge))

    @cached_property
    def clip(self) -> bytes:
        """One finished clip without any challenge, as somebody films themselves with another app."""
        return clip_of(film(replace(self.scene, nits=0.0), a_challenge()))

    def at(self, room: str) -> Sitter:
        """The same person elsewhere."""
        return replace(self, room=room)


SEEDS = (101, 102, 105, 106, 107, 111, 113, 121, 125, 129, 132, 135, 145, 148, 118)
"""Chosen only to look unlike each other: invented faces share a mesh, and two that look alike are rightly taken for one person."""


def sitter(number: int) -> Sitter:
    """The demo's own people, by number from 0."""
    return Sitter(SEEDS[number] if number < len(SEEDS) else 200 + number)


Act = Callable[[Sitter, Challenge], bytes]
"""What is done before the camera: given the person whose ID it is, and the challenge on the screen, the clip that is sent."""


def answered(person: Sitter, challenge: Challenge) -> bytes:
    """The person themselves, living."""
    return person.film(challenge)


def by_another(person: Sitter, challenge: Challenge) -> bytes:
    """Somebody else, living, with the person's ID."""
    return replace(person, seed=person.seed + 1_000_000).film(challenge)


def outside_first() -> Act:
    """The first time in full sunlight, where nothing of the screen's light is seen; then inside, as the page asks."""
    rooms = iter(("outdoors",))
    return lambda person, challenge: person.at(next(rooms, person.room)).film(challenge)


def replayed(victim: Sitter, challenge: Challenge) -> bytes:
    """The victim's own answer to the challenge of another day, sent in the place of the camera's picture."""
    return victim.film(a_challenge())


def printed(victim: Sitter, challenge: Challenge) -> bytes:
    """The victim's portrait on paper, held before the camera while the screen plays."""
    return held_up("flat_print", victim, challenge)


def shown(victim: Sitter, challenge: Challenge) -> bytes:
    """The victim's clip on another phone's screen, held before the camera."""
    return held_up("phone_replay", victim, challenge)


def held_up(species: str, victim: Sitter, challenge: Challenge) -> bytes:
    scene = draw(victim.seed, species=species, room=victim.room, device=victim.device, size=victim.size)
    assert scene.person == victim.scene.person, "one seed draws one face, whatever is done with it"
    return clip_of(film(scene, challenge))


def a_challenge() -> Challenge:
    """A sequence that no application was given."""
    return issue(application="nobody's", key=NOBODYS, clock=SystemClock(), lifetime=timedelta(seconds=1))


def _jpeg(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=92)
    return out.getvalue()
