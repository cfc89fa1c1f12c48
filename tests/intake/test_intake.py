from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from xinqiao import intake, partners
from xinqiao import vault as vault_
from xinqiao.intake import InvalidFields, Stage, errors, model, store
from xinqiao.kit import CNY, events, new_id
from xinqiao.kit.idempotency import KeyMalformed
from xinqiao.vault import Field

PERSONAL = ["11010519491231002X", "19491231", "王小明", "13800138000", "建国路", "device-4711"]


def everything_stored(db) -> str:
    """All rows of the intake's tables, of the idempotency table and of the events, as text."""
    found = [db.execute(table.select()).all() for table in (store.application, store.link, events.event)]
    found.append(db.execute(text("SELECT * FROM idempotency_answer")).all())
    return str(found)


def test_an_application_is_taken_in_with_its_facts(submit, body, scene, clock) -> None:
    made = submit(body)
    assert (made.amount, made.term_months, made.loan_purpose, made.region) == (CNY(800000), 12, "household_goods", "110000")
    assert (made.stage, made.version, made.scene_id, made.age_band) == (Stage.RECEIVED, 0, scene.id, "65+")
    assert made.created_at == clock.now()


def test_personal_values_lie_in_the_vault_alone(db, vault, submit, business) -> None:
    made = submit(
        {**business, "email": "wang@example.cn", "monthly_income": "9000.00", "employer": "王记", "bank_account": "6222021234567890128"}
    )
    held = set(vault_.holds(db=db, person=made.person_id))
    assert {Field.NAME, Field.ID_NUMBER, Field.PHONE, Field.ADDRESS, Field.BUSINESS_NAME, Field.BUSINESS_LICENCE, Field.INCOME} <= held
    stored = everything_stored(db)
    assert not [value for value in [*PERSONAL, "王记", "9111", "6222", "9000.00"] if value in stored]


def test_the_event_of_receipt_carries_facts_and_no_person(db, submit, body) -> None:
    made = submit(body)
    (event,) = events.of(db, made.id)
    assert (event.kind, event.person, event.data["amount"]) == (
        "application.received",
        made.person_id,
        {"amount": "8000.00", "currency": "CNY"},
    )
    assert event.data["facts"] == {"known_person": False, "name_differs": False, "phone_differs": False}


def test_a_repeat_under_one_key_returns_the_first_answer(db, submit, body) -> None:
    first = submit(body, key="order-4711")
    again = submit(dict(reversed(body.items())), key="order-4711")
    assert first == again
    assert len(events.of(db, first.id)) == 1


def test_a_repeat_is_answered_even_when_the_rules_have_changed_since(db, vault, clock, scene, submit, body) -> None:
    first = submit(body, key="order-4711")
    smaller = {"personal": replace(intake.PRODUCTS["personal"], most=CNY(100_00))}
    take = {"db": db, "vault": vault, "clock": clock, "scene": scene, "body": body, "products": smaller}
    assert intake.submit(**take, idempotency_key="order-4711") == first
    with pytest.raises(InvalidFields):
        intake.submit(**take, idempotency_key="order-4712")


def test_another_body_under_the_same_key_is_a_conflict(submit, body) -> None:
    submit(body, key="order-4711")
    for other in ({**body, "amount": "8000.01"}, {**body, "reference": "x"}, {}):
        with pytest.raises(errors.IdempotencyMismatch, match="order-4711") as refused:
            submit(other, key="order-4711")
        assert (refused.value.code, refused.value.status) == ("intake.idempotency_mismatch", 409)


def test_two_scenes_may_use_the_same_key(db, clock, submit, body) -> None:
    other = partners.register(db=db, clock=clock, kind="scene", code="other", name="Other", name_zh="别家")
    assert submit(body, key="order-4711").id != submit(body, key="order-4711", by=other).id


