"""Where the near-infrared score turns from pass to review to fail: data beside the weights it was calibrated for (`infrared.json`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...thresholds import Band

FILE = Path(__file__).with_name("infrared.json")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The network's log-odds are multiplied by `scale`, then moved by `shift`, before the band is applied."""

    scale: float
    shift: float
    band: Band


@cache
def bounds() -> Bounds:
    data = json.loads(FILE.read_text("utf-8"))
    return Bounds(float(data["scale"]), float(data["shift"]), Band(float(data["sure"]), float(data["doubt"])))
