import dataclasses
import itertools
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from xinqiao.identity.liveness.challenge import Challenge, issue, verify
from xinqiao.identity.liveness.challenge.colours import (
    ALPHABET,
    COLOURS,
    LIGHT,
    LUMINANCE,
    RED_SHARE,
    WEIGHTS,
    is_general_flash,
    is_red_flash,
    linear,
    luminance,
)
from xinqiao.identity.liveness.challenge.errors import (
    ChallengeExpired,
    ChallengeForAnother,
    ChallengeForged,
    ChallengeKeyTooShort,
    ChallengeSpent,
    ChallengeUnreadable,
)
from xinqiao.identity.liveness.challenge.model import LEAD, LONGEST, SHORTEST, SLOTS, TICK
from xinqiao.kit import FixedClock

KEY = b"sixteen random bytes"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STATES = (*ALPHABET, "n")


def new(seed: int = 1, application: str = "A-1") -> Challenge:
    return issue(application=application, key=KEY, clock=FixedClock(NOW), draw=random.Random(seed).randrange)


# Photosensitive safety: each half of the screen can only go from one of these five colours to another, so that every transition of every
# sequence that can be issued is among the pairs below.


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
def test_no_transition_that_can_be_issued_is_a_general_or_a_red_flash(one: str, other: str) -> None:
    assert not is_general_flash(LIGHT[one], LIGHT[other])
    assert not is_red_flash(LIGHT[one], LIGHT[other])
    assert abs(luminance(LIGHT[one]) - luminance(LIGHT[other])) < 0.01


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
def test_half_drawn_states_between_two_colours_do_not_flash_either(one: str, other: str) -> None:
    for share in np.linspace(0, 1, 11):
        between = LIGHT[one] * share + LIGHT[other] * (1 - share)
        for state in STATES:
            assert not is_general_flash(between, LIGHT[state])
            assert not is_red_flash(between, LIGHT[state])


@pytest.mark.parametrize("gamma", [1.8, 2.0, 2.2, 2.4, 2.6])
@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.9, 0.7), (1, 0.8, 0.5), (1, 0.7, 0.35)])
def test_no_flash_on_a_display_of_another_gamma_or_with_a_night_filter(gamma: float, tint: tuple[float, ...]) -> None:
    """`tint`: what a night filter lets through of red, green and blue."""
    shown = {name: (np.array(COLOURS[name]) / 255) ** gamma * tint for name in STATES}
    assert all(not is_general_flash(shown[a], shown[b]) for a, b in itertools.combinations(STATES, 2))


def test_all_colours_have_the_luminance_that_they_promise_and_none_is_a_saturated_red() -> None:
    for name in STATES:
        assert luminance(linear(COLOURS[name])) == pytest.approx(LUMINANCE, abs=0.005)
        assert LIGHT[name][0] / LIGHT[name].sum() < RED_SHARE - 0.04


def test_the_flash_measures_know_a_flash_when_they_see_one() -> None:
    black, white, red, blue = (linear(c) for c in ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)))
    assert is_general_flash(black, white)
    assert is_red_flash(red, blue)
    assert not is_general_flash(white * 0.9, white)
    assert WEIGHTS.sum() == pytest.approx(1)


def test_a_challenge_lasts_about_a_second() -> None:
    assert 1.0 <= min(new(n).seconds for n in range(50)) <= max(new(n).seconds for n in range(50)) <= 2 * LEAD + SLOTS * LONGEST * TICK


def test_every_sequence_is_playable_and_no_two_are_alike() -> None:
    drawn = [new(n) for n in range(500)]
    assert len({c.slots for c in drawn}) == len({c.id for c in drawn}) == 500
    for challenge in drawn:
        assert Challenge.parse(challenge.to_json()) == challenge
        assert all(SHORTEST <= s.ticks <= LONGEST for s in challenge.slots)
    used = Counter(s.upper for c in drawn for s in c.slots)
    assert all(0.16 < used[c] / used.total() < 0.33 for c in ALPHABET)


def test_the_systems_randomness_is_the_default() -> None:
    made = [issue(application="A", key=KEY, clock=FixedClock(NOW)) for _ in range(20)]
    assert len({c.slots for c in made}) == 20


def test_an_honest_answer_in_time_is_accepted() -> None:
    sent = Challenge.parse(new().to_json())
    assert verify(sent, application="A-1", key=KEY, clock=FixedClock(NOW + timedelta(seconds=20)), spent={"another"}) == sent


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"application": "A-2"}, ChallengeForAnother),
        ({"clock": FixedClock(NOW + timedelta(seconds=31))}, ChallengeExpired),
        ({"clock": FixedClock(NOW - timedelta(seconds=1))}, ChallengeExpired),
        ({"key": b"another server's key"}, ChallengeForged),
        ({"spent": {new().id}}, ChallengeSpent),
        ({"key": b"short"}, ChallengeKeyTooShort),
    ],
)
def test_a_challenge_for_another_or_too_late_or_twice_is_refused(change: dict, error: type[Exception]) -> None:
    given = {"application": "A-1", "key": KEY, "clock": FixedClock(NOW)} | change
    with pytest.raises(error):
        verify(new(), **given)


def test_whatever_is_changed_breaks_the_seal() -> None:
    challenge, other = new(1), new(2)
    changed = [
        dataclasses.replace(challenge, slots=other.slots),
        dataclasses.replace(challenge, application="A-2"),
        dataclasses.replace(challenge, expires_at=challenge.expires_at + timedelta(days=1)),
        dataclasses.replace(challenge, id=other.id),
        dataclasses.replace(challenge, seal=other.seal),
        dataclasses.replace(challenge, seal="é"),
    ]
    for forged in changed:
        with pytest.raises(ChallengeForged):
            verify(forged, application=forged.application, key=KEY, clock=FixedClock(NOW))


@pytest.mark.parametrize("field", ["id", "slots", "issued_at", "version", "seal"])
def test_a_challenge_with_a_field_missing_or_of_the_wrong_kind_is_unreadable(field: str) -> None:
    whole = json.loads(new().to_json())
    for broken in ({k: v for k, v in whole.items() if k != field}, whole | {field: None} if field not in ("id", "seal") else {}):
        with pytest.raises(ChallengeUnreadable):
            Challenge.parse(json.dumps(broken))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 4000, '{"slots": [["g"]]}', "x" * 5000])
def test_nonsense_is_unreadable(text: str) -> None:
    with pytest.raises(ChallengeUnreadable):
        Challenge.parse(text)


@pytest.mark.parametrize("slot", [["r", "g", 6], ["g", "g", 5], ["g", "g", 600], ["n", "n", 6]])
def test_a_sequence_that_no_server_could_issue_is_unreadable(slot: list) -> None:
    data = json.loads(new().to_json())
    data["slots"][4] = slot
    with pytest.raises(ChallengeUnreadable):
        Challenge.parse(json.dumps(data))


def test_the_light_over_a_shutter_is_its_mean() -> None:
    challenge = new()
    edges = challenge.edges()
    inside = challenge.over(np.array([0.0, edges[2] + 0.001]), 0.02)
    assert np.allclose(inside[0], LIGHT["n"])
    assert np.allclose(inside[1], [LIGHT[challenge.slots[2].upper], LIGHT[challenge.slots[2].lower]])
    across = challenge.over(np.array([edges[3] - 0.02]), 0.04)[0, 0]
    assert np.allclose(across, (LIGHT[challenge.slots[2].upper] + LIGHT[challenge.slots[3].upper]) / 2)
