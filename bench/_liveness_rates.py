"""Error rates of the simulated sessions by sensors and room, and what each signal adds: the ablation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from _liveness_sessions import SENSORS, Row, again

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness.evaluate import Answer, measure
from xinqiao.identity.model import State

Found = dict[str, Any]
LIT, DARK = ("indoor", "office", "window"), ("dark", "dim")
ROOMS: dict[str, tuple[str, ...]] = {
    "all rooms": LIT + DARK,
    "light (60-1,500 lux)": LIT,
    "dark (under 40 lux)": DARK,
    **{room: (room,) for room in (*DARK, *LIT)},
}
DRAWS = 300


def by_sensors_and_room(rows: Sequence[Row]) -> Found:
    return {name: {room: _rates(rows, name, rooms) for room, rooms in ROOMS.items()} for name in SENSORS}


def _rates(rows: Sequence[Row], sensors: str, rooms: Sequence[str]) -> Found | None:
    answers = [answer(row, row["answers"][sensors]) for row in rows if row["room"] in rooms]
    if not {"live"} < {a.species for a in answers}:
        return None
    found = measure(answers, draws=DRAWS)
    kept = ("apcer", "bpcer", "acer", "eer", "people", "intervals", "non_response", "referred", "passed", "by_species", "retry_reasons")
    return {key: found[key] for key in kept}


def answer(row: Row, said: Mapping[str, Any]) -> Answer:
    return Answer(row["person"], row["species"], said["label"], said["outcome"], said["score"], 0.0, said["reason"])


def wrong_challenges(rows: Iterable[Row]) -> Found:
    """Recordings held against other challenges than the one that they answer: those of living people, and all."""

    def count(some: list[Row]) -> Found:
        told = [row["wrong"] for row in some if row["wrong"]]
        held = sum(one["held"] for one in told)
        highest = max((one["highest"] for one in told), default=None)
        return {"recordings": len(told), "held_against": held, "passed": sum(one["passed"] for one in told), "highest": highest}

    rows = list(rows)
    return {"living": count([row for row in rows if row["species"] == "live"]), "all": count(rows)}


Inputs = Mapping[str, Any]


def ablation(cases: Sequence[tuple[str, Inputs]], models: FaceModels) -> list[Found]:
    """`cases`: species and what its fusion was given. One line a signal: alone, and what the fusion loses without it.

    Alone: every other signal counts as passed and no other evidence is weighed. Without: this one counts as passed and its evidence is not
    weighed. `stopped`: did not pass (refused, to be tried again, or left to a person); `refused` alone is told besides.
    """
    names = list(dict.fromkeys(name for _, given in cases for name, state, *_ in given["signals"] if state != State.NOT_CHECKED))
    whole = _outcomes(cases, models, lambda name: True)
    lines = [{"signal": "all together"} | _told("with", whole)]
    for name in (n for n in names if n != "fused"):
        alone = _outcomes(cases, models, lambda other, name=name: other == name)
        without = _outcomes(cases, models, lambda other, name=name: other != name)
        lines.append({"signal": name} | _told("alone", alone) | _told("without", without) | {"area": area(cases, name)})
    return lines


def _outcomes(cases: Sequence[tuple[str, Inputs]], models: FaceModels, kept: Callable[[str], bool]) -> list[tuple[str, str]]:
    return [(species, again(models, given, kept, as_passed=True).outcome.value) for species, given in cases]


def _told(when: str, outcomes: Sequence[tuple[str, str]]) -> Found:
    live = [outcome for species, outcome in outcomes if species == "live"]
    attacks = [outcome for species, outcome in outcomes if species != "live"]
    kinds = sorted({species for species, _ in outcomes} - {"live"})
    passed = {kind: share([o for s, o in outcomes if s == kind], "pass") for kind in kinds}
    return {
        f"{when}: living people pass": share(live, "pass"),
        f"{when}: living people refused": share(live, "fail"),
        f"{when}: attacks pass": share(attacks, "pass"),
        f"{when}: attacks refused": share(attacks, "fail"),
        f"{when}: worst species": max(passed.items(), key=lambda one: one[1] or 0) if passed else None,
    }


def share(outcomes: Sequence[str], wanted: str) -> float | None:
    return round(sum(o == wanted for o in outcomes) / len(outcomes), 4) if outcomes else None


def area(cases: Sequence[tuple[str, Inputs]], name: str) -> float | None:
    """Area under the curve of the signal's value, living people above attacks; None where it is seldom measured. Under one half: reversed."""
    values = [(species == "live", one[2]) for species, given in cases for one in given["signals"] if one[0] == name and one[2] is not None]
    live, attacks = (np.array([v for alive, v in values if alive is kind]) for kind in (True, False))
    if min(len(live), len(attacks)) < 10:
        return None
    order = np.sort(attacks)
    below = np.searchsorted(order, live, "left") + np.searchsorted(order, live, "right")
    return round(float(below.mean() / 2 / len(attacks)), 3)
