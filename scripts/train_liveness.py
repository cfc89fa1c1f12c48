"""Train the texture network of xinqiao.identity.liveness, and measure it where it was not trained.

    python3.11 -m venv /tmp/torch && /tmp/torch/bin/pip install -r requirements.lock && /tmp/torch/bin/pip install torch==2.13.0 onnx
    nice /tmp/torch/bin/python scripts/liveness_pool.py POOL --frames FRAMES --simulated SESSIONS --renders PEOPLE
    nice /tmp/torch/bin/python scripts/liveness_pool.py POOL --simulated OTHERS --name unseen --plain-only
    nice /tmp/torch/bin/python scripts/train_liveness.py POOL OUT trial|kinds|folds|final [--recipe NAME] [--steps N]

`trial`: trained on what is made from live NUAA frames of some people, tested on real prints of the others and on simulated sessions: the choice
between the recipes rests on it alone. `kinds`: without one kind of made attack, tested on it. `folds`: NUAA by person. `final`: everybody;
writes OUT/texture.onnx (int8). Each adds a line to OUT/trials.jsonl. One core.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from liveness_network import Shape, Texture, export
from liveness_rates import Row, at_cut, by_person, pooled
from onnx_int8 import quantise
from torch import nn

SIDE, MARGIN, FOLDS, BATCH = 112, 8, 3, 64
MADE = ("replay", "paper", "mask")
Sample = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Recipe:
    shape: Shape
    steps: int = 420
    erase: float = 0.15
    """chance that a part of a view is hidden"""
    smooth: float = 0.04
    only: tuple[str, ...] = ("nuaa", "simulated", "render")
    varied: float = 0.8
    """share of samples that went through another camera"""


RECIPES = {
    "two": Recipe(Shape()),
    "two-residuals": Recipe(Shape(residuals=True)),
    "three": Recipe(Shape(views=(0, 1, 2))),
    "three-residuals": Recipe(Shape(views=(0, 1, 2), residuals=True)),
    "two-varied": Recipe(Shape(residuals=True), varied=1.0),
    "two-statistics": Recipe(Shape(residuals=True, statistics=True)),
}
DOMAINS = {"nuaa": 0.55, "simulated": 0.28, "render": 0.17}
KINDS = {"print": 0.30, "replay": 0.30, "paper": 0.25, "mask": 0.10, "simulated": 0.5}
"""Shares of the domains, and of the attacks within one: live and attack are even in each domain, so that a domain tells nothing."""


class Pool:
    """Samples of several files as one."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.crops = [np.load(folder / f"{n}.npy", mmap_mode="r") for n in names]
        self.rows = [json.loads((folder / f"{n}.json").read_text("utf-8")) for n in names]
        self.index = [(a, b) for a, rows in enumerate(self.rows) for b in range(len(rows))]

    def row(self, n: int) -> Sample:
        a, b = self.index[n]
        return self.rows[a][b]

    def crop(self, n: int) -> np.ndarray:
        a, b = self.index[n]
        return self.crops[a][b]

    def where(self, test: Callable[[Sample], bool]) -> list[int]:
        return [n for n in range(len(self.index)) if test(self.row(n))]


def group_of(row: Sample) -> tuple[str, str]:
    kind = str(row["kind"])
    return str(row["origin"]), kind if kind in ("live", "print", *MADE) else "simulated"


