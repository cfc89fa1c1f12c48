"""What may be handed to FFmpeg at all: a look at a file's structure before anything is allocated for it.

A few hundred bytes of MP4 can promise a hundred million samples of one byte each, and a demuxer makes an index entry for every one; a
few megabytes of WebM can hold a million tracks. Such counts are read here from the raw bytes, wherever they stand, and bounded.

Formats: ISO/IEC 14496-12 (MP4, MOV), RFC 8794 and RFC 9559 (EBML, Matroska and WebM).
"""

from __future__ import annotations

from .errors import ClipUnreadable

SAMPLES = 1_000_000
"""Sample-table entries in one box: ten seconds of 96 kHz sound, one entry a sample, still fit."""
EDITS = 64
TABLES = 64
"""Sample tables, movie fragments' runs excepted, in one file."""
HEADER = 1 << 20
"""Bytes of one Matroska header element (tracks, tags, cues)."""

COUNTED = {b"stsz": 8, b"stz2": 8, b"trun": 4, b"elst": 4}
"""Box -> where its entry count stands, in bytes after the box's type (version and flags are the first four)."""
REFUSED_BOXES = (b"cmov", b"sinf", b"senc", b"saiz")
"""Compressed headers and encryption: no phone's recorder writes them, and each hides counts from this look."""

TRACKS, CUES, TAGS, SEEK_HEAD = b"\x16\x54\xae\x6b", b"\x1c\x53\xbb\x6b", b"\x12\x54\xc3\x67", b"\x11\x4d\x9b\x74"
SEEK_ID = b"\x53\xab\x84"
ATTACHMENTS, CHAPTERS = b"\x19\x41\xa4\x69", b"\x10\x43\xa7\x70"


def recognise(data: bytes) -> str:
    """FFmpeg's name of the container, told by the first bytes alone. Raises ClipUnreadable when it is neither, or its counts are absurd."""
    if data[:4] == b"\x1a\x45\xdf\xa3":
        _require_sane_matroska(data)
        return "matroska"
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        for part in _outside_media(data):
            _require_sane_boxes(part)
        return "mov"
    raise ClipUnreadable(field="clip")


def _outside_media(data: bytes) -> list[bytes]:
    """The top-level boxes but `mdat`, whose coded pictures may look like anything."""
    parts, at = [], 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        size = size or len(data) - at
        if size < 8:
            raise ClipUnreadable(field="clip")
        if kind != b"mdat":
            parts.append(data[at : at + size])
        at += size
    return parts


def _require_sane_boxes(part: bytes) -> None:
    tables = 0
    for kind, offset in COUNTED.items():
        most = EDITS if kind == b"elst" else SAMPLES
        for at in _places(part, kind):
            tables += kind != b"trun"
            if int.from_bytes(part[at + 4 + offset : at + 8 + offset]) > most:
                raise ClipUnreadable(field="clip")
    if tables > TABLES or any(kind in part for kind in REFUSED_BOXES):
        raise ClipUnreadable(field="clip")


def _require_sane_matroska(data: bytes) -> None:
    if len(_elements(data, TRACKS)) > 1 or ATTACHMENTS in data or CHAPTERS in data:
        raise ClipUnreadable(field="clip")
    for kind in (TRACKS, CUES, TAGS, SEEK_HEAD):
        if any(_element_size(data, at + 4) > HEADER for at in _elements(data, kind)):
            raise ClipUnreadable(field="clip")


def _elements(data: bytes, kind: bytes) -> list[int]:
    """Where elements of the kind stand, and not where a table of contents (SeekID) only names it."""
    return [at for at in _places(data, kind) if data[at - 3 : at] != SEEK_ID]


def _element_size(data: bytes, at: int) -> int:
    """The EBML variable-size integer at `at` (RFC 8794, 4); an unknown size counts as endless."""
    if at >= len(data) or not data[at]:
        return HEADER + 1
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length]) & ((1 << 7 * length) - 1)
    return value if value != (1 << 7 * length) - 1 else HEADER + 1


def _places(data: bytes, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found
