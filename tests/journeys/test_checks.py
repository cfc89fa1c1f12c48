"""Lists and weeks of face checks say what the events say, page by page, and quickly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from xinqiao.identity import Outcome
from xinqiao.identity.liveness.drift import EDGES, histogram, stability
from xinqiao.journeys import House, checks
from xinqiao.journeys.checks import CheckUnknown, Drift, Wanted, Week, store
from xinqiao.journeys.house import note
from xinqiao.kit import Database, FixedClock, new_id

MANY = 100_000


def told(outcome: str = "pass", score: float | None = 0.9, **changes: Any) -> dict[str, Any]:
    """What an event tells of one check."""
    signals = {"texture": {"state": "pass", "value": score, "reason": None}, "recorder": {"state": "not_checked", "value": None}}
    made = {"check": new_id(), "outcome": outcome, "liveness_score": score, "match_score": 0.8, "signals": signals, "reasons": []}
    return made | {"model_versions": {"thresholds": "t-1"}, "took_ms": 380} | changes


def signal(state: str, reason: str | None = None) -> dict[str, Any]:
    return {"state": state, "value": 0.5, "reason": reason}


def write(house: House, data: Mapping[str, Any], *, at: datetime | None = None, person: UUID | None = None) -> UUID:
    """One check of an application of its own; the application's id."""
    application = new_id()
    with house.begin() as db:
        note(db, FixedClock(at) if at else house.clock, "identity.checked", application, person or new_id(), **data)
    return application


def listed(house: House, **wanted: Any) -> list[checks.Check]:
    with house.begin() as db:
        return checks.page(db=db, wanted=Wanted(**wanted), limit=200)


def test_a_check_is_listed_in_the_transaction_that_wrote_its_event(house: House) -> None:
    weak = {"texture": signal("refer", "texture_unsure"), "motion": signal("fail", "frozen"), "length": signal("pass")}
    data = told("fail", 0.0, signals=weak, reasons=["frozen"], device="phone_basic", judged_as="any", calibrated=True, challenge="c-1")
    application = write(house, data)
    (found,) = listed(house)
    assert (found.application_id, found.outcome, found.score, found.match, found.ms) == (application, "fail", 0.0, 0.8, 380)
    assert (found.device, found.judged_as, found.calibrated, found.challenge) == ("phone_basic", "any", True, "c-1")
    assert found.weak == (("motion", "fail"), ("texture", "refer"))
    assert found.reasons == ("frozen",)
    with house.begin() as db:
        check, event = checks.find(db=db, check=found.id)
    assert check == found
    assert event.data["signals"]["motion"]["reason"] == "frozen"


def test_an_event_of_before_devices_and_scores_were_told_is_listed_too(house: House) -> None:
    write(house, {"outcome": "retry", "liveness_score": None, "signals": {}, "reasons": ["no_face"]})
    (found,) = listed(house)
    assert (found.device, found.judged_as, found.calibrated, found.score) == ("any", "any", False, None)
    assert (found.challenge, found.weak) == (None, ())


@pytest.mark.parametrize(("calibrated", "expected"), [(True, "desktop"), (False, "any")])
def test_a_check_of_before_records_told_as_what_it_was_judged_was_judged_as_its_class_where_that_was_calibrated(
    house: House, calibrated: bool, expected: str
) -> None:
    write(house, told(device="desktop", calibrated=calibrated))
    assert [one.judged_as for one in listed(house)] == [expected]


def test_a_recording_that_could_not_be_read_is_a_try_to_be_made_again(house: House) -> None:
    with house.begin() as db:
        note(db, house.clock, "identity.unreadable", new_id(), new_id(), code="identity.clip_unreadable", challenge="c-2", tries_left=1)
    (found,) = listed(house)
    assert (found.outcome, found.score, found.reasons, found.weak, found.challenge) == (
        "retry",
        None,
        ("identity.clip_unreadable",),
        (),
        "c-2",
    )
    with house.begin() as db:
        assert checks.find(db=db, check=found.id)[1].kind == "identity.unreadable"
        week = checks.drift(db=db, now=house.clock.now(), zone="Asia/Shanghai", weeks=1)["any"].weeks[0]
    assert (week.outcomes["retry"], week.reasons["identity.clip_unreadable"], sum(week.scores)) == (1, 1, 0)


