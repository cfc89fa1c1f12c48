"""Reserve, confirm and return capacity; it is never exceeded, whoever asks at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events, new_id

from ..errors import FunderHasNotAnswered, NoSuchReservation, OutstandingNotValid, ReservationEnded
from ..market import Book, Guarantor, Market, cap
from ..model import Ask, Auction, Bid, Hold, Reply, Reservation, State
from ..store import auctions, capacity, reservations
from ..store.capacity import Need
from ..terms import Answer
from .auction import bids
from .terms import is_open, terms_of

TRIES = 5
"""How often capacity is tried for before a ring of waiting transactions is an error."""
HOLD_FOR = timedelta(minutes=30)
"""How long an applicant may look at an offer while its capacity is held."""


def reserve(
    *, db: Connection, clock: Clock, application_id: UUID, person_id: UUID, ask: Ask, hold_for: timedelta = HOLD_FOR, again: bool = False
) -> Reservation | None:
    """Hold capacity of the best bid that still has any; None when no bid is left (`bids_of` says who refused and why).

    A second call returns the live reservation of the application. After a refusal or silence it goes on to the next-best bid;
    `again` opens a new auction. A webhook funder's answering time is added to the hold.
    """
    capacity.guard(db, f"application:{application_id}")
    if held := _live(db, clock, application_id):
        return held
    made = bids(db=db, clock=clock, application_id=application_id, person_id=person_id, ask=ask, again=again)
    for bid in made.choices():
        taken = _take(db, bid, made.ask)
        if isinstance(taken, str):
            auctions.add_attempt(db, made, bid.pair, taken, at=clock.now())
            continue
        return _keep(db, clock, made, bid, taken, hold_for)
    events.append(db, [events.Event("funding.not_found", application_id, {"auction": made.id}, person_id)], at=clock.now())
    return None


def confirm(*, db: Connection, clock: Clock, reservation_id: UUID) -> Reservation:
    """Keep the capacity for the loan, as the applicant has signed. Repeating changes nothing.

    Raises NoSuchReservation, ReservationEnded when it was released or its time is over, FunderHasNotAnswered.
    """
    found = get(db=db, reservation_id=reservation_id, lock=True)
    if found.state in (State.CONFIRMED, State.REPAID):
        return found
    if found.state is not State.HELD or found.expires_at <= clock.now():
        raise ReservationEnded(found.id, "expired" if found.state is State.HELD else found.state.value)
    asked = reservations.question_for(db, found.id)
    if found.answer is Answer.WEBHOOK and (asked is None or asked.reply is not Reply.YES):
        raise FunderHasNotAnswered(found.id)
    reservations.set_state(db, [found.id], State.CONFIRMED)
    events.append(db, [_event("funding.confirmed", found)], at=clock.now())
    return get(db=db, reservation_id=reservation_id)


def release(*, db: Connection, clock: Clock, reservation_id: UUID, why: str = "released") -> Reservation:
    """Give the capacity back: the applicant left, the funder refused, the loan was not paid out. Repeating changes nothing.

    The pair is not chosen again in the same auction. Raises NoSuchReservation, ReservationEnded when the loan was repaid.
    """
    found = get(db=db, reservation_id=reservation_id, lock=True)
    if found.state is State.REPAID or found.outstanding != found.amount:
        raise ReservationEnded(found.id, "a loan that is being repaid")
    if found.state.is_live or found.state is State.LAPSED:
        end(db, clock, [found], State.RELEASED, why)
    return get(db=db, reservation_id=reservation_id)


def expire_due(*, db: Connection, clock: Clock, limit: int = 500) -> int:
    """Give back what reservations past their time hold; return how many there were. Safe to run from many workers."""
    found = reservations.due(db, clock.now(), limit=limit)
    end(db, clock, found, State.EXPIRED, None)
    return len(found)


def restore(*, db: Connection, clock: Clock, reservation_id: UUID, outstanding: Money) -> Reservation:
    """Let the capacity in use follow the loan: `outstanding` is the principal still owed. Repeating a figure changes nothing.

    What is repaid returns: a guarantor's capacity always, a funder's when its terms revolve. A payment that bounces or is taken back lets
    the figure rise, and the same capacity is used again, above the limit when it was lent to others meanwhile: money that is lent is lent.
    Raises OutstandingNotValid when the figure is negative, ReservationEnded when the reservation was never confirmed.
    """
    found = get(db=db, reservation_id=reservation_id, lock=True)
    if found.state not in (State.CONFIRMED, State.REPAID):
        raise ReservationEnded(found.id, found.state.value)
    if outstanding.minor < 0:
        raise OutstandingNotValid(found.amount, outstanding, field="outstanding")
    funder = terms_of(db=db, partner_id=found.funder_id, version=found.funder_version)
    changed = [hold for hold in _repaid(found, outstanding) if funder.revolving or hold.holder_id != found.funder_id]
    if outstanding > found.outstanding:
        _take_again(db, changed)
    else:
        capacity.give_back(db, changed)
    reservations.set_outstanding(db, found.id, outstanding.minor, State.REPAID if outstanding.is_zero else State.CONFIRMED)
    return get(db=db, reservation_id=reservation_id)


def _take_again(db: Connection, back: list[Hold]) -> None:
    """Undo giving back, with every slice of the holders locked: `back` is negative, so the use grows and the limit with it, as an excess.

    The limits are then set anew to what they were, so that what other slices have free makes up for it; only what is left stays an excess.
    """
    capacity.lock_roots(db, [(hold.holder_id, None) for hold in back])
    limits = capacity.sums(db, {hold.holder_id for hold in back})
    capacity.give_back(db, back)
    for holder, dimension, key in sorted({(hold.holder_id, hold.dimension, hold.key) for hold in back}):
        capacity.resize(db, holder, dimension, key, limits[holder, dimension, key][0])


def get(*, db: Connection, reservation_id: UUID, lock: bool = False) -> Reservation:
    """One reservation; raises NoSuchReservation."""
    found = reservations.of(db, reservation_id, lock=lock)
    if found is None:
        raise NoSuchReservation(reservation_id)
    return found


def reservation_of(*, db: Connection, application_id: UUID) -> Reservation | None:
    """The application's newest reservation, whatever its state."""
    return reservations.latest(db, application_id)


