"""A journey killed at any point goes on without a lost or a doubled step."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from xinqiao.demo.robot import HOW, Applicant, Outcome
from xinqiao.journeys import ApplicantJourneys, House, lending, machine, reviewing, work
from xinqiao.journeys.progress import Step
from xinqiao.kit import Database, FixedClock, events
from xinqiao.vault import Actor

RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))


class Killed(BaseException):
    """Stands for the process's end in the middle of a step: nothing catches it, the transaction rolls back."""


def kinds(house: House, application: UUID) -> list[str]:
    with house.begin() as db:
        return [event.kind for event in events.of(db, application)]


@pytest.mark.parametrize("step", [Step.SCREEN, Step.DECIDE, Step.FUND, Step.OFFER])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_that_dies_is_done_once_by_whoever_resumes(
    house: House,
    clock: FixedClock,
    approved: list[dict[str, Any]],
    received: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
    step: Step,
    when: str,
) -> None:
    person = approved[0]
    application = received(person)
    real = machine.RUN[step]

    def dies(house: House, db: Any, case: Any) -> None:
        if when == "after":
            real(house, db, case)
        raise Killed

    monkeypatch.setitem(machine.RUN, step, dies)
    with pytest.raises(Killed):
        _to_offer(house, application, person["name"])
    before = kinds(house, application)
    monkeypatch.setitem(machine.RUN, step, real)
    clock.advance(timedelta(minutes=1))
    assert work.resume(house) == 1
    _to_offer(house, application, person["name"])
    found = kinds(house, application)
    assert found[: len(before)] == before, "what was done stays done"
    for once in ("fraud.screened", "credit.decided", "funding.reserved", "servicing.offer_made"):
        assert found.count(once) == 1


def _to_offer(house: House, application: UUID, name: str) -> Outcome:
    """Without a face, past a reviewer, as far as the signature."""
    walker = Applicant(ApplicantJourneys(house), name, None, signs=False)
    outcome = walker.walk(application)
    if outcome.ended == "review":
        reviewing.approve(house, application, by=RISK, why="document checked by hand", band="B")
        outcome = walker.walk(application)
    return outcome


def test_two_workers_at_one_application_do_each_step_once(
    house: House, approved: list[dict[str, Any]], received: Callable[..., UUID]
) -> None:
    application = received(approved[0])
    journeys = ApplicantJourneys(house)
    for _ in range(3):
        text = journeys.next_consent(application, "zh-CN")
        assert text is not None
        journeys.answer_consent(application, display_id=text.display_id, text_sha256=text.text_sha256, agreed=True, how=HOW)
    with house.begin() as db:
        from xinqiao.journeys.case import take
        from xinqiao.journeys.house import note

        case = take(db, application)
        note(db, house.clock, "face.refused", case.id, case.person, how="page")
    threads = [threading.Thread(target=machine.advance, args=(house, application)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = kinds(house, application)
    assert (found.count("fraud.screened"), found.count("credit.decided"), found.count("review.opened")) == (1, 1, 1)


CHILD = """
import sys, time
from pathlib import Path
from uuid import UUID
from xinqiao.app import open_house
from xinqiao.journeys import lending
from xinqiao.kit import Database, Settings

url, home, tenant, application, mode = sys.argv[1:]
house = open_house(Settings(home=Path(home), tenant=tenant, database_url=url), durable=True)
if mode == "dies":
    real = lending.servicing.disburse
    def slow(**more):
        made = real(**more)
        print("inside", flush=True)
        time.sleep(60)
        return made
    lending.servicing.disburse = slow
house.durable.launch()
lending.start_disbursement(house, UUID(application))
house.durable.wait("disburse", f"{tenant}:{application}")
print("done", flush=True)
house.durable.close()
"""


def test_a_disbursement_killed_with_its_process_pays_out_exactly_once(
    house: House, database: Database, approved: list[dict[str, Any]], received: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = approved[0]
    application = received(person)
    _to_offer(house, application, person["name"])
    monkeypatch.setattr(lending, "start_disbursement", lambda *_: None)
    Applicant(ApplicantJourneys(replace(house)), person["name"], None)._sign(application)
    url = database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-W", "ignore", "-c", CHILD, url, str(house.settings.home), house.settings.tenant, str(application)]
    dying = subprocess.Popen([*arguments, "dies"], stdout=subprocess.PIPE)
    assert dying.stdout is not None
    assert dying.stdout.readline().strip() == b"inside"
    os.kill(dying.pid, signal.SIGKILL)
    dying.wait()
    assert "servicing.disbursed" not in kinds(house, application), "what was half-done is gone"
    subprocess.run([*arguments, "lives"], check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert kinds(house, application).count("servicing.disbursed") == 1
