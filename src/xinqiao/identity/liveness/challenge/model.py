"""One light challenge: which colours the screen shows, when, for whom and until when. Pure: no clock, no randomness, no key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Self

import numpy as np

from .colours import ALPHABET, COLOURS, LIGHT
from .errors import ChallengeUnreadable

LEAD = 0.15
"""Seconds of neutral grey before the first colour, and again after the last."""
TICK = 1 / 60
SLOTS = 10
SHORTEST, LONGEST = 6, 8
"""Ticks that a slot may last: 100 to 133 ms."""
VERSION = 1
MOST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Slot:
    """The screen's upper and lower half show these colours for `ticks` sixtieths of a second."""

    upper: str
    lower: str
    ticks: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """One-time: `id` is never issued twice, and a clip answers it once. `seal` binds every other field to the server's key."""

    id: str
    application: str
    issued_at: datetime
    expires_at: datetime
    slots: tuple[Slot, ...]
    seal: str = ""

    @property
    def seconds(self) -> float:
        """From the first frame of grey to the last."""
        return 2 * LEAD + sum(s.ticks for s in self.slots) * TICK

    def edges(self) -> np.ndarray:
        """Seconds at which the colour changes, (slots + 1,), from the first frame of grey."""
        return LEAD + np.concatenate([[0], np.cumsum([s.ticks for s in self.slots])]) * TICK

    def light(self) -> np.ndarray:
        """Linear light of every state, (slots + 2, 2 halves, 3): grey, the slots, grey."""
        shown = [(s.upper, s.lower) for s in self.slots]
        return np.array([[LIGHT[u], LIGHT[v]] for u, v in [("n", "n"), *shown, ("n", "n")]])

    def over(self, start: np.ndarray, exposure: np.ndarray | float, edges: np.ndarray | None = None) -> np.ndarray:
        """Mean light while a shutter was open, start.shape + (2, 3); `start` and `exposure` in seconds, exposure above zero.

        `edges`: as really played, where that is known; else as issued.
        """
        edges = self.edges() if edges is None else edges
        light = self.light().reshape(len(self.slots) + 2, 6)
        steps = np.diff(light, axis=0)
        begin, end = np.asarray(start, float), np.asarray(start, float) + exposure
        lit = np.maximum(end[..., None] - edges, 0) - np.maximum(begin[..., None] - edges, 0)
        mean = light[0] + (lit / (end - begin)[..., None]) @ steps
        return mean.reshape(*begin.shape, 2, 3)

    def body(self) -> dict[str, Any]:
        """All that is sealed."""
        return {
            "version": VERSION,
            "id": self.id,
            "application": self.application,
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "lead_ms": round(LEAD * 1000),
            "slots": [[s.upper, s.lower, s.ticks] for s in self.slots],
        }

    def to_json(self) -> str:
        """What the page is given: the sealed body, and the colours spelt out for the browser."""
        return json.dumps(self.body() | {"seal": self.seal, "tick_ms": 1000 * TICK, "colours": {k: list(v) for k, v in COLOURS.items()}})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises ChallengeUnreadable. The seal is not checked here: `verify` does."""
        try:
            if len(text) > MOST_TEXT:
                raise ValueError("too long")
            data = json.loads(text)
            slots = tuple(Slot(str(u), str(v), int(t)) for u, v, t in data["slots"])
            times = [datetime.fromisoformat(data[k]).astimezone(UTC) for k in ("issued_at", "expires_at")]
            found = cls(str(data["id"]), str(data["application"]), times[0], times[1], slots, str(data["seal"]))
            well_formed = data["version"] == VERSION and data["lead_ms"] == round(LEAD * 1000) and is_playable(slots)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as problem:
            raise ChallengeUnreadable from problem
        if not well_formed:
            raise ChallengeUnreadable
        return found


def is_playable(slots: tuple[Slot, ...]) -> bool:
    """Whether a server could have issued these slots: colours of the alphabet, lengths in bounds, every slot unlike the one before."""
    fits = all(s.upper in ALPHABET and s.lower in ALPHABET and SHORTEST <= s.ticks <= LONGEST for s in slots)
    return fits and len(slots) == SLOTS and all((a.upper, a.lower) != (b.upper, b.lower) for a, b in pairwise(slots))
