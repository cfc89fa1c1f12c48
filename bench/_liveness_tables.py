"""What the bench found, as tables that fit a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lending import console
from rich.table import Table

Found = Mapping[str, Any]


def show(name: str, found: Found) -> None:
    if "rates" not in found:
        _plain(name, found)
        return
    _plain(name, {key: value for key, value in found.items() if key not in ("rates", "ablation, clip alone", "ablation, all sensors")})
    for sensors, rooms in found["rates"].items():
        _by_room(f"{sensors} (simulated)", rooms)
    for sensors, rooms in found["rates"].items():
        _by_species(f"{sensors}, all rooms (simulated)", rooms["all rooms"])
    for key in ("ablation, clip alone", "ablation, all sensors"):
        _ablation(f"{key} (simulated)", found[key])


def _plain(name: str, found: Found) -> None:
    made = Table(title=name, title_justify="left", show_header=False)
    lists = {key: value for key, value in found.items() if key.startswith("ablation")}
    for key, value in found.items():
        if key not in lists:
            made.add_row(key, _short(value))
    console.print(made)
    for key, value in lists.items():
        _ablation(key, value)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if len(text) < 1200 else text[:1200] + " ..."


def _by_room(title: str, rooms: Found) -> None:
    made = Table(
        "room",
        "people",
        "live: called attacks",
        "no answer",
        "a person looks",
        "pass",
        "worst species: called live",
        "attacks pass",
        title=title,
        title_justify="left",
    )
    for room, told in rooms.items():
        if told:
            made.add_row(room, str(told["people"]), *_live(told), _worst(told), _most(told["passed"]))
    console.print(made)


def _live(told: Found) -> list[str]:
    return [
        with_range(told["bpcer"], told["intervals"]["bpcer"]),
        *(percent(told[key]["live"]) for key in ("non_response", "referred", "passed")),
    ]


def _worst(told: Found) -> str:
    known = {name: rate for name, rate in told["apcer"].items() if rate is not None}
    if not known:
        return "-"
    worst = max(known, key=lambda name: known[name])
    return f"{worst} {with_range(known[worst], told['intervals']['apcer'][worst])}"


def _most(passed: Found) -> str:
    attacks = {name: rate for name, rate in passed.items() if name != "live"}
    worst = max(attacks, key=lambda name: attacks[name])
    return f"{worst} {percent(attacks[worst])}" if attacks[worst] else "none"


def _by_species(title: str, told: Found | None) -> None:
    if not told:
        return
    made = Table("species", "captures", "called live", "95 %", "no answer", "a person looks", "pass", title=title, title_justify="left")
    for name, rate in told["apcer"].items():
        ends = told["intervals"]["apcer"][name]
        row = [percent(told[key][name]) for key in ("non_response", "referred", "passed")]
        made.add_row(name, str(told["by_species"][name]["captures"]), percent(rate), span(ends), *row)
    console.print(made)


def _ablation(title: str, lines: Sequence[Found]) -> None:
    made = Table(
        "signal",
        "area",
        "alone: live pass",
        "live refused",
        "attacks pass",
        "attacks refused",
        "without it: live pass",
        "attacks pass",
        "worst",
        title=title,
        title_justify="left",
    )
    for line in lines:
        alone = [line.get(f"alone: {key}") for key in ("living people pass", "living people refused", "attacks pass", "attacks refused")]
        when = "with" if line["signal"] == "all together" else "without"
        worst = line[f"{when}: worst species"]
        rest = [percent(line[f"{when}: living people pass"]), percent(line[f"{when}: attacks pass"])]
        area = "-" if line.get("area") is None else f"{line['area']:.3f}"
        made.add_row(line["signal"], area, *(percent(one) for one in alone), *rest, f"{worst[0]} {percent(worst[1])}" if worst else "-")
    console.print(made)


def percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"


def span(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.1%}-{ends[1]:.1%}"


def with_range(rate: float | None, ends: Sequence[float] | None) -> str:
    return f"{percent(rate)} [{span(ends)}]"
