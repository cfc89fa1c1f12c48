"""What a person may see, change and end: their consents, their data, and who looked at them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, fraud, intake, vault
from xinqiao.consent import Receipt
from xinqiao.consent import rights as requests
from xinqiao.identity.liveness import store as recordings
from xinqiao.kit import canonical, new_id
from xinqiao.vault import SYSTEM, Actor, Field, Purpose, audit

from . import views
from .applying import withdraw_in
from .case import Case, look, take
from .errors import LoanOpen, ProofNeeded
from .house import House
from .machine import advance
from .views import Said
from .words import ACTORS, EFFECTS, FIELDS, PURPOSES

SHOWN_ACCESSES = 200


def _own(case: Case) -> UUID:
    """The person, if this application shows enough to see their file.

    A new person's file holds what this application brought. Of one who was known before, an ID number alone opens nothing: the face check
    must have succeeded, against the portrait that the scene sent. Raises ProofNeeded.
    """
    if case.application.facts.get("known_person") and case.progress.identity != "pass":
        raise ProofNeeded
    return case.person


def receipts(house: House, application: UUID) -> list[views.Receipt]:
    """Every answer the person gave, newest first."""
    with house.begin() as db:
        given = consent.history(db=db, person=_own(look(db, application)))
    return [_receipt(one) for one in reversed(given)]


def _receipt(one: Receipt) -> views.Receipt:
    named = Said(one.recipient_name, one.recipient_name) if one.recipient_name else None
    return views.Receipt(one.id, PURPOSES[one.purpose], one.agreed, one.at, one.ended_at, EFFECTS[one.purpose], named)


def withdraw_consent(house: House, application: UUID, receipt: UUID) -> None:
    """End one consent now; processing that rests on it stops with this transaction."""
    with house.begin() as db:
        person = _own(take(db, application))
        one = consent.get(db=db, person=person, receipt=receipt)
        consent.withdraw(db=db, clock=house.clock, person=person, purpose=one.purpose, recipient=one.recipient)
    advance(house, application)


def held(house: House, application: UUID) -> list[views.Held]:
    """What the vault has of the person, masked; pictures and templates are named, not shown."""
    with house.begin() as db:
        person = _own(look(db, application))
        fields = [field for field in vault.holds(db=db, person=person) if field is not Field.TEMPLATE_KEY]
        masked = vault.read_masked(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=person,
            fields=fields,
            purpose=Purpose.RIGHTS,
            actor=Actor("person", str(person)),
        )
    return [views.Held(field.value, FIELDS[field], masked.get(field, ""), field in requests.SELF_CORRECTED) for field in fields]


def copy(house: House, application: UUID) -> bytes:
    """All that is held, machine-readable."""
    with house.begin() as db:
        person = _own(look(db, application))
        _, found = requests.copy(db=db, vault=house.vault, clock=house.clock, person=person, key=str(new_id()))
    return canonical(found)


def correct(house: House, application: UUID, *, field: str, value: str) -> None:
    with house.begin() as db:
        person = _own(look(db, application))
        requests.correct(
            db=db, vault=house.vault, clock=house.clock, person=person, values={Field(field): value.strip()}, key=str(new_id())
        )


def forget(house: House, application: UUID) -> None:
    """End every consent, and destroy the person's key, so that nothing held of them can be read again.

    While a loan is open its contract needs the data: the consents end, the request waits, and LoanOpen says so.
    """
    with house.begin() as db:
        person = _own(look(db, application))
        _withdraw_open_applications(house, db, person)
        asked = requests.forget(db=db, vault=house.vault, clock=house.clock, person=person, key=f"forget:{person}")
        if asked.state == "done":
            _erase(house, db, person)
    if asked.state != "done":
        raise LoanOpen


def finish(house: House, db: Connection, person: UUID) -> None:
    """Carry out requests to be forgotten that waited for the last loan."""
    for request in requests.of(db=db, person=person):
        if request.kind == "forget" and request.state == "waiting":
            done = requests.resume(db=db, vault=house.vault, clock=house.clock, person=person, request=request.id, actor=SYSTEM)
            if done.state == "done":
                _erase(house, db, person)


def is_forgotten(db: Connection, person: UUID) -> bool:
    """Whether the person's data were destroyed at their request."""
    return any(request.kind == "forget" and request.state == "done" for request in requests.of(db=db, person=person))


def _erase(house: House, db: Connection, person: UUID) -> None:
    """What lies outside the vault and could still recognise the person."""
    fraud.erase(db=db, person_id=person)
    recordings.erase(db=db, person_id=person)
    intake.erase(db=db, person=person)
    for application in intake.list(db=db, person=person, limit=200).items:
        intake.revoke_links(db=db, clock=house.clock, application=application.id)


def _withdraw_open_applications(house: House, db: Connection, person: UUID) -> None:
    for application in intake.list(db=db, person=person, limit=200).items:
        withdraw_in(house, db, application.id, by=Actor("person", str(person)))


def accesses(house: House, application: UUID) -> list[views.Access]:
    """Who looked at the person's data, when and for what; refused attempts too. Newest first."""
    with house.begin() as db:
        person = _own(look(db, application))
        found = [one for one in audit.of(db, person=person) if one.kind in ("vault.read", "vault.refused")]
    return [_access(one) for one in reversed(found[-SHOWN_ACCESSES:])]


def _access(one: audit.Recorded) -> views.Access:
    kind = one.actor.split(":", 1)[0]
    purpose = one.data.get("purpose")
    fields: Sequence[Said] = [FIELDS[Field(name)] for name in one.data.get("fields", ()) if name in set(Field)]
    return views.Access(
        one.at,
        ACTORS.get(kind, Said(kind, kind)),
        PURPOSES[Purpose(purpose)] if purpose else Said("", ""),
        fields,
        one.kind == "vault.read",
    )
