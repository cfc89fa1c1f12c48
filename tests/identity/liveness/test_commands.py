"""`xinqiao liveness …` as a script sees it: one JSON value, and exit codes it can trust."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from xinqiao.demo.faces import FOLDER, demo_faces

XINQIAO = Path(sys.executable).parent / "xinqiao"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "XINQIAO_HOME": str(tmp_path_factory.mktemp("home")), "PYTHONWARNINGS": "ignore"}


def run(place: dict[str, str], *words: str | Path) -> tuple[int, Any, str]:
    done = subprocess.run([XINQIAO, "liveness", *map(str, words)], env=place, capture_output=True, text=True, timeout=250)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout, done.stderr


def test_one_clip_is_answered_by_one_object(place: dict[str, str]) -> None:
    code, told, _ = run(place, "check", FOLDER / "p01.webm", "--json")
    assert code == 0
    assert told["label"] in ("live", "attack", "retry")
    assert 0 <= told["score"] <= 1
    assert told["ms"] > 0
    assert told["signals"]["motion"]["state"] == "pass"
    assert told["signals"]["near_infrared"] == {"state": "not_checked", "value": None, "reason": "not_asked"}


def test_a_colour_picture_sent_as_near_infrared_passes_nothing(place: dict[str, str]) -> None:
    code, told, _ = run(place, "check", FOLDER / "p01.jpg", "--nir", FOLDER / "p01.jpg", "--json")
    assert code == 0
    assert told["outcome"] == "fail"
    assert told["signals"]["infrared_face"]["reason"] == "infrared_copy"


def test_a_calibration_that_cannot_be_used_is_a_refusal(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "stereo.json").write_text('{"focal": 250, "baseline": 40, "width": 240, "height": 320, "rectified": false}')
    code, told, _ = run(place, "check", FOLDER / "p01.jpg", "--right", FOLDER / "p01.jpg", "--stereo", tmp_path / "stereo.json", "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.stereo_unfit"
    assert "rectified" in json.dumps(told["error"])


def test_a_challenge_that_cannot_be_read_is_a_refusal(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "challenge.json").write_text("{}")
    code, told, _ = run(place, "check", FOLDER / "p01.webm", "--challenge", tmp_path / "challenge.json", "--json")
    assert code == 1
    assert told["error"]["code"] == "identity.challenge_unreadable"


def test_many_files_use_several_processes_and_each_gets_its_answer_in_order(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "words.png").write_bytes(b"hello")
    files = [FOLDER / f"p{n:02}.jpg" for n in range(1, 7)] + [tmp_path / "empty.jpg", tmp_path / "words.png"]
    code, told, progress = run(place, "check", *files, "--json")
    assert code == 1
    assert [t["file"] for t in told] == [str(f) for f in files]
    assert all(t["score"] is not None and t["outcome"] != "pass" for t in told[:6])
    assert [(t["label"], t["outcome"], t["error"]["code"]) for t in told[6:]] == [
        (None, None, "liveness.file_empty"),
        (None, None, "liveness.file_unknown"),
    ]
    assert "8/8" in progress


def test_a_missing_file_is_a_refusal_among_answers(place: dict[str, str], tmp_path: Path) -> None:
    code, told, _ = run(place, "check", FOLDER / "p01.jpg", tmp_path / "gone.jpg", "--json")
    assert code == 1
    assert told[0]["score"] is not None
    assert told[1].pop("error")["code"] == "liveness.file_missing"
    assert told[1] == {"file": str(tmp_path / "gone.jpg"), "label": None, "outcome": None, "score": None}


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("gone.jpg", None, "liveness.file_missing"),
        ("empty.webm", b"", "liveness.file_empty"),
        ("words.png", b"hello", "liveness.file_unknown"),
        ("cut.jpg", (FOLDER / "p01.jpg").read_bytes()[:900], "identity.image_unreadable"),
        ("cut.webm", (FOLDER / "p01.webm").read_bytes()[:300], "identity.clip_unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_no_capture_to_try_again(
    place: dict[str, str], tmp_path: Path, name: str, data: bytes | None, error: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, told, _ = run(place, "check", tmp_path / name, "--json")
    assert code == 1
    assert (told["label"], told["outcome"], told["score"], told["error"]["code"]) == (None, None, None, error)
    assert told["error"]["zh"].endswith("。")
    assert told["error"]["en"].endswith(".")


def test_an_unreadable_file_is_told_to_a_person_too(place: dict[str, str], tmp_path: Path) -> None:
    code, told, _ = run(place, "check", FOLDER / "p01.jpg", tmp_path / "gone.jpg")
    assert code == 1
    assert "not read" in told
    assert "There is no readable file 'gone.jpg'" in " ".join(told.split())


def test_an_evaluation_goes_on_without_the_files_that_cannot_be_read(place: dict[str, str], tmp_path: Path) -> None:
    for name in ("live/a/1.jpg", "attack/print/a/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes((FOLDER / "p01.jpg").read_bytes())
    (tmp_path / "live/a/2.jpg").write_bytes(b"")
    code, told, said = run(place, "eval", tmp_path, "--out", tmp_path / "out", "--json")
    assert (code, told["captures"], told["by_species"]["live"]["captures"]) == (0, 2, 1)
    assert [(one["file"], one["code"]) for one in told["unreadable"]] == [("live/a/2.jpg", "liveness.file_empty")]
    assert "liveness.file_empty" in said
    (tmp_path / "live/a/1.jpg").write_bytes(b"")
    code, told, _ = run(place, "eval", tmp_path, "--out", tmp_path / "out", "--json")
    assert (code, told["error"]["code"]) == (1, "liveness.folder_unfit")


def test_sessions_are_simulated_as_large_as_the_page_records_them(place: dict[str, str], tmp_path: Path) -> None:
    code, told, said = run(place, "simulate", tmp_path / "set", "--sessions", "1", "--species", "live", "--rooms", "office", "--json")
    assert (code, told["label"], told["sessions"]) == (0, "simulated", 1)
    (clip,) = (tmp_path / "set").rglob("*.webm")
    assert cv2.VideoCapture(str(clip)).read()[1].shape == (640, 480, 3)
    assert "Filming" in said


def test_a_folder_is_evaluated_with_people_as_the_unit(place: dict[str, str], tmp_path: Path) -> None:
    for face in demo_faces():
        if face.kind in ("live", "replay", "print") and face.id not in ("p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10"):
            folder = tmp_path / "set" / ("live" if face.kind == "live" else f"attack/{face.kind}") / face.id
            folder.mkdir(parents=True)
            (folder / "clip.webm").symlink_to(face.clip)
    code, told, _ = run(place, "eval", tmp_path / "set", "--out", tmp_path / "out", "--json")
    assert code == 0
    assert set(told["apcer"]) == {"replay", "print"}
    assert told["people"] == 6
    rates = [*told["apcer"].values(), told["bpcer"], told["acer"], told["eer"]]
    assert all(isinstance(rate, float) and 0 <= rate <= 1 for rate in rates)
    assert (tmp_path / "out" / "det.png").stat().st_size > 5000
    assert json.loads((tmp_path / "out" / "eval.json").read_text())["acer"] == told["acer"]


def test_a_folder_of_another_shape_is_refused(place: dict[str, str], tmp_path: Path) -> None:
    code, told, _ = run(place, "eval", tmp_path, "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.folder_unfit"


def test_a_place_that_cannot_be_written_to_is_a_refusal(place: dict[str, str], tmp_path: Path) -> None:
    for name in ("live/a/1.jpg", "attack/print/a/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes((FOLDER / "p01.jpg").read_bytes())
    code, told, _ = run(place, "eval", tmp_path, "--out", FOLDER / "p01.jpg" / "below", "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.out_unwritable"


def test_the_card_says_what_was_measured_and_what_is_installed(place: dict[str, str]) -> None:
    code, told, _ = run(place, "card", "--json")
    assert code == 0
    assert "Not measured" in told["card"]
    assert told["devices_calibrated"] == {"any": False}
    assert sum(told["bytes"].values()) < 8e6


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of captures that is far too small to prove anything."""
    folder = tmp_path_factory.mktemp("lender")
    for face in demo_faces():
        if face.kind in ("live", "replay", "print") and face.id in ("p01", "p02", "p03"):
            place = folder / ("live" if face.kind == "live" else f"attack/{face.kind}") / face.id
            place.mkdir(parents=True)
            (place / "clip.webm").symlink_to(face.clip)
    (folder / "attack" / "print" / "p02").mkdir(parents=True, exist_ok=True)
    if not any((folder / "attack").rglob("*.webm")):
        (folder / "attack/print/p02/clip.webm").symlink_to(demo_faces("print")[0].clip)
    return folder


