"""Charts as `static/charts.js` reads them. Each is drawn beside the same figures as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from xinqiao.credit import CreditModel

from ..i18n import Words
from .words import N_

FEATURES = {
    "overdue_latest": N_("Months late, newest"),
    "worst_overdue_3m": N_("Most months late, 3 months"),
    "worst_overdue_6m": N_("Most months late, 6 months"),
    "months_late_6m": N_("Times late, 6 months"),
    "months_two_late_6m": N_("Times late by 2 months or more"),
    "overdue_total_6m": N_("Months late in all, 6 months"),
    "smallest_payment_6m": N_("Smallest payment, 6 months"),
    "paid_6m": N_("Paid in all, 6 months"),
    "paid_to_limit_6m": N_("Paid to limit, 6 months"),
    "repaid_6m": N_("Share repaid, 6 months"),
    "months_unpaid_6m": N_("Months without a payment"),
    "limit": N_("Credit limit"),
    "use_mean_6m": N_("Mean use of the limit"),
    "use_highest_6m": N_("Highest use of the limit"),
    "use_change_6m": N_("Change in use of the limit"),
    "billed_6m": N_("Billed in all, 6 months"),
}
"""What each feature of `card-history` measures, short enough for an axis; a feature's own words are reasons, and several share one."""
MONTHLY = {
    "status": N_("Months late, month %(n)s (1 newest)"),
    "use": N_("Use of the limit, month %(n)s (1 newest)"),
    "paid": N_("Paid, month %(n)s (1 newest)"),
    "paid_to_limit": N_("Paid to limit, month %(n)s (1 newest)"),
    "repaid": N_("Share repaid, month %(n)s (1 newest)"),
}
"""The same for a single month, of which 1 is the newest."""


def points(words: Words, earned: Mapping[str, Any], model: CreditModel) -> dict[str, Any]:
    """What each feature earned, beside what the usual applicant earns."""
    found = [one for one in model.binned if one.feature.name in earned]
    return {
        "kind": "bars",
        "x": [feature_word(words, one.feature.name) for one in found],
        "series": [
            {"name": words.gettext("Points earned"), "data": [int(earned[one.feature.name]) for one in found]},
            {"name": words.gettext("Usual applicant"), "data": [one.usual for one in found], "colour": "edge"},
        ],
    }


def feature_word(words: Words, name: str) -> str:
    """What a feature measures; a column of a deployment's own data by its name."""
    stem, _, month = name.rpartition("_")
    if stem in MONTHLY and month.isdigit():
        return words.gettext(MONTHLY[stem]) % {"n": month}
    return words.gettext(FEATURES[name]) if name in FEATURES else name


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
