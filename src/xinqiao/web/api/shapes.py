"""The shapes of version 1, each with an example that the tests hold against it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from .examples import (
    APPLICATION,
    BORROWER,
    BUSINESS_APPLICATION,
    CAPACITY,
    CURSOR,
    FOLLOWED,
    KEY,
    LOAN,
    LOAN_ID,
    QUESTION,
    QUESTION_ID,
    RECEIVED,
    REPLIED,
    RESERVATION,
    SUBSCRIPTION,
    WANTED,
)


def example(*given: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(given)})


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable; `detail` is for people and follows Accept-Language (zh or en)."""

    model_config = example(
        {
            "type": "urn:xinqiao:problem:intake.invalid_fields",
            "title": "Refused",
            "status": 422,
            "code": "intake.invalid_fields",
            "detail": "1 of the fields cannot be accepted: phone.",
            "errors": [
                {
                    "field": "phone",
                    "code": "intake.phone_malformed",
                    "detail": "The phone must be a mobile number of the mainland, as in 13800138000.",
                }
            ],
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str = Field("", description="The input that is wrong, where it is one; else absent.")
    errors: list[FieldProblem] = Field([], description="Each wrong field, where several may be; else absent.")


class FieldProblem(BaseModel):
    field: str = Field(description="The path of the field, as in business.credit_code; '' is the body itself.")
    code: str
    detail: str


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("The body is not complete JSON, or the Idempotency-Key is missing."),
    401: _problem("No key, or one that is unknown, expired or revoked; or a signed message whose signature or time is wrong."),
    403: _problem("The key may not do this, the partner is suspended, or the person does not consent."),
    404: _problem("No such thing of yours."),
    405: _problem("This address does not take that method."),
    409: _problem("It contradicts what is recorded: a key used for another request, a late or second answer, a replayed message."),
    413: _problem("The body is too large."),
    415: _problem("The body is not sent as JSON."),
    422: _problem("Something in it is wrong; `errors` names each field."),
    429: _problem("Too many requests; wait for `Retry-After` seconds."),
    500: _problem("Our fault; nothing was changed. Repeat the request with the same Idempotency-Key."),
    503: _problem("Try again later."),
}
PROBLEMS[429]["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}


class Amount(BaseModel):
    amount: str = Field(examples=["12000.00"], description="A decimal string.")
    currency: str = Field(examples=["CNY"], description="ISO 4217.")


class BusinessRequest(BaseModel):
    """The business of a micro-business application."""

    name: str
    credit_code: str = Field(description="Unified social credit code, GB 32100.")
    role: str = Field(description="owner, legal_representative, partner or manager")


def _text(says: str) -> dict[str, str]:
    return {"type": "string", "description": says}


FIELDS: dict[str, Any] = {
    "kind": {"type": "string", "enum": ["personal", "micro_business"]},
    "product": _text("One of your products; left out, the standard one of the kind."),
    "name": _text("As on the ID card, 2 to 60 characters."),
    "id_number": _text("17 digits and a digit or X, GB 11643."),
    "phone": _text("A mobile number of the mainland."),
    "address": _text("5 to 200 characters."),
    "amount": _text("A decimal string, such as 12000.00; a JSON number is refused, for it may lose cents on its way."),
    "currency": _text("ISO 4217; left out, CNY."),
    "term_months": {"type": "integer", "description": "3, 6, 9, 12, 18, 24 or 36, as the product allows."},
    "loan_purpose": _text("Such as household_goods, education, inventory; an unknown one is refused with the list."),
    "region": _text("GB/T 2260 code of six digits; left out, the province of the ID number."),
    "email": _text("name@example.cn"),
    "employer": _text("2 to 100 characters."),
    "monthly_income": _text("A decimal string."),
    "bank_account": _text("A debit card's number of 16 to 19 digits."),
    "device": _text("A stable identifier of the device, 8 to 200 characters."),
    "reference": _text("Your own number for it, at most 64 characters."),
    "language": {"type": "string", "enum": ["zh-CN", "en"]},
    "business": {
        "type": "object",
        "description": "For a micro-business.",
        "properties": {
            "name": _text("As on the licence."),
            "credit_code": _text("Unified social credit code, GB 32100."),
            "role": {"type": "string", "enum": ["owner", "legal_representative", "partner", "manager"]},
        },
        "required": ["name", "credit_code", "role"],
        "additionalProperties": False,
    },
    "portrait": _text("Base64 of the ID card's portrait page, JPEG, PNG or WebP, at most 4 MB; the applicant may send it later."),
}


class ApplicationRequest(BaseModel):
    """One application. The intake rules read all fields at once; what is wrong is listed field by field."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "required": ["kind", "name", "id_number", "phone", "address", "amount", "term_months", "loan_purpose"],
            "properties": FIELDS,
            "additionalProperties": False,
            "examples": [APPLICATION, BUSINESS_APPLICATION],
        },
    )


class ApplicationAnswer(BaseModel):
    model_config = example(FOLLOWED)

    id: UUID
    stage: str = Field(description="received, identifying, screening, deciding, funding, offered, signed, disbursed, closed; or review, …")
    kind: str
    amount: Amount
    term_months: int
    loan_purpose: str
    reference: str | None
    created_at: datetime
    updated_at: datetime


class ReceivedAnswer(ApplicationAnswer):
    model_config = example(RECEIVED)

    applicant_url: str = Field(description="Send the applicant here; it works for seven days.")


class ApplicationPage(BaseModel):
    model_config = example({"items": [FOLLOWED], "next": CURSOR})

    items: list[ApplicationAnswer]
    next: str | None = Field(description="Pass as `cursor` for the next page.")


class QuestionAnswer(BaseModel):
    """A loan that a funder is asked to take."""

    model_config = example(QUESTION)

    id: UUID
    application: UUID
    annual_rate: str
    asked_at: datetime
    deadline: datetime


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"accept": True}, {"accept": True, "annual_rate": "0.085"}]})

    accept: Annotated[bool, Field(strict=True)]
    annual_rate: Annotated[str, Field(pattern=r"^0\.[0-9]{1,6}$")] | None = Field(
        None, description="At most the rate asked; a decimal string."
    )


class ReplyAnswer(BaseModel):
    model_config = example(REPLIED)

    id: UUID
    reply: str = Field(description="yes or no")
    answered_at: datetime | None


class LoanAnswer(BaseModel):
    model_config = example(LOAN)

    id: UUID
    application: UUID
    principal: Amount
    outstanding: Amount = Field(description="Principal not yet repaid.")
    annual_rate: str
    term_months: int
    disbursed_on: date
    status: str = Field(description="active or closed")
    days_past_due: int
    next_due: date | None


class LoanPage(BaseModel):
    model_config = example({"items": [LOAN], "next": LOAN_ID})

    items: list[LoanAnswer]
    next: UUID | None = Field(description="Pass as `before` for the next page.")


class ReservationAnswer(BaseModel):
    model_config = example(RESERVATION)

    id: UUID
    application: UUID
    state: str
    amount: Amount
    outstanding: Amount
    term_months: int
    annual_rate: str
    expires_at: datetime


class CapacityLine(BaseModel):
    model_config = example(CAPACITY)

    dimension: str
    key: str
    capacity: Amount
    used: Amount


class BorrowerAnswer(BaseModel):
    """What the borrower agreed to share with this funder, and nothing else. Each call is recorded and shown to the borrower."""

    model_config = example(BORROWER)

    fields: dict[str, str]


class SubscriptionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [WANTED]})

    url: Annotated[str, Field(max_length=2000)]
    kinds: Annotated[list[Annotated[str, Field(max_length=80)]], Field(min_length=1, max_length=50)] = ["*"]


class SubscriptionAnswer(BaseModel):
    model_config = example(SUBSCRIPTION)

    id: UUID
    url: str
    kinds: list[str]
    active: bool
    secret: str | None = Field(None, description="Present when made or rotated: verify our signature with it.")


class KeyAnswer(BaseModel):
    model_config = example(KEY)

    id: str
    scopes: list[str]
    expires_at: datetime
    secret: str | None = Field(None, description="Present when made.")


class SecretAnswer(BaseModel):
    model_config = example({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})

    secret: str = Field(description="Sign what you send us with it (Standard Webhooks).")


SIGNED_MESSAGE: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "required": True, "description": says, "schema": {"type": "string"}, "example": value}
        for name, says, value in (
            ("webhook-id", "New for each message.", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"),
            ("webhook-timestamp", "Seconds since 1970, within five minutes of our clock.", "1795326000"),
            (
                "webhook-signature",
                "v1, and base64 of HMAC-SHA256 over {id}.{timestamp}.{body}.",
                "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            ),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "data": {
                            "type": "object",
                            "required": ["question", "accept"],
                            "properties": {
                                "question": {"type": "string", "format": "uuid"},
                                "accept": {"type": "boolean"},
                                "annual_rate": {"type": ["string", "null"], "pattern": "^0\\.[0-9]{1,6}$"},
                            },
                        }
                    },
                },
                "example": {"type": "offer.answered", "data": {"question": QUESTION_ID, "accept": True, "annual_rate": "0.085"}},
            }
        },
    },
}
