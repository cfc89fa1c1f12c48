import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from xinqiao.identity import read_clip, read_image
from xinqiao.identity.errors import ClipTooLarge, ClipUnreadable, ImageTooLarge, ImageUnreadable
from xinqiao.identity.media import APPLICANT, FRAME_SIDE, FRAMES_USED, IMAGE_BYTES, IMAGE_SIDE, Picture

from .conftest import film, photograph


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that promises width x height pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_pictures_of_the_three_formats_are_read(frames: tuple[Picture, ...], format_: str) -> None:
    assert read_image(photograph(frames[0], format_)).shape == frames[0].shape


def test_a_phones_rotation_mark_is_obeyed(frames: tuple[Picture, ...]) -> None:
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(frames[0])))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate 90 degrees clockwise to show
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif, quality=95)
    assert np.abs(read_image(out.getvalue()).astype(int) - frames[0]).mean() < 6


def test_a_large_photograph_is_shrunk() -> None:
    assert max(read_image(photograph(np.zeros((3000, 4000, 3), np.uint8))).shape) <= IMAGE_SIDE


@pytest.mark.parametrize("size", [(60_000, 60_000), (30_000, 1_000), (2**31 - 1, 2)])
def test_a_decompression_bomb_is_refused_from_its_header(size: tuple[int, int]) -> None:
    with pytest.raises((ImageTooLarge, ImageUnreadable)):
        read_image(bomb(*size))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg/>", b"\x89PNG\r\n\x1a\n", bytes(1000), bomb(640, 480)])
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageUnreadable, match="JPEG, PNG or WebP"):
        read_image(data)


def test_a_picture_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(ImageTooLarge, match="at most"):
        read_image(bytes(IMAGE_BYTES + 1))


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libvpx", "webm"), ("libvpx-vp9", "webm"), ("libx264", "mp4"), ("libx264", "mov"), ("libx265", "mp4"), ("mjpeg", "mov")],
)
def test_clips_of_the_common_recorders_are_read(frames: tuple[Picture, ...], codec: str, container: str) -> None:
    clip = read_clip(film(frames[:6], codec=codec, container=container, pixels="yuvj420p" if codec == "mjpeg" else "yuv420p"))
    assert clip.decoded == 6
    assert clip.frames[0].shape == frames[0].shape
    assert np.abs(clip.frames[0].astype(int) - frames[0]).mean() < 12


@pytest.mark.parametrize("rate", [5, 120])
def test_no_frame_rate_is_assumed(frames: tuple[Picture, ...], rate: int) -> None:
    clip = read_clip(film((frames * 10)[:rate], rate=rate))
    assert min(rate, FRAMES_USED // 2) <= len(clip.frames) <= FRAMES_USED
    assert clip.decoded == rate
    assert clip.times[0] == 0
    assert 0.7 < clip.times[-1] < 1.01


def test_ten_bit_video_is_read(frames: tuple[Picture, ...]) -> None:
    assert read_clip(film(frames[:4], codec="libx265", container="mp4", pixels="yuv420p10le")).decoded == 4


def test_a_full_hd_clip_is_shrunk(frames: tuple[Picture, ...]) -> None:
    large = [np.ascontiguousarray(np.repeat(np.repeat(f, 3, 0), 3, 1)) for f in frames[:3]]
    assert max(read_clip(film(large)).frames[0].shape) == FRAME_SIDE


def test_a_clip_cut_short_by_a_lost_connection_still_counts(frames: tuple[Picture, ...]) -> None:
    whole = film(frames)
    assert 1 <= read_clip(whole[: len(whole) * 2 // 3]).decoded < len(frames)


def test_a_clip_of_twelve_seconds_is_refused(frames: tuple[Picture, ...]) -> None:
    with pytest.raises(ClipTooLarge, match="about one second"):
        read_clip(film([f[::4, ::4] for f in frames[:12]], rate=1))


PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"


@pytest.mark.parametrize("data", [b"", PLAYLIST, CONCAT, bytes(5000), b"\x1a\x45\xdf\xa3" + bytes(500), b"\0\0\0\x18ftypisom" + bytes(500)])
def test_what_is_no_clip_is_refused_and_no_other_file_is_opened(data: bytes) -> None:
    with pytest.raises(ClipUnreadable, match="WebM, MP4 or MOV"):
        read_clip(data)


def test_a_clip_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(ClipTooLarge):
        read_clip(bytes(APPLICANT.bytes + 1))


def test_mutated_files_are_read_or_refused_but_never_crash(portrait: bytes, selfie: bytes) -> None:
    rng = np.random.default_rng(8)
    answers = set()
    for data, read in [(portrait, read_image), (selfie, read_clip)] * 25:
        spoilt = bytearray(data)
        for at in rng.integers(0, len(spoilt), 30):
            spoilt[at] = rng.integers(256)
        try:
            answers.add(type(read(bytes(spoilt[: rng.integers(len(spoilt) // 2, len(spoilt))]))).__name__)
        except (ImageUnreadable, ImageTooLarge, ClipUnreadable, ClipTooLarge) as refusal:
            answers.add(refusal.code)
    assert "Clip" in answers


def test_a_phone_held_upright_gives_an_upright_clip(frames: tuple[Picture, ...]) -> None:
    """A phone records sideways and says so in the track header's matrix (ISO/IEC 14496-12, tkhd); here: show it turned 90 degrees clockwise."""
    file = bytearray(film([np.rot90(f) for f in frames[:4]], codec="libx264", container="mp4"))
    matrix = file.index(b"tkhd") + 44
    file[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    clip = read_clip(bytes(file))
    assert clip.frames[0].shape == frames[0].shape
    assert np.abs(clip.frames[0].astype(int) - frames[0]).mean() < 12
