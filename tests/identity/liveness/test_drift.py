"""Has what we see moved away from what was calibrated?"""

import numpy as np
import pytest

from xinqiao.identity.liveness.drift import EDGES, STEADY, histogram, stability


def scores(mean: float, count: int = 4000, seed: int = 1) -> np.ndarray:
    return 1 / (1 + np.exp(-np.random.default_rng(seed).normal(mean, 1, count)))


def test_every_score_falls_into_one_bin() -> None:
    found = histogram([0.0, 1.0, 0.5, EDGES[0], EDGES[-1], float("nan")])
    assert len(found) == len(EDGES) + 1 == 22
    assert sum(found) == 5
    assert found[0] == 1
    assert found[-1] == 2
    assert found[1] == 1


def test_the_index_is_the_textbook_s() -> None:
    """Siddiqi 2006: shares .5/.5 against .7/.3 give (.2)(ln 1.4) + (-.2)(ln .6) = .169."""
    assert stability([50_000, 50_000], [70_000, 30_000]) == pytest.approx(0.1695, abs=1e-3)
    assert stability([500, 500], [500, 500]) == 0
    with pytest.raises(ValueError, match="bins"):
        stability([1, 2], [1, 2, 3])


def test_the_same_people_are_steady_and_others_have_moved() -> None:
    before = histogram(scores(3))
    steady, other, far = (stability(before, histogram(scores(mean, seed=2))) for mean in (3, 2.6, 1))
    assert steady is not None
    assert other is not None
    assert far is not None
    assert steady < STEADY < other < far


def test_too_few_scores_say_nothing() -> None:
    assert stability(histogram(scores(3)), histogram([0.9] * 49)) is None
