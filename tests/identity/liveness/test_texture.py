import json
from pathlib import Path

import numpy as np
import pytest

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import texture
from xinqiao.identity.liveness.crops import SIDE, two_crops
from xinqiao.identity.media import Picture
from xinqiao.identity.networks import PACKAGED, run
from xinqiao.identity.observe import look


@pytest.fixture(scope="module")
def crops(models: FaceModels, frames: tuple[Picture, ...]) -> list[np.ndarray]:
    sights = [look(models, frame) for frame in frames]
    return [two_crops(s.picture, s.face) for s in sights if s]


def test_the_network_is_under_a_megabyte_and_all_weights_under_eight() -> None:
    files = {entry["name"]: PACKAGED / entry["file"] for entry in json.loads((PACKAGED / "manifest.json").read_text("utf-8"))}
    assert files["liveness_texture"].stat().st_size < 1_000_000
    assert sum(f.stat().st_size for f in files.values()) < 8_000_000


def test_a_still_and_its_mirror_image_score_alike(models: FaceModels, crops: list[np.ndarray]) -> None:
    assert models.texture is not None
    still = texture.log_odds(models.texture, crops[:1])
    assert texture.log_odds(models.texture, [crops[0][:, :, ::-1]]) == pytest.approx(still, abs=1e-4)


def test_the_score_is_the_mean_over_what_is_looked_at(models: FaceModels, crops: list[np.ndarray]) -> None:
    assert models.texture is not None
    shown = np.stack(texture.looks(crops[:6])).astype(np.float32).transpose(0, 1, 4, 2, 3).reshape(6, 6, SIDE, SIDE) / 127.5 - 1
    alone = [run(models.texture, np.ascontiguousarray(one[None]))[0].item() for one in shown]
    assert texture.log_odds(models.texture, crops[:6]) == pytest.approx(np.mean(alone), abs=1e-2)
    assert max(alone) > min(alone)


def test_a_clip_costs_no_more_looks_than_it_has_frames_and_a_still_has_four(crops: list[np.ndarray]) -> None:
    assert len(texture.looks(crops[:8])) == 8
    assert len(texture.looks(crops[:1])) == 4


def test_a_closer_look_keeps_the_middle(crops: list[np.ndarray]) -> None:
    near = texture.closer(crops[0])
    assert near.shape == crops[0].shape
    assert near[:, SIDE // 2, SIDE // 2].astype(int) == pytest.approx(crops[0][:, SIDE // 2, SIDE // 2].astype(int), abs=40)


NUAA = Path(__file__).parents[4] / "shared" / "data" / "face" / "nuaa"


@pytest.mark.skipif(not NUAA.is_dir(), reason="the research set NUAA is not beside this checkout")
def test_prints_score_under_living_faces_on_the_set_it_was_trained_on(models: FaceModels) -> None:
    """This proves that crops, order of colours and scale are what training used, and nothing about other cameras."""
    from xinqiao.identity import read_image

    assert models.texture is not None
    means = {}
    for kind in ("live", "print"):
        values = []
        for file in sorted(NUAA.glob(f"{kind}/*/*.jpg"))[::90]:
            sight = look(models, read_image(file.read_bytes()))
            if sight:
                values.append(texture.log_odds(models.texture, [two_crops(sight.picture, sight.face)]))
        means[kind] = np.median(values)
    assert means["live"] > means["print"] + 2
