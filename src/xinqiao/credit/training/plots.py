"""The card's plots as SVG texts, equal for equal input."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

INK, REPAID, DEFAULTED = "#333333", "#2a7f62", "#b5432e"


def draw(measures: dict[str, Any], scores: dict[str, dict[str, int]], features: list[dict[str, Any]]) -> dict[str, str]:
    """Calibration, scores by outcome, and information values."""
    import matplotlib

    matplotlib.use("Agg")
    return {
        "calibration": _figure(lambda axes: _calibration(axes, measures)),
        "scores": _figure(lambda axes: _scores(axes, scores)),
        "features": _figure(lambda axes: _features(axes, features)),
    }


def _figure(paint: Callable[[Any], None]) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "xinqiao", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.add_subplot()
        paint(axes)
        axes.spines[["top", "right"]].set_visible(False)
        sink = io.StringIO()
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    return sink.getvalue()


def _calibration(axes: Any, measures: dict[str, Any]) -> None:
    top = 0.0
    for (kind, measured), colour in zip(measures.items(), (REPAID, DEFAULTED), strict=False):
        given = [row["mean_pd"] for row in measured["calibration"]]
        seen = [row["default_rate"] for row in measured["calibration"]]
        axes.plot(given, seen, marker="o", color=colour, label=kind)
        top = max(top, *given, *seen)
    axes.plot([0, top], [0, top], color=INK, linestyle=":", linewidth=1)
    axes.set(xlabel="probability given", ylabel="default rate seen", title="Calibration on the held-out loans")
    axes.legend(frameon=False)


def _scores(axes: Any, scores: dict[str, dict[str, int]]) -> None:
    for (kind, histogram), colour in zip(scores.items(), (REPAID, DEFAULTED), strict=True):
        total = max(sum(histogram.values()), 1)
        starts = sorted(int(start) for start in histogram)
        axes.bar([s + 10 for s in starts], [histogram[str(s)] / total for s in starts], 20, color=colour, alpha=0.55, label=kind)
    axes.set(xlabel="score", ylabel="share of the loans of that outcome", title="Scores on the held-out loans")
    axes.legend(frameon=False)


def _features(axes: Any, features: list[dict[str, Any]]) -> None:
    rows = sorted(features, key=lambda row: row["iv"])
    axes.barh([row["name"] for row in rows], [row["iv"] for row in rows], color=REPAID)
    axes.set(xlabel="information value", title="Features of the scorecard")
