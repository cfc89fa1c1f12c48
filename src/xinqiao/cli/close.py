"""`loan close-day`: the close of a day over the whole book."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from xinqiao.kit import Money, plain
from xinqiao.terminal import OK, Json, errors, refusals, show, table


def add(group: cyclopts.App) -> None:
    group.command(close_day, name="close-day")


def close_day(
    *,
    on: date | None = None,
    workers: Annotated[int, Parameter(help="Pages closed side by side, each on a connection of its own.")] = 2,
    as_json: Json = False,
) -> int:
    """Close a day for every loan: accruals, ageing, the book's figures, the day's postings. Safe to repeat; a killed run is gone on with.

    Parameters
    ----------
    on
        The day, by default yesterday; days close in their order and when they are over.
    """
    from xinqiao.batch import end_of_day

    from .house import opened

    with refusals(as_json=as_json), opened() as house, _shown() as bar:
        day = on or house.clock.today() - timedelta(days=1)
        task = bar.add_task(f"closing {day}", total=None)

        def progress(done: int, pages: int) -> None:
            bar.update(task, completed=done, total=pages)

        closed = end_of_day(begin=house.begin, clock=house.clock, on=day, workers=workers, progress=progress)
    show(plain(closed), as_json=as_json, human=lambda: _human(plain(closed)))
    return OK


def _shown() -> Progress:
    """On standard error, so that what is printed can be piped; nothing where that is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("pages"), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def _human(closed: dict[str, Any]) -> Table:
    title = f"{closed['day']} was closed before; nothing was done" if closed["again"] else f"{closed['day']} is closed"
    earned = [[f"interest earned, {currency}", Money(minor, currency)] for currency, minor in closed["earned"].items()]
    came_in = [[f"of it collected since, {currency}", Money(minor, currency)] for currency, minor in closed["collected"].items()]
    counts = [[name, closed[name]] for name in ("loans", "moved", "transfers")]
    return table(title, ["", ""], [*counts, *earned, *came_in])
