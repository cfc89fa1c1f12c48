"""The model card (Mitchell et al., Model Cards for Model Reporting, 2019): card.json for programs, card.md and card.html for people."""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .plots import draw

LIMITS = (
    "The outcome is the one the data gives, over the period the data covers; a lender's own loans, prices and collections differ.",
    "Only people who once got credit are in such data: nothing is known of those who were refused.",
    "Leaving protected attributes out does not make their effect vanish; the table by group shows what is left of it.",
    "The scorecard decides. The challenger is measured beside it and decides nothing.",
)


@dataclass(frozen=True, slots=True)
class Card:
    """What was trained, on what, how well it does, for whom, and where it should not be trusted. Plain values throughout."""

    name: str
    model_sha256: str
    data: dict[str, Any]
    features: list[dict[str, Any]]
    looked_at: dict[str, float]
    measures: dict[str, dict[str, Any]]
    cross_validation: dict[str, Any]
    stability: dict[str, Any]
    fairness: dict[str, Any]
    left_out: dict[str, str]
    warnings: list[str]
    scores: dict[str, dict[str, int]]
    limits: tuple[str, ...] = field(default=LIMITS)

    def says(self) -> str:
        """The card as Markdown."""
        return "\n\n".join(_sections(self)) + "\n"


def write(card: Card, out: Path) -> None:
    """Write card.json, card.md, card.html and the plots."""
    (out / "card.json").write_text(json.dumps(_rounded(asdict(card)), indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    plots = draw(card.measures, card.scores, card.features)
    for name, svg in plots.items():
        (out / f"{name}.svg").write_text(svg, "utf-8")
    (out / "card.md").write_text(card.says() + "\n" + "\n".join(f"![{name}]({name}.svg)" for name in plots) + "\n", "utf-8")
    (out / "card.html").write_text(_page(card, plots), "utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def _sections(card: Card) -> list[str]:
    data = card.data
    facts = [
        f"Data: {data['source']}, {data['rows']:,} loans, default rate {data['default_rate']:.2%} ({data['target']} = {data['default_is']}). "
        f"Trained on {data['trained_on']:,}, measured on {data['held_out']:,} held out ({data['held_out_by']}).",
        f"Features: set `{data['feature_set']}`. Scorecard SHA-256 `{card.model_sha256}`.",
    ]
    by_group = [f"### {name}\n\n{_table(rows)}" for name, rows in card.fairness["groups"].items()] or ["The data names no groups."]
    return [
        f"# Credit model {card.name}",
        *facts,
        *([f"**Look at this:** {warning}" for warning in card.warnings]),
        "## How well it tells repaid from defaulted loans",
        _table([{"model": kind, **{k: v for k, v in m.items() if k != "calibration"}} for kind, m in card.measures.items()]),
        *([_table([{"cross-validated": kind, **m} for kind, m in card.cross_validation.items()])] if card.cross_validation else []),
        "## Whether its probabilities hold (tenths of the held-out loans)",
        *[f"{kind}\n\n{_table(m['calibration'])}" for kind, m in card.measures.items()],
        "## What it looks at",
        _table(card.features),
        "## Stability",
        f"PSI of the score, held out against trained: {card.stability['score_psi_holdout']:.4f}; of each fifth of the rows against the rest: "
        + ", ".join(f"{value:.4f}" for value in card.stability["score_psi_by_part"])
        + ". Below 0.1 is usually called stable.",
        f"## Fairness, were loans below a PD of {card.fairness['approved_below_pd']:.4f} approved",
        *by_group,
        "## Columns left out",
        _table([{"column": column, "why": why} for column, why in card.left_out.items()]) or "None.",
        "## Limits",
        "\n".join(f"- {limit}" for limit in card.limits),
    ]


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join(lines + ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows])


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value).replace("|", "\\|")


def _page(card: Card, plots: dict[str, str]) -> str:
    """One file that needs no network: the Markdown's headings, tables and paragraphs, and the plots inside."""
    body = "\n".join(_block(section) for section in "\n\n".join(_sections(card)).split("\n\n"))
    pictures = "\n".join(
        f"<figure>{svg[svg.index('<svg') :]}<figcaption>{html.escape(name)}</figcaption></figure>" for name, svg in plots.items()
    )
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.25rem .6rem;border-bottom:1px solid #ccc;text-align:left}"
        "svg{max-width:100%;height:auto}figure{margin:1rem 0}"
    )
    title = html.escape(f"Credit model {card.name}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style><body>{body}{pictures}</body></html>\n"
    )


def _block(text: str) -> str:
    if text.startswith("#"):
        level = len(text) - len(text.lstrip("#"))
        return f"<h{level}>{html.escape(text.lstrip('# '))}</h{level}>"
    if text.startswith("|"):
        rows = [[html.escape(cell.strip().replace("\\|", "|")) for cell in line.strip("|").split(" | ")] for line in text.splitlines()]
        head = "".join(f"<th>{cell}</th>" for cell in rows[0])
        return f"<table><tr>{head}</tr>" + "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows[2:]) + "</table>"
    if text.startswith("- "):
        return "<ul>" + "".join(f"<li>{html.escape(line[2:])}</li>" for line in text.splitlines()) + "</ul>"
    return f"<p>{html.escape(text)}</p>"
