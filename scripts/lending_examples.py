"""Recompute the worked examples and the picture of docs/lending.md: python scripts/lending_examples.py

In the document, a JSON block with a product and a request is followed by a table and a line of what the loan costs; both are written by
`filled` from the public functions. `tests/servicing/test_lending_document.py` holds the document to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from xinqiao.servicing.product import read_document
from xinqiao.servicing.schedule import FORMULAS, Plan, account, plan

DOCS = Path(__file__).parents[1] / "docs"
DOCUMENT, PICTURE = DOCS / "lending.md", DOCS / "pictures" / "lending-shapes.svg"
HEAD = "| # | due | principal | interest | fees | total | still owed |\n|---|---|---|---|---|---|---|\n"
EXAMPLE = re.compile(
    r"(?P<block>```json\n(?P<json>\{[^`]*\})\n```\n\n)" + re.escape(HEAD) + r"(?P<rows>(?:\|.*\|\n)*)(?P<cost>\n\*.*\*\n)?"
)
WORDS = re.compile(r"(\| id \| in words \|\n\|---\|---\|\n)(?:\|.*\|\n)*")
ACCOUNT = re.compile(r"(\| what \| amount \| worked \|\n\|---\|---\|---\|\n)(?:\|.*\|\n)*")
SHOWN = 7
"""Longer schedules show their first three and their last instalment."""


def filled(text: str) -> str:
    """The document with its tables as they are computed now."""
    text = EXAMPLE.sub(lambda found: found["block"] + HEAD + table(example(found["json"])) + cost(example(found["json"])), text)
    text = ACCOUNT.sub(lambda found: found[1] + explained(text), text)
    return WORDS.sub(lambda found: found[1] + "".join(f"| `{name}` | {english} |\n" for name, (english, _) in FORMULAS.items()), text)


def explained(text: str) -> str:
    """The second instalment of the document's last example, number by number."""
    last = list(EXAMPLE.finditer(text))[-1]
    return "".join(f"| {line.what} | {line.amount} | {line.worked} |\n" for line in account(example(last["json"]), 2))


def example(text: str) -> Plan:
    return plan(*read_document(text))


def examples(text: str) -> Iterator[tuple[Plan, str]]:
    """Each example's plan as computed now, and what the document says of it."""
    for found in EXAMPLE.finditer(text):
        yield example(found["json"]), found["rows"] + (found["cost"] or "")


def table(made: Plan) -> str:
    rows = [
        f"| {i.number} | {i.due} | {i.principal} | {i.interest} | {i.premium + i.fee} | {i.total} | {i.balance} |\n"
        for i in made.instalments
    ]
    return "".join([*rows[:3], "| … | | | | | | |\n", rows[-1]] if len(rows) > SHOWN else rows)


def cost(made: Plan) -> str:
    return f"\n*{made.annual_rate().percent} % a year in all; {made.cost} {made.principal.currency} more than was paid out.*\n"


# --- the picture ---------------------------------------------------------------------------------------------------------------------

SHAPES = (
    ("equal_instalments", "等额本息", {}),
    ("equal_principal", "等额本金", {}),
    ("interest_only", "先息后本", {}),
    ("bullet", "到期还本付息", {}),
    ("balloon", "气球贷", {"balloon": "0.4"}),
    ("stepped", "阶梯还款", {"steps": ["1", "1", "1", "1", "1.5", "1.5", "1.5", "1.5", "2"]}),
)
WIDE, HIGH, GAP = 210, 120, 30


def picture() -> str:
    """Six ways to repay the same ¥12,000 at 24 % over a year: principal below, interest above."""
    cells = "".join(_cell(index, *shape) for index, shape in enumerate(SHAPES))
    style = "text{font:12px sans-serif;fill:#444}.zh{fill:#888}.p{fill:#2f6f9f}.i{fill:#e0a030}.axis{stroke:#bbb}"
    key = '<rect class="p" x="20" y="352" width="10" height="10"/><text x="36" y="361">principal 本金</text>'
    key += '<rect class="i" x="150" y="352" width="10" height="10"/><text x="166" y="361">interest 利息</text>'
    title = "<title>Six ways to repay the same loan: what is due of principal and interest with each instalment</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 372" role="img">{title}<style>{style}</style>{cells}{key}</svg>\n'


def _cell(index: int, shape: str, chinese: str, more: dict[str, object]) -> str:
    product = {"code": shape, "amortisation": shape, "annual_rate": "0.24", **more}
    made = plan(*read_document({"product": product, "request": {"principal": "12000", "start": "2026-01-15"}}))
    left, base = 20 + (index % 3) * (WIDE + GAP), 30 + HIGH + (index // 3) * (HIGH + 55)
    tallest = max(i.total.decimal for i in made.instalments)
    bars = "".join(
        _bar(left, base, len(made.instalments), i.number, i.principal.decimal / tallest, i.interest.decimal / tallest)
        for i in made.instalments
    )
    words = f'<text x="{left}" y="{base - HIGH - 8}">{shape.replace("_", " ")} <tspan class="zh">{chinese}, {made.interest}</tspan></text>'
    return f'{words}{bars}<line class="axis" x1="{left}" x2="{left + WIDE}" y1="{base}" y2="{base}"/>'


def _bar(left: int, base: int, count: int, number: int, principal: Decimal, interest: Decimal) -> str:
    at = left + (number - 1 if count > 1 else 11) * WIDE / 12 + 2
    low, high = round(float(principal) * (HIGH - 6), 1), round(float(interest) * (HIGH - 6), 1)
    bar = '<rect class="{}" x="{:.1f}" y="{:.1f}" width="13" height="{:.1f}"/>'
    return bar.format("p", at, base - low, low) + bar.format("i", at, base - low - high, high)


def main() -> None:
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
