"""The texture network: plain convolutions (five times faster to train on a processor than depthwise ones), one trunk a view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

SMOOTH = np.array([[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]], np.float32) / 12
ACROSS = np.zeros((5, 5), np.float32)
ACROSS[2, 1:4] = 1, -2, 1
FILTERS = np.stack([SMOOTH, ACROSS, ACROSS.T])
"""High-pass filters of the spatial rich model (Fridrich and Kodovsky 2012)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is tried: which views (0 tight, 1 wide, 2 pixel by pixel), whether fixed residuals are fed beside the colours, channels."""

    views: tuple[int, ...] = (0, 1)
    residuals: bool = False
    widths: tuple[int, ...] = (16, 32, 64, 64, 96)
    statistics: bool = False
    """the spread of the last layer over the picture beside its mean"""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class Residuals(nn.Module):
    """Colours, and beside them what a smooth surface would not leave: clipped, so that edges do not drown noise and grids."""

    def __init__(self) -> None:
        super().__init__()
        luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
        self.register_buffer("filters", torch.from_numpy(FILTERS)[:, None] * luma)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, nn.functional.conv2d(x, self.filters, padding=2).clamp(-0.12, 0.12) * 8], 1)


class Texture(nn.Module):
    """Input (n, 3 x views, 112, 112) in -1..1; output log-odds of live (n,)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.trunks = nn.ModuleList(trunk(shape) for _ in shape.views)
        width = shape.widths[-1] * len(shape.views) * (2 if shape.statistics else 1)
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(width, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = [t(x[:, 3 * n : 3 * n + 3]) for n, t in enumerate(self.trunks)]
        means = [m.mean((2, 3)) for m in maps]
        if self.shape.statistics:
            means += [((m - m.mean((2, 3), keepdim=True)) ** 2).mean((2, 3)).add(1e-4).sqrt() for m in maps]
        return self.head(torch.cat(means, 1))[:, 0]


def trunk(shape: Shape) -> nn.Sequential:
    first = [Residuals()] if shape.residuals else []
    steps = zip((6 if shape.residuals else 3, *shape.widths), shape.widths, (2, 2, 2, 1, 2), strict=False)
    layers: list[nn.Module] = [*first]
    for before, after, stride in steps:
        layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def export(model: Texture, path: Path, side: int) -> None:
    torch.onnx.export(
        model,
        (torch.zeros(1, 3 * len(model.shape.views), side, side),),
        path,
        input_names=["crops"],
        output_names=["log_odds"],
        dynamic_axes={"crops": {0: "n"}, "log_odds": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
