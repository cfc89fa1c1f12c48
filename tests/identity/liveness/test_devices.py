"""Few classes of cameras, told from the browser's name and the clip; nonsense is `any`, never an error."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.identity.liveness.devices import CLASSES, device_class, frames_a_second
from xinqiao.identity.media import Clip

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
WECHAT = ANDROID.replace("Mobile Safari", "Mobile Safari MicroMessenger/8.0.50")
HARMONY = "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"


def clip(*, rate: float = 30, rows: int = 640, columns: int = 480, frames: int = 6) -> Clip:
    stamps = tuple(n / rate for n in range(frames))
    return Clip((np.zeros((rows, columns, 3), np.uint8),) * frames, stamps, frames, "vp8", stamps)


@pytest.mark.parametrize(
    ("agent", "film", "expected"),
    [
        (ANDROID, clip(), "phone_high"),
        (IPHONE, clip(rows=960, columns=540), "phone_high"),
        (WECHAT, clip(rate=15), "phone_basic"),
        (HARMONY, clip(rows=320, columns=240), "phone_basic"),
        (ANDROID, clip(rows=480, columns=640), "any"),  # lies as a computer's camera does
        (WINDOWS, clip(rows=480, columns=640), "desktop"),
        (MAC, clip(rate=12, rows=480, columns=640), "desktop"),
        (MAC, clip(), "any"),  # an iPad calls itself so, and so may anything else
        (WINDOWS, clip(rate=12), "any"),
        (None, clip(), "phone_high"),
        (None, clip(rate=18), "phone_basic"),
        (None, clip(rows=480, columns=640), "any"),
        ("", clip(frames=1), "any"),
        (ANDROID, clip(frames=2), "any"),
        ("Mozilla/5.0 (Android) HeadlessChrome/140", clip(rows=480, columns=640), "any"),
        ("python-requests/2.32", clip(), "phone_high"),
        ("x" * 5000 + "Android", clip(rows=480, columns=640), "any"),
    ],
)
def test_the_class_is_told(agent: str | None, film: Clip, expected: str) -> None:
    assert device_class(agent, film) == expected


@given(
    st.none() | st.text(max_size=3000),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8),
    st.sampled_from([(1, 1), (640, 480), (2, 9000)]),
)
def test_nonsense_gets_some_class_and_no_error(agent: str | None, stamps: list[float], shape: tuple[int, int]) -> None:
    frame = np.broadcast_to(np.uint8(0), (*shape, 3))
    assert device_class(agent, Clip((frame,), (0.0,), 1, "", tuple(stamps))) in CLASSES


def test_the_rate_is_the_usual_step_s_and_times_that_no_clock_gives_have_none() -> None:
    film = clip(rate=25, frames=9)
    assert frames_a_second(film) == pytest.approx(25)
    gap = tuple(t + (3.0 if n > 4 else 0) for n, t in enumerate(film.stamps))
    assert frames_a_second(Clip(film.frames, gap, 9, "vp8", gap)) == pytest.approx(25)
    for stamps in ((), (0.0, 0.0, 0.0), (3.0, 2.0, 1.0), (math.nan,) * 5):
        assert frames_a_second(Clip(film.frames, (), 0, "vp8", stamps)) is None


def test_frames_that_change_their_size_are_of_no_class() -> None:
    film = clip()
    other = np.zeros((480, 640, 3), np.uint8)
    assert device_class(None, Clip((*film.frames, other), film.times, 7, "vp8", film.stamps)) == "any"
