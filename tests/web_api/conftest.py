"""One house with the demo's world, in a tenant of its own, behind the real application; each test brings partners of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, literal, select, union_all

from tests.conftest import NOW
from xinqiao import credit, partners
from xinqiao.app import create_app
from xinqiao.credit import service as decisions
from xinqiao.demo import world as worlds
from xinqiao.demo.book import people
from xinqiao.demo.book.vintages import facts_of
from xinqiao.demo.robot import Applicant, Outcome
from xinqiao.identity import FaceModels
from xinqiao.journeys import ApplicantJourneys, House, applying, lending, reviewing
from xinqiao.kit import Database, FixedClock, Settings, new_id, tables
from xinqiao.partners import SCOPES, Kind, Partner
from xinqiao.servicing import Loan
from xinqiao.vault import Actor, Vault

CREDIT = Path(credit.__file__).parent
FOLK = [person for person in people(200) if person["application"]["kind"] == "personal"]
RISK = Actor("operator", "reviewer-1", frozenset({"risk"}))


@dataclass(frozen=True)
class Caller:
    """A partner with a key, and how it talks to us."""

    partner: Partner
    secret: str
    client: TestClient

    def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.secret}"} | ({"Idempotency-Key": key} if key else {}) | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Response:
        """With a fresh Idempotency-Key, unless one is given."""
        return self.ask("POST", path, **({"key": str(new_id())} | more))


@pytest.fixture(scope="session")
def faces() -> FaceModels:
    return FaceModels.load()


@pytest.fixture(scope="session")
def new_house(database: Database, faces: FaceModels, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    def make() -> House:
        settings = Settings(home=tmp_path_factory.mktemp("home"), tenant=f"t{uuid4().hex[:12]}", demo=True)
        made = House(
            settings=settings,
            database=database,
            clock=FixedClock(NOW),
            vault=Vault.open(settings),
            faces=faces,
            model=credit.CreditModel.load(CREDIT / "models" / "taiwan-1"),
            policy=credit.Policy.load(CREDIT / "policies" / "personal-2026-11.toml"),
        )
        with made.begin() as db:
            decisions.remember(db=db, clock=made.clock, models=[made.model], policies=[made.policy])
        return made

    return make


@pytest.fixture(scope="session")
def house(new_house: Callable[[], House]) -> House:
    return new_house()


@pytest.fixture(scope="session")
def clock(house: House) -> FixedClock:
    assert isinstance(house.clock, FixedClock)
    return house.clock


@pytest.fixture(scope="session")
def world(house: House) -> worlds.World:
    return worlds.build(house, FOLK)


@pytest.fixture(scope="session")
def client(house: House, world: worlds.World) -> Iterator[TestClient]:
    """What goes wrong inside is answered as it would be over the network, not raised into the test."""
    with TestClient(create_app(house=house, work=False), raise_server_exceptions=False, follow_redirects=False) as made:
        yield made


Register = Callable[..., Caller]


@pytest.fixture(scope="session")
def caller(house: House, client: TestClient) -> Register:
    """A new partner with a key of all its kind's scopes, or of those given; or a key of the partner given."""

    def make(kind: Kind, *, scopes: Any = None, partner: Partner | None = None) -> Caller:
        with house.begin() as db:
            if partner is None:
                code = f"p-{uuid4().hex[:12]}"
                partner = partners.register(db=db, clock=house.clock, kind=kind, code=code, name=code, name_zh="某某")
            issued = partners.issue_key(db=db, clock=house.clock, partner=partner.id, scopes=scopes or SCOPES[kind], environment="test")
        assert issued.secret
        return Caller(partner, issued.secret, client)

    return make


@pytest.fixture
def scene(caller: Register) -> Caller:
    return caller(Kind.SCENE)


@pytest.fixture
def funder(caller: Register) -> Caller:
    return caller(Kind.FUNDER)


@pytest.fixture(scope="session")
def body() -> Callable[..., dict[str, Any]]:
    """The body of an application of somebody; fields may be changed, or dropped by Ellipsis."""

    def make(**changes: Any) -> dict[str, Any]:
        return {name: value for name, value in (FOLK[0]["application"] | changes).items() if value is not ...}

    return make


@dataclass(frozen=True)
class Lent:
    """A loan that was made, and those who may see it."""

    loan: Loan
    journeys: ApplicantJourneys
    person: dict[str, Any]
    funder: Caller
    guarantor: Caller | None


@pytest.fixture(scope="session")
def lend(house: House, world: worlds.World, client: TestClient, caller: Register) -> Callable[..., Lent]:
    """Take somebody, whom the policy approves, all the way to a loan; in band C most funders want a guarantor."""
    approved = iter([person for person in FOLK if _outcome(house, person) == "approve"])

    def make(band: str = "B") -> Lent:
        person = next(approved)
        application = applying.receive(house, scene=world.shop, body=person["application"], portrait=None, key=str(new_id())).application.id
        walk(house, application, person["name"])
        reviewing.approve(house, application, by=RISK, why="document checked by hand", band=band)
        for code, key in world.answer_keys.items():
            accept_all(Caller(world.funders[code], key, client))
        end = walk(house, application, person["name"])
        assert end.ended == "loan", end
        with house.begin() as db:
            loan = lending.loan_of(db, application)
            funder = partners.get(db=db, partner=loan.funder_id)
            backer = partners.get(db=db, partner=loan.guarantor_id) if loan.guarantor_id else None
        guarantor = caller(Kind.GUARANTOR, partner=backer) if backer else None
        return Lent(loan, ApplicantJourneys(house), person, caller(Kind.FUNDER, partner=funder), guarantor)

    return make


@pytest.fixture(scope="session")
def lent(lend: Callable[..., Lent]) -> Lent:
    return lend()


@pytest.fixture(scope="session")
def backed(lend: Callable[..., Lent]) -> Lent:
    """A loan that a guarantor stands for."""
    return next(one for one in (lend(band="C") for _ in range(8)) if one.guarantor is not None)


def accept_all(funder: Caller) -> None:
    """Answer yes to whatever a funder that decides for itself is asked."""
    for question in funder.get("/v1/funder/questions").json():
        assert funder.post(f"/v1/funder/questions/{question['id']}/answer", json={"accept": True}).status_code == 200


def walk(house: House, application: Any, name: str, **more: Any) -> Outcome:
    return Applicant(ApplicantJourneys(house), name, None, **more).walk(application)


def _outcome(house: House, person: dict[str, Any]) -> str:
    facts = facts_of(person)
    return credit.decide(model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts).outcome.value


@pytest.fixture
def rows(house: House) -> Callable[[], dict[str, int]]:
    """How many rows the tenant has of each kind; buckets of requests aside, which a refused request may open."""

    def counted() -> dict[str, int]:
        named = [table for table in tables.sorted_tables if "tenant" in table.c and table.name != "partner_rate_bucket"]
        with house.begin() as db:
            found = db.execute(union_all(*(select(literal(one.name), func.count()).select_from(one) for one in named)))
            return dict(found.tuples().all())

    return counted


def is_problem(answer: Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem as RFC 9457 has it, of this status and code, and says something."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["code"] == code, told
    assert told["status"] == status
    assert told["type"] == f"urn:xinqiao:problem:{code}"
    assert len(told["detail"]) > 15
    assert told["title"]
    assert answer.headers["x-request-id"]
    return told
