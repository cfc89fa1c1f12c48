"""What a clip that was put in the camera's place gives away."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from xinqiao.identity import State, distance
from xinqiao.identity.errors import KeyTooShort
from xinqiao.identity.liveness import injection
from xinqiao.identity.liveness.injection import (
    SAME_CLIP_BITS,
    camera_signal,
    clip_mark,
    nearest_of,
    recorder_signal,
    repeats_signal,
    sent_before_signal,
    timing_signal,
)
from xinqiao.identity.media import Clip, Picture, read_clip

from ..conftest import film

KEY = b"the tenant's own clip key"
CHROME = {"format": "matroska", "encoder": "Chrome"}
CHROME_MP4 = {"format": "mov", "encoder": "AVC1 Coding", "major_brand": "isom", "creation_time": "2026-11-22T09:20:33.000000Z"}


def clip(frames, stamps=None, codec: str = "vp8", marks=None) -> Clip:
    times = tuple(n / 25 for n in range(len(frames)))
    return Clip(tuple(frames), times, len(frames), codec, tuple(times if stamps is None else stamps), marks or {})


def walk(count: int, seed: int, step: float = 2.0) -> list[Picture]:
    """A textured picture that a hand moves at random, with a sensor's noise."""
    rng = np.random.default_rng(seed)
    scene = cv2.GaussianBlur(rng.normal(0, 1, (200, 240)).astype(np.float32), (0, 0), 6)
    scene = (scene - scene.min()) / np.ptp(scene) * 255
    where, out = np.array([30.0, 30.0]), []
    for _ in range(count):
        where = np.clip(where + rng.normal(0, step, 2), 0, 60)
        x, y = where
        view = cv2.warpAffine(scene, np.float32([[1, 0, -x], [0, 1, -y]]), (160, 120)) + rng.normal(0, 2, (120, 160))
        out.append(np.repeat(np.clip(view, 0, 255).astype(np.uint8)[..., None], 3, -1))
    return out


@pytest.mark.parametrize(
    ("stamps", "state"),
    [
        ([0, 0.04, 0.08, 0.12], State.PASS),
        ([0, 0.063, 0.064, 0.1], State.PASS),  # a browser under load
        ([0, 0.2, 0.4, 0.6], State.PASS),
        ([0, 1 / 120, 2 / 120, 3 / 120], State.PASS),
        ([0, 0.04, 0.04, 0.08], State.FAIL),
        ([0, 0.08, 0.04, 0.12], State.FAIL),
        ([0, 0.0001, 0.0002, 0.0003], State.FAIL),
        ([0, float("nan"), 0.08, 0.12], State.NOT_RUN),
        ([0.0], State.NOT_RUN),
    ],
)
def test_a_camera_s_clock_rises_and_not_too_fast(stamps: list[float], state: State) -> None:
    assert timing_signal(clip([np.zeros((4, 4, 3), np.uint8)] * len(stamps), stamps)).state is state


def test_a_passage_shown_again_is_found_after_coding_too() -> None:
    once = walk(12, 3)
    for seen in (once * 2, once + once[::-1]):
        shown = read_clip(film(seen, rate=25, codec="libx264", container="mp4", bits=600_000))
        assert repeats_signal(shown).reason == "looped"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("step", [0.0, 0.3, 2.0])
def test_a_hand_that_moves_or_rests_is_no_loop(seed: int, step: float) -> None:
    assert repeats_signal(clip(walk(25, seed, step))).state is State.PASS


@pytest.mark.parametrize("beat", [3, 4, 6])
@pytest.mark.parametrize("step", [0.0, 0.3])
def test_bands_of_mains_light_over_a_still_scene_are_no_loop(beat: int, step: float) -> None:
    rows = np.arange(120)[:, None, None] / 40
    lit = [f * (1 + 0.25 * np.sin(2 * np.pi * (rows + n / beat))) for n, f in enumerate(walk(25, 5, step))]
    assert repeats_signal(clip([np.clip(f, 0, 255).astype(np.uint8) for f in lit])).state is State.PASS


