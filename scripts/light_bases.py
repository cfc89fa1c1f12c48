"""Cheap examples for the light challenge's network: three renderings of a scene instead of a film of it.

    python scripts/light_bases.py OUT --seed 88 --stages 1000 --variants 4

What a camera sees is the room's light, plus the upper half of the screen, plus the lower: three renderings (`bases`) make every frame by adding
up. Frames are made where the analysis works, in the upright picture, with the noise of sensor and coding put on there. A tenth of a second a
piece instead of one; what a real recording has besides (coding's own ghosts, parallax, a mesh that trembles) is learnt from the films of
`light_challenge.py film`. OUT gets one .npz a stage, as `light_network.py` reads it. Everything is simulated.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xinqiao.identity import FaceModels, observe
from xinqiao.identity.detection import find_faces
from xinqiao.identity.liveness.challenge.align import align
from xinqiao.identity.liveness.challenge.sample import COLUMNS, ROWS, SPAN, Samples, plain, upright
from xinqiao.identity.liveness.simulate import DEVICES, ROOMS, SPECIES, Scene, draw, raster
from xinqiao.identity.liveness.simulate.camera import TARGET, WELL
from xinqiao.identity.liveness.simulate.head import MOVES, SHEET
from xinqiao.identity.liveness.simulate.stage import CEILING, SCREEN, Pose, Stage, build, lamps, on_screen
from xinqiao.identity.liveness.simulate.write import challenge_of
from xinqiao.identity.mesh import fit_mesh
from xinqiao.identity.quality import PRESENCE

sys.path.insert(0, str(Path(__file__).parent))
from light_challenge import example  # the folder of scripts is no package

FILM = sys.modules["xinqiao.identity.liveness.simulate.film"]
SIZE = (320, 240)
LUMINANCE = 0.35
"""What every colour of a challenge has, as a share of white."""
DRAWN_ANEW = ("room", "lux", "warmth", "sun", "sun_share", "flicker", "device", "nits", "frames_a_second", "away", "yaw", "pitch", "roll",
              "x", "y", "wall", "wall_light", "latency", "drift")  # fmt: skip
"""What differs between the variants of one stage."""
CODING = (0.3, 3.0)
"""Standard deviation of coding's noise in the upright picture, grey levels: from ... to."""


@dataclass(frozen=True)
class Bases:
    """Linear pictures, already exposed: the room's light, the screen's upper and lower half in white; of a replay also its own light, thrice."""

    lit: list[np.ndarray]
    own: list[np.ndarray]

    def still(self) -> np.ndarray:
        """Under the lead-in's grey."""
        return sum(p[0] + LUMINANCE * (p[1] + p[2]) for p in (self.lit, self.own) if p)


def bases(stage: Stage, scene: Scene, pose: Pose, shown: list[np.ndarray] | None) -> Bases:
    """`shown`: the three pictures that a replay's screen adds up."""
    solid, points, normals = FILM._together(stage, pose)
    points4, halves = lamps(scene.nits)
    lit = raster.illuminate(points, normals, solid.enclosed, solid.open, solid.shine, points4, halves, scene.lux, CEILING, np.array(scene.sun), scene.sun_share)  # fmt: skip
    rows, columns = scene.size
    near, weights = raster.visible(on_screen(points, scene.size), solid.triangles, solid.layer, solid.closed, solid.uv, stage.hole, columns, rows)  # fmt: skip
    colour, wall = np.array([scene.warmth, 1.0, max(0.2, 2 - scene.warmth)]), FILM._backdrop(stage, scene, pose)
    tint = np.ones((len(stage.atlas), 3), np.float32)

    def paint(room: float, upper: float, lower: float, band: float, atlas: np.ndarray) -> np.ndarray:
        screen = np.zeros((rows, 2, 3))
        screen[:, 0], screen[:, 1] = upper, lower
        behind = np.array([scene.lux * scene.wall_light * room, scene.nits * SCREEN[0] * SCREEN[1] / scene.wall**2])
        return raster.paint(near, weights, solid.triangles, solid.layer, lit, solid.uv, atlas, tint, stage.emission, stage.dots, wall, behind, screen, np.full(rows, room), colour, np.full(rows, band))  # fmt: skip

    sheets = [_sheet(stage.atlas, picture) for picture in shown or ()]
    plain_atlas = _sheet(stage.atlas, np.zeros((2, 2, 3), np.float32)) if shown else stage.atlas
    return Bases([paint(*of, 0.0, plain_atlas) for of in np.eye(3)], [paint(0.0, 0.0, 0.0, 1.0, sheet) for sheet in sheets])


