"""Fitting the scorecard: optbinning finds the bins, weights of evidence fill them, a logistic regression weighs them.

Weight of evidence of a bin: ln(share of good / share of bad), half a loan added to each count so that none is infinite.
Coefficients are held at zero or above, so that a bin with more defaults never earns more points than its record says.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xinqiao.kit import canonical

from ..errors import NoUsableFeature
from ..features import Feature, FeatureSet
from ..scorecard import SCHEMA, CreditModel

if TYPE_CHECKING:
    import numpy as np

SCORE_AT_ODDS, ODDS, POINTS_TO_DOUBLE = 600, Decimal(20), 50
LEAST_IV, MOST_CORRELATED, MOST_FEATURES, LEAST_WEIGHT, RIDGE = 0.02, 0.97, 12, 0.05, 1.0
TIMES_CHANCE = 4.0
TRENDS = {"riskier_up": "ascending", "riskier_down": "descending", "either": "auto"}


@dataclass(frozen=True, slots=True)
class Bins:
    """One feature's bins with their weight of evidence; the last two places are missing and, for a category, unseen (weight 0)."""

    feature: Feature
    edges: tuple[float, ...]
    values: tuple[tuple[str, ...], ...]
    woe: np.ndarray
    counts: np.ndarray
    bads: np.ndarray

    def place(self, values: Any) -> np.ndarray:
        """The bin of each value; -2 for missing, -1 for a category never seen."""
        import numpy as np

        if self.feature.kind == "category":
            at = {value: place for place, members in enumerate(self.values) for value in members}
            return np.array([-2 if value is None else at.get(value, -1) for value in values])
        return np.where(np.isnan(values), -2, np.searchsorted(np.asarray(self.edges), values, side="right"))

    @property
    def iv(self) -> float:
        """Information value: the sum of (share of good - share of bad) x weight of evidence (Siddiqi, ch. 6)."""
        goods = self.counts - self.bads
        return float(((goods / max(goods.sum(), 1) - self.bads / max(self.bads.sum(), 1)) * self.woe).sum())

    @property
    def tells(self) -> bool:
        """Whether the information value is worth having and well above what chance gives: (bins - 1) (1 / goods + 1 / bads) on average,
        more here, since the splits were chosen for it.
        """
        bads, goods = max(self.bads.sum(), 1), max((self.counts - self.bads).sum(), 1)
        freedom = max(int((self.counts > 0).sum()) - 1, 1)
        return self.iv >= max(LEAST_IV, TIMES_CHANCE * freedom * (1 / goods + 1 / bads))


def fit_scorecard(
    values: Mapping[str, Any], outcome: np.ndarray, features: FeatureSet, *, name: str, seed: int
) -> tuple[CreditModel, dict[str, float]]:
    """The scorecard and the information value of every feature looked at. Raises NoUsableFeature."""
    found = [_bins(feature, splits, values[feature.name], outcome) for feature, splits in _split(values, outcome, candidates(features))]
    ivs = {one.feature.name: one.iv for one in found}
    chosen = _uncorrelated([one for one in sorted(found, key=lambda one: -one.iv) if one.tells], values)
    if not chosen:
        raise NoUsableFeature(LEAST_IV, ", ".join(sorted(ivs, key=ivs.__getitem__)[:20]) or "every column")
    most = MOST_FEATURES if any(one.feature.direction != "either" for one in chosen) else 2 * MOST_FEATURES
    chosen, constant, weights = _strongest(chosen, values, outcome, most)
    return CreditModel.parse(_body(name, features, chosen, constant, weights, values, seed)), ivs


def candidates(features: FeatureSet) -> tuple[Feature, ...]:
    """The features a scorecard may take: those with a declared direction, so that each reason it gives makes sense; all where none has one."""
    directed = tuple(feature for feature in features.usable() if feature.direction != "either")
    return directed or features.usable()


def _split(values: Mapping[str, Any], outcome: np.ndarray, features: Sequence[Feature]) -> list[tuple[Feature, Any]]:
    """optbinning's optimal splits of each feature, monotone where the feature's direction is declared."""
    import pandas as pd

    with quiet():
        from optbinning import BinningProcess
    names = [feature.name for feature in features]
    process = BinningProcess(
        names,
        categorical_variables=[feature.name for feature in features if feature.kind == "category"],
        max_n_bins=7,
        min_bin_size=0.03,
        binning_fit_params={f.name: {"monotonic_trend": TRENDS[f.direction]} for f in features if f.kind == "number"},
    )
    frame = pd.DataFrame({f.name: values[f.name] for f in features})
    with quiet():
        process.fit(frame, outcome)
    return [(feature, process.get_binned_variable(feature.name).splits) for feature in features]


