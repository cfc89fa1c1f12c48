"""Fit and measure the light challenge on simulated sessions.

    python scripts/light_challenge.py film  OUT/dev.jsonl  --seed 101 --sessions 600 --wrong 10
    python scripts/light_challenge.py fit   OUT/dev.jsonl  src/xinqiao/identity/liveness/challenge/shape.json
    python scripts/light_challenge.py film  OUT/test.jsonl --seed 900 --sessions 1000 --wrong 20
    python scripts/light_challenge.py tell  OUT/test.jsonl

`film` renders, encodes, decodes, finds the face with the product's networks, and writes one line of measurements a session; a film that was broken off goes on
where it stopped. `--wrong`: other challenges that each recording is also held against. `tell` counts with the thresholds that are shipped. Seeds
of `fit` and `tell` must differ. Everything is simulated.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import simulate
from xinqiao.identity.liveness.challenge.align import align
from xinqiao.identity.liveness.challenge.answer import DARK, FEWEST_FRAMES, SURE, judge, shape_signal
from xinqiao.identity.liveness.challenge.sample import sample
from xinqiao.identity.liveness.challenge.shape import FEATURES, expanded, measure, row
from xinqiao.identity.liveness.challenge.track import follow
from xinqiao.identity.liveness.simulate.write import Order, challenge_of, clip_of, session_of
from xinqiao.identity.model import State

FLAT = ("flat_print", "bent_print", "phone_replay", "tablet_replay", "paper_mask")
"""What the shape model must tell from a face; resin, silicone and printed heads have a face's shape and are left out of the fit."""
SIZE = (240, 180)
REGIMES = (-0.25, DARK, 9.0)
"""Strengths of the answer, decimal logarithm: a lit room, a dim one, the dark."""
CLEAR = 0.7
"""Clearness, decimal logarithm, that the shape needs: an answer five times its error."""


def film(out: Path, order: Order, wrong: int) -> None:
    done = sum(1 for _ in out.open()) if out.exists() else 0
    models = FaceModels.load()
    with out.open("a", encoding="utf-8") as file:
        for number in range(done, order.sessions):
            file.write(json.dumps(one(models, order, number, wrong)) + "\n")
            file.flush()


def one(models: FaceModels, order: Order, number: int, wrong: int) -> dict:
    session = session_of(order, number)
    frames, times = simulate.decode(clip_of(session))
    meshes = follow(models, frames)
    kept = [n for n, mesh in enumerate(meshes) if mesh is not None]
    scene = session.scene
    line = {
        "number": number,
        "species": scene.species,
        "room": scene.room,
        "device": scene.device,
        "lux": scene.lux,
        "frames": len(frames),
        "faces": len(kept),
    }
    if len(kept) < FEWEST_FRAMES:
        return line
    seen = sample([frames[n] for n in kept], [times[n] for n in kept], [meshes[n].points for n in kept])
    light = seen.face[:, seen.skin].mean(1)
    found = align(session.challenge, seen.times, light)
    answer = judge(session.challenge, seen)
    source = random.Random(scene.seed)
    others = [align(challenge_of(source.randrange(1 << 40)), seen.times, light) for _ in range(wrong)]
    return line | {
        "measured": measure(seen, found) | {"explained": found.pooled, "burnt": seen.burnt, "late": found.delay - scene.latency},
        "states": {s.name: s.state.value for s in answer.signals},
        "wrong": [round(o.pooled if (o.answer[[0, 2]] > 0).all() else 0.0, 3) for o in others],
    }


