"""The consent texts: data files, one a purpose and version, in both languages. Old versions stay, so that old receipts can be shown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xinqiao.vault import CONSENT_PURPOSES, Field, Purpose

from .errors import RecipientMissing, RecipientUnasked, TextMalformed, TextUnknown
from .model import LANGUAGES, Recipient, Text

FOLDER = Path(__file__).parent / "texts"


def load(folder: Path = FOLDER) -> list[Text]:
    """Every text in the folder. Raises TextMalformed."""
    return [text for path in sorted(folder.glob("*.toml")) for text in _read(path)]


def _read(path: Path) -> list[Text]:
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        texts = [_text(given, language) for language in LANGUAGES]
    except (KeyError, ValueError, TypeError) as error:
        raise TextMalformed(path.name, error) from error
    if path.name != f"{texts[0].purpose}.{texts[0].version}.toml":
        raise TextMalformed(path.name, f"it is named otherwise than {texts[0].purpose}.{texts[0].version}.toml")
    return texts


def _text(given: Mapping[str, Any], language: str) -> Text:
    said = given[language]
    if len(said["paragraphs"]) != 6:
        raise ValueError("six paragraphs are needed: what data, who, what for, how long, what on a no, how to take it back")
    return Text(
        purpose=Purpose(given["purpose"]),
        version=int(given["version"]),
        language=language,
        title=said["title"],
        paragraphs=tuple(said["paragraphs"]),
        if_no=said["if_no"],
        withdrawal=said["withdrawal"],
        fields=tuple(Field(name) for name in given["fields"]),
        valid_days=given.get("valid_days"),
        names_recipient=bool(given.get("names_recipient", False)),
    )


def newest(texts: Iterable[Text]) -> dict[tuple[Purpose, str], Text]:
    """The current text of each purpose and language."""
    return {(text.purpose, text.language): text for text in sorted(texts, key=lambda text: text.version)}


ALL = tuple(load())
TEXTS: Mapping[tuple[Purpose, str], Text] = newest(ALL)
"""(purpose, language) -> the text that is shown today. The funder's is a form that still wants its recipient's name."""

assert {purpose for purpose, _ in TEXTS} == CONSENT_PURPOSES, "every purpose that needs consent has its texts"


def text_for(
    purpose: Purpose, language: str, recipient: Recipient | None = None, *, texts: Mapping[tuple[Purpose, str], Text] = TEXTS
) -> Text:
    """The text to show now, with its recipient's name in it. Raises TextUnknown, RecipientMissing or RecipientUnasked."""
    text = texts.get((purpose, language))
    if text is None:
        raise TextUnknown(purpose, language, field="language")
    if text.names_recipient and recipient is None:
        raise RecipientMissing(purpose, field="recipient")
    if recipient is not None and not text.names_recipient:
        raise RecipientUnasked(purpose, field="recipient")
    return text if recipient is None else text.naming(recipient.named(language))


def current_version(purpose: Purpose) -> int:
    return TEXTS[purpose, LANGUAGES[0]].version
