"""The scorecard: features into bins, bins into whole points, points into a probability of default.

A score is `base_points` plus the points of one bin per feature: integers, so it is the same on every machine. With
`score_at_odds` at good:bad odds of `odds`, and `points_to_double` doubling them (Siddiqi, Credit Risk Scorecards, ch. 6):
odds = odds0 x 2 ^ ((score - score0) / points_to_double), and pd = 1 / (1 + odds), computed in decimal and kept to six places.
Neither pandas nor optbinning is needed here, nor numpy for a live row.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from xinqiao.kit import sha256_hex

from . import features as f
from .card_history import CARD_HISTORY
from .errors import ModelUnavailable

SCHEMA = "xinqiao.credit.scorecard/1"
FILE = "scorecard.json"
COLUMNS_SET = "columns-1"
_CONTEXT = Context(prec=28)
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Scaling:
    """How points stand to odds; see the module."""

    base_points: int
    score_at_odds: int
    odds: Decimal
    points_to_double: int

    def pd(self, score: int) -> Decimal:
        doublings = _CONTEXT.divide(Decimal(score - self.score_at_odds), Decimal(self.points_to_double))
        odds = _CONTEXT.multiply(self.odds, _CONTEXT.exp(_CONTEXT.multiply(doublings, _CONTEXT.ln(Decimal(2)))))
        return _CONTEXT.divide(Decimal(1), 1 + odds).quantize(_MILLIONTH)


@dataclass(frozen=True, slots=True)
class Binned:
    """One feature's bins. Number: bin i holds `edges[i-1] <= value < edges[i]`. Category: `values` maps to a bin.

    `points[i]` are bin i's; a missing value earns `missing`, a category never seen in training `unseen`. `usual` is the mean of the
    points in training, rounded: what an ordinary applicant earns here.
    """

    feature: f.Feature
    edges: tuple[float, ...]
    values: Mapping[str, int]
    points: tuple[int, ...]
    missing: int
    unseen: int
    usual: int

    def points_of(self, value: Any) -> int:
        if self.feature.kind == "category":
            if value is None:
                return self.missing
            place = self.values.get(value)
            return self.unseen if place is None else self.points[place]
        return self.points[bisect_right(self.edges, value)] if value == value else self.missing

    def points_of_all(self, values: Any) -> Any:
        """The same for a numpy array: int64 points."""
        import numpy as np

        if self.feature.kind == "category":
            return np.array([self.points_of(value) for value in values], dtype=np.int64)
        found = np.asarray(self.points, dtype=np.int64)[np.searchsorted(np.asarray(self.edges), values, side="right")]
        return np.where(np.isnan(values), self.missing, found)


@dataclass(frozen=True, slots=True)
class CreditModel:
    """A trained scorecard. `sha256` is that of the file's bytes and serves as the model's version."""

    name: str
    sha256: str
    feature_set: str
    scaling: Scaling
    binned: tuple[Binned, ...]
    body: bytes
    columns: Mapping[str, f.Kind]
    _pds: dict[int, Decimal] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, directory: Path) -> CreditModel:
        """Read `scorecard.json` in `directory`; raises ModelUnavailable when it is absent or not one."""
        path = Path(directory) / FILE
        try:
            body = path.read_bytes()
        except OSError as error:
            raise ModelUnavailable(str(path), error.strerror or "unreadable") from error
        return cls.parse(body, str(path))

    @classmethod
    def parse(cls, body: bytes, where: str = "the given bytes") -> CreditModel:
        """Read the bytes of a scorecard file; raises ModelUnavailable that names `where`."""
        try:
            return _read(body)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
            raise ModelUnavailable(where, f"{type(error).__name__}: {error}") from error

    def read(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The model's own columns out of `attributes`, as floats (NaN: missing) and category texts; the rest is left behind.

        Raises AttributeUnusable for a value of the wrong type.
        """
        return f.read(self.columns, attributes)

    def points(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """The features and the points of each, of one row that `read` made."""
        values, points = {}, {}
        for one in self.binned:
            feature = one.feature
            value = feature.function(f.Scalar, *[row[column] for column in feature.columns])
            values[feature.name] = value
            points[feature.name] = one.points_of(value)
        return values, points

    def score(self, row: Mapping[str, Any]) -> int:
        return self.scaling.base_points + sum(self.points(row)[1].values())

    def score_all(self, columns: Mapping[str, Any]) -> Any:
        """Scores of many rows, int64; `columns` is a mapping of arrays or a DataFrame."""
        values = f.batch([one.feature for one in self.binned], columns)
        return self.scaling.base_points + sum(one.points_of_all(values[one.feature.name]) for one in self.binned)

    def pd(self, score: int) -> Decimal:
        found = self._pds.get(score)
        if found is None:
            found = self._pds[score] = self.scaling.pd(score)
        return found

    def pd_all(self, scores: Any) -> Any:
        """The probabilities of many scores, float64, for reports."""
        import numpy as np

        unique, place = np.unique(scores, return_inverse=True)
        return np.array([float(self.pd(int(score))) for score in unique])[place]


def _read(body: bytes) -> CreditModel:
    data = json.loads(body)
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema is {data['schema']!r}, expected {SCHEMA!r}")
    scaling = data["scaling"]
    binned = tuple(_binned(entry, data["feature_set"]) for entry in data["features"])
    if not binned:
        raise ValueError("it has no features")
    return CreditModel(
        data["name"],
        sha256_hex(body),
        data["feature_set"],
        Scaling(
            _whole(scaling["base_points"]), _whole(scaling["score_at_odds"]), Decimal(scaling["odds"]), _whole(scaling["points_to_double"])
        ),
        binned,
        body,
        {column: one.feature.kind for one in binned for column in one.feature.columns},
    )


def _binned(entry: Mapping[str, Any], feature_set: str) -> Binned:
    feature = _feature(entry, feature_set)
    bins = entry["bins"]
    points = tuple(_whole(one["points"]) for one in bins)
    edges = tuple(float(one["below"]) for one in bins[:-1]) if feature.kind == "number" else ()
    if list(edges) != sorted(set(edges)) or not points:
        raise ValueError(f"bins of {feature.name} are not ascending")
    values = {value: place for place, one in enumerate(bins) for value in one["values"]} if feature.kind == "category" else {}
    return Binned(
        feature, edges, values, points, _whole(entry["missing_points"]), _whole(entry["unseen_points"]), _whole(entry["usual_points"])
    )


def _feature(entry: Mapping[str, Any], feature_set: str) -> f.Feature:
    """The function comes from the declared set of that version; unit, reason and words from the file, as they were at training."""
    shown = entry["unit"], entry["direction"], entry["reason"], f.Words(**entry["words"])
    if feature_set == COLUMNS_SET:
        return f.Feature(entry["name"], (entry["columns"][0],), f.identity, *shown, kind=entry["kind"])
    if feature_set != CARD_HISTORY.version:
        raise ValueError(f"feature set {feature_set!r} is not known; this version knows {CARD_HISTORY.version!r} and {COLUMNS_SET!r}")
    declared = CARD_HISTORY.select([entry["name"]]).features[0]
    return f.Feature(declared.name, declared.columns, declared.function, *shown, kind=declared.kind)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected whole points, got {value!r}")
    return value
