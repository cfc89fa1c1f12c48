"""Every recorded scenario, replayed: one case each."""

from __future__ import annotations

import re
from functools import cache

import pytest

from .data import folder, present, scenarios
from .excluded import EXCLUDED
from .play import Outcome, play_all

CASES = [(s["file"], s["scenario"]) for s in scenarios()] if present() else []
absent = pytest.mark.skipif(
    not present(), reason=f"no recorded scenarios in {folder()}; set XINQIAO_LOAN_DATA to the folder that holds them"
)


def _id(case: tuple[str, str]) -> str:
    file, name = case
    return f"{file.removesuffix('.feature')}: {re.sub(r'[^A-Za-z0-9 ,.+-]', '', name)[:110]}"


@cache
def outcomes() -> list[Outcome]:
    """In the order of the file: settings that a step leaves hold for what follows."""
    return play_all(scenarios())


@absent
@pytest.mark.parametrize("number", range(len(CASES)), ids=[_id(case) for case in CASES])
def test_scenario_replays_as_recorded(number: int) -> None:
    outcome = outcomes()[number]
    wrong = [outcome.error] if outcome.error else [f"step {step}: {line}" for step, verdict in outcome.failed() for line in verdict.wrong]
    reason = EXCLUDED.get(CASES[number])
    if reason is None:
        assert not wrong, "\n".join(wrong)
    else:
        assert wrong, f"this scenario is excluded ({reason}) and passes: take it off the list"
        pytest.skip(reason)


@absent
def test_fewer_than_one_in_ten_is_excluded() -> None:
    assert set(EXCLUDED) <= set(CASES)
    assert 10 * len(EXCLUDED) < len(CASES)