def test_a_transaction_that_is_undone_leaves_no_check(house: House) -> None:
    class Undone(Exception):
        pass

    def fails() -> None:
        with house.begin() as db:
            note(db, house.clock, "identity.checked", new_id(), new_id(), **told())
            raise Undone

    with pytest.raises(Undone):
        fails()
    assert listed(house) == []


def test_another_event_and_another_tenant_s_check_are_not_listed(house: House) -> None:
    with house.begin() as db:
        note(db, house.clock, "face.refused", new_id(), new_id(), how="page")
    with house.database.begin("another-tenant") as db:
        note(db, house.clock, "identity.checked", new_id(), new_id(), **told())
        store.rebuild(db)
    assert listed(house) == []


def test_the_list_is_made_anew_from_the_log_as_it_was(house: House) -> None:
    for n in range(5):
        write(house, told("refer", n / 10, signals={"texture": signal("refer")}, reasons=["texture_unsure"]))
    before = listed(house)
    with house.begin() as db:
        assert store.rebuild(db) == 5
    assert listed(house) == before


def test_events_of_before_the_table_are_told_by_its_migrations_alike(house: House, database: Database) -> None:
    write(house, told("refer", 0.4, signals={"texture": signal("refer")}, reasons=["texture_unsure"], device="desktop"))
    write(house, told(device="desktop", judged_as="any", calibrated=True))
    write(house, told(device="desktop", calibrated=True))
    write(house, told())
    before = listed(house)
    made = import_module("xinqiao.migrations.versions.0010_identity_checks")
    judged_as = import_module("xinqiao.migrations.versions.0011_judged_as")
    with database.admin.begin() as db:
        db.execute(text("DELETE FROM identity_check WHERE tenant = :tenant"), {"tenant": house.settings.tenant})
        db.execute(text(made.FROM_EVENTS + " AND e.tenant = :tenant"), {"tenant": house.settings.tenant})
        db.execute(text(judged_as.FROM_EVENTS + " AND e.tenant = :tenant"), {"tenant": house.settings.tenant})
    assert listed(house) == before


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {"a", "b", "c", "d"}),
        ({"outcome": Outcome.FAIL}, {"b"}),
        ({"device": "phone_high"}, {"a", "b"}),
        ({"signal": "texture"}, {"b", "c"}),
        ({"signal": "motion"}, {"d"}),
        ({"signal": "recorder"}, set()),
        ({"signal": "tex"}, set()),
        ({"since": datetime(2026, 3, 3, tzinfo=UTC)}, {"b", "c", "d"}),
        ({"since": datetime(2026, 3, 3, tzinfo=UTC), "until": datetime(2026, 3, 4, tzinfo=UTC)}, {"b"}),
        ({"device": "any", "signal": "texture", "outcome": Outcome.REFER}, {"c"}),
    ],
)
def test_a_list_is_narrowed_as_asked(house: House, wanted: dict[str, Any], expected: set[str]) -> None:
    fail, unsure = {"texture": signal("fail")}, {"texture": signal("refer")}
    made = {
        "a": (told(device="phone_high"), 2),
        "b": (told("fail", 0.1, device="phone_high", signals=fail), 3),
        "c": (told("refer", 0.6, signals=unsure), 4),
        "d": (told("retry", None, signals={"motion": signal("not_run")}, device="desktop"), 5),
    }
    named = {write(house, data, at=datetime(2026, 3, day, 9, tzinfo=UTC)): name for name, (data, day) in made.items()}
    assert {named[one.application_id] for one in listed(house, **wanted)} == expected


def test_pages_follow_one_another_without_gap_or_repeat_though_instants_are_equal(house: House) -> None:
    made = [write(house, told()) for _ in range(7)]  # the clock stands still
    found: list[checks.Check] = []
    with house.begin() as db:
        while page := checks.page(db=db, before=found[-1].id if found else None, limit=3):
            found += page
    assert sorted(one.application_id for one in found) == sorted(made)
    assert [(one.at, one.id) for one in found] == sorted(((one.at, one.id) for one in found), reverse=True)


