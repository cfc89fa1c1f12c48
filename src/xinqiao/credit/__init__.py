"""Credit: features, scorecard, policy, reasons; a decision that replays to the byte."""

from . import bureau, service, shipped
from .bureau import Bureau, BureauSimulator
from .decision import Shelf, decide, replay
from .model import ApplicationFacts, Decision, Outcome, Reason
from .outcomes import BandOutcome, band_outcomes
from .policy import Policy
from .scorecard import CreditModel
from .service import Decided

__all__ = [
    "ApplicationFacts",
    "BandOutcome",
    "Bureau",
    "BureauSimulator",
    "CreditModel",
    "Decided",
    "Decision",
    "Outcome",
    "Policy",
    "Reason",
    "Shelf",
    "band_outcomes",
    "bureau",
    "decide",
    "replay",
    "service",
    "shipped",
]