def test_a_refused_body_leaves_its_key_free_and_nothing_behind(db, submit, body) -> None:
    with pytest.raises(InvalidFields):
        submit({**body, "phone": "1"}, key="order-4711")
    assert submit(body, key="order-4711").stage is Stage.RECEIVED
    assert db.execute(text("SELECT count(*) FROM application")).scalar_one() == 1


@pytest.mark.parametrize("key", ["", "short", "x" * 201, "密" * 10, "a\nb" * 5, None])
def test_a_key_that_is_none_is_refused(db, vault, clock, scene, body, key) -> None:
    with pytest.raises(KeyMalformed):
        intake.submit(db=db, vault=vault, clock=clock, scene=scene, body=body, idempotency_key=key)


@pytest.mark.parametrize("wrong", [{"name": "王\ud800"}, {"x": {1, 2}, "y": object()}])
def test_a_body_that_json_cannot_express_is_refused(submit, body, wrong) -> None:
    with pytest.raises(InvalidFields):
        submit({**body, **wrong})


def test_only_an_active_scene_submits(db, clock, submit, body, scene) -> None:
    bank = partners.register(db=db, clock=clock, kind="funder", code="bank", name="Bank", name_zh="银行")
    for none in (bank, partners.suspend(db=db, clock=clock, partner=scene.id)):
        with pytest.raises(errors.NotAScene):
            submit(body, by=none)


def test_a_person_is_recognised_by_the_id_number(submit, body) -> None:
    first, second = submit(body), submit({**body, "id_number": "110105 19491231 002x"})
    assert first.person_id == second.person_id
    assert second.facts == {"known_person": True, "name_differs": False, "phone_differs": False}
    assert first.device_index == second.device_index


def test_another_name_under_a_known_id_number_is_noted_and_never_renames_the_person(db, vault, clock, submit, body) -> None:
    first = submit(body)
    stranger = {**body, "name": "李四", "phone": "13900139000"}
    facts = [submit(stranger).facts for _ in range(2)]
    assert facts[0] == {"known_person": True, "name_differs": True, "phone_differs": True}
    assert facts[1] == {"known_person": True, "name_differs": True, "phone_differs": False}, "saying it twice makes it no truer"
    assert _held(db, vault, clock, first.person_id) == {Field.NAME: "王小明", Field.PHONE: "+8613900139000"}
    assert submit(body).facts["name_differs"] is False


def _held(db, vault, clock, person):
    asked = {"fields": [Field.NAME, Field.PHONE], "purpose": vault_.Purpose.APPLICATION, "actor": vault_.SYSTEM}
    return vault_.read(db=db, vault=vault, clock=clock, person=person, **asked)


def test_one_key_sent_many_times_at_once_makes_one_application(database, vault, clock, tenant, body) -> None:
    with database.begin(tenant) as db:
        shop = partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")

    def once(_: int) -> intake.Application:
        with database.begin(tenant) as db:
            return intake.submit(db=db, vault=vault, clock=clock, scene=shop, body=body, idempotency_key="order-4711")

    with ThreadPoolExecutor(8) as pool:
        assert len({made.id for made in pool.map(once, range(16))}) == 1


def test_one_new_person_applying_many_times_at_once_is_enrolled_once(database, vault, clock, tenant, body) -> None:
    with database.begin(tenant) as db:
        shop = partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")

    def apply(number: int) -> intake.Application:
        with database.begin(tenant) as db:
            return intake.submit(db=db, vault=vault, clock=clock, scene=shop, body=body, idempotency_key=f"order-{number:05}")

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(apply, range(8)))
    assert len({one.id for one in made}) == 8
    assert len({one.person_id for one in made}) == 1


def test_a_scene_sees_its_own_applications_only(db, clock, submit, body, scene) -> None:
    other = partners.register(db=db, clock=clock, kind="scene", code="other", name="Other", name_zh="别家")
    mine, theirs = submit(body), submit(body, by=other)
    assert intake.get(db=db, application=mine.id, scene=scene.id) == mine
    with pytest.raises(errors.ApplicationUnknown) as refused:
        intake.get(db=db, application=theirs.id, scene=scene.id)
    assert refused.value.status == 404
    assert intake.list(db=db, scene=scene.id).items == [mine]
    assert intake.counts(db=db, scene=other.id) == {Stage.RECEIVED: 1}