def test_too_few_people_are_not_calibrated_and_are_told_how_many_would_do(place: dict[str, str], lender: Path) -> None:
    code, told, _ = run(place, "calibrate", lender, "--device", "phone_basic", "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.calibration_too_few"
    assert "299" in told["error"]["detail"]
    assert not (Path(place["XINQIAO_HOME"]) / "liveness" / "thresholds.json").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--apcer", "0.5"], "liveness.target_unfit"),
        (["--bpcer", "0"], "liveness.target_unfit"),
        (["--device", "../x"], "liveness.class_misnamed"),
    ],
)
def test_what_makes_no_calibration_is_refused(place: dict[str, str], lender: Path, words: list[str], code: str) -> None:
    exit_code, told, _ = run(place, "calibrate", lender, *words, "--json")
    assert exit_code == 1
    assert told["error"]["code"] == code


def test_too_few_people_train_nothing(place: dict[str, str], lender: Path) -> None:
    code, told, _ = run(place, "train", lender, "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.training_too_few"


def test_without_weights_of_one_s_own_there_is_nothing_to_switch_to(place: dict[str, str]) -> None:
    code, told, _ = run(place, "weights", "own", "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.own_weights_missing"
    code, told, _ = run(place, "weights", "--json")
    assert code == 0
    assert not told["liveness_texture"].startswith("own")


NUAA = Path(__file__).parents[4] / "shared" / "data" / "face" / "nuaa"


@pytest.mark.skipif(not NUAA.is_dir(), reason="../shared/data/face/nuaa is not here")
def test_a_lender_s_own_captures_become_its_own_weights_and_thresholds(place: dict[str, str], tmp_path: Path) -> None:
    """Two commands on fifteen people's real frames, six a side each; the camera is a worse one than the network was trained on."""
    folder, home = tmp_path / "captures", tmp_path / "home"
    rng = np.random.default_rng(20261122)
    for kind, to in (("live", "live"), ("print", "attack/print")):
        for person in sorted((NUAA / kind).iterdir()):
            files = sorted(person.iterdir())
            for file in files[:: max(1, len(files) // 6)][:6]:
                _photographed_badly(file, folder / to / person.name / f"{file.stem}.png", rng)
    mine = {**place, "XINQIAO_HOME": str(home)}
    code, trained, _ = run(mine, "train", folder, "--anyway", "--json")
    assert code == 0
    assert min(trained["people"].values()) >= 14
    assert trained["after"]["eer"] <= trained["before"]["eer"] + 0.02
    assert trained["written"].endswith("liveness_texture")
    _, told, _ = run(mine, "weights", "--json")
    assert told["calibration"].startswith("none: everything goes to a person")
    code, told, _ = run(mine, "calibrate", folder, "--apcer", "0.2", "--bpcer", "0.2", "--json")
    assert code == 1
    assert told["error"]["code"] == "liveness.calibration_too_few"
    everybody = {p.name for kind in ("live", "attack/print") for p in (folder / kind).iterdir()}
    assert f"{len(everybody)} people were left out: the network in use was fitted to them" in told["error"]["detail"]
    code, told, _ = run(mine, "card", "--json")
    assert told["versions"]["liveness_texture"].startswith("own-")
    assert "this deployment's own texture network" in told["card"]
    run(mine, "weights", "shipped", "--json")
    code, told, _ = run(mine, "calibrate", folder, "--apcer", "0.2", "--bpcer", "0.2", "--json")
    assert code == 0
    one = told["classes"]["any"]
    assert one["rates"]["apcer"]["print"] <= 0.2
    assert one["rates"]["bpcer"] <= 0.2
    assert one["left_out"] == 0
    code, told, _ = run(mine, "card", "--json")
    assert told["devices_calibrated"] == {"any": True}
    code, told, _ = run(mine, "weights", "own", "--json")
    assert told["calibration"].startswith("ignored: made with other weights (liveness_texture)")
    assert told["calibration"].endswith("everything goes to a person until `liveness calibrate` has run")
    _, told, said = run(mine, "check", demo_faces("live")[0].clip, "--json")
    assert told["calibrated"] is False
    assert "ignored: made with other weights" in " ".join(said.split())


def _photographed_badly(source: Path, target: Path, rng: np.random.Generator) -> None:
    picture = cv2.imread(str(source)).astype(np.float32) / 255
    picture = np.clip(picture**1.5 * np.array([0.75, 1, 1.2]), 0, 1)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.6) + rng.normal(0, 0.02, picture.shape)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.clip(picture * 255, 0, 255).astype(np.uint8))
