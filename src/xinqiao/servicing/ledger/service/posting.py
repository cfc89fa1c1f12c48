"""Posting lists of transfers, and reversing them.

Each works in a savepoint: what is refused undoes itself whole, and the caller's transaction goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Refused

from ...errors import AccountUnknown, AlreadyReversed, BookedAhead, DayClosed, KeyReused, NotReversible, TransferUnknown
from ..model import Account, Link, Posting, Transfer, transfer_id
from ..store import posting as store
from ..store import reading


def open_accounts(*, db: Connection, accounts: Iterable[Account]) -> None:
    """Open the accounts that are not open yet."""
    store.open_accounts(db, sorted(set(accounts), key=lambda account: account.id))


def post(*, db: Connection, clock: Clock, transfers: Sequence[Transfer], booked_on: date | None = None) -> int:
    """Post all transfers by one statement, or none; return how many were new. The list is one journal entry.

    `booked_on` is the day it counts for, by default today. A transfer whose key was posted before is left as it stands. Raises KeyReused when
    a key returns with other content, AccountUnknown when an account was never opened, BalanceForbidden when a balance would go where its
    account's rule forbids, DayClosed and BookedAhead for a book date that is closed or to come.
    """
    with db.begin_nested():
        return _post(db, clock, [transfers], booked_on)


def post_lists(*, db: Connection, clock: Clock, lists: Sequence[Sequence[Transfer]], booked_on: date | None = None) -> list[Refused | None]:
    """Post each list whole or not at all, whatever becomes of the others; return for each what refused it, None when it stands.

    They go in by one statement when all can; when some cannot, halves are tried in turn, so that one bad list costs the logarithm of all.
    """
    if not lists:
        return []
    try:
        with db.begin_nested():
            _post(db, clock, lists, booked_on)
        return [None] * len(lists)
    except Refused as refused:
        if len(lists) == 1:
            return [refused]
    middle = len(lists) // 2
    return [
        answer for half in (lists[:middle], lists[middle:]) for answer in post_lists(db=db, clock=clock, lists=half, booked_on=booked_on)
    ]


def reverse(
    *, db: Connection, clock: Clock, transfers: Sequence[UUID | str], key: str, why: str, booked_on: date | None = None
) -> list[Posting]:
    """Take transfers back by posting each with its sides swapped, all or none; return the counter-postings. They are named by id or by key.

    A transfer is reversed whole and once; a repeat of `key` returns what it posted. Raises TransferUnknown, AlreadyReversed, NotReversible (a
    reversal itself is not reversed: post the transfer anew), and what `post` raises: money that has left again cannot be taken back.
    """
    ids = list(dict.fromkeys(one if isinstance(one, UUID) else transfer_id(one) for one in transfers))
    with db.begin_nested():
        originals = {one.id: one for one in reading.of_ids(db, ids)}
        _require_reversible(db, ids, originals)
        counters = [_counter(originals[one], key) for one in ids]
        _link(db, clock, [Link(c.id, "reverses", one, why, c.person) for c, one in zip(counters, ids, strict=True)])
        _post(db, clock, [counters], booked_on)
    return reading.of_ids(db, [one.id for one in counters])


def _counter(original: Posting, key: str) -> Transfer:
    return Transfer(
        f"{key}/{original.id}",
        f"reversal of {original.what}",
        original.credit,
        original.debit,
        original.amount,
        original.subject,
        original.person,
    )


def _require_reversible(db: Connection, ids: Sequence[UUID], originals: dict[UUID, Posting]) -> None:
    missing = [one for one in ids if one not in originals]
    if missing:
        raise TransferUnknown(missing[0])
    for link in store.links(db, transfers=ids):
        if link.relation == "reverses":
            raise NotReversible(link.transfer, link.of)


def _link(db: Connection, clock: Clock, links: Sequence[Link]) -> None:
    """Raises AlreadyReversed when another transfer reverses one of them; waits for one that is about to."""
    written = store.add_links(db, links, at=clock.now())
    missing = {link.of: link for link in links if link.transfer not in written}
    for standing in store.links(db, of=list(missing)):
        if standing.relation == "reverses" and standing.transfer != missing[standing.of].transfer:
            raise AlreadyReversed(standing.of, standing.transfer)


def _post(db: Connection, clock: Clock, lists: Sequence[Sequence[Transfer]], booked_on: date | None) -> int:
    distinct, of_list = _distinct(lists)
    if not distinct:
        return 0
    turn = store.turn(db, len(lists))
    on = booked_on or clock.today()
    if refused := _wrong_day(on, clock.today(), turn.closed):
        if len(reading.stored(db, list(distinct))) < len(distinct):
            raise refused
        _require_same(db, distinct)
        return 0
    at = max(clock.now(), turn.since) if turn.since else clock.now()
    places = [(turn.entries[number], line) for number, line in of_list]
    posted, moved, found = store.post(db, distinct, places, at=at, booked_on=on)
    if found != moved:
        raise AccountUnknown(_missing(db, distinct.values()))
    if posted != len(distinct):
        _require_same(db, distinct)
    return posted


def _wrong_day(on: date, today: date, closed: date | None) -> Refused | None:
    if on > today:
        return BookedAhead(on, today, field="booked_on")
    if closed is not None and on <= closed:
        return DayClosed(on, closed, closed + timedelta(days=1), field="booked_on")
    return None


def _distinct(lists: Sequence[Sequence[Transfer]]) -> tuple[dict[UUID, Transfer], list[tuple[int, int]]]:
    """Each transfer once, with the number of its list and its line there."""
    distinct: dict[UUID, Transfer] = {}
    places: list[tuple[int, int]] = []
    for number, transfers in enumerate(lists):
        for line, transfer in enumerate(transfers, 1):
            one = transfer.id
            known = distinct.get(one)
            if known is None:
                distinct[one] = transfer
                places.append((number, line))
            elif known != transfer:
                raise KeyReused(transfer.key, "transfer")
    return distinct, places


def _require_same(db: Connection, given: dict[UUID, Transfer]) -> None:
    for stored in reading.stored(db, list(given)):
        mine = given[stored.id]
        same = (stored.debit, stored.credit, stored.minor, stored.what) == (mine.debit.id, mine.credit.id, mine.amount.minor, mine.what)
        if not same:
            raise KeyReused(mine.key, "transfer")


def _missing(db: Connection, transfers: Iterable[Transfer]) -> str:
    named = {side.id: side for transfer in transfers for side in (transfer.debit, transfer.credit)}
    known = {balance.account.id for balance in reading.balances(db, list(named))}
    return str(next(account for key, account in sorted(named.items()) if key not in known))
