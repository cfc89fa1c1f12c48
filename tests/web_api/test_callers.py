"""Who is let in: keys, scopes, kinds, rates; and that nobody sees what is another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from xinqiao import partners
from xinqiao.journeys import House
from xinqiao.kit import FixedClock, new_id
from xinqiao.partners import Kind

from .conftest import Caller, Register, is_problem

Body = Callable[..., dict[str, Any]]
Rows = Callable[[], dict[str, int]]


def test_without_a_key_nothing_is_read(client: TestClient, rows: Rows) -> None:
    before = rows()
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": "xq_live"}):
        answer = client.post("/v1/applications", content=b"{", headers=headers)
        is_problem(answer, 401, "api.key_missing")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert rows() == before


@pytest.mark.parametrize(
    "key", ["x", "xq_live_0123456789abcdef_" + "0" * 64, "xq_live__", "é", "x" * 5000, "xq_live_0123456789abcdeF_" + "0" * 64]
)
def test_an_unknown_key_is_refused(client: TestClient, key: str) -> None:
    answer = client.get("/v1/applications", headers={"Authorization": b"Bearer " + key.encode()})
    is_problem(answer, 401, "partners.key_unknown")


def test_the_key_of_another_tenant_is_unknown(client: TestClient, new_house: Callable[[], House]) -> None:
    other = new_house()
    with other.begin() as db:
        shop = partners.register(db=db, clock=other.clock, kind=Kind.SCENE, code="elsewhere", name="Elsewhere", name_zh="别处")
        key = partners.issue_key(db=db, clock=other.clock, partner=shop.id, scopes=["applications:read"])
    is_problem(client.get("/v1/applications", headers={"Authorization": f"Bearer {key.secret}"}), 401, "partners.key_unknown")


def test_a_revoked_key_is_refused(house: House, scene: Caller) -> None:
    with house.begin() as db:
        partners.revoke_key(db=db, clock=house.clock, key=scene.secret.split("_")[2])
    is_problem(scene.get("/v1/applications"), 401, "partners.key_revoked")


def test_a_rotated_key_works_for_a_week_and_then_its_successor_alone(scene: Caller, clock: FixedClock) -> None:
    old = scene.get("/v1/keys").json()[0]["id"]
    new = scene.post(f"/v1/keys/{old}/rotate")
    assert new.status_code == 201
    successor = Caller(scene.partner, new.json()["secret"], scene.client)
    assert scene.get("/v1/applications").status_code == successor.get("/v1/applications").status_code == 200
    is_problem(scene.post(f"/v1/keys/{old}/rotate"), 409, "partners.key_over")
    clock.advance(timedelta(days=8))
    is_problem(scene.get("/v1/applications"), 401, "partners.key_expired")
    assert successor.get("/v1/applications").status_code == 200
    assert all(one["secret"] is None for one in successor.get("/v1/keys").json())


def test_only_ones_own_keys_are_rotated(scene: Caller, caller: Register) -> None:
    other = caller(Kind.SCENE).get("/v1/keys").json()[0]["id"]
    for id in (other, "x", "%00", "a" * 3000):
        is_problem(scene.post(f"/v1/keys/{id}/rotate"), 404, "api.key_not_yours")


def test_a_suspended_partner_is_refused_until_it_is_resumed(house: House, scene: Caller, body: Body, rows: Rows) -> None:
    with house.begin() as db:
        partners.suspend(db=db, clock=house.clock, partner=scene.partner.id)
    before = rows()
    is_problem(scene.post("/v1/applications", json=body()), 403, "partners.partner_suspended")
    assert rows() == before
    with house.begin() as db:
        partners.resume(db=db, clock=house.clock, partner=scene.partner.id)
    assert scene.post("/v1/applications", json=body()).status_code == 201


def test_a_key_without_the_scope_is_refused(caller: Register, body: Body, rows: Rows) -> None:
    reader = caller(Kind.SCENE, scopes=["applications:read"])
    before = rows()
    told = is_problem(reader.post("/v1/applications", json=body()), 403, "partners.scope_missing")
    assert "applications:write" in told["detail"]
    is_problem(reader.get("/v1/webhooks"), 403, "partners.scope_missing")
    assert rows() == before


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (Kind.SCENE, ["/v1/funder/loans", "/v1/funder/questions", "/v1/guarantor/loans", "/v1/guarantor/capacity"]),
        (Kind.FUNDER, ["/v1/applications", "/v1/guarantor/loans"]),
        (Kind.GUARANTOR, ["/v1/applications", "/v1/funder/offers", "/v1/funder/capacity"]),
    ],
)
def test_a_partner_of_another_kind_is_refused(caller: Register, kind: Kind, paths: list[str]) -> None:
    one = caller(kind)
    for path in paths:
        is_problem(one.get(path), 403, "api.wrong_kind")


def test_a_scene_sees_its_own_applications_alone(caller: Register, body: Body, rows: Rows) -> None:
    mine, theirs = caller(Kind.SCENE), caller(Kind.SCENE)
    made = [mine.post("/v1/applications", json=body()).json()["id"] for _ in range(3)]
    other = theirs.post("/v1/applications", json=body()).json()["id"]
    before = rows()
    for path in (f"/v1/applications/{other}", f"/v1/applications/{new_id()}"):
        is_problem(mine.get(path), 404, "intake.application_unknown")
        is_problem(mine.post(f"{path}/withdraw"), 404, "intake.application_unknown")
    assert rows() == before
    first = mine.get("/v1/applications?limit=2").json()
    second = mine.get(f"/v1/applications?limit=2&cursor={first['next']}").json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    assert theirs.get(f"/v1/applications/{other}").json()["stage"] == "received"


def test_another_tenants_application_is_unknown(scene: Caller, new_house: Callable[[], House], body: Body) -> None:
    from xinqiao.journeys import applying

    other = new_house()
    with other.begin() as db:
        shop = partners.register(db=db, clock=other.clock, kind=Kind.SCENE, code="elsewhere", name="Elsewhere", name_zh="别处")
    made = applying.receive(other, scene=shop, body=body(), portrait=None, key=str(new_id())).application.id
    is_problem(scene.get(f"/v1/applications/{made}"), 404, "intake.application_unknown")
    is_problem(scene.post(f"/v1/applications/{made}/withdraw"), 404, "intake.application_unknown")


def test_too_many_requests_are_told_when_to_come_back(scene: Caller, clock: FixedClock, rows: Rows) -> None:
    answers = [scene.get("/v1/webhooks") for _ in range(11)]
    assert [one.status_code for one in answers[:10]] == [200] * 10
    is_problem(answers[10], 429, "partners.rate_limited")
    wait = int(answers[10].headers["retry-after"])
    before = rows()
    is_problem(scene.post("/v1/webhooks", json={"url": "https://shop.example/"}), 429, "partners.rate_limited")
    assert rows() == before
    clock.advance(timedelta(seconds=wait))
    assert scene.get("/v1/webhooks").status_code == 200


def test_one_partners_rush_does_not_slow_another(caller: Register) -> None:
    rushing, other = caller(Kind.SCENE), caller(Kind.SCENE)
    while rushing.get("/v1/webhooks").status_code == 200:
        pass
    assert other.get("/v1/webhooks").status_code == 200
    assert rushing.get("/v1/applications").status_code == 200


def test_requests_are_counted_by_route_and_never_by_the_ids_in_them(scene: Caller, body: Body) -> None:
    made = scene.post("/v1/applications", json=body()).json()["id"]
    scene.get(f"/v1/applications/{made}")
    scene.ask("HEAD", f"/v1/applications/{made}")
    counted = scene.client.get("/metrics").text
    assert 'route="/v1/applications/{application}"' in counted
    assert made not in counted