def shifted(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another middle, and half of them mirrored; the pool's samples have been through their cameras already."""
    dx, dy = rng.integers(0, MARGIN + 1, 2)
    image = crops[:, dy : dy + SIDE, dx : dx + SIDE]
    return image[:, :, ::-1] if rng.random() < 0.5 else image


def tensor(batch: list[np.ndarray]) -> torch.Tensor:
    """(n, 3 x views, 112, 112) of bytes as float32, in the memory order that convolutions like."""
    stack = np.stack(batch)
    flat = np.ascontiguousarray(stack.transpose(0, 2, 3, 1, 4)).reshape(len(batch), SIDE, SIDE, -1)
    return torch.from_numpy(flat).permute(0, 3, 1, 2).float()


def lit(x: torch.Tensor, erase: float, rng: np.random.Generator) -> torch.Tensor:
    """A little more or less light and colour, a part hidden; -1 to 1."""
    gain = rng.uniform(0.85, 1.15, (len(x), 1)) * np.tile(rng.uniform(0.95, 1.05, (len(x), 3)), x.shape[1] // 3)
    lift = np.tile(rng.uniform(-8, 8, (len(x), 1)), (1, x.shape[1]))
    x.mul_(torch.from_numpy(gain).float()[:, :, None, None]).add_(torch.from_numpy(lift).float()[:, :, None, None]).clamp_(0, 255)
    for n in np.flatnonzero(rng.random(len(x)) < erase):
        at, top, left, high, wide = 3 * rng.integers(x.shape[1] // 3), *rng.integers(0, 80, 2), *rng.integers(16, 56, 2)
        view = x[n, at : at + 3]
        view[:, top : top + high, left : left + wide] = view.mean((1, 2), keepdim=True)
    return x.div_(127.5).sub_(1)


# ---------------------------------------------------------------------------------------------------------------- training


def fit(pool: Pool, chosen: list[int], recipe: Recipe, seed: int) -> Texture:
    torch.manual_seed(seed)
    rng, model = np.random.default_rng(seed), Texture(recipe.shape).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=recipe.steps)
    groups, chances = shares(pool, chosen, recipe)
    started, views = time.time(), list(recipe.shape.views)
    for step in range(recipe.steps):
        people = [groups[g] for g in rng.choice(len(groups), BATCH, p=chances)]
        numbers = [int(rng.choice(someone[rng.integers(len(someone))])) for someone in people]
        truth = torch.tensor([1 - recipe.smooth if pool.row(n)["kind"] == "live" else recipe.smooth for n in numbers])
        seen = lit(tensor([shifted(pool.crop(n)[views], rng) for n in numbers]), recipe.erase, rng)
        with torch.autocast("cpu", torch.bfloat16):  # half the time
            found = model(seen)
        loss = nn.functional.binary_cross_entropy_with_logits(found.float(), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 60 == 0:
            print(f"step {step} loss {loss.item():.3f} {time.time() - started:.0f}s", flush=True)
    return model.eval()


def shares(pool: Pool, chosen: list[int], recipe: Recipe) -> tuple[list[list[list[int]]], np.ndarray]:
    """Groups of (origin, kind, varied or plain), in each the samples of each person, and each group's chance: people count alike.

    Plain pictures are shown only where both the living and the attacks of an origin have them: else the camera would be taken for life.
    """
    found: dict[tuple[str, str, bool], dict[str, list[int]]] = {}
    for n in chosen:
        row = pool.row(n)
        found.setdefault((*group_of(row), bool(row["varied"])), {}).setdefault(str(row["person"]), []).append(n)
    plain = {(origin, kind == "live") for origin, kind, varied in found if not varied}
    found = {key: people for key, people in found.items() if key[2] or (key[0], key[1] != "live") in plain}
    weights = {key: DOMAINS[key[0]] for key in found}
    for origin in {key[0] for key in found}:
        for alive in (True, False):
            keys = [k for k in found if k[0] == origin and (k[1] == "live") == alive]
            raw = {k: KINDS.get(k[1], 1.0) * (1.0 if k[1] in MADE else recipe.varied if k[2] else 1 - recipe.varied) for k in keys}
            for k in keys:
                weights[k] *= raw[k] / sum(raw.values())
    total = sum(weights.values())
    return [list(people.values()) for people in found.values()], np.array([weights[k] / total for k in found])


Score = Callable[[torch.Tensor], np.ndarray]


def scores(score: Score, pool: Pool, numbers: list[int], views: tuple[int, ...]) -> np.ndarray:
    """Log-odds of live; the middle crop and its mirror image, nothing varied."""
    edge, out = MARGIN // 2, []
    for i in range(0, len(numbers), 128):
        crops = [pool.crop(n)[list(views)][:, edge : edge + SIDE, edge : edge + SIDE] for n in numbers[i : i + 128]]
        seen = tensor(crops) / 127.5 - 1
        out.append((score(seen) + score(seen.flip(3))) / 2)
    return np.concatenate(out)


def of_torch(model: Texture) -> Score:
    def score(x: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return model(x).numpy()

    return score


def of_file(path: Path) -> Score:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"crops": np.ascontiguousarray(x.numpy())})[0].reshape(-1)


# ---------------------------------------------------------------------------------------------------------------- measuring


def fold_of(row: Sample) -> int:
    return (int(str(row["person"])) - 1) % FOLDS if row["origin"] == "nuaa" else -1


def rows_of(model: Texture, pool: Pool, test: Callable[[Sample], bool], score: Score | None = None) -> list[tuple[str, str, float]]:
    """`score`: another form of the same network."""
    numbers = pool.where(test)
    rows, found = [pool.row(n) for n in numbers], scores(score or of_torch(model), pool, numbers, model.shape.views)
    return [(str(r["person"]), str(r["kind"]), float(v)) for r, v in zip(rows, found, strict=True)]


def against(rows: list[tuple[str, str, float]], kinds: tuple[str, ...]) -> list[Row]:
    """The living against some kinds of attack."""
    return [(p, k == "live", v) for p, k, v in rows if k == "live" or k in kinds]


FLAT = {"prints": ("flat_print", "bent_print"), "replays": ("phone_replay", "tablet_replay"), "paper_masks": ("paper_mask",)}
SOLID = {"solid": ("resin_mask", "silicone_mask", "printed_head")}


def plain_nuaa(row: Sample, folds: tuple[int, ...]) -> bool:
    return row["origin"] == "nuaa" and not row["varied"] and fold_of(row) in folds


def seen_elsewhere(model: Texture, pool: Pool, unseen: Pool, folds: tuple[int, ...]) -> dict[str, object]:
    """Real prints of people never seen, and simulated sessions never seen, of which the gates let pass what is sharp and lit."""
    real = rows_of(model, pool, lambda r: plain_nuaa(r, folds))
    far = rows_of(model, unseen, lambda r: bool(r["usable"]))
    varied = rows_of(model, pool, lambda r: r["origin"] == "nuaa" and bool(r["varied"]) and fold_of(r) in folds)
    out: dict[str, object] = {"nuaa_prints": by_person(against(real, ("print",)), 200), "cut": {}}
    out |= {f"nuaa_varied_{k}": by_person(against(varied, (k,)), 50) for k in ("print", *MADE)}
    out |= {f"simulated_{name}": by_person(against(far, kinds), 50) for name, kinds in (FLAT | SOLID).items()}
    flat = tuple(k for kinds in FLAT.values() for k in kinds)
    out["cut"] = {"nuaa_prints": at_cut(against(real, ("print",)), 0.0), "simulated": at_cut(against(far, flat), 0.0)}
    return out | {"rows": [["nuaa", *r] for r in real] + [["simulated", *r] for r in far]}


def trial(pool: Pool, unseen: Pool, recipe: Recipe, seed: int, fold: int, kept: Path) -> dict[str, object]:
    """Neither a real print, nor a simulated session, nor a tested person is trained on."""
    chosen = pool.where(lambda r: r["origin"] in ("nuaa", "render") and r["kind"] != "print" and fold_of(r) != fold)
    model = fit(pool, chosen, recipe, seed)
    torch.save(model.state_dict(), kept)
    return seen_elsewhere(model, pool, unseen, (fold,))


def kinds(pool: Pool, unseen: Pool, recipe: Recipe, seed: int, fold: int, left_out: str) -> dict[str, object]:
    """Without one kind of attack, made or simulated, of any origin."""
    alike = {"replay": FLAT["replays"], "paper": ("print", *FLAT["prints"]), "mask": FLAT["paper_masks"]}[left_out]
    chosen = pool.where(lambda r: r["kind"] not in (left_out, *alike) and fold_of(r) != fold)
    return seen_elsewhere(fit(pool, chosen, recipe, seed), pool, unseen, (fold,))


def everything(pool: Pool, fold: int) -> list[int]:
    return pool.where(lambda r: fold_of(r) != fold)


def by_fold(pool: Pool, unseen: Pool, recipe: Recipe, seed: int, kept: Path) -> dict[str, object]:
    """NUAA, each person scored by a network that never saw the person."""
    held, small, far = [], [], []
    out: dict[str, object] = {}
    for fold in range(FOLDS):
        model = fit(pool, everything(pool, fold), recipe, seed + fold)
        test = partial(plain_nuaa, folds=(fold,))
        rows = rows_of(model, pool, test)
        held += rows
        small += rows_of(model, pool, test, of_file(as_int8(model, pool, everything(pool, fold), kept / f"fold-{fold}")))
        far.append(rows_of(model, unseen, lambda r: bool(r["usable"])))
        out[f"fold_{fold}"] = by_person(against(rows, ("print",)), 100)
        print(fold, out[f"fold_{fold}"], flush=True)
    out |= {"frames": by_person(against(held, ("print",))), "clips": by_person(pooled(held)), "rows": held}
    out |= {"int8_frames": by_person(against(small, ("print",))), "int8_clips": by_person(pooled(small)), "simulated_rows": far}
    return out | {"clip_rows": pooled(held), "at_even": at_cut(against(held, ("print",)), 0.0)}


def as_int8(model: Texture, pool: Pool, chosen: list[int], path: Path) -> Path:
    """Exported, and quantised by what 256 training samples show."""
    whole, small = path.with_suffix(".float32.onnx"), path.with_suffix(".onnx")
    export(model.to(memory_format=torch.contiguous_format), whole, SIDE)
    numbers = [int(n) for n in np.random.default_rng(4).choice(chosen, 256, replace=False)]
    edge, views = MARGIN // 2, list(model.shape.views)
    shown = tensor([pool.crop(n)[views][:, edge : edge + SIDE, edge : edge + SIDE] for n in numbers]) / 127.5 - 1
    fixed = (
        [f"/trunks.{n}/trunks.{n}.0/" for n in range(len(views))] if model.shape.residuals else []
    )  # faint, and clipped: steps of 1/256 drown it
    quantise(whole, small, np.ascontiguousarray(shown.numpy()), leave=fixed)
    return small


def final(pool: Pool, recipe: Recipe, seed: int, out: Path) -> None:
    chosen = everything(pool, -2)
    model = fit(pool, chosen, replace(recipe, steps=recipe.steps * 4 // 3), seed)
    torch.save(model.state_dict(), out / "texture.pt")
    as_int8(model, pool, chosen, out / "texture")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("pool", type=Path)
    ask.add_argument("out", type=Path)
    ask.add_argument("what", choices=("trial", "kinds", "folds", "final"))
    ask.add_argument("--recipe", choices=tuple(RECIPES), default="two")
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--fold", type=int, default=0)
    ask.add_argument("--steps", type=int, help="of each training; the recipe's own when not given")
    ask.add_argument("--left-out", choices=MADE, default="replay")
    given = ask.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    names = tuple(sorted(f.stem for f in given.pool.glob("*.npy") if not f.stem.startswith("unseen")))
    pool, recipe = Pool(given.pool, names), RECIPES[given.recipe]
    recipe = replace(recipe, steps=given.steps or recipe.steps)
    if given.what == "final":
        final(pool, recipe, given.seed, given.out)
        return
    unseen = Pool(given.pool, tuple(sorted(f.stem for f in given.pool.glob("unseen*.npy"))))
    if given.what == "folds":
        found = by_fold(pool, unseen, recipe, given.seed, given.out)
    elif given.what == "kinds":
        found = {"left_out": given.left_out} | kinds(pool, unseen, recipe, given.seed, given.fold, given.left_out)
    else:
        found = trial(pool, unseen, recipe, given.seed, given.fold, given.out / f"trial-{given.recipe}-{given.seed}-{given.fold}.pt")
    (given.out / f"{given.what}-{given.recipe}-{given.seed}-{given.fold}.json").write_text(json.dumps(found), "utf-8")
    found = {k: v for k, v in found.items() if not k.endswith("rows")}
    line = {"what": given.what, "recipe": given.recipe, "seed": given.seed, "fold": given.fold, "found": found}
    with (given.out / "trials.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
