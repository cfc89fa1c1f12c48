"""A camera for the browser that answers light: what one simulated person's face sends back of the room and of each half of the screen."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page, Route

from xinqiao.identity.liveness.simulate import draw
from xinqiao.identity.liveness.simulate.camera import Camera
from xinqiao.identity.liveness.simulate.film import _expose
from xinqiao.identity.liveness.simulate.head import MOVES
from xinqiao.identity.liveness.simulate.stage import Pose, build

SCRIPT = Path(__file__).with_suffix(".js")
SIZE = (320, 240)
STRAIGHT = Pose(2.0, -1.0, 0.5, 0.0, 0.25, 2.8, np.zeros(len(MOVES), np.float32))
"""Almost facing the phone, at 28 cm."""


@dataclass(frozen=True)
class Lit:
    """A screen whose halves show one colour each, all the time, linear light: (2, 3)."""

    halves: np.ndarray

    def over(self, opens: np.ndarray, *_: Any) -> np.ndarray:
        return np.broadcast_to(self.halves, (*opens.shape, 2, 3))


@dataclass(frozen=True)
class AnsweringFace:
    """Linear light of the same instant, (rows, columns, 3) each: of the room alone, and of either half of the screen in white."""

    room: np.ndarray
    upper: np.ndarray
    lower: np.ndarray

    def basis(self) -> bytes:
        """Exposed so that the brightest skin under a grey screen is a little below white."""
        level = float(np.percentile(self.room + 0.35 * (self.upper + self.lower), 99))
        return b"".join((part * 0.75 / level).astype("<f4").tobytes() for part in (self.room, self.upper, self.lower))

    def portrait(self) -> bytes:
        """The same person under a white screen, JPEG: what stands on the document."""
        light = self.room + self.upper + self.lower
        tone = (np.clip(light / np.percentile(light, 99) * 0.9, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        large = cv2.resize(tone, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return cv2.imencode(".jpg", cv2.cvtColor(large, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()

    def before(self, page: Page, *, replaying: dict[str, Any] | None = None) -> None:
        """From the next page on, this face is what the page's camera sees; `replaying`: a film of another challenge instead."""
        page.context.route("**/basis.bin", lambda route: self._give(route))
        page.context.add_init_script(path=SCRIPT)
        if replaying:
            page.context.add_init_script(f"window.__replayed = {json.dumps(replaying)}")

    def _give(self, route: Route) -> None:
        route.fulfill(body=self.basis(), content_type="application/octet-stream")


def answering_face(seed: int) -> AnsweringFace:
    """A living person of the simulator in an ordinary lit room."""
    drawn = draw(seed, species="live", room="indoor", device="flagship", size=SIZE)
    scene = replace(drawn, lux=70.0, nits=500.0, flicker=(0.0, 100.0), glasses=False)
    rng = np.random.default_rng(seed)
    stage, camera = build(scene, rng), Camera(scene, rng)
    camera.gain = 0.01

    def under(upper: float, lower: float) -> np.ndarray:
        light = Lit(np.array([[upper] * 3, [lower] * 3], float))
        return _expose(stage, scene, light, np.zeros(1), 0.0, STRAIGHT, np.zeros(2), camera)  # type: ignore[arg-type]

    room = under(0, 0)
    return AnsweringFace(room, under(1, 0) - room, under(0, 1) - room)
