"""What a month's end and a day's end tell the credit bureau, and what the bureau answers.

Files leave as they are written into the deployment's folder `bureau/out`; whoever carries them brings the answers back (`take_answer`). The
demonstration's bureau is a simulator that answers at once, and says so in every answer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing, vault
from xinqiao.kit import canonical
from xinqiao.kit.telemetry import logger
from xinqiao.servicing import delinquency, reporting
from xinqiao.vault import SYSTEM, AccessDenied, Field, PersonForgotten, Purpose

from .house import House

log = logger("bureau")
PAGE = 500
LATE_MONTHS = 2
"""Months told again each day: an account in arrears waits for its notice and its grace, and is picked up later."""


def day(house: House) -> Counter[str]:
    """Keep the month's picture when it is over, queue what it tells, send what waits, and have deleted what is too old."""
    done: Counter[str] = Counter()
    today = house.clock.today()
    with house.begin() as db:
        if (today + timedelta(days=1)).day == 1:
            done["kept"] = delinquency.take_snapshot(db=db, clock=house.clock)
        done["expired"] = len(reporting.expire(db=db, clock=house.clock))
    for period in _months(today):
        done["told"] += _month(house, period)
    done["sent"] = send(house)
    _alarm(house)
    return done


def _months(today: date) -> list[str]:
    """The last months that are over, the oldest first."""
    found, last = [], today.replace(day=1) - timedelta(days=1)
    for _ in range(LATE_MONTHS):
        found.append(f"{last:%Y-%m}")
        last = last.replace(day=1) - timedelta(days=1)
    return found[::-1]


def _month(house: House, period: str) -> int:
    told, after = 0, None
    while True:
        with house.begin() as db:
            loans = servicing.active_loans(db=db, after=after, limit=PAGE)
            if not loans:
                return told
            told += reporting.report_month(db=db, clock=house.clock, period=period, loan_ids=loans)["made"]
        after = loans[-1]


def send(house: House) -> int:
    """Write the file that waits; in the demonstration the simulated bureau answers it. Returns how many records left."""
    with house.begin() as db:
        made = reporting.export_batch(
            db=db, clock=house.clock, identify=lambda person: _identify(house, db, person), simulated=house.settings.demo
        )
    if made is None:
        return 0
    _written(house, f"{made.id}.jsonl", made.data)
    if house.settings.demo:
        take_answer(house, _simulated(house, made.data))
    return made.records


def take_answer(house: House, data: bytes) -> reporting.Acknowledged:
    """Book a bureau's answer. Raises AcknowledgementMalformed, BatchUnknown."""
    with house.begin() as db:
        return reporting.acknowledge(db=db, clock=house.clock, data=data)


def _simulated(house: House, data: bytes) -> bytes:
    """The answer of a bureau that is none; what it holds is kept beside the files, so that later records can refer to it."""
    kept = house.settings.home / "bureau" / "simulated.json"
    holds = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    simulator = reporting.SimulatedBureau(house.clock, holds=holds)
    answer = simulator.receive(data)
    kept.write_bytes(canonical(simulator.holds))
    return answer


def _written(house: House, name: str, data: bytes) -> Path:
    folder = house.settings.home / "bureau" / "out"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


def _identify(house: House, db: Connection, person: UUID) -> Mapping[str, str] | None:
    """Name and document, read for reporting alone; None when the person's consent or data are gone."""
    fields = [Field.NAME, Field.ID_NUMBER]
    try:
        held = vault.read(
            db=db, vault=house.vault, clock=house.clock, person=person, fields=fields, purpose=Purpose.BUREAU_REPORT, actor=SYSTEM
        )
    except (AccessDenied, PersonForgotten):
        return None
    return {"name": str(held[Field.NAME]), "document_type": "resident_id", "document_number": str(held[Field.ID_NUMBER])}


def _alarm(house: House) -> None:
    with house.begin() as db:
        late, stuck = reporting.overdue_disputes(db=db, clock=house.clock), reporting.stuck(db=db)
    if late or stuck:
        log.error("the bureau's matters wait for a person", disputes_past_their_day=len(late), records_stuck=len(stuck))
