"""Has what we see moved away from what was calibrated?"""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from xinqiao.identity.liveness.drift import EDGES, Seen, histogram, reading, stability, weekly


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
    assert reading(stability(before, histogram(scores(3, seed=2)))) == "steady"
    assert reading(stability(before, histogram(scores(2.6, seed=2)))) == "watch"
    assert reading(stability(before, histogram(scores(1, seed=2)))) == "moved"


def test_too_few_scores_say_nothing() -> None:
    assert stability(histogram(scores(3)), histogram([0.9] * 49)) is None
    assert reading(None) == "unknown"


def test_a_week_is_counted_by_class_from_monday() -> None:
    def seen(day: int, device: str, score: float | None, outcome: str) -> Seen:
        return Seen(datetime(2026, 11, day, 9, tzinfo=UTC), device, score, outcome)

    rows = [
        seen(16, "phone_high", 0.9, "pass"),
        seen(22, "phone_high", 0.6, "refer"),
        seen(22, "phone_high", None, "retry"),
        seen(22, "phone_high", 0.3, "retry"),
        seen(20, "desktop", 0.1, "fail"),
        seen(23, "phone_high", 0.9, "pass"),
    ]
    first, phones, later = weekly(rows)
    assert (first.device, first.monday, first.failed, first.non_response) == ("desktop", date(2026, 11, 16), 1.0, 0.0)
    assert (phones.checks, phones.passed, phones.referred, phones.failed, phones.non_response) == (4, 0.25, 0.25, 0.0, 0.5)
    assert (later.monday, later.passed, later.psi) == (date(2026, 11, 23), 1.0, None)


def test_a_week_is_held_against_its_own_class_s_calibration() -> None:
    day = datetime(2026, 11, 17, tzinfo=UTC)
    rows = [Seen(day, device, float(s), "pass") for device in ("phone_high", "desktop") for s in scores(1, 200)]
    expected = {"phone_high": histogram(scores(1, seed=5)), "desktop": histogram(scores(4, seed=5))}
    told = {week.device: reading(week.psi) for week in weekly(rows, expected)}
    assert told["desktop"] == "moved"
    assert told["phone_high"] != "moved"
