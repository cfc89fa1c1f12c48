"""`loan schedule`: what a product and a request come to, instalment by instalment. `loan products`: those that are shipped."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cyclopts
from rich.console import Group, RenderableType

from xinqiao.kit import Refused
from xinqiao.terminal import OK, Json, refusals, show, table

if TYPE_CHECKING:
    from xinqiao.servicing.product import Product
    from xinqiao.servicing.schedule import Plan


class DocumentUnreadable(Refused):
    code = "cli.document_unreadable"
    says = "{0} cannot be read: {1}. Give the path of a JSON file with a product and a request; docs/lending.md shows one."
    says_zh = "无法读取 {0}：{1}。请提供含 product 与 request 的 JSON 文件，格式见 docs/lending.md。"


def add(group: cyclopts.App) -> None:
    group.command(schedule)
    group.command(products)


def schedule(file: Path, *, as_json: Json = False) -> int:
    """The repayment schedule of a product and a request.

    Parameters
    ----------
    file
        JSON with "product" (a product, or the code of a shipped one such as "monthly") and "request" (principal, start, …).
    """
    from xinqiao.servicing.product import read_document
    from xinqiao.servicing.schedule import plan

    with refusals(as_json=as_json):
        made = plan(*read_document(_bytes(file)))
        show(told(made), as_json=as_json, human=lambda: _page(made))
    return OK


def products(code: str | None = None, *, as_json: Json = False) -> int:
    """The products that are shipped, or one of them as the JSON to start one's own from.

    Parameters
    ----------
    code
        such as "monthly"; without it, all of them.
    """
    from xinqiao.servicing.product import standard, standards

    with refusals(as_json=as_json):
        if code is not None:
            sys.stdout.write(json.dumps(standard(code).to_json(), ensure_ascii=False, indent=None if as_json else 2) + "\n")
        else:
            rows = [[p.code, p.name, p.name_zh, p.amortisation, _rate(p), p.instalments] for p in standards().values()]
            facts = {"products": [product.to_json() for product in standards().values()]}
            head = ["code", "name", "名称", "repaid", "rate", "instalments"]
            show(facts, as_json=as_json, human=lambda: table("Shipped products: xinqiao loan products CODE shows one", head, rows))
    return OK


def _rate(product: Product) -> str:
    if product.repricing is None:
        return f"{product.annual_rate * 100:.2f} %"
    return f"{product.repricing.index} + {product.repricing.spread * 100:.2f} %"


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DocumentUnreadable(file, error.strerror or type(error).__name__) from error


def told(made: Plan) -> dict[str, Any]:
    """The plan as JSON; "fee" holds premiums too, so that principal, interest and fee make the total."""
    return {
        "product": made.product.code,
        "currency": made.principal.currency,
        "annual_rate_percent": _percent(made),
        "disbursements": [
            {"date": p.on.isoformat(), "amount": str(p.amount), "financed": str(p.financed), "deducted": str(p.deducted), "net": str(p.net)}
            for p in made.payouts
        ],
        "instalments": [
            {
                "number": i.number,
                "due_date": i.due.isoformat(),
                "principal": str(i.principal),
                "interest": str(i.interest),
                "fee": str(i.premium + i.fee),
                "total": str(i.total),
                "balance": str(i.balance),
                "premium": str(i.premium),
                "down_payment": i.down_payment,
            }
            for i in made.instalments
        ],
        "totals": {
            "principal": str(made.principal),
            "interest": str(made.interest),
            "fee": str(made.premium + made.fees),
            "total": str(made.to_repay),
        },
        "calendar_not_published": list(made.unpublished),
    }


def _percent(made: Plan) -> str | None:
    """The full annual cost; None where no rate fits, as when all is due on the day of the payout."""
    try:
        return str(made.annual_rate().percent)
    except Refused:
        return None


def _page(made: Plan) -> RenderableType:
    rows = [[i.number, i.due, i.principal, i.interest, i.premium + i.fee, i.total, i.balance] for i in made.instalments]
    product, currency = made.product, made.principal.currency
    title = f"{product.name or product.code}: {_percent(made) or 'no'} % a year in all, {made.cost} {currency} more than is paid out"
    parts: list[RenderableType] = [table(title, ["", "due", "principal", "interest", "fee", "total", "balance"], rows)]
    if len(made.payouts) > 1 or any(p.net != p.amount for p in made.payouts):
        paid = [[p.on, p.amount, p.financed, p.deducted, p.net] for p in made.payouts]
        parts.append(table("Payouts", ["on", "owed", "financed fees", "deducted fees", "paid out"], paid))
    if made.unpublished:
        years = ", ".join(map(str, made.unpublished))
        parts.append(f"The {product.business_days.calendar} calendar of {years} is not published yet: dates there may move.")
    return Group(*parts)
