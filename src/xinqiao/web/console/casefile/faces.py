"""An application's face checks: scores, signals with their state, reasons, versions; no picture exists to be shown."""

from __future__ import annotations

from typing import Any

from xinqiao.journeys.case import Case
from xinqiao.kit import events

from ...i18n import Words
from ..overview import outcome_word
from ..signals import STATES, reason_word, word_of


def checks(case: Case, words: Words) -> list[dict[str, Any]]:
    """Every one of them, oldest first."""
    return [_check(event, words) for event in case.events if event.kind == "identity.checked"]


def _check(event: events.Event, words: Words) -> dict[str, Any]:
    data = event.data
    signals = [
        {
            "name": word_of(words, name),
            "state": _signal_state(words, one["state"]),
            "value": _short(one["value"]),
            "reason": reason_word(words, one["reason"], reviewed=data["outcome"] == "refer") if one.get("reason") else "",
        }
        for name, one in data.get("signals", {}).items()
        if one["state"] != "not_checked"
    ]
    return {
        "id": event.id,
        "at": event.at,
        "outcome": outcome_word(words, data["outcome"]),
        "liveness": _short(data.get("liveness_score")),
        "match": _short(data.get("match_score")),
        "signals": signals,
        "reasons": [reason_word(words, code) for code in data.get("reasons", [])],
        "versions": data.get("model_versions", {}),
        "took_ms": data.get("took_ms"),
    }


def _signal_state(words: Words, state: str) -> tuple[str, str]:
    word, tone = STATES.get(state, (state, ""))
    return words.gettext(word), tone


def _short(value: object) -> str:
    """A measurement with three decimals (events carry floats as text); "–" for none."""
    if value is None:
        return "–"
    try:
        return f"{float(str(value)):.3f}".rstrip("0").rstrip(".")
    except ValueError:
        return str(value)
