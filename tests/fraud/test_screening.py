import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from xinqiao import fraud
from xinqiao.fraud.model import WINDOWS, jaccard
from xinqiao.kit import CNY, Database, FixedClock, events, new_id

LINKING = ("device", "phone", "id", "address")


def some(name: str, size: int = 32) -> bytes:
    return random.Random(name).randbytes(size)


def flip(value: bytes, bits: int) -> bytes:
    """The value with its first `bits` bits turned."""
    return (int.from_bytes(value, "big") ^ (((1 << bits) - 1) << (len(value) * 8 - bits))).to_bytes(len(value), "big")


@dataclass
class Applicant:
    """A person whose indexes are their own unless told otherwise."""

    name: str
    shared: Mapping[str, bytes] = field(default_factory=dict)
    person: UUID = field(default_factory=new_id)

    def indexes(self) -> dict[str, bytes]:
        own = {kind: some(f"{self.name} {kind}") for kind in (*LINKING, "face")}
        return own | dict(self.shared)

    def apply(self, db: Connection, clock: FixedClock, tokens: Iterable[bytes] = (), **facts: Any) -> fraud.FraudEvidence:
        tokens = list(tokens) or [some(f"{self.name} token {n}", 8) for n in range(6)]
        facts = facts or {"amount": CNY(500_000)}
        return fraud.screen(
            db=db, clock=clock, application_id=new_id(), person_id=self.person, indexes=self.indexes(), facts=facts, tokens=tokens
        )


def test_a_stranger_passes_and_counts_only_itself(db, clock) -> None:
    evidence = Applicant("a").apply(db, clock)
    assert evidence.outcome is fraud.Outcome.PASS
    assert evidence.reasons == ()
    assert {evidence.signals[f"device.persons.{window}"] for window in WINDOWS} == {1}
    assert evidence.signals["links.applications"] == 0
    assert evidence.signals["facts.amount"] == 500_000


def test_windows_count_exactly_at_their_edges(db, clock) -> None:
    device = {"device": some("till")}
    for age, name in ((timedelta(days=90), "gone"), (timedelta(days=90) - timedelta(microseconds=1), "kept"), (timedelta(hours=1), "hour")):
        Applicant(name, device).apply(db, FixedClock(clock.now() - age))
    last = Applicant("now", device).apply(db, clock)
    counts = {window: last.signals[f"device.persons.{window}"] for window in WINDOWS}
    assert counts == {"1h": 1, "24h": 2, "7d": 2, "30d": 2, "90d": 3}


def test_velocity_agrees_with_a_plain_count(db, clock) -> None:
    chance, start = random.Random(7), clock.now()
    people, history = [new_id() for _ in range(6)], []
    devices = [some(f"device {n}") for n in range(2)]
    for _ in range(60):
        person, device, at = chance.choice(people), chance.choice(devices), start - timedelta(hours=chance.expovariate(1 / 200))
        fraud.register(db=db, clock=FixedClock(at), application_id=new_id(), person_id=person, indexes={"device": device})
        history.append((person, device, at))
    evidence = Applicant("probe", {"device": devices[0]}).apply(db, clock)
    for window, length in WINDOWS.items():
        inside = [person for person, device, at in history if device == devices[0] and start - length < at <= start]
        assert evidence.signals[f"device.applications.{window}"] == len(inside) + 1
        assert evidence.signals[f"device.persons.{window}"] == len(set(inside)) + 1


def test_three_people_on_one_device_in_a_day_are_referred(db, clock) -> None:
    shop = {"device": some("shop")}
    outcomes = [Applicant(name, shop).apply(db, clock).outcome for name in "abc"]
    assert outcomes == ["pass", "pass", "refer"]


def test_a_person_who_reapplies_is_one_person(db, clock) -> None:
    same = Applicant("same")
    same.apply(db, clock)
    again = same.apply(db, clock)
    assert (again.signals["device.applications.1h"], again.signals["device.persons.1h"]) == (2, 1)
    assert (again.signals["links.applications"], again.signals["links.persons"]) == (1, 0)
    assert again.signals["face.near_persons"] == 0


@pytest.mark.parametrize(("turned", "near"), [(0, 1), (56, 1), (57, 0), (128, 0)])
def test_a_near_face_under_another_name_is_referred(db, clock, turned: int, near: int) -> None:
    face = some("face of both")
    Applicant("first", {"face": face}).apply(db, clock)
    second = Applicant("second", {"face": flip(face, turned)}).apply(db, clock)
    assert second.signals["face.near_persons"] == near
    assert ("face_of_another_person" in [reason.rule for reason in second.reasons]) is bool(near)


