"""Ask a funder that decides for itself; silence is a no."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id

from ..errors import AnsweredAlready, AnsweredTooLate, NoSuchQuestion, RateAboveBid, ReservationEnded
from ..model import Question, Reply, Reservation, State
from ..store import reservations
from .reserve import end, get


def ask(*, db: Connection, clock: Clock, reservation_id: UUID) -> Question:
    """Open the question whether the funder takes the reserved loan; the caller sends it. Repeating returns the first.

    Raises NoSuchReservation, ReservationEnded.
    """
    held = get(db=db, reservation_id=reservation_id, lock=True)
    if before := reservations.question_for(db, held.id):
        return before
    if held.state is not State.HELD or held.expires_at <= clock.now():
        raise ReservationEnded(held.id, held.state.value)
    until = clock.now() + timedelta(seconds=held.deadline_seconds)
    one = Question(
        new_id(), held.id, held.application_id, held.person_id, held.funder_id, held.annual_rate, clock.now(), until, Reply.PENDING
    )
    reservations.add_question(db, one)
    events.append(db, [_event("funding.asked", one)], at=clock.now())
    return one


def answer(
    *, db: Connection, clock: Clock, question_id: UUID, yes: bool, rate: Decimal | None = None, funder_id: UUID | None = None
) -> Question:
    """Record the funder's answer; a yes may lower the annual rate, a no returns the capacity. The same answer again changes nothing.

    Raises NoSuchQuestion (also for another funder's), AnsweredTooLate, AnsweredAlready, RateAboveBid, ReservationEnded.
    """
    found = reservations.question_of(db, question_id)
    if found is None or (funder_id is not None and found.funder_id != funder_id):
        raise NoSuchQuestion(question_id)
    reply, held = (Reply.YES if yes else Reply.NO), get(db=db, reservation_id=found.reservation_id, lock=True)
    if found.reply in (Reply.YES, Reply.NO):
        if found.reply is not reply or (rate is not None and rate != held.annual_rate):
            raise AnsweredAlready(found.id, found.reply.value)
        return found
    if found.reply is Reply.SILENT or clock.now() > found.deadline:
        raise AnsweredTooLate(found.id, f"{found.deadline:%Y-%m-%dT%H:%M:%SZ}")
    _settle(db, clock, found, held, yes, rate)
    reservations.set_reply(db, [found.id], reply, clock.now())
    done = replace(found, reply=reply, answered_at=clock.now())
    events.append(db, [_event("funding.answered", done, rate=rate)], at=clock.now())
    return done


def expire_questions(*, db: Connection, clock: Clock, limit: int = 500) -> list[Question]:
    """Count silence as a no: return the capacity of questions past their deadline; the caller reserves the next choice."""
    silent = reservations.due_questions(db, clock.now(), limit=limit)
    reservations.set_reply(db, [one.id for one in silent], Reply.SILENT, clock.now())
    done = [replace(one, reply=Reply.SILENT, answered_at=clock.now()) for one in silent]
    events.append(db, [_event("funding.not_answered", one) for one in done], at=clock.now())
    held = sorted((get(db=db, reservation_id=one.reservation_id, lock=True) for one in silent), key=lambda one: one.id)
    end(db, clock, [one for one in held if _holds(one)], State.RELEASED, "silent")
    return done


def questions_to(*, db: Connection, funder_id: UUID, limit: int = 100) -> list[Question]:
    """What this funder has been asked and not answered, oldest first."""
    return reservations.questions_to(db, funder_id, limit=limit)


def _settle(db: Connection, clock: Clock, found: Question, held: Reservation, yes: bool, rate: Decimal | None) -> None:
    if not yes:
        end(db, clock, [held] if _holds(held) else [], State.RELEASED, "refused")
        return
    if held.state is not State.HELD:
        raise ReservationEnded(held.id, held.state.value)
    if rate is not None and not 0 <= rate <= found.annual_rate:
        raise RateAboveBid(rate, found.annual_rate, field="annual_rate")
    if rate is not None:
        reservations.set_rate(db, held.id, rate)


def _holds(one: Reservation) -> bool:
    return one.state in (State.HELD, State.LAPSED)


def _event(kind: str, one: Question, *, rate: Decimal | None = None) -> events.Event:
    data = {"question": one.id, "reservation": one.reservation_id, "funder": one.funder_id, "reply": one.reply, "deadline": one.deadline}
    return events.Event(kind, one.application_id, data | ({"annual_rate": rate} if rate is not None else {}), one.person_id)
