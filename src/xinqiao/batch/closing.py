"""Closing a day over the whole book: accruals, ageing, the book's figures, and one balanced list of postings.

The book is cut into pages of people. Each page is one transaction that reads its loans by one statement, computes them in compiled loops, writes a row a
loan and what the page adds to the figures. A run that is killed goes on with the pages that are left; a second run of a closed day changes nothing. The
last transaction posts, writes the figures and marks the day closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from time import sleep
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import Connection

from xinqiao import servicing
from xinqiao.kit import Clock, Money, events
from xinqiao.kit.locks import hold
from xinqiao.servicing import book, delinquency, ledger
from xinqiao.servicing.delinquency import Buckets, Grade, Owing, class_codes
from xinqiao.servicing.errors import DayNotOver, NothingToClose
from xinqiao.servicing.ledger import Transfer

from . import columns, postings, store
from .errors import LaterDayClosed
from .figures import base_of, bucket_names, flags, page_figures, rows
from .model import BUCKET, CURRENCY, GRADE, NEVER, Begin, Bools, Closed, Cut, Ints, Page, Progress, Standing
from .standing import stand, warm
from .sums import Sums, merged, pack, unpack

CLOSES = UUID("3d0f6b1e-52a4-5d0c-8f53-7f2f0c1a9be4")
"""The namespace of the ids under which the closes of days are recorded as events."""
ONE_DAY = timedelta(days=1)


def close_day(begin: Begin, clock: Clock, on: date, buckets: Buckets, workers: int, size: int, progress: Progress) -> Closed:
    """See `service.end_of_day`."""
    if on >= clock.today():
        raise DayNotOver(on, on + ONE_DAY, field="on")
    warm()
    with begin() as db:
        hold(db, "close-day")
        left = store.unfinished(db)
    if left is not None and left < on:
        close_day(begin, clock, left, buckets, workers, size, progress)
    done = _open(begin, clock, on, size)
    if done is not None:
        return done
    _pages(begin, clock, on, buckets, workers, progress)
    with begin() as db:
        hold(db, "close-day")
        return _recorded(db, on) or _finish(db, clock, on)


def _open(begin: Begin, clock: Clock, on: date, size: int) -> Closed | None:
    """What was recorded when the day is closed; None once it is open."""
    with begin() as db:
        hold(db, "close-day")
        done, last = _recorded(db, on), store.last_closed(db)
        if done is None and last is not None and last > on:
            raise LaterDayClosed(on, last)
        if store.day(db, on) is None:
            store.begin(db, on, clock.now(), size=size)
        return done


def _recorded(db: Connection, on: date) -> Closed | None:
    found = store.day(db, on)
    return Closed(day=on, again=True, **found.figures) if found is not None and found.closed_at is not None else None


def _pages(begin: Begin, clock: Clock, on: date, buckets: Buckets, workers: int, progress: Progress) -> None:
    """Until no page is left: also those of another process, which may yet give one up."""
    with begin() as db:
        pages, left = store.progress(db, on)
    progress(pages - left, pages)

    def work(_: int = 0) -> None:
        while _next_page(begin, clock, on, buckets):
            with begin() as db:
                progress(pages - store.progress(db, on)[1], pages)

    while left:
        _side_by_side(work, min(workers, left))
        with begin() as db:
            left = store.progress(db, on)[1]
        if left:
            sleep(0.2)


def _side_by_side(work: Callable[[int], None], workers: int) -> None:
    if workers == 1:
        return work(0)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    return None


def _next_page(begin: Begin, clock: Clock, on: date, buckets: Buckets) -> bool:
    """Whether there was a page left to close."""
    with begin() as db:
        cut = store.claim(db, on)
        if cut is None:
            return False
        before = store.last_closed(db, on)
        page = _recounted(db, store.read(db, cut, on=on, before=before), on)
        standing, late = _stand(page, on)
        base = base_of(page, before, on)
        store.write(db, on, page, standing, late, base)
        moving = np.flatnonzero(_moving(page, standing, late, on, buckets))
        moved = _move(db, clock, on, cut, before, [columns.uuid(one) for one in page.loans[moving]], buckets)
        sums = pack(page_figures(page, standing, late, base, on, buckets))
        store.finish_page(db, on, cut.number, loans=len(page), moved=moved, sums=sums)
        return True


def _recounted(db: Connection, page: Page, on: date) -> Page:
    """With the penalty of the day, by replay, for late loans whose rows cannot tell it (`servicing.loans.states.FROZEN`)."""
    rows = page.rows
    late = (rows.aged_to == NEVER) & ~rows.settled & (rows.due < columns.number(on)) & ~page.closed[rows.loan]
    if not late.any():
        return page
    stale = np.unique(rows.loan[late])
    spans = zip(np.searchsorted(rows.loan, stale), np.searchsorted(rows.loan, stale, side="right"), strict=True)
    spans_of = dict(zip((columns.uuid(page.loans[one]) for one in stale), spans, strict=True))
    penalties = rows.penalties.copy()
    for loan, told in servicing.penalties(db=db, loan_ids=list(spans_of), on=on).items():
        first, end = spans_of[loan]
        penalties[first : min(end, first + len(told))] = told[: end - first]
    return replace(page, rows=replace(rows, penalties=penalties))


def _stand(page: Page, on: date) -> tuple[Standing, Ints]:
    """Each loan's standing, and its days past due: none for one that has ended."""
    day = columns.number(on)
    standing = _taken_back(page, stand(day, page.start, page.closed, page.penalty, page.rows))
    return standing, standing.days_past_due(day)


