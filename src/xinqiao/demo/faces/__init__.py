"""Invented people for the demo and the tests: rendered portraits, one-second clips, attacks. Everything here is simulated (README.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

FOLDER = Path(__file__).parent
WIDTH, HEIGHT, RATE = 640, 480, 30


@dataclass(frozen=True, slots=True)
class DemoFace:
    """A portrait and a clip that belong together, or (kind `replay`, `print`, `mismatch`) do not."""

    id: str
    portrait: Path
    clip: Path
    kind: str
    label: str
    expect: str


def demo_faces(kind: str | None = None) -> list[DemoFace]:
    """Every pair of manifest.json, or those of one kind: live, replay, print, mismatch."""
    rows = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    faces = [DemoFace(r["id"], FOLDER / r["portrait"], FOLDER / r["clip"], r["kind"], r["label"], r["expect"]) for r in rows]
    return [f for f in faces if kind is None or f.kind == kind]


def fake_camera(clip: Path, out: Path) -> Path:
    """Write `clip` as a file for Chromium's --use-file-for-fake-video-capture: .y4m (raw) or .mjpeg, 640x480, 30 frames a second.

    Chromium plays it in a loop; the clip is played to its end and back, so that the loop does not jump.
    """
    frames = list(_frames(clip))
    frames += frames[-2:0:-1]
    writer = _write_y4m if out.suffix == ".y4m" else _write_mjpeg
    writer(frames, out)
    return out


def _frames(clip: Path) -> Iterator[np.ndarray]:
    """RGB frames at RATE: each is repeated until the next one's time."""
    with av.open(str(clip)) as container:
        due = 0
        for frame in container.decode(video=0):
            picture = _letterbox(frame.to_ndarray(format="rgb24"))
            while due / RATE <= (frame.time or 0.0):
                yield picture
                due += 1


def _letterbox(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    small = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    down, right = HEIGHT - small.shape[0], WIDTH - small.shape[1]
    return cv2.copyMakeBorder(small, down // 2, down - down // 2, right // 2, right - right // 2, cv2.BORDER_CONSTANT)


def _write_y4m(frames: list[np.ndarray], out: Path) -> None:
    with out.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


def _write_mjpeg(frames: list[np.ndarray], out: Path) -> None:
    with out.open("wb") as file:
        for frame in frames:
            file.write(cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


__all__ = ["DemoFace", "demo_faces", "fake_camera"]
