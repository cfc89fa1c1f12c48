"""What the console reads from the rooms: pages that miss nothing, sums that agree with the rooms' own."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, fraud, funding, intake, partners
from xinqiao.demo.robot import Applicant
from xinqiao.intake import Stage
from xinqiao.journeys import board
from xinqiao.kit import FixedClock, events, new_id
from xinqiao.vault import audit

from .conftest import Platform


def test_the_queue_pages_through_everyone_the_longest_waiting_first(platform: Platform) -> None:
    for _ in range(3):
        applied = platform.apply()
        Applicant(platform.journeys, applied.name, None).walk(applied.id)
    with platform.house.begin() as db:
        waiting = intake.counts(db=db)[Stage.REVIEW]
        found, cursor = [], None
        while True:
            page = board.waiting(db, after=cursor, limit=2)
            found += page.items
            cursor = page.next
            if cursor is None:
                break
    assert len({one.id for one in found}) == len(found) == waiting
    assert [one.created_at for one in found] == sorted(one.created_at for one in found)


def test_a_list_of_cases_is_what_each_case_is_alone(platform: Platform) -> None:
    applied = [platform.apply() for _ in range(2)]
    with platform.house.begin() as db:
        found = intake.get_many(db=db, applications=[*(one.id for one in applied), new_id()])
        assert set(found) == {one.id for one in applied}
        for case in board.cases(db, list(found.values())):
            assert list(case.events) == events.of(db, case.id)


def test_standings_agree_with_each_partner_s_own_book(platform: Platform) -> None:
    with platform.house.begin() as db:
        standings = funding.standings(db=db)
        assert {one.partner_id for one in standings} >= {
            one.id for one in partners.list_partners(db=db) if one.code in ("test-bank", "test-cover")
        }
        for one in standings:
            assert list(one.lines) == funding.book_of(db=db, partner_id=one.partner_id)


def test_the_log_pages_without_gap_or_repeat(platform: Platform) -> None:
    person = platform.journeys.standing(platform.apply().id).person_id
    with platform.house.begin() as db:
        found: list[audit.Recorded] = []
        while page := audit.page(db, person=person, before=_place(found), limit=2):
            found += page
        assert sorted(one.hash for one in found) == sorted(one.hash for one in audit.of(db, person=person))
        assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
        assert {one.actor.partition(":")[0] for one in audit.page(db, actor="service", limit=20)} == {"service"}
        assert audit.page(db, actor="serv", limit=5) == []


def _place(found: list[audit.Recorded]) -> tuple | None:
    return (found[-1].at, found[-1].lane, found[-1].seq) if found else None


def test_tallies_count_every_receipt_once(platform: Platform) -> None:
    applied = platform.apply()
    Applicant(platform.journeys, applied.name, None, refuses=frozenset({"automated_decision"})).walk(applied.id)
    person = platform.journeys.standing(applied.id).person_id
    with platform.house.begin() as db:
        consent.withdraw(db=db, clock=platform.house.clock, person=person, purpose=consent.history(db=db, person=person)[0].purpose)
        newest = consent.recent(db=db, limit=10_000)
        counted = Counter((one.purpose, one.text_version, one.language, one.agreed) for one in newest)
        tallies = consent.tallies(db=db)
        assert {(one.purpose, one.version, one.language, True): one.agreed for one in tallies if one.agreed} | {
            (one.purpose, one.version, one.language, False): one.declined for one in tallies if one.declined
        } == counted
        ended = consent.recent(db=db, ended=True, limit=10_000)
        assert sum(one.ended for one in tallies) == len(ended) >= 1
        assert sum(one.withdrawn for one in tallies) >= 1
        last = newest[2]
        assert consent.recent(db=db, before=(last.at, last.id), limit=1) == newest[3:4]


def test_an_event_that_commits_late_is_told_once(db: Connection, clock: FixedClock) -> None:
    early, late = new_id(), new_id()
    earlier = board.before(early, timedelta(seconds=1))
    events.append(db, [events.Event("test.late", late, at=clock.now(), id=late)])
    told, last = board.news(db, earlier, ())
    assert late in {one.id for one in told}
    assert last == late
    events.append(db, [events.Event("test.early", early, at=clock.now(), id=early)])
    again, last = board.news(db, last, {one.id for one in told})
    assert [one.id for one in again] == [early]
    assert last == late


def test_an_instant_before_an_id_sorts_before_it() -> None:
    one = new_id()
    assert board.before(one, timedelta()) <= one
    assert board.before(one, timedelta(hours=1)) < board.before(one, timedelta(minutes=1)) < one
    assert board.before(UUID(int=5 << 80), timedelta(seconds=9)) == UUID(int=0)


def test_linked_applications_name_what_they_share(db: Connection, clock: FixedClock) -> None:
    mine, other, person = new_id(), new_id(), new_id()
    shared, alone = b"x" * 32, b"y" * 32
    fraud.register(db=db, clock=clock, application_id=mine, person_id=person, indexes={"phone": shared, "device": shared})
    fraud.register(db=db, clock=clock, application_id=other, person_id=new_id(), indexes={"phone": shared, "device": alone})
    fraud.register(db=db, clock=clock, application_id=new_id(), person_id=new_id(), indexes={"device": alone})
    assert fraud.linked(db=db, application_id=mine) == [fraud.Link(other, ("phone",))]
    assert fraud.label_of(db=db, application_id=mine) is None
