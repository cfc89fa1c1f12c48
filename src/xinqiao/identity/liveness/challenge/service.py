"""Issue and verify: a colour sequence that only this server can have drawn, for one application, for some seconds, for one recording."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Container
from datetime import timedelta

import numpy as np

from xinqiao.kit import Clock, canonical

from .colours import ALPHABET, LIGHT
from .errors import ChallengeExpired, ChallengeForAnother, ChallengeForged, ChallengeKeyTooShort, ChallengeSpent
from .model import LONGEST, SHORTEST, SLOTS, Challenge, Slot, is_playable

LIFETIME = timedelta(seconds=30)
KEY_BYTES = 16
SPLIT = 4
"""Slots in which the halves differ: they tell the face's shape where the room gives no light to compare with; the others answer stronger."""
LEAST_SWING = (0.15, 0.15, 0.025, 0.025)
"""Variance over the slots that is needed of the whole screen's red and blue (at most .25), and of upper against lower half."""
MOST_ALIKE = 0.7
"""Largest correlation allowed between any two of these four: what is alike cannot be told apart in the answer."""


def issue(
    *, application: str, key: bytes, clock: Clock, lifetime: timedelta = LIFETIME, draw: Callable[[int], int] = secrets.randbelow
) -> Challenge:
    """A new challenge for `application`, good until `lifetime` from now. `draw(n)`: 0 to n - 1, from the system's randomness by default.

    Raises ChallengeKeyTooShort.
    """
    _require(key)
    now = clock.now()
    name = "".join(f"{draw(256):02x}" for _ in range(16))
    bare = Challenge(name, application, now, now + lifetime, slots(draw))
    return Challenge(*(getattr(bare, field) for field in ("id", "application", "issued_at", "expires_at", "slots")), seal=_seal(bare, key))


def verify(challenge: Challenge, *, application: str, key: bytes, clock: Clock, spent: Container[str] = ()) -> Challenge:
    """The challenge, if this server issued it for this application, it has not expired, and its id is not in `spent`.

    The caller stores the id as spent in the transaction that takes the recording.
    Raises ChallengeForged, ChallengeForAnother, ChallengeExpired, ChallengeSpent, ChallengeKeyTooShort.
    """
    _require(key)
    if not hmac.compare_digest(_seal(challenge, key).encode(), challenge.seal.encode()):
        raise ChallengeForged
    if challenge.application != application:
        raise ChallengeForAnother
    if not challenge.issued_at <= clock.now() <= challenge.expires_at:
        raise ChallengeExpired(round((challenge.expires_at - challenge.issued_at).total_seconds()))
    if challenge.id in spent:
        raise ChallengeSpent
    return challenge


def slots(draw: Callable[[int], int] = secrets.randbelow) -> tuple[Slot, ...]:
    """Drawn afresh until they are playable and the answer can be read well."""
    while True:
        split = _some(SLOTS, SPLIT, draw)
        drawn = tuple(_slot(n in split, draw) for n in range(SLOTS))
        if is_playable(drawn) and is_telling(drawn):
            return drawn


def _some(count: int, chosen: int, draw: Callable[[int], int]) -> set[int]:
    left = list(range(count))
    return {left.pop(draw(len(left))) for _ in range(chosen)}


def _slot(split: bool, draw: Callable[[int], int]) -> Slot:
    upper, step = draw(len(ALPHABET)), 1 + draw(len(ALPHABET) - 1) if split else 0
    return Slot(ALPHABET[upper], ALPHABET[(upper + step) % len(ALPHABET)], SHORTEST + draw(LONGEST - SHORTEST + 1))


def is_telling(drawn: tuple[Slot, ...]) -> bool:
    upper, lower = (np.array([LIGHT[getattr(s, half)] for s in drawn])[:, [0, 2]] for half in ("upper", "lower"))
    columns = np.concatenate([(upper + lower) / 2, (upper - lower) / 2], axis=1)
    if (columns.var(0) < LEAST_SWING).any():
        return False
    return bool(np.abs(np.corrcoef(columns.T) - np.eye(4)).max() <= MOST_ALIKE)


def _seal(challenge: Challenge, key: bytes) -> str:
    return hmac.digest(key, b"xinqiao light challenge\0" + canonical(challenge.body()), "sha256").hex()


def _require(key: bytes) -> None:
    if len(key) < KEY_BYTES:
        raise ChallengeKeyTooShort(len(key))
