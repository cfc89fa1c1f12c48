"""The room's verbs, a file each group."""

from . import rights
from .answering import agree, decline
from .asking import pending, show
from .ending import expire, withdraw
from .overview import Tally, recent, tallies
from .proving import get, history, require, text_of

__all__ = [
    "Tally",
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
    "text_of",
    "withdraw",
]
