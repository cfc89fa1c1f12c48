"""`credit`: train a scorecard and its challenger."""

from __future__ import annotations

from pathlib import Path

import cyclopts

from .output import OK, Json, console, refusals, show, table

group = cyclopts.App(name="credit", help="Credit models: train, and read the card of one.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def train(data: Path, *, target: str, out: Path, as_json: Json = False) -> int:
    """Train a WOE scorecard and a LightGBM challenger, and write the model card with its plots.

    Parameters
    ----------
    data: A table (CSV, CSV.gz or parquet) with one row a loan.
    target: The column that says whether it defaulted (0 or 1).
    out: Folder for the model, `card.json` and `card.md`.
    """
    from xinqiao.credit.training import train_command

    with refusals(as_json=as_json):
        with console.status("Training: bins, scorecard, challenger, folds, plots …", spinner="dots"):
            card = train_command(data, target, out)
        show(card, as_json=as_json, human=lambda: _summary(card, out))
    return OK


def _summary(card: object, out: Path) -> object:
    from xinqiao.kit import plain

    facts = plain(card) if not isinstance(card, dict) else card
    scores = facts.get("holdout") or facts.get("performance") or {}
    rows = [[name, value] for name, value in scores.items() if not isinstance(value, (dict, list))]
    return table(f"Model card in {out}/card.md", ["measure", "value"], rows)
