"""Face checks as the console reads them: lists by what became of them, and weeks by class of device. The events are the truth."""

from .drift import ALARM, OUTCOMES, WATCH, Drift, Index, Week, drift
from .errors import CheckUnknown
from .model import Check, Wanted
from .service import devices, find, is_latest, page
from .store import project

__all__ = [
    "ALARM",
    "OUTCOMES",
    "WATCH",
    "Check",
    "CheckUnknown",
    "Drift",
    "Index",
    "Wanted",
    "Week",
    "devices",
    "drift",
    "find",
    "is_latest",
    "page",
    "project",
]
