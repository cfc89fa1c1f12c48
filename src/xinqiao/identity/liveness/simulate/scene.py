"""What a session is about: who or what stands where, in which room, before which phone. Drawn from a seed, written down as the truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

SPECIES = (
    "live",
    "flat_print",
    "bent_print",
    "phone_replay",
    "tablet_replay",
    "paper_mask",
    "resin_mask",
    "silicone_mask",
    "printed_head",
)
"""Presentation attack instrument species (ISO/IEC 30107-3), after `live`."""
SOLID = ("paper_mask", "resin_mask", "silicone_mask", "printed_head")
ROOMS = {
    "dark": (0.05, 3.0),
    "dim": (5.0, 40.0),
    "indoor": (60.0, 300.0),
    "office": (300.0, 700.0),
    "window": (700.0, 1500.0),
    "outdoors": (4000.0, 20000.0),
}
"""Illuminance at the face without the screen, lux: low and high, drawn evenly in its logarithm."""


@dataclass(frozen=True, slots=True)
class Device:
    """A class of phones. Times in seconds, light in lux, electrons."""

    name: str
    frames_a_second: tuple[float, float]
    nits: tuple[float, float]
    """the screen's white"""
    well: float
    """electrons that white at one lux-second gives"""
    read_noise: float
    """electrons"""
    readout: float
    """from the first row to the last"""
    longest_exposure: float
    quality: tuple[int, int]
    """kilobits a second at 240 by 320; four times as much at 480 by 640: the capture page asks for 8 Mbit/s, since a browser's usual 2.5 wipes out
    the faint answer that is left in a bright room"""
    jitter: float
    """of frame times and of the screen's changes"""
    soft: float
    """lens and demosaicing blur, pixels at 240 by 320"""


