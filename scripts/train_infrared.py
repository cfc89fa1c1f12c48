"""Train the near-infrared network of xinqiao.identity.liveness.infrared on simulated stills, and measure it on people and seeds never seen.

    nice .venv/bin/python scripts/sensors_pool.py nir POOL/p1.npz --seeds 1 400        (once for each part of the pool)
    nice /tmp/torch/bin/python scripts/train_infrared.py POOL OUT --held HELD [--minutes 12] [--start STATE]

(/tmp/torch as in scripts/train_liveness.py.) Plain convolutions, because they train and run several times faster on a processor than depthwise ones.
Writes OUT/liveness_infrared.onnx (weights as float16), OUT/infrared.json (scale, shift and band, set on HELD, people never trained on) and OUT/state.pt,
from which --start goes on; with --minutes 0 nothing is trained. One core. Everything is *simulated*.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx_half import halve
from torch import nn

SIDE, SCALE, WIDE = 112, 1.3, 1.9
"""As identity/liveness/infrared/crop.py cuts, and as scripts/sensors_pool.py stores."""
LEAST_SPREAD = 6.0
SURE, DOUBT = 99.0, 0.5
BATCH = 64


class Network(nn.Module):
    """1 x 112 x 112 to one log-odds of life; about 160 thousand parameters."""

    def __init__(self, widths: tuple[int, ...] = (16, 24, 48, 48, 96, 96)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        strides = (2, 2, 2, 1, 2, 1)
        for before, after, stride in zip((1, *widths), widths, strides, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(2 * widths[-1], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.body(x)
        return self.head(self.drop(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1)))[:, 0]


def read(folder: Path) -> dict[str, np.ndarray]:
    parts = [np.load(file) for file in sorted(folder.glob("p*.npz"))]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0].files}


def judged(pool: dict[str, np.ndarray]) -> np.ndarray:
    """Whether the product would ask the network at all: a face was found, and it is not burnt out."""
    middle = pool["picture"][:, 40:120, 40:120]
    return (pool["found"] > 0) & ((middle >= 250).mean((1, 2)) < 0.35) & (np.percentile(middle, 90, axis=(1, 2)) >= 22)


def varied(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A training view: moved, turned, mirrored, through another lens, exposure and tone curve, with noise, now and then hidden in part."""
    zoom = SIDE / (picture.shape[0] / WIDE * SCALE * np.exp(rng.normal(0, 0.06)))
    matrix = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), rng.normal(0, 4), zoom)
    matrix[:, 2] += SIDE / 2 - picture.shape[0] / 2 + rng.normal(0, 3, 2)
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, picture.shape[1]], [0, 1, 0], [0, 0, 1.0]])
    view = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32) / 255
    if rng.random() < 0.3:
        view = cv2.GaussianBlur(view, (0, 0), rng.uniform(0.3, 1.1))
    view = np.clip(view, 0, 1) ** np.exp(rng.normal(0, 0.18))
    if rng.random() < 0.2:
        view = np.minimum(view * rng.uniform(1, 1.6), 1)
    view = view + rng.normal(0, 1, view.shape) * rng.uniform(0, 0.025)
    if rng.random() < 0.15:
        x, y, w, h = (int(v) for v in rng.integers((0, 0, 10, 10), (SIDE, SIDE, 45, 45)))
        view[y : y + h, x : x + w] = rng.random()
    return even(np.clip(view, 0, 1) * 255)


def plain(picture: np.ndarray) -> np.ndarray:
    """(4, SIDE, SIDE): as the product looks, crop.views."""
    zoom = SIDE / (picture.shape[0] / WIDE * SCALE)
    matrix = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), 0, zoom)
    matrix[:, 2] += SIDE / 2 - picture.shape[0] / 2
    crop = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    near = cv2.warpAffine(crop, cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), 0, 1.083), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.stack([even(one.astype(np.float32)) for part in (crop, near) for one in (part, part[:, ::-1])])


def even(view: np.ndarray) -> np.ndarray:
    return ((view - view.mean()) / max(float(view.std()), LEAST_SPREAD)).astype(np.float32)


