"""`loan apr`: the annual rate of one case in a file, and what each cost adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cyclopts
from rich.console import Group, RenderableType

from xinqiao.kit import Refused, plain
from xinqiao.terminal import OK, Json, refusals, show, table


class CaseUnreadable(Refused):
    code = "cli.case_unreadable"
    says = "{0} cannot be read: {1}. Give the path of a JSON file with one case."
    says_zh = "无法读取 {0}：{1}。请提供一个包含单个案例的 JSON 文件路径。"


def add(group: cyclopts.App) -> None:
    group.command(apr)


def apr(file: Path, *, as_json: Json = False) -> int:
    """The annual percentage rate of one case: Regulation Z's (flows in unit-periods), the EU's and UK's (flows in days), or all from dates.

    Parameters
    ----------
    file
        JSON with advances and payments. Beside "unit_periods_per_year" a flow is [amount, whole periods, [odd days, days in a period]]; without
        it {"amount", "day"}; or, dated, {"on", "amount", "what"} with "what" telling the cost that is paid ("interest", "fee.service" …).
    """
    from xinqiao.servicing import apr as rates

    with refusals(as_json=as_json):
        case = rates.read_case(_bytes(file))
        flows = rates.dated_flows(case)
        if flows is None:
            percent = rates.of_case(case)
            show({"apr_percent": str(percent)}, as_json=as_json, human=lambda: _plain_table(case, percent))
        else:
            _show_dated(flows, as_json)
    return OK


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CaseUnreadable(file, error.strerror or type(error).__name__) from error


def _plain_table(case: Mapping[str, Any], percent: object) -> RenderableType:
    from xinqiao.servicing.apr.cases import flows_of

    advances, payments, per_year = flows_of(case)
    lent, repaid = sum(flow.amount for flow in advances), sum(flow.amount for flow in payments)
    convention = "EU and UK: one decimal" if per_year is None else f"Regulation Z: {per_year} unit-periods a year"
    rows = [
        ["advanced", f"{len(advances)} flow(s)", lent, ""],
        ["repaid", f"{len(payments)} flow(s)", repaid, ""],
        ["cost of credit", "all of it", repaid - lent, f"{percent} %"],
    ]
    return table(f"{percent} % a year ({convention})", ["", "", "amount", "adds to the rate"], rows)


def _show_dated(flows: Sequence[Any], as_json: bool) -> None:
    from xinqiao.servicing import apr as rates

    found, parts = rates.rates_of(flows), rates.breakdown(flows)
    names = [str(one) for one in rates.Convention]
    facts = {
        "apr_percent": str(parts.percent),
        "convention": str(parts.convention),
        "unit_period": found.unit_period,
        "rates": {name: str(getattr(found, name)) for name in names},
        "breakdown": [{"what": part.what, "amount": str(part.amount), "points": str(part.points)} for part in parts.parts],
    }
    show(plain(facts), as_json=as_json, human=lambda: _dated_tables(facts, str(parts.cost)))


def _dated_tables(facts: Mapping[str, Any], cost: str) -> RenderableType:
    rows = [[part["what"], part["amount"], part["points"]] for part in facts["breakdown"]]
    adds = table("What each cost adds, in this order", ["cost", "amount", "points"], [*rows, ["all", cost, facts["apr_percent"]]])
    other = table(
        f"The same by every convention (unit-period: {facts['unit_period']})", ["", "%"], [[k, v] for k, v in facts["rates"].items()]
    )
    return Group(adds, other)
