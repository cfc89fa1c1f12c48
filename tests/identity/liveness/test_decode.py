"""Any bytes get a clear answer, within bounds of memory and time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.demo.faces import demo_faces
from xinqiao.identity import read_clip
from xinqiao.identity.errors import CaptureMissing, ClipTooLarge
from xinqiao.identity.liveness.decode import Kind, kind_of, read_capture, read_file
from xinqiao.identity.media import FILE, FRAMES_USED, Limits, Picture
from xinqiao.kit import Refused

from ..conftest import film, photograph
from . import bombs, hostile

ROOM = 512 * 2**20
"""Address space that reading hostile files may take beyond the program itself."""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "liveness.file_empty"),
        (b"GIF89a", "liveness.file_unknown"),
        (b"#EXTM3U\nfile:///etc/passwd", "liveness.file_unknown"),
        (bytes(5000), "liveness.file_unknown"),
        (b"\xff\xd8\xff\xe0", "identity.image_unreadable"),
        (b"BM" + bytes(200), "identity.image_unreadable"),
        (b"\x1a\x45\xdf\xa3" + bytes(90), "identity.clip_unreadable"),
        (bombs.movie(10**8), "identity.clip_unreadable"),
        (bombs.many_tracks(10**6), "identity.clip_unreadable"),
    ],
    ids=range(9),
)
def test_what_cannot_be_judged_is_refused_with_a_code_and_words(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_capture(data)
    assert refusal.value.code == code
    assert refusal.value.message("zh") != refusal.value.message("en")


@pytest.mark.parametrize("path", ["nothing-here.jpg", "/", "/dev/zero", "x" * 5000, "a\0b"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(CaptureMissing):
        read_file(Path(path))


def test_a_picture_is_told_from_a_clip_by_its_bytes(frames: tuple[Picture, ...], selfie: bytes) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        assert read_capture(photograph(frames[0], kind)).kind is Kind.IMAGE
    assert read_capture(selfie).kind is Kind.CLIP
    assert kind_of(film(frames[:2], codec="libx264", container="mov")) is Kind.CLIP


def test_a_long_capture_file_is_judged_by_its_beginning_and_an_applicants_is_refused(frames: tuple[Picture, ...]) -> None:
    long = film([np.ascontiguousarray(f[::4, ::4]) for f in frames] * 5, rate=5)
    assert read_capture(long).film.times[-1] <= FILE.seconds
    with pytest.raises(ClipTooLarge, match="more than 10 s"):
        read_clip(long)


@pytest.mark.parametrize("limit", [Limits(frames=5), Limits(pixels=6 * 640 * 480), Limits(work=0.0), Limits(bytes=10)])
def test_every_bound_is_a_refusal(selfie: bytes, limit: Limits) -> None:
    with pytest.raises(ClipTooLarge):
        read_clip(selfie, limit)


def test_all_time_stamps_are_kept_as_the_container_gives_them(frames: tuple[Picture, ...]) -> None:
    clip = read_clip(film((frames * 10)[:100], rate=100))
    assert len(clip.frames) <= FRAMES_USED
    assert clip.stamps == pytest.approx([n / 100 for n in range(100)], abs=0.0011)
    assert clip.marks["encoder"].startswith("Lavf")


@pytest.mark.parametrize(("transfer", "codes"), [(16, (520, 594)), (18, (700, 800))], ids=["PQ", "HLG"])
def test_a_high_dynamic_range_clip_becomes_ordinary_light(transfer: int, codes: tuple[int, int]) -> None:
    """Grey at the transfer's code for about reference white becomes bright, and black stays black."""
    low, high = (read_clip(_grey_clip(code, transfer)).frames[0].mean() for code in codes)
    assert 120 < low < high <= 255
    assert read_clip(_grey_clip(64, transfer)).frames[0].mean() < 12


