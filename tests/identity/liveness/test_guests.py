"""A deployment's own model joins the fusion by its hash; one that is named and cannot be run stops the check."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from xinqiao.demo.faces import FOLDER
from xinqiao.identity import FaceModels, ModelsUnavailable, Outcome
from xinqiao.identity.liveness import check_file
from xinqiao.identity.networks import PACKAGED
from xinqiao.kit import Settings

WEIGHTS = (PACKAGED / "MobileFaceNet.onnx").read_bytes()  # any network that takes a square of three colours; its numbers mean nothing here
TOLD = {
    "file": "own.onnx",
    "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
    "version": "7",
    "side": 112,
    "scale": 1.5,
    "layout": "NHWC",
    "mean": 0.5,
    "spread": 0.5,
    "output": "logits",
    "live": 1,
    "sure": 0.9,
    "doubt": 0.5,
}


def own(settings: Settings, **changes: Any) -> FaceModels:
    folder = settings.home / "models" / "liveness"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.onnx").write_bytes(WEIGHTS)
    (folder / "own.json").write_text(json.dumps({**TOLD, **changes}))
    return FaceModels.load(settings)


def layout() -> str:
    import onnxruntime

    shape = onnxruntime.InferenceSession(WEIGHTS, providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    return "NHWC" if shape[-1] == 3 else "NCHW"


def test_an_own_model_is_asked_and_can_refuse(settings: Settings) -> None:
    with_guest = check_file(models=own(settings, layout=layout()), path=FOLDER / "p01.webm")
    without = check_file(models=FaceModels.load(), path=FOLDER / "p01.webm")
    told = {s.name: s for s in with_guest.signals}
    assert without.outcome is Outcome.PASS
    assert told["model_own"].value is not None
    assert told["model_own"].value < 0.5
    assert with_guest.outcome is Outcome.FAIL
    assert with_guest.score is not None
    assert with_guest.score < without.score
    assert told["fused"].value == with_guest.score


def test_its_version_is_on_record(settings: Settings) -> None:
    assert own(settings).versions["own"] == f"7@{TOLD['sha256'][:8]}"


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"file": "../../elsewhere.onnx"},
        {"output": "vibes"},
        {"side": 0},
        {"weight": -1},
        {"sure": 0.1},
        {"mean": [1, 2]},
        {"spread": 0},
        {"colours": None},
    ],
)
def test_a_model_that_is_not_what_it_is_said_to_be_is_not_skipped(settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelsUnavailable):
        own(settings, **changes)


def test_a_model_that_cannot_be_fed_stops_the_check(settings: Settings, tmp_path: Path) -> None:
    models = own(settings, layout=layout(), side=64)
    with pytest.raises(ModelsUnavailable, match="cannot be run"):
        check_file(models=models, path=FOLDER / "p01.jpg")
