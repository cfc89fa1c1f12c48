"""Requests about a loan, and the operations that staff may carry out on one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Reason(StrEnum):
    """Why a borrower cannot pay. A code, not the person's words: those would be personal data."""

    INCOME = "income"
    ILLNESS = "illness"
    BUSINESS = "business"
    DISASTER = "disaster"
    FAMILY = "family"
    OTHER = "other"


class Wish(StrEnum):
    """What would help."""

    PAUSE = "pause"
    """A payment holiday: everything falls due one period later."""
    LONGER = "longer"
    """More and smaller payments."""
    LATER = "later"
    """Another day of the month."""
    SPREAD = "spread"
    """What is late, spread over the payments to come."""


class Input(StrEnum):
    """What an operation is told."""

    AMOUNT = "amount"
    DAY = "day"
    DUE = "due"
    COUNT = "count"
    CODE = "code"
    CHARGE = "charge"
    EVENT = "event"
    PAYMENT = "payment"
    FUNDER = "funder"


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    inputs: tuple[Input, ...]
    two: bool = False
    """Whether a second person has to confirm it: it gives up, sends away or takes back money, says that money came, or ends arrears."""
    optional: frozenset[Input] = frozenset()


OPERATIONS: Mapping[str, Operation] = {
    one.name: one
    for one in (
        Operation("receive", (Input.AMOUNT, Input.DAY), True),
        Operation("charge", (Input.CODE, Input.AMOUNT, Input.DUE)),
        Operation("skip", (Input.DUE,)),
        Operation("extend", (Input.DUE, Input.COUNT)),
        Operation("move", (Input.DUE, Input.DAY)),
        Operation("re_amortise", ()),
        Operation("re_age", (Input.DAY, Input.COUNT), True),
        Operation("waive", (Input.CHARGE, Input.AMOUNT), True, frozenset({Input.AMOUNT})),
        Operation("waive_interest", (Input.AMOUNT,), True),
        Operation("charge_back", (Input.PAYMENT, Input.AMOUNT), True),
        Operation("refund_credit", (Input.AMOUNT,), True),
        Operation("compensate", (Input.AMOUNT,), True),
        Operation("reverse", (Input.EVENT,), True),
        Operation("write_off", (), True),
        Operation("recover", (Input.AMOUNT,), True),
        Operation("transfer", (Input.FUNDER,), True),
    )
}
"""By name, in the order in which a page offers them."""
NEEDS_TWO = frozenset(name for name, one in OPERATIONS.items() if one.two)
RELIEFS = frozenset({"skip", "extend", "move", "re_amortise"})
"""What one member of staff may grant to a borrower who asked."""


@dataclass(frozen=True, slots=True)
class Request:
    id: UUID
    person_id: UUID
    loan_id: UUID
    kind: str
    """"relief" by the borrower, or "operation" by staff."""
    what: str
    """A `Wish`, or the name of an operation."""
    data: Mapping[str, Any]
    asked_by: str
    """"person", or the operator's id."""
    asked_at: datetime
    why: str
    """A `Reason`, or the operator's words."""
    state: str = "open"
    """"open", "done", "declined" or "withdrawn"."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    answer: str = ""
    """The words of who decided."""
    outcome: Mapping[str, Any] = field(default_factory=dict)
