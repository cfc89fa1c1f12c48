"""What a document says, before it is laid out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Column:
    head: str
    share: float
    """Of the page's width, relative to the other columns."""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose head is repeated on every page that it reaches."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()
    empty: str = ""
    """What stands there when there is no row."""


@dataclass(frozen=True, slots=True)
class Sheet:
    language: str
    """BCP 47."""
    day: date
    """The last day that the sheet speaks of."""
    title: str
    subtitle: str
    issuer: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[tuple[str, str]]
    """The few numbers that a reader looks for first."""
    tables: Sequence[Table]
    notes: Sequence[str]
    sha256: str
    """Of the canonical file that says the same."""
    page_word: str
    """With places for the page and how many there are: "Page {page} of {pages}"."""
