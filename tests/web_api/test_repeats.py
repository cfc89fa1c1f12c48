"""A repeat returns the first answer; a key used for something else is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from xinqiao.partners import Kind

from .conftest import Caller, Register, is_problem

Body = Callable[..., dict[str, Any]]
Rows = Callable[[], dict[str, int]]


def test_an_application_sent_twice_is_one(scene: Caller, body: Body) -> None:
    first, again = (scene.post("/v1/applications", json=body(), key="order-1-of-mine") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert {**first.json(), "applicant_url": ""} == {**again.json(), "applicant_url": ""}
    assert len(scene.get("/v1/applications").json()["items"]) == 1


def test_sent_at_once_they_are_one_too(scene: Caller, body: Body) -> None:
    ids: list[str] = []
    rush = [
        threading.Thread(target=lambda: ids.append(scene.post("/v1/applications", json=body(), key="all-at-once").json()["id"]))
        for _ in range(5)
    ]
    for one in rush:
        one.start()
    for one in rush:
        one.join()
    assert len(ids) == 5
    assert len(set(ids)) == 1


def test_another_body_under_the_same_key_is_refused(scene: Caller, body: Body, rows: Rows) -> None:
    scene.post("/v1/applications", json=body(), key="order-2-of-mine")
    before = rows()
    is_problem(scene.post("/v1/applications", json=body(amount="4000.00"), key="order-2-of-mine"), 409, "intake.idempotency_mismatch")
    assert rows() == before


def test_a_key_belongs_to_its_partner(caller: Register, body: Body) -> None:
    made = {caller(Kind.SCENE).post("/v1/applications", json=body(), key="the-same-key").json()["id"] for _ in range(2)}
    assert len(made) == 2


def test_a_refused_request_does_not_use_up_its_key(scene: Caller, body: Body) -> None:
    is_problem(scene.post("/v1/applications", json=body(phone="1"), key="order-3-of-mine"), 422, "intake.invalid_fields")
    assert scene.post("/v1/applications", json=body(), key="order-3-of-mine").status_code == 201


def test_an_application_needs_a_key(scene: Caller, body: Body, rows: Rows) -> None:
    before = rows()
    told = is_problem(scene.ask("POST", "/v1/applications", json=body()), 400, "idempotency.key_missing")
    assert told["field"] == "Idempotency-Key"
    assert rows() == before


def test_without_a_key_each_subscription_is_a_new_one(scene: Caller) -> None:
    made = {scene.ask("POST", "/v1/webhooks", json={"url": "https://shop.example/"}).json()["id"] for _ in range(2)}
    assert len(made) == 2


@pytest.mark.parametrize("key", ["short", "a" * 201, "tab\tin-the-key"])
def test_a_malformed_key_is_refused(scene: Caller, body: Body, rows: Rows, key: str) -> None:
    before = rows()
    is_problem(scene.post("/v1/applications", json=body(), key=key), 422, "idempotency.key_malformed")
    is_problem(scene.post("/v1/webhooks", json={"url": "https://shop.example/"}, key=key), 422, "idempotency.key_malformed")
    assert rows() == before


def test_a_subscription_made_twice_is_one_and_shows_its_secret_again(scene: Caller, rows: Rows) -> None:
    wanted = {"url": "https://shop.example/hooks", "kinds": ["application.*", "loan.disbursed"]}
    first = scene.post("/v1/webhooks", json=wanted, key="subscribe-1")
    before = rows()
    again = scene.post("/v1/webhooks", json=wanted, key="subscribe-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["secret"].startswith("whsec_")
    assert rows() == before
    assert [one["secret"] for one in scene.get("/v1/webhooks").json()] == [None]
    is_problem(scene.post("/v1/webhooks", json=wanted | {"kinds": ["*"]}, key="subscribe-1"), 409, "idempotency.key_reused")


def test_rotating_twice_gives_one_new_secret(scene: Caller) -> None:
    made = scene.post("/v1/webhooks", json={"url": "https://shop.example/hooks"}).json()
    first, again = (scene.post(f"/v1/webhooks/{made['id']}/rotate", key="rotate-it-1").json() for _ in range(2))
    assert first == again
    assert first["secret"] not in (None, made["secret"])
    old = scene.get("/v1/keys").json()[0]["id"]
    first, again = (scene.post(f"/v1/keys/{old}/rotate", key="rotate-key-1") for _ in range(2))
    assert first.json() == again.json()
    assert Caller(scene.partner, again.json()["secret"], scene.client).get("/v1/applications").status_code == 200


def test_a_kept_secret_is_not_readable_in_the_database(scene: Caller, house: Any) -> None:
    from sqlalchemy import text

    secret = scene.post("/v1/webhooks", json={"url": "https://shop.example/hooks"}).json()["secret"]
    with house.begin() as db:
        kept = db.execute(text("SELECT string_agg(answer::text, '') FROM idempotency_answer")).scalar_one()
    assert secret not in kept
    assert secret.removeprefix("whsec_").encode().hex() not in kept


def test_anothers_subscription_is_unknown(scene: Caller, caller: Register, rows: Rows) -> None:
    other = caller(Kind.SCENE).post("/v1/webhooks", json={"url": "https://other.example/"}).json()["id"]
    before = rows()
    is_problem(scene.post(f"/v1/webhooks/{other}/rotate"), 404, "partners.webhook_subscription_unknown")
    is_problem(scene.ask("DELETE", f"/v1/webhooks/{other}"), 404, "partners.webhook_subscription_unknown")
    assert rows() == before


def test_withdrawing_twice_changes_nothing(scene: Caller, body: Body, rows: Rows) -> None:
    made = scene.post("/v1/applications", json=body()).json()["id"]
    first = scene.post(f"/v1/applications/{made}/withdraw")
    before = rows()
    assert first.json()["stage"] == "withdrawn"
    assert scene.post(f"/v1/applications/{made}/withdraw").json() == first.json()
    assert rows() == before
