"""Fit the last layer of the texture network anew to a deployment's own captures, and find out on people left out whether that helped.

The shipped network stays as it is; its answer is scaled and corrected by a linear function of what its last layer is fed. That correction is
drawn towards nothing (ridge, Hoerl and Kennard 1970), how strongly is chosen on people left out, so that few captures change little and the
worst that can happen is the shipped network. People weigh alike, and both sides alike. Two layers of cross-validation by person: nobody's
score comes from a fit, or from a choice of strength, that knew the person. The comparison is with the shipped network *after* its own
scale and shift were fitted to the same people, since calibration alone would give that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ..errors import TrainingTooFew
from ..thresholds import Band
from .calibrate import FOLDS, fold_by_person, people_weights
from .evaluate import ATTACK, LIVE, Answer, measure
from .training_features import Known

FEWEST = 10
"""People of each side under which nothing is fitted: of five folds each would hold fewer than two."""
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
INNER = 3
SURE = 0.95
"""The share of draws of people in which the new answers must lose less."""
DRAWS = 1000
MOST_ROWS = 24_000


@dataclass(frozen=True, slots=True)
class Example:
    person: str
    species: str
    known: Known

    @property
    def live(self) -> bool:
        return self.species == LIVE


@dataclass(frozen=True, slots=True)
class Head:
    """answer = gain * shipped answer + features . weights + bias"""

    gain: float
    weights: np.ndarray
    bias: float

    def score(self, known: Known) -> float:
        """Log-odds of a capture: the mean over its frames."""
        return float(self.gain * known.answers.mean() + known.features.mean(0) @ self.weights + self.bias)


@dataclass(frozen=True, slots=True)
class Trained:
    head: Head
    strength: float
    before: dict[str, Any]
    """the shipped network's rates, as `evaluate.measure` counts them"""
    after: dict[str, Any]
    """the refitted one's, on people left out"""
    loss: tuple[float, float]
    """logarithmic loss on people left out: shipped (calibrated), refitted"""
    surely: float
    """share of draws of people in which the refitted one loses less"""

    @property
    def better(self) -> bool:
        errs = (self.before["eer"], self.after["eer"])
        return self.surely >= SURE and None not in errs and errs[1] <= errs[0]


def train(examples: Sequence[Example], *, cut: float, band: Band, step: Callable[[str], None] = lambda _: None) -> Trained:
    """`cut`, `band`: where scores are called live, pass and fail, for the rates. Raises TrainingTooFew."""
    with threadpool_limits(1):  # products this small wait for each other's threads longer than they take
        return _train(examples, cut, band, step)


def _train(examples: Sequence[Example], cut: float, band: Band, step: Callable[[str], None]) -> Trained:
    live, attacked = ({e.person for e in examples if e.live is side} for side in (True, False))
    if min(len(live), len(attacked)) < FEWEST:
        raise TrainingTooFew(len(live), len(attacked), FEWEST, field="folder")
    folds = fold_by_person([e.person for e in examples])
    plain, refit = np.zeros(len(examples)), np.zeros(len(examples))
    for fold in range(FOLDS):
        mine = [n for n, f in enumerate(folds) if f == fold]
        others = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        head, base = fit(others, choose(others)), fit(others, None)
        for n in mine:
            plain[n], refit[n] = base.score(examples[n].known), head.score(examples[n].known)
        step(f"fold {fold + 1} of {FOLDS}")
    strength = choose(examples)
    step("all captures")
    shipped = np.array([e.known.answers.mean() for e in examples])
    losses = [capture_losses(examples, z) for z in (plain, refit)]
    return Trained(
        head=fit(examples, strength),
        strength=strength,
        before=measure(_answers(examples, shipped, cut, band)),
        after=measure(_answers(examples, refit, cut, band)),
        loss=(float(losses[0].sum()), float(losses[1].sum())),
        surely=surely_less(examples, losses[1] - losses[0]),
    )