def test_links_reach_two_steps_and_no_further(db, clock) -> None:
    ab, bc, cd = ({"device": some("ab")}, {"phone": some("bc")}, {"address": some("cd")})
    for name, shared in (("d", cd), ("c", bc | cd), ("b", ab | bc)):
        Applicant(name, shared).apply(db, clock)
    evidence = Applicant("a", ab).apply(db, clock)
    assert (evidence.signals["links.applications"], evidence.signals["links.persons"]) == (2, 2)


def test_a_shared_network_address_links_nobody(db, clock) -> None:
    Applicant("a", {"ip": some("cafe")}).apply(db, clock)
    evidence = Applicant("b", {"ip": some("cafe")}).apply(db, clock)
    assert (evidence.signals["ip.persons.1h"], evidence.signals["links.applications"]) == (2, 0)


def test_a_link_to_a_confirmed_fraud_refers_until_it_is_cleared(db, clock) -> None:
    phone = {"phone": some("burner")}
    bad = Applicant("bad", phone).apply(db, clock)
    fraud.confirm(db=db, clock=clock, application_id=bad.application_id, label=fraud.Label.FRAUD, by="risk-1")
    linked = Applicant("friend", phone).apply(db, clock)
    assert (linked.outcome, linked.signals["links.fraud"]) == ("decline", 1)
    clock.advance(timedelta(minutes=1))
    fraud.confirm(db=db, clock=clock, application_id=bad.application_id, label=fraud.Label.CLEARED, by="risk-2")
    fraud.confirm(db=db, clock=clock, application_id=bad.application_id, label=fraud.Label.CLEARED, by="risk-2")
    later = Applicant("later", phone).apply(db, clock)
    assert (later.signals["links.fraud"], later.signals["links.declined"]) == (0, 1)
    kinds = [event.kind for event in events.of(db, bad.application_id)]
    assert kinds == ["fraud.screened", "fraud.labelled", "fraud.labelled"]


def test_a_cluster_beyond_the_limit_is_referred(db, clock) -> None:
    hub = {"address": some("dormitory")}
    rules = replace(fraud.load(), link_limit=3)
    for n in range(5):
        Applicant(f"tenant {n}", hub).apply(db, clock)
    last = Applicant("last", hub)
    evidence = fraud.screen(
        db=db, clock=clock, application_id=new_id(), person_id=last.person, indexes=last.indexes(), facts={}, tokens=[b"t"], rules=rules
    )
    assert (evidence.signals["links.applications"], evidence.signals["links.truncated"]) == (3, True)
    assert evidence.outcome is fraud.Outcome.REFER


def test_near_duplicates_are_found_by_exact_similarity(db, clock) -> None:
    tokens = [some(f"shape {n}", 8) for n in range(10)]
    for count in (10, 9, 8, 7):
        others = [some(f"own {count} {n}", 8) for n in range(10 - count)]
        Applicant(f"alike {count}", {}).apply(db, clock, tokens[:count] + others)
    evidence = Applicant("probe").apply(db, clock, tokens)
    alike = [jaccard(frozenset(tokens), frozenset(tokens[:n] + [some(f"own {n} {m}", 8) for m in range(10 - n)])) for n in (10, 9, 8, 7)]
    assert alike == [1000, 818, 666, 538]
    assert (evidence.signals["duplicates.applications"], evidence.signals["duplicates.similarity"]) == (2, 1000)


def test_near_duplicate_search_misses_none_that_a_full_comparison_finds(db, clock) -> None:
    chance = random.Random(3)
    common = [some(f"common {n}", 8) for n in range(14)]
    shapes = [frozenset(chance.sample(common, chance.randint(8, 12))) for _ in range(40)]
    for n, shape in enumerate(shapes):
        Applicant(f"p{n}").apply(db, clock, shape)
    probe = frozenset(chance.sample(common, 11))
    expected = sum(jaccard(probe, shape) >= 800 for shape in shapes)
    evidence = Applicant("probe").apply(db, clock, probe)
    assert expected > 0
    assert evidence.signals["duplicates.applications"] == expected


@pytest.mark.parametrize("missing", ["device", "face", "id"])
def test_a_missing_index_refers_and_says_which_signal_is_unknown(db, clock, missing: str) -> None:
    one = Applicant("partial")
    indexes = one.indexes() | {missing: b""}
    evidence = fraud.screen(db=db, clock=clock, application_id=new_id(), person_id=one.person, indexes=indexes, facts={}, tokens=[b"t"])
    assert evidence.outcome is fraud.Outcome.REFER
    assert any(name.startswith(f"{missing}.") for reason in evidence.reasons for name in reason.unknown)


