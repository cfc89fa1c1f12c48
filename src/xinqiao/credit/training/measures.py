"""What a model card measures. Outcomes are 0/1 (1 = default), probabilities are of default; everything returned is plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


LEAST_FOR_AUC = 20


def auc(outcome: np.ndarray, pd: np.ndarray) -> float:
    """Area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(outcome, pd))


def ks(outcome: np.ndarray, pd: np.ndarray) -> float:
    """Kolmogorov-Smirnov: the widest gap between the curves of defaulted and repaid loans."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(outcome, pd)
    return float((true - false).max())


def brier(outcome: np.ndarray, pd: np.ndarray) -> float:
    return float(((pd - outcome) ** 2).mean())


def calibration(outcome: np.ndarray, pd: np.ndarray, parts: int = 10) -> list[dict[str, float]]:
    """Mean probability beside the default rate in tenths of the probability."""
    import numpy as np

    order = np.argsort(pd, kind="stable")
    rows = [part for part in np.array_split(order, parts) if len(part)]
    return [{"loans": len(part), "mean_pd": float(pd[part].mean()), "default_rate": float(outcome[part].mean())} for part in rows]


def calibration_error(table: list[dict[str, float]]) -> float:
    """Expected calibration error: the mean gap of the table, weighted by loans."""
    loans = sum(row["loans"] for row in table)
    return sum(row["loans"] * abs(row["mean_pd"] - row["default_rate"]) for row in table) / loans


def psi(expected: np.ndarray, actual: np.ndarray, parts: int = 10) -> float:
    """Population stability index between two samples of a value, in tenths of the first; below 0.1 is usually called stable."""
    import numpy as np

    edges = np.unique(np.quantile(expected[~np.isnan(expected)], np.linspace(0, 1, parts + 1)[1:-1]))

    def shares(values: np.ndarray) -> np.ndarray:
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
        counts = np.bincount(place, minlength=len(edges) + 2) + 0.5
        return counts / counts.sum()

    before, after = shares(expected), shares(actual)
    return float(((after - before) * np.log(after / before)).sum())


def fairness(outcome: np.ndarray, pd: np.ndarray, groups: Mapping[str, np.ndarray], cut: float) -> dict[str, list[dict[str, Any]]]:
    """How each group fares when loans with `pd < cut` are approved.

    `repaid_approved` is the true-positive rate (approved among those who repaid), `defaulted_approved` the false-positive rate,
    `approval_ratio` the approval rate over that of the best-approved group of at least 100 loans (four-fifths rule, 29 CFR 1607.4(D);
    unverified). Groups of fewer than 30 loans are left out, and so is the AUC with fewer than 20 of either outcome.
    """
    return {name: _fairness_of(outcome, pd, labels, cut) for name, labels in groups.items()}


def _fairness_of(outcome: np.ndarray, pd: np.ndarray, labels: np.ndarray, cut: float) -> list[dict[str, Any]]:
    rows = []
    for label in sorted(set(labels), key=str):
        here = labels == label
        if here.sum() < 30:
            continue
        approved, bad = pd[here] < cut, outcome[here] == 1
        rows.append(
            {
                "group": label,
                "loans": int(here.sum()),
                "approval_rate": float(approved.mean()),
                "repaid_approved": float(approved[~bad].mean()) if (~bad).any() else None,
                "defaulted_approved": float(approved[bad].mean()) if bad.any() else None,
                "mean_pd": float(pd[here].mean()),
                "default_rate": float(bad.mean()),
                "auc": auc(outcome[here], pd[here]) if min(bad.sum(), (~bad).sum()) >= LEAST_FOR_AUC else None,
            }
        )
    best = max((row["approval_rate"] for row in rows if row["loans"] >= 100), default=0.0)
    return [{**row, "approval_ratio": row["approval_rate"] / best if best else None} for row in rows]
