"""Pictures and clips from strangers, decoded within bounds of bytes, pixels, seconds and memory.

A container's own detection is not trusted: a playlist posing as a video would make FFmpeg open other files, so the format is chosen from
the first bytes and nothing else is tried.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from PIL import Image, ImageOps

from .errors import ClipTooLarge, ClipUnreadable, ImageTooLarge, ImageUnreadable

Picture = np.ndarray
"""uint8, (height, width, 3), RGB, upright."""

IMAGE_BYTES = 12 * 2**20
IMAGE_PIXELS = 24_000_000
JPEG_PIXELS = 64_000_000  # a JPEG is decoded at a fraction of its size, so it may be larger
IMAGE_SIDE = 1600
CLIP_BYTES = 12 * 2**20
CLIP_SECONDS = 10.0
FRAME_PIXELS = 4096 * 2304
CLIP_PIXELS = 500_000_000
FRAME_SIDE = 960
FRAMES_USED = 40
SMALLEST_SIDE = 64
CODECS = {"vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9", "h264", "hevc", "mpeg4", "mjpeg"}


@dataclass(frozen=True, slots=True)
class Clip:
    """At most FRAMES_USED frames spread evenly over the clip; `times` in seconds from its start, by the container's own clock."""

    frames: tuple[Picture, ...]
    times: tuple[float, ...]
    decoded: int
    codec: str


def read_image(data: bytes) -> Picture:
    """Decode JPEG, PNG or WebP, turned as its EXIF orientation says, shrunk to at most IMAGE_SIDE.

    Raises ImageTooLarge (bytes or pixels, told from the header before anything is decoded) and ImageUnreadable.
    """
    if len(data) > IMAGE_BYTES:
        raise ImageTooLarge(f"{len(data)} bytes", f"{IMAGE_BYTES} bytes", field="portrait")
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except Image.DecompressionBombError:
        raise ImageTooLarge("too many pixels", f"{JPEG_PIXELS} pixels", field="portrait") from None
    except Exception as problem:  # every decoder has its own way to fail on hostile bytes
        raise ImageUnreadable(field="portrait") from problem
    _bound(image)
    try:
        image.draft("RGB", (IMAGE_SIDE, IMAGE_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX)
    except Exception as problem:
        raise ImageUnreadable(field="portrait") from problem
    return np.asarray(upright)


def _bound(image: Image.Image) -> None:
    limit = JPEG_PIXELS if image.format in ("JPEG", "MPO") else IMAGE_PIXELS  # MPO: a phone's JPEG with a second picture behind it
    if image.width * image.height > limit:
        raise ImageTooLarge(f"{image.width} by {image.height} pixels", f"{limit} pixels", field="portrait")
    if min(image.size) < SMALLEST_SIDE:
        raise ImageUnreadable(field="portrait")


def read_clip(data: bytes) -> Clip:
    """Decode a WebM, MP4 or MOV clip; no frame rate is assumed, and a clip without frame times counts its frames at 25 a second.

    Raises ClipTooLarge (bytes, pixels, seconds) and ClipUnreadable (unknown container or codec, nothing decodable).
    """
    if len(data) > CLIP_BYTES:
        raise ClipTooLarge(f"{len(data)} bytes", f"{CLIP_BYTES} bytes", field="clip")
    kept: list[tuple[float, Picture]] = []
    stride, decoded, codec = 1, 0, ""
    try:
        with av.open(io.BytesIO(data), format=_container(data), metadata_errors="ignore") as container:
            codec = _prepare(container)
            for decoded, (time, frame) in enumerate(_frames(container), start=1):
                if (decoded - 1) % stride == 0:
                    kept.append((time, _shrunk(frame)))
                if len(kept) > FRAMES_USED:
                    kept, stride = kept[::2], stride * 2
    except (ClipTooLarge, ClipUnreadable):
        raise
    except Exception as problem:
        if not kept:  # a clip cut short by a lost connection still holds the frames before the cut
            raise ClipUnreadable(field="clip") from problem
    if not kept:
        raise ClipUnreadable(field="clip")
    return Clip(tuple(p for _, p in kept), tuple(t - kept[0][0] for t, _ in kept), decoded, codec)


def _container(data: bytes) -> str:
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    raise ClipUnreadable(field="clip")


def _prepare(container: av.container.InputContainer) -> str:
    if not container.streams.video:
        raise ClipUnreadable(field="clip")
    stream = container.streams.video[0]
    stream.thread_count = 1
    codec = stream.codec_context.name
    if codec not in CODECS:
        raise ClipUnreadable(field="clip")
    _bound_frame(stream.codec_context.width, stream.codec_context.height)
    return codec


def _bound_frame(width: int, height: int) -> None:
    if width * height > FRAME_PIXELS:
        raise ClipTooLarge(f"{width} by {height} pixels a frame", f"{FRAME_PIXELS} pixels a frame", field="clip")


def _frames(container: av.container.InputContainer) -> Iterator[tuple[float, av.VideoFrame]]:
    pixels, first = 0, None
    for number, frame in enumerate(container.decode(video=0)):
        _bound_frame(frame.width, frame.height)
        time = frame.time if frame.time is not None else number / 25
        first = time if first is None else first
        pixels += frame.width * frame.height
        if time - first > CLIP_SECONDS:
            raise ClipTooLarge(f"longer than {CLIP_SECONDS:.0f} s", f"{CLIP_SECONDS:.0f} s", field="clip")
        if pixels > CLIP_PIXELS:
            raise ClipTooLarge(f"more than {CLIP_PIXELS} pixels in all", f"{CLIP_PIXELS} pixels in all", field="clip")
        yield time, frame


def _shrunk(frame: av.VideoFrame) -> Picture:
    if min(frame.width, frame.height) < SMALLEST_SIDE:
        raise ClipUnreadable(field="clip")
    scale = min(1.0, FRAME_SIDE / max(frame.width, frame.height))
    small = frame.reformat(width=round(frame.width * scale), height=round(frame.height * scale), format="rgb24", interpolation="AREA")
    turns = round(frame.rotation / 90) % 4  # degrees counter-clockwise that make the frame upright
    return np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))
