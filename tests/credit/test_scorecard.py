import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from xinqiao.credit import CreditModel
from xinqiao.credit.errors import ModelUnavailable
from xinqiao.credit.scorecard import Scaling
from xinqiao.demo.book import frame


def test_odds_double_every_fifty_points() -> None:
    scaling = Scaling(500, 600, Decimal(20), 50)
    assert scaling.pd(600) == Decimal("0.047619")  # 1 / 21
    assert scaling.pd(650) == Decimal("0.024390")  # 1 / 41
    assert scaling.pd(550) == Decimal("0.090909")  # 1 / 11


def test_live_scores_equal_batch_scores_on_every_originated_row(model: CreditModel, originated: list[dict[str, int]]) -> None:
    assert [model.score(model.read(row)) for row in originated] == model.score_all(frame("originate")).tolist()


def test_missing_values_earn_the_points_of_missing(model: CreditModel) -> None:
    values, points = model.points(model.read({}))
    assert points == {one.feature.name: one.points_of(values[one.feature.name]) for one in model.binned}
    first = next(one for one in model.binned if one.feature.name == "overdue_latest")
    assert points["overdue_latest"] == first.missing


def test_more_delay_never_earns_more_points(model: CreditModel) -> None:
    for one in model.binned:
        falling = list(one.points) == sorted(one.points, reverse=True)
        rising = list(one.points) == sorted(one.points)
        assert falling if one.feature.direction == "riskier_up" else rising, one.feature.name


def test_live_scoring_imports_neither_pandas_nor_optbinning_nor_lightgbm() -> None:
    script = """
import sys
import xinqiao.credit as credit
model, policy = credit.shipped.model(), credit.shipped.policy()
made = credit.decide(model=model, policy=policy, attributes={c: 1 for c in model.columns},
    application_facts={"amount": {"amount": "5000.00", "currency": "CNY"}, "term_months": 12, "age": 30})
assert made.score
print(sorted({"pandas", "optbinning", "lightgbm", "sklearn", "ortools", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.clear(),
        lambda data: data.update(schema="other/1"),
        lambda data: data.update(features=[]),
        lambda data: data.update(feature_set="card-history-99"),
        lambda data: data["features"][0].update(name="no_such_feature"),
        lambda data: data["features"][0]["bins"][0].update(points=1.5),
        lambda data: data["features"][0]["bins"][0].update(below="1e9"),
        lambda data: data["scaling"].update(odds="many"),
    ],
)
def test_a_spoilt_model_is_unavailable_and_never_a_guess(model: CreditModel, tmp_path: Path, spoil: object) -> None:
    data = json.loads(model.body)
    spoil(data)
    (tmp_path / "scorecard.json").write_text(json.dumps(data))
    with pytest.raises(ModelUnavailable, match="never approved without it"):
        CreditModel.load(tmp_path)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_bytes_that_are_no_model_are_unavailable(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "scorecard.json").write_bytes(body)
    with pytest.raises(ModelUnavailable):
        CreditModel.load(tmp_path)


def test_an_absent_model_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="No such file"):
        CreditModel.load(tmp_path / "nowhere")
