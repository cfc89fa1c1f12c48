"""The life that docs/lending.md tells: run line by line, every figure as it says."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from xinqiao.kit import CNY
from xinqiao.servicing import Terms
from xinqiao.servicing.contract import Prepayment
from xinqiao.servicing.lifecycle import replay
from xinqiao.servicing.lifecycle.contracts import agreement_of
from xinqiao.servicing.lifecycle.events import Approved, Disbursed, Paid, Reversed
from xinqiao.servicing.lifecycle.what_if import payoff, saving

TEXT = (Path(__file__).parents[2] / "docs" / "lending.md").read_text(encoding="utf-8")
NAMES = {
    "Approved": Approved,
    "CNY": CNY,
    "Decimal": Decimal,
    "Disbursed": Disbursed,
    "Paid": Paid,
    "Prepayment": Prepayment,
    "Reversed": Reversed,
    "Terms": Terms,
    "agreement_of": agreement_of,
    "date": date,
    "payoff": payoff,
    "replay": replay,
    "saving": saving,
}


def test_the_life_in_the_document_goes_as_it_says() -> None:
    section = TEXT[TEXT.index("## After the payout") :]
    block = re.search(r"```python\n(.*?)```", section, re.S)
    assert block
    known, told = dict(NAMES), 0
    for line in block[1].splitlines():
        code, _, says = line.partition("  # ")
        if says:
            assert str(eval(code, known)) == says, line
            told += 1
        else:
            exec(code, known)
    assert told == 8


def test_every_event_that_the_document_names_exists() -> None:
    from xinqiao.servicing.lifecycle import events

    table = TEXT[TEXT.index("| what happens | event |") : TEXT.index("Late principal bears penalty")]
    named = re.findall(r"`([A-Z]\w+)`", table)
    assert len(named) >= 20
    assert all(hasattr(events, name) for name in named)
