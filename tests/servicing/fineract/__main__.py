"""`python -m tests.servicing.fineract [FILE...]`: replay recorded scenarios and print what differs."""

from __future__ import annotations

import sys
from pathlib import Path

from .data import folder, scenarios
from .play import Outcome, play, tally
from .world import World


def main(arguments: list[str]) -> int:
    verbose = "-v" in arguments
    numbers = {int(a) for a in arguments if a.isdigit()}
    files = [Path(a) for a in arguments if a != "-v" and not a.isdigit()] or [folder() / "fineract_e2e_schedules.json"]
    outcomes: list[Outcome] = []
    for file in files:
        world = World()
        for number, scenario in enumerate(scenarios(file)):
            outcome = play(world, scenario)
            if numbers and number not in numbers:
                continue
            outcomes.append(outcome)
            show(number, outcome, verbose=verbose)
    good = sum(o.schedule_passed for o in outcomes)
    print(f"\nschedules as recorded in {good} of {len(outcomes)} scenarios; everything in {sum(o.passed for o in outcomes)}")
    print("  ".join(f"{kind} {passed}/{count}" for kind, (passed, count) in tally(outcomes).items()))
    return 0 if good == len(outcomes) else 1


def show(number: int, outcome: Outcome, *, verbose: bool) -> None:
    mark = "ok  " if outcome.passed else "tab " if outcome.schedule_passed else "FAIL"
    print(f"{mark} {number:3} {outcome.name[:130]}")
    if outcome.error:
        print(f"       {outcome.error}")
    failures = outcome.failed()
    for step, verdict in failures if verbose else failures[:1]:
        for line in verdict.wrong if verbose else verdict.wrong[:1]:
            print(f"       step {step}: {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
