"""The whole check over every shape of capture that a phone or a stranger may send: a clear answer, no crash, bounded memory."""

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import Beside, Label, Verdict, check_capture, check_file, read_capture
from xinqiao.identity.media import FILE, Picture
from xinqiao.kit import Refused

from ..conftest import film, photograph

CONTAINERS = [("libvpx", "webm"), ("libvpx-vp9", "webm"), ("libx264", "mp4"), ("libx265", "mp4"), ("libx264", "mov"), ("mjpeg", "mov")]
MATRICES = {  # tkhd of ISO/IEC 14496-12: how the stored picture is turned to be shown, degrees clockwise
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
MEMORY = 200 * 2**20
"""What a check of any small file may add to this process, bytes."""


def checked(models: FaceModels, data: bytes, beside: Beside | None = None) -> Verdict:
    return check_capture(models=models, capture=read_capture(data, FILE), beside=beside)


def state(verdict: Verdict, name: str) -> tuple[str, str | None]:
    return next((s.state.value, s.reason) for s in verdict.signals if s.name == name)


def is_clear(verdict: Verdict) -> bool:
    """Every answer but a pass gives at least one reason, in both languages."""
    worded = all(r.zh and r.en and r.zh != r.en for r in verdict.reasons)
    return worded and (verdict.outcome.value == "pass" or bool(verdict.reasons)) and 0 <= (verdict.score or 0) <= 1


@pytest.mark.parametrize(("codec", "container"), CONTAINERS, ids=lambda one: one)
def test_a_face_is_found_in_the_clips_of_every_recorder(models: FaceModels, frames: Sequence[Picture], codec: str, container: str) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    verdict = checked(models, film(frames[:10], codec=codec, container=container, pixels=pixels, bits=4_000_000))
    assert state(verdict, "selfie_quality") == ("pass", None)
    assert verdict.score is not None
    assert is_clear(verdict)


@pytest.mark.parametrize("turn", MATRICES)
def test_a_phone_held_in_any_way_shows_an_upright_face(models: FaceModels, frames: Sequence[Picture], turn: int) -> None:
    stored = [np.ascontiguousarray(np.rot90(f, turn // 90)) for f in frames[:8]]
    file = bytearray(film(stored, codec="libx264", container="mov", bits=4_000_000))
    a, b, c, d = (number * 65_536 for number in MATRICES[turn])
    at = file.index(b"tkhd") + 44
    file[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    assert state(checked(models, bytes(file)), "selfie_quality") == ("pass", None)


@pytest.mark.parametrize("rate", [5, 24, 60, 120])
def test_no_frame_rate_is_assumed_by_the_check(models: FaceModels, frames: Sequence[Picture], rate: int) -> None:
    verdict = checked(models, film((list(frames) * 10)[:rate], codec="libx264", container="mp4", rate=rate, bits=4_000_000))
    assert state(verdict, "selfie_quality") == ("pass", None)
    assert state(verdict, "length") == ("pass", None)
    assert state(verdict, "timing")[0] == "pass"


def test_landscape_and_portrait_show_the_same_face(models: FaceModels, frames: Sequence[Picture]) -> None:
    rows = frames[0].shape[0]
    wide = [np.pad(f[: rows // 2 * 2], ((0, 0), (rows // 2, rows // 2), (0, 0)), mode="edge") for f in frames[:8]]
    assert wide[0].shape[1] > wide[0].shape[0]
    for pictures in (wide, frames[:8]):
        assert state(checked(models, film(pictures, bits=4_000_000)), "selfie_quality")[1] in (None, "too_small")


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_a_high_dynamic_range_clip_is_judged(models: FaceModels, frames: Sequence[Picture], transfer: int) -> None:
    verdict = checked(models, wide_gamut(frames[:6], transfer))
    assert state(verdict, "length") == ("pass", None)
    assert verdict.score is not None or verdict.label is Label.RETRY
    assert is_clear(verdict)


def wide_gamut(pictures: Sequence[Picture], transfer: int) -> bytes:
    """HEVC with ten bits in BT.2020, marked as PQ or HLG, as phones record it."""
    import io

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx265", rate=24, options={"x265-params": "log-level=none"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.colorspace, stream.codec_context.color_primaries = transfer, 9, 9
        for picture in pictures:
            dark = (picture.astype(np.float32) * (0.55 if transfer == 16 else 0.75)).astype(np.uint8)  # reference white lies below the top
            file.mux(stream.encode(av.VideoFrame.from_ndarray(dark, format="rgb24").reformat(format="yuv420p10le")))
        file.mux(stream.encode())
    return out.getvalue()


def _beside_each_other(face: Picture, count: int) -> Picture:
    return np.ascontiguousarray(np.concatenate([face] * count, axis=1))


@pytest.mark.parametrize(("people", "reason"), [(0, "no_face"), (2, "many_faces"), (3, "many_faces")])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_of_nobody_and_of_several_are_to_be_taken_again(
    models: FaceModels, frames: Sequence[Picture], kind: str, people: int, reason: str
) -> None:
    wall = np.random.default_rng(5).integers(90, 110, frames[0].shape).astype(np.uint8)
    verdict = checked(models, photograph(_beside_each_other(frames[0], people) if people else wall, kind))
    assert verdict.label is Label.RETRY
    assert verdict.reasons[0].code == reason


@pytest.mark.parametrize(("people", "reason"), [(0, "no_face"), (2, "many_faces")])
def test_clips_of_nobody_and_of_several_are_to_be_taken_again(
    models: FaceModels, frames: Sequence[Picture], people: int, reason: str
) -> None:
    wall = [np.random.default_rng(n).integers(90, 110, frames[0].shape).astype(np.uint8) for n in range(6)]
    verdict = checked(models, film([_beside_each_other(f, people) for f in frames[:6]] if people else wall, bits=4_000_000))
    assert verdict.label is Label.RETRY
    assert verdict.reasons[0].code == reason


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_clip_of_a_frame_or_two_passes_nothing(models: FaceModels, frames: Sequence[Picture], count: int) -> None:
    verdict = checked(models, film(frames[:count]))
    assert verdict.outcome.value != "pass"
    assert is_clear(verdict)


def test_odd_sizes_and_thin_pictures_are_answered(models: FaceModels, frames: Sequence[Picture]) -> None:
    for shape in ((481, 361), (64, 900), (900, 64), (65, 65)):
        grown = np.resize(frames[0], (*shape, 3)).astype(np.uint8)
        assert checked(models, photograph(grown, "PNG")).label is Label.RETRY


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    number=st.integers(0, 5),
    edits=st.lists(st.tuples(st.floats(0, 1) | st.floats(0, 0.05), st.integers(0, 255), st.integers(1, 40)), min_size=1, max_size=12),
    end=st.floats(0.3, 1),
)
def test_spoilt_clips_get_an_answer_from_the_whole_check(
    models: FaceModels, spoilable: Sequence[bytes], number: int, edits: list[tuple[float, int, int]], end: float
) -> None:
    data = bytearray(spoilable[number])
    for where, value, length in edits:
        at = int(where * len(data))
        data[at : at + length] = bytes([value]) * min(length, len(data) - at)
    before = most_memory()
    answer = answered(models, bytes(data[: int(end * len(data)) + 1]))
    assert answer.code.startswith(("identity.", "liveness.")) if isinstance(answer, Refused) else is_clear(answer)
    assert most_memory() - before < MEMORY


def answered(models: FaceModels, data: bytes, beside: Beside | None = None) -> Verdict | Refused:
    """Whatever else is raised is a crash."""
    try:
        return checked(models, data, beside)
    except Refused as refusal:
        return refusal


@pytest.fixture(scope="module")
def spoilable(frames: Sequence[Picture]) -> list[bytes]:
    pictures = [np.ascontiguousarray(f[::2, ::2]) for f in frames[:8]]
    return [film(pictures, codec=c, container=k, pixels="yuvj420p" if c == "mjpeg" else "yuv420p") for c, k in CONTAINERS]


def most_memory() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("junk", [b"", b"\x89PNG\r\n\x1a\n", bytes(300), b"\xff" * 5000], ids=["nothing", "a head", "zeros", "ones"])
def test_a_broken_picture_of_a_second_sensor_passes_nothing(models: FaceModels, selfie: bytes, junk: bytes) -> None:
    for sensor in ("near_infrared", "depth"):
        answer = answered(models, selfie, Beside(**{sensor: junk}))
        assert answer.message("zh") != answer.message("en") if isinstance(answer, Refused) else answer.outcome.value != "pass"


def test_a_file_that_lies_about_its_kind_is_told_by_its_bytes(models: FaceModels, tmp_path: Path, selfie: bytes, portrait: bytes) -> None:
    (tmp_path / "clip.jpg").write_bytes(selfie)
    (tmp_path / "picture.webm").write_bytes(portrait)
    assert state(check_file(models=models, path=tmp_path / "clip.jpg"), "length") == ("pass", None)
    assert state(check_file(models=models, path=tmp_path / "picture.webm"), "motion") == ("not_run", "one_picture")
