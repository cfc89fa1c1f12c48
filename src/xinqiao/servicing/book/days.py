"""What the close of a day writes of the book, so that a page of a million loans is a sum over some thousand rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from . import store

Columns = Mapping[str, Sequence]
KEPT_DAYS = 40
"""Days whose figures stay; of older ones the last of each month stays."""


def save_day(*, db: Connection, on: date, before: date | None, sums: Mapping[str, Columns]) -> None:
    """Keep the figures of a day: "lines" and "rolls" of the day, "firsts" added to what there is, "flows" in place of the last ones.

    "closed" lines are what ended since `before`, and are added to that day's; so are the rolls to "closed" within one month.
    """
    store.save_lines(db, on, sums["lines"], before=before)
    same_month = before is not None and (before.year, before.month) == (on.year, on.month)
    store.save_rolls(db, on, sums["rolls"], before=before if same_month else None)
    store.add_firsts(db, sums["firsts"])
    store.replace_flows(db, on, sums["flows"])
    store.tidy(db, on, kept=KEPT_DAYS)
