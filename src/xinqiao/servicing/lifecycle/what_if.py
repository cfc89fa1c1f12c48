"""What would be: the sum that settles a loan on a day, what a prepayment saves, what falls due next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .events import Event
from .fold import replay
from .model import Agreement
from .parts import Parts


def payoff(agreement: Agreement, events: Sequence[Event], *, on: date) -> Parts:
    """What settles the loan on `on`."""
    return replay(agreement, events, on=on).outstanding
