"""The room's verbs, a file each group."""

from . import rights
from .answering import agree, decline
from .asking import pending, show
from .ending import expire, withdraw
from .proving import get, history, require, text_of

__all__ = ["agree", "decline", "expire", "get", "history", "pending", "require", "rights", "show", "text_of", "withdraw"]
