"""Error rates of near infrared and depth from `sensors_pool.py answers`: by species, in light and in the dark, people as the unit. *Simulated.*

    .venv/bin/python scripts/sensors_rates.py ANSWERS.npz...

A still is called live when both signals of a sensor pass, an attack when one of them fails; it goes to a person when one is unsure, and is to be
taken again when one asks for it. APCER counts attacks called live, BPCER living people called attacks, both among the stills that got an answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from xinqiao.identity import FaceModels, State
from xinqiao.identity.liveness.simulate import SPECIES
from xinqiao.identity.liveness.simulate.scene import ROOMS
from xinqiao.identity.sources import shipped
from xinqiao.identity.thresholds import ANY_DEVICE

PASS, REFER, RETRY, FAIL, SILENT = range(5)
DARK = ("dark",)
DRAWS = 2000
GROUP = {"nir": "infrared", "map": "depth", "pair": "depth"}
STATE = {State.PASS: PASS, State.REFER: REFER, State.FAIL: FAIL}
BAND = FaceModels.load().thresholds.liveness.device(ANY_DEVICE)[1].band
SENSORS = {"near infrared": ("nir",), "depth map": ("map",), "two cameras": ("pair",), "near infrared and depth map": ("nir", "map"), "near infrared and two cameras": ("nir", "pair")}  # fmt: skip


def said(rows: dict[str, np.ndarray], kinds: tuple[str, ...]) -> np.ndarray:
    """One word a still from several signals: fail outranks retry here, since no other camera is asked; then doubt, which two sensors settle by the
    sum of their bounded log-odds, as the product's fusion does; then pass."""
    states = np.stack([rows[f"{kind}_{part}"] for kind in kinds for part in ("there", "like")])
    failed, again = (states == FAIL).any(0), (states == RETRY).any(0)
    doubt, silent = (states == REFER).any(0), (states == SILENT).any(0)
    if len(kinds) > 1:
        whole = sum(bounded(rows[f"{kind}_score"], GROUP[kind]) for kind in kinds)
        settled = np.array([STATE[BAND.state(float(p))] for p in 1 / (1 + np.exp(-np.nan_to_num(whole)))])
        return np.select([failed, again | silent], [FAIL, RETRY], settled)
    return np.select([failed, again, silent, doubt], [FAIL, RETRY, RETRY, REFER], PASS)


def bounded(score: np.ndarray, group: str) -> np.ndarray:
    p = np.clip(score, 1e-6, 1 - 1e-6)
    return np.array([shipped().groups[group].bounded(float(v)) for v in np.log(p / (1 - p))])


def interval(wrong: np.ndarray, person: np.ndarray) -> str:
    """95 %: people drawn with replacement, all their stills with them; without an error, the exact binomial limit for as many people."""
    people, number = np.unique(person, return_inverse=True)
    if not wrong.any():
        return f"0-{100 * (1 - 0.025 ** (1 / len(people))):.1f}"
    part, whole = np.bincount(number, wrong), np.bincount(number)
    drawn = np.random.default_rng(1).integers(0, len(people), (DRAWS, len(people)))
    rates = part[drawn].sum(1) / whole[drawn].sum(1)
    return f"{100 * np.quantile(rates, 0.025):.1f}-{100 * np.quantile(rates, 0.975):.1f}"


def line(name: str, answer: np.ndarray, person: np.ndarray, *, live: bool) -> str:
    heard = answer != RETRY
    wrong = (answer == FAIL) if live else (answer == PASS)
    share = {label: np.mean(answer == word) for label, word in (("pass", PASS), ("person", REFER), ("again", RETRY), ("refused", FAIL))}
    rate = f"{100 * wrong[heard].mean():.1f} % ({wrong[heard].sum()} of {heard.sum()})" if heard.any() else "-"
    limits = interval(wrong[heard], person[heard]) if heard.any() else "-"
    return f"| {name} | {len(set(person.tolist()))} | {rate} | {limits} | " + " | ".join(f"{100 * v:.1f} %" for v in share.values()) + " |"


def main() -> None:
    parts = [np.load(Path(file)) for file in sys.argv[1:]]
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0].files}
    dark = np.isin(rows["room"], [list(ROOMS).index(name) for name in DARK])
    for title, kinds in SENSORS.items():
        answer = said(rows, kinds)
        print(f"\n{title}\n| | people | APCER / BPCER | 95 % | pass | to a person | again | refused |\n|---|---|---|---|---|---|---|---|")
        for number, species in enumerate(SPECIES):
            for label, where in ((species, np.ones(len(dark), bool)), (f"{species}, dark", dark)):
                here = (rows["species"] == number) & where
                if here.any() and (label == species or number == 0):
                    print(line(label, answer[here], rows["seed"][here], live=number == 0))
        attack = rows["species"] > 0
        for label, here in (("all attacks", attack), ("all attacks, dark", attack & dark)):
            print(line(label, answer[here], rows["seed"][here], live=False))
        reasons = [r for kind in kinds for r in rows[f"{kind}_reason"][(rows["species"] == 0)] if r]
        print("living people's reasons:", {r: reasons.count(r) for r in sorted(set(reasons))})


if __name__ == "__main__":
    main()
