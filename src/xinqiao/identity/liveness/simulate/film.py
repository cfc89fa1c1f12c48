"""Film a scene: frames, their times, a near-infrared still, a depth map, and the truth about all of it. *Everything here is simulated.*"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from ..challenge.model import TICK, Challenge
from . import near, ranging, raster
from .camera import Camera
from .head import MOVES, SHEET, SKIN, Solid, join
from .scene import DEVICES, Scene
from .stage import CEILING, FOCAL, SCREEN, Pose, Stage, build, lamps, on_screen, placed

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TAIL = 0.12
"""Seconds that the camera runs on after the challenge, so that a late start loses nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One recording. `frames` uint8 RGB as the camera developed them, before coding; `times` seconds of the camera's own clock."""

    scene: Scene
    challenge: Challenge
    frames: list[np.ndarray]
    times: list[float]
    poses: list[Pose]
    edges: np.ndarray
    """when the screen really changed, seconds of the camera's clock"""
    infrared: np.ndarray | None
    """uint8 (rows, columns) under an infrared lamp at the camera"""
    depth: np.ndarray | None
    """uint16 millimetres (rows, columns), 0 unknown"""
    right: np.ndarray | None = None
    """uint8 RGB: what a second camera saw in the instant of the middle frame"""
    stereo: dict[str, Any] | None = None
    """how that camera stands, as `ranging.pair` tells it, and when it looked (`time`, seconds)"""

    def truth(self) -> dict[str, Any]:
        """All that is known about it, for JSON. `label` says that it is simulated."""
        keys = ("yaw", "pitch", "roll", "x", "y", "away")
        return {
            "label": "simulated",
            "live": self.scene.species == "live",
            "scene": self.scene.to_dict(),
            "challenge": self.challenge.body() | {"seal": self.challenge.seal},
            "played_edges": [round(float(e), 4) for e in self.edges],
            "times": [round(t, 4) for t in self.times],
            "poses": [{k: round(float(getattr(p, k)), 3) for k in keys} | {"blink": round(float(p.moves[0]), 3)} for p in self.poses],
        }


def film(scene: Scene, challenge: Challenge, *, infrared: bool = False, depth: bool = False, right: bool = False) -> Session:
    """The same scene and challenge give the same session, bit for bit, on one machine."""
    rng = np.random.default_rng([11, scene.seed])
    stage = build(scene, rng)
    if SHEET in stage.solid.layer and scene.species.endswith("_replay"):
        stage = replace(stage, films=_source(scene, rng))
    times = _times(scene, challenge, rng)
    poses = _poses(scene, times, rng)
    edges = _played(challenge, DEVICES[scene.device].jitter, rng)
    camera, frames, sway = Camera(scene, rng), [], _velocity(poses, scene)
    for number, (time, pose) in enumerate(zip(times, poses, strict=True)):
        if number == 0:
            camera.gain = 0.2 / max(scene.lux * 0.3 + scene.nits * 0.03, 0.2)
            camera.meter(_expose(stage, scene, challenge, edges, time, pose, sway[0], camera), first=True)
        exposure = camera.exposure
        linear = _expose(stage, scene, challenge, edges, time, pose, sway[number], camera)
        camera.meter(linear, first=False)
        frames.append(camera.develop(linear, (time - times[0]) / (times[-1] - times[0]), exposure))
    half = len(poses) // 2
    middle, pair = poses[half], ranging.pair(scene)
    second = None
    if right:
        aside = _expose(stage, scene, challenge, edges, times[half], middle, sway[half], camera, aside=pair["baseline"] / 100)
        camera.gain *= float(np.exp(rng.normal(0, 0.05)))
        second = camera.develop(aside, (times[half] - times[0]) / (times[-1] - times[0]), camera.exposure)
    return Session(
        scene=scene,
        challenge=challenge,
        frames=frames,
        times=[t - times[0] for t in times],
        poses=poses,
        edges=edges - times[0],
        infrared=_infrared(stage, scene, middle, rng) if infrared else None,
        depth=_depth(stage, scene, middle, rng) if depth else None,
        right=second,
        stereo=pair | {"time": round(times[half] - times[0], 4)} if right else None,
    )


