"""`ledger`: the trial balance, statements, exports, closing days, checking the books."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter

from xinqiao.terminal import OK, REFUSED, USAGE, Json, errors, refusals, show, table

group = cyclopts.App(name="ledger", help="The books: trial balance, statements, exports, closing days, checking.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def trial_balance(
    *,
    at: Annotated[datetime | None, Parameter(help="All recorded up to this instant, such as 2026-03-02T10:00:00Z.")] = None,
    on: Annotated[date | None, Parameter(help="All booked up to the end of this day.")] = None,
    as_json: Json = False,
) -> int:
    """Debits and credits by kind of account and currency: now, at a past instant, or at a past book date."""
    from xinqiao.servicing import ledger

    from .house import opened

    if at is not None and on is not None:
        errors.print("Give --at or --on, not both.")
        return USAGE
    with refusals(as_json=as_json), opened() as house:
        instant = at if at is None or at.tzinfo else at.astimezone()
        with house.begin() as db:
            found = ledger.trial_balance(db=db, until=instant, on=on)
        facts = [
            {"kind": kind, "currency": currency, "debits": str(one.debits), "credits": str(one.credits), "net": str(one.net)}
            for (kind, currency), one in found.items()
        ]
        rows = [[f"{row['kind']} {ledger.chart()[ledger.Kind(row['kind'])].zh}", *list(row.values())[1:]] for row in facts]
        show(facts, as_json=as_json, human=lambda: table("Trial balance 试算平衡", ["account", "", "debits", "credits", "net"], rows))
    return OK


@group.command
def statement(
    *accounts: str,
    since: Annotated[date | None, Parameter(name="--from")] = None,
    until: Annotated[date | None, Parameter(name="--to")] = None,
    as_json: Json = False,
) -> int:
    """Statements of accounts between two book dates, by default this month.

    Parameters
    ----------
    accounts
        Each kind, kind/owner or kind/owner/currency, such as `clearing` or `wallet/0199.../CNY`.
    """
    from xinqiao.servicing.ledger import Account

    from .house import opened

    if not accounts:
        errors.print("Name at least one account, such as clearing or funder/<id>/CNY.")
        return USAGE
    with refusals(as_json=as_json), opened() as house:
        wanted, today = [Account.parse(text) for text in accounts], house.clock.today()
        told = []
        for account in wanted:
            with house.begin() as db:
                told.append(_statement(db, account, since or today.replace(day=1), until or today))
        for one in [told] if as_json else told:
            show(one, as_json=as_json, human=lambda one=one: _as_table(one))
    return OK


def _statement(db: Any, account: Any, since: date, until: date) -> dict[str, Any]:
    from xinqiao.servicing import ledger

    page = ledger.statement(db=db, account=account, since=since, until=until)
    facts, lines = page, list(page.lines)
    while page.next is not None:
        page = ledger.statement(db=db, account=account, since=since, until=until, after=page.next)
        lines += page.lines
    rows = [
        {
            "booked_on": line.entry.booked_on,
            "at": line.entry.at,
            "what": line.entry.what,
            "other": str(line.entry.other),
            "amount": str(line.entry.amount),
            "balance": str(line.balance),
            "transfer": line.entry.transfer,
        }
        for line in lines
    ]
    ends = {"opening": str(facts.opening.net), "closing": str(facts.closing.net)}
    return {"account": str(account), "from": since, "to": until, **ends, "lines": rows}


def _as_table(told: dict[str, Any]) -> Any:
    rows = [[row["booked_on"], row["what"], row["other"], row["amount"], row["balance"]] for row in told["lines"]]
    title = f"{told['account']}, {told['from']} to {told['to']}: {told['opening']} -> {told['closing']} (debits less credits)"
    return table(title, ["booked on", "what", "other side", "amount", "balance"], rows)


@group.command
def export(
    *,
    format: Annotated[Literal["beancount", "csv"], Parameter(name="--format")] = "beancount",
    since: Annotated[date | None, Parameter(name="--from")] = None,
    until: Annotated[date | None, Parameter(name="--to")] = None,
    out: Annotated[Path | None, Parameter(name="--out", help="A file; standard output without it.")] = None,
) -> int:
    """All transfers booked between two days, as a beancount file or CSV; by default the whole books."""
    from xinqiao.servicing import ledger

    from .house import opened

    with refusals(as_json=False), opened() as house:
        write = ledger.beancount if format == "beancount" else ledger.as_csv
        with ledger.steady(house.database, house.settings.tenant) as db, _into(out) as file:
            for line in write(db=db, since=since, until=until):
                file.write(line)
    return OK


@contextmanager
def _into(path: Path | None) -> Iterator[Any]:
    """The file appears whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@group.command
def close(
    *,
    on: Annotated[date | None, Parameter(name="--through", help="The last day to close; yesterday without it.")] = None,
    as_json: Json = False,
) -> int:
    """Close every open day in order, each in a transaction of its own; nothing can be booked on them afterwards."""
    from datetime import timedelta

    from xinqiao.servicing import ledger

    from .house import opened

    with refusals(as_json=as_json), opened() as house:
        last = on or house.clock.today() - timedelta(days=1)
        made: list[ledger.Close] = []
        while not made or made[-1].on < last:
            with house.begin() as db:
                made.append(ledger.close_day(db=db, clock=house.clock, on=min(ledger.next_to_close(db=db) or last, last)))
        facts = [{"on": one.on, "transfers": one.transfers, "sha256": one.sha256.hex()} for one in made]
        show(
            facts,
            as_json=as_json,
            human=lambda: table("Closed 已结账", ["day", "transfers", "sha256"], [list(row.values()) for row in facts]),
        )
    return OK


@group.command
def verify(*, as_json: Json = False) -> int:
    """Recompute the chain of closes, every account's balance and every day's totals from the postings. Exit code 1 when something is off."""
    from xinqiao.servicing import ledger

    from .house import opened

    with refusals(as_json=as_json), opened() as house:
        with ledger.steady(house.database, house.settings.tenant) as db:
            found = ledger.verify(db=db)
        facts = {
            "sound": found.is_sound,
            "transfers": found.transfers,
            "accounts": found.accounts,
            "closes": found.closes,
            "problems": [{"what": one.what, "says": one.says} for one in found.problems],
        }
        rows = [[one.what, one.says] for one in found.problems]
        sums = f"{found.transfers} transfers, {found.accounts} accounts, {found.closes} closed days"
        show(
            facts,
            as_json=as_json,
            human=lambda: table(f"{sums}: {len(rows)} problems", ["", ""], rows) if rows else f"{sums}: sound 账实相符",
        )
    return OK if found.is_sound else REFUSED
