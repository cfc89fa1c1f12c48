"""The bench's figures as Markdown, written between the marks `<!-- bench:NAME -->` and `<!-- /bench -->` of a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from _liveness_tables import percent, span

Found = Mapping[str, Any]
WORDS = {"live": "living people", "flat_print": "flat print", "bent_print": "bent print", "phone_replay": "phone", "tablet_replay": "tablet",
         "paper_mask": "paper mask", "resin_mask": "resin mask", "silicone_mask": "silicone mask", "printed_head": "printed head", "print": "print"}  # fmt: skip


def write(path: Path, found: Found) -> list[str]:
    """Replace every block whose part was measured; the names of those that were."""
    text, done = path.read_text("utf-8"), []
    for name, (part, made) in BLOCKS.items():
        told = found.get(part, {})
        if "failed" in told or "skipped" in told or not told:
            continue
        if not re.search(rf"<!-- bench:{name} -->", text):
            continue
        block = "\n".join(made(told))
        text, count = re.subn(
            rf"(<!-- bench:{name} -->\n).*?(<!-- /bench -->)", lambda at, block=block: f"{at[1]}{block}\n{at[2]}", text, flags=re.S
        )
        done += [name] * count
    path.write_text(text, "utf-8")
    return done


def table(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(map(str, line))} |" for line in lines)]


def source(found: Found) -> str:
    return f"*Simulated*: {found['checked']:,} sessions of {found['frame']}, each another invented person."


def sensors(found: Found) -> list[str]:
    """One line for each set of sensors and each kind of room."""
    head = ["*simulated*", "rooms", "living: called attacks, 95 %", "try again", "a person looks", "pass", "attacks called live: worst species, 95 %", "all species", "attacks that pass"]  # fmt: skip
    return [source(found), "", *table(head, _sensor_lines(found["rates"]))]


def _sensor_lines(rates: Found) -> Iterable[Sequence[str]]:
    for name, rooms in rates.items():
        for room in ("all rooms", "light (60-1,500 lux)", "dark (under 40 lux)"):
            if told := rooms[room]:
                yield [
                    name,
                    room,
                    _with(told["bpcer"], told["intervals"]["bpcer"]),
                    *_living(told),
                    _worst(told),
                    _all(told),
                    _passing(told),
                ]


def _living(told: Found) -> list[str]:
    return [percent(told[key]["live"]) for key in ("non_response", "referred", "passed")]


def _with(rate: float | None, ends: Sequence[float] | None) -> str:
    return f"{percent(rate)} [{span(ends)}]"


def _worst(told: Found) -> str:
    known = {name: rate for name, rate in told["apcer"].items() if rate is not None}
    worst = max(known, key=lambda name: known[name], default=None)
    return "-" if worst is None else f"{WORDS[worst]} {_with(known[worst], told['intervals']['apcer'][worst])}"


def _all(told: Found) -> str:
    counts = [one for name, one in told["by_species"].items() if name != "live"]
    heard = sum(one["live"] + one["attack"] for one in counts)
    return f"{sum(one['live'] for one in counts)} of {heard}"


def _passing(told: Found) -> str:
    counts = {name: one["captures"] for name, one in told["by_species"].items() if name != "live"}
    return f"{sum(round(told['passed'][name] * count) for name, count in counts.items())} of {sum(counts.values())}"


def species(found: Found) -> list[str]:
    """Called live of those answered, and passed of all, for each species under each set of sensors."""
    rates = {name: rooms["all rooms"] for name, rooms in found["rates"].items() if rooms["all rooms"]}
    some = next(iter(rates.values()))
    lines = [
        [WORDS[kind], str(some["by_species"][kind]["captures"]), *(f"{_called(told, kind)}; {percent(told['passed'][kind])}" for told in rates.values())]
        for kind in some["apcer"]
    ]  # fmt: skip
    return [source(found), "", *table(["called live of those answered; passed of all", "sessions", *rates], lines)]


def _called(told: Found, kind: str) -> str:
    one = told["by_species"][kind]
    return f"{one['live']} of {one['live'] + one['attack']}"


def rooms(found: Found) -> list[str]:
    """Living people who pass, by room, under each set of sensors."""
    rates = found["rates"]
    names = [name for name in ("dark", "dim", "indoor", "office", "window") if all(told[name] for told in rates.values())]
    lines = [[sensors, *(f"{percent(told[room]['passed']['live'])}, {percent(told[room]['non_response']['live'])}" for room in names)] for sensors, told in rates.items()]  # fmt: skip
    return [source(found), "", *table(["living people: pass, try again", *names], lines)]


def challenge(found: Found) -> list[str]:
    told = found["another_challenge"]
    return [f"*Simulated*: {told[key]['held_against']:,} answers of {words} ({told[key]['recordings']:,} recordings) to another challenge: **{told[key]['passed']} passed**; the best explained {percent(told[key]['highest'])}." for key, words in (("living", "living people"), ("all", "anything before the camera"))]  # fmt: skip


def ablation(key: str) -> Callable[[Found], list[str]]:
    return lambda found: [source(found) if "checked" in found else "*NUAA*, clips of eight frames, people whom the shipped weights know: real prints, and optimistic.", "", *_ablation(found[key])]  # fmt: skip


def _ablation(lines: Sequence[Found]) -> list[str]:
    head = [
        "signal",
        "area under the curve",
        "alone: living pass",
        "attacks pass",
        "attacks refused",
        "without it: living pass",
        "attacks pass",
        "worst species",
    ]
    whole, *rest = lines
    told = [["**all together**", "", "", "", "", *_fused(whole, "with")]]
    told += [
        [f"`{line['signal']}`", "" if line["area"] is None else f"{line['area']:.3f}", *_alone(line), *_fused(line, "without")]
        for line in rest
    ]
    return table(head, told)


def _alone(line: Found) -> list[str]:
    return [percent(line[f"alone: {key}"]) for key in ("living people pass", "attacks pass", "attacks refused")]


def _fused(line: Found, when: str) -> list[str]:
    worst = line[f"{when}: worst species"]
    return [
        percent(line[f"{when}: living people pass"]),
        percent(line[f"{when}: attacks pass"]),
        f"{WORDS[worst[0]]} {percent(worst[1])}" if worst and worst[1] else "none",
    ]


CHECKS = {
    "clip of 25 frames": "one second, 25 frames",
    "clip of 25 frames, challenge": "25 frames over a challenge",
    "whole challenged clip": "every frame of a challenge at 30 a second",
    "picture": "one picture",
}


def cost(found: Found) -> list[str]:
    lines = [[words, *(found[name][key] for key in ("least_ms", "median_ms", "first_ms", "peak_mb"))] for name, words in CHECKS.items()]
    near = found["near-infrared frame"]
    if "least_ms" in near:
        lines.append(["a near-infrared frame alone, colour's mesh known", near["least_ms"], near["median_ms"], near["first_ms"], "-"])
    batch = next(value for name, value in found.items() if name.endswith(" pictures"))
    runs = {name: one for name, one in batch.items() if isinstance(one, dict)}
    count = next(one["pictures"] for one in runs.values())
    walls = ", ".join(f"{name} {one['wall_s']} s ({one['cpu_s']} s of CPU)" for name, one in runs.items())
    return [
        f"Load average when measured: {found['load_average'][0]} on two cores; others' work on the machine only adds.",
        "",
        *table(["640x480, one core, whole check from the file on", "ms of CPU, least", "median", "first", "peak MB of the process"], lines),
        "",
        f"Model files: {found['model_files_mb']['all']} MB in all. A batch of {count:,} pictures: {walls}; {batch['times_faster']} times faster.",
    ]


def match(found: Found) -> list[str]:
    lines = []
    for name in ("orl", "nuaa"):
        told = found[name]
        linked = told["unlinkable"]
        lines.append([name.upper(), told["pairs"]["people"], f"{percent2(told['cosine']['eer'])} [{'-'.join(percent2(x) for x in told['eer_interval'])}]", percent2(told["template"]["eer"]), f"{linked['auc']:.3f}"])  # fmt: skip
    return table(
        ["set", "people", "EER, embedding [95 %]", "EER, keyed template", "linked across keys: area under the curve (chance is .500)"],
        lines,
    )


def percent2(rate: float) -> str:
    return f"{rate:.2%}"


def nuaa(found: Found) -> list[str]:
    lines = []
    for name in ("shipped weights by frame", "shipped weights by clip of 8"):
        told = found[name]
        lines.append([name, told["captures"], *(f"{percent(told[key])} [{span(told['intervals'][key])}]" for key in ("eer", "bpcer")), percent(told["apcer"]["print"]), percent(told["non_response"]["live"]), percent(told["non_response"]["print"]), percent(told["passed"]["live"]), percent(told["passed"]["print"])])  # fmt: skip
    return table(["whole check", "captures", "EER", "BPCER", "APCER", "no answer: live", "print", "pass: live", "print"], lines)


def folds(found: Found) -> list[str]:
    """The recipe's error on NUAA's held-out people; then that of recipes that were shown no real print at all."""
    told = found["never seen"]
    names = {
        "frames": "the recipe that ships, by frame",
        "int8_frames": "the same, as int8",
        "clips": "by clip of eight frames",
        "int8_clips": "the same, as int8",
    }
    lines = [
        [words, "the judged people", _eer(told["people_never_seen"][name])]
        for name, words in names.items()
        if name in told.get("people_never_seen", {})
    ]
    lines += [
        [f"`{one['recipe']}`, by frame", ", ".join(one["trained_without"]), _eer(one["nuaa_prints"])] for one in told.get("left_out", [])
    ]
    return (
        table(["NUAA, live against real prints", "trained without", "EER [95 %], people"], lines)
        if lines
        else ["(no figures lie beside these weights)"]
    )


def _eer(one: Found) -> str:
    return f"{percent(one['eer'])} [{span((one['low'], one['high']))}], {one['people']}"


def over_time(found: Found) -> list[str]:
    """Statistics of the clip that were tried beside the texture: half the sum of both errors on sessions of another camera's size."""
    tried = [one for one in found["never seen"].get("ablation", []) if one.get("half_error") is not None]
    lines = [
        [one["signal"].replace("_", " "), one["set"], f"{one['half_error']:.3f}", "used" if one.get("used") else "left out"]
        for one in tried
    ]
    return (
        ["*Simulated.* Half of the sum of both errors; .5 is chance.", "", *table(["measure", "on", "error", ""], lines)] if lines else []
    )


BLOCKS: dict[str, tuple[str, Callable[[Found], list[str]]]] = {
    "sensors": ("sessions", sensors),
    "species": ("sessions", species),
    "rooms": ("sessions", rooms),
    "challenge": ("sessions", challenge),
    "ablation": ("sessions", ablation("ablation, all sensors")),
    "ablation-clip": ("sessions", ablation("ablation, clip alone")),
    "ablation-nuaa": ("nuaa", ablation("ablation by clip")),
    "nuaa": ("nuaa", nuaa),
    "folds": ("nuaa", folds),
    "over-time": ("nuaa", over_time),
    "cost": ("time", cost),
    "match": ("match", match),
}
