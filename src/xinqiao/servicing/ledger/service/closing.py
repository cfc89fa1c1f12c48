"""Closing days, and the trial balance of any instant or book date from the last close or snapshot forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection
from uuid_utils.compat import uuid5

from xinqiao.kit import Clock, events

from ...errors import DayNotOver, DoesNotBalance, EarlierDayOpen, NothingToClose
from ..closes import Close, Snapshot, Totals
from ..model import LEDGER, Balance, Kind
from ..store import closing as store

ONE_DAY = timedelta(days=1)


def close_day(*, db: Connection, clock: Clock, on: date) -> Close:
    """Close a day: its trial balance is written down, bound to the day before, and nothing can be booked on it any more.

    Its event takes the close's hash into the audit log. Waits for the transactions that are posting. A repeat returns the close that stands. Raises DayNotOver, NothingToClose (nothing was ever
    posted up to that day), EarlierDayOpen, DoesNotBalance.
    """
    store.take_all(db)
    last = store.last_close(db)
    if last is not None and on <= last.on:
        return _standing(db, on)
    if on >= clock.today():
        raise DayNotOver(on, on + ONE_DAY, field="on")
    first = next_to_close(db=db)
    if first is None or first > on:
        raise NothingToClose(on, first or "a first posting", field="on")
    if on != first:
        raise EarlierDayOpen(first, field="on")
    return _close(db, clock, on, last)


def next_to_close(*, db: Connection) -> date | None:
    """The first open day; None while nothing was ever posted."""
    last = store.last_close(db)
    return last.on + ONE_DAY if last else store.first_day(db)


def close_through(*, db: Connection, clock: Clock, on: date) -> list[Close]:
    """Close every open day up to `on`, in order and in one transaction; an empty list when they are closed. Raises what `close_day` raises."""
    store.take_all(db)
    day = next_to_close(db=db)
    if day is None:
        raise NothingToClose(on, "a first posting", field="on")
    return [close_day(db=db, clock=clock, on=day + timedelta(days=n)) for n in range((on - day).days + 1)]


def closes(*, db: Connection, limit: int | None = None, newest_first: bool = True) -> list[Close]:
    """Closed days."""
    return store.closes(db, newest_first=newest_first, limit=limit)


def snapshot(*, db: Connection, clock: Clock) -> Snapshot:
    """Write down the totals of all that is recorded, so that later questions start from here; each close does it too. Waits as a close does."""
    store.take_all(db)
    return _snapshot(db, clock)


def trial_balance(*, db: Connection, until: datetime | None = None, on: date | None = None) -> dict[tuple[Kind, str], Balance]:
    """Debits and credits by kind and currency: now, of all that was recorded up to an instant, or of all that is booked up to a day.

    Each currency's debits equal its credits; the owner of the accounts shown is NOBODY, since they stand for all owners. What is held is not
    posted and does not show. Raises ValueError when both `until` and `on` are given.
    """
    if until is not None and on is not None:
        raise ValueError("a trial balance is of an instant or of a book date, not of both")
    totals = _booked(db, on) if on is not None else _recorded(db, until)
    return Totals({key: pair for key, pair in totals.by.items() if any(pair)}).balances()


def _recorded(db: Connection, until: datetime | None) -> Totals:
    base = store.last_snapshot(db, until=until)
    if base is None:
        return store.kept_totals(db) if until is None else store.recorded(db, base=None, until=until)
    return base.totals + store.recorded(db, base=base, until=until)


def _booked(db: Connection, on: date) -> Totals:
    base = store.last_close(db, until=on)
    if base is not None and base.on == on:
        return base.totals
    more = store.booked(db, after=base.on if base else None, until=on)
    return base.totals + more if base else more


def _standing(db: Connection, on: date) -> Close:
    found = store.last_close(db, until=on)
    if found is None or found.on != on:
        raise NothingToClose(on, "the first closed day", field="on")
    return found


def _close(db: Connection, clock: Clock, on: date, last: Close | None) -> Close:
    day = store.day(db, on)
    totals = (last.totals if last else Totals()) + store.booked(db, after=on - ONE_DAY, until=on)
    if totals.differences:
        raise DoesNotBalance(on, totals.differences)
    store.close_accounts(db, on)
    at = max(clock.now(), _snapshot(db, clock).at, last.at if last else clock.now())
    made = Close(on, at, day.through, day.transfers, day.sha256, totals, last.sha256 if last else None, b"")
    made = replace(made, sha256=made.digest())
    store.add_close(db, made)
    data = {"on": on, "transfers": made.transfers, "sha256": made.sha256}
    events.append(db, [events.Event("servicing.day_closed", uuid5(LEDGER, f"close/{on}"), data, at=clock.now())])
    return made


def _snapshot(db: Connection, clock: Clock) -> Snapshot:
    """No earlier than anything it holds, even where a worker's clock ran ahead."""
    base = store.last_snapshot(db)
    through, latest = store.recorded_last(db, base=base)
    if base is not None and latest is None:
        return base
    at = max(instant for instant in (clock.now(), latest, base.at if base else None) if instant is not None)
    more = store.recorded(db, base=base, until=None)
    made = Snapshot(through, at, base.totals + more if base else more)
    store.add_snapshot(db, made)
    return made
