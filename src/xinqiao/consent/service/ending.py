"""Consent ends: taken back, run out, outlived by its text. What was kept under it alone is deleted with it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events
from xinqiao.vault import SYSTEM, Actor, Purpose, audit, drop, end_basis, has_basis

from .. import store
from ..model import ASKING_ORDER, ERASED_WITH, Receipt
from ..texts import current_version


def withdraw(*, db: Connection, clock: Clock, person: UUID, purpose: Purpose, recipient: str | None = None) -> list[Receipt]:
    """Take back the person's consent to the purpose, for one recipient or for all; from this transaction on no read rests on it.

    Returns the receipts that were in force; none when there was nothing to take back, so that a repeat is harmless.
    """
    given = store.answers_of(db, person, purpose=Purpose(purpose), recipient=recipient)
    return end(db, clock, [one for one in given if one.agreed], why="withdrawn")


def end(db: Connection, clock: Clock, receipts: Sequence[Receipt], *, why: str) -> list[Receipt]:
    """End those of the receipts that are still open: their bases, what is kept under them, and a line in the log for each."""
    at = clock.now()
    open_ones = set(store.end_answers(db, [one for one in receipts if one.ended_at is None], at, why))
    ended = [one for one in receipts if one.id in open_ones]
    for one in ended:
        end_basis(db, one.person, one.purpose, at, one.recipient, source=one.source)
    for person, purpose in {(one.person, one.purpose) for one in ended if one.purpose in ERASED_WITH}:
        if not has_basis(db, person, purpose, at):
            drop(db=db, clock=clock, person=person, fields=ERASED_WITH[purpose])
    audit.append_at(db, at, [_entry(one, why) for one in ended])
    events.append(db, [events.Event("consent.ended", one.application or one.person, _noted(one, why), one.person, at) for one in ended])
    return ended


def _entry(one: Receipt, why: str) -> audit.Entry:
    actor = Actor("person", str(one.person)) if why in ("withdrawn", "declined", "forgotten") else SYSTEM
    return audit.Entry("consent.ended", actor, one.person, _noted(one, why))


def _noted(one: Receipt, why: str) -> dict[str, object]:
    return {"receipt": one.id, "purpose": one.purpose, "why": why, "recipient": one.recipient}


def expire(*, db: Connection, clock: Clock, most: int = 500) -> int:
    """End what has run out, and what was agreed to under a text that has been renewed since; return how many.

    Reads stop by themselves when a consent runs out; this deletes what was kept under it. Call it daily, and after new texts are installed,
    until it returns 0.
    """
    over = end(db, clock, store.run_out(db, ASKING_ORDER, clock.now(), most), why="run out")
    renewed = [one for purpose in ASKING_ORDER for one in store.outdated(db, purpose, current_version(purpose), most)]
    return len(over) + len(end(db, clock, renewed, why="renewed text"))
