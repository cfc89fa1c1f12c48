"""Keys are renewed while everyone goes on reading."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import text

from xinqiao import vault as v
from xinqiao.kit import Database, Settings
from xinqiao.vault import Actor, Field, Purpose, Vault
from xinqiao.vault.access import Gate
from xinqiao.vault.audit import Signer
from xinqiao.vault.cipher import seal, unseal
from xinqiao.vault.errors import KeyMissing, KeySourceFixed
from xinqiao.vault.keyring import IndexKey

SERVICE = Actor("service", "tests")


def people_of(database: Database, tenant: str, vault: Vault, clock, count: int) -> list[UUID]:
    with database.begin(tenant=tenant) as db:
        people = v.enrol_many(db=db, vault=vault, clock=clock, count=count)
        v.put_many(db=db, vault=vault, clock=clock, values={one: {Field.NAME: f"人{n}"} for n, one in enumerate(people)})
    return people


def test_rotation_goes_by_batches_until_none_is_left(database: Database, tenant, vault, clock) -> None:
    people = people_of(database, tenant, vault, clock, 25)
    assert vault.keys.renew() == 2
    counts = []
    while not counts or counts[-1]:
        with database.begin(tenant=tenant) as db:
            counts.append(v.rotate(db=db, vault=vault, clock=clock, batch=10))
    assert counts == [10, 10, 5, 0]
    with database.begin(tenant=tenant) as db:
        assert v.stale(db=db, vault=vault) == 0
        found = v.read_many(db=db, vault=vault, clock=clock, people=people, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=SERVICE)
        assert [found[one][Field.NAME] for one in people] == [f"人{n}" for n in range(25)]


def test_everyone_reads_and_writes_throughout_a_rotation(database: Database, tenant, vault, settings, clock) -> None:
    people = people_of(database, tenant, vault, clock, 60)
    failures: list[BaseException] = []
    done = threading.Event()

    def worker(seed: int) -> None:
        mine = Vault.open(settings)
        turn = seed
        while not done.is_set():
            turn += 7
            one = people[turn % len(people)]
            try:
                with database.begin(tenant=tenant) as db:
                    v.put(db=db, vault=mine, clock=clock, person=one, values={Field.OCCUPATION: f"职业{turn}"})
                    asked = {"person": one, "fields": [Field.NAME], "purpose": Purpose.APPLICATION, "actor": SERVICE}
                    assert v.read(db=db, vault=mine, clock=clock, **asked) == {Field.NAME: f"人{turn % len(people)}"}
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=worker, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        vault.keys.renew()
        left = 1
        while left:
            with database.begin(tenant=tenant) as db:
                v.rotate(db=db, vault=vault, clock=clock, batch=9)
                left = v.stale(db=db, vault=vault)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.begin(tenant=tenant) as db:
        assert v.stale(db=db, vault=vault) == 0
        assert v.audit.verify(db, vault).ok


def test_a_retired_version_can_go_once_none_is_stale(database: Database, tenant, vault, settings, clock) -> None:
    (person,) = people_of(database, tenant, vault, clock, 1)
    vault.keys.renew()
    asked = {"clock": clock, "person": person, "fields": [Field.NAME], "purpose": Purpose.APPLICATION, "actor": SERVICE}
    (settings.home / "keys" / "kek.1").rename(settings.home / "kek.1.away")
    with database.begin(tenant=tenant) as db, pytest.raises(KeyMissing, match="version 1 is not here"):
        v.read(db=db, vault=Vault.open(settings), **asked)
    (settings.home / "kek.1.away").rename(settings.home / "keys" / "kek.1")
    with database.begin(tenant=tenant) as db:
        assert v.rotate(db=db, vault=vault, clock=clock) == 1
    (settings.home / "keys" / "kek.1").unlink()
    with database.begin(tenant=tenant) as db:
        assert v.read(db=db, vault=Vault.open(settings), **asked) == {Field.NAME: "人0"}


def test_the_forgotten_are_not_rewrapped(database: Database, tenant, vault, clock) -> None:
    (person,) = people_of(database, tenant, vault, clock, 1)
    with database.begin(tenant=tenant) as db:
        v.forget(db=db, vault=vault, clock=clock, person=person, actor=SERVICE)
    vault.keys.renew()
    with database.begin(tenant=tenant) as db:
        assert v.rotate(db=db, vault=vault, clock=clock) == 0


class Hsm:
    """A key service that never lets its key out: the vault may only ask it to wrap and unwrap."""

    def __init__(self) -> None:
        self._key, self.asked = bytes(range(32)), 0

    @property
    def current(self) -> int:
        return 7

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        self.asked += 1
        return 7, seal(self._key, key, context, "AES-256-GCM-SIV")

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        self.asked += 1
        return unseal(self._key, wrapped, context)

    def fingerprint(self, version: int) -> bytes:
        return b"hsm-7".ljust(16, b"-")

    def renew(self) -> int:
        raise KeySourceFixed("the HSM", "ask its administrator")


def test_a_key_service_fits_behind_the_same_interface(database: Database, tenant, settings: Settings, clock) -> None:
    hsm = Hsm()
    vault = Vault(hsm, IndexKey(b"i" * 32, "sha256"), Gate(), Signer.open(settings.home / "keys"), "AES-256-GCM-SIV")
    (person,) = people_of(database, tenant, vault, clock, 1)
    with database.begin(tenant=tenant) as db:
        asked = {"person": person, "fields": [Field.NAME], "purpose": Purpose.APPLICATION, "actor": SERVICE}
        assert v.read(db=db, vault=vault, clock=clock, **asked) == {Field.NAME: "人0"}
        assert db.execute(text("SELECT kek_version FROM vault_person WHERE person_id = :p"), {"p": person}).scalar() == 7
    assert hsm.asked == 3
