"""Foundations that know nothing of lending: money, time, ids, errors, the database, events."""

from . import embedded, events
from .canonical import canonical, plain, sha256_hex
from .clock import Clock, FixedClock, SystemClock
from .database import Database, tables
from .errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from .ids import new_id
from .money import CNY, Money
from .settings import Settings

__all__ = [
    "CNY",
    "Clock",
    "Conflict",
    "Database",
    "FixedClock",
    "Forbidden",
    "Money",
    "NotFound",
    "Refused",
    "Settings",
    "SystemClock",
    "Unavailable",
    "canonical",
    "embedded",
    "events",
    "new_id",
    "plain",
    "sha256_hex",
    "tables",
]
