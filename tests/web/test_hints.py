"""What the page says of the camera's picture, measured in the browser on pictures whose faults are known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from xinqiao.demo.faces import demo_faces
from xinqiao.web import pages

GRID = (120, 90)
SAYS = """([picture, before, how]) => {
  const first = before && measurePicture(Uint8ClampedArray.from(before)).luma;
  return hintFor(measurePicture(Uint8ClampedArray.from(picture), first), how);
}"""


@pytest.fixture(scope="module")
def script(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.add_script_tag(content=(pages.STATIC / "face-hints.js").read_text())
    yield page
    page.close()


@cache
def film(number: int) -> tuple[np.ndarray, ...]:
    """A demo clip as the preview crops it, RGB: the head where the oval is."""
    with av.open(str(demo_faces("live")[number].clip)) as container:
        return tuple(_cropped(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0))


def _cropped(frame: np.ndarray) -> np.ndarray:
    rows, columns = frame.shape[:2]
    width = min(columns, rows * 3 // 4)
    left = (columns - width) // 2
    return cv2.resize(frame[: width * 4 // 3, left : left + width], GRID[::-1], interpolation=cv2.INTER_AREA)


def face(number: int) -> np.ndarray:
    return film(number)[8]


def says(script: Page, picture: np.ndarray, *, before: np.ndarray | None = None, colours: bool = False, face: object = None) -> str:
    how = {"colours": colours, "face": face}
    return script.evaluate(SAYS, [_rgba(picture), None if before is None else _rgba(before), how])


def _rgba(picture: np.ndarray) -> list[int]:
    return np.dstack([picture, np.full(picture.shape[:2], 255)]).astype(np.uint8).ravel().tolist()


@pytest.mark.parametrize("number", range(8))
def test_a_clear_face_in_the_oval_is_good(script: Page, number: int) -> None:
    assert says(script, face(number), before=film(number)[0]) == "good"


def test_too_dark_asks_for_light_unless_the_colours_bring_it(script: Page) -> None:
    dim = face(0) // 6
    assert says(script, dim) == "dark"
    assert says(script, dim, colours=True) == "dark_fine"


def test_burnt_skin_is_too_bright(script: Page) -> None:
    assert says(script, np.clip(face(0).astype(int) * 4, 0, 255)) == "bright"


@pytest.mark.parametrize("number", range(8))
def test_a_blurred_picture_is_told(script: Page, number: int) -> None:
    assert says(script, cv2.GaussianBlur(face(number), (0, 0), 5)) == "blurred"


def test_a_shaking_picture_is_told(script: Page) -> None:
    assert says(script, face(0), before=np.roll(face(0), 20, 1)) == "steady"


def test_an_empty_wall_asks_for_a_face(script: Page) -> None:
    assert says(script, np.full((*GRID, 3), 140)) == "oval"


def test_a_green_wall_with_pictures_is_no_face(script: Page) -> None:
    rng = np.random.default_rng(3)
    shapes = cv2.resize(rng.integers(60, 200, (12, 9)).astype(np.uint8), GRID[::-1], interpolation=cv2.INTER_NEAREST)
    assert says(script, np.dstack([shapes // 3, shapes, shapes // 2])) == "oval"


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        ({"faces": 0}, "oval"),
        ({"faces": 2, "x": 0.5, "y": 0.46, "tall": 0.6}, "alone"),
        ({"faces": 1, "x": 0.5, "y": 0.46, "tall": 0.2}, "closer"),
        ({"faces": 1, "x": 0.9, "y": 0.46, "tall": 0.5}, "oval"),
        ({"faces": 1, "x": 0.5, "y": 0.46, "tall": 0.6}, "good"),
    ],
)
def test_the_browser_s_own_detector_is_believed_where_there_is_one(script: Page, found: object, hint: str) -> None:
    assert says(script, face(0), before=face(0), face=found) == hint


def test_one_hint_is_told_once_it_held_and_never_in_a_hurry(script: Page) -> None:
    told = script.evaluate(
        """async () => {
          const line = document.body.appendChild(document.createElement("p"));
          const quiet = new Quiet(line);
          const told = [];
          new MutationObserver(() => told.push([line.textContent, performance.now()])).observe(line, { childList: true });
          for (const word of ["one", "two", "three", "three"]) quiet.say(word);
          await new Promise((resolve) => setTimeout(resolve, 1800));
          return told;
        }"""
    )
    assert [word for word, _ in told] == ["one", "three"]
    assert told[1][1] - told[0][1] >= 1400
