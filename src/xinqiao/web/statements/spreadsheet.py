"""Tables as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO


def spreadsheet(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Amounts are given as plain decimals. A text that a spreadsheet would take for a formula is led by an apostrophe."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([[_safe(value) for value in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(value: object) -> object:
    is_text = isinstance(value, str) and not _is_number(value)
    return f"'{value}" if is_text and str(value).startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
