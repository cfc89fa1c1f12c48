import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xinqiao.credit import CreditModel, shipped
from xinqiao.credit.challenger import Challenger
from xinqiao.credit.errors import (
    DataUnreadable,
    ModelUnavailable,
    NoUsableFeature,
    SingleClass,
    TargetMissing,
    TargetNotBinary,
    TooFewRows,
    TrainingRefused,
)
from xinqiao.credit.training import Card, measures, train, train_command
from xinqiao.credit.training.data import folds, holdout, is_protected
from xinqiao.demo.book import TARGET, frame


def loans(rows: int = 900, seed: int = 5) -> pd.DataFrame:
    """An arbitrary lender's table: two telling numbers, a telling text, noise, gaps, an id and protected columns."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "debt_ratio": draw.uniform(0, 1, rows),
            "months_on_book": draw.integers(0, 60, rows).astype(float),
            "channel": draw.choice(["shop", "app", "agent"], rows),
            "noise": draw.normal(size=rows),
            "gender": draw.choice(["f", "m"], rows),
            "AgeYears": draw.integers(18, 70, rows),
            "remark": [f"r{place}" for place in range(rows)],
            "constant": 1,
        }
    )
    odds = 3 * table["debt_ratio"] - table["months_on_book"] / 20 + (table["channel"] == "agent") - 0.8
    table["bad"] = (draw.uniform(size=rows) < 1 / (1 + np.exp(-odds))).astype(int)
    table.loc[::7, "months_on_book"] = np.nan
    return table


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    out = tmp_path_factory.mktemp("model") / "own"
    return train(loans(), "bad", out, cross_folds=2), out


def test_any_table_trains_both_models(trained: tuple[Card, Path]) -> None:
    card, out = trained
    assert card.measures["scorecard"]["auc"] > 0.7
    assert card.measures["lightgbm"]["auc"] > 0.7
    assert {feature["name"] for feature in card.features} >= {"debt_ratio", "months_on_book", "channel"}
    assert {path.name for path in out.iterdir()} >= {
        "scorecard.json",
        "lightgbm.txt",
        "challenger.json",
        "card.json",
        "card.md",
        "card.html",
    }


def test_protected_identifying_and_constant_columns_are_left_out_with_why(trained: tuple[Card, Path]) -> None:
    card, _ = trained
    assert set(card.left_out) == {"id", "gender", "AgeYears", "remark", "constant"}
    assert "identifier" in card.left_out["id"]
    assert "fairness report only" in card.left_out["gender"]
    assert {row["group"] for row in card.fairness["groups"]["gender"]} == {"f", "m"}
    assert not {"id", "gender", "AgeYears", "remark"} & set(card.looked_at)


def test_a_protected_column_serves_when_the_lender_says_it_may(tmp_path: Path) -> None:
    card = train(loans(), "bad", tmp_path, use=["AgeYears"], cross_folds=0)
    assert "AgeYears" in card.looked_at
    assert "gender" not in card.looked_at


def test_the_written_model_scores_the_hold_out_as_the_card_says(trained: tuple[Card, Path]) -> None:
    card, out = trained
    table = loans()
    held = holdout(table, share=0.2, seed=20261122)
    model, trees = CreditModel.load(out), Challenger.load(out)
    assert roc_auc_score(table["bad"][held], -model.score_all(table[held])) == pytest.approx(card.measures["scorecard"]["auc"], abs=1e-9)
    assert roc_auc_score(table["bad"][held], trees.pd(table[held])) == pytest.approx(card.measures["lightgbm"]["auc"], abs=1e-9)


def test_live_scores_of_an_own_table_equal_batch_scores(trained: tuple[Card, Path]) -> None:
    model = CreditModel.load(trained[1])
    table = loans(300, seed=8)
    table.loc[5, "channel"] = "never seen"
    table.loc[6, "channel"] = None
    one_by_one = [model.score(model.read(row)) for row in table.to_dict("records")]
    assert one_by_one == model.score_all(table).tolist()


def test_training_twice_writes_the_same_bytes(trained: tuple[Card, Path], tmp_path: Path) -> None:
    again = tmp_path / "own"
    train(loans(), "bad", again, cross_folds=2)
    for path in trained[1].iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_card_stands_alone(trained: tuple[Card, Path]) -> None:
    card, out = trained
    page = (out / "card.html").read_text("utf-8")
    assert page.count("<svg") == 3
    assert not re.search(r'(src|href)="http', page)
    assert json.loads((out / "card.json").read_text("utf-8"))["model_sha256"] == card.model_sha256 == CreditModel.load(out).sha256


def _binary_as(bad: object, good: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(bad=table["bad"].map({1: bad, 0: good}))


@pytest.mark.parametrize(("bad", "good"), [("yes", "no"), ("bad", "good"), (2, 1), (True, False), ("违约", "正常")])
def test_a_target_in_other_words_means_the_same(tmp_path: Path, bad: object, good: object, trained: tuple[Card, Path]) -> None:
    card = train(_binary_as(bad, good)(loans()), "bad", tmp_path, cross_folds=0)
    assert card.measures["scorecard"]["auc"] == pytest.approx(trained[0].measures["scorecard"]["auc"])


def test_a_target_whose_name_says_good_is_doubted_unless_told(tmp_path: Path) -> None:
    table = loans().assign(good=lambda t: 1 - t["bad"]).drop(columns="bad")
    doubted = train(table, "good", tmp_path / "a", cross_folds=0)
    assert any("default_is" in warning for warning in doubted.warnings)
    told = train(table, "good", tmp_path / "b", default_is="0", cross_folds=0)
    assert not told.warnings
    assert told.data["default_rate"] == pytest.approx(1 - doubted.data["default_rate"])


def test_a_column_that_tells_the_outcome_is_suspected_of_leaking(tmp_path: Path) -> None:
    table = loans().assign(collected=lambda t: t["bad"] * 100 + t["noise"])
    card = train(table, "bad", tmp_path, cross_folds=0)
    assert any(warning.startswith("collected alone has AUC 1.000") for warning in card.warnings)
    assert "collected" in (tmp_path / "card.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "target", "error", "says"),
    [
        (lambda t: t, "nonsense", TargetMissing, "There is no column 'nonsense'; the columns are id, debt_ratio"),
        (lambda t: t.assign(bad=1), "bad", SingleClass, "Every row of 'bad' holds '1'"),
        (lambda t: t.assign(bad=np.nan), "bad", TargetNotBinary, "900 rows without a value"),
        (lambda t: t.assign(bad=t["bad"].where(t.index > 3)), "bad", TargetNotBinary, "4 rows without a value"),
        (lambda t: t, "debt_ratio", TargetNotBinary, "900 values"),
        (lambda t: t.head(150), "bad", TooFewRows, "150 rows"),
        (lambda t: t.assign(bad=(t.index < 10).astype(int)), "bad", TooFewRows, "10 of the rarer outcome"),
        (lambda t: t[["id", "gender", "bad"]], "bad", NoUsableFeature, "No column of the data helps"),
        (lambda t: loans(5000)[["noise"]].assign(bad=np.arange(5000) % 2), "bad", NoUsableFeature, "left out: noise"),
    ],
)
def test_data_that_cannot_train_is_refused_with_why(
    tmp_path: Path, change: Callable[[pd.DataFrame], Any], target: str, error: type[TrainingRefused], says: str
) -> None:
    with pytest.raises(error) as caught:
        train(change(loans()), target, tmp_path / "out", cross_folds=0)
    assert says in str(caught.value)
    assert not list((tmp_path / "out").glob("*")), "nothing half-done stays behind"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.csv", None, "No such file"),
        ("empty.csv", b"", "No columns"),
        ("broken.csv.gz", b"not gzip", "gzip"),
        ("table.parquet", b"PAR1", "parquet"),
        ("binary.csv", b"\xff\xfe\x00\x01\xff", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataUnreadable) as caught:
        train_command(path, "bad", tmp_path / "out")
    assert says in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_command_reads_a_packed_csv(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv.gz"
    loans(400).to_csv(path, index=False)
    card = train_command(path, "bad", tmp_path / "out")
    assert card.data["source"] == "loans.csv.gz"
    assert card.cross_validation["scorecard"]["folds"] == 5


def test_the_newest_rows_are_held_out_by_time(tmp_path: Path) -> None:
    table = loans().assign(month=lambda t: [f"2025-{1 + row % 12:02d}" for row in t.index])
    held = holdout(table, share=0.25, seed=1, time=table["month"])
    assert set(table["month"][held]) == {"2025-10", "2025-11", "2025-12"}
    card = train(table, "bad", tmp_path, time="month", cross_folds=0)
    assert card.data["held_out_by"] == "newest by month"
    assert "month" not in card.looked_at


@pytest.mark.parametrize(
    "column", ["sex", "AGE", "applicant_gender", "maritalStatus", "AgeYears", "personal_status_2.0", "性别", "foreign_worker"]
)
def test_protected_names_are_known(column: str) -> None:
    assert is_protected(column)


@pytest.mark.parametrize("column", ["average_balance", "usage", "mortgage", "Essex_branch", "message"])
def test_names_that_only_look_protected_are_not(column: str) -> None:
    assert not is_protected(column)


def test_folds_are_even_and_the_same_forever() -> None:
    fold = folds(1000, 5, 7)
    assert np.bincount(fold).tolist() == [200] * 5
    assert fold[:10].tolist() == folds(1000, 5, 7)[:10].tolist()


def test_measures_at_known_points() -> None:
    outcome = np.array([0, 0, 0, 1, 1, 1])
    assert measures.auc(outcome, np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])) == 1
    assert measures.ks(outcome, np.array([0.1, 0.2, 0.8, 0.1, 0.8, 0.9])) == pytest.approx(1 / 3)
    same = np.linspace(0, 1, 1000)
    assert measures.psi(same, same) == pytest.approx(0)
    assert measures.psi(same, same + 0.5) > 0.25
    table = measures.calibration(outcome, np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), parts=2)
    assert measures.calibration_error(table) == 0


def test_fairness_counts_by_hand() -> None:
    outcome, pd_, group = np.tile([0, 1], 100), np.tile([0.1, 0.9, 0.6, 0.2], 50), np.tile(["a", "a", "b", "b"], 50)
    (a, b) = measures.fairness(outcome, pd_, {"g": group}, 0.5)["g"]
    assert (a["approval_rate"], a["repaid_approved"], a["defaulted_approved"], a["approval_ratio"]) == (0.5, 1.0, 0.0, 1.0)
    assert (b["approval_rate"], b["repaid_approved"], b["defaulted_approved"], b["approval_ratio"]) == (0.5, 0.0, 1.0, 1.0)


def test_retraining_on_a_part_of_the_book_comes_near_the_shipped_model(tmp_path: Path) -> None:
    some = frame("train").drop(columns="ID").head(6000)
    card = train(some, TARGET, tmp_path, cross_folds=0)
    assert card.measures["scorecard"]["auc"] > 0.72
    assert set(card.left_out) == {"SEX", "EDUCATION", "MARRIAGE", "AGE"}
    rest = frame("originate")
    fresh, kept = (roc_auc_score(rest[TARGET], -model.score_all(rest)) for model in (CreditModel.load(tmp_path), shipped.model()))
    assert fresh > kept - 0.02


@pytest.mark.parametrize("file", ["lightgbm.txt", "challenger.json"])
def test_a_spoilt_challenger_is_unavailable(trained: tuple[Card, Path], tmp_path: Path, file: str) -> None:
    for name in ("lightgbm.txt", "challenger.json"):
        (tmp_path / name).write_bytes((trained[1] / name).read_bytes())
    (tmp_path / file).write_bytes(b"{}")
    with pytest.raises(ModelUnavailable):
        Challenger.load(tmp_path)
