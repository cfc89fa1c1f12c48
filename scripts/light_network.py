"""Fit the light challenge's network (needs PyTorch 2, which the product does not; any environment of its own will do).

    TORCH/python scripts/light_network.py OUT/dev [OUT/dev2 ...] [--bases OUT/bases] --onnx src/xinqiao/identity/liveness/challenge/shape.onnx --held OUT/held.npz

Reads what `light_challenge.py film` and `light_bases.py` wrote. Two small stacks of convolutions look at the whole head at half resolution and at the strip
of the eyes at full; twelve numbers join them; nine species come out. A quarter of the films (each is another person) is held out: its scores set the
bounds. 67,000 parameters.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SPECIES = ("live", "flat_print", "bent_print", "phone_replay", "tablet_replay", "paper_mask", "resin_mask", "silicone_mask", "printed_head")
LEAST_EXPLAINED = 0.6
"""Sessions whose sequence is read worse than this teach nothing: the shape is not asked about them."""
EYES = slice(34, 60), slice(20, 76)
SPARE = 4
"""Pixels around the strip of the eyes that training moves it by."""
NUMBERS = 12
CLEARNESS = 5
TREMBLE = torch.tensor([0.03] * 6 + [0.25] + [0.03] * 5)
"""Noise put on the numbers in training: what is unexplained differs most between films and bases."""


def signs(m: Tensor) -> Tensor:
    answer, bright, tilt, error = m[:, :3], m[:, 3:6], m[:, 6:7], m[:, 7:8]
    bounded = torch.tanh(answer.clamp(-2, 6) / 2) * 2
    return torch.cat(
        [(bright.clamp(0, 5) + 0.02).sqrt(), bounded, torch.tanh(tilt.clamp(-3, 3) * 2), torch.log10(error.clamp(0.003, 3))], 1
    )


def smoothed(m: Tensor) -> Tensor:
    """Means over nine places: the answer, its ratio to what is seen, the tilt's share of it."""
    wide = functional.pad(
        torch.cat([m[:, :3].clamp(-2, 6), m[:, 3:6].clamp(0, 5), m[:, 6:7].clamp(-3, 3)], 1), (1, 1, 1, 1), mode="replicate"
    )
    s = functional.avg_pool2d(wide, 3, 1)
    answer, bright, tilt = s[:, :3], s[:, 3:6], s[:, 6:7]
    share = torch.tanh(tilt / answer.mean(1, keepdim=True).clamp(min=0.15) * 4)
    ratio = torch.tanh((answer + 0.1) / (bright + 0.1) - 1)
    return torch.cat([torch.tanh(answer - 1), ratio, share, torch.log10(m[:, 9:10].clamp(0.001, 1))], 1)


