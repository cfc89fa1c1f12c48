"""What every loan of a page has earned, collected and left unpaid by a day. Pure; compiled; the same for one loan as for a million.

**Earned to date** is a function of the instalments and the day alone, so that closing each day or only the last gives the same totals: all interest of
the instalments that fell due, and of the one that runs its part by days elapsed / days in the period, rounded half-even on that running total.
What is settled has earned what was paid on it. Penalty interest is overdue principal x days, summed, x the daily rate, rounded half-even.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from .exact import compiled, ratio
from .model import NEVER, Bools, Instalments, Ints, Standing


def stand(on: int, start: Ints, closed: Bools, penalty: tuple[Ints, Ints], rows: Instalments) -> Standing:
    """`start` is each loan's day of payout, `penalty` the numerators and denominators of its daily rate on overdue principal."""
    first = np.searchsorted(rows.loan, np.arange(len(start) + 1))
    made = np.zeros((9, len(start)), np.int64)
    _stand(
        on,
        first,
        start,
        closed,
        *penalty,
        rows.due,
        rows.principal,
        rows.interest,
        rows.charges,
        rows.paid_principal,
        rows.paid_interest,
        rows.paid_charges,
        rows.paid_penalty,
        rows.penalties,
        rows.late_unit_days,
        rows.aged_to,
        rows.settled,
        made,
    )
    return Standing(*made)


def warm() -> None:
    """Compile, or load what was compiled before: some seconds that no open transaction should wait through."""
    none, nobody = np.empty(0, np.int64), np.empty(0, np.bool_)
    rows = Instalments(*[none] * (len(fields(Instalments)) - 1), settled=nobody)
    stand(0, none, nobody, (none, none), rows)


@compiled
def _earned(amount: int, since: int, due: int, on: int) -> int:
    """The part of a period's interest that its days up to `on` have earned."""
    if on >= due:
        return amount
    return ratio(amount, on - since, due - since) if on > since else 0


@compiled
def _stand(
    on: int,
    first: Ints,
    start: Ints,
    closed: Bools,
    penalty_parts: Ints,
    penalty_scale: Ints,
    due: Ints,
    principal: Ints,
    interest: Ints,
    charges: Ints,
    paid_principal: Ints,
    paid_interest: Ints,
    paid_charges: Ints,
    paid_penalty: Ints,
    penalties: Ints,
    late_unit_days: Ints,
    aged_to: Ints,
    settled: Bools,
    made: Ints,
) -> None:
    for loan in range(len(start)):
        since, oldest, coming = start[loan], NEVER, NEVER
        for row in range(first[loan], first[loan + 1]):
            made[2, loan] += paid_interest[row] + paid_penalty[row]
            made[8, loan] += paid_penalty[row]
            if settled[row] or closed[loan]:
                made[0, loan] += paid_interest[row] if closed[loan] else _earned(paid_interest[row], since, due[row], on)
                made[1, loan] += paid_penalty[row]
            else:
                made[0, loan] += _earned(interest[row], since, due[row], on)
                base, counted = late_unit_days[row], max(due[row], aged_to[row])
                if on > counted:
                    base += (principal[row] - paid_principal[row]) * (on - counted)
                penalty = penalties[row] + ratio(base, penalty_parts[loan], penalty_scale[loan])
                made[1, loan] += penalty
                unpaid = principal[row] + interest[row] + charges[row] + penalty
                unpaid -= paid_principal[row] + paid_interest[row] + paid_charges[row] + paid_penalty[row]
                if due[row] >= on and coming == NEVER:
                    coming, made[6, loan] = due[row], unpaid
                if due[row] < on and unpaid > 0:
                    oldest = min(oldest, due[row])
                    made[3, loan] += unpaid
            made[7, loan] = max(made[7, loan], due[row] - since)
            since = due[row]
        made[4, loan], made[5, loan] = oldest, coming
