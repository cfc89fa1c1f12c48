"""What the fraud screening found, and which other applications it is linked to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from xinqiao import fraud, intake
from xinqiao.journeys.case import Case

from ...i18n import Words
from ..overview import outcome_word
from ..words import STAGES


def screening(db: Connection, case: Case, words: Words) -> dict[str, Any] | None:
    try:
        found = fraud.find(db=db, application_id=case.id)
    except fraud.NotScreened:
        return None
    links = fraud.linked(db=db, application_id=case.id)
    others = intake.get_many(db=db, applications=[one.application_id for one in links])
    label = fraud.label_of(db=db, application_id=case.id)
    return {
        "outcome": outcome_word(words, found.outcome.value),
        "points": found.points,
        "version": found.rule_version,
        "sha256": found.sha256,
        "reasons": [{"rule": one.rule, "says": words.both(one.zh, one.en), "points": one.points} for one in found.reasons],
        "signals": [(name, value) for name, value in found.signals.items() if value not in (0, False)],
        "label": label.value if label else None,
        "links": [
            {
                "id": one.application_id,
                "kinds": ", ".join(one.kinds),
                "stage": (words.gettext(STAGES[other.stage][0]), STAGES[other.stage][1]),
                "same": other.person_id == case.person,
                "at": other.created_at,
            }
            for one in links
            if (other := others.get(one.application_id)) is not None
        ],
    }
