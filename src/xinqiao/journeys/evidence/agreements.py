"""Consents in a pack: each receipt with its display, and each text word for word as it was shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from xinqiao import consent
from xinqiao.consent import Receipt, Text
from xinqiao.kit import plain
from xinqiao.vault import Purpose
from xinqiao.vault.audit import Recorded

from ..case import Case
from .gather import Sections

GAP = "\n\n"


def concerning(db: Connection, case: Case, entries: Iterable[Recorded]) -> list[Receipt]:
    """The receipts of this application, and older ones on which a read of the person's data rested."""
    cited = {source for one in entries for source in one.data.get("basis") or ()}
    return [one for one in consent.history(db=db, person=case.person) if one.application == case.id or one.source in cited]


def gather(db: Connection, receipts: Sequence[Receipt], into: Sections) -> None:
    for one in receipts:
        into.put(f"consents/{one.id}.json", {"receipt": one, "display": shown(one)})
        text = consent.text_of(db=db, receipt=one)
        into.files[f"texts/{one.text_sha256}.txt"] = written(text)
    if not receipts:
        into.lack("consents", "no consent was asked yet", "尚未征求任何授权")


def shown(one: Receipt) -> dict[str, Any]:
    """The display that was answered: when, where and in which words."""
    display = one.record["display"]
    return {"id": one.display, "shown_at": display["shown_at"], "surface": one.surface, "text": f"texts/{one.text_sha256}.txt"}


def written(text: Text) -> bytes:
    """As it was shown: title, paragraphs, and what a no leads to, with an empty line between."""
    return GAP.join((text.title, *text.paragraphs, text.if_no)).encode()


def read_back(data: bytes, receipt: Mapping[str, Any]) -> Text:
    """The text again, under the receipt's purpose, version, language and recipient; its `sha256` tells whether it is the one shown.

    Raises ValueError.
    """
    title, *paragraphs, if_no = data.decode().split(GAP)
    return Text(
        purpose=Purpose(receipt["purpose"]),
        version=int(receipt["text_version"]),
        language=str(receipt["language"]),
        title=title,
        paragraphs=tuple(paragraphs),
        if_no=if_no,
        withdrawal="",
        fields=(),
        recipient=receipt["recipient_name"],
    )


def related(entry: Recorded, receipts: Iterable[Receipt]) -> bool:
    """Whether an entry of the log tells of one of these receipts or of its display."""
    names = {str(name) for one in receipts for name in (one.id, one.display)}
    return entry.kind.startswith("consent.") and bool(names & {str(plain(value)) for value in entry.data.values()})
