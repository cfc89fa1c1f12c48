"""Show a text; say what is still to be asked."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id
from xinqiao.vault import Actor, Purpose, audit

from .. import store
from ..model import ASKING_ORDER, Display, Receipt, Recipient
from ..texts import current_version, text_for


def show(
    *,
    db: Connection,
    clock: Clock,
    person: UUID,
    application: UUID | None,
    purpose: Purpose,
    language: str,
    surface: str,
    recipient: Recipient | None = None,
) -> Display:
    """Record that the purpose's current text is shown to the person now, on `surface`; return it to be shown.

    Each call is a display of its own. Raises TextUnknown, RecipientMissing or RecipientUnasked.
    """
    text = text_for(Purpose(purpose), language, recipient)
    one = Display(new_id(), person, application, surface, text, recipient.id if recipient else None, clock.now())
    store.add_display(db, one)
    noted = {"display": one.id, "purpose": text.purpose, "text_sha256": text.sha256, "language": language, "surface": surface}
    noted |= {"recipient": one.recipient} if one.recipient else {}
    audit.append_at(db, one.shown_at, [audit.Entry("consent.shown", Actor("person", str(person)), person, noted)])
    events.append(db, [events.Event("consent.shown", application or person, noted, person, one.shown_at)])
    return one


def pending(*, db: Connection, clock: Clock, person: UUID, application: UUID, recipient: str | None = None) -> list[Purpose]:
    """The purposes still to ask in this application, in order. Sharing is among them only once a recipient is known.

    What is agreed and in force is not asked again; nor is what was answered in this application, unless its text was renewed or it ran out.
    """
    given = store.answers_of(db, person)
    return [
        purpose
        for purpose in ASKING_ORDER
        if (purpose is not Purpose.FUNDER_SHARING or recipient is not None)
        and not any(_settles(one, clock, purpose, application, recipient) for one in given)
    ]


def _settles(one: Receipt, clock: Clock, purpose: Purpose, application: UUID, recipient: str | None) -> bool:
    if one.purpose is not purpose or one.text_version != current_version(purpose):
        return False
    if purpose is Purpose.FUNDER_SHARING and one.recipient != recipient:
        return False
    refused = not one.agreed or one.ended_why in ("withdrawn", "declined")
    return one.is_live(clock.now()) or (one.application == application and refused)
