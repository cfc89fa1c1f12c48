"""Train the texture network of xinqiao.identity.liveness, and measure it on people it never saw.

    python3.11 -m venv /tmp/torch && /tmp/torch/bin/pip install -r requirements.lock && /tmp/torch/bin/pip install torch==2.13.0 onnx
    nice -n 10 /tmp/torch/bin/python scripts/train_liveness.py FRAMES OUT --renders PEOPLE

FRAMES holds live/PERSON/*.jpg and print/PERSON/*.jpg (NUAA's layout); PEOPLE what render_people.py wrote (train/, test/). The recipe below
is fixed before any held-out person is looked at: three folds by person are trained and scored, then one network on everybody. Writes
OUT/texture.onnx (float16 storage) and OUT/report.json. One core.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from liveness_attacks import ATTACKS
from onnx_half import halve
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from xinqiao.identity.detection import Face, find_faces
from xinqiao.identity.liveness.crops import SIDE, TIGHT, WIDE, square

FOLDS = 3
BATCH = 64
STEPS = {"fold": 300, "final": 450}
VARIANTS = 2
PORTRAITS = 8
MARGIN = 8


@dataclass(frozen=True)
class Sample:
    """`crops`: (2, SIDE + MARGIN, SIDE + MARGIN, 3) uint8; `kind`: live, print (real), replay or paper (made)."""

    crops: np.ndarray
    kind: str
    person: str
    origin: str
    number: int


class TwoCrops(nn.Module):
    """Two plain convolutional trunks, joined by one layer; input (n, 6, 112, 112) in -1..1, output log-odds of live (n,)."""

    def __init__(self) -> None:
        super().__init__()
        self.tight, self.wide = trunk(), trunk()
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(192, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.cat([self.tight(x[:, :3]).mean((2, 3)), self.wide(x[:, 3:]).mean((2, 3))], 1))[:, 0]


def trunk() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after, stride in ((3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1), (64, 96, 2)):
        layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


# ---------------------------------------------------------------------------------------------------------------- samples


def gather(frames: Path, renders: Path | None, detector) -> list[Sample]:
    rng = np.random.default_rng(11)
    out: list[Sample] = []
    for number, (file, kind, person, origin) in enumerate(sources(frames, renders)):
        picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        faces = find_faces(detector, picture)
        if faces:
            out += samples_of(picture, faces[0], kind, person, origin, number, rng)
    for number, file in enumerate(sorted(renders.glob("train/*/portrait.png")) if renders else []):
        out += printed_portrait(cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB), file.parent.name, detector, number, rng)
    return out


def sources(frames: Path, renders: Path | None) -> Iterator[tuple[Path, str, str, str]]:
    for file in sorted(frames.glob("*/*/*.jpg")):
        yield file, file.parent.parent.name, file.parent.name, "nuaa"
    for part in ("train", "test") if renders else ():
        for file in sorted(renders.glob(f"{part}/*/selfie/*.png")):
            yield file, "live", file.parents[1].name, f"render-{part}"


def printed_portrait(portrait, person, detector, number, rng) -> list[Sample]:
    """What a thief of an ID picture has: the studio portrait itself, as large as the view, on paper and on a screen; never live."""
    height = portrait.shape[1] * 3 // 4
    picture = cv2.resize(portrait[60 : 60 + height], (640, 480), interpolation=cv2.INTER_CUBIC)
    face = find_faces(detector, picture)[0]
    made = [(name, ATTACKS[name](picture, (*face.centre, face.side), rng)) for name in ("paper", "replay") * PORTRAITS]
    return [Sample(crops(image, where), name, person, "render-train", number) for name, (image, where) in made]


def samples_of(picture, face, kind, person, origin, number, rng):
    out = [Sample(crops(picture, (*face.centre, face.side)), kind, person, origin, number)]
    if kind == "live":
        for n in range(VARIANTS):
            name = ("replay", "paper")[n % 2]
            attacked, where = ATTACKS[name](picture, (*face.centre, face.side), rng)
            out.append(Sample(crops(attacked, where), name, person, origin, number))
    return out


def crops(picture: np.ndarray, where: tuple[float, float, float]) -> np.ndarray:
    x, y, side = where
    face = Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0, np.zeros((2, 2)))
    grown = (SIDE + MARGIN) / SIDE
    return np.stack([cv2.resize(square(picture, face, s * grown), (SIDE + MARGIN, SIDE + MARGIN)) for s in (TIGHT, WIDE)])


def vary(sample: Sample, rng: np.random.Generator) -> np.ndarray:
    """What any camera and any network may do to a picture, live or not: shift, flip, colour, gamma, blur, noise, coding."""
    dx, dy = rng.integers(0, MARGIN + 1, 2)
    image = sample.crops[:, dy : dy + SIDE, dx : dx + SIDE].astype(np.float32) / 255
    if rng.random() < 0.5:
        image = image[:, :, ::-1]
    image = np.clip(image * rng.uniform(0.65, 1.3) * rng.uniform(0.88, 1.12, 3) + rng.uniform(-0.06, 0.06), 0, 1) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.2:
        image = np.repeat(image.mean(-1, keepdims=True), 3, -1) * rng.uniform(0.6, 1) + image * rng.uniform(0, 0.4)
    views = [np.ascontiguousarray(v) for v in image]
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.2, 1.3))
        views = [cv2.GaussianBlur(v, (0, 0), sigma) for v in views]
    if rng.random() < 0.4:
        level = rng.uniform(0.003, 0.03)
        views = [v + rng.normal(0, level, v.shape).astype(np.float32) for v in views]
    bytes_ = [np.clip(v * 255, 0, 255).astype(np.uint8) for v in views]
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        bytes_ = [cv2.imdecode(cv2.imencode(".jpg", v, quality)[1], 1) for v in bytes_]
    return np.stack(bytes_)


def tensor(batch: list[np.ndarray]) -> torch.Tensor:
    stack = np.stack(batch).astype(np.float32) / 127.5 - 1
    return torch.from_numpy(np.ascontiguousarray(stack.transpose(0, 1, 4, 2, 3)).reshape(len(batch), 6, SIDE, SIDE))


# ---------------------------------------------------------------------------------------------------------------- training


def fit(samples: list[Sample], steps: int, seed: int) -> TwoCrops:
    torch.manual_seed(seed)
    rng, model = np.random.default_rng(seed), TwoCrops()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    groups = list(shares(samples).values())
    started = time.time()
    for step in range(steps):
        drawn = [groups[g] for g in rng.choice(len(groups), BATCH, p=list(WEIGHTS.values()))]
        chosen = [samples[rng.choice(people[rng.integers(len(people))])] for people in drawn]
        truth = torch.tensor([0.96 if s.kind == "live" else 0.04 for s in chosen])
        loss = nn.functional.binary_cross_entropy_with_logits(model(tensor([vary(s, rng) for s in chosen])), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 60 == 0:
            print(f"step {step} loss {loss.item():.3f} {time.time() - started:.0f}s", flush=True)
    return model.eval()


WEIGHTS = {("live", "nuaa"): 0.32, ("live", "render"): 0.14, ("print", "nuaa"): 0.22, ("made", "nuaa"): 0.18, ("made", "render"): 0.14}


def shares(samples: list[Sample]) -> dict[tuple[str, str], list[list[int]]]:
    """Per group of WEIGHTS, the sample numbers of each person: people count alike, however many frames they have."""
    out: dict[tuple[str, str], dict[str, list[int]]] = {key: {} for key in WEIGHTS}
    for n, s in enumerate(samples):
        key = (s.kind if s.kind in ("live", "print") else "made", s.origin.split("-")[0])
        out[key].setdefault(s.person, []).append(n)
    return {key: list(people.values()) for key, people in out.items()}


def scores(model: TwoCrops, samples: list[Sample]) -> np.ndarray:
    """Log-odds of live; the middle crop, nothing varied."""
    edge = MARGIN // 2
    out = []
    with torch.no_grad():
        for i in range(0, len(samples), 128):
            out.append(model(tensor([s.crops[:, edge : edge + SIDE, edge : edge + SIDE] for s in samples[i : i + 128]])).numpy())
    return np.concatenate(out)


def fold_of(person: str) -> int:
    return (int(person) - 1) % FOLDS


# ---------------------------------------------------------------------------------------------------------------- measuring


def eer(live: np.ndarray, attack: np.ndarray) -> tuple[float, float]:
    """Equal error rate and its threshold."""
    cuts = np.unique(np.concatenate([live, attack]))
    miss = np.searchsorted(np.sort(live), cuts) / len(live)
    pass_ = 1 - np.searchsorted(np.sort(attack), cuts) / len(attack)
    at = int(np.argmin(np.abs(miss - pass_)))
    return float((miss[at] + pass_[at]) / 2), float(cuts[at])


def by_person(rows: list[tuple[str, bool, float]], draws: int = 1000) -> dict[str, float]:
    """EER of rows (person, live, score) with a 95 % interval from resampling people, not frames."""
    people = sorted({p for p, _, _ in rows})
    live = {p: np.array([s for q, alive, s in rows if q == p and alive]) for p in people}
    attack = {p: np.array([s for q, alive, s in rows if q == p and not alive]) for p in people}
    rng, found = np.random.default_rng(3), []
    for _ in range(draws):
        some = rng.choice(people, len(people))
        a, b = np.concatenate([live[p] for p in some]), np.concatenate([attack[p] for p in some])
        if len(a) and len(b):
            found.append(eer(a, b)[0])
    whole, cut = eer(np.concatenate(list(live.values())), np.concatenate(list(attack.values())))
    return {
        "eer": whole,
        "low": float(np.quantile(found, 0.025)),
        "high": float(np.quantile(found, 0.975)),
        "cut": cut,
        "people": len(people),
    }


def pooled(rows: list[tuple[Sample, float]], size: int = 8) -> list[tuple[str, bool, float]]:
    """Mean log-odds of `size` successive frames of one person and kind, as a clip's score is made."""
    out = []
    for person, kind in sorted({(s.person, s.kind) for s, _ in rows}):
        values = [v for s, v in rows if (s.person, s.kind) == (person, kind)]
        out += [(person, kind == "live", float(np.mean(values[i : i + size]))) for i in range(0, max(1, len(values) - size + 1), size)]
    return out


