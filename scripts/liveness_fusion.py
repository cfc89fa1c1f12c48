"""What the bounds of identity/fusion.json rest on: each group's errors, and the whole's, on simulated sessions, by what came with the clip.

    xinqiao liveness simulate --out DIR --sessions 1000 --seed 3001 --nir --depth --height 640
    python scripts/liveness_fusion.py hear DIR OUT/heard.jsonl        # every session checked once, with all that lies beside it
    python scripts/liveness_fusion.py fit  OUT/heard.jsonl            # weight and shift of each group
    python scripts/liveness_fusion.py tell OUT/other.jsonl            # fused anew without each sensor; nothing is decoded again
    python scripts/liveness_fusion.py light                           # how much the light may say for life; no session is asked

Seeds used here are development's; what is measured for the record uses others (`make bench-liveness`). Everything is simulated.
"""

from __future__ import annotations

import argparse
import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from xinqiao.identity import FaceModels, Outcome, Signal, State
from xinqiao.identity.liveness import Beside, Verdict
from xinqiao.identity.liveness.challenge.shape import shape_model
from xinqiao.identity.liveness.decide import CONCLUDED, NEEDED, Evidence, _as_found, fuse, texture_told
from xinqiao.identity.liveness.evaluate import LIVE, challenges, gather, told_of
from xinqiao.identity.liveness.many import Unread, answer
from xinqiao.identity.sources import APPEARANCE, Rule, shipped
from xinqiao.identity.thresholds import Device, Fusion

SENSORS = {
    "clip": (),
    "clip + challenge": ("light",),
    "clip + near infrared": ("infrared",),
    "clip + depth": ("depth",),
    "clip + challenge + near infrared": ("light", "infrared"),
    "all": ("light", "infrared", "depth"),
}


def hear(folder: Path, out: Path, most: int) -> None:
    """One line a capture; goes on where it stopped."""
    done = {json.loads(line)["file"] for line in out.open()} if out.exists() else set()
    models, (found, _) = FaceModels.load(), gather(folder)
    shown, beside = challenges(folder, found), Beside(folder=folder / "sensors")
    todo = [p for p in found if str(p.path) not in done]
    todo = [todo[n] for n in np.random.default_rng(1).permutation(len(todo))[:most]]
    with out.open("a") as file:
        for p in todo:
            verdict = answer(models, p.path, beside, shown)
            if isinstance(verdict, Unread):
                print(f"not read: {p.path}: {verdict.why.code}")
                continue
            row = {"file": str(p.path), "species": p.species, **told_of(p.path), "verdict": b64encode(pickle.dumps(verdict)).decode()}
            file.write(json.dumps(row) + "\n")
            file.flush()


def again(verdict: Verdict, kept: Sequence[str], models: FaceModels, rule: Rule) -> Verdict:
    """The verdict with the sensors of `kept` alone."""
    gone = {"light", "infrared", "depth"} - set(kept)
    signals = [_silent(_as_found(s), gone) for s in verdict.signals if s.name not in CONCLUDED]
    evidence = {name: one for name, one in verdict.sources.items() if rule.group(name) not in gone}
    return fuse(signals, evidence, models.thresholds.liveness, rule=rule)


def _silent(signal: Signal, gone: set[str]) -> Signal:
    off = any(signal.name.startswith(name) for name in gone)
    return replace(signal, state=State.NOT_CHECKED, reason="not_asked") if off else signal


def tell(files: Sequence[Path]) -> None:
    rows = [json.loads(line) for file in files for line in file.open()]
    models, rule = FaceModels.load(), shipped()
    verdicts = [pickle.loads(b64decode(r["verdict"])) for r in rows]
    for name, kept in SENSORS.items():
        outcomes = [again(v, kept, models, rule).outcome.value for v in verdicts]
        print(f"\n{name}\n  {'':16s}     n  pass refer retry  fail")
        for species in sorted({r["species"] for r in rows}, key=lambda s: (s != LIVE, s)):
            mine = [o for r, o in zip(rows, outcomes, strict=True) if r["species"] == species]
            print(
                f"  {species:16s} {len(mine):5d} "
                + " ".join(f"{np.mean([o == k for o in mine]):5.2f}" for k in ("pass", "refer", "retry", "fail"))
            )
        for room in sorted({r.get("room", "-") for r in rows}):
            mine = [o for r, o in zip(rows, outcomes, strict=True) if r["species"] == LIVE and r.get("room", "-") == room]
            print(
                f"    live, {room:10s} {len(mine):4d} "
                + " ".join(f"{np.mean([o == k for o in mine]):5.2f}" for k in ("pass", "refer", "retry", "fail"))
            )
    print("\nsources: median log-odds, and the 2 % and 98 % points")
    for source in sorted({s for v in verdicts for s in v.sources}):
        for species in sorted({r["species"] for r in rows}, key=lambda s: (s != LIVE, s)):
            said = [
                v.sources[source].log_odds for r, v in zip(rows, verdicts, strict=True) if r["species"] == species and source in v.sources
            ]
            if said:
                print(
                    f"  {source:16s} {species:16s} {len(said):4d} {np.median(said):6.2f} [{np.quantile(said, 0.02):6.2f}, {np.quantile(said, 0.98):6.2f}]"
                )
    print("\nreasons of living people who do not pass, all sensors")
    codes = [
        c.code for r, v in zip(rows, verdicts, strict=True) if r["species"] == LIVE and v.outcome.value != "pass" for c in v.reasons[:1]
    ]
    print("  " + ", ".join(f"{code} {codes.count(code)}" for code in sorted(set(codes), key=codes.count, reverse=True)))