def choose(examples: Sequence[Example]) -> float:
    """The strength of the pull that loses least on people left out."""
    folds = [f % INNER for f in fold_by_person([e.person for e in examples])]
    total = dict.fromkeys(STRENGTHS, 0.0)
    for fold in range(INNER):
        mine = [e for e, f in zip(examples, folds, strict=True) if f == fold]
        others = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        if len({e.live for e in mine}) < 2 or len({e.live for e in others}) < 2:
            continue
        material = _material(others)
        for strength in STRENGTHS:
            head = _fit(material, strength)
            total[strength] += float(capture_losses(mine, np.array([head.score(e.known) for e in mine])).sum())
    return min(STRENGTHS, key=lambda s: (total[s], -s))


@dataclass(frozen=True, slots=True)
class _Material:
    answers: np.ndarray
    features: np.ndarray
    """standardised, (n, k)"""
    live: np.ndarray
    weight: np.ndarray
    centre: np.ndarray
    spread: np.ndarray


def _material(examples: Sequence[Example]) -> _Material:
    whole = [
        (np.concatenate([e.known.answers, e.known.varied_answers]), np.concatenate([e.known.features, e.known.varied])) for e in examples
    ]
    live = np.array([e.live for e in examples], bool)
    capture = people_weights([e.person for e in examples], live)
    rows = np.concatenate([np.full(len(a), n) for n, (a, _) in enumerate(whole)])
    answers, features = (np.concatenate([one[part] for one in whole]) for part in (0, 1))
    weight = capture[rows] / np.bincount(rows)[rows]
    if len(rows) > MOST_ROWS:
        kept = np.random.default_rng(7).choice(len(rows), MOST_ROWS, replace=False)
        rows, answers, features, weight = rows[kept], answers[kept], features[kept], weight[kept] / weight[kept].sum()
    centre, spread = np.average(features, axis=0, weights=weight), features.std(0)
    spread = np.maximum(spread, 1e-3 * max(float(spread.max()), 1e-9))
    return _Material(answers, (features - centre) / spread, live[rows].astype(float), weight, centre, spread)


def fit(examples: Sequence[Example], strength: float | None) -> Head:
    """`strength` None: gain and bias alone."""
    return _fit(_material(examples), strength)


def _fit(m: _Material, strength: float | None) -> Head:
    count = m.features.shape[1] if strength is not None else 0
    target = 0.98 * m.live + 0.01
    pull = strength or 0.0

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        v, gain, bias = x[:count], x[-2], x[-1]
        z = gain * m.answers + bias + (m.features @ v if count else 0.0)
        value = (m.weight * (np.logaddexp(0, z) - target * z)).sum() + pull * (v**2).sum() / 2
        slope = m.weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - target)
        by_feature = m.features.T @ slope + pull * v if count else np.empty(0)
        return float(value), np.concatenate([by_feature, [slope @ m.answers, slope.sum()]])

    start = np.concatenate([np.zeros(count), [1.0, 0.0]])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None)] * count + [(0.02, 20), (None, None)], options={"maxiter": 120}).x  # fmt: skip
    weights = found[:count] / m.spread if count else np.zeros(len(m.spread))
    return Head(float(found[-2]), weights, float(found[-1] - weights @ m.centre))


def capture_losses(examples: Sequence[Example], log_odds: np.ndarray) -> np.ndarray:
    """Each capture's share of the logarithmic loss, people and sides weighing alike."""
    live = np.array([e.live for e in examples], bool)
    z = np.clip(log_odds, -20, 20)
    return people_weights([e.person for e in examples], live) * (np.logaddexp(0, z) - live * z)


def surely_less(examples: Sequence[Example], difference: np.ndarray) -> float:
    """The share of DRAWS of people, all their captures with them, in which the differences add up to less than nothing."""
    number = {p: n for n, p in enumerate(sorted({e.person for e in examples}))}
    by_person = np.bincount([number[e.person] for e in examples], weights=difference, minlength=len(number))
    draws = np.random.default_rng(5).integers(0, len(number), (DRAWS, len(number)))
    return float((by_person[draws].sum(1) < 0).mean())


def _answers(examples: Sequence[Example], log_odds: np.ndarray, cut: float, band: Band) -> list[Answer]:
    scores = 1 / (1 + np.exp(-np.clip(log_odds, -20, 20)))
    return [
        Answer(e.person, e.species, LIVE if s >= cut else ATTACK, band.state(s).value, float(s), 0.0)
        for e, s in zip(examples, scores, strict=True)
    ]