def test_what_is_not_there_is_refused(house: House) -> None:
    with house.begin() as db:
        with pytest.raises(CheckUnknown):
            checks.find(db=db, check=new_id())
        with pytest.raises(CheckUnknown):
            checks.page(db=db, before=new_id())


def test_classes_of_devices_are_those_that_occur(house: House) -> None:
    for device in ("phone_basic", "any", "phone_high", "any", "phone_high"):
        write(house, told(device=device))
    with house.begin() as db:
        assert checks.devices(db=db) == ["any", "phone_basic", "phone_high"]


MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC) - timedelta(hours=8)
"""Midnight in Shanghai."""


def test_weeks_count_what_their_events_say(house: House) -> None:
    scores = [0.02, 0.5, 0.97, 0.97, 1.0, 0.0]
    for n, score in enumerate(scores):
        write(house, told("pass", score, device="phone_high"), at=MONDAY + timedelta(days=n))
    write(house, told("retry", 0.4, device="phone_high", reasons=["too_dark"]), at=MONDAY)
    write(house, told("retry", None, device="phone_high", reasons=["too_dark", "blurred"]), at=MONDAY)
    write(house, told("refer", 0.6, device="phone_high", reasons=["borderline"], signals={"texture": signal("refer")}), at=MONDAY)
    write(house, told(device="desktop"), at=MONDAY - timedelta(seconds=1))
    with house.begin() as db:
        found = checks.drift(db=db, now=MONDAY + timedelta(days=8), zone="Asia/Shanghai", weeks=3)
    assert list(found) == ["desktop", "phone_high"]
    assert [one.checks for one in found["desktop"].weeks] == [1, 0, 0]
    before, week, running = found["phone_high"].weeks
    assert (before.checks, week.checks, running.checks) == (0, 9, 0)
    assert week.outcomes == Counter({"pass": 6, "retry": 2, "refer": 1})
    assert week.scores == histogram([*scores, 0.6])
    assert week.reasons == Counter({"too_dark": 2, "blurred": 1})
    assert week.signals == Counter({("texture", "refer"): 1})
    assert week.share("pass") == pytest.approx(6 / 9)
    assert before.share("pass") is None


def test_the_index_is_that_of_the_scores_and_none_for_too_few(house: House) -> None:
    expected = histogram([0.9] * 300 + [0.6] * 100)
    for n in range(60):
        write(house, told("pass", 0.2 if n % 3 else 0.9, device="any"), at=MONDAY + timedelta(minutes=n))
    for _ in range(49):
        write(house, told("pass", 0.2, device="any"), at=MONDAY + timedelta(days=7))
    with house.begin() as db:
        found = checks.drift(db=db, now=MONDAY + timedelta(days=8), zone="Asia/Shanghai", weeks=2)["any"]
    full, few = found.indices({"any": expected})
    assert full is not None
    assert full.value == stability(expected, histogram([0.2] * 40 + [0.9] * 20))
    assert full.alarms
    assert few is None
    assert found.indices({}) == [None, None]


