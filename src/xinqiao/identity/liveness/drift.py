"""Has what we see moved away from what was calibrated? Pure figures for the console's charts.

Population stability index (PSI), as credit scoring uses it (Siddiqi 2006, ch. 8): the sum over bins of (found - expected) * ln(found / expected)
of the shares; a symmetric Kullback-Leibler divergence. Customary reading (unverified as a norm): under .1 stable, .1 to .25 look, above .25
calibrate anew. Expected is the histogram of *living people's* scores that `calibration.json` keeps for each class: most applicants live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

EDGES = tuple(float(1 / (1 + np.exp(-x))) for x in np.linspace(-6, 6, 21))
"""Scores between which the 22 bins of a histogram lie: equal steps of log-odds, since most scores crowd near 0 or 1."""
STEADY, MOVED = 0.1, 0.25
FEWEST = 50
"""Scores under which a PSI is mostly noise, and is None: its expectation without any drift is about (bins - 1) / scores."""
EMPTY = 0.5
"""Counts added to every bin, so that an empty one divides nothing."""


def histogram(scores: Iterable[float]) -> list[int]:
    """How many scores lie in each of the 22 bins: below the first of EDGES, between each two, from the last on."""
    found = np.asarray(list(scores), float)
    return np.bincount(np.searchsorted(EDGES, found[np.isfinite(found)], side="right"), minlength=len(EDGES) + 1).tolist()


def stability(expected: Sequence[float], found: Sequence[float]) -> float | None:
    """PSI of two histograms (counts by bin); None where either holds fewer than FEWEST. Raises ValueError for different bins."""
    if len(expected) != len(found):
        raise ValueError(f"{len(expected)} bins against {len(found)}")
    before, now = np.asarray(expected, float), np.asarray(found, float)
    if before.sum() < FEWEST or now.sum() < FEWEST:
        return None
    p, q = ((counts + EMPTY) / (counts + EMPTY).sum() for counts in (before, now))
    return float(((q - p) * np.log(q / p)).sum())


def reading(psi: float | None) -> str:
    """`unknown`, `steady`, `watch` or `moved`."""
    if psi is None:
        return "unknown"
    return "steady" if psi < STEADY else "watch" if psi < MOVED else "moved"


@dataclass(frozen=True, slots=True)
class Seen:
    """One check, as an event tells it."""

    at: datetime
    device: str
    score: float | None
    outcome: str
    """`pass`, `fail`, `retry` or `refer`"""


@dataclass(frozen=True, slots=True)
class Week:
    """One class's checks of one week. Rates are shares of `checks`."""

    monday: date
    device: str
    checks: int
    non_response: float
    """to be tried again, or without a score"""
    referred: float
    passed: float
    failed: float
    psi: float | None
    """against the class's calibration; None where there is none, or too few scores"""


def weekly(seen: Iterable[Seen], expected: dict[str, Sequence[float]] | None = None) -> list[Week]:
    """By week (ISO 8601, from Monday, in the zone of `at`) and class, oldest first. `expected`: histograms of living scores by class."""
    groups: dict[tuple[date, str], list[Seen]] = {}
    for one in seen:
        day = one.at.date()
        groups.setdefault((day - timedelta(days=day.weekday()), one.device), []).append(one)
    return [_week(monday, device, rows, (expected or {}).get(device)) for (monday, device), rows in sorted(groups.items())]


def _week(monday: date, device: str, rows: Sequence[Seen], expected: Sequence[float] | None) -> Week:
    scores = [r.score for r in rows if r.score is not None and r.outcome != "retry"]

    def share(outcome: str) -> float:
        return sum(r.outcome == outcome for r in rows) / len(rows)

    return Week(
        monday=monday,
        device=device,
        checks=len(rows),
        non_response=1 - len(scores) / len(rows),
        referred=share("refer"),
        passed=share("pass"),
        failed=share("fail"),
        psi=stability(expected, histogram(scores)) if expected is not None else None,
    )
