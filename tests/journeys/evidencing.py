"""A house with one loan in it, made once for a module, and what its evidence pack is altered with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from xinqiao import credit
from xinqiao.credit import service as decisions
from xinqiao.demo import world as worlds
from xinqiao.demo.book import people
from xinqiao.demo.book.vintages import facts_of
from xinqiao.demo.robot import Applicant
from xinqiao.identity import FaceModels
from xinqiao.journeys import ApplicantJourneys, House, applying, reviewing
from xinqiao.journeys.evidence import Report, export, pack, verify
from xinqiao.kit import Database, FixedClock, Settings, canonical, new_id
from xinqiao.vault import Actor, Vault

from ..conftest import NOW

REVIEWER = Actor("operator", "reviewer-1", frozenset({"risk"}))
FOLK = [person for person in people(60) if person["application"]["kind"] == "personal"]


@dataclass(frozen=True)
class Lent:
    """A loan with one repayment, and its pack."""

    house: House
    clock: FixedClock
    person: Mapping[str, Any]
    application: UUID
    private: bytes
    path: Path
    files: Mapping[str, bytes]

    def check(self, path: Path, **more: Any) -> Report:
        return verify(path, **{"trusted": self.house.vault.signer.public_keys, "receiver_key": self.private, **more})

    def tampered(self, files: Mapping[str, bytes], path: Path) -> Report:
        return self.check(pack.write(path, files))


def new_house(database: Database, clock: FixedClock, home: Path) -> tuple[House, worlds.World]:
    settings = Settings(home=home, tenant=f"t{uuid4().hex[:12]}", demo=True)
    model, policy = credit.shipped.model(), credit.shipped.policy()
    made = House(settings, database, clock, Vault.open(settings), FaceModels.load(), model, policy)
    with made.begin() as db:
        decisions.remember(db=db, clock=clock, models=[model], policies=[policy])
    return made, worlds.build(made, FOLK)


def approved(house: House) -> list[dict[str, Any]]:
    """Invented people whom the policy approves by itself."""

    def outcome(person: dict[str, Any]) -> str:
        facts = facts_of(person)
        return str(credit.decide(model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts).outcome)

    return [person for person in FOLK if outcome(person) == "approve"]


def apply(house: House, world: worlds.World, person: Mapping[str, Any], portrait: bytes | None = None) -> UUID:
    sent = applying.receive(house, scene=world.shop, body=person["application"], portrait=portrait, key=str(new_id()))
    return sent.application.id


def walk(house: House, application: UUID, person: Mapping[str, Any], **more: Any) -> str:
    return Applicant(ApplicantJourneys(house), person["name"], more.pop("clip", None), **more).walk(application).ended


def lend(house: House, clock: FixedClock, world: worlds.World, person: Mapping[str, Any]) -> UUID:
    """By way of a reviewer, and with one instalment paid."""
    application = apply(house, world, person)
    assert walk(house, application, person) == "review"
    reviewing.approve(house, application, by=REVIEWER, why="document checked by hand", band="B")
    assert walk(house, application, person) == "loan"
    clock.advance(timedelta(days=31))
    journeys = ApplicantJourneys(house)
    due = journeys.loan(application).next_amount
    assert due is not None
    journeys.pay(application, amount=due, key="first")
    return application


@pytest.fixture(scope="module")
def lent(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Lent:
    clock, folder = FixedClock(NOW), tmp_path_factory.mktemp("evidence")
    house, world = new_house(database, clock, folder / "home")
    person = approved(house)[0]
    application = lend(house, clock, world, person)
    key = X25519PrivateKey.generate()
    path = export(house, application, receiver=key.public_key().public_bytes_raw(), out=folder / "pack.zip")
    return Lent(house, clock, person, application, key.private_bytes_raw(), path, pack.read(path))


def changed(files: Mapping[str, bytes], name: str, change: Callable[[Any], Any]) -> dict[str, bytes]:
    """The members with one JSON member changed; `change` alters it in place or returns another."""
    value = json.loads(files[name])
    return {**files, name: canonical(change(value) or value)}


def listed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The members with a manifest that lists them as they are, under the old signature."""
    manifest = json.loads(files[pack.MANIFEST])
    manifest["files"] = pack.described({name: data for name, data in files.items() if name not in (pack.MANIFEST, pack.SIGNATURE)})
    return {**files, pack.MANIFEST: canonical(manifest)}
