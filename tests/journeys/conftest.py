"""A house of one tenant of its own per test: the real database, keys and models, a clock that the test moves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from xinqiao import credit, intake
from xinqiao.credit import service as decisions
from xinqiao.demo import world as worlds
from xinqiao.demo.book import people
from xinqiao.demo.robot import Applicant, Outcome
from xinqiao.identity import FaceModels
from xinqiao.journeys import ApplicantJourneys, House, applying
from xinqiao.kit import Database, FixedClock, Settings, new_id
from xinqiao.vault import Actor, Vault

CREDIT = Path(credit.__file__).parent
FOLK = [person for person in people(60) if person["application"]["kind"] == "personal"]
RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))


@pytest.fixture(scope="session")
def faces() -> FaceModels:
    return FaceModels.load()


@pytest.fixture
def house(database: Database, clock: FixedClock, tmp_path: Path, faces: FaceModels) -> House:
    settings = Settings(home=tmp_path / "home", tenant=f"t{uuid4().hex[:12]}", demo=True)
    made = House(
        settings=settings,
        database=database,
        clock=clock,
        vault=Vault.open(settings),
        faces=faces,
        model=credit.CreditModel.load(CREDIT / "models" / "taiwan-1"),
        policy=credit.Policy.load(CREDIT / "policies" / "personal-2026-11.toml"),
    )
    with made.begin() as db:
        decisions.remember(db=db, clock=clock, models=[made.model], policies=[made.policy])
    return made


@pytest.fixture
def world(house: House) -> worlds.World:
    return worlds.build(house, FOLK)


@pytest.fixture
def approved(house: House) -> list[dict[str, Any]]:
    """Invented people whom the policy approves by itself, found by asking it."""
    from xinqiao.demo.book.vintages import facts_of

    def outcome(person: dict[str, Any]) -> str:
        return credit.decide(
            model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts_of(person)
        ).outcome.value

    return [person for person in FOLK if outcome(person) == "approve"]


@pytest.fixture
def received(house: House, world: worlds.World) -> Callable[..., UUID]:
    def receive(person: dict[str, Any], **changes: Any) -> UUID:
        body = {**person["application"], **changes}
        return applying.receive(house, scene=world.shop, body=body, portrait=None, key=str(new_id())).application.id

    return receive


@pytest.fixture
def walk(house: House) -> Callable[..., Outcome]:
    def go(application: UUID, name: str, **more: Any) -> Outcome:
        return Applicant(ApplicantJourneys(house), name, more.pop("clip", None), **more).walk(application)

    return go


@pytest.fixture
def stage_of(house: House) -> Callable[[UUID], str]:
    def stage(application: UUID) -> str:
        with house.begin() as db:
            return intake.get(db=db, application=application).stage.value

    return stage


@pytest.fixture
def risk() -> Actor:
    return RISK


@pytest.fixture
def folk() -> list[dict[str, Any]]:
    return FOLK
