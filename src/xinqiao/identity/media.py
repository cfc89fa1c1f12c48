"""Pictures and clips from strangers, decoded within bounds of bytes, pixels, seconds and memory.

A container's own detection is not trusted: a playlist posing as a video would make FFmpeg open other files, so the format is chosen from
the first bytes and nothing else is tried (`containers`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import thread_time

import av
import numpy as np
from PIL import Image, ImageOps

from . import tone
from .containers import recognise
from .errors import ClipTooLarge, ClipUnreadable, ImageTooLarge, ImageUnreadable

Picture = np.ndarray
"""uint8, (height, width, 3), RGB, upright."""

FORMATS = ("JPEG", "PNG", "WEBP")
IMAGE_BYTES = 12 * 2**20
IMAGE_PIXELS = 24_000_000
JPEG_PIXELS = 64_000_000  # a JPEG is decoded at a fraction of its size, so it may be larger
IMAGE_SIDE = 1600
FRAME_PIXELS = 4096 * 2304
FRAME_SIDE = 960
FRAMES_USED = 40
SMALLEST_SIDE = 64
CODECS = {"vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9", "h264", "hevc", "mpeg4", "mjpeg"}
DECODING = {"max_pixels": str(FRAME_PIXELS), "threads": "1"}
"""Given to every decoder before it sees a byte: a stream may claim another size than its container does."""
STREAMS = 8
SCANS = 100
"""Passes of a progressive JPEG: each is a walk over the whole picture, however few bytes it has."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a clip is read. A longer clip is refused, or (`cut`) only its beginning is read."""

    bytes: int = 12 * 2**20
    seconds: float = 10.0
    pixels: int = 500_000_000
    frames: int = 3000
    """decoded; 240 a second for ten seconds fit"""
    work: float = 20.0
    """seconds of processor time"""
    cut: bool = False
    kept: int = FRAMES_USED
    """frames kept of those decoded, spread evenly"""


APPLICANT = Limits()
FILE = Limits(bytes=128 * 2**20, seconds=3.0, cut=True)
"""A clip from a folder of test captures: often longer than a selfie, judged by its first seconds."""
CHALLENGED = Limits(bytes=128 * 2**20, seconds=3.0, cut=True, kept=96)
"""The same where a challenge was shown: ten colours in a second and a half want every frame."""
CHALLENGED_APPLICANT = Limits(seconds=3.0, cut=True, kept=96)


@dataclass(frozen=True, slots=True)
class Clip:
    """At most `Limits.kept` frames spread evenly over the clip; `times` in seconds from its start, by the container's own clock."""

    frames: tuple[Picture, ...]
    times: tuple[float, ...]
    decoded: int
    codec: str
    stamps: tuple[float, ...] = ()
    """Times of all decoded frames, as the container gives them: nothing sorted, nothing made up; NaN where there is none."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What container and stream say of their making, keys in lower case: `format`, `encoder`, `major_brand`, `handler_name`, ..."""