def _taken_back(page: Page, standing: Standing) -> Standing:
    """Of a loan written off only what had come in stays earned: the rows no longer tell what was paid from what was given up."""
    came_in, penalty = page.before.collected, page.before.collected_penalty
    return replace(
        standing,
        earned_interest=np.where(page.lost, came_in - penalty, standing.earned_interest),
        earned_penalty=np.where(page.lost, penalty, standing.earned_penalty),
        collected=np.where(page.lost, came_in, standing.collected),
        collected_penalty=np.where(page.lost, penalty, standing.collected_penalty),
    )


def _moving(page: Page, standing: Standing, late: Ints, on: date, buckets: Buckets) -> Bools:
    """Loans whose bucket or category is not the one they stand in."""
    grades, of = np.unique(page.words[:, GRADE], return_inverse=True)
    was = np.array([int(Grade.of(one)) for one in grades], np.int8)[of] if len(grades) else np.zeros(0, np.int8)
    days = np.where(page.closed, 0, late)
    bucket = bucket_names(buckets, late, page.closed)
    clean = np.where((page.words[:, BUCKET] == "") & (days == 0), columns.number(on) - page.since, 0)
    judged = class_codes(days, flags(page), was=was, clean_days=clean, period_days=standing.longest)
    return (bucket != page.words[:, BUCKET]) | (judged != was)


def _move(db: Connection, clock: Clock, on: date, cut: Cut, before: date | None, loans: Sequence[UUID], buckets: Buckets) -> int:
    """Move these loans to their buckets, by the verb that a payment uses, as they stand once they are held: one may just have been paid."""
    if not loans:
        return 0
    store.lock(db, cut, loans)
    page = _recounted(db, store.read(db, cut, on=on, before=before, only=loans), on)
    standing, _ = _stand(page, on)
    owing = [_owing(page, standing, row) for row in range(len(page))]
    return delinquency.age(db=db, clock=clock, book=owing, on=on, buckets=buckets)


def _owing(page: Page, standing: Standing, row: int) -> Owing:
    ids = [columns.uuid(one[row]) for one in (page.loans, page.people)]
    oldest = standing.oldest_due[row]
    unpaid = Money(int(standing.overdue[row]), str(page.words[row, CURRENCY]))
    late = () if oldest == NEVER or page.closed[row] else (delinquency.Instalment(1, columns.day(oldest), unpaid),)
    return Owing(*ids, late, period_days=int(standing.longest[row]))


def _finish(db: Connection, clock: Clock, on: date) -> Closed:
    packed, loans, moved = store.sums(db, on)
    parts = [unpack(one) for one in packed]
    sums = {name: merged(part[name] for part in parts) for name in parts[0]}
    made = postings.transfers(on, sums["earned"], sums["passed"])
    _post(db, clock, on, made)
    book.save_day(db=db, on=on, before=store.last_closed(db, on), sums={name: rows(of) for name, of in sums.items()})
    earned, collected = _by_currency(sums["earned"])
    done = Closed(on, loans, moved, len(made), earned, collected)
    figures = {"loans": loans, "moved": moved, "transfers": len(made), "earned": earned, "collected": collected}
    store.finish(db, on, clock.now(), figures)
    events.append(db, [events.Event("batch.day_closed", uuid5(CLOSES, on.isoformat()), {"day": on, **figures})], at=clock.now())
    return done


def _post(db: Connection, clock: Clock, on: date, made: list[Transfer]) -> None:
    """Book the list on the day, or on the first day that the ledger still has open, and close the ledger up to the day."""
    ledger.open_accounts(db=db, accounts=postings.accounts(made))
    newest = ledger.closes(db=db, limit=1)
    ledger.post(db=db, clock=clock, transfers=made, booked_on=max([on, *(one.on + ONE_DAY for one in newest)]))
    with suppress(NothingToClose):
        ledger.close_through(db=db, clock=clock, on=on)


def _by_currency(earned: Sums) -> tuple[dict[str, int], dict[str, int]]:
    made, taken = Counter[str](), Counter[str]()
    for row, currency in enumerate(earned.keys["currency"]):
        made[str(currency)] += int(earned.values["interest"][row] + earned.values["penalty"][row])
        taken[str(currency)] += int(earned.values["collected"][row])
    return dict(made), dict(taken)
