"""The rates of ISO/IEC 30107-3 on answers made by hand, and the folder's shape."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xinqiao.identity.errors import FolderUnfit
from xinqiao.identity.liveness.challenge import issue
from xinqiao.identity.liveness.challenge.errors import ChallengeUnreadable
from xinqiao.identity.liveness.evaluate import Answer, challenges, det_picture, det_points, gather, measure, told_of
from xinqiao.kit import FixedClock


def answers(species: str, people: dict[str, list[tuple[str, float]]]) -> list[Answer]:
    return [Answer(person, species, label, "pass", score, 1.0) for person, told in people.items() for label, score in told]


LIVE = answers("live", {"a": [("live", 0.9)] * 9 + [("attack", 0.2)], "b": [("live", 0.8)] * 10})
PRINT = answers("print", {"a": [("attack", 0.1)] * 8 + [("live", 0.7)] * 2, "b": [("attack", 0.3)] * 10})
REPLAY = answers("replay", {"c": [("attack", 0.05)] * 4})


def test_the_rates_are_counted_by_species_and_the_worst_one_makes_the_mean() -> None:
    found = measure([*LIVE, *PRINT, *REPLAY], draws=50)
    assert found["apcer"] == {"print": 0.1, "replay": 0.0}
    assert found["bpcer"] == 0.05
    assert found["acer"] == pytest.approx(0.075)
    assert found["people"] == 3
    assert found["captures"] == 44


def test_the_equal_error_rate_is_where_both_errors_meet() -> None:
    """Ten living scores 1-10 and ten attacks -2 to 7, by tenths: three of each are on the wrong side of 4.5 and of 5."""
    live = answers("live", {"a": [("live", n / 20) for n in range(1, 11)]})
    attack = answers("print", {"b": [("attack", n / 20) for n in (-2, -1, 0, 1, 2, 3, 4, 5, 6, 7)]})
    assert measure([*live, *attack], draws=5)["eer"] == pytest.approx(0.3, abs=0.051)
    apart = answers("print", {"b": [("attack", -1.0)]})
    assert measure([*live, *apart], draws=5)["eer"] == 0.0


def test_a_capture_to_be_tried_again_is_a_non_response_and_no_error() -> None:
    retry = [Answer("a", "live", "retry", "retry", None, 1.0, "too_dark"), Answer("b", "print", None, "refer", None, 1.0, "not_run")]
    found = measure([*LIVE, *PRINT, *retry], draws=5)
    assert found["bpcer"] == 0.05
    assert found["non_response"]["live"] == pytest.approx(1 / 21)
    assert found["retry_reasons"] == {"not_run": 1, "too_dark": 1}


def test_the_interval_treats_a_person_as_the_unit() -> None:
    """Two people, one always refused: a hundred frames of each say no more than one would."""
    few = answers("live", {"a": [("live", 0.9)], "b": [("attack", 0.1)]})
    many = answers("live", {"a": [("live", 0.9)] * 100, "b": [("attack", 0.1)] * 100})
    for living in (few, many):
        found = measure([*living, *PRINT], draws=200)
        assert found["bpcer"] == 0.5
        assert found["intervals"]["bpcer"] == [0.0, 1.0]


def test_no_error_among_few_people_bounds_little() -> None:
    clean = answers("print", {str(n): [("attack", 0.1)] * 50 for n in range(15)})
    low, high = measure([*LIVE, *clean], draws=50)["intervals"]["apcer"]["print"]
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 15))


def test_what_got_no_answer_at_all_has_no_rate() -> None:
    silent = [Answer("a", "mask", "retry", "retry", None, 1.0, "no_face")]
    found = measure([*LIVE, *PRINT, *silent], draws=5)
    assert found["apcer"]["mask"] is None
    assert found["intervals"]["apcer"]["mask"] is None


def test_the_curve_is_a_picture(tmp_path: Path) -> None:
    path = det_picture([*LIVE, *PRINT, *REPLAY], tmp_path / "new" / "det.png", title="by hand")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_folder_is_read_by_person_and_species(tmp_path: Path) -> None:
    for name in ("live/ann/1.jpg", "live/ann/session/2.PNG", "live/bob/3.webm", "attack/print/ann/4.jpg", "attack/mask/cy/5.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "live/ann/notes.txt").write_text("x")
    (tmp_path / "live/ann/.hidden.jpg").write_text("x")
    found, others = gather(tmp_path)
    assert {(p.person, p.species, p.path.name) for p in found} == {
        ("ann", "live", "1.jpg"),
        ("ann", "live", "2.PNG"),
        ("bob", "live", "3.webm"),
        ("ann", "print", "4.jpg"),
        ("cy", "mask", "5.mov"),
    }
    assert others == 1


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "live/ holds no folder"),
        (["live/ann/1.jpg"], "attack/SPECIES/"),
        (["live/1.jpg", "attack/print/ann/1.jpg"], "live/ holds no folder"),
        (["live/ann/1.jpg", "attack/print/1.jpg"], "attack/SPECIES/"),
        (["live/ann/1.txt", "attack/print/ann/1.jpg"], "live/ holds no picture"),
    ],
)
def test_a_folder_of_another_shape_is_refused_with_what_is_missing(tmp_path: Path, files: list[str], says: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FolderUnfit, match=says):
        gather(tmp_path)
    with pytest.raises(FolderUnfit):
        gather(tmp_path / "nowhere")


def test_scores_that_tie_are_not_told_apart() -> None:
    rng = np.random.default_rng(1)
    same = [Answer(str(p), s, "live", "pass", 0.5, 1.0) for p in rng.permutation(20) for s in ("live", "print")]
    assert measure(same, draws=5)["eer"] == pytest.approx(0.5)


def test_what_the_screen_showed_is_found_beside_a_simulated_capture(tmp_path: Path, clock: FixedClock) -> None:
    for name in ("live/ann/s1.webm", "live/ann/s2.webm", "attack/print/ann/s3.webm", "sensors/s1.challenge.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    shown = issue(application="A-1", key=b"the server's own key", clock=clock)
    (tmp_path / "sensors/s1.challenge.json").write_text(shown.to_json())
    found, _ = gather(tmp_path)
    assert {path.name: known.id for path, known in challenges(tmp_path, found).items()} == {"s1.webm": shown.id}
    (tmp_path / "sensors/s3.challenge.json").write_text("{}")
    with pytest.raises(ChallengeUnreadable):
        challenges(tmp_path, found)


def test_the_curve_s_points_go_from_accepting_all_to_refusing_all() -> None:
    found = det_points([*LIVE, *PRINT, *REPLAY])
    assert found["replay"] == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.05], [0.0, 0.55], [0.0, 1.0]]
    assert found["print"][0] == [1.0, 0.0]
    assert found["print"][-1] == [0.0, 1.0]


def test_rooms_and_devices_of_simulated_captures_are_told_apart(tmp_path: Path) -> None:
    scene = {"label": "simulated", "scene": {"room": "dark", "device": "basic", "seed": 7}}
    (tmp_path / "s1.json").write_text(json.dumps(scene))
    assert told_of(tmp_path / "s1.webm") == {"label": "simulated", "room": "dark", "device": "basic"}
    for name, text in (("s2", "[]"), ("s3", "{"), ("s4", '{"label": "mine", "scene": {}}'), ("s5", '{"label": "simulated", "scene": 3}')):
        (tmp_path / f"{name}.json").write_text(text)
        assert "room" not in told_of(tmp_path / f"{name}.webm")
    rows = [replace(a, told={"label": "simulated", "room": "dark" if a.person == "a" else "office"}) for a in (*LIVE, *PRINT)]
    found = measure(rows, draws=5)
    assert found["simulated"] is True
    assert found["by_room"]["dark"]["bpcer"] == 0.1
    assert found["by_room"]["dark"]["apcer"]["print"] == pytest.approx(0.2)
    assert found["by_room"]["office"]["bpcer"] == 0.0
    assert "by_device" not in found
    assert "simulated" not in measure(LIVE + PRINT, draws=5)


def test_ten_thousand_captures_of_as_many_people_are_counted() -> None:
    rng = np.random.default_rng(3)
    rows = [Answer(f"p{n}", ("live", "print", "mask")[n % 3], "live", "pass", float(rng.random()), 1.0) for n in range(10_000)]
    assert measure(rows)["people"] == 10_000
