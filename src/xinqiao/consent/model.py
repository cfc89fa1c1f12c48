"""Texts, displays, receipts and how an answer was given. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from xinqiao.kit import canonical, plain, sha256_hex
from xinqiao.vault import Field, Purpose

from .errors import Bundled, HowMissing, HowUnknown, Preticked, TextNotRead, TiedToIncentive

LANGUAGES = ("zh-CN", "en")

DISPLAY_LIVES = timedelta(minutes=30)
"""How long after its display a text can be answered; then it is shown anew."""

ASKING_ORDER = (
    Purpose.IDENTITY,
    Purpose.BUREAU_QUERY,
    Purpose.AUTOMATED_DECISION,
    Purpose.FUNDER_SHARING,
    Purpose.BUREAU_REPORT,
    Purpose.MEDIA,
    Purpose.MARKETING,
)
"""One by one, what the application needs before what it does not."""

ERASED_WITH: Mapping[Purpose, tuple[Field, ...]] = {
    Purpose.IDENTITY: (Field.FACE_TEMPLATE, Field.TEMPLATE_KEY, Field.FACE_INDEX),
    Purpose.MEDIA: (Field.SELFIE, Field.PORTRAIT),
}
"""What is deleted when the consent that it was kept under ends."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is to receive the data, named to the person in their language. `id` is what reads of the vault name."""

    id: str
    name: str
    name_zh: str = ""

    def named(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") and self.name_zh else self.name


@dataclass(frozen=True, slots=True)
class Text:
    """One purpose's text in one language and version, as it is shown."""

    purpose: Purpose
    version: int
    language: str
    title: str
    paragraphs: tuple[str, ...]
    """What data, who gets it, what for, how long, what happens on a no, how to take it back."""
    if_no: str
    withdrawal: str
    """What taking it back stops."""
    fields: tuple[Field, ...]
    valid_days: int | None = None
    names_recipient: bool = False
    recipient: str | None = None
    """The name that the text was filled in with."""

    @property
    def body(self) -> str:
        return "\n".join(self.paragraphs)

    @property
    def sha256(self) -> str:
        """Of the canonical form of everything the person is shown, the recipient's name included; 64 hexadecimal digits."""
        shown = {"purpose": self.purpose, "version": self.version, "language": self.language, "title": self.title}
        return sha256_hex(canonical(shown | {"paragraphs": self.paragraphs, "if_no": self.if_no, "recipient": self.recipient}))

    def naming(self, recipient: str) -> Text:
        """The text with the recipient's name in it."""

        def filled(words: str) -> str:
            return words.replace("{recipient}", recipient)

        words = {"title": filled(self.title), "if_no": filled(self.if_no), "withdrawal": filled(self.withdrawal)}
        return replace(self, **words, paragraphs=tuple(map(filled, self.paragraphs)), recipient=recipient)


@dataclass(frozen=True, slots=True)
class Display:
    """The record that a text was shown to a person. Only what was displayed can be answered."""

    id: UUID
    person: UUID
    application: UUID | None
    surface: str
    text: Text
    recipient: str | None
    """The recipient's id."""
    shown_at: datetime

    @property
    def purpose(self) -> Purpose:
        return self.text.purpose

    @property
    def expires_at(self) -> datetime:
        return self.shown_at + DISPLAY_LIVES

    @property
    def text_sha256(self) -> str:
        return self.text.sha256


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer to one display, yes or no, and what became of it."""

    id: UUID
    person: UUID
    application: UUID | None
    display: UUID
    purpose: Purpose
    agreed: bool
    at: datetime
    until: datetime | None
    language: str
    text_version: int
    text_sha256: str
    recipient: str | None
    recipient_name: str | None
    surface: str
    how: Mapping[str, Any]
    record: Mapping[str, Any]
    """The consent record in ISO/IEC TS 27560's fields (`receipt.record_of`)."""
    sha256: str
    """Of the record's canonical form."""
    ended_at: datetime | None = None
    ended_why: str | None = None
    """withdrawn, declined (a later no to the same), renewed text, run out or forgotten."""

    def is_live(self, now: datetime) -> bool:
        """Agreed, not ended and not run out."""
        return self.agreed and (self.ended_at is None or self.ended_at > now) and (self.until is None or self.until > now)

    @property
    def source(self) -> str:
        """What the vault's basis names as its ground."""
        return f"consent:{self.id}"


_ALIASES = {"control": "method", "preselected": "preticked", "coupon": "incentive", "reward": "incentive", "discount": "incentive"}
_KNOWN = frozenset({"method", "preticked", "scrolled_to_end", "bundle", "incentive", "surface", "seconds_shown"})
METHODS = frozenset({"tap", "click", "button", "key", "signature", "voice", "paper"})


def how_agreed(how: Mapping[str, Any]) -> dict[str, Any]:
    """How an agreement was given, checked: by an act of one's own, unticked, alone and for nothing in return.

    `method` is one of METHODS; `preticked` must be said and be false; `scrolled_to_end` may be unknown but not false; `bundle` and `incentive`
    must be empty. Raises HowMissing, HowUnknown, Preticked, TextNotRead, Bundled or TiedToIncentive.
    """
    said = how_answered(how)
    if said.get("method") not in METHODS:
        raise HowMissing("method", "one of " + ", ".join(sorted(METHODS)), field="how")
    if "preticked" not in said:
        raise HowMissing("preticked", "false", field="how")
    if said["preticked"] is not False:
        raise Preticked(field="how")
    if said.get("scrolled_to_end") not in (None, True):
        raise TextNotRead(field="how")
    if said.get("bundle"):
        raise Bundled(said["bundle"], field="how")
    if said.get("incentive"):
        raise TiedToIncentive(field="how")
    return said


def how_answered(how: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an answer under their own names. Raises HowUnknown for one that a receipt has no place for."""
    if not isinstance(how, Mapping):
        raise HowMissing("how", "an object such as {'method': 'tap', 'preticked': false}", field="how")
    said = {_ALIASES.get(str(name), str(name)): plain(value) for name, value in how.items()}
    unknown = sorted(set(said) - _KNOWN)
    if unknown:
        raise HowUnknown(", ".join(unknown), ", ".join(sorted(_KNOWN)), field="how")
    return said