def _grey_clip(code: int, transfer: int) -> bytes:
    import io

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx265", rate=25, options={"x265-params": "log-level=none"})
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.colorspace, stream.codec_context.color_primaries = transfer, 9, 9
        for _ in range(3):
            frame = av.VideoFrame(128, 128, "yuv420p10le")
            for plane, value in zip(frame.planes, (code, 512, 512), strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return out.getvalue()


def hostile_files(folder: Path, portrait: bytes, selfie: bytes) -> Iterator[Path]:
    stepwise = photograph(np.full((4000, 4000, 3), 90, np.uint8), progressive=True)
    made = {
        "samples.mp4": bombs.movie(2**31 - 1),
        "samples-many.mp4": bombs.movie(30_000_000),
        "samples-a-million.mp4": bombs.movie(10**6),
        "edits.mp4": bombs.movie(1000, edits=5000),
        "runs.mp4": bombs.movie(1, fragments=bombs.fragment(2**31 - 1)),
        "tracks.webm": bombs.many_tracks(2_000_000),
        "huge.png": bombs.png(60_000, 60_000),
        "large.png": bombs.png(4899, 4898, lines=4898),
        "canvas.webp": bombs.webp_canvas(16_383, 16_383),
        "scans.jpg": bombs.jpeg_of_many_scans(stepwise, 300),
        "cut.jpg": portrait[: len(portrait) // 2],
        "cut.webm": selfie[: len(selfie) // 2],
        "nothing.mp4": b"",
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
        yield folder / name


def test_hostile_files_are_answered_in_bounded_memory_and_time(tmp_path: Path, portrait: bytes, selfie: bytes) -> None:
    files = list(hostile_files(tmp_path, portrait, selfie))
    done = subprocess.run([sys.executable, hostile.__file__, str(ROOM), *map(str, files)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["grown_mb"] < 400, told
    assert all(seconds < 5 for _, seconds in told["answers"].values()), told
    answers = {name: answer for name, (answer, _) in told["answers"].items()}
    assert answers.pop("cut.webm").startswith("frames:")
    assert answers.pop("large.png") == "frames:1"
    assert answers.pop("nothing.mp4") == "liveness.file_empty"
    assert set(answers.values()) <= {"identity.clip_unreadable", "identity.image_unreadable", "identity.image_too_large"}, answers


@pytest.fixture(scope="module")
def samples() -> list[bytes]:
    """One small file of each kind, to be spoilt."""
    one = demo_faces("live")[0]
    pictures = [np.ascontiguousarray(f[::3, ::3]) for f in read_clip(one.clip.read_bytes()).frames[:4]]
    clips = [
        film(pictures, codec=c, container=k)
        for c, k in (("libvpx", "webm"), ("libx264", "mp4"), ("libx265", "mov"), ("libvpx-vp9", "webm"))
    ]
    return [*clips, *(photograph(pictures[0], kind) for kind in ("JPEG", "PNG", "WEBP")), photograph(pictures[0], progressive=True)]


CHANGES: dict[str, Callable[[bytearray, int, int], bytearray]] = {
    "set": lambda data, at, value: data[:at] + bytes([value % 256]) + data[at + 1 :],
    "cut": lambda data, at, value: data[:at],
    "drop": lambda data, at, value: data[:at] + data[at + 1 + value :],
    "repeat": lambda data, at, value: data[:at] + data[max(0, at - value) : at] * 3 + data[at:],
    "long": lambda data, at, value: data[:at] + b"\xff" * 4 + data[at + 4 :],
    "zero": lambda data, at, value: data[:at] + bytes(value) + data[at + value :],
}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    number=st.integers(0, 7),
    edits=st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.floats(0, 1) | st.floats(0, 0.05), st.integers(0, 999)), min_size=1, max_size=8
    ),
)
def test_spoilt_files_are_read_or_refused_but_never_crash(samples: list[bytes], number: int, edits: list[tuple[str, float, int]]) -> None:
    data = bytearray(samples[number])
    for kind, where, value in edits:
        data = CHANGES[kind](data, int(where * len(data)), value)
    try:
        frames = read_capture(bytes(data)).film.frames
    except Refused as refusal:
        code, frames = refusal.code, ()
    assert frames or code.startswith(("identity.", "liveness."))
    assert len(frames) <= FRAMES_USED
    assert all(f.ndim == 3 and f.dtype == np.uint8 for f in frames)
