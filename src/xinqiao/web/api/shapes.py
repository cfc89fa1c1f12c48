"""The shapes of version 1: requests with examples, answers, and the problem that every error is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

DESCRIPTION = """Xinqiao (信桥) takes a small loan from consent to evidence.

Authenticate with `Authorization: Bearer xq_…`. Money is a decimal string with a currency. Every write takes an `Idempotency-Key`; a repeat
returns the first answer. Errors are RFC 9457 problems with a stable `code`. Webhooks follow the Standard Webhooks specification."""


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:xinqiao:problem:intake.invalid_fields"])
    title: str
    status: int
    code: str = Field(examples=["intake.invalid_fields"])
    detail: str
    field: str | None = None
    errors: list[dict[str, str]] | None = None


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("The body is not complete JSON."),
    401: _problem("No key, or a key that is unknown, expired or revoked."),
    403: _problem("The key may not do this."),
    404: _problem("No such thing of yours."),
    409: _problem("It contradicts what is recorded."),
    413: _problem("The body is too large."),
    422: _problem("Something in it is wrong; `errors` names each field."),
    429: _problem("Too many requests; wait for `Retry-After` seconds."),
    503: _problem("Try again later."),
}


class Amount(BaseModel):
    amount: str = Field(examples=["12000.00"])
    currency: str = Field(examples=["CNY"])


class ApplicationRequest(BaseModel):
    """One application. The fields are checked all at once by the intake rules; what is wrong is listed field by field."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "required": ["kind", "name", "id_number", "phone", "address", "amount", "term_months", "loan_purpose"],
            "properties": {
                "kind": {"type": "string", "enum": ["personal", "micro_business"]},
                "name": {"type": "string"},
                "id_number": {"type": "string", "description": "18 digits, GB 11643"},
                "phone": {"type": "string"},
                "address": {"type": "string"},
                "amount": {"type": "string", "description": "decimal string in CNY, such as 12000.00"},
                "term_months": {"type": "integer", "enum": [3, 6, 9, 12, 18, 24, 36]},
                "loan_purpose": {"type": "string"},
                "region": {"type": "string", "description": "GB/T 2260 code of six digits"},
                "email": {"type": "string"},
                "employer": {"type": "string"},
                "monthly_income": {"type": "string"},
                "bank_account": {"type": "string"},
                "device": {"type": "string", "description": "a stable identifier of the device"},
                "reference": {"type": "string", "description": "your own number for it"},
                "language": {"type": "string", "enum": ["zh-CN", "en"]},
                "business": {"type": "object", "description": "name, credit_code (GB 32100) and role, for a micro-business"},
                "portrait": {"type": "string", "description": "base64 of the ID card's portrait page, JPEG or PNG, at most 4 MB"},
            },
            "examples": [
                {
                    "kind": "personal",
                    "name": "王小满",
                    "id_number": "110101199003070812",
                    "phone": "13800138000",
                    "address": "北京市东城区景山前街4号",
                    "amount": "3000.00",
                    "term_months": 6,
                    "loan_purpose": "household_goods",
                    "monthly_income": "8500.00",
                    "reference": "ORDER-1",
                }
            ],
        },
    )


class ApplicationAnswer(BaseModel):
    id: UUID
    stage: str = Field(examples=["received"])
    kind: str
    amount: Amount
    term_months: int
    loan_purpose: str
    reference: str | None
    created_at: datetime
    updated_at: datetime


class ReceivedAnswer(ApplicationAnswer):
    applicant_url: str = Field(description="Send the applicant here; it works for seven days.", examples=["http://127.0.0.1:8600/a/…"])


class ApplicationPage(BaseModel):
    items: list[ApplicationAnswer]
    next: str | None = Field(description="Pass as `cursor` for the next page.")


class QuestionAnswer(BaseModel):
    """A loan that a funder is asked to take."""

    id: UUID
    application: UUID
    annual_rate: str
    asked_at: datetime
    deadline: datetime


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"accept": True}, {"accept": True, "annual_rate": "0.085"}]})

    accept: bool
    annual_rate: Annotated[str, Field(pattern=r"^0\.\d{1,6}$")] | None = Field(
        None, description="At most the rate asked; a decimal string."
    )


class ReplyAnswer(BaseModel):
    id: UUID
    reply: str = Field(examples=["yes"])
    answered_at: datetime | None


class LoanAnswer(BaseModel):
    id: UUID
    application: UUID
    principal: Amount
    outstanding: Amount
    annual_rate: str
    term_months: int
    disbursed_on: date
    status: str
    days_past_due: int
    next_due: date | None


class LoanPage(BaseModel):
    items: list[LoanAnswer]
    next: UUID | None


class ReservationAnswer(BaseModel):
    id: UUID
    application: UUID
    state: str
    amount: Amount
    outstanding: Amount
    term_months: int
    annual_rate: str
    expires_at: datetime


class CapacityLine(BaseModel):
    dimension: str = Field(examples=["budget"])
    key: str
    capacity: Amount
    used: Amount


class BorrowerAnswer(BaseModel):
    """What the borrower agreed to share with this funder, and nothing else. Each call is recorded and shown to the borrower."""

    fields: dict[str, str]


class SubscriptionRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://shop.example/hooks", "kinds": ["application.*", "loan.disbursed"]}]},
    )

    url: Annotated[str, Field(max_length=2000)]
    kinds: Annotated[list[str], Field(min_length=1, max_length=50)] = ["*"]


class SubscriptionAnswer(BaseModel):
    id: UUID
    url: str
    kinds: list[str]
    active: bool
    secret: str | None = Field(None, description="Shown once, when made or rotated: verify our signature with it.")


class KeyAnswer(BaseModel):
    id: str
    scopes: list[str]
    expires_at: datetime
    secret: str | None = Field(None, description="Shown once.")


class SecretAnswer(BaseModel):
    secret: str = Field(description="Sign what you send us with it (Standard Webhooks). Shown once.")
