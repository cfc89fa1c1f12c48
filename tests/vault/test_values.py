"""Putting in, correcting, finding, dropping and forgetting."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from xinqiao import vault as v
from xinqiao.kit import Database, FixedClock, Settings, canonical
from xinqiao.vault import Actor, Field, Purpose, Vault
from xinqiao.vault.errors import CiphertextDamaged, KeyWrong, ValueMalformed

SERVICE = Actor("service", "tests")
ID = "11010519491231002X"


def enrolled(db: Connection, vault: Vault, clock: FixedClock, values: dict[Field, str | bytes]) -> UUID:
    person = v.enrol(db=db, vault=vault, clock=clock)
    v.put(db=db, vault=vault, clock=clock, person=person, values=values)
    return person


def read(db: Connection, vault: Vault, clock: FixedClock, person: UUID, *fields: Field) -> dict[Field, str | bytes]:
    return v.read(db=db, vault=vault, clock=clock, person=person, fields=fields, purpose=Purpose.RIGHTS, actor=SERVICE)


@pytest.mark.parametrize("cipher", ["AES-256-GCM-SIV", "SM4-GCM"])
def test_nothing_of_a_value_is_in_the_tables(database: Database, tenant, settings: Settings, clock, cipher) -> None:
    vault = Vault.open(settings.model_copy(update={"cipher": cipher}))
    secret = "卓文君-4417-secret"
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock, {Field.NAME: secret, Field.PHONE: "13800138000"})
        v.put(db=db, vault=vault, clock=clock, person=person, values={Field.PHONE: "13900139000"})
    with database.admin.connect() as admin:
        for table in ("vault_person", "vault_value", "vault_index", "vault_basis", "audit_entry"):
            rows = admin.execute(text(f"SELECT t::text FROM {table} t WHERE tenant = :tenant"), {"tenant": tenant}).scalars().all()
            stored = "".join(rows)
            assert rows
            for hidden in (secret, "13800138000", "13900139000"):
                assert hidden not in stored
                assert hidden.encode().hex() not in stored


def test_both_ciphers_stay_readable_whichever_is_set(own, settings: Settings, clock) -> None:
    aes = Vault.open(settings)
    person = enrolled(own, aes, clock, {Field.NAME: "张三"})
    sm4 = Vault.open(settings.model_copy(update={"cipher": "SM4-GCM"}))
    v.put(db=own, vault=sm4, clock=clock, person=person, values={Field.PHONE: "13800138000"})
    other = enrolled(own, sm4, clock, {Field.NAME: "李四"})
    for vault in (aes, sm4):
        assert read(own, vault, clock, person, Field.NAME, Field.PHONE) == {Field.NAME: "张三", Field.PHONE: "13800138000"}
        assert read(own, vault, clock, other, Field.NAME) == {Field.NAME: "李四"}


def test_a_correction_is_on_record_by_version_and_digest_only(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.PHONE: "13800138000"})
    v.put(db=own, vault=vault, clock=clock, person=person, values={Field.PHONE: "13900139000"}, actor=Actor("person", str(person)))
    first, second = (entry for entry in v.audit.of(own, person=person) if entry.kind in ("vault.written", "vault.corrected"))
    (was,), (now,) = first.data["fields"], second.data["fields"]
    assert (second.kind, second.actor) == ("vault.corrected", f"person:{person}")
    assert (was["version"], was["replaced"], now["version"]) == (1, None, 2)
    assert now["replaced"] == was["digest"] != now["digest"]
    assert b"139" not in canonical(now["field"])
    assert read(own, vault, clock, person, Field.PHONE) == {Field.PHONE: "13900139000"}


def test_putting_the_same_again_changes_nothing(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.PHONE: "13800138000"})
    before = len(v.audit.of(own, person=person))
    v.put(db=own, vault=vault, clock=clock, person=person, values={Field.PHONE: "13800138000"})
    assert len(v.audit.of(own, person=person)) == before


def test_equal_values_of_two_people_have_different_digests(own, vault, clock) -> None:
    people = [enrolled(own, vault, clock, {Field.NAME: "张三"}) for _ in range(2)]
    digests = {v.audit.of(own, person=person)[-1].data["fields"][0]["digest"] for person in people}
    assert len(digests) == 2


def test_a_person_is_found_by_any_spelling_of_an_indexed_value(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.ID_NUMBER: ID, Field.PHONE: "+86 138 0013 8000"})
    assert v.find(db=own, vault=vault, field=Field.ID_NUMBER, value=ID.lower()) == person
    assert v.find(db=own, vault=vault, field=Field.PHONE, value="13800138000") == person
    assert v.find(db=own, vault=vault, field=Field.PHONE, value="13800138001") is None
    v.put(db=own, vault=vault, clock=clock, person=person, values={Field.PHONE: "13900139000"})
    assert v.find(db=own, vault=vault, field=Field.PHONE, value="13800138000") is None


def test_a_value_that_several_share_finds_no_one_in_particular(own, vault, clock) -> None:
    for _ in range(2):
        enrolled(own, vault, clock, {Field.PHONE: "13800138000"})
    with pytest.raises(v.AmbiguousMatch, match="2 people share this phone"):
        v.find(db=own, vault=vault, field=Field.PHONE, value="13800138000")


def test_an_id_number_belongs_to_one_person(own, vault, clock) -> None:
    enrolled(own, vault, clock, {Field.ID_NUMBER: ID})
    with pytest.raises(v.IdentityTaken):
        enrolled(own, vault, clock, {Field.ID_NUMBER: ID})


def test_two_at_once_cannot_both_take_an_id_number(database: Database, tenant, vault, clock) -> None:
    def attempt(_: int) -> bool:
        try:
            with database.begin(tenant=tenant) as db:
                enrolled(db, vault, clock, {Field.ID_NUMBER: ID})
        except v.IdentityTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    with database.begin(tenant=tenant) as db:
        assert v.find(db=db, vault=vault, field=Field.ID_NUMBER, value=ID) is not None
        assert v.audit.verify(db, vault).ok


@pytest.mark.parametrize(
    ("field", "value"), [(Field.NAME, b"bytes"), (Field.SELFIE, "text"), (Field.NAME, ""), (Field.NAME, None), (Field.NAME, "x" * 200_001)]
)
def test_a_value_of_the_wrong_kind_is_refused(own, vault, clock, field, value) -> None:
    person = v.enrol(db=own, vault=vault, clock=clock)
    with pytest.raises(ValueMalformed, match=field):
        v.put(db=own, vault=vault, clock=clock, person=person, values={field: value})


def test_an_unknown_field_is_refused_by_name(own, vault, clock) -> None:
    person = v.enrol(db=own, vault=vault, clock=clock)
    with pytest.raises(ValueMalformed, match="shoe_size"):
        v.put(db=own, vault=vault, clock=clock, person=person, values={"shoe_size": "42"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE vault_value a SET sealed = b.sealed, version = b.version FROM vault_value b WHERE b.tenant = a.tenant AND a.field = 'name' AND b.field = 'phone'"
        " AND b.person_id = a.person_id AND a.tenant = :tenant",
        "UPDATE vault_value a SET sealed = b.sealed FROM vault_value b WHERE b.tenant = a.tenant AND a.field = 'name' AND b.field = 'name'"
        " AND b.person_id <> a.person_id AND a.tenant = :tenant",
        "UPDATE vault_value SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE field = 'name' AND tenant = :tenant",
        "UPDATE vault_value SET version = version + 1 WHERE field = 'name' AND tenant = :tenant",
    ],
    ids=["field", "person", "byte", "version"],
)
def test_ciphertext_moved_or_changed_in_the_table_does_not_open(database: Database, tenant, vault, clock, moved: str) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock, {Field.NAME: "张三", Field.PHONE: "13800138000"})
        enrolled(db, vault, clock, {Field.NAME: "李四", Field.PHONE: "13900139000"})
    with database.admin.begin() as admin:
        admin.execute(text(moved), {"tenant": tenant})
    with database.begin(tenant=tenant) as db, pytest.raises(CiphertextDamaged, match="name"):
        read(db, vault, clock, person, Field.NAME)


def test_wrapped_keys_exchanged_in_the_table_do_not_open(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock, {Field.NAME: "张三"})
        enrolled(db, vault, clock, {Field.NAME: "李四"})
    with database.admin.begin() as admin:
        swap = "UPDATE vault_person a SET wrapped_key = b.wrapped_key FROM vault_person b WHERE b.tenant = a.tenant AND b.person_id <> a.person_id"
        admin.execute(text(swap + " AND a.tenant = :tenant"), {"tenant": tenant})
    with database.begin(tenant=tenant) as db, pytest.raises(KeyWrong):
        read(db, vault, clock, person, Field.NAME)


def test_a_worker_with_other_keys_cannot_write(database: Database, tenant, vault, settings, tmp_path, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock, {Field.NAME: "张三"})
    stray = Vault.open(settings.model_copy(update={"home": tmp_path / "another"}))
    with pytest.raises(KeyWrong), database.begin(tenant=tenant) as db:
        v.enrol(db=db, vault=stray, clock=clock)
    with pytest.raises(KeyWrong), database.begin(tenant=tenant) as db:
        v.put(db=db, vault=stray, clock=clock, person=person, values={Field.NAME: "李四"})


def test_dropped_fields_are_gone_and_on_record(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.SELFIE: b"jpeg", Field.PHONE: "13800138000", Field.NAME: "张三"})
    assert v.drop(db=own, vault=vault, clock=clock, person=person, fields=[Field.SELFIE, Field.PHONE, Field.EMAIL]) == ["phone", "selfie"]
    assert v.holds(db=own, person=person) == [Field.NAME]
    assert v.find(db=own, vault=vault, field=Field.PHONE, value="13800138000") is None
    assert v.audit.of(own, person=person)[-1].data["fields"] == ["phone", "selfie"]


def test_a_forgotten_person_is_a_tombstone(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.NAME: "张三", Field.ID_NUMBER: ID, Field.PHONE: "13800138000"})
    v.forget(db=own, vault=vault, clock=clock, person=person, actor=Actor("person", str(person)))
    with pytest.raises(v.PersonForgotten):
        read(own, vault, clock, person, Field.NAME)
    with pytest.raises(v.PersonForgotten):
        v.put(db=own, vault=vault, clock=clock, person=person, values={Field.NAME: "张三"})
    assert v.find(db=own, vault=vault, field=Field.ID_NUMBER, value=ID) is None
    assert not any(v.has_basis(own, person, purpose, clock.now()) for purpose in Purpose)
    row = own.execute(text("SELECT wrapped_key, forgotten_at FROM vault_person WHERE person_id = :p"), {"p": person}).one()
    assert row.wrapped_key is None
    assert row.forgotten_at == clock.now()
    assert "vault.forgotten" in [entry.kind for entry in v.audit.of(own, person=person)]
    assert v.audit.verify(own, vault).ok


def test_forgetting_twice_is_forgetting_once_and_the_id_number_is_free_again(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.ID_NUMBER: ID})
    for _ in range(2):
        v.forget(db=own, vault=vault, clock=clock, person=person, actor=SERVICE)
    assert sum(entry.kind == "vault.forgotten" for entry in v.audit.of(own, person=person)) == 1
    assert enrolled(own, vault, clock, {Field.ID_NUMBER: ID}) != person


@pytest.mark.parametrize(
    "actor", [Actor("person", "another"), Actor("operator", "o", frozenset({"risk"})), Actor("scene", "s"), Actor("funder", "f")]
)
def test_not_everyone_may_forget_a_person(own, vault, clock, actor: Actor) -> None:
    person = enrolled(own, vault, clock, {Field.NAME: "张三"})
    with pytest.raises(v.AccessDenied):
        v.forget(db=own, vault=vault, clock=clock, person=person, actor=actor)
    with pytest.raises(v.AccessDenied):
        v.drop(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], actor=actor)
    assert read(own, vault, clock, person, Field.NAME) == {Field.NAME: "张三"}


def test_a_correction_racing_a_forgetting_leaves_nothing_readable(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        people = [enrolled(db, vault, clock, {Field.PHONE: f"1380013{n:04}"}) for n in range(12)]

    def forget(person: UUID) -> None:
        with database.begin(tenant=tenant) as db:
            v.forget(db=db, vault=vault, clock=clock, person=person, actor=SERVICE)

    def correct(person: UUID) -> None:
        try:
            with database.begin(tenant=tenant) as db:
                v.put(db=db, vault=vault, clock=clock, person=person, values={Field.PHONE: "13900139000"})
        except v.PersonForgotten:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: job[0](job[1]), [(verb, person) for person in people for verb in (correct, forget)]))
    with database.begin(tenant=tenant) as db:
        assert v.find(db=db, vault=vault, field=Field.PHONE, value="13900139000") is None
        assert v.audit.verify(db, vault).ok
