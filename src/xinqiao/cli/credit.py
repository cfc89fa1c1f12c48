"""`credit`: train a scorecard and its challenger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cyclopts

from xinqiao.terminal import OK, Json, console, refusals, show, table

if TYPE_CHECKING:
    from xinqiao.credit.training import Card

group = cyclopts.App(name="credit", help="Credit models: train, and read the card of one.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def train(data: Path, *, target: str, out: Path, as_json: Json = False) -> int:
    """Train a WOE scorecard and a LightGBM challenger, and write the model card with its plots.

    Parameters
    ----------
    data
        A table (CSV, CSV.gz or parquet) with one row a loan.
    target
        The column that says whether it defaulted (0 or 1).
    out
        Folder for the model, `card.json` and `card.md`.
    """
    from xinqiao.credit.training import train_command

    with refusals(as_json=as_json):
        with console.status("Training: bins, scorecard, challenger, folds, plots …", spinner="dots"):
            card = train_command(data, target, out)
        show(card, as_json=as_json, human=lambda: _summary(card, out))
    return OK


def _summary(card: Card, out: Path) -> object:
    rows = [[name, *(_of(card.measures[model], name) for model in card.measures)] for name in ("auc", "ks")]
    return table(f"Hold-out; the whole card is in {out}/card.md", ["measure", *card.measures], rows)


def _of(measures: Mapping[str, object], name: str) -> str:
    value = measures.get(name)
    return f"{value:.4f}" if isinstance(value, float) else str(value)
