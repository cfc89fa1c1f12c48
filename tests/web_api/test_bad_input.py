"""What cannot be read is refused with what would be right, and leaves nothing behind."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from xinqiao.kit import new_id

from .conftest import Caller, is_problem

Body = Callable[..., dict[str, Any]]
Rows = Callable[[], dict[str, int]]
JSON = {"Content-Type": "application/json"}
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


def sent(scene: Caller, raw: bytes, **headers: str) -> Any:
    return scene.post("/v1/applications", content=raw, headers=JSON | headers)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", 3000, "intake.amount_malformed"),
        ("amount", "3e3", "intake.amount_malformed"),
        ("amount", "-1.00", "intake.amount_malformed"),
        ("amount", "٣٠٠٠", "intake.amount_malformed"),
        ("amount", ["3000.00"], "intake.amount_malformed"),
        ("amount", {"amount": "3000.00"}, "intake.amount_malformed"),
        ("term_months", "6", "intake.term_malformed"),
        ("term_months", True, "intake.term_malformed"),
        ("term_months", 6.5, "intake.term_malformed"),
        ("name", 7, "intake.not_text"),
        ("name", "王\u0000小满", "intake.not_printable"),
        ("address", "北京\u0000市东城区", "intake.not_printable"),
        ("device", "a" * 10 + "\u0000", "intake.not_printable"),
        ("reference", "\u0000", "intake.not_printable"),
        ("name", "\ud800\ud800", "intake.not_json"),
        ("id_number", "110101199003070819", "intake.id_number_check_digit"),
        ("phone", "12", "intake.phone_malformed"),
        ("kind", "corporate", "intake.not_a_choice"),
        ("kind", None, "intake.field_missing"),
        ("business", "none", None),
        ("amonut", "3000.00", "intake.field_unknown"),
        ("\u0000", "x", "intake.field_unknown"),
    ],
)
def test_a_wrong_value_is_named_field_by_field(scene: Caller, body: Body, rows: Rows, field: str, value: Any, code: str | None) -> None:
    before = rows()
    told = is_problem(sent(scene, json.dumps(body(**{field: value})).encode()), 422, "intake.invalid_fields")
    assert all(set(one) == {"field", "code", "detail"} for one in told["errors"])
    if code is not None:
        assert code in {one["code"] for one in told["errors"]}
    assert rows() == before


def test_everything_that_is_wrong_is_said_at_once_in_the_callers_language(scene: Caller, body: Body) -> None:
    wrong = body(phone="12", amount=3, name=...)
    in_english = is_problem(scene.post("/v1/applications", json=wrong), 422, "intake.invalid_fields")["errors"]
    assert {one["field"] for one in in_english} == {"phone", "amount", "name"}
    in_chinese = scene.post("/v1/applications", json=wrong, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()["errors"]
    assert {one["field"]: one["detail"] for one in in_chinese}["phone"] == "手机号应为大陆手机号，例如 13800138000。"


def test_no_personal_value_is_repeated(scene: Caller, body: Body) -> None:
    person = body(phone="99999999999", id_number="110101199003070819")
    answer = scene.post("/v1/applications", json=person)
    assert not [person[field] for field in ("name", "phone", "id_number", "address") if person[field] in answer.text]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"kind": "personal", "name": "',
        b"{",
        b"\xff\xfe\xfa",
        b'{"name": "\xc3\x28"}',
        b'{"amount": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
    ids=["cut", "brace", "bytes", "utf-8", "long-number", "deep-list", "deep-object"],
)
def test_what_is_not_json_is_refused(scene: Caller, rows: Rows, raw: bytes) -> None:
    before = rows()
    is_problem(sent(scene, raw), 400, "request.not_json")
    assert rows() == before


@pytest.mark.parametrize("depth", [100, 260, 600, 900])
@pytest.mark.parametrize("field", ["business", "name", "whatever"])
def test_deep_json_is_refused(scene: Caller, body: Body, depth: int, field: str) -> None:
    raw = json.dumps(body(**{field: "DEEP"})).replace('"DEEP"', '{"a":' * depth + "1" + "}" * depth)
    answer = sent(scene, raw.encode())
    assert answer.status_code in (400, 422), answer.text
    is_problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("raw", [b"[]", b"null", b"7", b'"text"', b"true", b"NaN", b""])
def test_the_body_must_be_an_object(scene: Caller, raw: bytes) -> None:
    told = is_problem(sent(scene, raw), 422, "request.shape")
    assert told["errors"][0]["field"] == "body"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_that_are_none_are_refused(scene: Caller, body: Body, number: bytes) -> None:
    raw = json.dumps(body(amount="HERE")).encode().replace(b'"HERE"', number)
    is_problem(sent(scene, raw), 422, "intake.invalid_fields")


def test_the_body_must_be_sent_as_json(scene: Caller, body: Body) -> None:
    raw = json.dumps(body()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ""):
        told = is_problem(scene.post("/v1/applications", content=raw, headers={"Content-Type": kind}), 415, "request.wrong_media_type")
        assert "application/json" in told["detail"]


def test_a_body_that_says_it_is_too_large_is_refused(scene: Caller, rows: Rows) -> None:
    before = rows()
    is_problem(sent(scene, b"{}", **{"Content-Length": str(17 * 2**20)}), 413, "request.too_large")
    is_problem(sent(scene, b'{"portrait": "' + b"A" * 17 * 2**20 + b'"}'), 413, "request.too_large")
    assert rows() == before


def test_a_body_that_grows_too_large_is_refused(scene: Caller, rows: Rows) -> None:
    before = rows()
    answer = scene.post("/v1/applications", content=(b"[" + b"0," * 2**19 for _ in range(20)), headers=JSON)
    is_problem(answer, 413, "request.too_large")
    assert rows() == before


@pytest.mark.parametrize(
    ("portrait", "code"),
    [
        (7, "api.portrait_unreadable"),
        ("not base64!", "api.portrait_unreadable"),
        ("A" * (6 * 2**20), "api.portrait_unreadable"),
        ("é", "api.portrait_unreadable"),
        ("", "identity.image_unreadable"),
        (base64.b64encode(b"GIF89a" + bytes(50)).decode(), "identity.image_unreadable"),
        (base64.b64encode(PIXEL[:40]).decode(), "identity.image_unreadable"),
        (base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(500)).decode(), "identity.image_unreadable"),
    ],
)
def test_a_broken_portrait_is_refused(scene: Caller, body: Body, rows: Rows, portrait: Any, code: str) -> None:
    before = rows()
    told = is_problem(scene.post("/v1/applications", json=body(portrait=portrait)), 422, code)
    assert told["field"] == "portrait"
    assert rows() == before


def test_a_portrait_that_decodes_to_a_bomb_is_refused(scene: Caller, body: Body) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"0"))
    answer = scene.post("/v1/applications", json=body(portrait=base64.b64encode(bomb).decode()))
    is_problem(answer, 422, "identity.image_too_large")


@pytest.mark.parametrize(
    "path", ["/v1/applications/not-an-id", "/v1/applications/%00", "/v1/applications?limit=0", "/v1/applications?stage=lost"]
)
def test_a_wrong_parameter_is_named(scene: Caller, path: str) -> None:
    assert is_problem(scene.get(path), 422, "request.shape")["errors"]


@pytest.mark.parametrize("cursor", ["x", "%00", "é", "AAAA", "a" * 150])
def test_a_cursor_of_ones_own_making_is_refused(scene: Caller, cursor: str) -> None:
    is_problem(scene.get(f"/v1/applications?cursor={cursor}"), 422, "intake.cursor_unknown")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"url": "http://shop.example/\u0000"}, "partners.webhook_url_refused"),
        ({"url": "ftp://shop.example/"}, "partners.webhook_url_refused"),
        ({"url": "https://me:pass@shop.example/"}, "partners.webhook_url_refused"),
        ({"url": ""}, "partners.webhook_url_refused"),
        ({"url": "https://shop.example/", "kinds": ["offer.asked"]}, "partners.webhook_kind_unknown"),
        ({"url": "https://shop.example/", "kinds": ["\u0000"]}, "partners.webhook_kind_unknown"),
        ({"url": "https://shop.example/", "kinds": []}, "request.shape"),
        ({"url": "https://shop.example/", "other": 1}, "request.shape"),
        ({"kinds": ["*"]}, "request.shape"),
        ({"url": 7}, "request.shape"),
    ],
)
def test_a_wrong_subscription_is_refused(scene: Caller, rows: Rows, wanted: dict[str, Any], code: str) -> None:
    before = rows()
    is_problem(scene.post("/v1/webhooks", json=wanted), 422, code)
    assert rows() == before


def test_a_surrogate_in_a_name_that_is_repeated_back_is_still_a_problem(scene: Caller) -> None:
    raw = b'{"url": "https://shop.example/", "\\ud800": 1}'
    answer = scene.post("/v1/webhooks", content=raw, headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "request.shape"


def test_a_flood_of_wrong_fields_gets_a_short_answer(scene: Caller) -> None:
    raw = {"url": "https://shop.example/"} | {f"f{number}": 1 for number in range(5000)}
    assert len(is_problem(scene.post("/v1/webhooks", json=raw), 422, "request.shape")["errors"]) == 50
    raw = {f"f{number}" * 50: 1 for number in range(5000)}
    assert len(scene.post("/v1/applications", json=raw).content) < 20_000


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_wrong_method_says_which_are_right(scene: Caller, method: str) -> None:
    answer = scene.ask(method, f"/v1/applications/{new_id()}")
    assert "GET" in is_problem(answer, 405, "method_not_allowed")["detail"]
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v2/applications", "/v1/applications/x/y/z", "/v1/%00", "/v1/..%2f"])
def test_a_wrong_address_is_a_problem(scene: Caller, path: str) -> None:
    is_problem(scene.get(path), 404, "not_found")


def test_head_is_get_without_the_body(scene: Caller, body: Body) -> None:
    made = scene.post("/v1/applications", json=body()).json()["id"]
    answer, full = scene.ask("HEAD", f"/v1/applications/{made}"), scene.get(f"/v1/applications/{made}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(full.content))
    assert scene.ask("HEAD", f"/v1/applications/{new_id()}").status_code == 404
    assert scene.client.head("/v1/openapi.json").status_code == 200
    assert scene.client.head("/healthz").status_code == 200