def _sheet(atlas: np.ndarray, picture: np.ndarray) -> np.ndarray:
    out = atlas.copy()
    out[SHEET] = cv2.resize(picture, atlas.shape[2:0:-1], interpolation=cv2.INTER_AREA)
    return out


def pose_of(scene: Scene, rng: np.random.Generator) -> Pose:
    moves = np.zeros(len(MOVES), np.float32)
    if scene.species in ("live", "silicone_mask"):
        moves[1:] = rng.uniform(-0.05, 0.1, len(MOVES) - 1)
    if scene.species in ("live", "paper_mask", "silicone_mask") and rng.random() < 0.06:
        moves[0] = rng.uniform(0.2, 1)
    return Pose(scene.yaw, scene.pitch, scene.roll, scene.x, scene.y, scene.away, moves)


def source(scene: Scene, rng: np.random.Generator) -> list[np.ndarray]:
    """What a thief's screen shows: the victim, filmed elsewhere, before another challenge in half of the cases."""
    victim = replace(
        scene, species="live", wearer=scene.person, room="indoor", lux=float(rng.uniform(60, 300)), material={}, size=SIZE, x=0.0, y=-0.15,
        nits=450.0 if scene.material["answers_another"] else 0.0, away=float(rng.uniform(2.7, 3.3)), seed=int(rng.integers(1 << 30)),
    )  # fmt: skip
    found = bases(build(victim, rng), victim, pose_of(victim, rng), None)
    return [np.clip(picture * _exposed(found.still()), 0, 1) for picture in found.lit]


def _exposed(still: np.ndarray) -> float:
    return TARGET / max(float(still[64:256, 48:192].mean()), 1e-4)


def variant(models: FaceModels, stage: Stage, scene: Scene, seed: int, shown: list[np.ndarray] | None) -> dict[str, Any] | None:
    """One example; None where no face is found."""
    rng, phone, challenge = np.random.default_rng([77, seed]), DEVICES[scene.device], challenge_of(seed)
    found = bases(stage, scene, pose_of(scene, rng), shown)
    gain = _exposed(found.still()) * float(np.exp(rng.normal(0, 0.15)))
    seen = _seen(np.clip(cv2.GaussianBlur(found.still(), (0, 0), phone.soft) * gain, 0, 1))
    points = _mesh(models, seen, rng)
    if points is None:
        return None
    home, span = upright(points)
    turned = Bases(*([_turned(p * gain, points, home, span, phone.soft) for p in part] for part in (found.lit, found.own)))
    count = int(np.clip((challenge.seconds + 0.12) * scene.frames_a_second, 16, 44))
    times = np.sort(scene.latency + np.arange(count) / scene.frames_a_second + rng.normal(0, phone.jitter, count))
    exposure = float(np.clip(gain * WELL / phone.well, 0.0008, min(phone.longest_exposure, 0.95 / scene.frames_a_second)))
    sway = rng.normal(0, 0.06, (count, 2)).cumsum(0)
    sway += rng.normal(0, 0.12, (count, 2)) - sway.mean(0)
    light = challenge.over(times, exposure)
    other = challenge_of(seed + 999).over((times * 15).astype(int) / 15 + rng.uniform(0, 0.3), 0.033)
    balance = np.clip((found.still().mean((0, 1))[1] / np.clip(found.still().mean((0, 1)), 1e-5, None)) ** 0.7, 0.5, 2)
    sensor = _Sensor(rng, phone.well * exposure / gain, phone.read_noise, (span / SPAN) ** 2 * 1.5, balance)
    depth, hertz = scene.flicker
    hum = 1 + depth * 0.5 * np.sin(2 * np.pi * hertz * times) * np.sinc(hertz * exposure)
    bright = np.exp(scene.drift[0] * np.linspace(0, 1, count))
    face = np.stack([sensor.frame(bright[n] * _added(turned, hum[n], light[n], other[n]), sway[n]) for n in range(count)])
    moved = np.concatenate([sway * 0.02 + rng.normal(0, 0.01, (count, 2)), 1 + rng.normal(0, 0.004, (count, 1))], axis=1)
    x, y = np.clip(points.astype(int), 0, np.array(SIZE[::-1]) - 1).T
    samples = Samples(times - times[0], face, plain(home), moved, home, float((seen[y, x] >= 250).any(-1).mean()))
    told = {"species": scene.species, "room": scene.room, "device": scene.device, "frames": count, "faces": count}
    return told | example(samples, align(challenge, samples.times, samples.light))


def _seen(linear: np.ndarray) -> np.ndarray:
    return (np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055) * 255).astype(np.uint8)


