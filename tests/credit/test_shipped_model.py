"""What the shipped card claims is measured again with the shipped files."""

import json

import pytest
from sklearn.metrics import roc_auc_score

from xinqiao.credit import BandOutcome, CreditModel, Policy, band_outcomes, shipped
from xinqiao.credit.challenger import Challenger
from xinqiao.credit.training.data import holdout
from xinqiao.credit.training.measures import ks
from xinqiao.demo.book import TARGET, frame

FOLDER = shipped.MODELS / "taiwan-1"


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((FOLDER / "card.json").read_text("utf-8"))


def test_the_cards_auc_and_ks_come_out_again_on_its_hold_out(card: dict, model: CreditModel) -> None:
    rows = frame("train")
    held = holdout(rows, share=0.2, seed=20261122)
    assert (len(rows), int(held.sum())) == (card["data"]["rows"], card["data"]["held_out"])
    judged = rows[held]
    for kind, pd in (("scorecard", model.pd_all(model.score_all(judged))), ("lightgbm", Challenger.load(FOLDER).pd(judged))):
        assert roc_auc_score(judged[TARGET], pd) == pytest.approx(card["measures"][kind]["auc"], abs=1e-5)
        assert ks(judged[TARGET].to_numpy(), pd) == pytest.approx(card["measures"][kind]["ks"], abs=1e-5)


def test_the_card_is_of_the_shipped_file(card: dict, model: CreditModel) -> None:
    assert card["model_sha256"] == model.sha256


def test_the_challenger_ranks_people_it_never_saw_better_than_the_scorecard(model: CreditModel) -> None:
    rows = frame("originate")
    scorecard, trees = roc_auc_score(rows[TARGET], -model.score_all(rows)), roc_auc_score(rows[TARGET], Challenger.load(FOLDER).pd(rows))
    assert 0.76 < scorecard < trees


def test_default_rates_of_the_originated_rise_band_by_band(model: CreditModel, policy: Policy) -> None:
    rows = frame("originate")
    found = band_outcomes(model=model, policy=policy, columns=rows, defaulted=rows[TARGET])
    rates = [one.default_rate for one in found]
    assert sum(one.loans for one in found) == len(rows)
    assert sum(one.defaults for one in found) == int(rows[TARGET].sum())
    assert rates == sorted(rates)
    assert float(rates[-1]) > 5 * float(rates[0])
    for one in found:
        assert abs(float(one.default_rate) - float(one.mean_pd)) < 0.04, one


def test_bands_are_counted_by_period_and_empty_ones_have_no_rate(model: CreditModel, policy: Policy) -> None:
    rows = frame("originate").head(40)
    found = band_outcomes(model=model, policy=policy, columns=rows, defaulted=rows[TARGET], periods=["2026-01", "2026-02"] * 20)
    assert [(one.period, one.band) for one in found] == [(period, band.name) for period in ("2026-01", "2026-02") for band in policy.bands]
    assert BandOutcome("2026-01", "A", 0, 0, found[0].mean_pd).default_rate is None


def test_bands_of_unequal_lengths_are_refused(model: CreditModel, policy: Policy) -> None:
    with pytest.raises(ValueError, match="equally many"):
        band_outcomes(model=model, policy=policy, columns=frame("originate").head(3), defaulted=[0, 1])


def test_the_shipped_model_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000
