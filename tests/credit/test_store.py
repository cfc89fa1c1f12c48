from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from xinqiao.credit import BureauSimulator, CreditModel, Decided, Decision, Policy, bureau, service
from xinqiao.credit.errors import ArtifactMissing, DecisionNotFound
from xinqiao.kit import Database, FixedClock, events, new_id


def of_people(decisions: list[Decision]) -> list[Decided]:
    return [Decided(new_id(), new_id(), one) for one in decisions]


def test_stored_decisions_replay_from_what_the_database_keeps(
    db: Connection, clock: FixedClock, decisions: list[Decision], model: CreditModel, policy: Policy
) -> None:
    service.remember(db=db, clock=clock, models=[model], policies=[policy])
    given = of_people(decisions[:200])
    ids = service.record(db=db, clock=clock, decisions=given)
    for one, id_ in zip(given, ids, strict=True):
        stored = service.get(db=db, decision_id=id_)
        assert stored.record == one.decision.record()
        assert (stored.outcome, stored.score, stored.pd, stored.limit) == (
            one.decision.outcome,
            one.decision.score,
            one.decision.pd,
            one.decision.limit,
        )
        assert service.replays(db=db, stored=stored)


def test_a_decision_is_told_as_an_event_without_the_persons_attributes(
    db: Connection, clock: FixedClock, decisions: list[Decision]
) -> None:
    given = of_people(decisions[:1])
    (id_,) = service.record(db=db, clock=clock, decisions=given)
    (told,) = events.of(db, given[0].application_id)
    assert (told.kind, told.person, told.data["decision"]) == ("credit.decided", given[0].person_id, str(id_))
    assert told.data["record_sha256"] == given[0].decision.sha256
    assert not {"attributes", "inputs", "features"} & set(told.data)


def test_a_sealed_record_lies_sealed_and_replays_unsealed(
    db: Connection, clock: FixedClock, decisions: list[Decision], model: CreditModel, policy: Policy
) -> None:
    def seal(person: UUID, plain: bytes) -> bytes:
        return bytes(byte ^ person.bytes[place % 16] for place, byte in enumerate(plain))

    service.remember(db=db, clock=clock, models=[model], policies=[policy])
    (id_,) = service.record(db=db, clock=clock, decisions=of_people(decisions[:1]), seal=seal)
    stored = service.get(db=db, decision_id=id_)
    assert b"attributes" not in stored.record
    assert service.replays(db=db, stored=stored, unseal=seal)
    assert not service.replays(db=db, stored=stored, unseal=lambda _, sealed: sealed)


def test_decisions_of_an_application_come_oldest_first(db: Connection, clock: FixedClock, decisions: list[Decision]) -> None:
    application, person = new_id(), new_id()
    ids = service.record(db=db, clock=clock, decisions=[Decided(application, person, one) for one in decisions[:3]])
    assert [stored.id for stored in service.of_application(db=db, application_id=application)] == ids


def test_recording_nothing_writes_nothing(db: Connection, clock: FixedClock) -> None:
    assert service.record(db=db, clock=clock, decisions=[]) == []


def test_remembering_twice_keeps_one(db: Connection, clock: FixedClock, model: CreditModel, policy: Policy) -> None:
    for _ in range(2):
        service.remember(db=db, clock=clock, models=[model], policies=[policy])
    assert db.execute(text("SELECT count(*) FROM credit_artifact")).scalar() == 2
    assert service.Kept(db).model(model.sha256) == model
    assert service.Kept(db).policy(policy.sha256).version == policy.version


def test_an_unknown_decision_or_artifact_is_named(db: Connection) -> None:
    missing = new_id()
    with pytest.raises(DecisionNotFound, match=str(missing)):
        service.get(db=db, decision_id=missing)
    with pytest.raises(ArtifactMissing, match="No model"):
        service.Kept(db).model("0" * 64)


@pytest.mark.parametrize(
    "statement", ["UPDATE credit_decision SET score = 1", "DELETE FROM credit_decision", "DELETE FROM credit_artifact"]
)
def test_decisions_are_only_added_to(db: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text(statement))


def test_another_tenant_sees_no_decision(database: Database, clock: FixedClock, decisions: list[Decision]) -> None:
    mine, theirs = f"credit-{new_id()}", f"credit-{new_id()}"
    with database.begin(tenant=mine) as db:
        (id_,) = service.record(db=db, clock=clock, decisions=of_people(decisions[:1]))
    with database.begin(tenant=theirs) as db, pytest.raises(DecisionNotFound):
        service.get(db=db, decision_id=id_)


def test_a_bureau_query_answers_by_blind_index_and_is_recorded(db: Connection, clock: FixedClock, spotless: dict[str, int]) -> None:
    simulator = BureauSimulator(db)
    simulator.load({b"one": {"PAY_0": 2}, b"two": {}})
    simulator.load({b"one": spotless})
    application, person = new_id(), new_id()
    found = bureau.ask(db=db, clock=clock, bureau=simulator, application_id=application, person_id=person, id_index=b"one")
    nobody = bureau.ask(db=db, clock=clock, bureau=simulator, application_id=application, person_id=person, id_index=b"none")
    assert (found, nobody) == (spotless, None)
    told = events.of(db, application)
    assert [(event.kind, event.person, event.data["found"]) for event in told] == [
        ("bureau.queried", person, True),
        ("bureau.queried", person, False),
    ]
    assert all(event.data["simulated"] is True and event.data["bureau"] == "bureau-simulator" for event in told)
    assert str(spotless["LIMIT_BAL"]) not in str(told[0].data)
