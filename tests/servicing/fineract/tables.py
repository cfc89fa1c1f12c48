"""Cells of the recorded tables: how figures and dates are written, and how a table is compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from xinqiao.servicing.lifecycle import Books, Instalment, Parts, Tranche


def day(text: str) -> date:
    for form in ("%d %B %Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"no date: {text!r}")


def written(when: date | None) -> str:
    return when.strftime("%d %B %Y") if when else ""


def figure(minor: int) -> str:
    """As a double is printed: 250.0, 0.58."""
    text = f"{Decimal(minor) / 100:f}"
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.rstrip('0') or '0'}"


def same(expected: str, actual: str) -> bool:
    if expected == actual:
        return True
    if not expected or not actual:
        return False
    try:
        return Decimal(expected) == Decimal(actual)
    except InvalidOperation:
        return _date_or_text(expected) == _date_or_text(actual)


def _date_or_text(text: str) -> object:
    try:
        return day(text)
    except ValueError:
        return text


@dataclass
class Verdict:
    """What a check found: how many cells there were, and the first that differ."""

    kind: str
    cells: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.wrong


def compare(kind: str, header: list[str], expected: list[list[str]], actual: list[dict[str, str]], key: str) -> Verdict:
    """Each expected row must equal one actual row with the same `key`, each actual row serving once."""
    verdict = Verdict(kind)
    waiting = list(actual)
    for number, row in enumerate(expected, start=1):
        wanted = dict(zip(header, row, strict=True))
        verdict.cells += len(row)
        found = next((a for a in waiting if all(same(v, a.get(h, "")) for h, v in wanted.items())), None)
        if found is not None:
            waiting.remove(found)
            continue
        near = next((a for a in waiting if same(wanted.get(key, ""), a.get(key, ""))), None)
        verdict.wrong.append(f"{kind} row {number}: {_difference(wanted, near)}")
    return verdict


def _difference(wanted: dict[str, str], near: dict[str, str] | None) -> str:
    if near is None:
        return f"no row like {wanted}"
    cells = [f"{h}: expected {v!r}, got {near.get(h, '')!r}" for h, v in wanted.items() if not same(v, near.get(h, ""))]
    return f"[{next(iter(wanted.values()))} {wanted.get('Date', wanted.get('Transaction date', ''))}] " + "; ".join(cells)


def schedule(books: Books) -> list[dict[str, str]]:
    return [_tranche(row) if isinstance(row, Tranche) else _instalment(row) for row in books.rows]


def _tranche(row: Tranche) -> dict[str, str]:
    cells = {"Date": written(row.on), "Balance of loan": figure(row.amount), "Fees": figure(row.fee), "Due": figure(row.fee)}
    paid = {"Paid": figure(row.fee)} if row.disbursed else {"Outstanding": figure(row.fee)}
    return cells | paid


def _instalment(row: Instalment) -> dict[str, str]:
    return {
        "Nr": str(row.number),
        "Days": str(row.days),
        "Date": written(row.due),
        "Paid date": written(row.paid_on),
        "Balance of loan": figure(max(0, row.balance)),
        **amounts(row.amounts),
        "Due": figure(row.amounts.total),
        "Paid": figure(row.paid.total),
        "In advance": figure(row.in_advance),
        "Late": figure(row.late),
        "Waived": figure(row.waived.total),
        "Outstanding": figure(row.outstanding.total),
    }


def amounts(parts: Parts) -> dict[str, str]:
    return {
        "Principal due": figure(parts.principal),
        "Interest": figure(parts.interest),
        "Fees": figure(parts.fee),
        "Penalties": figure(parts.penalty),
    }


def totals(books: Books) -> dict[str, str]:
    due, fees = books.due, books.fees_at_disbursement
    paid_fees = fees if any(t.disbursed for t in books.tranches) else 0
    with_fees = due + Parts(fee=fees)
    return {
        **amounts(with_fees),
        "Due": figure(with_fees.total),
        "Paid": figure(books.paid.total + paid_fees),
        "In advance": figure(books.in_advance),
        "Late": figure(books.late),
        "Waived": figure(books.waived.total),
        "Outstanding": figure(books.outstanding.total + fees - paid_fees),
    }