def fit(files: Sequence[Path]) -> None:
    """Weight and shift of each group, by logistic regression over every set of sensors at once; living people a half, every species alike."""
    rows = [json.loads(line) for file in files for line in file.open()]
    rule, names = shipped(), list(shipped().groups)
    x, y, weight = [], [], []
    species = [r["species"] for r in rows]
    kinds = len(set(species) - {LIVE})
    for row in rows:
        said: dict[str, list[float]] = {}
        for source, one in pickle.loads(b64decode(row["verdict"])).sources.items():
            said.setdefault(rule.group(source), []).append(one.log_odds)
        for kept in SENSORS.values():
            heard = {g: float(np.mean(v)) for g, v in said.items() if g == APPEARANCE or g in kept}
            if heard and set(heard) != {APPEARANCE}:
                x.append([heard.get(g, 0.0) for g in names] + [float(g in heard) for g in names])
                y.append(row["species"] == LIVE)
                weight.append(0.5 / species.count(LIVE) if row["species"] == LIVE else 0.5 / kinds / species.count(row["species"]))
    given, live, w = np.array(x), np.array(y), np.array(weight) / np.sum(weight)

    def loss(v: np.ndarray) -> float:
        z = given @ v
        return float(
            (w * (np.logaddexp(0, z) - live * z)).sum() + 0.002 * ((v[: len(names)] - 1) ** 2).sum() + 0.0005 * (v[len(names) :] ** 2).sum()
        )

    start = np.concatenate([np.ones(len(names)), np.zeros(len(names))])
    found = minimize(loss, start, bounds=[(0.1, 4)] * len(names) + [(-4, 4)] * len(names)).x
    for n, name in enumerate(names):
        print(f"{name:12s} weight {found[n]:.2f} shift {found[n + len(names)]:.2f}")
    z = given @ found
    print(f"area under the curve {roc_auc_score(live, z, sample_weight=w):.4f}")


def light() -> None:
    """The bound `for` of the light in steps of .05: whether a texture that just passes stays a pass beside a light that just passes, and from
    where on a texture would be lifted by the sum, were it not for `lifts`."""
    rule, bounds = shipped(), FaceModels.load().thresholds.liveness.device("any")[1]
    sure, least = bounds.band.sure, min(band.sure for _, band in shape_model().bands)
    steps = [n / 1000 for n in range(1, 1000)]
    print(f"texture passes from {sure}, light from {least}; the two together from {rule.band([APPEARANCE, 'light']).sure}")
    for most in (n / 20 for n in range(1, 31)):
        group = replace(rule.groups["light"], most_for=most)
        tried, free = (replace(rule, groups={**rule.groups, "light": replace(group, lifts=lifts)}) for lifts in (False, True))
        keeps = _together(sure, least, bounds, tried)
        lifted = [texture for texture in steps if _together(texture, 1.0, bounds, free)]
        held = [texture for texture in steps if _together(texture, 1.0, bounds, tried)]
        print(f"for {most:.2f}: keeps a pass {keeps!s:5} lifts from {lifted[0]:.3f} by the sum, from {held[0]:.3f} as it is shipped")


def _together(texture: float, shape: float, bounds: Device, rule: Rule) -> bool:
    told = [Signal(name, State.PASS) for name in (*NEEDED, "light_sequence", "light_shape") if name != "texture"]
    evidence = {"texture": Evidence(texture), "light_shape": Evidence(shape)}
    return fuse([*told, texture_told(texture, bounds, rule)], evidence, Fusion(0.6, {"any": bounds}), rule=rule).outcome is Outcome.PASS


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    parts = ask.add_subparsers(dest="part", required=True)
    one = parts.add_parser("hear")
    one.add_argument("folder", type=Path)
    one.add_argument("out", type=Path)
    one.add_argument("--most", type=int, default=10**9)
    parts.add_parser("light")
    for name in ("fit", "tell"):
        parts.add_parser(name).add_argument("files", type=Path, nargs="+")
    given = ask.parse_args()
    if given.part == "hear":
        hear(given.folder, given.out, given.most)
    elif given.part == "light":
        light()
    else:
        {"fit": fit, "tell": tell}[given.part](given.files)


if __name__ == "__main__":
    main()
