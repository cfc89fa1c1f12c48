"""Identifiers: UUID version 7 (RFC 9562 §5.7), so that keys made later sort later."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
