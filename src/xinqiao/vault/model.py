"""Fields, their classes, purposes, actors and legal bases. Pure: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Klass(StrEnum):
    """Classes of personal financial information, JR/T 0171-2020 §4.2 (unverified): C3 is the most sensitive."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"


class Field(StrEnum):
    """Everything the vault can hold of a person."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    ADDRESS = "address"
    EMAIL = "email"
    BIRTH_DATE = "birth_date"
    EMPLOYER = "employer"
    OCCUPATION = "occupation"
    INCOME = "income"
    BANK_ACCOUNT = "bank_account"
    CONTACT_NAME = "contact_name"
    CONTACT_PHONE = "contact_phone"
    DEVICE = "device"
    BUREAU_FILE = "bureau_file"
    BUSINESS_NAME = "business_name"
    BUSINESS_LICENCE = "business_licence"
    PORTRAIT = "portrait"
    SELFIE = "selfie"
    FACE_TEMPLATE = "face_template"
    TEMPLATE_KEY = "template_key"
    """The secret transform of the face template; replacing it revokes the template."""
    FACE_INDEX = "face_index"
    """A coarse code of the face under the tenant's secret transform: tells that one face applies under several names."""

    @property
    def klass(self) -> Klass:
        return _KLASS.get(self, Klass.C2)

    @property
    def holds(self) -> type[str] | type[bytes]:
        """The type of the field's values: bytes for images, templates and secrets, else str."""
        return bytes if self in _BINARY else str

    @property
    def indexed(self) -> bool:
        """Whether `find` can look it up by equality."""
        return self in _INDEXED

    @property
    def unique(self) -> bool:
        """Whether two people can never share the value."""
        return self is Field.ID_NUMBER


_KLASS = {
    Field.EMPLOYER: Klass.C1,
    Field.OCCUPATION: Klass.C1,
    Field.BUSINESS_NAME: Klass.C1,
    Field.PORTRAIT: Klass.C3,
    Field.SELFIE: Klass.C3,
    Field.FACE_TEMPLATE: Klass.C3,
    Field.TEMPLATE_KEY: Klass.C3,
    Field.FACE_INDEX: Klass.C3,
}
_BINARY = frozenset({Field.PORTRAIT, Field.SELFIE, Field.FACE_TEMPLATE, Field.TEMPLATE_KEY, Field.FACE_INDEX})
_INDEXED = frozenset({Field.ID_NUMBER, Field.PHONE, Field.EMAIL, Field.BANK_ACCOUNT, Field.DEVICE, Field.BUSINESS_LICENCE})


class Purpose(StrEnum):
    """Why a datum is read. The first seven need the person's consent, the others another named legal basis."""

    IDENTITY = "identity_verification"
    BUREAU_QUERY = "credit_bureau_query"
    BUREAU_REPORT = "credit_bureau_reporting"
    FUNDER_SHARING = "funder_sharing"
    MARKETING = "marketing"
    AUTOMATED_DECISION = "automated_decision"
    MEDIA = "media_retention"
    APPLICATION = "application_processing"
    SERVICING = "loan_servicing"
    COLLECTION = "collection"
    FRAUD = "fraud_prevention"
    RIGHTS = "rights_request"

    @property
    def needs_consent(self) -> bool:
        return self in CONSENT_PURPOSES


CONSENT_PURPOSES = frozenset(
    {
        Purpose.IDENTITY,
        Purpose.BUREAU_QUERY,
        Purpose.BUREAU_REPORT,
        Purpose.FUNDER_SHARING,
        Purpose.MARKETING,
        Purpose.AUTOMATED_DECISION,
        Purpose.MEDIA,
    }
)

STANDING: dict[Purpose, str] = {
    Purpose.APPLICATION: "law:PIPL-13(1)(2) steps before a contract, at the person's request",
    Purpose.FRAUD: "law:PIPL-13(1)(3) duty to know the customer and prevent fraud",
    Purpose.RIGHTS: "law:PIPL-44..47 rights of the person",
}
"""The bases that exist because a person applies; written for each person on enrolment. Articles from memory (unverified)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` names one of its kind and is never a person's name or number."""

    kind: Literal["service", "operator", "scene", "funder", "guarantor", "person"]
    id: str
    roles: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("service", "xinqiao")


@dataclass(frozen=True, slots=True)
class Basis:
    """The ground on which a person's data may be read for one purpose, by us or by one named recipient.

    `source` names what it rests on: "consent:<receipt>", "contract:<loan>", "law:…". It holds no personal data.
    """

    person: UUID
    purpose: Purpose
    source: str
    until: datetime | None = None
    recipient: str | None = None
