"""One captured file, whatever it is: a picture or a clip, decoded within `Limits`, with what it says of its own making.

All bounds (bytes, pixels, frames, seconds of film, seconds of work, counts in headers) live in `identity.media` and `identity.containers`;
this file only tells the kinds apart, by the first bytes and never by the name. BMP is read besides, since sets of test captures hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import CaptureEmpty, CaptureMissing, CaptureUnknown, ClipTooLarge
from ..media import FILE, FORMATS, Clip, Limits, read_clip, read_image


class Kind(StrEnum):
    IMAGE = "image"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Capture:
    """`film` of an image: one frame, no time stamps, no marks."""

    kind: Kind
    film: Clip


def read_file(path: Path, limits: Limits = FILE) -> Capture:
    """Raises what `read_bytes` and `read_capture` raise."""
    return read_capture(read_bytes(path, limits), limits)


def read_bytes(path: Path, limits: Limits = FILE) -> bytes:
    """Raises CaptureMissing for what is no readable file, and ClipTooLarge before anything is read."""
    try:
        if not path.is_file():
            raise CaptureMissing(path.name, field="file")
        if (size := path.stat().st_size) > limits.bytes:
            raise ClipTooLarge(f"{size} bytes", f"{limits.bytes} bytes", field="file")
        return path.read_bytes()
    except (OSError, ValueError) as problem:
        raise CaptureMissing(path.name, field="file") from problem


def read_capture(data: bytes, limits: Limits = FILE) -> Capture:
    """Raises CaptureEmpty, CaptureUnknown, and the Image… and Clip… errors of `identity.media`."""
    kind = kind_of(data)
    if kind is Kind.CLIP:
        return Capture(kind, read_clip(data, limits))
    return Capture(kind, Clip((read_image(data, (*FORMATS, "BMP")),), (0.0,), 1, "image"))


def kind_of(data: bytes) -> Kind:
    """By magic numbers. Raises CaptureEmpty and CaptureUnknown."""
    if not data:
        raise CaptureEmpty(field="file")
    if (
        data[:3] == b"\xff\xd8\xff"
        or data[:8] == b"\x89PNG\r\n\x1a\n"
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or data[:2] == b"BM"
    ):
        return Kind.IMAGE
    if data[:4] == b"\x1a\x45\xdf\xa3" or data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return Kind.CLIP
    raise CaptureUnknown(field="file")
