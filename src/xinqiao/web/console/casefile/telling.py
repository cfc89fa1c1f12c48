"""The events of an application and its loan as a timeline: when, who, what."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from xinqiao.intake import Stage
from xinqiao.journeys.words import PURPOSES
from xinqiao.kit import Money, events
from xinqiao.partners import Partner
from xinqiao.vault import Purpose

from ...i18n import Words
from ..overview import named, outcome_word
from ..words import EVENTS, N_, STAGES, WHO, WHY, said, tone_of


def timeline(words: Words, parties: Mapping[UUID, Partner], logins: Mapping[str, str], found: list[events.Event]) -> list[dict[str, Any]]:
    """Events in words: when, who, what."""
    teller = Teller(words, parties, logins)
    return [teller.tell(event) for event in sorted(found, key=lambda one: one.id)]


class Teller:
    """Says an event in one line and one detail."""

    def __init__(self, words: Words, parties: Mapping[UUID, Partner], logins: Mapping[str, str]) -> None:
        self.words, self.parties, self.logins = words, parties, logins

    def tell(self, event: events.Event) -> dict[str, Any]:
        word, actor, _ = EVENTS.get(event.kind, (event.kind, "xinqiao", ""))
        return {
            "at": event.at,
            "what": self.words.gettext(word) if event.kind in EVENTS else event.kind,
            "who": self._who(actor, event.data),
            "tone": tone_of(event.kind, event.data),
            "detail": " · ".join(filter(None, self._details(event.kind, event.data))),
            "note": event.data.get("why") if event.kind.startswith("review.") and isinstance(event.data.get("why"), str) else None,
        }

    def _who(self, actor: str, data: Mapping[str, Any]) -> str:
        if actor == "operator":
            by = str(data.get("by", ""))
            return self.logins.get(by, by[-8:])
        if actor in ("funder", "scene") and data.get(actor):
            return self._party(data[actor])
        return self.words.gettext(WHO[actor])

    def _party(self, id_: Any) -> str:
        return named(self.words, self.parties.get(UUID(str(id_)))) if id_ else ""

    def _details(self, kind: str, data: Mapping[str, Any]) -> list[str]:
        w, found = self.words, []
        if "outcome" in data:
            found.append(outcome_word(w, str(data["outcome"]))[0])
        if "purpose" in data and data["purpose"] in set(Purpose):
            found.append(said(w, PURPOSES[Purpose(data["purpose"])]))
        if kind == "application.moved" or kind == "review.opened":
            found.append(f"{self._stage(data.get('from'))} → {self._stage(data.get('to'))}")
        if kind == "application.declined" or (kind == "review.opened" and isinstance(data.get("why"), list)):
            given = data["why"] if isinstance(data["why"], list) else [data.get("why")]
            found.append(w.both("、", ", ").join(w.gettext(WHY.get(one, str(one))) for one in given))
        found += [f"{w.gettext(label)} {self._number(data[name])}" for name, label in _NUMBERS.items() if data.get(name) not in (None, "")]
        if data.get("label"):
            found.append(w.gettext(_CALLED.get(str(data["label"]), str(data["label"]))))
        found += [w.percent(Decimal(str(data[name]))) for name in ("annual_rate",) if data.get(name)]
        found += [w.money(_money(data[name])) for name in ("principal", "amount") if isinstance(data.get(name), Mapping)]
        if kind == "funding.bids_taken" and data.get("best"):
            best = data["best"]
            found.append(w.gettext("best") + f" {self._party(best['funder'])} {w.percent(Decimal(best['all_in']))}")
        if kind == "servicing.aged":
            current = w.gettext("Current")
            found.append(f"{data.get('from') or current} → {data.get('to') or current}")
        return found

    @staticmethod
    def _number(value: Any) -> str:
        """A fraction (which events carry as text) with three decimals; whole numbers and words as they are."""
        try:
            return f"{float(value):.3f}" if "." in str(value) else str(value)
        except ValueError:
            return str(value)

    def _stage(self, stage: Any) -> str:
        return self.words.gettext(STAGES[Stage(stage)][0]) if stage in set(Stage) else ""


_NUMBERS = {
    "band": N_("Band"),
    "score": N_("score"),
    "points": N_("points"),
    "liveness_score": N_("liveness"),
    "match_score": N_("match"),
    "bids": N_("bids"),
    "reply": N_("reply"),
}

_CALLED = {
    "live": N_("called live"),
    "attack": N_("called an attack"),
    "retry": N_("to be recorded again"),
    "fraud": N_("Confirmed fraud"),
    "cleared": N_("Cleared"),
}
"""What a face check, or an operator who looked into fraud, calls a case."""


def _money(stored: Mapping[str, Any]) -> Money:
    return Money.parse(stored["amount"], stored["currency"])
