"""Each gate answers with an instruction that the person can follow; the bounds are data."""

import dataclasses
import json
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from xinqiao.identity import REASONS, FaceModels
from xinqiao.identity.media import Picture
from xinqiao.identity.mesh import EYES, Mesh
from xinqiao.identity.networks import PACKAGED
from xinqiao.identity.observe import look
from xinqiao.identity.thresholds import Thresholds

JAW = [197, 118, 117, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 346, 347]


def dark_glasses(picture: Picture, mesh: Mesh) -> Picture:
    out = picture.copy()
    for outer, inner in EYES:
        a, b = mesh.points[outer, :2], mesh.points[inner, :2]
        width = np.linalg.norm(a - b)
        cv2.ellipse(out, tuple(map(int, (a + b) / 2)), (int(width * 0.95), int(width * 0.7)), 0, 0, 360, (16, 16, 20), -1)
    return out


def mask(colour: tuple[int, int, int]) -> Callable[[Picture, Mesh], Picture]:
    return lambda picture, mesh: cv2.fillPoly(picture.copy(), [np.int32(mesh.points[JAW, :2])], colour)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (dark_glasses, "eyes_hidden"),
        (mask((150, 190, 220)), "face_covered"),
        (mask((235, 235, 235)), "face_covered"),
    ],
    ids=["glasses", "blue mask", "white mask"],
)
def test_a_covered_face_is_answered_with_what_to_do(models: FaceModels, frames: tuple[Picture, ...], spoil, code: str) -> None:
    clear = look(models, frames[0])
    assert clear is not None
    assert clear.problem() is None
    spoilt = look(models, spoil(frames[0], clear.mesh))
    assert spoilt is not None
    assert spoilt.problem() == code
    assert REASONS[code].zh != REASONS[code].en


def test_a_face_beyond_the_edge_is_measured(models: FaceModels, frames: tuple[Picture, ...]) -> None:
    sight = look(models, frames[0])
    assert sight is not None
    gone = dataclasses.replace(sight.quality, outside=0.3)
    assert gone.problem(sight.gates) == "cut_off"


def test_a_portrait_is_not_asked_to_open_its_eyes(models: FaceModels, frames: tuple[Picture, ...]) -> None:
    sight = look(models, frames[0])
    assert sight is not None
    shut = dataclasses.replace(sight.quality, eye_opening=0.01)
    assert shut.problem(sight.gates) == "eyes_closed"
    assert shut.problem(sight.gates, portrait=True) is None


@pytest.mark.parametrize("name", ["light_least", "eye_light_least", "sharpness_least"])
def test_a_bound_in_the_data_decides(models: FaceModels, frames: tuple[Picture, ...], name: str) -> None:
    """A deployment that raises a bound turns away what passed before."""
    data = json.loads((PACKAGED / "thresholds.json").read_text())
    data["quality"][name] = 1e9
    strict = dataclasses.replace(models, thresholds=Thresholds.parse(json.dumps(data)))
    sight = look(strict, frames[0])
    assert sight is not None
    assert sight.problem() is not None


def test_a_missing_bound_is_not_guessed() -> None:
    data = json.loads((PACKAGED / "thresholds.json").read_text())
    del data["quality"]["light_least"]
    with pytest.raises(KeyError):
        Thresholds.parse(json.dumps(data))
