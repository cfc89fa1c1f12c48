"""The background worker: what must happen though nobody asks. Every part takes its rows with SKIP LOCKED or may be repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import monotonic
from uuid import UUID
from zoneinfo import ZoneInfo

from xinqiao import consent, funding, intake, staff, vault
from xinqiao.intake import Stage
from xinqiao.kit import events
from xinqiao.kit.http import Http
from xinqiao.kit.telemetry import logger
from xinqiao.partners import webhooks

from .case import UPWARD, end, look, take
from .house import House
from .lending import start_disbursement
from .machine import advance
from .progress import WAITS, Step

log = logger("work")
DAY_STARTS_AT = 9
"""Local hour of the daily run over the book: inside the hours in which people may be contacted."""
STUCK = timedelta(seconds=20)
LATELY = timedelta(minutes=5)
SINCE_LONG = timedelta(days=30)
"""How far back a worker looks when it starts: longer than anybody leaves the platform down."""
UNDERWAY = (*UPWARD[:-1], Stage.REVIEW)
"""Stages from which the platform's own work may lead on; in review it does once a person has approved."""


def expire(house: House) -> int:
    """Give back what reservations past their time hold; their applications expire. Returns how many."""
    with house.begin() as db:
        funding.expire_due(db=db, clock=house.clock)
        gone = [row["subject"] for row in events.peek(db) if row["kind"] == "funding.expired"]
        for application in gone:
            case = take(db, application)
            if case.application.stage in (Stage.OFFERED, Stage.FUNDING):
                end(db, house.clock, case.application, Stage.EXPIRED, why="offer_ran_out")
    return len(gone)


def silence(house: House) -> int:
    """Count a funder's silence as a no, and go on to the next best bid."""
    with house.begin() as db:
        asked = funding.expire_questions(db=db, clock=house.clock)
    return sum(_go_on(house, question.application_id, Step.FUND) for question in asked)


def resume(house: House, *, window: timedelta = LATELY) -> int:
    """Go on with applications whose next step is the platform's own: the process that ran it may have died.

    Looks at those to which something happened within the window, but not in the last moments, in which somebody may be at them. One that
    fails does not hold up the others.
    """
    return sum(_go_on(house, application, step) for application, step in _idle(house, window))


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


def _idle(house: House, window: timedelta) -> list[tuple[UUID, Step]]:
    """Applications that nobody touched for a while though nobody else has to answer."""
    until = house.clock.now() - STUCK
    with house.begin() as db:
        touched = intake.get_many(db=db, applications=events.subjects(db, since=until - window, until=until))
        open_ones = [one for one in touched.values() if one.stage in UNDERWAY and one.updated_at <= until]
        found = [(one.id, look(db, one.id).step) for one in open_ones]
    return [(application, step) for application, step in found if step not in WAITS]


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
    house.durable.start("day", f"{house.settings.tenant}:{local.date()}")
    return 1


def reprice(house: House) -> int:
    """Solve anew for the prices of scarce capacity, from the applications of late."""
    with house.begin() as db:
        return funding.reprice(db=db, clock=house.clock)


def tidy(house: House) -> int:
    """End consents that ran out, and drop what is kept no longer: delivered messages, seen ids, sessions that ended."""
    with house.begin() as db:
        ended = consent.expire(db=db, clock=house.clock)
        webhooks.tidy(db=db, clock=house.clock)
        staff.tidy(db=db, clock=house.clock)
    return ended


EVERY: tuple[tuple[float, Callable[[House], int]], ...] = (
    (1.0, deliver),
    (1.0, silence),
    (5.0, expire),
    (10.0, resume),
    (15.0, seal),
    (60.0, daily),
    (300.0, reprice),
    (3600.0, tidy),
)
"""Seconds between two runs, and what runs."""


class Worker:
    """One thread that runs every part in its rhythm; a part that fails is logged and tried again next time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="xinqiao-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=20)

    def _run(self) -> None:
        due = dict.fromkeys((part for _, part in EVERY), 0.0)
        self._once(partial(resume, window=SINCE_LONG))
        while not self._stop.wait(0.25):
            for seconds, part in EVERY:
                if monotonic() >= due[part]:
                    self._once(part)
                    due[part] = monotonic() + seconds

    def _once(self, part: Callable[[House], int]) -> None:
        try:
            part(self._house)
        except Exception as error:
            log.error("background work failed", part=getattr(part, "__name__", "resume"), error=type(error).__name__, exc_info=error)
