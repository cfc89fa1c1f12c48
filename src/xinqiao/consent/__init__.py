"""Consent: texts, displays, receipts, withdrawal, and the rights of the person."""

from .errors import ConsentMissing
from .model import Display, Receipt, Recipient, Text
from .service import Tally, agree, decline, expire, get, history, pending, recent, require, rights, show, tallies, text_of, withdraw
from .texts import TEXTS, text_for

__all__ = [
    "TEXTS",
    "ConsentMissing",
    "Display",
    "Receipt",
    "Recipient",
    "Tally",
    "Text",
    "agree",
    "decline",
    "expire",
    "get",
    "history",
    "pending",
    "recent",
    "require",
    "rights",
    "show",
    "tallies",
    "text_for",
    "text_of",
    "withdraw",
]
