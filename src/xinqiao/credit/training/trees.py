"""Fitting the challenger: LightGBM with the declared directions as constraints, then a calibration curve from out-of-fold output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinqiao.kit import canonical

from ..challenger import FACTS, TREES, Challenger, matrix
from ..features import FeatureSet
from .data import folds

if TYPE_CHECKING:
    import numpy as np

MOST_ROUNDS, PATIENCE, PLATT_BELOW = 1500, 60, 2000
MANY_ROWS = 50_000
"""Below this a second thread costs more than it saves; the trees are the same either way."""
CONSTRAINT = {"riskier_up": 1, "riskier_down": -1, "either": 0}


def fit_trees(columns: Any, outcome: np.ndarray, features: FeatureSet, *, seed: int, calibration_folds: int = 5) -> Challenger:
    """The challenger; its calibration is learnt from rows that the calibrating trees had not seen."""
    import numpy as np

    usable = features.usable()
    codes = _codes(columns, features)
    design = matrix(usable, codes, columns)
    unseen = np.zeros(len(outcome))
    fold = folds(len(outcome), calibration_folds, seed)
    for k in range(calibration_folds):
        unseen[fold == k] = _grow(design[fold != k], outcome[fold != k], features, codes, seed).predict(design[fold == k])
    booster = _grow(design, outcome, features, codes, seed)
    return Challenger(booster, usable, codes, _calibration(unseen, outcome))


def save(challenger: Challenger, features: FeatureSet, out: Path) -> None:
    """Write the trees as LightGBM's text and the rest as readable JSON."""
    (out / TREES).write_text(challenger.booster.model_to_string(), "utf-8")
    facts = {
        "schema": "xinqiao.credit.challenger/1",
        "feature_set": features.version,
        "features": [feature.name for feature in challenger.features],
        "codes": challenger.codes,
        "calibration": [[repr(raw), repr(calibrated)] for raw, calibrated in challenger.calibration],
    }
    (out / FACTS).write_bytes(canonical(facts))


def _codes(columns: Any, features: FeatureSet) -> dict[str, dict[str, int]]:
    from ..features import batch

    texts = [feature for feature in features.usable() if feature.kind == "category"]
    found = batch(texts, columns)
    return {
        name: {value: code for code, value in enumerate(sorted({v for v in values if v is not None}))} for name, values in found.items()
    }


def _grow(design: np.ndarray, outcome: np.ndarray, features: FeatureSet, codes: Mapping[str, Any], seed: int) -> Any:
    """Trees on all rows, as many as an inner hold-out of a sixth found best: no row that is later judged chose their number."""
    import lightgbm
    import numpy as np

    usable = features.usable()
    parameters = {
        "objective": "binary",
        "learning_rate": 0.03,
        "num_leaves": 8,
        "min_data_in_leaf": max(10, min(60, len(outcome) // 200)),
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "monotone_constraints": [CONSTRAINT[feature.direction] for feature in usable],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1 if len(outcome) < MANY_ROWS else 2,
        "verbose": -1,
    }
    names = [f"f{place}" for place in range(len(usable))]
    texts = [place for place, feature in enumerate(usable) if feature.name in codes]
    inner = folds(len(outcome), 6, seed + 1) == 0

    def dataset(rows: np.ndarray) -> Any:
        return lightgbm.Dataset(design[rows], outcome[rows], feature_name=names, categorical_feature=texts, free_raw_data=False)

    part = dataset(~inner)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    tried = lightgbm.train({**parameters, "metric": "binary_logloss"}, part, MOST_ROUNDS, valid_sets=[dataset(inner)], callbacks=[stop])
    return lightgbm.train(parameters, dataset(np.ones(len(outcome), dtype=bool)), max(20, round(tried.best_iteration * 1.1)))


def _calibration(raw: np.ndarray, outcome: np.ndarray) -> tuple[tuple[float, float], ...]:
    """A rising polyline: isotonic regression, or Platt's logistic curve where rows are few."""
    import numpy as np
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    if len(raw) >= PLATT_BELOW:
        curve = IsotonicRegression(y_min=0.0005, y_max=0.9995, out_of_bounds="clip").fit(raw, outcome)
        return tuple((float(x), float(y)) for x, y in zip(curve.X_thresholds_, curve.y_thresholds_, strict=True))
    knots = np.linspace(0.001, 0.999, 200)
    log_odds = np.log(np.clip(raw, 1e-6, 1 - 1e-6) / (1 - np.clip(raw, 1e-6, 1 - 1e-6)))
    fitted = LogisticRegression(C=1e6).fit(log_odds[:, None], outcome)
    return tuple(zip(knots.tolist(), fitted.predict_proba(np.log(knots / (1 - knots))[:, None])[:, 1].tolist(), strict=True))