def test_a_week_is_held_to_the_calibration_of_the_class_that_judged_it(house: House) -> None:
    """Calibrated between two weeks: the scores of the first are any camera's, those of the second its own, and neither has moved."""
    low, high = [0.6] * 60, [0.97] * 60
    for n, (judged_as, score) in enumerate([*(("any", one) for one in low), *(("desktop", one) for one in high)]):
        write(house, told("pass", score, device="desktop", judged_as=judged_as), at=MONDAY + timedelta(days=n // 60 * 7, minutes=n))
    with house.begin() as db:
        found = checks.drift(db=db, now=MONDAY + timedelta(days=8), zone="Asia/Shanghai", weeks=2)["desktop"]
    assert [one.judged_as for one in found.weeks] == ["any", "desktop"]
    assert (found.judged_as, found.scores_as("desktop")) == ("desktop", histogram(high))
    assert found.scores == histogram([*low, *high])
    own, other = histogram(high * 5), histogram(low * 5)
    assert [one.alarms for one in found.indices({"any": other, "desktop": own}) if one] == [False, False]
    assert found.indices({"desktop": own})[0] is None


def test_few_scores_alarm_no_oftener_than_chance_says(house: House) -> None:
    """Weeks of sixty scores out of the very scores that were calibrated on pass .2 most of the time, and alarm not once in two hundred."""
    rng = np.random.default_rng(17)
    expected = histogram(living(rng, 400))
    weeks = tuple(Week(MONDAY.date(), judged={"any": histogram(living(rng, 60))}) for _ in range(200))
    indices = [one for one in Drift("any", weeks).indices({"any": expected}) if one]
    assert sum(one.value >= checks.ALARM for one in indices) > 100
    assert sum(one.alarms for one in indices) <= 2
    moved = Week(MONDAY.date(), judged={"any": histogram(living(rng, 60) ** 6)})
    assert Drift("any", (moved,)).indices({"any": expected})[0].alarms  # type: ignore[union-attr]


def living(rng: np.random.Generator, many: int) -> np.ndarray:
    return 1 / (1 + np.exp(-rng.normal(3.0, 1.2, many)))


def test_the_bins_of_the_database_are_those_of_the_calibration(house: House) -> None:
    """Scores upon an edge, one bit beside it, and both ends."""
    scores = [value for edge in EDGES for value in (math.nextafter(edge, 0), edge, math.nextafter(edge, 1))] + [0.0, 1.0]
    for score in scores:
        write(house, told("pass", score), at=MONDAY)
    with house.begin() as db:
        found = checks.drift(db=db, now=MONDAY, zone="Asia/Shanghai", weeks=1)["any"]
    assert found.scores == histogram(scores)


@pytest.fixture
def crowded(house: House) -> House:
    """A hundred thousand checks of half a year, straight into the projection and its statistics."""
    with house.begin() as db:
        db.execute(
            text("""INSERT INTO identity_check (person_id, id, application_id, at, outcome, device, calibrated, score, weak, reasons)
            SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), :now - n * interval '155 seconds',
                CASE WHEN n % 50 = 0 THEN 'fail' WHEN n % 7 = 0 THEN 'refer' WHEN n % 5 = 0 THEN 'retry' ELSE 'pass' END,
                (ARRAY['phone_high', 'phone_basic', 'desktop'])[1 + n % 3], true, (n % 997) / 997.0,
                CASE WHEN n % 7 = 0 THEN ARRAY['texture:refer'] WHEN n % 99991 = 0 THEN ARRAY['motion:fail'] ELSE '{}' END, '{}'
            FROM generate_series(1, :many) n"""),
            {"now": house.clock.now(), "many": MANY},
        )
    with house.database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE identity_check"))
    return house


SEARCHES: tuple[dict[str, Any], ...] = (
    {},
    {"outcome": Outcome.FAIL},
    {"device": "desktop"},
    {"signal": "texture"},
    {"signal": "motion"},
    {"signal": "never"},
    {"device": "desktop", "outcome": Outcome.FAIL, "signal": "texture"},
    {"since": datetime(2025, 10, 1, tzinfo=UTC), "until": datetime(2025, 10, 8, tzinfo=UTC)},
)


def test_a_page_out_of_a_hundred_thousand_is_full_newest_first_and_bounded(crowded: House) -> None:
    for wanted in SEARCHES:
        with crowded.begin() as db:
            found = checks.page(db=db, wanted=Wanted(**wanted), limit=51)
        assert len(found) == {"never": 0, "motion": 1}.get(wanted.get("signal", ""), 51), wanted
        assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)


def test_twelve_weeks_of_a_hundred_thousand_are_counted(crowded: House) -> None:
    with crowded.begin() as db:
        found = checks.drift(db=db, now=crowded.clock.now(), zone="Asia/Shanghai")
    assert sum(one.checks for one in found.values()) > 40_000
