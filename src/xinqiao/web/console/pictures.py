"""Charts as `static/charts.js` reads them. Each is drawn beside the same figures as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from xinqiao.credit import CreditModel

from ..i18n import Words


def points(words: Words, earned: Mapping[str, Any], model: CreditModel) -> dict[str, Any]:
    """What each feature earned, beside what the usual applicant earns."""
    found = [one for one in model.binned if one.feature.name in earned]
    return {
        "kind": "bars",
        "x": [words.both(one.feature.words.zh, one.feature.words.en) for one in found],
        "series": [
            {"name": words.gettext("Points earned"), "data": [int(earned[one.feature.name]) for one in found]},
            {"name": words.gettext("Usual applicant"), "data": [one.usual for one in found], "colour": "edge"},
        ],
    }


def bids(words: Words, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """All-in prices, best first: the funder's rate and the guarantor's premium on top of it, in percent a year."""
    if not rows:
        return None
    names = [row["funder"] if row["guarantor"] == "–" else f"{row['funder']} + {row['guarantor']}" for row in rows]
    return {
        "kind": "stackbars",
        "unit": "%",
        "x": names,
        "series": [
            {"name": words.gettext("Funder's rate"), "data": [_percent(row["parts"][0]) for row in rows], "colour": "principal"},
            {"name": words.gettext("Guarantor's premium"), "data": [_percent(row["parts"][1]) for row in rows], "colour": "premium"},
        ],
    }


def _percent(rate: Decimal | None) -> float:
    return round(float((rate or Decimal(0)) * 100), 4)