def read_image(data: bytes, formats: tuple[str, ...] = FORMATS) -> Picture:
    """Decode JPEG, PNG or WebP (or other `formats` that Pillow knows), turned as its EXIF orientation says, shrunk to at most IMAGE_SIDE.

    Raises ImageTooLarge (bytes or pixels, told from the header before anything is decoded) and ImageUnreadable.
    """
    if len(data) > IMAGE_BYTES:
        raise ImageTooLarge(f"{len(data)} bytes", f"{IMAGE_BYTES} bytes", field="portrait")
    _bound_webp(data)
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError:
        raise ImageTooLarge("too many pixels", f"{JPEG_PIXELS} pixels", field="portrait") from None
    except Exception as problem:  # every decoder has its own way to fail on hostile bytes
        raise ImageUnreadable(field="portrait") from problem
    _bound(image, data)
    try:
        image.draft("RGB", (IMAGE_SIDE, IMAGE_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX)
    except Exception as problem:
        raise ImageUnreadable(field="portrait") from problem
    return np.asarray(upright)


def _bound_webp(data: bytes) -> None:
    """An animation's canvas (VP8X, RFC 9649) is allocated by opening it, so its size is read first."""
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        if width * height > IMAGE_PIXELS:
            raise ImageTooLarge(f"{width} by {height} pixels", f"{IMAGE_PIXELS} pixels", field="portrait")


def _bound(image: Image.Image, data: bytes) -> None:
    jpeg = image.format in ("JPEG", "MPO")  # MPO: a phone's JPEG with a second picture behind it
    stepwise = bool(image.info.get("progressive"))  # decoded whole, whatever size is asked for
    limit = JPEG_PIXELS if jpeg and not stepwise else IMAGE_PIXELS
    if image.width * image.height > limit:
        raise ImageTooLarge(f"{image.width} by {image.height} pixels", f"{limit} pixels", field="portrait")
    if min(image.size) < SMALLEST_SIDE or (jpeg and data.count(b"\xff\xda") > SCANS):
        raise ImageUnreadable(field="portrait")


def read_clip(data: bytes, limits: Limits = APPLICANT) -> Clip:
    """Decode a WebM, MP4 or MOV clip; no frame rate is assumed, and a clip without frame times counts its frames at 25 a second.

    Raises ClipTooLarge (bytes, pixels, seconds, frames, work) and ClipUnreadable (unknown container or codec, nothing decodable).
    """
    if len(data) > limits.bytes:
        raise ClipTooLarge(f"{len(data)} bytes", f"{limits.bytes} bytes", field="clip")
    kind = recognise(data)
    kept: list[tuple[float, Picture]] = []
    stamps: list[float] = []
    stride, codec, marks = 1, "", {}
    try:
        with av.open(io.BytesIO(data), format=kind, metadata_errors="ignore", stream_options=[DECODING] * STREAMS) as container:
            codec, marks = _prepare(container), _marks(container)
            for time, frame in _frames(container, limits):
                if len(stamps) % stride == 0:
                    kept.append((time, _shrunk(frame)))
                stamps.append(frame.time if frame.time is not None else float("nan"))
                if len(kept) > limits.kept:
                    kept, stride = kept[::2], stride * 2
    except (ClipTooLarge, ClipUnreadable):
        raise
    except Exception as problem:
        if not kept:  # a clip cut short by a lost connection still holds the frames before the cut
            raise ClipUnreadable(field="clip") from problem
    if not kept:
        raise ClipUnreadable(field="clip")
    return Clip(tuple(p for _, p in kept), tuple(t - kept[0][0] for t, _ in kept), len(stamps), codec, tuple(stamps), marks)


def _prepare(container: av.container.InputContainer) -> str:
    if not container.streams.video or len(container.streams) > STREAMS:
        raise ClipUnreadable(field="clip")
    stream = container.streams.video[0]
    stream.codec_context.options = DECODING
    stream.thread_count = 1
    codec = stream.codec_context.name
    if codec not in CODECS:
        raise ClipUnreadable(field="clip")
    _bound_frame(stream.codec_context.width, stream.codec_context.height)
    return codec


def _marks(container: av.container.InputContainer) -> dict[str, str]:
    found = {**container.metadata, **container.streams.video[0].metadata, "format": container.format.name.split(",")[0]}
    return {key.lower()[:60]: value[:200] for key, value in sorted(found.items())[:40]}


def _bound_frame(width: int, height: int) -> None:
    if width * height > FRAME_PIXELS:
        raise ClipTooLarge(f"{width} by {height} pixels a frame", f"{FRAME_PIXELS} pixels a frame", field="clip")


def _frames(container: av.container.InputContainer, limits: Limits) -> Iterator[tuple[float, av.VideoFrame]]:
    pixels, first, started = 0, None, thread_time()
    for number, frame in enumerate(container.decode(video=0)):
        _bound_frame(frame.width, frame.height)
        time = frame.time if frame.time is not None else number / 25
        first = time if first is None else first
        pixels += frame.width * frame.height
        bounds = (
            (time - first > limits.seconds, f"{limits.seconds:.0f} s"),
            (pixels > limits.pixels, f"{limits.pixels} pixels in all"),
            (number >= limits.frames, f"{limits.frames} frames"),
            (thread_time() - started > limits.work, f"{limits.work:.0f} s of decoding"),
        )
        if broken := next((what for over, what in bounds if over), None):
            if limits.cut:
                return
            raise ClipTooLarge(f"more than {broken}", broken, field="clip")
        yield time, frame


def _shrunk(frame: av.VideoFrame) -> Picture:
    if min(frame.width, frame.height) < SMALLEST_SIDE:
        raise ClipUnreadable(field="clip")
    scale = min(1.0, FRAME_SIDE / max(frame.width, frame.height))
    high = tone.is_high(int(frame.color_trc))
    pixels = "rgb48le" if high else "rgb24"
    small = frame.reformat(width=round(frame.width * scale), height=round(frame.height * scale), format=pixels, interpolation="AREA")
    picture = small.to_ndarray()
    picture = tone.ordinary(picture, int(frame.color_trc)) if high else picture
    turns = round(frame.rotation / 90) % 4  # degrees counter-clockwise that make the frame upright
    return np.ascontiguousarray(np.rot90(picture, turns))
