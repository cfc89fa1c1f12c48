"""What leaves for a credit bureau: records of shape `xinqiao.bureau/2`, files of `xinqiao.bureau.batch/1`, answers of `xinqiao.bureau.ack/1`.

`schema/bureau-2.json` is the JSON Schema of a record, made from these classes (`python -m xinqiao.servicing.reporting.shape` writes it, a test
compares). Every record is held against them before it leaves. Amounts are decimal strings, days ISO dates; no field is optional unless it says
null. The person stands by a token; the identity is added only when a file is written for a bureau that needs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from xinqiao.kit import canonical

from ..errors import AcknowledgementMalformed, RecordMalformed

SHAPE = "xinqiao.bureau/2"
BATCH = "xinqiao.bureau.batch/1"
ACK = "xinqiao.bureau.ack/1"
SCHEMA = Path(__file__).parent / "schema" / "bureau-2.json"


def _instant(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Instant = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"),
    AfterValidator(_instant),
    Field(json_schema_extra={"format": "date-time"}),
]
"""RFC 3339, in UTC."""
Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    Field(json_schema_extra={"format": "date"}),
]
Token = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Field(json_schema_extra={"format": "uuid"}),
]
"""A UUID in lower case."""
Amount = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,3})?$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Status = Literal["/", "*", "N", "1", "2", "3", "4", "5", "6", "7", "D", "B", "C", "G", "#"]
Statuses = Annotated[str, StringConstraints(pattern=r"^[/*N1-7DBCG#]{24}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(Part):
    """The loan, by the same token in every record."""

    id: Token
    funder: Token
    opened_on: Day
    currency: Currency
    amount: Amount
    term_months: Annotated[int, Field(ge=0, le=1200)]


class Identity(Part):
    """Read from the vault for this purpose when the file is written; null in what is kept here."""

    name: Words
    document_type: Words
    document_number: Words


class Consent(Part):
    """The person's receipt for credit-bureau reporting: in force when the record was made, and again when the file was written."""

    receipt: Words


class Arrears(Part):
    since: Day
    days_past_due: Annotated[int, Field(ge=0)]
    bucket: Annotated[str, StringConstraints(max_length=16)]
    overdue: Amount


class Notice(Part):
    id: Token
    given_at: Instant
    grace_until: Day


class Month24(Part):
    """An account at the end of a month."""

    period: Month
    status: Status
    last_24: Statuses
    """The newest month last."""
    balance: Amount
    overdue: Amount
    days_past_due: Annotated[int, Field(ge=0)]
    category: Literal["normal", "special_mention", "substandard", "doubtful", "loss"]


class Base(Part):
    shape: Literal["xinqiao.bureau/2"]
    id: Token
    made_at: Instant
    person: Token
    identity: Identity | None
    account: Account
    consent: Consent


class Negative(Base):
    """Arrears, after notice and grace."""

    kind: Literal["negative"]
    arrears: Arrears
    notice: Notice
    in_dispute: bool


class Cleared(Base):
    """Arrears that were reported have been paid."""

    kind: Literal["cleared"]
    refers_to: Token
    arrears: Arrears


class AccountMonth(Base):
    """How the account stood at a month's end, good or bad."""

    kind: Literal["account"]
    month: Month24
    in_dispute: bool


class Correction(Base):
    """What a record should have said; `now` takes the place of its arrears or of its month."""

    kind: Literal["correction"]
    refers_to: Token
    now: Arrears | Month24
    dispute: Token


class Annotation(Base):
    """The person disputes a record, or the dispute is over."""

    kind: Literal["annotation"]
    refers_to: Token
    dispute: Token
    state: Literal["in_dispute", "answered"]
    answer_by: Day


class Deletion(Base):
    """A record is to be deleted: it was wrong, or its five years are over."""

    kind: Literal["deletion"]
    refers_to: Token
    why: Literal["disputed", "expired"]


Record = Annotated[Negative | Cleared | AccountMonth | Correction | Annotation | Deletion, Field(discriminator="kind")]
RECORD: TypeAdapter[Any] = TypeAdapter(Record)
NEEDS_CONSENT = ("negative", "account")
"""What is told of a person only while the consent stands. The other kinds set right what was told before, and rest on the receipt it had."""


class Rejected(Part):
    id: Token
    code: Words
    says: str


class Acknowledgement(Part):
    """A bureau's answer to one file."""

    shape: Literal["xinqiao.bureau.ack/1"]
    batch: Token
    received_at: Instant
    simulated: bool
    accepted: list[Token]
    rejected: list[Rejected]


ANSWER: TypeAdapter[Acknowledgement] = TypeAdapter(Acknowledgement)


def check(body: Mapping[str, Any]) -> None:
    """Raises RecordMalformed, which names the field and what would be right."""
    try:
        RECORD.validate_json(canonical(body), strict=True)
    except ValidationError as error:
        raise RecordMalformed(_first(error)) from error


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """Raises AcknowledgementMalformed."""
    try:
        return ANSWER.validate_json(data, strict=True)
    except ValidationError as error:
        raise AcknowledgementMalformed(_first(error)) from error


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:xinqiao:bureau:2",
        "title": SHAPE,
        **RECORD.json_schema(),
    }


def written_schema() -> str:
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}"


if __name__ == "__main__":
    SCHEMA.write_text(written_schema())
