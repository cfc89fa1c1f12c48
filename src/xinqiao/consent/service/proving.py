"""Is there consent? Require it, look it up, list it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock
from xinqiao.vault import Purpose

from .. import store
from ..errors import ConsentMissing, ReceiptUnknown
from ..model import Receipt, Text
from ..texts import current_version


def require(*, db: Connection, clock: Clock, person: UUID, purpose: Purpose, recipient: str | None = None) -> Receipt:
    """The receipt in force for the purpose and exactly this recipient. Raises ConsentMissing, which says why there is none."""
    given = store.answers_of(db, person, purpose=Purpose(purpose), recipient=recipient or "")
    for one in reversed(given):
        if one.is_live(clock.now()) and one.text_version == current_version(one.purpose):
            return one
    raise ConsentMissing(Purpose(purpose), _why(given[-1], clock) if given else "never_asked")


def _why(last: Receipt, clock: Clock) -> str:
    if not last.agreed:
        return "declined"
    if last.is_live(clock.now()) or last.ended_why == "renewed text":
        return "text_renewed"
    return "withdrawn" if last.ended_why in ("withdrawn", "forgotten") else "run_out"


def history(*, db: Connection, person: UUID) -> list[Receipt]:
    """Every answer the person gave, yes and no, oldest first, with when and why it ended."""
    return store.answers_of(db, person)


def get(*, db: Connection, person: UUID, receipt: UUID) -> Receipt:
    """Raises ReceiptUnknown."""
    found = store.answer_of(db, person, receipt)
    if found is None:
        raise ReceiptUnknown(receipt)
    return found


def text_of(*, db: Connection, receipt: Receipt) -> Text:
    """The text as it was shown, word for word, whatever its file says today."""
    found = store.text_shown(db, receipt.text_sha256)
    if found is None:
        raise AssertionError(f"receipt {receipt.id} has lost its text")
    return found
