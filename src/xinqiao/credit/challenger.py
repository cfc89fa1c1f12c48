"""The challenger: gradient-boosted trees beside the scorecard, with calibrated probabilities. It is watched; the scorecard decides.

Loading it imports LightGBM, so the live path never does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import features as f
from .card_history import CARD_HISTORY
from .errors import ModelUnavailable

TREES, FACTS = "lightgbm.txt", "challenger.json"
MANY_ROWS = 20_000
"""Below this, threads cost more than they save."""


@dataclass(frozen=True, slots=True)
class Challenger:
    """Trees on the declared features and a rising curve from their output to a probability of default.

    `codes` gives each category of each categorical feature its number; a category never seen, like a missing one, is NaN.
    `calibration` is a rising polyline of (raw, calibrated) probabilities.
    """

    booster: Any
    features: tuple[f.Feature, ...]
    codes: Mapping[str, Mapping[str, int]]
    calibration: tuple[tuple[float, float], ...]

    @classmethod
    def load(cls, directory: Path) -> Challenger:
        """Read `lightgbm.txt` and `challenger.json` in `directory`; raises ModelUnavailable."""
        directory = Path(directory)
        try:
            import lightgbm
        except (ImportError, OSError) as error:
            raise ModelUnavailable(str(directory), f"LightGBM cannot be loaded: {error}") from error
        try:
            facts = json.loads((directory / FACTS).read_bytes())
            booster = lightgbm.Booster(model_str=(directory / TREES).read_text("utf-8"))
            features = _features(facts)
            knots = tuple((float(raw), float(calibrated)) for raw, calibrated in facts["calibration"])
            return cls(booster, features, facts["codes"], knots)
        except (OSError, ValueError, KeyError, TypeError, lightgbm.basic.LightGBMError) as error:
            raise ModelUnavailable(str(directory), f"{type(error).__name__}: {error}") from error

    def raw(self, columns: Mapping[str, Any]) -> Any:
        """The trees' own probabilities, float64."""
        rows = matrix(self.features, self.codes, columns)
        return self.booster.predict(rows, num_threads=1 if len(rows) < MANY_ROWS else 0)

    def pd(self, columns: Mapping[str, Any]) -> Any:
        """Calibrated probabilities of default of many rows, float64."""
        import numpy as np

        xs, ys = zip(*self.calibration, strict=True)
        return np.interp(self.raw(columns), xs, ys)


def matrix(features: Sequence[f.Feature], codes: Mapping[str, Mapping[str, int]], columns: Mapping[str, Any]) -> Any:
    """Rows by features, float64."""
    import numpy as np

    values = f.batch(features, columns)
    return np.column_stack([_numbers(values[feature.name], codes.get(feature.name)) for feature in features])


def _numbers(values: Any, codes: Mapping[str, int] | None) -> Any:
    import numpy as np

    return values if codes is None else np.array([codes.get(value, np.nan) for value in values], dtype=np.float64)


def _features(facts: Mapping[str, Any]) -> tuple[f.Feature, ...]:
    if facts["feature_set"] == CARD_HISTORY.version:
        return CARD_HISTORY.select(facts["features"]).features
    words = f.Words("", "", "", "")
    return tuple(
        f.Feature(name, (name,), f.identity, "as given", "either", "", words, kind="category" if name in facts["codes"] else "number")
        for name in facts["features"]
    )