def fit(table: Path, out: Path) -> None:
    rows = [r for r in lines(table) if "measured" in r and r["measured"]["explained"] >= SURE and r["species"] in ("live", *FLAT)]
    x = np.stack([row(r["measured"]) for r in rows])
    y = np.array([r["species"] == "live" for r in rows])
    clear = np.array([r["measured"]["clearness"] for r in rows]) >= CLEAR
    strength = np.array([r["measured"]["strength"] for r in rows])
    x, y, strength, kinds = x[clear], y[clear], strength[clear], np.array([r["species"] for r in rows])[clear]
    centre, scale = x.mean(0), x.std(0) + 1e-6
    z = expanded((x - centre) / scale)
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=5000)
    held = cross_val_predict(model, z, y, cv=10, method="predict_proba")[:, 1]
    bands, low = [], -np.inf
    for up_to in REGIMES:
        here = (strength > low) & (strength <= up_to)
        sure = float(np.quantile(held[here & ~y], 0.99, method="higher")) + 0.001
        doubt = min(sure, float(np.quantile(held[here & y], 0.03)))
        bands.append({"up_to": up_to, "sure": round(sure, 4), "doubt": round(doubt, 4)})
        print(bands[-1], "live", (here & y).sum(), "passed", round((held[here & y] >= sure).mean(), 3), Counter(kinds[here & ~y].tolist()))
        low = up_to
    model.fit(z, y)
    data = {
        "version": "1",
        "label": "simulated",
        "note": "logistic weights of standardised measurements and of their products with strength; fitted by scripts/light_challenge.py",
        "features": list(FEATURES),
        "centre": centre.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": model.coef_[0].round(4).tolist(),
        "bias": round(float(model.intercept_[0]), 4),
        "bands": bands,
        "clear_enough": CLEAR,
        "fitted_on": dict(Counter(kinds.tolist())),
    }
    out.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def tell(table: Path) -> None:
    """Error rates by species and room, with 95 % intervals (Clopper and Pearson); each session is another person."""
    rows = lines(table)
    print(f"{len(rows)} simulated sessions")
    for key in ("species", "room"):
        print(f"\n| {key} | sessions | passed | 95 % | try again | a person looks | refused |\n|---|---|---|---|---|---|---|")
        groups = defaultdict(list)
        for r in rows:
            if key == "species" or r["species"] == "live":
                groups[r[key]].append(verdict(r))
        for name, found in groups.items():
            n, counts = len(found), Counter(found)
            low, high = interval(counts["pass"], n)
            print(
                f"| {name} | {n} | {counts['pass'] / n:.1%} | {low:.1%}-{high:.1%} | {counts['retry'] / n:.1%} | {counts['refer'] / n:.1%} | {counts['fail'] / n:.1%} |"
            )
    wrong = np.array([w for r in rows if r["species"] == "live" for w in r.get("wrong", [])])
    if len(wrong):
        print(
            f"\nanother challenge: {len(wrong)} pairs, highest {wrong.max():.3f}, passed {(wrong >= SURE).sum()} at {SURE}; 99.9 % {np.quantile(wrong, 0.999):.3f}"
        )
    late = np.array(
        [abs(r["measured"]["late"]) for r in rows if r["species"] == "live" and "measured" in r and r["measured"]["explained"] >= SURE]
    )
    print(f"alignment error of live sessions: median {np.median(late) * 1000:.0f} ms, 95 % {np.quantile(late, 0.95) * 1000:.0f} ms")


def verdict(line: dict) -> str:
    """pass, refer, retry or fail: as `Answer` says it, the shape judged by the model that is shipped now."""
    if "states" not in line:
        return "retry"
    if line["states"]["light_sequence"] != State.PASS:
        return line["states"]["light_sequence"]
    return shape_signal(line["measured"]).state.value


def interval(hits: int, of: int) -> tuple[float, float]:
    return (beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0), (beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0)


def lines(table: Path) -> list[dict]:
    return [json.loads(line) for line in table.open(encoding="utf-8")]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=["film", "fit", "tell"])
    ask.add_argument("table", type=Path)
    ask.add_argument("out", type=Path, nargs="?")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--sessions", type=int, default=200)
    ask.add_argument("--wrong", type=int, default=10)
    ask.add_argument("--species", nargs="+", default=list(simulate.SPECIES))
    ask.add_argument("--rooms", nargs="+", default=[r for r in simulate.ROOMS if r != "outdoors"])
    given = ask.parse_args()
    cv2.setNumThreads(1)
    if given.what == "film":
        order = Order(
            given.table.parent,
            given.sessions,
            given.seed,
            tuple(given.species),
            tuple(given.rooms),
            tuple(simulate.DEVICES),
            SIZE,
            "webm",
            infrared=False,
            depth=False,
        )
        film(given.table, order, given.wrong)
    elif given.what == "fit":
        fit(given.table, given.out)
    else:
        tell(given.table)


if __name__ == "__main__":
    main()
