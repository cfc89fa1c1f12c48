"""The numbers that law, regulators and the trade set, in one place and versioned.

All are known from memory and unverified; an operator's lawyer confirms them before they serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    version: str
    penalty_multiple: Decimal
    """Penalty interest on overdue principal, as a multiple of the contract's rate (PBoC notice 251/2003: 1.3 to 1.5; unverified)."""
    penalty_days_in_year: int
    """A day's penalty is the annual rate divided by this."""
    cooling_days: int
    """Days after the payout in which returning the principal ends the loan at no cost (a platform's own promise)."""
    bureau_grace_days: int
    """Days between the notice and a negative report (notice: Credit Reporting Regulation art. 15, unverified; the days are our own)."""
    contact_from: time
    contact_until: time
    """No contact outside these local hours (self-discipline rules on collection, unverified)."""


RULES = Rules(
    version="2026-11",
    penalty_multiple=Decimal("1.5"),
    penalty_days_in_year=360,
    cooling_days=3,
    bureau_grace_days=7,
    contact_from=time(8),
    contact_until=time(22),
)
