"""Training a scorecard and its challenger. Nothing here is imported by live scoring."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..features import batch
from ..scorecard import FILE
from .card import Card, write
from .data import Table, folds, holdout, prepare, read_table
from .fit import fit_scorecard
from .measures import auc, brier, calibration, calibration_error, fairness, ks, psi
from .trees import fit_trees, save

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Card", "train", "train_command"]

HOLDOUT_SHARE = 0.2


def train(
    data: Path | pd.DataFrame,
    target: str,
    out: Path,
    *,
    name: str | None = None,
    seed: int = 20261122,
    time: str | None = None,
    default_is: str | None = None,
    use: Collection[str] = (),
    cross_folds: int = 5,
    source: str | None = None,
) -> Card:
    """Train on four fifths of `data`, measure on the fifth held out, and write model and card into `out`.

    `time` names a column by which the newest fifth is held out; without it the seed draws it. `default_is` is the
    target's value for a default when it is not the obvious one (1, yes, bad, …). `use` names protected columns that the
    lender may lawfully use. `cross_folds` more fits measure both models over all rows (below 2: none). Raises TrainingRefused.
    """
    frame = data if not isinstance(data, (str, Path)) else read_table(Path(data))
    table = prepare(frame, target, default_is=default_is, use=use, ignore=[time] if time else [])
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    held = holdout(frame, share=HOLDOUT_SHARE, seed=seed, time=frame[time] if time else None)
    values = batch(table.features.usable(), table.frame)
    kept = {key: column[~held] for key, column in values.items()}
    name = name or out.resolve().name
    model, ivs = fit_scorecard(kept, table.outcome[~held], table.features, name=name, seed=seed)
    challenger = fit_trees(table.frame[~held], table.outcome[~held], table.features, seed=seed)
    (out / FILE).write_bytes(model.body)
    save(challenger, table.features, out)
    scores = model.score_all(table.frame)
    card = Card(
        name=name,
        model_sha256=model.sha256,
        data={
            "source": source or (str(Path(data).name) if isinstance(data, (str, Path)) else "a table in memory"),
            **_data_facts(table, target, held, seed, time),
        },
        features=[_feature_row(one, ivs, values, held) for one in model.binned],
        looked_at={key: round(iv, 6) for key, iv in sorted(ivs.items(), key=lambda item: -item[1])},
        measures={
            "scorecard": _measures(table.outcome[held], model.pd_all(scores[held])),
            "lightgbm": _measures(table.outcome[held], challenger.pd(table.frame[held])),
        },
        cross_validation=_cross_validated(table, values, seed, cross_folds) if cross_folds > 1 else {},
        stability={
            "score_psi_holdout": psi(scores[~held].astype(float), scores[held].astype(float)),
            "score_psi_by_part": _by_part(scores, seed),
        },
        fairness=_fairness(table, model.pd_all(scores), held),
        left_out=table.left_out,
        warnings=table.warnings,
        scores={"repaid": _histogram(scores[held & (table.outcome == 0)]), "defaulted": _histogram(scores[held & (table.outcome == 1)])},
    )
    write(card, out)
    return card


def train_command(data: Path, target: str, out: Path) -> Card:
    """What `xinqiao credit train DATA --target COL --out DIR` runs."""
    return train(Path(data), target, Path(out))


def _data_facts(table: Table, target: str, held: np.ndarray, seed: int, time: str | None) -> dict[str, Any]:
    return {
        "target": target,
        "default_is": table.event,
        "rows": len(held),
        "default_rate": float(table.outcome.mean()),
        "trained_on": int((~held).sum()),
        "held_out": int(held.sum()),
        "held_out_by": f"newest by {time}" if time else f"seed {seed}",
        "feature_set": table.features.version,
    }


def _measures(outcome: np.ndarray, pd: np.ndarray) -> dict[str, Any]:
    table = calibration(outcome, pd)
    return {
        "auc": auc(outcome, pd),
        "ks": ks(outcome, pd),
        "brier": brier(outcome, pd),
        "calibration_error": calibration_error(table),
        "calibration": table,
    }


def _cross_validated(table: Table, values: dict[str, Any], seed: int, count: int) -> dict[str, Any]:
    """AUC and KS of both kinds of model over all rows, each row judged by models that never saw it."""
    import numpy as np

    fold = folds(len(table.outcome), count, seed)
    found: dict[str, list[tuple[float, float]]] = {"scorecard": [], "lightgbm": []}
    for k in range(count):
        seen, judged = fold != k, fold == k
        model, _ = fit_scorecard(
            {key: column[seen] for key, column in values.items()}, table.outcome[seen], table.features, name="fold", seed=seed
        )
        trees = fit_trees(table.frame[seen], table.outcome[seen], table.features, seed=seed, calibration_folds=2)
        actual = table.outcome[judged]
        for kind, pd in (("scorecard", model.pd_all(model.score_all(table.frame[judged]))), ("lightgbm", trees.raw(table.frame[judged]))):
            found[kind].append((auc(actual, pd), ks(actual, pd)))
    means = {kind: np.array(pairs) for kind, pairs in found.items()}
    return {
        kind: {"folds": count, "auc": float(p[:, 0].mean()), "auc_sd": float(p[:, 0].std(ddof=1)), "ks": float(p[:, 1].mean())}
        for kind, p in means.items()
    }


def _feature_row(one: Any, ivs: dict[str, float], values: dict[str, Any], held: np.ndarray) -> dict[str, Any]:
    feature = one.feature
    points = one.points_of_all(values[feature.name]).astype(float)
    return {
        "name": feature.name,
        "iv": round(ivs[feature.name], 6),
        "reason": feature.reason,
        "direction": feature.direction,
        "unit": feature.unit,
        "points_from": min(*one.points, one.missing),
        "points_to": max(*one.points, one.missing),
        "psi_holdout": psi(points[~held], points[held]),
    }


def _by_part(scores: np.ndarray, seed: int) -> list[float]:
    """The score's stability index of each fifth of the rows against the rest."""
    part = folds(len(scores), 5, seed)
    return [psi(scores[part != k].astype(float), scores[part == k].astype(float)) for k in range(5)]


def _fairness(table: Table, pds: np.ndarray, held: np.ndarray) -> dict[str, Any]:
    cut = float(table.outcome[~held].mean())
    groups = {name: labels[held] for name, labels in table.groups.items()}
    return {"approved_below_pd": cut, "groups": fairness(table.outcome[held], pds[held], groups, cut)}


def _histogram(scores: np.ndarray, width: int = 20) -> dict[str, int]:
    import numpy as np

    starts, counts = np.unique(scores // width * width, return_counts=True)
    return {str(int(start)): int(count) for start, count in zip(starts, counts, strict=True)}
