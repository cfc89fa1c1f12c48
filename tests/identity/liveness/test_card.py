"""The card tells what is installed, what was calibrated here, and what nobody measured."""

import json
from pathlib import Path

import pytest

from xinqiao.identity.errors import ModelsUnavailable
from xinqiao.identity.liveness.card import HERE, model_files, read_card
from xinqiao.identity.networks import FaceModels
from xinqiao.identity.own import basis, calibration_file, sealed, thresholds_file
from xinqiao.kit import Settings

RATES = {"apcer": {"print": 0.004, "replay": 0.0}, "bpcer": 0.021, "acer": 0.0125, "eer": 0.011}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def calibrate(settings: Settings) -> None:
    weights = basis(FaceModels.load().versions)
    device = {"scale": 1.0, "shift": 0.0, "sure": 0.7, "doubt": 0.4, "cut": 0.6, "calibrated": True}
    facts = {"date": "2026-11-20T08:00:00+00:00", "people": {"live": 310, "attacked": 302}, "simulated": False, "rates": RATES}
    for file, body in (
        (thresholds_file(settings.home), {"version": "calibration-1", "weights": weights, "devices": {"phone_high": device}}),
        (calibration_file(settings.home), {"version": "calibration-1", "weights": weights, "classes": {"phone_high": facts}}),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(sealed(body)), "utf-8")


def test_what_ships_calls_itself_a_baseline_and_says_what_was_never_measured(home: Settings) -> None:
    card = read_card(home)
    assert card["baseline"]
    assert "A baseline" in card["card"]
    for unmeasured in ("masks", "near-infrared", "dark", "certification"):
        assert any(unmeasured in one["en"] for one in card["not_measured"])
        assert unmeasured in card["card"]
    assert all(one["zh"] and one["zh"] in card["card"] for one in card["not_measured"])


@pytest.mark.parametrize("part", ["challenge", "depth", "infrared"])
def test_each_sensor_s_card_is_part_of_the_card_and_named(home: Settings, part: str) -> None:
    told = read_card(home)["card"]
    assert f"`identity/liveness/{part}/CARD.md`" in told
    assert (HERE / part / "CARD.md").read_text("utf-8") in told


def test_a_calibrated_class_is_told_with_its_people_and_its_errors(home: Settings) -> None:
    calibrate(home)
    card = read_card(home)
    assert not card["baseline"]
    assert card["calibrated_here"]["phone_high"]["apcer"] == RATES["apcer"]
    assert "310 living and 302 attacked people" in card["card"]
    assert "worst APCER 0.4%, BPCER 2.1%, EER 1.1%" in card["card"]
    assert "Not measured" in card["card"]


def test_an_altered_calibration_is_not_shown_as_one(home: Settings) -> None:
    calibrate(home)
    file = calibration_file(home.home)
    file.write_text(file.read_text().replace("0.021", "0.001"))
    with pytest.raises(ModelsUnavailable):
        read_card(home)


def test_every_network_and_every_fitted_model_is_counted_and_all_are_under_eight_megabytes(home: Settings) -> None:
    names = {path.name for path in model_files(home)}
    assert {"MobileFaceNet.onnx", "face_landmark.onnx", "liveness_texture.onnx", "depth.json"} <= names
    assert sum(read_card(home)["bytes"].values()) < 8e6
