"""The life of a loan as a pure replay of events: `replay(agreement, events, on=day)` gives its books."""

from . import events
from .checks import refuse
from .events import Event, PaymentKind
from .fold import replay
from .model import Agreement, Books, Charge, Entry, EntryKind, Instalment, Status, Tranche
from .parts import Parts

__all__ = [
    "Agreement",
    "Books",
    "Charge",
    "Entry",
    "EntryKind",
    "Event",
    "Instalment",
    "Parts",
    "PaymentKind",
    "Status",
    "Tranche",
    "events",
    "refuse",
    "replay",
]