def block(into: int, out: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.f = nn.Sequential(
            *block(16, 20, 2), *block(20, 20, 1), *block(20, 24, 2), *block(24, 24, 1), *block(24, 36, 2), *block(36, 40, 1)
        )
        self.e = nn.Sequential(*block(8, 12, 2), *block(12, 20, 2), *block(20, 24, 1))
        self.bn, self.drop = nn.BatchNorm1d(NUMBERS), nn.Dropout(0.25)
        self.g, self.ge = nn.Conv2d(40, 6, 1), nn.Conv2d(24, 4, 1)
        self.h = nn.Sequential(nn.Linear(2 * 40 + 6 * 42 + 2 * 24 + 4 * 98 + NUMBERS, 28), nn.ReLU(), nn.Dropout(0.15))
        self.o = nn.Linear(28, len(SPECIES))

    def forward(self, picture: Tensor, numbers: Tensor) -> Tensor:
        return self.inner(functional.avg_pool2d(picture, 2), picture[:, :, EYES[0], EYES[1]], numbers)

    def inner(self, half: Tensor, eyes: Tensor, numbers: Tensor) -> Tensor:
        x, y = self.f(torch.cat([signs(half), smoothed(half)], 1)), self.e(signs(eyes))
        parts = [
            part for at, z in ((self.g, x), (self.ge, y)) for part in (z.mean((2, 3)), z.amax((2, 3)), functional.relu(at(z)).flatten(1))
        ]
        return self.o(self.h(self.drop(torch.cat([*parts, self.bn(numbers)], 1))))


class Logs(nn.Module):
    """What is shipped: logarithms of probabilities."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor, numbers: Tensor) -> Tensor:
        return functional.log_softmax(self.net(picture, numbers), 1)


def noisier(m: Tensor, more: Tensor, tint: Tensor) -> Tensor:
    """As a fainter answer would look: noise by each place's own error."""
    error, tilt_error = m[:, 7:8].clamp(max=2), m[:, 8:9].clamp(max=2)
    noise = torch.randn(len(m), 4, *m.shape[2:])
    answer = (m[:, :3] + more * error * noise[:, :3]) * tint[:, :3]
    return torch.cat(
        [answer, m[:, 3:6] * tint[:, 3:], m[:, 6:7] + more * tilt_error * noise[:, 3:], error * (1 + more**2).sqrt(), tilt_error, m[:, 9:]],
        1,
    )


def varied(half: Tensor, eyes: Tensor, numbers: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    count = len(half)
    if rng.random() < 0.5:
        half, eyes = half.flip(3), eyes.flip(3)
    more = (torch.rand(count) ** 2 * 1.5)[:, None, None, None] * (torch.rand(count) < 0.5)[:, None, None, None]
    tint = 1 + 0.08 * torch.randn(count, 6, 1, 1)
    half, eyes = noisier(half, more * 0.8, tint), noisier(eyes, more, tint)
    dx, dy = (int(n) for n in rng.integers(-2, 3, 2))
    half = functional.pad(half, (2, 2, 2, 2), mode="replicate")[:, :, 2 + dy : 56 + dy, 2 + dx : 50 + dx]
    top, left = SPARE + 2 * dy, SPARE + 2 * dx
    eyes = eyes[:, :, top : top + 26, left : left + 56]
    told = numbers + torch.randn_like(numbers) * TREMBLE
    told[:, CLEARNESS] -= 0.5 * torch.log10(1 + more.flatten() ** 2)
    return half, eyes, told


class Table:
    """Examples in memory: pictures at half size, eyes at full with spare pixels around, numbers, species, and what is needed for bounds."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        whole = torch.from_numpy(np.stack([row["picture"] for row in rows]))
        self.half = torch.cat([functional.avg_pool2d(part.float(), 2).half() for part in whole.split(64)])
        (top, bottom), (left, right) = ((part.start - SPARE, part.stop + SPARE) for part in EYES)
        self.eyes = whole[:, :, top:bottom, left:right].clone()
        self.numbers = torch.tensor(np.stack([row["numbers"] for row in rows]), dtype=torch.float32)
        self.species = torch.tensor([SPECIES.index(str(row["species"])) for row in rows])
        self.strength = np.array([float(row["strength"]) for row in rows])

    def logs(self, net: Net) -> np.ndarray:
        """(n, 9), each looked at twice: as it is, and in the mirror."""
        net.eval()
        with torch.no_grad():
            strip = self.eyes[:, :, SPARE:-SPARE, SPARE:-SPARE]
            parts = [
                (self.half[i : i + 64].float(), strip[i : i + 64].float(), self.numbers[i : i + 64]) for i in range(0, len(self.half), 64)
            ]
            return torch.cat(
                [(net.inner(h, e, n).log_softmax(1) + net.inner(h.flip(3), e.flip(3), n).log_softmax(1)) / 2 for h, e, n in parts]
            ).numpy()


def fit(tables: list[tuple[Table, np.ndarray]], epochs: int, seed: int, rate: float = 3e-3, batch: int = 32) -> Net:
    """`tables`: each with the rows to learn from, which may repeat. Living people weigh as much as six of the eight attacks together."""
    torch.manual_seed(seed)
    rng, net = np.random.default_rng(seed), Net()
    half, eyes, numbers, species = (
        torch.cat([getattr(t, name)[rows] for t, rows in tables]) for name in ("half", "eyes", "numbers", "species")
    )
    weight = 1 / torch.bincount(species, minlength=len(SPECIES)).clamp(min=1).float()
    weight[0] *= 6
    weight = weight / weight[species].mean()
    steps = epochs * (len(species) // batch)
    judge = torch.optim.AdamW(net.parameters(), rate, weight_decay=3e-3)
    pace = torch.optim.lr_scheduler.OneCycleLR(judge, rate, total_steps=steps + 1, pct_start=0.15)
    net.train()
    for epoch in range(epochs):
        order, total = torch.randperm(len(species)), 0.0
        for start in range(0, len(species) - batch + 1, batch):
            rows = order[start : start + batch]
            h, e, n = varied(half[rows].float(), eyes[rows].float(), numbers[rows], rng)
            loss = functional.cross_entropy(net.inner(h, e, n), species[rows], weight=weight, label_smoothing=0.03)
            judge.zero_grad()
            loss.backward()
            judge.step()
            pace.step()
            total += float(loss) * batch
        print(f"epoch {epoch}: {total / len(species):.3f}", flush=True)
    return net.eval()


def rows_of(folders: list[Path]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted(path for folder in folders for path in folder.glob("*.npz")):
        with np.load(path) as data:
            if "picture" not in data.files:
                continue
            one = {key: data[key] for key in ("picture", "numbers", "species", "strength", "explained")}
        many = one["species"].ndim > 0
        rows += [{key: value[n] for key, value in one.items()} for n in range(len(one["species"]))] if many else [one]
    return [row for row in rows if float(row["explained"]) >= LEAST_EXPLAINED]


def ship(net: Net, path: Path) -> None:
    torch.onnx.export(
        Logs(net), (torch.zeros(2, 10, 108, 96), torch.zeros(2, NUMBERS)), str(path), input_names=["picture", "numbers"], output_names=["logs"],
        dynamic_axes={"picture": {0: "n"}, "numbers": {0: "n"}, "logs": {0: "n"}}, opset_version=17, dynamo=False,
    )  # fmt: skip


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("films", type=Path, nargs="+")
    ask.add_argument("--bases", type=Path, nargs="*", default=[])
    ask.add_argument("--onnx", type=Path, required=True)
    ask.add_argument("--held", type=Path, required=True)
    ask.add_argument("--epochs", type=int, default=12)
    ask.add_argument("--apart", type=int, default=4, help="of so many films one is held out: the bounds are set on it")
    ask.add_argument("--repeat", type=int, default=2, help="how often each film counts beside the cheap examples")
    given = ask.parse_args()
    torch.set_num_threads(1)
    films = Table(rows_of(given.films))
    more = [(table, np.arange(len(table.species))) for table in (Table(rows) for rows in [rows_of(given.bases)] if rows)]
    apart = np.arange(len(films.species)) * 7919 % given.apart == 0
    net = fit([(films, np.repeat(np.flatnonzero(~apart), given.repeat)), *more], given.epochs, 0)
    logs = films.logs(net)[apart]
    odds = logs[:, 0] - np.log(np.exp(logs[:, 1:]).sum(1) + 1e-9)
    np.savez(given.held, odds=odds, species=np.array(SPECIES)[films.species[apart]], strength=films.strength[apart])
    ship(net, given.onnx)


if __name__ == "__main__":
    main()
