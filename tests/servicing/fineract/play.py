"""Replay scenarios, one after another, and say what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .steps import run
from .tables import Verdict
from .world import World

SCHEDULE = {"schedule", "total"}


@dataclass
class Outcome:
    name: str
    verdicts: list[tuple[int, Verdict]] = field(default_factory=list)
    error: str = ""

    def failed(self, kinds: set[str] | None = None) -> list[tuple[int, Verdict]]:
        return [(n, v) for n, v in self.verdicts if not v.passed and (kinds is None or v.kind in kinds)]

    @property
    def passed(self) -> bool:
        return not self.error and not self.failed()

    @property
    def schedule_passed(self) -> bool:
        return not self.error and not self.failed(SCHEDULE)


def play(world: World, scenario: dict[str, Any]) -> Outcome:
    """Replay one scenario; a step that fails as no check does ends it."""
    outcome = Outcome(scenario["scenario"])
    world.forget()
    for number, given in enumerate(scenario["steps"], start=1):
        try:
            verdict = run(world, given)
        except Exception as error:
            outcome.error = f"step {number} ({given['text'][:90]}): {type(error).__name__}: {error}"
            break
        if verdict is not None:
            outcome.verdicts.append((number, verdict))
    return outcome


def play_all(scenarios: Iterable[dict[str, Any]]) -> list[Outcome]:
    world = World()
    return [play(world, scenario) for scenario in scenarios]


def tally(outcomes: list[Outcome]) -> dict[str, tuple[int, int]]:
    """By kind of check: how many passed, how many there are."""
    all_, good = Counter(), Counter()
    for outcome in outcomes:
        for _, verdict in outcome.verdicts:
            all_[verdict.kind] += 1
            good[verdict.kind] += verdict.passed
    return {kind: (good[kind], count) for kind, count in sorted(all_.items())}
