"""Lists of face checks by keyset, and one of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import events

from . import store
from .errors import CheckUnknown
from .model import Check, Wanted

MOST = 200


def page(*, db: Connection, wanted: Wanted | None = None, before: UUID | None = None, limit: int = 50) -> list[Check]:
    """Newest first; `before` is the last check of the page before: page a thousand costs what page one does. Raises CheckUnknown."""
    place = None
    if before is not None:
        last = store.get(db, before)
        if last is None:
            raise CheckUnknown(str(before))
        place = (last.at, last.id)
    return store.page(db, wanted or Wanted(), before=place, limit=max(1, min(limit, MOST)))


def find(*, db: Connection, check: UUID) -> tuple[Check, events.Event]:
    """The check, and the event that tells all of it. Raises CheckUnknown."""
    found = store.get(db, check)
    if found is None:
        raise CheckUnknown(str(check))
    event = next(one for one in events.of(db, found.application_id) if one.id == found.id)
    return found, event


def is_latest(*, db: Connection, check: Check) -> bool:
    """Whether it was made, and its person was not checked again since."""
    return store.newest_of(db, check.person_id) == check.id


def devices(*, db: Connection) -> list[str]:
    """Classes of devices that have been seen, in order of their names."""
    return store.devices(db)
