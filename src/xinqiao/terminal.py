"""How every command answers: for people by rich, for scripts by one JSON value on standard output (`--json`).

Exit codes: 0 done; 1 refused, or a check that failed; 2 wrong usage; 3 something outside does not answer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError

from xinqiao.kit import Refused, Unavailable, plain


class DatabaseSilent(Unavailable):
    code = "cli.database_silent"
    says = "The database does not answer; check DATABASE_URL, and that the server runs."
    says_zh = "数据库没有应答；请检查 DATABASE_URL 以及服务是否已启动。"


Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON value for scripts.")]

OK, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 3
WIDE = 140
"""Columns where there is no terminal to ask: a log or a pipe."""
console = Console(width=None if sys.stdout.isatty() else WIDE)
errors = Console(stderr=True)


def show(value: Any, *, as_json: bool, human: Callable[[], Any] | None = None) -> None:
    """Print the value: as JSON, or what `human` makes of it (a rich renderable or text)."""
    if as_json:
        sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    else:
        console.print(human() if human is not None else value)


def table(title: str, columns: list[str], rows: list[list[Any]]) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made


@contextmanager
def refusals(*, as_json: bool) -> Iterator[None]:
    """Turn a refusal into its sentence and an exit code."""
    try:
        yield
    except Refused as error:
        _say(error, as_json)
        sys.exit(UNAVAILABLE if isinstance(error, Unavailable) else REFUSED)
    except OperationalError:
        _say(DatabaseSilent(), as_json)
        sys.exit(UNAVAILABLE)


def _say(error: Refused, as_json: bool) -> None:
    found = [dict(e) if isinstance(e, dict) else {"field": e.field, "code": e.code, "says": e.says} for e in getattr(error, "errors", [])]
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": error.code, "detail": error.message(), "errors": found}}, ensure_ascii=False) + "\n")
        return
    errors.print(f"[bold red]{error.code}[/]: {error.message()}")
    for one in found:
        errors.print(f"  [bold]{one['field']}[/]: {one['says']}")
