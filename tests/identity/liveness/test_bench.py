"""What the liveness bench reports is what the check says: sets of sensors fused again, the ablation, kept sessions, tables."""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from xinqiao.identity import FaceModels

BENCH = Path(__file__).parents[3] / "bench"
GIVEN = {
    "signals": [
        *[[name, "pass", 1.0, None] for name in ("selfie_quality", "length", "motion", "one_person", "timing", "repeats")],
        ["texture", "pass", 0.97, None],
        ["depth_relief", "fail", 0.4, "depth_flat"],
        ["depth_texture", "pass", 0.9, None],
    ],
    "evidence": {"texture": {"probability": 0.97, "weight": 1.0}, "depth_texture": {"probability": 0.02, "weight": 1.0}},
}
"""A print that the texture takes for skin and depth for a sheet."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The bench's modules, by name."""
    sys.path.insert(0, str(BENCH))
    yield lambda name: importlib.import_module(name)
    sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def sessions(bench: Any) -> ModuleType:
    return bench("_liveness_sessions")


def test_a_sensor_that_is_taken_away_says_nothing_and_is_not_missed(sessions: ModuleType, models: FaceModels) -> None:
    assert sessions.again(models, GIVEN, sessions._spoken(("depth",))).outcome.value == "fail"
    assert sessions.again(models, GIVEN, sessions._spoken(())).outcome.value == "pass"


def test_the_ablation_finds_the_signal_that_stops_the_attack(bench: Any, models: FaceModels) -> None:
    whole, *lines = bench("_liveness_rates").ablation([("flat_print", GIVEN)], models)
    told = {line["signal"]: line for line in lines}
    assert whole["with: attacks pass"] == 0
    assert told["depth_relief"]["alone: attacks refused"] == 1
    assert told["texture"]["alone: attacks pass"] == 1
    assert told["motion"]["without: attacks pass"] == 0


def test_a_filmed_session_is_judged_the_same_outright_and_fused_again(sessions: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    checking = importlib.import_module("xinqiao.identity.liveness.check")
    monkeypatch.setattr(checking, "fuse", checking.fuse)  # put back what the bench listens in on
    monkeypatch.setattr(sessions.light, "judge", sessions.light.judge)
    sessions._start()
    row = sessions.one(sessions.order_of(400, 320), 0)
    assert row["room"] != "dark", "a dark session has no spot check: choose another number"
    assert row["spot"] == 0
    assert row["label"] == "simulated"
    assert set(row["answers"]) == set(sessions.SENSORS)
    assert all(one["outcome"] in ("pass", "fail", "retry", "refer") for one in row["answers"].values())
    assert row["wrong"] is None or row["wrong"]["passed"] == 0


def test_a_run_goes_on_where_it_stopped_and_leaves_out_a_line_cut_short(sessions: ModuleType, tmp_path: Path) -> None:
    order = sessions.order_of(3, 320)
    file = tmp_path / "sessions-320.jsonl"
    file.write_text("".join(json.dumps({"number": n}) + "\n" for n in range(2)) + '{"number": 2, "spec', "utf-8")
    counted: list[int] = []
    found = sessions.rows(tmp_path, order, jobs=1, until=time.monotonic() - 1, step=counted.append)
    assert [row["number"] for row in found] == [0, 1]
    assert counted == [2]


def row(number: int, species: str, room: str, outcome: str, label: str | None) -> dict[str, Any]:
    said = {"label": label, "outcome": outcome, "score": 0.9 if label == "live" else 0.1, "reason": None}
    return {"number": number, "species": species, "person": f"p{number}", "room": room, "said": said, "wrong": {"held": 8, "passed": 0, "highest": 0.5}}  # fmt: skip


def test_rates_are_told_by_room_and_written_between_the_marks(bench: Any, tmp_path: Path) -> None:
    rates = bench("_liveness_rates")
    rows = [row(n, *one) for n, one in enumerate([("live", "indoor", "pass", "live")] * 12 + [("flat_print", "indoor", "fail", "attack")] * 11 + [("flat_print", "dark", "pass", "live")] + [("live", "dark", "retry", "retry")])]  # fmt: skip
    for one in rows:
        one["answers"] = dict.fromkeys(rates.SENSORS, one["said"])
    found = rates.by_sensors_and_room(rows)["all"]
    assert found["indoor"]["apcer"] == {"flat_print": 0}
    assert found["all rooms"]["passed"]["flat_print"] == pytest.approx(1 / 12)
    assert found["all rooms"]["non_response"]["live"] == pytest.approx(1 / 13)
    assert rates.wrong_challenges(rows)["living"] == {"recordings": 13, "held_against": 104, "passed": 0, "highest": 0.5}
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:challenge -->\nold\n<!-- /bench -->\nafter <!-- bench:cost -->\nkept\n<!-- /bench -->", "utf-8")
    told = {"sessions": {"another_challenge": rates.wrong_challenges(rows), "rates": {}, "checked": 25, "frame": "480 by 640"}}
    assert "challenge" in bench("_liveness_docs").write(page, told)
    text = page.read_text("utf-8")
    assert "**0 passed**" in text
    assert "old" not in text
    assert "kept" in text