def single(rows: list[tuple[Sample, float]]) -> list[tuple[str, bool, float]]:
    return [(s.person, s.kind == "live", float(v)) for s, v in rows]


def report(held: list[tuple[Sample, float]], simulated: list[tuple[Sample, float]]) -> dict:
    real = [r for r in held if r[0].kind in ("live", "print")]
    made = [r for r in held if r[0].kind != "print"]
    clips = pooled(real)
    return {
        "nuaa_frames": by_person(single(real)),
        "nuaa_clips": by_person(clips),
        "nuaa_live_vs_made_frames": by_person(single(made)),
        "nuaa_live_vs_made_clips": by_person(pooled(made)),
        "simulated_people_frames": by_person(single(simulated)),
        "simulated_people_clips": by_person(pooled(simulated)),
        "clip_scores": {"live": [round(v, 3) for _, a, v in clips if a], "print": [round(v, 3) for _, a, v in clips if not a]},
        "clip_people": [[p, a, round(v, 3)] for p, a, v in clips],
        "made_clip_scores": [round(v, 3) for _, a, v in pooled(made) if not a],
        "simulated_clip_scores": [[p, a, round(v, 3)] for p, a, v in pooled(simulated)],
    }


def export(model: TwoCrops, path: Path) -> None:
    torch.onnx.export(
        model,
        (torch.zeros(1, 6, SIDE, SIDE),),
        path,
        input_names=["crops"],
        output_names=["log_odds"],
        dynamic_axes={"crops": {0: "n"}, "log_odds": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(path)
    halve(graph)
    onnx.save(graph, path)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("frames", type=Path)
    ask.add_argument("out", type=Path)
    ask.add_argument("--renders", type=Path)
    ask.add_argument("--detector", type=Path, default=Path("src/xinqiao/identity/weights/face_detection_short_range.onnx"))
    given = ask.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    samples = gather(given.frames, given.renders, onnxruntime.InferenceSession(given.detector, providers=["CPUExecutionProvider"]))
    print({key: sum(s.origin == key for s in samples) for key in ("nuaa", "render-train", "render-test")}, "samples", flush=True)
    nuaa, rendered = [s for s in samples if s.origin == "nuaa"], [s for s in samples if s.origin == "render-train"]
    unseen = [s for s in samples if s.origin == "render-test"]
    held, simulated = [], []
    for fold in range(FOLDS):
        model = fit([s for s in nuaa if fold_of(s.person) != fold] + rendered, STEPS["fold"], seed=fold)
        out = [s for s in nuaa if fold_of(s.person) == fold]
        held += list(zip(out, scores(model, out), strict=True))
        simulated += list(zip(unseen, scores(model, unseen), strict=True)) if fold == 0 else []
        real = [r for r in held if r[0].kind in ("live", "print") and fold_of(r[0].person) == fold]
        print("fold", fold, by_person(single(real), 50), flush=True)
    (given.out / "report.json").write_text(json.dumps(report(held, simulated), indent=1))
    export(fit(nuaa + rendered, STEPS["final"], seed=9), given.out / "texture.onnx")


if __name__ == "__main__":
    main()
