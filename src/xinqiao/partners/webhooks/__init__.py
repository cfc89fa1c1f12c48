"""Signed messages to partners and from them, by the Standard Webhooks specification."""

from .delivery import Delivered, deliver_due
from .model import Attempt, Message, Subscription
from .service import (
    attempts,
    enqueue,
    issue_inbound_secret,
    messages,
    redrive,
    rewrap,
    rotate_secret,
    set_active,
    subscribe,
    subscriptions,
    tidy,
    verify,
)

__all__ = [
    "Attempt",
    "Delivered",
    "Message",
    "Subscription",
    "attempts",
    "deliver_due",
    "enqueue",
    "issue_inbound_secret",
    "messages",
    "redrive",
    "rewrap",
    "rotate_secret",
    "set_active",
    "subscribe",
    "subscriptions",
    "tidy",
    "verify",
]
