"""An account at a month's end, and the string of its last 24 months. Pure.

The codes are those of the second-generation credit report of the PBoC's bureau (from memory, unverified).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..delinquency import MONTHLY, Flag
from ..delinquency.grades import NO_FLAG
from ..rules import BUREAU
from ..schedule import due_date

NOT_OPEN, NOTHING_DUE, NORMAL, UNKNOWN = "/", "*", "N", "#"
COMPENSATED, BAD, SETTLED, ENDED = "D", "B", "C", "G"
"""Paid by the guarantor; bad debt; repaid in full; ended otherwise (transferred, given up)."""


def status(*, days_past_due: int, was_due: bool, settled: bool, flags: Flag = NO_FLAG) -> str:
    """The code of one month: 1 to 7 count the months of arrears begun (1-30 days is 1, more than 180 is 7)."""
    if settled:
        return SETTLED
    if flags & Flag.CHARGED_OFF:
        return BAD
    if flags & Flag.COMPENSATED:
        return COMPENSATED
    if days_past_due > 0:
        return str(MONTHLY.names.index(MONTHLY.of(days_past_due) or "") + 1)
    return NORMAL if was_due else NOTHING_DUE


def last_24(codes: Mapping[str, str], *, period: str, opened: date, months: int = BUREAU.status_months) -> str:
    """The codes by month ("2026-03") as a string, the newest last; "/" before the account was opened, "#" where nothing was told."""
    newest = date.fromisoformat(f"{period}-01")
    asked = [due_date(newest, -back) for back in range(months - 1, -1, -1)]
    return "".join(codes.get(month_of(day), NOT_OPEN if day < opened.replace(day=1) else UNKNOWN) for day in asked)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def last_day(period: str) -> date:
    first = date.fromisoformat(f"{period}-01")
    return date.fromordinal(due_date(first, 1).toordinal() - 1)
