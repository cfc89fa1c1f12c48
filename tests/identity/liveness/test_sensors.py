"""What lies beside a capture is found, read, and asked (simulated; seeds 81 to 84 were not used in development)."""

from pathlib import Path

import numpy as np
import pytest

from xinqiao.identity import FaceModels, State
from xinqiao.identity.liveness import Beside, evaluate, sensors
from xinqiao.identity.liveness.many import answer
from xinqiao.identity.liveness.simulate.write import Order
from xinqiao.identity.liveness.simulate.write import simulate as write_all
from xinqiao.identity.media import Clip

SEEN = {"infrared_face", "infrared_texture", "depth_relief", "depth_texture"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sessions")
    order = Order(
        out, 2, 81, ("live", "tablet_replay"), ("indoor",), ("middle",), (320, 240), "webm", infrared=True, depth=True, right=True
    )
    assert len(list(write_all(order))) == 2
    return out


def states(models: FaceModels, folder: Path, species: str, beside: Beside) -> dict[str, State]:
    found, _ = evaluate.gather(folder)
    path = next(p.path for p in found if p.species == species)
    return {s.name: s.state for s in answer(models, path, beside, None).signals}


def test_an_evaluation_asks_every_sensor_that_looked(models: FaceModels, folder: Path) -> None:
    live, screen = (states(models, folder, kind, Beside(folder=folder / "sensors")) for kind in ("live", "tablet_replay"))
    assert set(live) >= SEEN
    assert live["infrared_face"] is live["depth_relief"] is State.PASS
    assert screen["infrared_face"] is screen["depth_relief"] is State.FAIL


def test_what_no_sensor_saw_is_said_not_to_have_been_asked(models: FaceModels, folder: Path) -> None:
    found = states(models, folder, "live", Beside())
    assert not set(found) & SEEN
    assert found["near_infrared"] is found["depth"] is State.NOT_CHECKED


def test_a_second_camera_counts_where_there_is_no_depth_map(models: FaceModels, folder: Path) -> None:
    (told,) = [p for p in (folder / "sensors").glob("*.stereo.json") if "000000" in p.name]
    given = sensors.lying(folder / "sensors", told.name.removesuffix(".stereo.json"))
    assert given.stereo is not None
    pair = states(models, folder, "live", Beside(right=given.right, stereo=given.stereo))
    assert pair["depth_relief"] is State.PASS
    alone = states(models, folder, "live", Beside(right=given.right))
    assert alone["depth_relief"] is State.RETRY


def test_a_spoilt_calibration_in_a_folder_does_not_stop_the_evaluation(models: FaceModels, folder: Path, tmp_path: Path) -> None:
    for file in (folder / "sensors").glob("*.right.png"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / file.name.replace(".right.png", ".stereo.json")).write_text("{}")
    assert states(models, folder, "live", Beside(folder=tmp_path))["depth_relief"] is State.RETRY


def test_the_face_of_the_instant_at_which_the_sensors_looked_is_compared() -> None:
    film = Clip((np.zeros((64, 64, 3), np.uint8),) * 5, (0.0, 0.1, 0.2, 0.3, 0.4), 5, "vp8")
    sights = ["first", None, None, "fourth", "last"]
    assert sensors.nearest(film, sights, None) == "fourth"  # the middle shows none
    assert sensors.nearest(film, sights, 0.05) == "first"
    assert sensors.nearest(film, [None] * 5, None) is None