def test_another_tenants_application_is_unknown(database, vault, clock, tenant, body) -> None:
    with database.begin(tenant) as db:
        shop = partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")
        made = intake.submit(db=db, vault=vault, clock=clock, scene=shop, body=body, idempotency_key="order-4711")
    with database.begin(f"{tenant}-other") as db, pytest.raises(errors.ApplicationUnknown):
        intake.get(db=db, application=made.id)


def test_pages_follow_each_other_without_a_gap_even_when_many_share_an_instant(db, clock, submit, body) -> None:
    made = []
    for number in range(11):
        made.append(submit(body).id)
        if number % 4 == 3:
            clock.advance(timedelta(seconds=1))
    seen, cursor = [], None
    while True:
        page = intake.list(db=db, limit=3, cursor=cursor)
        seen += [one.id for one in page.items]
        submit(body)  # one that comes in meanwhile does not shift the pages
        if page.next is None:
            break
        cursor = page.next
    assert sorted(seen) == sorted(set(seen))
    assert set(made) <= set(seen)


def test_lists_are_filtered_by_stage_and_person(db, clock, submit, body) -> None:
    one, two = submit(body), submit(body)
    moved = intake.move(db=db, clock=clock, application=one, to=Stage.WITHDRAWN, event="application.withdrawn")
    assert intake.list(db=db, stages=[Stage.WITHDRAWN]).items == [moved]
    assert intake.list(db=db, stages=[Stage.RECEIVED, Stage.REVIEW]).items == [two]
    assert len(intake.list(db=db, person=one.person_id).items) == 2
    assert intake.list(db=db, person=new_id()).items == []


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "密", "MjAyNi0wMS0wMXx4", "a" * 5000, "MjAyNi0wMS0wMVQwMDowMDowMHwwMTljYWZlMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA"],
)
def test_a_cursor_that_is_none_is_refused(db, cursor: str) -> None:
    with pytest.raises(errors.CursorUnknown):
        intake.list(db=db, cursor=cursor)


PATH = [Stage.IDENTIFYING, Stage.SCREENING, Stage.DECIDING, Stage.FUNDING, Stage.OFFERED, Stage.SIGNED, Stage.DISBURSED, Stage.CLOSED]


def test_an_application_goes_the_whole_way_and_each_move_is_told_once(db, clock, submit, body) -> None:
    now = submit(body)
    for to in PATH:
        clock.advance(timedelta(minutes=1))
        now = intake.move(db=db, clock=clock, application=now, to=to, event=f"test.{to}", data={"score": 1})
        assert (now.stage, now.updated_at) == (to, clock.now())
    told = events.of(db, now.id)[1:]
    assert [event.data["to"] for event in told] == [to.value for to in PATH]
    assert (told[0].data["from"], told[0].data["score"], told[0].person) == ("received", 1, now.person_id)
    assert now.stage.is_ended


def test_a_step_that_runs_twice_moves_once(db, clock, submit, body) -> None:
    seen = submit(body)
    first = intake.move(db=db, clock=clock, application=seen, to=Stage.IDENTIFYING, event="test.moved")
    assert intake.move(db=db, clock=clock, application=seen, to=Stage.IDENTIFYING, event="test.moved") == first
    assert [event.kind for event in events.of(db, seen.id)] == ["application.received", "test.moved"]


def test_a_step_that_another_overtook_is_refused(db, clock, submit, body) -> None:
    seen = submit(body)
    intake.move(db=db, clock=clock, application=seen, to=Stage.WITHDRAWN, event="test.withdrawn")
    with pytest.raises(errors.StageMoved, match="withdrawn by now, no longer received") as refused:
        intake.move(db=db, clock=clock, application=seen, to=Stage.IDENTIFYING, event="test.moved")
    assert refused.value.status == 409


