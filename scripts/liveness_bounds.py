"""Where the texture network's score turns from pass to review to fail, chosen on kinds of pictures that a network was not trained on.

    python scripts/liveness_bounds.py OUT RECIPE [--cut .6] > bounds.json

Reads what `train_liveness.py trial` and `folds` left in OUT. Scale and shift come from the trials, in which neither a real print nor a simulated
session was trained on, real prints and simulated flat copies counting alike; `even` is how both errors then lie at the cut, by kind. The band comes
from the folds (people never seen, by clip) and the trials together: `sure` over all but two in a hundred attacks of each, `doubt` under all but two in
a hundred of the living of each.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from liveness_rates import eer, platt

FLAT = ("print", "flat_print", "bent_print", "phone_replay", "tablet_replay", "paper_mask")
SPARED = 0.02


def split(rows: list[list[object]], domain: str) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the living and of flat attacks."""
    own = [(str(kind), float(str(v))) for origin, _, kind, v in rows if origin == domain]
    return np.array([v for k, v in own if k == "live"]), np.array([v for k, v in own if k in FLAT])


def alike(parts: list[np.ndarray], size: int = 2000) -> np.ndarray:
    """Quantiles of each part, so that a large set does not outvote a small one."""
    return np.concatenate([np.quantile(p, np.linspace(0, 1, size)) for p in parts])


def calibrated(values: np.ndarray, scale: float, shift: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(scale * values + shift)))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("out", type=Path)
    ask.add_argument("recipe")
    ask.add_argument("--cut", type=float, default=0.6)
    given = ask.parse_args()
    trials = [json.loads(f.read_text("utf-8")) for f in sorted(given.out.glob(f"trial-{given.recipe}-*.json"))]
    parts = {domain: [split(t["rows"], domain) for t in trials] for domain in ("nuaa", "simulated")}
    domains = {name: tuple(np.concatenate([p[side] for p in found]) for side in (0, 1)) for name, found in parts.items()}
    scale, shift = platt(*(alike([d[side] for d in domains.values()]) for side in (0, 1)), given.cut)
    told: dict[str, object] = {"scale": round(scale, 3), "shift": round(shift, 3)}
    folds = json.loads(next(given.out.glob(f"folds-{given.recipe}-*.json")).read_text("utf-8"))
    clips = [(alive, v) for _, alive, v in folds["clip_rows"]]
    domains["nuaa_clips_by_person"] = tuple(np.array([v for alive, v in clips if alive is side]) for side in (True, False))
    levels = []
    for name, (live, attack) in domains.items():
        a, b = calibrated(live, scale, shift), calibrated(attack, scale, shift)
        levels.append((float(np.quantile(b, 1 - SPARED)), float(np.quantile(a, SPARED))))
        told[name] = {
            "eer": round(eer(live, attack)[0], 3),
            "bpcer_at_cut": round(float((a < given.cut).mean()), 3),
            "apcer_at_cut": round(float((b >= given.cut).mean()), 3),
            "attacks_98_percent_under": round(levels[-1][0], 3),
            "living_98_percent_over": round(levels[-1][1], 3),
            "living": len(a),
            "attacks": len(b),
        }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
