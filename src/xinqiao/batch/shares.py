"""What a page of loans has earned and collected for each owner: all of it the funder's, or divided as payments are. Pure.

A loan that several lend has its totals divided by `servicing.loans.cumulated`, the rule that its payments go by. What is new for an owner is the
difference between two such parts: the days' differences sum to the part of the whole, and nothing stays in `accrued` once all was paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from xinqiao.servicing.loans import Share, Splits, cumulated
from xinqiao.servicing.product.model import Kind

from .columns import UUIDS
from .exact import compiled, ratio
from .model import CURRENCY, WHOLE, Ints, Page, Standing
from .sums import Sums, merged, summed

WIDEST = 2**47
"""`exact.ratio` takes fractions whose parts are below this."""
Portion = tuple[Ints, NDArray, Ints]
"""Rows of the page, whose a part of them is, and their totals (4, rows)."""


def earned(page: Page, standing: Standing) -> Sums:
    """Interest, penalty interest and what was collected of both since the close before, by currency and owner."""
    penalty = standing.collected_penalty
    now = np.stack([standing.earned_interest, standing.earned_penalty, standing.collected - penalty, penalty])
    return merged(
        summed(
            {"currency": page.words[rows, CURRENCY], "funder": owner},
            {"interest": new[0] - was[0], "penalty": new[1] - was[1], "collected": (new - was)[2:].sum(axis=0)},
        )
        for (rows, owner, new), (_, _, was) in zip(
            _portions(page.splits, page.shared, page.funders, now),
            _portions(page.splits, page.shared, page.funders, _before(page)),
            strict=True,
        )
    )


def passed(page: Page) -> Sums:
    """What had been earned and not collected of loans whose claim went to others since: from each seller to who leads them now, from there on."""
    of = np.flatnonzero((page.funders != page.before.funder) | (page.shared != page.before.shared))
    currency, lead, was = page.words[of, CURRENCY], page.funders[of], _before(page)[:, of]
    sold = _portions(page.splits, page.before.shared[of], page.before.funder[of], was)
    bought = _portions(page.splits, page.shared[of], lead, was)
    moves = [*((rows, owner, of_owner) for rows, owner, of_owner in sold), *((rows, owner, -of_owner) for rows, owner, of_owner in bought)]
    return merged(
        summed(
            {"currency": currency[rows], "seller": owner, "funder": lead[rows]},
            {"accrued": np.where(owner == lead[rows], 0, of_owner[0] + of_owner[1] - of_owner[2] - of_owner[3])},
        )
        for rows, owner, of_owner in moves
    )


def divided(totals: Ints, shares: Sequence[Share]) -> list[Ints]:
    """`servicing.loans.divide` over a column of amounts, none of them negative."""
    ends = [_up_to(totals, end) for end in cumulated(shares)]
    return [end - start for start, end in zip([np.zeros_like(totals), *ends], ends, strict=False)]


def _portions(splits: Sequence[Splits], shared: Ints, funders: NDArray, totals: Ints) -> Iterator[Portion]:
    """`totals` has a row each for interest and penalty interest earned, then for both as collected: each is divided for itself."""
    order = np.argsort(shared, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(shared[order])) + 1):
        code = shared[rows[0]] if len(rows) else WHOLE
        if code == WHOLE:
            yield rows, funders[rows], totals[:, rows]
            continue
        for row, kind in enumerate((Kind.INTEREST, Kind.PENALTY)):
            shares = splits[code][kind]
            for share, made, collected in zip(shares, *(divided(totals[at, rows], shares) for at in (row, row + 2)), strict=True):
                part = np.zeros((4, len(rows)), np.int64)
                part[row], part[row + 2] = made, collected
                yield rows, np.full(len(rows), share.owner.bytes, UUIDS), part


def _before(page: Page) -> Ints:
    was = page.before
    return np.stack([was.interest, was.penalty, was.collected - was.collected_penalty, was.collected_penalty])


def _up_to(totals: Ints, end: Fraction) -> Ints:
    if end == 1:
        return totals
    if end.denominator < WIDEST:
        return _parts(totals, end.numerator, end.denominator)
    return np.array([round(int(one) * end) for one in totals], np.int64)


@compiled
def _parts(totals: Ints, numerator: int, denominator: int) -> Ints:
    made = np.empty(len(totals), np.int64)
    for row in range(len(totals)):
        made[row] = ratio(totals[row], numerator, denominator)
    return made