def end(db: Connection, clock: Clock, ended: list[Reservation], to: State, why: str | None) -> None:
    """Return all that these locked reservations hold; `why` also closes their pairs in the latest auctions."""
    reservations.set_state(db, [one.id for one in ended], to)
    capacity.give_back(db, [hold for one in ended for hold in one.holds])
    events.append(db, [_event(f"funding.{to.value}", one, why=why) for one in ended], at=clock.now())
    for one in ended if why else ():
        if made := auctions.latest(db, one.application_id):
            auctions.add_attempt(db, made, (one.funder_id, one.guarantor_id), str(why), at=clock.now())


def _live(db: Connection, clock: Clock, application_id: UUID) -> Reservation | None:
    """The live reservation; one past its time lapses here, and the sweep returns its capacity.

    Returning it here would take locks against the order that `capacity` keeps.
    """
    found = reservations.live(db, application_id)
    if found is not None and found.state is State.HELD and found.expires_at <= clock.now():
        reservations.set_state(db, [found.id], State.LAPSED)
        return None
    return found


def _take(db: Connection, bid: Bid, ask: Ask) -> list[Hold] | str:
    """Holds of both sides, or the dimension that has too little; a transaction that others were made to wait for tries again."""
    for _ in range(TRIES - 1):
        try:
            return _take_once(db, bid, ask)
        except capacity.Contended:
            continue
    return _take_once(db, bid, ask)


def _take_once(db: Connection, bid: Bid, ask: Ask) -> list[Hold] | str:
    """Holds of both sides, or why there are none; then nothing is held."""
    if not all(is_open(db, partner) for partner in bid.pair if partner):
        return "withdrawn"
    with db.begin_nested() as attempt:
        holds: list[Hold] = []
        for holder, needs in _needs(db, bid, ask):
            _ensure(db, holder, needs, ask.amount.currency)
            taken = capacity.take(db, holder, needs)
            if isinstance(taken, str):
                attempt.rollback()
                return f"{taken}_full"
            holds += taken
        return holds


