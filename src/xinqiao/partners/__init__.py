"""Scenes, funders and guarantors: who they are, what their keys allow, and the signed messages between us."""

from . import limits, webhooks
from .model import SCOPES, Key, Kind, Partner, Status
from .service import authenticate, get, issue_key, keys, list_partners, register, resume, revoke_key, rotate_key, suspend, update

__all__ = [
    "SCOPES",
    "Key",
    "Kind",
    "Partner",
    "Status",
    "authenticate",
    "get",
    "issue_key",
    "keys",
    "limits",
    "list_partners",
    "register",
    "resume",
    "revoke_key",
    "rotate_key",
    "suspend",
    "update",
    "webhooks",
]
