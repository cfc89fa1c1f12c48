"""Fraud screening: velocity, links, near-duplicates, rules as data."""

from .errors import FactNotPlain, NotScreened, RuleNotUnderstood, RulesNotValid, UnknownIndex, UnknownRules
from .model import FraudEvidence, Label, Link, Outcome, Reason
from .rules import Rules, load, read
from .service import confirm, erase, erase_faces, find, label_of, linked, register, replay, screen

__all__ = [
    "FactNotPlain",
    "FraudEvidence",
    "Label",
    "Link",
    "NotScreened",
    "Outcome",
    "Reason",
    "RuleNotUnderstood",
    "Rules",
    "RulesNotValid",
    "UnknownIndex",
    "UnknownRules",
    "confirm",
    "erase",
    "erase_faces",
    "find",
    "label_of",
    "linked",
    "load",
    "read",
    "register",
    "replay",
    "screen",
]
