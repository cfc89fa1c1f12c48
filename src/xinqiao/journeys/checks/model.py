"""One face check as a list shows it, and what a list may be asked for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xinqiao.identity import Outcome, State

UNPASSED = (State.FAIL, State.REFER, State.RETRY, State.NOT_RUN)
"""States of a signal that was asked and did not pass."""


@dataclass(frozen=True, slots=True)
class Check:
    id: UUID
    """The id of its event: `identity.checked`, or `identity.unreadable` for a recording that could not be read."""
    application_id: UUID
    person_id: UUID
    at: datetime
    outcome: str
    device: str
    """The class of camera that recorded it, as far as it is known."""
    judged_as: str
    """The class by whose bounds it was judged; `any` where that of `device` was never calibrated."""
    calibrated: bool
    score: float | None
    """0-1, larger is more alive."""
    match: float | None
    ms: int | None
    challenge: str | None
    weak: tuple[tuple[str, str], ...]
    """Signals that were asked and did not pass, each with its state."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; whatever is None or empty narrows nothing."""

    outcome: Outcome | None = None
    device: str = ""
    signal: str = ""
    """One that did not pass."""
    since: datetime | None = None
    until: datetime | None = None
    """Before this instant."""
