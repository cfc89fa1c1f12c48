"""What scenes and applicants do: apply, answer a consent, ask for a person, leave. The face step is `facing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, identity, intake, vault
from xinqiao.consent import Display
from xinqiao.intake import Application, Stage
from xinqiao.partners import Partner
from xinqiao.vault import Actor, Field, Purpose

from . import funds
from .case import Case, end, expect, look, take
from .errors import NotAskedNow, NotNow
from .house import House, note
from .machine import advance, to_review
from .progress import ASKED_BEFORE_FACE, ASKED_FIRST, Step


@dataclass(frozen=True, slots=True)
class Received:
    application: Application
    applicant_url: str


def receive(house: House, *, scene: Partner, body: Mapping[str, Any], portrait: bytes | None, key: str) -> Received:
    """Take in an application of a scene; a repeat of the key gives the first application and a fresh link to it."""
    if portrait is not None:
        identity.read_image(portrait)
    with house.begin() as db:
        application = intake.submit(db=db, vault=house.vault, clock=house.clock, scene=scene, body=body, idempotency_key=key)
        if portrait is not None and _awaits_face(look(db, application.id)):
            vault.put(db=db, vault=house.vault, clock=house.clock, person=application.person_id, values={Field.PORTRAIT: portrait})
        token = intake.issue_link(db=db, clock=house.clock, application=application.id)
    return Received(application, f"{house.settings.address}/a/{token}")


def _awaits_face(case: Case) -> bool:
    """Whether the face check is still to come: only then is there a use for the portrait."""
    return case.step is Step.FACE or (case.step is Step.CONSENT and case.purpose in (*ASKED_FIRST, ASKED_BEFORE_FACE))


def open_link(house: House, token: str) -> UUID:
    with house.begin() as db:
        return intake.open_link(db=db, clock=house.clock, token=token).id


def next_consent(house: House, application: UUID, language: str, surface: str = "applicant_page") -> Display | None:
    """Show the consent that is asked next, and record that it was shown; None when another step comes next."""
    with house.begin() as db:
        case = take(db, application)
        if case.step is not Step.CONSENT or case.purpose is None:
            return None
        recipient = funds.recipient(db, case) if case.purpose is Purpose.FUNDER_SHARING else None
        return consent.show(
            db=db,
            clock=house.clock,
            person=case.person,
            application=case.id,
            purpose=case.purpose,
            language=language,
            surface=surface,
            recipient=recipient,
        )


def answer_consent(
    house: House,
    application: UUID,
    *,
    display_id: UUID,
    text_sha256: str,
    agreed: bool,
    how: Mapping[str, Any],
    purposes: Sequence[str] = (),
) -> Case:
    """Record one answer to the one consent that was shown last, then go on. A repeat changes nothing.

    `purposes` is what the caller claims was agreed to; left empty it is the purpose that is being asked.
    """
    with house.begin() as db:
        case = take(db, application)
        if case.answer_to(display_id) is None:
            expect(case, Step.CONSENT)
            if not case.shown(display_id):
                raise NotAskedNow(field="display_id")
            if agreed:
                claimed = purposes or [case.asked]
                consent.agree(
                    db=db,
                    vault=house.vault,
                    clock=house.clock,
                    person=case.person,
                    display_id=display_id,
                    purposes=claimed,
                    text_sha256=text_sha256,
                    how=how,
                )
            else:
                consent.decline(db=db, clock=house.clock, person=case.person, display_id=display_id, text_sha256=text_sha256, how=how)
    return advance(house, application)


def ask_human(house: House, application: UUID) -> Case:
    """The applicant asks that a person look at a refusal (PIPL art. 24, unverified)."""
    with house.begin() as db:
        case = take(db, application)
        if not case.progress.human_asked:
            expect(case, Step.DONE)
            note(db, house.clock, "review.requested", case.id, case.person, by="applicant")
            to_review(house, db, look(db, application))
    return advance(house, application)


def withdraw(house: House, application: UUID, *, by: Actor) -> None:
    """The applicant or the scene takes the application back, before the signature. A repeat changes nothing."""
    with house.begin() as db:
        if not withdraw_in(house, db, application, by=by):
            case = look(db, application)
            raise NotNow(case.application.stage.value, "withdrawing", case.step.value)


def withdraw_in(house: House, db: Connection, application: UUID, *, by: Actor) -> bool:
    """Whether it could be: a signed or ended application cannot, a withdrawn one already is."""
    case = take(db, application)
    if case.application.stage is Stage.WITHDRAWN:
        return True
    if case.progress.signed or case.progress.ended:
        return False
    funds.let_go(house, db, case)
    end(db, house.clock, case.application, Stage.WITHDRAWN, why="withdrawn", by=by.kind)
    return True