def train(pool: dict[str, np.ndarray], minutes: float, seed: int, start: Path | None, rate: float) -> Network:
    """Live and attack in equal numbers, solid masks more often than flat things; one cosine of the learning rate over the time given."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    model = Network()
    if start:
        model.load_state_dict(torch.load(start, weights_only=True))
    count = sum(p.numel() for p in model.parameters())
    print(f"{count} parameters", flush=True)
    model = model.to(memory_format=torch.channels_last)
    groups = [np.flatnonzero((pool["species"] == kind) & judged(pool)) for kind in range(9)]
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    weight = np.array([0, 0.14, 0.07, 0.02, 0.02, 0.10, 0.20, 0.23, 0.22])
    weight = np.array([w if len(g) else 0 for w, g in zip(weight, groups, strict=True)])
    started, step, losses = time.monotonic(), 0, []
    while (share := (time.monotonic() - started) / max(minutes * 60, 1e-9)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (0.02 + 0.98 * (1 + np.cos(np.pi * share)) / 2)
        kinds = np.where(rng.random(BATCH) < 0.5, 0, rng.choice(9, BATCH, p=weight / weight.sum()))
        chosen = [int(rng.choice(groups[k])) for k in kinds]
        views = torch.from_numpy(np.stack([varied(pool["picture"][n], rng) for n in chosen]))[:, None]
        truth = torch.from_numpy((kinds == 0).astype(np.float32))
        model.train()
        with torch.autocast("cpu", torch.bfloat16):  # twice as fast where the processor knows it
            odds = model(views.to(memory_format=torch.channels_last))
        loss = nn.functional.binary_cross_entropy_with_logits(odds.float(), truth * 0.98 + 0.01)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        if step % 50 == 0:
            print(step, round(share, 2), round(float(np.mean(losses[-50:])), 4), flush=True)
    return model.to(memory_format=torch.contiguous_format).eval()


@torch.no_grad()
def scores(model: Network, pool: dict[str, np.ndarray]) -> np.ndarray:
    """Log-odds of every still of a pool."""
    return np.array([float(model(torch.from_numpy(plain(picture))[:, None]).mean()) for picture in pool["picture"]])


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("pool", type=Path)
    ask.add_argument("out", type=Path)
    ask.add_argument("--held", type=Path, required=True)
    ask.add_argument("--minutes", type=float, default=12)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--start", type=Path, help="go on from OUT/state.pt of an earlier run")
    ask.add_argument("--rate", type=float, default=2e-3)
    asked = ask.parse_args()
    cv2.setNumThreads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    model = train(read(asked.pool), asked.minutes, asked.seed, asked.start, asked.rate)
    torch.save(model.state_dict(), asked.out / "state.pt")
    export(model, asked.out)
    held = read(asked.held)
    found = scores(model, held)
    (asked.out / "infrared.json").write_text(json.dumps(bounds(found, held)) + "\n", "utf-8")
    np.savez_compressed(asked.out / "held.npz", score=found, **{k: v for k, v in held.items() if k != "picture"})
    print(json.dumps(told(found, held), indent=1))


def export(model: Network, out: Path) -> None:
    """ONNX with float16 weights; torch's exporter of traced graphs, since it needs nothing beside."""
    file = out / "liveness_infrared.onnx"
    torch.onnx.export(model, (torch.zeros(1, 1, SIDE, SIDE),), str(file), input_names=["face"], output_names=["log_odds"], dynamo=False,
                      dynamic_axes={"face": {0: "n"}, "log_odds": {0: "n"}}, opset_version=17)  # fmt: skip
    graph = onnx.load(file)
    halve(graph)
    onnx.save(graph, file)


def bounds(score: np.ndarray, held: dict[str, np.ndarray]) -> dict[str, float]:
    """infrared.json. Scale and shift make the log-odds a probability (Platt 1999), live and every kind of attack weighing the same; the band reaches
    from where SURE of 100 attacks end to where all but DOUBT of 100 living people begin, whichever of the two lies higher."""
    use = judged(held)
    odds, species = score[use], held["species"][use]
    live, weight = (species == 0).astype(float), np.zeros(len(odds))
    solid = [k for k in range(1, 9) if (species == k).sum() >= 10]
    for kind in (0, *solid):
        weight[species == kind] = (1.0 if kind == 0 else 1.0 / len(solid)) / (species == kind).sum()
    columns, at = np.stack([odds, np.ones_like(odds)], 1), np.array([1.0, 0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-columns @ at))
        slope = columns.T @ (weight * (live - p)) - 1e-3 * (at - [1.0, 0.0])
        bend = (columns * (weight * p * (1 - p))[:, None]).T @ columns + 1e-3 * np.eye(2)
        at = at + np.linalg.solve(bend, slope)
    probability = 1 / (1 + np.exp(-columns @ at))
    sure, doubt = np.percentile(probability[live == 0], SURE), np.percentile(probability[live == 1], DOUBT)
    return {
        "scale": round(float(at[0]), 4),
        "shift": round(float(at[1]), 4),
        "sure": round(float(max(sure, doubt)), 3),
        "doubt": round(float(min(sure, doubt)), 3),
    }


def told(score: np.ndarray, held: dict[str, np.ndarray]) -> dict[str, float]:
    """Where a face was found: called live at log-odds 0, by species; and BPCER where the worst species is at 1 %."""
    seen = judged(held)
    return {f"live at 0, species {k}": float((score[seen & (held["species"] == k)] > 0).mean()) for k in range(9) if (seen & (held["species"] == k)).any()}  # fmt: skip


if __name__ == "__main__":
    main()