def _mesh(models: FaceModels, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    grey = observe.evened(seen)
    faces = find_faces(models.detector, grey)
    mesh = fit_mesh(models.mesh, grey, faces[0]) if faces else None
    return mesh.points[:, :2] + rng.normal(0, 0.3, (1, 2)) if mesh and mesh.presence >= PRESENCE else None


def _turned(linear: np.ndarray, points: np.ndarray, home: np.ndarray, span: float, soft: float) -> np.ndarray:
    shrink, matrix = max(1, int(span // SPAN)), observe.similarity(points, home)
    light = cv2.GaussianBlur(linear, (0, 0), soft)
    light = cv2.resize(light, (light.shape[1] // shrink, light.shape[0] // shrink), interpolation=cv2.INTER_AREA) if shrink > 1 else light
    shift = matrix[:, :2] @ np.full(2, (shrink - 1) / 2) + matrix[:, 2]
    whole = np.concatenate([matrix[:, :2] * shrink, shift[:, None]], axis=1)
    return cv2.warpAffine(light, whole, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE)


def _added(of: Bases, hum: float, light: np.ndarray, other: np.ndarray) -> np.ndarray:
    whole = of.lit[0] * hum + of.lit[1] * light[0] + of.lit[2] * light[1]
    return whole + of.own[0] + of.own[1] * other[0] + of.own[2] * other[1] if of.own else whole


class _Sensor:
    """Noise of electrons, leak between colours, tone curve and coding, as far as they show in the upright picture."""

    def __init__(self, rng: np.random.Generator, electrons: float, read: float, averaged: float, balance: np.ndarray) -> None:
        self.rng, self.electrons, self.read, self.averaged, self.balance = rng, electrons, read, averaged, balance
        leak = rng.uniform(0, 0.07, (3, 3))
        self.mix = np.eye(3) * (1 - leak.sum(1, keepdims=True)) + leak
        self.curve, self.coding = rng.uniform(0, 0.25), float(np.exp(rng.uniform(*np.log(CODING))))
        self.kept = self._ghost()

    def _ghost(self) -> np.ndarray:
        """Coding's errors stay for some frames and are larger than pixels."""
        small = self.rng.standard_normal((ROWS // 4, COLUMNS // 4, 3), np.float32)
        return cv2.resize(small, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR) * 1.2

    def frame(self, linear: np.ndarray, sway: np.ndarray) -> np.ndarray:
        matrix = np.array([[1, 0, sway[0]], [0, 1, sway[1]]], np.float32)
        x = cv2.warpAffine(linear.astype(np.float32), matrix, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE)
        shot = np.maximum(x, 0) / self.electrons + (self.read / self.electrons) ** 2
        x = x + self.rng.standard_normal(x.shape, np.float32) * np.sqrt(shot / self.averaged)
        x = np.clip((x * self.balance) @ self.mix.T, 0, 1)
        x = x * (1 + self.curve * (1 - x))
        self.kept = self._ghost() if self.rng.random() < 0.35 else self.kept
        coded = (self.kept + self.rng.standard_normal(x.shape, np.float32) * 0.6) * self.coding / 255
        return np.maximum(x + coded * 2.2 * np.maximum(x, 0.002) ** 0.55, 0).astype(np.float32)


def examples(models: FaceModels, seed: int, number: int, variants: int) -> list[dict[str, Any]]:
    """A third of the stages are live; the rest go round the species."""
    rng, base = np.random.default_rng([99, seed, number]), seed * 100_003 + number
    species = "live" if number % 3 == 0 else SPECIES[1 + (number - number // 3 - 1) % (len(SPECIES) - 1)]
    first = draw(base, species=species, size=SIZE, room="indoor")
    stage, rooms = build(first, rng), [room for room in ROOMS if room != "outdoors"]
    shown, out = source(first, rng) if species.endswith("_replay") else None, []
    for n in range(variants):
        drawn = draw(base * 10 + n + 500_000, species=species, size=SIZE, room=str(rng.choice(rooms)))
        scene = replace(first, **{name: getattr(drawn, name) for name in DRAWN_ANEW})
        out.append(variant(models, stage, scene, base * 10 + n, shown))
    return [one for one in out if one is not None]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path)
    ask.add_argument("--seed", type=int, default=88)
    ask.add_argument("--stages", type=int, default=100)
    ask.add_argument("--variants", type=int, default=4)
    given = ask.parse_args()
    cv2.setNumThreads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    models = FaceModels.load()
    for number in range(given.stages):
        path = given.out / f"{number:06}.npz"
        found = [] if path.exists() else examples(models, given.seed, number, given.variants)
        if found:
            np.savez(path, **{key: np.array([one[key] for one in found]) for key in found[0]})


if __name__ == "__main__":
    main()