def _source(scene: Scene, rng: np.random.Generator) -> list[np.ndarray]:
    """The victim's own session, recorded elsewhere; half of them under another challenge, as a thief who once filmed a check has it."""
    from ..challenge.service import slots  # the sequence of another day

    when = int(rng.integers(1 << 30))
    other = Challenge(f"{when:032x}", "another", EPOCH, EPOCH, slots(lambda n: int(rng.integers(n))))
    made = replace(
        scene, seed=when, species="live", wearer=scene.person, room="indoor", lux=float(rng.uniform(60, 300)), device="middle", frames_a_second=15.0,
        nits=450.0 if scene.material["answers_another"] else 0.0, away=float(rng.uniform(2.7, 3.3)), size=(320, 240), material={}, x=0.0, y=-0.15,
    )  # fmt: skip
    return [(f.astype(np.float32) / 255) ** np.float32(2.2) for f in film(made, other).frames]


def _times(scene: Scene, challenge: Challenge, rng: np.random.Generator) -> list[float]:
    """When each frame's first row opens, seconds after the first grey: a frame rate that wanders, and now and then a frame lost."""
    step = 1 / scene.frames_a_second
    count = int(np.ceil((challenge.seconds + TAIL) / step))
    jitter = rng.normal(0, DEVICES[scene.device].jitter, count).clip(-0.3 * step, 0.3 * step)
    kept = rng.random(count) > 0.03
    return [float(scene.latency + n * step + jitter[n]) for n in range(count) if kept[n] or n in (0, count - 1)]


