"""Records have the documented shape: the shipped schema is that of the code, and an independent validator judges as the code does."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.servicing import reporting
from xinqiao.servicing.errors import AcknowledgementMalformed, RecordMalformed
from xinqiao.servicing.reporting.shape import SCHEMA, read_acknowledgement, written_schema

AT, ID = "2026-03-02T02:00:00Z", str(UUID(int=1))
BASE = {
    "shape": "xinqiao.bureau/2",
    "id": ID,
    "made_at": AT,
    "person": str(UUID(int=2)),
    "identity": None,
    "account": {"id": ID, "funder": ID, "opened_on": "2026-03-02", "currency": "CNY", "amount": "10000.00", "term_months": 12},
    "consent": {"receipt": "r"},
}
ARREARS = {"since": "2026-04-02", "days_past_due": 13, "bucket": "M1", "overdue": "913.49"}
MONTH = {
    "period": "2026-04",
    "status": "1",
    "last_24": "/" * 22 + "*1",
    "balance": "10000.00",
    "overdue": "913.49",
    "days_past_due": 28,
    "category": "special_mention",
}
NOTICE = {"id": ID, "given_at": AT, "grace_until": "2026-04-14"}
RECORDS: dict[str, dict[str, Any]] = {
    "negative": {**BASE, "kind": "negative", "arrears": ARREARS, "notice": NOTICE, "in_dispute": False},
    "cleared": {**BASE, "kind": "cleared", "refers_to": ID, "arrears": ARREARS},
    "account": {**BASE, "kind": "account", "month": MONTH, "in_dispute": True},
    "correction": {**BASE, "kind": "correction", "refers_to": ID, "dispute": ID, "now": MONTH},
    "annotation": {**BASE, "kind": "annotation", "refers_to": ID, "dispute": ID, "state": "in_dispute", "answer_by": "2026-05-01"},
    "deletion": {**BASE, "kind": "deletion", "refers_to": ID, "why": "expired"},
}
VALIDATOR = jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text()), validate_formats=True)


def taken(record: Any) -> bool:
    try:
        reporting.check(record)
    except RecordMalformed:
        return False
    return True


def test_the_schema_that_ships_is_that_of_the_code() -> None:
    assert SCHEMA.read_text() == written_schema()
    assert reporting.schema()["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("kind", RECORDS)
def test_each_kind_of_record_is_taken_by_both(kind: str) -> None:
    assert taken(RECORDS[kind])
    assert VALIDATOR.is_valid(RECORDS[kind])


def test_a_record_may_carry_an_identity() -> None:
    named = {**RECORDS["negative"], "identity": {"name": "张三", "document_type": "resident_id", "document_number": "X"}}
    assert taken(named)
    assert VALIDATOR.is_valid(named)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


def changed(record: Any, path: tuple[Any, ...], how: Any) -> Any:
    if not path:
        return how
    copy = dict(record)
    if len(path) == 1 and how is ...:
        copy.pop(path[0])
    elif len(path) == 1:
        copy[path[0]] = how
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], how)
    return copy


WRONG = st.sampled_from(
    [..., None, "", "x", -1, True, [], {}, "2026-02-30", "12.3456", "-5", "1e3", "01", "/" * 24, "2026-13", {"extra": 1}, ID]
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(RECORDS)), st.data(), WRONG)
def test_what_is_wrong_is_refused_by_both_and_what_is_right_by_neither(kind: str, data: st.DataObject, how: Any) -> None:
    path = data.draw(st.sampled_from([path for path in paths(RECORDS[kind]) if path]))
    record = changed(RECORDS[kind], path, how)
    assert taken(record) == VALIDATOR.is_valid(record)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("consent", "receipt"), "", "consent.receipt"),
        (("arrears", "overdue"), "1,000.00", "arrears.overdue"),
        (("kind",), "rumour", "kind"),
        (("extra",), 1, "extra"),
        (("made_at",), "2026-03-02T02:00:00", "made_at"),
    ],
)
def test_a_refusal_names_the_field(path: tuple[str, ...], value: Any, says: str) -> None:
    with pytest.raises(RecordMalformed, match=says):
        reporting.check(changed(RECORDS["negative"], path, value))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"shape":"xinqiao.bureau.ack/2"}'])
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(AcknowledgementMalformed):
        read_acknowledgement(data)


def documented() -> list[dict[str, Any]]:
    text = (Path(__file__).parents[2] / "docs" / "bureau-records.md").read_text()
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_the_documents_examples_are_what_they_say() -> None:
    negative, account, answer = documented()
    for record in (negative, account):
        assert taken(record)
        assert VALIDATOR.is_valid(record)
    assert read_acknowledgement(json.dumps(answer).encode()).rejected[0].code == "E01"