def _bins(feature: Feature, splits: Any, values: Any, outcome: np.ndarray) -> Bins:
    import numpy as np

    number = feature.kind == "number"
    edges = tuple(float(edge) for edge in splits) if number else ()
    members = () if number else tuple(tuple(str(value) for value in group) for group in splits)
    size = (len(edges) + 1 if number else max(len(members), 1)) + 2
    blank = Bins(feature, edges, members, np.zeros(size), np.zeros(size), np.zeros(size))
    place = blank.place(values) % size
    counts = np.bincount(place, minlength=size).astype(float)
    bads = np.bincount(place, weights=outcome, minlength=size)
    goods = counts - bads
    woe = np.log((goods + 0.5) / (goods.sum() + 0.5)) - np.log((bads + 0.5) / (bads.sum() + 0.5))
    return Bins(feature, edges, members, np.where(counts > 0, woe, 0.0), counts, bads)


def _uncorrelated(ranked: Sequence[Bins], values: Mapping[str, Any]) -> list[Bins]:
    """Greedily the best features whose weights of evidence do not repeat one already taken."""
    import numpy as np

    taken: list[Bins] = []
    columns: list[np.ndarray] = []
    for one in ranked:
        column = one.woe[one.place(values[one.feature.name])]
        if all(abs(np.corrcoef(column, other)[0, 1]) < MOST_CORRELATED for other in columns):
            taken.append(one)
            columns.append(column)
    return taken


def _strongest(chosen: list[Bins], values: Mapping[str, Any], outcome: np.ndarray, most: int) -> tuple[list[Bins], float, np.ndarray]:
    """Weigh all, keep those that move the score most (weight x spread), weigh those again."""
    import numpy as np

    design = np.column_stack([one.woe[one.place(values[one.feature.name])] for one in chosen])
    constant, weights = _weigh(design, outcome)
    order = np.argsort(-weights * design.std(axis=0), kind="stable")[:most]
    keep = sorted(place for place in order if weights[place] >= LEAST_WEIGHT)
    if keep and len(keep) < len(chosen):
        return _strongest([chosen[place] for place in keep], values, outcome, most)
    return chosen, constant, weights


def _weigh(design: np.ndarray, outcome: np.ndarray) -> tuple[float, np.ndarray]:
    """Constant and weights (>= 0) of ln(good:bad odds), by maximum likelihood with a slight ridge."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    good = 1.0 - outcome
    padded = np.column_stack([np.ones(len(good)), design])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = padded @ weights
        slope = padded.T @ (expit(margin) - good)
        penalty = RIDGE * weights[1:]
        return float(np.logaddexp(0, margin).sum() - good @ margin + penalty @ weights[1:] / 2), slope + np.concatenate([[0.0], penalty])

    rate = good.mean()
    start = np.concatenate([[math.log(rate / (1 - rate))], np.full(design.shape[1], 0.3)])
    bounds = [(None, None)] + [(0.0, None)] * design.shape[1]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x
    return float(best[0]), best[1:]


def _body(
    name: str, features: FeatureSet, chosen: Sequence[Bins], constant: float, weights: np.ndarray, values: Mapping[str, Any], seed: int
) -> bytes:
    """The scorecard file: readable, and all that scoring needs."""
    per_log_odds = POINTS_TO_DOUBLE / math.log(2)
    base = SCORE_AT_ODDS + round(per_log_odds * (constant - math.log(ODDS)))
    return canonical(
        {
            "schema": SCHEMA,
            "name": name,
            "feature_set": features.version,
            "seed": seed,
            "scaling": {"base_points": base, "score_at_odds": SCORE_AT_ODDS, "odds": str(ODDS), "points_to_double": POINTS_TO_DOUBLE},
            "features": [_entry(one, float(weight), per_log_odds) for one, weight in zip(chosen, weights, strict=True)],
        }
    )


def _entry(one: Bins, weight: float, per_log_odds: float) -> dict[str, Any]:
    feature, size = one.feature, len(one.woe) - 2
    points = [round(per_log_odds * weight * float(woe)) for woe in one.woe]
    shown = [
        {
            **(
                {"below": repr(one.edges[i]) if i < len(one.edges) else None}
                if feature.kind == "number"
                else {"values": list(one.values[i])}
            ),
            "points": points[i],
            "woe": f"{one.woe[i]:.6f}",
            "loans": int(one.counts[i]),
            "default_rate": f"{one.bads[i] / max(one.counts[i], 1):.6f}",
        }
        for i in range(size)
    ]
    usual = round(float((one.counts * points).sum() / one.counts.sum()))
    return {
        "name": feature.name,
        "columns": list(feature.columns),
        "kind": feature.kind,
        "unit": feature.unit,
        "direction": feature.direction,
        "reason": feature.reason,
        "words": {key: getattr(feature.words, key) for key in ("zh", "en", "help_zh", "help_en")},
        "iv": f"{one.iv:.6f}",
        "weight": f"{weight:.6f}",
        "bins": shown,
        "missing_points": points[-2],
        "unseen_points": points[-1],
        "usual_points": usual,
    }


@contextlib.contextmanager
def quiet() -> Any:
    """optbinning and its solvers print on import and warn while fitting; none of it is for the reader of a training run."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
