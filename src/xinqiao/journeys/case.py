"""One application with all that happened to it: what every step begins with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import intake, vault
from xinqiao.intake import Application, Stage
from xinqiao.kit import Clock, events
from xinqiao.kit.locks import hold
from xinqiao.vault import Field, Purpose

from .errors import NotNow
from .progress import Progress, Step, fold, next_step

UPWARD = (Stage.RECEIVED, Stage.IDENTIFYING, Stage.SCREENING, Stage.DECIDING, Stage.FUNDING, Stage.OFFERED, Stage.SIGNED, Stage.DISBURSED)


@dataclass(frozen=True, slots=True)
class Case:
    application: Application
    progress: Progress
    events: tuple[events.Event, ...]

    @property
    def id(self) -> UUID:
        return self.application.id

    @property
    def person(self) -> UUID:
        return self.application.person_id

    @property
    def step(self) -> Step:
        return next_step(self.progress)[0]

    @property
    def purpose(self) -> Purpose | None:
        return next_step(self.progress)[1]

    @property
    def asked(self) -> str:
        """The purpose whose consent is being asked; empty at another step."""
        return self.purpose.value if self.purpose else ""

    def answer_to(self, display: UUID) -> events.Event | None:
        """The answer that was given to one display of a consent."""
        return next(
            (e for e in self.events if e.kind in ("consent.agreed", "consent.declined") and e.data["display"] == str(display)), None
        )

    def shown(self, display: UUID) -> bool:
        """Whether this display is of what is being asked now: this purpose, and for sharing this funder."""
        event = next((e for e in self.events if e.kind == "consent.shown" and e.data["display"] == str(display)), None)
        if event is None or event.data["purpose"] != self.asked:
            return False
        return self.purpose is not Purpose.FUNDER_SHARING or event.data.get("recipient") == (self.progress.reserved or {}).get("funder")

    def last(self, kind: str) -> events.Event | None:
        """The newest event of a kind."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)


def look(db: Connection, application: UUID) -> Case:
    """The case as it stands. Raises ApplicationUnknown."""
    found = intake.get(db=db, application=application)
    history = tuple(events.of(db, application))
    return Case(found, fold(history), history)


def take(db: Connection, application: UUID) -> Case:
    """The case, with its lock held until the transaction ends: steps of one application never overlap."""
    hold(db, f"case:{application}")
    return look(db, application)


def expect(case: Case, *steps: Step) -> None:
    """Raises NotNow when the application is not at one of these steps."""
    if case.step not in steps:
        raise NotNow(case.application.stage.value, " or ".join(steps), case.step.value)


def climb(db: Connection, clock: Clock, application: Application, to: Stage) -> Application:
    """Move up to a stage through those between; an application that is there already, or beyond, stays."""
    known = application.stage in UPWARD
    for stage in UPWARD[UPWARD.index(application.stage) + 1 : UPWARD.index(to) + 1] if known else (to,):
        application = intake.move(db=db, clock=clock, application=application, to=stage, event="application.moved")
    return application


def end(db: Connection, clock: Clock, application: Application, to: Stage, **data: object) -> None:
    """Declined, expired or withdrawn; nothing happens when it already is. Pictures that were held for the check go."""
    if application.stage is not to:
        intake.move(db=db, clock=clock, application=application, to=to, event=f"application.{to.value}", data=data)
        drop_media(db, clock, application.person_id)


def drop_media(db: Connection, clock: Clock, person: UUID) -> None:
    """Delete portrait and clip, unless the person agreed to keeping them, by that consent alone."""
    if not vault.has_basis(db, person, Purpose.MEDIA, clock.now()):
        vault.drop(db=db, clock=clock, person=person, fields=[Field.PORTRAIT, Field.SELFIE])
