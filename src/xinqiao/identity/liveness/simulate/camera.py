"""The camera: exposure and white balance that chase the picture and drift, vignetting, lens blur, shot and read noise, tone curve, coding."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from fractions import Fraction

import av
import cv2
import numpy as np

from .raster import compiled
from .scene import DEVICES, Device, Scene

MILLISECOND = Fraction(1, 1000)
WELL = 6000.0
"""Electrons at which a pixel is full."""
TARGET = 0.19
"""Where automatic exposure wants the middle of the picture, linear, 0-1."""
SPEED = 0.12
"""Share of its error that automatic exposure mends a frame; white balance a tenth of that."""


@dataclass(slots=True)
class Camera:
    """One recording's camera: `exposure` (seconds) and gains change from frame to frame."""

    scene: Scene
    rng: np.random.Generator
    gain: float = 0.0
    """output of 1 for this many lux of white, inverted; 0 until the first frame was metered"""
    balance: np.ndarray = field(default_factory=lambda: np.ones(3))
    fade: np.ndarray = field(init=False)
    mix: np.ndarray = field(init=False)
    table: np.ndarray = field(init=False)
    grain: np.ndarray = field(init=False)
    """standard normal numbers, drawn once: every frame's noise begins elsewhere in them"""

    def __post_init__(self) -> None:
        rows, columns = self.scene.size
        y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
        self.fade = (1 - self.rng.uniform(0.1, 0.35) * (x**2 * 0.36 + y**2 * 0.64)).astype(np.float32)[..., None]
        leak = self.rng.uniform(0, 0.07, (3, 3))
        self.mix = (np.eye(3) * (1 - leak.sum(1, keepdims=True)) + leak).astype(np.float32)
        self.table = tone_table(float(self.rng.uniform(0.0, 0.25)))
        self.grain = self.rng.standard_normal(rows * columns * 3 + (1 << 17), np.float32)

    @property
    def device(self) -> Device:
        return DEVICES[self.scene.device]

    @property
    def exposure(self) -> float:
        """Seconds: as long as full pixels and the frame rate allow."""
        wanted = self.gain * WELL / self.device.well
        return float(np.clip(wanted, 0.0008, min(self.device.longest_exposure, 0.95 / self.scene.frames_a_second)))

    def meter(self, linear: np.ndarray, *, first: bool) -> None:
        """Look at a frame: the first sets exposure and white balance, the others move them a little."""
        rows, columns = linear.shape[:2]
        middle = linear[rows // 5 : rows * 4 // 5, columns // 5 : columns * 4 // 5][::3, ::3]
        wanted = TARGET / max(float(middle.mean()), 1e-4)
        cast = np.clip(linear[::4, ::4].mean((0, 1)), 1e-5, None)
        neutral = np.clip((cast[1] / cast) ** 0.7, 0.5, 2.0)
        if first:
            self.gain, self.balance = wanted * float(np.exp(self.rng.normal(0, 0.15))), neutral
            return
        self.gain *= (wanted / self.gain) ** SPEED if abs(np.log(wanted / self.gain)) > 0.2 else (wanted / self.gain) ** (SPEED / 4)
        self.balance = self.balance * (neutral / self.balance) ** (SPEED / 10)

    def develop(self, linear: np.ndarray, progress: float, exposure: float) -> np.ndarray:
        """uint8 RGB. `progress`: 0 at the clip's start, 1 at its end."""
        scale = self.scene.size[0] / 320
        soft = self.device.soft * max(1.0, scale)
        light = cv2.GaussianBlur(linear, (0, 0), soft) * self.fade
        gain = self.gain * np.exp(self.scene.drift[0] * progress)
        sensitivity = self.device.well * exposure / max(1.0, scale**2)
        warm = self.balance * np.exp(self.scene.drift[1] * progress * np.array([1.0, 0.0, -1.0]))
        start = int(self.rng.integers(self.grain.size - linear.size))
        noise = self.grain[start : start + linear.size].reshape(linear.shape)
        return develop(light, noise, sensitivity, self.device.read_noise**2, gain / sensitivity, warm, self.mix, self.table)


def tone_table(curve: float) -> np.ndarray:
    """Output bytes for 4,096 steps of linear light: the sRGB curve (IEC 61966-2-1) after one that lifts the shadows by `curve`."""
    x = np.linspace(0, 1, 4096)
    bent = x * (1 + curve * (1 - x))
    return (np.where(bent <= 0.0031308, bent * 12.92, 1.055 * np.maximum(bent, 1e-9) ** (1 / 2.4) - 0.055) * 255 + 0.5).astype(np.uint8)


@compiled
def develop(light, noise, sensitivity, read_squared, gain, balance, mix, table):
    """Electrons with shot and read noise, gain, white balance, leak between colours, tone curve: uint8."""
    rows, columns = light.shape[:2]
    out = np.empty(light.shape, np.uint8)
    raw = np.empty(3, np.float32)
    for y in range(rows):
        for x in range(columns):
            for c in range(3):
                electrons = max(light[y, x, c], 0.0) * sensitivity
                raw[c] = (electrons + noise[y, x, c] * np.sqrt(electrons + read_squared)) * gain * balance[c]
            for c in range(3):
                value = mix[c, 0] * raw[0] + mix[c, 1] * raw[1] + mix[c, 2] * raw[2]
                out[y, x, c] = table[int(min(max(value, 0.0), 1.0) * 4095)]
    return out


def encode(frames: list[np.ndarray], times: list[float], *, codec: str, kilobits: float) -> bytes:
    """A clip as a phone's browser writes it: VP8 or VP9 in WebM, H.264 or MPEG-4 in MP4, with each frame's own time (milliseconds)."""
    container = "webm" if codec.startswith("libvpx") else "mp4"
    options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"} if container == "webm" else {"preset": "veryfast"}
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=30, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", int(kilobits * 1000 * frames[0].size / 230_400)
        stream.codec_context.time_base = MILLISECOND
        stream.codec_context.thread_count = 1
        for picture, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round((time - times[0]) * 1000), MILLISECOND
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return out.getvalue()


def decode(data: bytes) -> tuple[list[np.ndarray], list[float]]:
    """Frames (uint8 RGB) and seconds of a clip that `encode` made."""
    with av.open(io.BytesIO(data)) as file:
        file.streams.video[0].thread_count = 1
        found = [(frame.to_ndarray(format="rgb24"), float(frame.time or 0.0)) for frame in file.decode(video=0)]
    return [picture for picture, _ in found], [time for _, time in found]
