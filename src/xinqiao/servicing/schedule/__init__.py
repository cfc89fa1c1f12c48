"""What is due, when, and for what: `plan` for any product, `equal_instalments` for the contracts of today's offers."""

from .account import Explained, account
from .equal import LONGEST_MONTHS, NOTHING, Base, Charge, Instalment, Schedule, due_date, equal_instalments, level_payment
from .formulas import FORMULAS, explain
from .generate import plan
from .model import Basis, FeeLine, Payout, Plan, Planned, Stretch

__all__ = [
    "FORMULAS",
    "LONGEST_MONTHS",
    "NOTHING",
    "Base",
    "Basis",
    "Charge",
    "Explained",
    "FeeLine",
    "Instalment",
    "Payout",
    "Plan",
    "Planned",
    "Schedule",
    "Stretch",
    "account",
    "due_date",
    "equal_instalments",
    "explain",
    "level_payment",
    "plan",
]
