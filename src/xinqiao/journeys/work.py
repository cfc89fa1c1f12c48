"""The background worker: what must happen though nobody asks. Every part takes its rows with SKIP LOCKED or may be repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from uuid import UUID
from zoneinfo import ZoneInfo

from xinqiao import consent, funding, intake, staff, vault
from xinqiao.identity.liveness import store as recordings
from xinqiao.intake import Stage
from xinqiao.kit import events
from xinqiao.kit.http import Http
from xinqiao.kit.telemetry import logger
from xinqiao.partners import webhooks
from xinqiao.servicing import ledger

from . import board
from .case import UPWARD, end, take
from .collecting import end_of_day
from .house import House
from .lending import start_disbursement
from .machine import advance
from .progress import WAITS, Step
from .purse import go_on

log = logger("work")
DAY_STARTS_AT = 9
"""Local hour of the daily run over the book: inside the hours in which people may be contacted."""
STUCK = timedelta(seconds=20)
PAGE = 200
ABANDONED = timedelta(days=7)
"""The life of the link that an applicant goes on by."""
UNDERWAY = (*UPWARD[:-1], Stage.REVIEW)
"""Stages from which the platform's own work may lead on; in review it does once a person has approved."""


def expire(house: House) -> int:
    """Give back what reservations past their time hold; then end their applications, each under its own lock. Returns how many."""
    with house.begin() as db:
        funding.expire_due(db=db, clock=house.clock)
        gone = [row["subject"] for row in events.peek(db) if row["kind"] == "funding.expired"]
    for application in gone:
        with house.begin() as db:
            case = take(db, application)
            if case.progress.reserved is None and case.application.stage in (Stage.OFFERED, Stage.FUNDING):
                end(db, house.clock, case.application, Stage.EXPIRED, why="offer_ran_out")
    return len(gone)


def abandon(house: House) -> int:
    """End applications that nobody came back to within the life of their link: their portraits go with them."""
    over = house.clock.now() - ABANDONED
    with house.begin() as db:
        idle = intake.list(db=db, stages=(Stage.RECEIVED, Stage.IDENTIFYING), oldest_first=True, limit=200).items
    left = [one.id for one in idle if one.updated_at <= over]
    for application in left:
        with house.begin() as db:
            case = take(db, application)
            if case.step in (Step.CONSENT, Step.FACE) and case.application.updated_at <= over:
                end(db, house.clock, case.application, Stage.EXPIRED, why="abandoned")
    return len(left)


def silence(house: House) -> int:
    """Count a funder's silence as a no, and go on to the next best bid."""
    with house.begin() as db:
        asked = funding.expire_questions(db=db, clock=house.clock)
    return sum(_go_on(house, question.application_id, Step.FUND) for question in asked)


class Resumer:
    """Walks through what is under way, a page a round, and goes on where the next step is the platform's own: the process that ran it may
    have died, or what it needed may not have answered. One application that fails does not hold up the others."""

    __name__ = "resume"

    def __init__(self) -> None:
        self._cursor: str | None = None

    def __call__(self, house: House) -> int:
        until = house.clock.now() - STUCK
        with house.begin() as db:
            page = intake.list(db=db, stages=UNDERWAY, oldest_first=True, cursor=self._cursor, limit=PAGE)
            self._cursor = page.next
            stuck = [(case.id, case.step) for case in board.cases(db, page.items) if case.application.updated_at <= until]
        return sum(_go_on(house, application, step) for application, step in stuck if step not in WAITS)


def resume(house: House) -> int:
    """One whole walk, from the oldest on."""
    walk, moved = Resumer(), 0
    while True:
        moved += walk(house)
        if walk._cursor is None:
            return moved


def _go_on(house: House, application: UUID, step: Step) -> bool:
    """Whether it went well; a failure is logged, and the next round tries again."""
    try:
        if step is Step.DISBURSE:
            start_disbursement(house, application)
        else:
            advance(house, application)
    except Exception as error:
        log.error("application could not be resumed", application=str(application), error=type(error).__name__, exc_info=error)
        return False
    return True


def deliver(house: House) -> int:
    """Send the webhooks that are due."""
    with Http(allow_private=house.settings.demo) as http:
        sent = webhooks.deliver_due(database=house.database, vault=house.vault, clock=house.clock, http=http, tenant=house.settings.tenant)
    return sent.delivered


def seal(house: House) -> int:
    """Sign what the audit log has gained."""
    with house.begin() as db:
        made = vault.audit.checkpoint(db, house.vault, house.clock)
    return made.number if made else 0


def daily(house: House) -> int:
    """Start the day's run over the book once, when its hour has come; the durable flow makes it exactly one a day."""
    local = house.clock.now().astimezone(ZoneInfo(house.settings.timezone))
    if house.durable is None or local.hour < DAY_STARTS_AT:
        return 0
    key = f"{house.settings.tenant}:{local.date()}"
    if house.durable.has_failed("day", key):
        end_of_day(house)
    else:
        house.durable.start("day", key)
    return 1


def reprice(house: House) -> int:
    """Solve anew for the prices of scarce capacity, from the applications of late."""
    with house.begin() as db:
        return funding.reprice(db=db, clock=house.clock)


def tidy(house: House) -> int:
    """End consents that ran out, and drop what is kept no longer: delivered messages, seen ids, sessions that ended, spent challenges."""
    total = 0
    while True:
        with house.begin() as db:
            ended = consent.expire(db=db, clock=house.clock)
        total += ended
        if not ended:
            break
    with house.begin() as db:
        webhooks.tidy(db=db, clock=house.clock)
        staff.tidy(db=db, clock=house.clock)
        recordings.tidy(db=db, clock=house.clock)
    return total


def free(house: House) -> int:
    """Give back what holds kept past their time."""
    with house.begin() as db:
        return ledger.expire(db=db, clock=house.clock)


def mark(house: House) -> int:
    """Write down the books' totals, so that a question about the day's past starts from here."""
    with house.begin() as db:
        ledger.snapshot(db=db, clock=house.clock)
    return 1


Part = Callable[[House], int]
OUTWARD: tuple[tuple[float, Part], ...] = ((1.0, deliver),)
"""What waits for partners' servers has a thread of its own, so that a slow one holds up nothing else."""


def inward() -> tuple[tuple[float, Part], ...]:
    """Seconds between two runs, and what runs."""
    return (
        (1.0, silence),
        (5.0, expire),
        (10.0, Resumer()),
        (15.0, seal),
        (60.0, daily),
        (60.0, go_on),
        (300.0, reprice),
        (300.0, free),
        (3600.0, mark),
        (3600.0, abandon),
        (3600.0, tidy),
    )


class Worker:
    """Two threads that run every part in its rhythm; a part that fails is logged and tried again next time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(parts,), name=f"xinqiao-{name}", daemon=True)
            for name, parts in (("worker", inward()), ("webhooks", OUTWARD))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=20)

    def _run(self, parts: tuple[tuple[float, Part], ...]) -> None:
        due = dict.fromkeys((part for _, part in parts), 0.0)
        while not self._stop.wait(0.25):
            for seconds, part in parts:
                if monotonic() >= due[part]:
                    self._once(part)
                    due[part] = monotonic() + seconds

    def _once(self, part: Part) -> None:
        try:
            part(self._house)
        except Exception as error:
            log.error("background work failed", part=part.__name__, error=type(error).__name__, exc_info=error)
