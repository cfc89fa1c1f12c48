"""Who may read what: bases, policies, refusals on record, masks, lists, tenants."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, text

from xinqiao import vault as v
from xinqiao.kit import Database, FixedClock, new_id
from xinqiao.vault import Actor, Basis, Field, Purpose, Vault, access
from xinqiao.vault.errors import PolicyInvalid, SourceMissing

SERVICE = Actor("service", "tests")
RISK = Actor("operator", "0190", frozenset({"risk"}))
VIEWER = Actor("operator", "0191", frozenset({"viewer"}))
ADMIN = Actor("operator", "0192", frozenset({"admin"}))

PERSON = {Field.NAME: "张小明", Field.ID_NUMBER: "11010519491231002X", Field.PHONE: "13800138000", Field.INCOME: "8000"}


def enrolled(db: Connection, vault: Vault, clock: FixedClock, values: dict[Field, str | bytes] | None = None) -> UUID:
    person = v.enrol(db=db, vault=vault, clock=clock)
    v.put(db=db, vault=vault, clock=clock, person=person, values=PERSON if values is None else values)
    return person


def test_a_service_reads_what_the_application_needs(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    fields = [Field.NAME, Field.PHONE, Field.ADDRESS]
    found = v.read(db=own, vault=vault, clock=clock, person=person, fields=fields, purpose=Purpose.APPLICATION, actor=SERVICE)
    assert found == {Field.NAME: "张小明", Field.PHONE: "13800138000"}


def test_bytes_come_back_as_bytes(own, vault, clock) -> None:
    person = enrolled(own, vault, clock, {Field.FACE_TEMPLATE: b"\x00\xff", Field.NAME: "b"})
    v.grant_basis(own, Basis(person, Purpose.IDENTITY, "consent:1"), clock.now())
    fields = [Field.FACE_TEMPLATE, Field.NAME]
    found = v.read(db=own, vault=vault, clock=clock, person=person, fields=fields, purpose=Purpose.IDENTITY, actor=SERVICE)
    assert found == {Field.FACE_TEMPLATE: b"\x00\xff", Field.NAME: "b"}


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose.needs_consent])
def test_no_consent_purpose_is_readable_without_its_own_basis(own, vault, clock, purpose: Purpose) -> None:
    person = enrolled(own, vault, clock)
    others = [one for one in Purpose if one.needs_consent and one is not purpose]
    v.grant_bases(own, [Basis(person, one, f"consent:{one}") for one in others], clock.now())
    with pytest.raises(v.AccessDenied, match="no consent"):
        v.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=purpose, actor=SERVICE)


@pytest.mark.parametrize("purpose", [Purpose.SERVICING, Purpose.COLLECTION])
def test_servicing_and_collection_need_a_contract(own, vault, clock, purpose: Purpose) -> None:
    person = enrolled(own, vault, clock)
    asked = {"db": own, "vault": vault, "clock": clock, "person": person, "fields": [Field.PHONE], "purpose": purpose, "actor": SERVICE}
    with pytest.raises(v.AccessDenied):
        v.read(**asked)
    v.grant_basis(own, Basis(person, purpose, "contract:1"), clock.now())
    assert v.read(**asked) == {Field.PHONE: "13800138000"}


@pytest.mark.parametrize(
    ("actor", "field", "purpose"),
    [
        (SERVICE, Field.INCOME, Purpose.MARKETING),
        (SERVICE, Field.ID_NUMBER, Purpose.COLLECTION),
        (SERVICE, Field.CONTACT_PHONE, Purpose.COLLECTION),
        (SERVICE, Field.SELFIE, Purpose.APPLICATION),
        (SERVICE, Field.TEMPLATE_KEY, Purpose.RIGHTS),
        (SERVICE, Field.PORTRAIT, Purpose.FUNDER_SHARING),
        (RISK, Field.FACE_TEMPLATE, Purpose.IDENTITY),
        (RISK, Field.NAME, Purpose.MARKETING),
        (VIEWER, Field.NAME, Purpose.APPLICATION),
        (ADMIN, Field.NAME, Purpose.APPLICATION),
        (Actor("scene", "shop"), Field.NAME, Purpose.APPLICATION),
        (Actor("person", "someone-else"), Field.NAME, Purpose.RIGHTS),
        (Actor("operator", "x", frozenset({"risk", "viewer"})), Field.NAME, Purpose.RIGHTS),
    ],
)
def test_a_basis_does_not_open_what_the_purpose_or_the_role_has_no_need_of(own, vault, clock, actor, field, purpose) -> None:
    person = enrolled(own, vault, clock)
    v.grant_basis(own, Basis(person, purpose, "consent:1"), clock.now())
    with pytest.raises(v.AccessDenied):
        v.read(db=own, vault=vault, clock=clock, person=person, fields=[field], purpose=purpose, actor=actor)


def test_one_field_too_many_refuses_the_whole_read(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    v.grant_basis(own, Basis(person, Purpose.MARKETING, "consent:1"), clock.now())
    asked = {"db": own, "vault": vault, "clock": clock, "person": person, "purpose": Purpose.MARKETING, "actor": SERVICE}
    assert v.read(**asked, fields=[Field.NAME]) == {Field.NAME: "张小明"}
    with pytest.raises(v.AccessDenied, match="id_number"):
        v.read(**asked, fields=[Field.NAME, Field.ID_NUMBER])


def test_a_funder_reads_only_what_was_shared_with_it(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    v.grant_basis(own, Basis(person, Purpose.FUNDER_SHARING, "consent:1", recipient="bank-a"), clock.now())
    asked = {"db": own, "vault": vault, "clock": clock, "person": person, "fields": [Field.NAME], "purpose": Purpose.FUNDER_SHARING}
    assert v.read(**asked, actor=Actor("funder", "bank-a"), recipient="bank-a") == {Field.NAME: "张小明"}
    assert v.read(**asked, actor=SERVICE, recipient="bank-a") == {Field.NAME: "张小明"}
    for actor, recipient in [
        (Actor("funder", "bank-b"), "bank-a"),
        (Actor("funder", "bank-b"), "bank-b"),
        (SERVICE, "bank-b"),
        (SERVICE, None),
    ]:
        with pytest.raises(v.AccessDenied):
            v.read(**asked, actor=actor, recipient=recipient)


def test_a_basis_runs_out_and_does_not_begin_early(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    now = clock.now()
    v.grant_basis(own, Basis(person, Purpose.MARKETING, "consent:1", until=now + timedelta(days=1)), now)
    assert v.has_basis(own, person, Purpose.MARKETING, now)
    assert not v.has_basis(own, person, Purpose.MARKETING, now - timedelta(seconds=1))
    assert not v.has_basis(own, person, Purpose.MARKETING, now + timedelta(days=1))
    clock.advance(timedelta(days=1))
    with pytest.raises(v.AccessDenied):
        v.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.MARKETING, actor=SERVICE)


def test_ending_a_basis_ends_access_at_once_in_every_process(database: Database, tenant, vault, settings, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock)
        v.grant_basis(db, Basis(person, Purpose.MARKETING, "consent:1"), clock.now())
    other = Vault.open(settings)
    asked = {"clock": clock, "person": person, "fields": [Field.NAME], "purpose": Purpose.MARKETING, "actor": SERVICE}
    with database.begin(tenant=tenant) as reader:
        assert v.read(db=reader, vault=other, **asked)
        with database.begin(tenant=tenant) as db:
            assert v.end_basis(db, person, Purpose.MARKETING, clock.now()) == 1
        with pytest.raises(v.AccessDenied):
            v.read(db=reader, vault=other, **asked)


def test_an_ended_basis_is_not_revived_by_granting_it_again(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    basis = Basis(person, Purpose.MARKETING, "consent:1")
    v.grant_basis(own, basis, clock.now())
    v.end_basis(own, person, Purpose.MARKETING, clock.now())
    v.grant_basis(own, basis, clock.now())
    assert not v.has_basis(own, person, Purpose.MARKETING, clock.now())
    v.grant_basis(own, Basis(person, Purpose.MARKETING, "consent:2"), clock.now())
    assert v.has_basis(own, person, Purpose.MARKETING, clock.now())


def test_a_basis_names_its_source(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    with pytest.raises(SourceMissing, match="must name its source"):
        v.grant_basis(own, Basis(person, Purpose.MARKETING, "because"), clock.now())


def test_every_read_is_on_record_with_purpose_basis_and_policy(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    v.grant_basis(own, Basis(person, Purpose.MARKETING, "consent:abc"), clock.now())
    v.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME, Field.EMAIL], purpose=Purpose.MARKETING, actor=SERVICE)
    entry = v.audit.of(own, person=person)[-1]
    assert (entry.kind, entry.actor, entry.at) == ("vault.read", "service:tests", clock.now())
    assert entry.data == {
        "fields": ["email", "name"],
        "held": {"name": 1},
        "purpose": "marketing",
        "masked": False,
        "basis": ["consent:abc"],
        "policy": ["service-marketing"],
    }


def test_a_refusal_stays_on_record_though_the_caller_rolls_back(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock)

    def attempt() -> None:
        with database.begin(tenant=tenant) as db:
            v.audit.append(db, clock, [v.audit.Entry("test.undone", SERVICE, person)])
            v.read(db=db, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.MARKETING, actor=SERVICE)

    with pytest.raises(v.AccessDenied):
        attempt()
    with database.begin(tenant=tenant) as db:
        kinds = [entry.kind for entry in v.audit.of(db, person=person)]
        assert "vault.refused" in kinds
        assert "test.undone" not in kinds
        refused = next(entry for entry in v.audit.of(db, person=person) if entry.kind == "vault.refused")
        assert refused.data["code"] == "vault.access_denied"
        assert refused.data["purpose"] == "marketing"
        assert v.audit.verify(db, vault).ok


def test_many_refusals_at_once_do_not_starve_the_pool(server: str, database: Database, tenant, vault, clock) -> None:
    small = Database(database.url.render_as_string(hide_password=False), pool_size=2)
    with small.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock)

    def refused(_: int) -> bool:
        with pytest.raises(v.AccessDenied), small.begin(tenant=tenant) as db:
            v.read(db=db, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.MARKETING, actor=SERVICE)
        return True

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(refused, range(60)))
    with small.begin(tenant=tenant) as db:
        assert sum(entry.kind == "vault.refused" for entry in v.audit.of(db, person=person)) == 60
        assert v.audit.verify(db, vault).ok
    small.close()


def test_an_unknown_person_is_refused_and_on_record(own, vault, clock) -> None:
    stranger = new_id()
    with pytest.raises(v.UnknownPerson):
        v.read(db=own, vault=vault, clock=clock, person=stranger, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=SERVICE)
    assert [entry.kind for entry in v.audit.of(own, person=stranger)] == ["vault.refused"]


def test_another_tenants_person_is_unknown_here(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        person = enrolled(db, vault, clock)
    with database.begin(tenant=tenant + "x") as db, pytest.raises(v.UnknownPerson):
        v.read(db=db, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=SERVICE)


def test_viewers_see_masks_and_administrators_nothing(own, vault, clock) -> None:
    person = enrolled(own, vault, clock)
    asked = {
        "db": own,
        "vault": vault,
        "clock": clock,
        "person": person,
        "fields": [Field.NAME, Field.PHONE],
        "purpose": Purpose.APPLICATION,
    }
    assert v.read_masked(**asked, actor=VIEWER) == {Field.NAME: "张**", Field.PHONE: "138****8000"}
    assert v.audit.of(own, person=person)[-1].data["masked"] is True
    with pytest.raises(v.AccessDenied):
        v.read_masked(**asked, actor=ADMIN)


def test_a_list_leaves_out_whom_it_may_not_show_and_records_why(own, vault, clock) -> None:
    shown = enrolled(own, vault, clock)
    withdrawn = enrolled(own, vault, clock, {Field.NAME: "李四"})
    forgotten = enrolled(own, vault, clock, {Field.NAME: "王五"})
    v.end_basis(own, withdrawn, Purpose.APPLICATION, clock.now())
    v.forget(db=own, vault=vault, clock=clock, person=forgotten, actor=SERVICE)
    people = [shown, withdrawn, forgotten]
    found = v.read_masked_many(
        db=own, vault=vault, clock=clock, people=people, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=VIEWER
    )
    assert found == {shown: {Field.NAME: "张**"}}


def test_a_list_is_read_by_a_fixed_number_of_statements(own, vault, clock) -> None:
    people = v.enrol_many(db=own, vault=vault, clock=clock, count=300)
    counted: list[str] = []
    event.listen(own, "before_cursor_execute", lambda *given: counted.append(given[2]))
    v.put_many(db=own, vault=vault, clock=clock, values={one: {Field.NAME: "某人", Field.PHONE: "13800138000"} for one in people})
    writing = len(counted)
    found = v.read_many(db=own, vault=vault, clock=clock, people=people, fields=list(Field)[:6], purpose=Purpose.APPLICATION, actor=SERVICE)
    assert len(found) == 300
    assert writing <= 9
    assert len(counted) - writing == 3


def test_a_policy_of_the_deployment_takes_effect_at_once(own, vault, clock, settings) -> None:
    person = enrolled(own, vault, clock)
    asked = {"db": own, "vault": vault, "clock": clock, "person": person, "fields": [Field.INCOME], "purpose": Purpose.APPLICATION}
    assert v.read(**asked, actor=RISK)
    folder = settings.home / "policies"
    folder.mkdir()
    (folder / "own.cedar").write_text('@id("no-income") forbid (principal is Operator, action, resource == Field::"income");')
    vault.reload_policies()
    with pytest.raises(v.AccessDenied, match="no-income"):
        v.read(**asked, actor=RISK)


def test_a_changed_policy_file_is_noticed_without_a_restart(own, vault, clock, settings, monkeypatch) -> None:
    monkeypatch.setattr(access, "_LOOK_EVERY_SECONDS", 0.0)
    person = enrolled(own, vault, clock)
    asked = {"db": own, "vault": vault, "clock": clock, "person": person, "fields": [Field.INCOME], "purpose": Purpose.APPLICATION}
    before = vault.gate.epoch
    (settings.home / "policies").mkdir()
    (settings.home / "policies" / "own.cedar").write_text('forbid (principal is Operator, action, resource == Field::"income");')
    with pytest.raises(v.AccessDenied):
        v.read(**asked, actor=RISK)
    assert vault.gate.epoch == before + 1


def test_policies_that_do_not_fit_the_schema_refuse_every_read(own, vault, clock, settings) -> None:
    person = enrolled(own, vault, clock)
    (settings.home / "policies").mkdir()
    (settings.home / "policies" / "own.cedar").write_text("permit (principal, action, resource) when { context.nonsense };")
    with pytest.raises(PolicyInvalid, match="nonsense"):
        vault.reload_policies()
    with pytest.raises(PolicyInvalid):
        v.read(db=own, vault=vault, clock=clock, person=person, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=SERVICE)


def test_the_application_role_cannot_change_the_log(own, vault, clock) -> None:
    enrolled(own, vault, clock)
    for statement in ("UPDATE audit_entry SET kind = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
        with pytest.raises(Exception, match="permission denied"), own.begin_nested():
            own.execute(text(statement))
