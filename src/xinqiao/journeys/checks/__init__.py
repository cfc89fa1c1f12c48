"""Face checks as the console reads them: lists by what became of them, and weeks by class of device. The events are the truth."""

from .drift import ALARM, OUTCOMES, WATCH, Drift, Week, drift
from .errors import CheckUnknown
from .model import Check, Wanted
from .service import devices, find, page
from .store import project

__all__ = ["ALARM", "OUTCOMES", "WATCH", "Check", "CheckUnknown", "Drift", "Wanted", "Week", "devices", "drift", "find", "page", "project"]