def _played(challenge: Challenge, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """A page cannot change colours between two refreshes, and misses one at times."""
    edges = challenge.edges()
    late = (rng.random(len(edges)) < jitter * 12) * TICK
    return edges + late + rng.uniform(0, TICK / 4)


def _poses(scene: Scene, times: list[float], rng: np.random.Generator) -> list[Pose]:
    """Smooth drift of hand and head, a tremor, a blink."""
    stiff = scene.species in ("flat_print", "bent_print", "phone_replay", "tablet_replay", "printed_head")
    at = np.array(times)
    sizes = {"yaw": 1.6, "pitch": 1.2, "roll": 0.7, "x": 0.035, "y": 0.03, "away": 0.05}
    base = {k: getattr(scene, k) for k in sizes}
    walks = {k: base[k] + _walk(rng, at, size * scene.hand) for k, size in sizes.items()}
    moves = np.zeros((len(at), len(MOVES)), np.float32)
    if not stiff:
        blink = 0.0 if scene.blink_at is None else np.clip(1.35 - np.abs(at - scene.blink_at) / 0.09, 0, 1)
        still = scene.species in ("resin_mask", "paper_mask")
        quiet = [_walk(rng, at, s).clip(-0.1, None) + rng.uniform(0, s) for s in (0.06, 0.04, 0.06, 0.05)]
        moves[:] = np.stack([np.broadcast_to(blink, at.shape), *(np.zeros_like(q) if still else q for q in quiet)], 1)
    return [Pose(*(float(walks[k][n]) for k in sizes), moves[n]) for n in range(len(at))]


def _walk(rng: np.random.Generator, at: np.ndarray, size: float) -> np.ndarray:
    knots = np.linspace(at[0] - 0.1, at[-1] + 0.1, 6)
    slow = np.interp(at, knots, rng.normal(0, size, 6))
    tremor = sum(rng.normal(0, size * 0.06) * np.sin(2 * np.pi * f * at + rng.uniform(0, 6.28)) for f in (7.0, 9.5, 12.0))
    return slow + tremor


def _velocity(poses: list[Pose], scene: Scene) -> np.ndarray:
    """Pixels by which the picture moves during one readout, (frames, 2)."""
    focal = FOCAL * scene.size[0]
    at = np.array([[focal * p.x / p.away, -focal * p.y / p.away] for p in poses])
    return np.gradient(at, axis=0) * scene.frames_a_second * DEVICES[scene.device].readout if len(at) > 1 else at * 0


def _expose(
    stage: Stage,
    scene: Scene,
    challenge: Challenge,
    edges: np.ndarray,
    time: float,
    pose: Pose,
    sway: np.ndarray,
    camera: Camera,
    *,
    aside: float = 0.0,
) -> np.ndarray:
    """One linear frame: every row opens a little later than the one above it. `aside`: decimetres by which a second camera stands to the right."""
    rows, columns = scene.size
    opens = time + np.linspace(0, DEVICES[scene.device].readout, rows)
    screen = np.ascontiguousarray(challenge.over(opens, camera.exposure, edges))
    depth, hertz = scene.flicker
    lamp_phase = 2 * np.pi * hertz
    hum = 1 + depth * (np.cos(lamp_phase * opens) - np.cos(lamp_phase * (opens + camera.exposure))) / (lamp_phase * camera.exposure)
    colour = np.array([scene.warmth, 1.0, max(0.2, 2 - scene.warmth)])
    atlas, band = _shown(stage, scene, time, opens, camera.exposure)
    solid, points, normals = _together(stage, pose)
    points4, halves = lamps(scene.nits)
    lit = raster.illuminate(
        points,
        normals,
        solid.enclosed,
        solid.open,
        solid.shine,
        points4,
        halves,
        scene.lux,
        CEILING,
        np.array(scene.sun),
        scene.sun_share,
    )
    pixels = on_screen(points - np.array([aside, 0, 0], np.float32), scene.size, (float(sway[0]), float(sway[1])))
    nearest, weights = raster.visible(pixels, solid.triangles, solid.layer, solid.closed, solid.uv, stage.hole, columns, rows)
    behind = np.array([scene.lux * scene.wall_light, scene.nits * SCREEN[0] * SCREEN[1] / scene.wall**2])
    wall = _backdrop(stage, scene, pose, aside)
    return raster.paint(
        nearest,
        weights,
        solid.triangles,
        solid.layer,
        lit,
        solid.uv,
        atlas,
        _blush(scene, time, len(atlas)),
        stage.emission,
        stage.dots,
        wall,
        behind,
        screen,
        hum,
        colour,
        band,
    )


def _blush(scene: Scene, time: float, layers: int) -> np.ndarray:
    """The pulse: blood takes most from green."""
    tint = np.ones((layers, 3), np.float32)
    tint[SKIN] += scene.pulse[0] * np.sin(2 * np.pi * scene.pulse[1] * time) * np.array([0.3, 1.0, 0.5], np.float32)
    return tint


def _together(stage: Stage, pose: Pose) -> tuple[Solid, np.ndarray, np.ndarray]:
    """The solid and what lies over it, placed: one list of vertices."""
    points, normals = placed(stage.solid, pose, stage.centre, stage.pivot)
    if stage.fixed is None:
        return stage.solid, points, normals
    still = replace(pose, moves=np.zeros(len(MOVES), np.float32))
    over, over_normals = placed(stage.fixed, still, stage.centre, stage.pivot)
    return _joined(stage), np.concatenate([points, over]), np.concatenate([normals, over_normals])


@lru_cache(2)
def _joined(stage: Stage) -> Solid:
    return join(stage.solid, stage.fixed) if stage.fixed else stage.solid


def _shown(stage: Stage, scene: Scene, time: float, opens: np.ndarray, exposure: float) -> tuple[np.ndarray, np.ndarray]:
    """Textures with the replayed frame of this instant, and the display's refresh as each row sees it."""
    if not stage.films:
        return stage.atlas, np.ones(len(opens))
    made = scene.material
    frame = stage.films[int((time - scene.latency) * 15) % len(stage.films)]
    atlas = stage.atlas.copy()
    atlas[SHEET] = cv2.resize(frame, atlas.shape[2:0:-1], interpolation=cv2.INTER_AREA)
    phase = 2 * np.pi * made["refresh"]
    band = 1 + made["bands"] * np.sin(phase * (opens + exposure / 2)) * np.sinc(made["refresh"] * exposure) * 3
    return atlas, band


def _backdrop(stage: Stage, scene: Scene, pose: Pose, aside: float = 0.0) -> np.ndarray:
    """The wall, moved a little by the hand that holds the phone, or as a second camera `aside` sees it."""
    rows, columns = scene.size
    shift = FOCAL * rows * np.array([(pose.x - scene.x) * 0.6 / pose.away, -(pose.y - scene.y) * 0.6 / pose.away])
    spare = (np.array(stage.wall.shape[1::-1]) - (columns, rows)) / 2
    shift[0] += FOCAL * rows * aside / scene.wall
    dx, dy = np.clip(spare + shift, 0, spare * 2 - 1)
    matrix = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
    return cv2.warpAffine(stage.wall, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _infrared(stage: Stage, scene: Scene, pose: Pose, rng: np.random.Generator, variant: int = 0) -> np.ndarray:
    by = near.eye(scene, variant)
    linear = near.light(stage, scene, pose, _together(stage, pose), _backdrop(stage, scene, pose), by)
    return near.develop(linear, by, rng)


def _depth(stage: Stage, scene: Scene, pose: Pose, rng: np.random.Generator, variant: int = 0) -> np.ndarray:
    return ranging.depth(stage, scene, pose, _together(stage, pose), ranging.ranger(scene, variant), rng)