def test_a_clip_of_which_most_frames_are_equal_goes_to_a_person() -> None:
    few = walk(5, 1)
    assert repeats_signal(clip([f for f in few for _ in range(5)])).reason == "repeated_frames"
    assert repeats_signal(clip(few[:1])).state is State.NOT_RUN


@pytest.mark.parametrize(
    ("codec", "marks", "state"),
    [
        ("vp8", CHROME, State.PASS),
        ("h264", CHROME_MP4, State.PASS),
        ("mpeg4", CHROME, State.REFER),
        ("h264", {k: v for k, v in CHROME_MP4.items() if k != "creation_time"}, State.REFER),
        ("vp8", {"format": "matroska", "encoder": "Lavf62.12.102"}, State.FAIL),
        ("h264", {"format": "mov", "encoder": "HandBrake 1.9"}, State.FAIL),
        ("vp8", {}, State.REFER),
    ],
)
def test_only_what_a_browser_s_recorder_writes_passes_for_the_page_s_own(codec: str, marks: dict[str, str], state: State) -> None:
    made = clip([np.zeros((4, 4, 3), np.uint8)], codec=codec, marks=marks)
    assert recorder_signal(made, from_page=True).state is state
    assert recorder_signal(made, from_page=False).state is State.NOT_CHECKED


@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("FaceTime HD Camera", State.PASS),
        ("camera2 1, facing front", State.PASS),
        ("Integrated Webcam (0c45:6a09)", State.PASS),
        ("OBS Virtual Camera", State.REFER),
        ("ManyCam Video Source", State.REFER),
        ("/tmp/clip.mjpeg", State.REFER),
    ],
)
def test_a_camera_of_software_goes_to_a_person(label: str, state: State) -> None:
    assert camera_signal({"label": label}).state is state


@pytest.mark.parametrize("camera", [{"label": ""}, {"label": "  "}, {"label": None}, {}])
def test_a_camera_whose_name_was_left_out_goes_to_a_person(camera: dict) -> None:
    assert camera_signal(camera).reason == "camera_unnamed"
    assert camera_signal(camera).state is State.REFER
    assert camera_signal(None).state is State.NOT_CHECKED


def recoded(frames: list[Picture]) -> Clip:
    small = [cv2.resize(np.clip(f * 0.9 + 12, 0, 255).astype(np.uint8), (128, 96), interpolation=cv2.INTER_AREA) for f in frames]
    return read_clip(film(small, rate=25, codec="libx264", container="mp4", bits=300_000))


def test_a_clip_sent_again_is_known_though_it_was_coded_anew_and_another_clip_of_the_scene_is_not() -> None:
    frames, later = walk(25, 7), walk(60, 7)[35:]  # the second: the same scene, another second
    first = clip_mark(clip(frames), KEY)
    again, other = clip_mark(recoded(frames), KEY), clip_mark(clip(later), KEY)
    assert first is not None
    assert again is not None
    assert other is not None
    assert distance(first, again) <= SAME_CLIP_BITS < distance(first, other)
    assert sent_before_signal(again, nearest_of([other, first])).state is State.FAIL
    assert sent_before_signal(other, nearest_of([first])).state is State.PASS
    assert sent_before_signal(other, nearest_of([])).state is State.PASS


def test_marks_under_different_keys_have_nothing_in_common() -> None:
    frames = clip(walk(25, 7))
    one, two = clip_mark(frames, KEY), clip_mark(frames, b"another tenant's key")
    assert one is not None
    assert two is not None
    assert 90 < distance(one, two) < 166


def test_a_comparison_that_could_not_be_made_does_not_pass() -> None:
    assert sent_before_signal(None, nearest_of([b"x" * 32])).state is State.NOT_RUN
    assert sent_before_signal(b"x" * 32, None).state is State.NOT_CHECKED
    assert clip_mark(clip(walk(1, 1)), KEY) is None
    with pytest.raises(KeyTooShort):
        clip_mark(clip(walk(4, 1)), b"short")


def test_what_the_recorders_wrote_is_data_that_compiles() -> None:
    for one in injection.facts()["recorders"]:
        assert recorder_signal(replace(clip([]), codec=one["codecs"][0], marks={}), from_page=True).state is not State.PASS
