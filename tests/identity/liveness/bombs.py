"""Small files that promise much: made here, byte by byte, from the formats' own rules."""

from __future__ import annotations

import struct
import zlib


def box(kind: bytes, *body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, body)), kind) + b"".join(body)


def full(kind: bytes, *body: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *body)


UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def movie(samples: int, *, edits: int = 0, fragments: bytes = b"", codec: bytes = b"jpeg") -> bytes:
    """An MP4 of some 600 bytes whose tables promise `samples` pictures of one byte (ISO/IEC 14496-12)."""
    mvhd = full(
        b"mvhd", struct.pack(">IIII", 0, 0, 1000, 1000), struct.pack(">IHH", 1 << 16, 256, 0), bytes(8), UPRIGHT, bytes(24), b"\0\0\0\2"
    )
    tkhd = full(b"tkhd", struct.pack(">IIIII", 0, 0, 1, 0, 1000), bytes(16), UPRIGHT, struct.pack(">II", 640 << 16, 480 << 16), flags=7)
    entry = box(
        codec, bytes(6), b"\0\1", bytes(16), struct.pack(">HH", 640, 480), bytes(12), b"\0\1", bytes(32), struct.pack(">Hh", 24, -1)
    )
    tables = (
        full(b"stsd", struct.pack(">I", 1), entry),
        full(b"stts", struct.pack(">III", 1, samples, 1)),
        full(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)),
        full(b"stsz", struct.pack(">II", 1, samples)),
        full(b"stco", struct.pack(">II", 1, 40)),
    )
    edit = box(b"edts", full(b"elst", struct.pack(">I", edits), struct.pack(">IIHH", 1000, 0, 1, 0) * edits)) if edits else b""
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">IIII", 0, 0, 1000, 1000), bytes(4)),
        full(b"hdlr", bytes(4), b"vide", bytes(12), b"v\0"),
        box(
            b"minf",
            full(b"vmhd", bytes(8), flags=1),
            box(b"dinf", full(b"dref", b"\0\0\0\1", full(b"url ", flags=1))),
            box(b"stbl", *tables),
        ),
    )
    moov = box(b"moov", mvhd, box(b"trak", tkhd, edit, media))
    return box(b"ftyp", b"isom", struct.pack(">I", 512), b"isom") + moov + fragments + box(b"mdat", bytes(100))


def fragment(samples: int) -> bytes:
    """A movie fragment whose run holds `samples` pictures without a byte for each."""
    run = full(b"trun", struct.pack(">I", samples))
    return box(b"moof", full(b"mfhd", bytes(4)), box(b"traf", full(b"tfhd", struct.pack(">III", 2, 1, 1), flags=0x18), run))


def many_tracks(count: int) -> bytes:
    """A WebM of `count` empty tracks of two bytes each (RFC 9559)."""
    header = b"\x1a\x45\xdf\xa3" + b"\x87" + b"\x42\x82\x84webm"
    tracks = b"\xae\x80" * count
    body = b"\x16\x54\xae\x6b" + (0x10000000 | len(tracks)).to_bytes(4) + tracks
    return header + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + body


def png(width: int, height: int, *, lines: int = 1) -> bytes:
    """A PNG that promises width x height pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    body = zlib.compress(bytes((1 + 3 * width) * lines), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


def webp_canvas(width: int, height: int) -> bytes:
    """A WebP animation of nothing on a huge canvas (RFC 9649, VP8X)."""
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + extended + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_many_scans(whole: bytes, scans: int) -> bytes:
    """The picture's last scan again and again: every repeat is a walk over all its blocks."""
    at = whole.rindex(b"\xff\xda")
    return whole[:at] + whole[at:-2] * scans + whole[-2:]
