"""What became of the loans of each score band: the test of a policy that no model card replaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .policy import Policy
from .scorecard import CreditModel


@dataclass(frozen=True, slots=True)
class BandOutcome:
    """One band over a period: how many loans, how many defaulted, and the mean probability that the model gave them."""

    period: str
    band: str
    loans: int
    defaults: int
    mean_pd: Decimal

    @property
    def default_rate(self) -> Decimal | None:
        return (Decimal(self.defaults) / self.loans).quantize(Decimal("0.0001")) if self.loans else None


def band_outcomes(
    *, model: CreditModel, policy: Policy, columns: Any, defaulted: Iterable[int], periods: Iterable[str] | None = None
) -> list[BandOutcome]:
    """Default rate by band of loans whose outcome is known, period by period (one period "all" unless told).

    `columns` is a DataFrame or mapping of arrays with the model's columns; `defaulted` holds 0 or 1 for each row, and `periods` its
    vintage, such as "2026-03". Every band of the policy appears in each period, empty ones with no rate.
    """
    scores = [int(score) for score in model.score_all(columns)]
    outcomes = list(defaulted)
    when = list(periods) if periods is not None else ["all"] * len(scores)
    if not len(scores) == len(outcomes) == len(when):
        raise ValueError(f"{len(scores)} rows, {len(outcomes)} outcomes and {len(when)} periods must be equally many")
    tallies = {(period, band.name): [0, 0, Decimal(0)] for period in sorted(set(when)) for band in policy.bands}
    for score, outcome, period in zip(scores, outcomes, when, strict=True):
        pd = model.pd(score)
        tally = tallies[period, policy.band(pd).name]
        tally[0] += 1
        tally[1] += int(outcome)
        tally[2] += pd
    return [
        BandOutcome(period, band, loans, defaults, (total / max(loans, 1)).quantize(Decimal("0.0001")))
        for (period, band), (loans, defaults, total) in tallies.items()
    ]
