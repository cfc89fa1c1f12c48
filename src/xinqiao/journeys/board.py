"""What the console reads across rooms: lists of applications with what became of them, in a fixed number of queries a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import intake, partners, vault
from xinqiao.intake import Application, Stage
from xinqiao.kit import events
from xinqiao.partners import Partner
from xinqiao.vault import Actor, Field, Purpose

from .case import Case
from .house import House
from .progress import fold

LOOK_BACK = timedelta(seconds=3)
"""Events carry the instant at which they were written, and show when their transaction commits: so long may the two lie apart."""


def parties(db: Connection) -> dict[UUID, Partner]:
    """Every partner by id; there are few."""
    return {one.id: one for one in partners.list_partners(db=db)}


def cases(db: Connection, applications: Sequence[Application]) -> list[Case]:
    """The applications with what happened to them, in the order given, by one query."""
    told: dict[UUID, list[events.Event]] = defaultdict(list)
    for event in events.of_many(db, [one.id for one in applications]):
        told[event.subject].append(event)
    return [Case(one, fold(told[one.id]), tuple(told[one.id])) for one in applications]


def names(house: House, db: Connection, applications: Iterable[Application], actor: Actor) -> dict[UUID, str]:
    """Masked names by person, for those whom the actor may see; each look is logged."""
    people = {one.person_id for one in applications}
    if not people:
        return {}
    common = {"db": db, "vault": house.vault, "clock": house.clock, "purpose": Purpose.APPLICATION, "actor": actor}
    found = vault.read_masked_many(people=people, fields=[Field.NAME], **common)
    return {person: values[Field.NAME] for person, values in found.items() if Field.NAME in values}


def news(db: Connection, since: UUID | None, seen: Collection[UUID], *, limit: int = 500) -> tuple[list[events.Event], UUID | None]:
    """Events after `since` that are not in `seen`, and the newest event's id.

    Ids follow the clock, commits do not: what lies up to LOOK_BACK before `since` is read again, and `seen` leaves out what was told.
    """
    if since is None:
        newest = events.latest(db, limit=1)
        return [], newest[0].id if newest else None
    found = list(_all_after(db, before(since, LOOK_BACK), limit))
    fresh = [one for one in found if one.id not in seen]
    return fresh, max([since, *(one.id for one in found)])


def _all_after(db: Connection, last: UUID, limit: int) -> Iterator[events.Event]:
    while page := events.after(db, last, limit=limit):
        yield from page
        if len(page) < limit:
            return
        last = page[-1].id


def before(event: UUID, span: timedelta) -> UUID:
    """The smallest id of version 7 that is `span` older than this one: its first 48 bits are milliseconds (RFC 9562 §5.7)."""
    milliseconds = max(0, (event.int >> 80) - int(span.total_seconds() * 1000))
    return UUID(int=milliseconds << 80)


def waiting(db: Connection, *, after: str | None = None, limit: int = 50) -> intake.Page:
    """Applications that wait for a reviewer, the longest waiting first."""
    return intake.list(db=db, stages=[Stage.REVIEW], cursor=after, limit=limit, oldest_first=True)