def test_a_stage_that_came_round_again_is_not_mistaken_for_the_one_seen(db, clock, submit, body) -> None:
    seen = intake.move(db=db, clock=clock, application=submit(body), to=Stage.REVIEW, event="t.a")
    later = intake.move(db=db, clock=clock, application=seen, to=Stage.SCREENING, event="t.b")
    intake.move(db=db, clock=clock, application=later, to=Stage.REVIEW, event="t.c")
    with pytest.raises(errors.StageMoved):
        intake.move(db=db, clock=clock, application=seen, to=Stage.DECLINED, event="t.d")


@pytest.mark.parametrize("to", [Stage.SIGNED, Stage.DISBURSED, Stage.RECEIVED, Stage.CLOSED])
def test_a_leap_over_stages_is_refused_with_what_is_allowed(db, clock, submit, body, to: Stage) -> None:
    with pytest.raises(errors.TransitionRefused, match="identifying"):
        intake.move(db=db, clock=clock, application=submit(body), to=to, event="t")


def test_many_workers_moving_one_application_move_it_once(database, vault, clock, tenant, body) -> None:
    with database.begin(tenant) as db:
        shop = partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")
        seen = intake.submit(db=db, vault=vault, clock=clock, scene=shop, body=body, idempotency_key="order-4711")

    def step(_: int) -> int:
        with database.begin(tenant) as db:
            return intake.move(db=db, clock=clock, application=seen, to=Stage.IDENTIFYING, event="t.moved").version

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(step, range(16))) == {1}
    with database.begin(tenant) as db:
        assert [event.kind for event in events.of(db, seen.id)].count("t.moved") == 1


def test_the_table_of_transitions_is_whole_and_every_application_can_end() -> None:
    assert set(model.TRANSITIONS) == set(Stage)
    for stage in Stage:
        reached, edge = {stage}, {stage}
        while edge:
            edge = {to for one in edge for to in model.TRANSITIONS[one]} - reached
            reached |= edge
        assert any(one.is_ended for one in reached)


def test_nothing_but_a_signature_leads_to_disbursement() -> None:
    assert [stage for stage in Stage if Stage.DISBURSED in model.TRANSITIONS[stage]] == [Stage.SIGNED]


def test_an_applicant_opens_the_application_by_its_link(db, clock, submit, body) -> None:
    made = submit(body)
    token = intake.issue_link(db=db, clock=clock, application=made.id)
    assert intake.open_link(db=db, clock=clock, token=token) == made
    assert token not in everything_stored(db)


def test_a_link_is_good_for_a_week(db, clock, submit, body) -> None:
    token = intake.issue_link(db=db, clock=clock, application=submit(body).id)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    intake.open_link(db=db, clock=clock, token=token)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(errors.LinkOver) as refused:
        intake.open_link(db=db, clock=clock, token=token)
    assert refused.value.status == 403


def test_revoking_takes_every_link_of_an_application_and_no_other(db, clock, submit, body) -> None:
    one, two = submit(body), submit(body)
    gone = [intake.issue_link(db=db, clock=clock, application=one.id) for _ in range(2)]
    kept = intake.issue_link(db=db, clock=clock, application=two.id)
    assert intake.revoke_links(db=db, clock=clock, application=one.id) == 2
    for token in gone:
        with pytest.raises(errors.LinkOver):
            intake.open_link(db=db, clock=clock, token=token)
    assert intake.open_link(db=db, clock=clock, token=kept) == two


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "密" * 43, "A" * 44, None, 5, "A" * 42 + "\n"])
def test_a_token_of_none_leads_nowhere(db, clock, token) -> None:
    with pytest.raises(errors.LinkUnknown):
        intake.open_link(db=db, clock=clock, token=token)


def test_no_link_is_issued_to_an_application_that_is_none(db, clock) -> None:
    with pytest.raises(errors.ApplicationUnknown):
        intake.issue_link(db=db, clock=clock, application=new_id())