def _needs(db: Connection, bid: Bid, ask: Ask) -> Iterable[tuple[UUID, list[Need]]]:
    """The funder's needs, its budget first, then the guarantor's cover."""
    keys = [("budget", ""), ("region", ask.province), ("term", str(ask.months)), ("scene", str(ask.scene_id))]
    keys += [("guarantor", str(bid.guarantor_id))] if bid.guarantor_id else []
    yield bid.funder_id, [Need(dimension, key, ask.amount.minor) for dimension, key in keys]
    if bid.guarantor_id:
        terms = terms_of(db=db, partner_id=bid.guarantor_id, version=bid.guarantor_version)
        one = Guarantor(bid.guarantor_id, bid.guarantor_version or 0, terms)
        yield bid.guarantor_id, [Need("cover", "", int(Market((), (one,)).cover_needs(Book.of([ask]))[0, 0]))]


def _ensure(db: Connection, holder: UUID, needs: list[Need], currency: str) -> None:
    """Make the rows of shares that nobody took before; terms cannot change meanwhile."""
    if not capacity.missing(db, holder, needs):
        return
    capacity.guard(db, f"terms:{holder}", shared=True)
    now, numbers = terms_of(db=db, partner_id=holder), capacity.slices_of(db, holder)
    caps = {
        (need.dimension, need.key): dict(zip(numbers, capacity.spread(cap(now, need.dimension, need.key), len(numbers)), strict=True))
        for need in capacity.missing(db, holder, needs)
    }
    capacity.add_rows(db, holder, currency, caps)


def _keep(db: Connection, clock: Clock, made: Auction, bid: Bid, holds: list[Hold], hold_for: timedelta) -> Reservation:
    waiting = timedelta(seconds=bid.deadline_seconds) if bid.answer is Answer.WEBHOOK else timedelta()
    one = Reservation(
        id=new_id(),
        application_id=made.application_id,
        person_id=made.person_id,
        state=State.HELD,
        amount=made.ask.amount,
        outstanding=made.ask.amount,
        months=made.ask.months,
        funder_id=bid.funder_id,
        funder_version=bid.funder_version,
        guarantor_id=bid.guarantor_id,
        guarantor_version=bid.guarantor_version,
        annual_rate=bid.annual_rate,  # type: ignore[arg-type] - an eligible bid has its rates
        premium=bid.premium,  # type: ignore[arg-type]
        coverage=bid.coverage,
        answer=bid.answer,
        deadline_seconds=bid.deadline_seconds,
        made_at=clock.now(),
        expires_at=clock.now() + waiting + hold_for,
        holds=tuple(holds),
    )
    reservations.add(db, one)
    events.append(db, [_event("funding.reserved", one)], at=clock.now())
    return one


def _repaid(found: Reservation, outstanding: Money) -> Iterable[Hold]:
    """What each hold gives back between the last outstanding principal and this one, negative when it rose; what stays rounds up.

    Principal above the amount that was reserved (fees or interest that were added to it) was never held.
    """
    owed = [min(one.minor, found.amount.minor) for one in (found.outstanding, outstanding)]
    for hold in found.holds:
        before, after = (-(-hold.minor * one // found.amount.minor) for one in owed)
        if before != after:
            yield Hold(hold.holder_id, hold.dimension, hold.key, hold.slice, before - after)


def _event(kind: str, one: Reservation, *, why: str | None = None) -> events.Event:
    data = {
        "reservation": one.id,
        "funder": one.funder_id,
        "guarantor": one.guarantor_id,
        "amount": one.amount,
        "annual_rate": one.annual_rate,
        "premium": one.premium,
        "expires_at": one.expires_at,
    }
    return events.Event(kind, one.application_id, data | ({"why": why} if why else {}), one.person_id)
