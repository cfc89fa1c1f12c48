"""What is held of the person, masked; values in clear are asked for by name, with one of these purposes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from xinqiao import vault
from xinqiao.journeys.case import Case
from xinqiao.journeys.words import FIELDS
from xinqiao.kit import Refused
from xinqiao.vault import Klass, Purpose

from ...i18n import Words
from ..desk import Desk, Operator
from ..words import said

UNMASK_FOR = (Purpose.APPLICATION, Purpose.FRAUD, Purpose.IDENTITY, Purpose.RIGHTS)
"""Purposes for which an operator may ask to see values in clear; the vault's policies and the person's consents decide."""


def person(desk: Desk, db: Connection, who: Operator, words: Words, case: Case) -> dict[str, Any]:
    """What is held of the person, masked. What the vault refuses is said, not hidden."""
    if not who.sees_people:
        return {"refused": words.gettext("An administrator hands out access and therefore sees nobody's data."), "rows": []}
    try:
        held = set(vault.holds(db=db, person=case.person))
        asked = [field for field in FIELDS if field in held and field.klass is not Klass.C3]
        common = {"db": db, "vault": desk.house.vault, "clock": desk.house.clock, "purpose": Purpose.APPLICATION, "actor": who.actor}
        masks = vault.read_masked(person=case.person, fields=asked, **common) if asked else {}
    except Refused as refusal:
        return {"refused": refusal.message(words.language), "rows": []}
    rows = [{"field": field.value, "name": said(words, FIELDS[field]), "value": masks[field]} for field in FIELDS if field in masks]
    secret = [said(words, FIELDS[field]) for field in FIELDS if field in held and field.klass is Klass.C3]
    return {"refused": None, "rows": rows, "secret": words.both("、", ", ").join(secret)}
