"""Consent: texts, displays, receipts, withdrawal, and the rights of the person."""

from .errors import ConsentMissing
from .model import Display, Receipt, Recipient, Text
from .service import agree, decline, expire, get, history, pending, require, rights, show, text_of, withdraw
from .texts import TEXTS, text_for

__all__ = [
    "TEXTS",
    "ConsentMissing",
    "Display",
    "Receipt",
    "Recipient",
    "Text",
    "agree",
    "decline",
    "expire",
    "get",
    "history",
    "pending",
    "require",
    "rights",
    "show",
    "text_for",
    "text_of",
    "withdraw",
]
