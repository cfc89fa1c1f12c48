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


@dataclass(frozen=True, slots=True)
class GradeRule:
    """One line of the five-category classification (五级分类): what puts a loan in at least this category."""

    name: str
    grade: str
    """"special_mention", "substandard", "doubtful" or "loss"."""
    clause: str
    from_days: int | None = None
    """Days past due from which it holds."""
    flag: str | None = None
    """Or the event that it follows from (`delinquency.Flag`)."""


@dataclass(frozen=True, slots=True)
class GradeRules:
    version: str
    source: str
    rules: tuple[GradeRule, ...]
    technical_days: int
    """Arrears of up to so many days for an operational or technical reason do not count."""
    technical_clause: str
    cure_days: int
    """A bad loan leaves its category only after so many days without arrears …"""
    cure_periods: int
    """… and so many repayment periods, whichever is longer."""
    cure_clause: str
    observation_days: int
    """A restructured loan is watched for so long."""


GRADES_2023 = GradeRules(
    version="cn-2023.1",
    source="Measures for the Risk Classification of Financial Assets of Commercial Banks, CBIRC and PBoC order 2023 no. 1 (from memory, unverified)",
    rules=(
        GradeRule("overdue", "special_mention", "art. 10 (1)", from_days=1),
        GradeRule("overdue_over_90", "substandard", "art. 11 (1)", from_days=91),
        GradeRule("overdue_over_270", "doubtful", "art. 12 (1)", from_days=271),
        GradeRule("overdue_over_360", "loss", "art. 13 (1)", from_days=361),
        GradeRule("restructured", "special_mention", "art. 19", flag="restructured"),
        GradeRule("restructured_again", "substandard", "art. 19", flag="restructured_again"),
        GradeRule("impaired", "substandard", "art. 11", flag="impaired"),
        GradeRule("compensated", "substandard", "our own choice: a guarantor paid because the borrower did not", flag="compensated"),
        GradeRule("bankrupt", "loss", "art. 13", flag="bankrupt"),
        GradeRule("charged_off", "loss", "our own choice: what is written off was a loss before", flag="charged_off"),
    ),
    technical_days=7,
    technical_clause="art. 10 (1)",
    cure_days=180,
    cure_periods=2,
    cure_clause="art. 15",
    observation_days=365,
)
GRADE_RULES = {GRADES_2023.version: GRADES_2023}
"""Every version that ever judged a loan: an old judgement is explained by the rules that made it."""


@dataclass(frozen=True, slots=True)
class BureauRules:
    """Credit Reporting Regulation 2013 (from memory, unverified)."""

    version: str
    notice_clause: str
    dispute_days: int
    """Days in which a dispute is answered."""
    dispute_clause: str
    keep_years: int
    """Years for which negative information is kept after the conduct ended."""
    keep_clause: str
    status_months: int
    """Months in an account's string of payment statuses."""
    attempts: int
    """How often a record that the bureau rejects is sent again before a person must look (our own choice)."""


BUREAU = BureauRules(
    version="cn-2013.1",
    notice_clause="art. 15",
    dispute_days=20,
    dispute_clause="art. 25",
    keep_years=5,
    keep_clause="art. 16",
    status_months=24,
    attempts=3,
)
