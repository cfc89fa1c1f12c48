"""Has what we see moved away from what was calibrated? Pure figures for the console's charts.

Population stability index (PSI), as credit scoring uses it (Siddiqi 2006, ch. 8): the sum over bins of (found - expected) * ln(found / expected)
of the shares; a symmetric Kullback-Leibler divergence. Customary reading (unverified as a norm): under .1 stable; from which value a week
alarms is `journeys.checks.drift`'s. Expected is the histogram of *living people's* scores that `calibration.json` keeps for each class: most applicants live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

EDGES = tuple(float(1 / (1 + np.exp(-x))) for x in np.linspace(-6, 6, 21))
"""Scores between which the 22 bins of a histogram lie: equal steps of log-odds, since most scores crowd near 0 or 1."""
STEADY = 0.1
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
