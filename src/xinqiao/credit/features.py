"""Features, declared once: the same function serves training, a whole book and one live row, to the bit.

A feature's function is written against `ops`, of which there are two: `Vector` works on numpy columns, `Scalar` on Python
floats without importing numpy. Both use only IEEE 754 double +, -, *, / and comparisons in the same order, so they agree
in every bit. A missing value is NaN and stays so unless the function says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from .errors import AttributeUnusable

NAN = math.nan
Kind = Literal["number", "category"]
Direction = Literal["riskier_up", "riskier_down", "either"]


class Ops(Protocol):
    """What a feature's function may do besides + - *; arguments are floats, or numpy arrays of float64."""

    def ratio(self, a: Any, b: Any) -> Any:
        """a / b where b > 0, else missing."""
        ...

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two; the known one when the other is missing."""
        ...

    def smaller(self, a: Any, b: Any) -> Any: ...

    def at_least(self, a: Any, least: float) -> Any:
        """a, raised to `least` where it is below; missing stays missing."""
        ...

    def above(self, a: Any, threshold: float) -> Any:
        """1.0 where a > threshold, 0.0 where it is not or is missing."""
        ...

    def known(self, a: Any) -> Any:
        """1.0 where a is known, else 0.0."""
        ...

    def either(self, a: Any, otherwise: float) -> Any:
        """a where it is known, else `otherwise`."""
        ...


class Scalar:
    """One live row: plain floats."""

    @staticmethod
    def ratio(a: float, b: float) -> float:
        return a / b if b > 0 else NAN

    @staticmethod
    def larger(a: float, b: float) -> float:
        if a != a:
            return b
        return b if b == b and not a >= b else a

    @staticmethod
    def smaller(a: float, b: float) -> float:
        if a != a:
            return b
        return b if b == b and not a <= b else a

    @staticmethod
    def at_least(a: float, least: float) -> float:
        return least if a < least else a

    @staticmethod
    def above(a: float, threshold: float) -> float:
        return 1.0 if a > threshold else 0.0

    @staticmethod
    def known(a: float) -> float:
        return 1.0 if a == a else 0.0

    @staticmethod
    def either(a: float, otherwise: float) -> float:
        return a if a == a else otherwise


class Vector:
    """Whole columns: numpy arrays of float64. Importing it costs nothing until it is made."""

    def __init__(self) -> None:
        import numpy

        self._np = numpy

    def ratio(self, a: Any, b: Any) -> Any:
        np = self._np
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(b > 0, a / b, NAN)

    def larger(self, a: Any, b: Any) -> Any:
        np = self._np
        return np.where(np.isnan(a), b, np.where(~np.isnan(b) & ~(a >= b), b, a))

    def smaller(self, a: Any, b: Any) -> Any:
        np = self._np
        return np.where(np.isnan(a), b, np.where(~np.isnan(b) & ~(a <= b), b, a))

    def at_least(self, a: Any, least: float) -> Any:
        return self._np.where(a < least, least, a)

    def above(self, a: Any, threshold: float) -> Any:
        return self._np.where(a > threshold, 1.0, 0.0)

    def known(self, a: Any) -> Any:
        return self._np.where(self._np.isnan(a), 0.0, 1.0)

    def either(self, a: Any, otherwise: float) -> Any:
        return self._np.where(self._np.isnan(a), otherwise, a)


@dataclass(frozen=True, slots=True)
class Words:
    """Why a feature counted against a person, and what would help, in words that person understands."""

    zh: str
    en: str
    help_zh: str
    help_en: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a model.

    `columns` are the source columns in the order that `function` takes them. `reason` is the stable code that a refusal
    gives; features that mean the same to a person share it. A feature that is not `usable` (a protected attribute) is
    never seen by a model and serves the fairness report alone.
    """

    name: str
    columns: tuple[str, ...]
    function: Callable[..., Any]
    unit: str
    direction: Direction
    reason: str
    words: Words
    kind: Kind = "number"
    usable: bool = True


def identity(_ops: Ops, column: Any) -> Any:
    return column


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features under a version; a change of any function is a new version, since old decisions replay by it."""

    version: str
    features: tuple[Feature, ...]

    def usable(self) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.usable)

    def columns(self) -> dict[str, Kind]:
        """The source columns of the usable features and their kinds, in order of first use."""
        return {column: feature.kind for feature in self.usable() for column in feature.columns}

    def select(self, names: Sequence[str]) -> FeatureSet:
        """The named features, in that order."""
        by_name = {feature.name: feature for feature in self.features}
        return FeatureSet(self.version, tuple(by_name[name] for name in names))


def live(features: Sequence[Feature], row: Mapping[str, Any]) -> dict[str, Any]:
    """The features of one row. Numbers are floats with NaN for missing, categories are str or None."""
    return {feature.name: feature.function(Scalar, *[row[column] for column in feature.columns]) for feature in features}


def batch(features: Sequence[Feature], columns: Mapping[str, Any]) -> dict[str, Any]:
    """The features of many rows: numpy arrays of float64, or of object for categories.

    `columns` maps names to arrays of equal length (a pandas DataFrame serves); numbers become float64, missing NaN.
    """
    ops = Vector()
    needed = {column: feature.kind for feature in features for column in feature.columns}
    arrays = {column: _array(columns[column], kind) for column, kind in needed.items()}
    return {feature.name: feature.function(ops, *[arrays[column] for column in feature.columns]) for feature in features}


def _array(values: Any, kind: Kind) -> Any:
    import numpy as np

    if kind == "number":
        return np.asarray(values, dtype=np.float64)
    return np.array([category(value) for value in values], dtype=object)


def category(value: Any) -> str | None:
    """A category's one spelling: whole numbers without a decimal point, missing as None."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def read(columns: Mapping[str, Kind], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The named columns out of `attributes`, as floats (NaN: missing) and category texts (None: missing).

    Raises AttributeUnusable for a value of the wrong type.
    """
    return {column: _value(column, kind, attributes.get(column)) for column, kind in columns.items()}


def _value(column: str, kind: Kind, value: Any) -> Any:
    if kind == "category":
        if value is not None and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
            raise AttributeUnusable(column, "a text", value, field=column)
        return category(value)
    if value is None:
        return NAN
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise AttributeUnusable(column, "a number", value, field=column)
    try:
        number = float(value)
    except (OverflowError, ValueError):
        raise AttributeUnusable(column, "a number within the range of a double", value, field=column) from None
    if number in (float("inf"), float("-inf")):
        raise AttributeUnusable(column, "a finite number", value, field=column)
    return number
