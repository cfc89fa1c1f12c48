"""The consent record in the fields of ISO/IEC TS 27560:2023. Their names and grouping are from memory (unverified).

Header: schema_version, record_id, pii_principal_id. pii_processing: privacy_notice, language, purposes with lawful_basis, pii_information,
pii_controllers, collection_method, storage_conditions, retention_period, recipient_third_parties, withdrawal_method, privacy_rights.
event: event_time, validity_duration, entity_id, event_type, event_state. The record names people and applications by id only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from xinqiao.kit import plain
from xinqiao.vault import Klass

from .model import Display, Text

SCHEMA = "ISO/IEC TS 27560:2023"


def until_of(text: Text, at: datetime) -> datetime | None:
    return None if text.valid_days is None else at + timedelta(days=text.valid_days)


def record_of(*, receipt: UUID, display: Display, tenant: str, agreed: bool, how: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The whole record as JSON types."""
    return plain(
        {
            "schema_version": SCHEMA,
            "record_id": receipt,
            "pii_principal_id": display.person,
            "pii_processing": _processing(display, tenant, how),
            "event": {
                "event_time": at,
                "validity_duration": None if display.text.valid_days is None else f"P{display.text.valid_days}D",
                "entity_id": display.person,
                "event_type": "explicit",
                "event_state": "consent_given" if agreed else "consent_refused",
            },
            "display": {"id": display.id, "shown_at": display.shown_at, "surface": display.surface, "how": how},
            "application": display.application,
        }
    )


def _processing(display: Display, tenant: str, how: Mapping[str, Any]) -> dict[str, Any]:
    text = display.text
    return {
        "privacy_notice": {"sha256": text.sha256, "version": text.version, "title": text.title},
        "language": text.language,
        "purpose": text.purpose,
        "lawful_basis": "consent",
        "pii_information": [{"pii_type": field, "class": field.klass, "sensitive": field.klass is Klass.C3} for field in text.fields],
        "pii_controllers": [tenant],
        "collection_method": how.get("method"),
        "storage_conditions": "encrypted under the person's own key",
        "retention_period": None if text.valid_days is None else f"P{text.valid_days}D",
        "recipient_third_parties": [{"id": display.recipient, "name": text.recipient}] if display.recipient else [],
        "withdrawal_method": "applicant page, 'My consents'",
        "privacy_rights": ["withdraw", "copy", "correct", "forget"],
    }
