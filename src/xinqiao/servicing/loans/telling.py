"""A loan's life as plain data, enough to reckon it again anywhere: for the evidence pack and whoever doubts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from xinqiao.kit import plain

from .. import ledger
from ..lifecycle import Agreement, Event, replay
from ..lifecycle import events as e
from . import agreement, codec, postings, splits, tally
from .model import Happened, Loan


def tell(loan: Loan, life: Sequence[Happened]) -> dict[str, Any]:
    """The agreement, who gets what, and every event with who recorded it, when and why."""
    return {"agreement": agreement.write(loan.agreed), "splits": splits.write(loan.splits), "life": [_row(one) for one in life]}


def _row(one: Happened) -> dict[str, Any]:
    event = one.event
    facts = {"id": event.id, "number": event.order, "kind": codec.name_of(event), "on": event.on, "recorded_on": event.recorded}
    return {**plain(facts), **plain({"at": one.at, "by": one.by, "why": one.why}), "data": codec.write(event)}


def retell(told: Mapping[str, Any]) -> tuple[Agreement, list[Event]]:
    """What `tell` told. Raises KeyError, TypeError, ValueError or Refused for what is no such telling."""
    return agreement.read(told["agreement"]), [_event(row) for row in told["life"]]


def _event(row: Mapping[str, Any]) -> Event:
    on, recorded = (date.fromisoformat(row[name]) for name in ("on", "recorded_on"))
    return codec.read(row["kind"], row["data"], id=row["id"], order=int(row["number"]), on=on, recorded_on=recorded)


def nets(loan: Loan, events: Sequence[Event]) -> Counter[ledger.Kind]:
    """Debits less credits, by kind of account, that the postings of such a life sum to, in minor units."""
    found: Counter[ledger.Kind] = Counter()
    for number, event in enumerate(events):
        if isinstance(event, e.Transferred):
            then = replay(loan.agreed, events[: number + 1], on=event.recorded)
            _sum(found, postings.passing(loan, tally.of_books(then), UUID(event.to), event.id))
    books = replay(loan.agreed, events, on=max(event.recorded for event in events))
    _sum(found, postings.between(loan, tally.Tally(), tally.of_books(books), "nets"))
    return found


def _sum(into: Counter[ledger.Kind], transfers: Sequence[ledger.Transfer]) -> None:
    for one in transfers:
        into[one.debit.kind] += one.amount.minor
        into[one.credit.kind] -= one.amount.minor