def test_without_tokens_the_application_is_referred(db, clock) -> None:
    one = Applicant("shapeless")
    evidence = fraud.screen(db=db, clock=clock, application_id=new_id(), person_id=one.person, indexes=one.indexes(), facts={})
    assert evidence.outcome is fraud.Outcome.REFER


def test_screening_twice_returns_the_first_evidence(db, clock) -> None:
    one, application = Applicant("twice"), new_id()
    given: dict[str, Any] = {"application_id": application, "person_id": one.person, "indexes": one.indexes(), "tokens": [b"t" * 8]}
    first = fraud.screen(db=db, clock=clock, facts={"amount": CNY(1)}, **given)
    clock.advance(timedelta(hours=1))
    second = fraud.screen(db=db, clock=clock, facts={"amount": CNY(2)}, **given)
    assert second.record == first.record
    assert len(events.of(db, application)) == 1


def test_stored_evidence_replays_to_the_same_bytes(db, clock) -> None:
    shop = {"device": some("shop")}
    made = [Applicant(name, shop).apply(db, clock, amount=CNY(9), kind="personal", online=True) for name in "abcd"][-1]
    stored = fraud.find(db=db, application_id=made.application_id)
    assert fraud.replay(stored) == stored.record == made.record
    altered = replace(stored, signals={**stored.signals, "device.persons.24h": 1})
    assert fraud.replay(altered) != altered.record


def test_replay_refuses_rules_that_are_not_those_on_record(db, clock) -> None:
    evidence = Applicant("a").apply(db, clock)
    with pytest.raises(fraud.service.ReplayDiffers, match="does not replay"):
        fraud.replay(replace(evidence, rules_sha256="0" * 64))


def test_unscreened_applications_cannot_be_labelled(db, clock) -> None:
    with pytest.raises(fraud.NotScreened):
        fraud.confirm(db=db, clock=clock, application_id=new_id(), label=fraud.Label.FRAUD, by="risk-1")


@pytest.mark.parametrize("indexes", [{"shoe": b"x" * 32}, {"device": b"short"}, {"device": "text" * 8}, {"device": b"x" * 513}])
def test_strange_indexes_are_refused(db, clock, indexes: dict[str, Any]) -> None:
    with pytest.raises(fraud.UnknownIndex, match="device, phone"):
        fraud.screen(db=db, clock=clock, application_id=new_id(), person_id=new_id(), indexes=indexes, facts={})


def test_erasing_a_person_leaves_no_index_of_theirs(db, clock) -> None:
    gone = Applicant("gone", {"device": some("shared")})
    gone.apply(db, clock)
    assert fraud.erase(db=db, person_id=gone.person) == 5 + 1 + 6 + 1
    left = Applicant("left", {"device": some("shared")}).apply(db, clock)
    assert left.signals["device.persons.90d"] == 1


def test_another_tenant_sees_nothing(database: Database, clock) -> None:
    shop = {"device": some("two tenants")}
    with database.begin(tenant="fraud-a") as db:
        Applicant("a", shop).apply(db, clock)
    with database.begin(tenant="fraud-b") as db:
        assert Applicant("b", shop).apply(db, clock).signals["device.persons.90d"] == 1


def test_of_simultaneous_applications_from_one_device_the_later_sees_every_earlier(database: Database, clock) -> None:
    """All start together, each in its own transaction; serialised by the device, they count 1, 2, … n."""
    count, tenant = 8, "fraud-race"
    gate, seen = threading.Barrier(count), []

    def apply(number: int) -> None:
        shared = {"device": some("race"), "address": some(f"house {number % 2}")}
        with database.begin(tenant=tenant) as db:
            gate.wait()
            seen.append(Applicant(f"racer {number}", shared).apply(db, clock).signals["device.persons.1h"])
            db.execute(text("SELECT pg_sleep(0.02)"))

    threads = [threading.Thread(target=apply, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == list(range(1, count + 1))


def test_registered_and_committed_first_both_of_two_near_faces_see_each_other(database: Database, clock) -> None:
    face = some("twins")
    both = [Applicant("one", {"face": face}), Applicant("two", {"face": flip(face, 20)})]
    ids = [new_id(), new_id()]
    for one, application in zip(both, ids, strict=True):
        with database.begin(tenant="fraud-twins") as db:
            fraud.register(db=db, clock=clock, application_id=application, person_id=one.person, indexes=one.indexes(), tokens=[b"t"])
    with database.begin(tenant="fraud-twins") as first, database.begin(tenant="fraud-twins") as second:
        for db, one, application in zip((first, second), both, ids, strict=True):
            evidence = fraud.screen(
                db=db, clock=clock, application_id=application, person_id=one.person, indexes=one.indexes(), facts={}, tokens=[b"t"]
            )
            assert evidence.signals["face.near_persons"] == 1