DEVICES = {
    d.name: d
    for d in (
        Device("basic", (14, 20), (220, 380), 500, 5.0, 0.028, 0.050, (1200, 2200), 0.008, 0.9),
        Device("middle", (22, 30), (300, 500), 1200, 3.5, 0.020, 0.033, (1500, 3000), 0.004, 0.7),
        Device("flagship", (28, 30.5), (400, 700), 2500, 2.0, 0.012, 0.033, (2000, 4000), 0.002, 0.55),
    )
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Angles in degrees, lengths in decimetres, light in lux; every number that a renderer needs and a reader may ask for."""

    seed: int
    species: str
    person: int
    """the face that is shown: the victim's, in an attack"""
    wearer: int
    """the living person behind a mask; else the same"""
    room: str
    lux: float
    warmth: float
    """red over green of the room's light; blue over green is 2 minus it"""
    sun: tuple[float, float, float]
    """where the lamp stands, a unit vector"""
    sun_share: float
    flicker: tuple[float, float]
    """depth and hertz of the lamps"""
    device: str
    nits: float
    frames_a_second: float
    size: tuple[int, int]
    """rows, columns"""
    codec: str
    away: float
    """camera to eyes, or to the sheet"""
    yaw: float
    pitch: float
    roll: float
    x: float
    y: float
    hand: float
    """how unsteady hand and head are, 1 usual"""
    glasses: bool
    blink_at: float | None
    pulse: tuple[float, float]
    """depth in green, hertz; depth 0 where nothing lives"""
    wall: float
    """camera to what is behind, decimetres"""
    wall_light: float
    """the room's light there, as a share of that at the face"""
    latency: float
    """seconds by which the first frame of the clip lies after the first grey of the challenge; may be negative"""
    drift: tuple[float, float]
    """of exposure and of white balance over the clip, as natural logarithms"""
    material: dict[str, float]
    """what the attack instrument is made of, by name; empty when live"""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def draw(
    seed: int,
    *,
    species: str | None = None,
    room: str | None = None,
    device: str | None = None,
    size: tuple[int, int] = (320, 240),
    codec: str = "libvpx",
) -> Scene:
    """The scene of `seed`; what is given is kept, the rest is drawn. Outdoors is drawn only when asked for."""
    rng = np.random.default_rng([7, seed])
    kind = str(species or SPECIES[0 if rng.random() < 0.5 else 1 + rng.integers(len(SPECIES) - 1)])
    where = room or list(ROOMS)[rng.integers(len(ROOMS) - 1)]
    phone = DEVICES[device or list(DEVICES)[rng.integers(len(DEVICES))]]
    low, high = np.log(ROOMS[where])
    lamp = np.array([rng.uniform(-0.9, 0.9), rng.uniform(0.0, 1.0), rng.uniform(0.4, 1.0)])
    person = int(rng.integers(1 << 31))
    scene = Scene(
        seed=seed,
        species=kind,
        person=person,
        wearer=person,
        room=where,
        lux=float(np.exp(rng.uniform(low, high))),
        warmth=float(rng.uniform(0.85, 1.3)),
        sun=tuple(float(v) for v in lamp / np.linalg.norm(lamp)),
        sun_share=float(rng.uniform(0.2, 0.75)),
        flicker=(float(rng.uniform(0, 0.08)) if rng.random() < 0.5 else 0.0, float(rng.choice([100.0, 120.0]))),
        device=phone.name,
        nits=float(rng.uniform(*phone.nits)),
        frames_a_second=float(rng.uniform(*phone.frames_a_second)),
        size=size,
        codec=codec,
        away=float(rng.uniform(2.5, 3.9)),
        yaw=float(rng.normal(0, 5)),
        pitch=float(rng.normal(0, 5)),
        roll=float(rng.normal(0, 3)),
        x=float(rng.normal(0, 0.12)),
        y=float(rng.normal(0, 0.12)),
        hand=float(rng.uniform(0.4, 1.6)),
        glasses=bool(rng.random() < 0.25),
        blink_at=float(rng.uniform(0.2, 1.3)) if rng.random() < 0.4 else None,
        pulse=(float(rng.uniform(0.001, 0.006)), float(rng.uniform(0.9, 1.7))),
        wall=float(rng.uniform(8, 40)),
        wall_light=float(rng.uniform(0.25, 1.3)),
        latency=float(rng.uniform(-0.04, 0.12)),
        drift=(float(rng.normal(0, 0.06)), float(rng.normal(0, 0.02))),
        material={},
    )
    return scene if kind == "live" else _crafted(_attack(scene, rng), rng)


def _crafted(scene: Scene, rng: np.random.Generator) -> Scene:
    """Half of the masks' wearers are painted in the mask's colour; half of the printed heads are whole heads, the others faces alone."""
    finish = {"matched": float(rng.random() < 0.5), "whole": float(rng.random() < 0.5)}
    solid = scene.species.endswith("_mask") or scene.species == "printed_head"
    return replace(scene, material=finish | scene.material) if solid else scene


def _attack(scene: Scene, rng: np.random.Generator) -> Scene:
    dead = replace(scene, pulse=(0.0, 0.0), blink_at=None, glasses=False)
    if scene.species in ("flat_print", "bent_print"):
        return replace(dead, away=float(rng.uniform(2.2, 4.0)), material=_paper(rng, bent=scene.species == "bent_print"))
    if scene.species in ("phone_replay", "tablet_replay"):
        return _screen(replace(dead, blink_at=scene.blink_at), rng)
    wearer = int(rng.integers(1 << 31))
    if scene.species == "paper_mask":
        made = _paper(rng, bent=False) | {"eye_holes": float(rng.random() < 0.8), "mouth_hole": float(rng.random() < 0.3), "ironing": float(rng.integers(25, 80)), "gap": float(rng.uniform(0.03, 0.1))}  # fmt: skip
        return replace(dead, wearer=wearer, blink_at=scene.blink_at, material=made)
    if scene.species == "resin_mask":
        made = {"scatter": float(rng.uniform(0, 0.2)), "spectral": 0.2, "f0": 0.045, "gloss": float(rng.uniform(40, 200)), "tint": float(rng.uniform(0.85, 1.1))}  # fmt: skip
        made |= {"eye_holes": float(rng.random() < 0.5), "gap": float(rng.uniform(0.02, 0.06))}
        return replace(dead, wearer=wearer, material=made | near_infrared(rng))
    if scene.species == "silicone_mask":
        made = {"scatter": float(rng.uniform(0.4, 1.0)), "spectral": float(rng.uniform(0, 0.4)), "f0": 0.035, "gloss": float(rng.uniform(15, 60)), "tint": float(rng.uniform(0.9, 1.08))}  # fmt: skip
        made |= {"eye_holes": 1.0, "gap": float(rng.uniform(0.01, 0.04))}
        return replace(dead, wearer=wearer, blink_at=scene.blink_at, material=made | near_infrared(rng))
    relief = {"relief": float(rng.uniform(0.7, 1.05)), "scatter": 0.0, "spectral": 0.0, "f0": 0.03, "gloss": float(rng.uniform(6, 30)), "tint": float(rng.uniform(0.85, 1.1))}  # fmt: skip
    return replace(dead, hand=scene.hand * 0.8, material=relief | near_infrared(rng))


def _ink(share: float) -> float:
    """How dark ink stays near 900 nm: half are dyes that let nearly all through, the others hold carbon."""
    return share * 0.4 if share < 0.5 else 0.2 + (share - 0.5) * 1.6


def near_infrared(rng: np.random.Generator) -> dict[str, float]:
    """A solid mask near 900 nm: its base overlaps with skin's .42 to .62, and its paint keeps none to all of its contrast."""
    return {
        "infrared": float(rng.uniform(0.3, 0.8)),
        "infrared_tone": float(rng.uniform(0, 0.6)),
        "infrared_hair": float(rng.uniform(0, 1)),
    }


def _paper(rng: np.random.Generator, *, bent: bool) -> dict[str, float]:
    glossy = rng.random() < 0.4
    return {
        "white": float(rng.uniform(0.75, 0.92)),
        "black": float(rng.uniform(0.02, 0.06)),
        "gamut": float(rng.uniform(0.7, 1.0)),
        "halftone": float(rng.uniform(0.0, 0.12)),
        "life_size": float(rng.uniform(0.75, 1.05)),
        "whole": float(rng.random() < 0.5),
        "bend": float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.8)) if bent else 0.0,
        "upright": float(rng.random() < 0.75),
        "f0": 0.04 if glossy else 0.025,
        "gloss": float(rng.uniform(80, 400)) if glossy else float(rng.uniform(2, 10)),
        "ink_infrared": _ink(rng.random()),
    }


def _screen(scene: Scene, rng: np.random.Generator) -> Scene:
    tablet = scene.species == "tablet_replay"
    made = {
        "width": float(rng.uniform(1.5, 1.7) if tablet else rng.uniform(0.66, 0.76)),
        "nits": float(rng.uniform(60, 400)),
        "diffuse": float(rng.uniform(0.005, 0.025)),
        "f0": 0.04,
        "gloss": float(rng.uniform(150, 600)),
        "columns": float(rng.uniform(500, 1400)),
        "dots": float(rng.uniform(0.0, 0.12)),
        "split": 1 / 3,
        "refresh": float(rng.choice([60.0, 90.0, 120.0])),
        "bands": float(rng.uniform(0, 0.12)) if rng.random() < 0.6 else 0.0,
        "answers_another": float(rng.random() < 0.5),
    }
    away = rng.uniform(1.9, 2.9) if tablet else rng.uniform(0.85, 1.3)
    return replace(scene, away=float(away), material=made | {"infrared_glass": float(rng.uniform(0.02, 0.4))})
