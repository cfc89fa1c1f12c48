"""Apache Fineract's unit tests of its progressive instalments (Apache-2.0), read as statements and run on our own model.

The figures are another engine's; the folder that holds them may be absent, and then nothing is claimed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from xinqiao.kit import Money
from xinqiao.servicing.interest import InterestModel, Period, Stretch
from xinqiao.servicing.product.model import DayCount, Every, Rounded, Unit

FIGURES = Path(__file__).parents[3] / "shared" / "data" / "loan" / "fineract_emi_unit.json"
CURRENCY = "USD"
CALL = re.compile(r"^(?:emiCalculator\.)?(\w+)\((.*)\);?$", re.DOTALL)
ASSIGNED = re.compile(r"^(?:final )?(?:[A-Z]\w* )?(\w+) = (.+);$", re.DOTALL)
MOCKED = re.compile(r"get(\w+)\(\)\)\.thenReturn\((.+)\);$")


class Statements:
    """Just enough of the tests' Java: assignments, mocked settings, calls on the calculator, and checked rows."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"interestRate": Decimal(0), "installmentAmountInMultiplesOf": None}
        self.dates: list[tuple[date, date]] = []
        self.settings: dict[str, str] = {}
        self.model: InterestModel | None = None
        self.checked = 0

    def run(self, statement: str) -> None:
        text = re.sub(r"//\s*", "", statement).strip()
        if "final ProgressiveLoanInterestScheduleModel" in text:
            return  # the definition of the check itself
        mocked, assigned = MOCKED.search(text), ASSIGNED.match(text)
        if mocked:
            self.settings[mocked[1]] = mocked[2]
        elif assigned and not assigned[2].startswith("emiCalculator."):
            self.names[assigned[1]] = self.value(assigned[2])
        else:
            self.call(f"{assigned[2]};" if assigned else text)

    def call(self, text: str) -> None:
        call = CALL.match(text)
        verb = self.verbs.get(call[1]) if call else None
        if call and verb is None and call[1].startswith("get") and len(split(call[2])) == 3:
            verb = Statements.look
        if call is None or verb is None:
            raise AssertionError(f"a statement that nobody can read: {text}")
        verb(self, split(call[2]))

    def value(self, text: str) -> Any:
        text = text.strip()
        if found := re.fullmatch(r"LocalDate\.of\((\d+), (\d+), (\d+)\)", text):
            return date(*map(int, found.groups()))
        if found := re.fullmatch(r"(?:toMoney|Money\.of|BigDecimal\.valueOf|new BigDecimal|toBigDecimal)\((.*)\)", text):
            return self.value(split(found[1])[-1])
        if text in ("BigDecimal.ZERO", "null"):
            return Decimal(0) if text == "BigDecimal.ZERO" else None
        if re.fullmatch(r'"?-?[\d.]+[DdLl]?"?', text):
            return Decimal(text.strip('"DdLl'))
        return self.names[text]

    def money(self, text: str) -> Money:
        return Money.parse(str(self.value(text)), CURRENCY)

    def repayment(self, args: list[str]) -> None:
        self.dates.append((self.value(args[1]), self.value(args[2])))

    def generate(self, args: list[str]) -> None:
        year = re.search(r"DaysInYearType\.(?:DAYS_)?(\w+)", self.settings["DaysInYearType"])[1].lower()
        month = re.search(r"DaysInMonthType\.(?:DAYS_)?(\w+)", self.settings["DaysInMonthType"])[1].lower()
        unit = self.settings["RepaymentPeriodFrequencyType"].rpartition(".")[2].lower()
        self.model = InterestModel(
            self.dates,
            self.names["interestRate"] / 100,
            DayCount("30" if month == "30" else "actual", year),
            Every(int(self.settings["RepayEvery"]), Unit(unit)),
            CURRENCY,
            Rounded(instalment_multiple=self.value(args[2])),
        )

    def disburse(self, args: list[str]) -> None:
        self.model.add_disbursement(self.value(args[1]), self.money(args[2]))

    def change_rate(self, args: list[str]) -> None:
        self.model.change_rate(self.value(args[1]), self.value(args[2]) / 100)

    def correct(self, args: list[str]) -> None:
        self.model.add_balance_correction(self.value(args[1]), self.money(args[2]))

    def pay_principal(self, args: list[str]) -> None:
        self.model.pay_principal(self.value(args[1]), self.value(args[2]), self.money(args[3]))

    def pay_interest(self, args: list[str]) -> None:
        self.model.pay_interest(self.value(args[1]), self.value(args[2]), self.money(args[3]))

    def find(self, args: list[str]) -> None:
        assert self.model.period(self.value(args[1])).due == self.value(args[1])

    def look(self, args: list[str]) -> None:
        """The original looks at what is payable; it must not change the model."""
        before = self.model.copy()
        self.model.due_amounts(self.value(args[1]), self.value(args[2]))
        assert self.model == before

    def check(self, args: list[str]) -> None:
        index, part = int(args[1]), int(args[2])
        emi, factor, *amounts = [self.value(arg) for arg in args[3:]]
        interest, due, principal, balance = amounts if len(amounts) == 4 else (amounts[0], *amounts)
        period = self.model.periods[index]
        stretch = self.stretch(period, part, factor)
        found = (period.emi, stretch.factor, stretch.interest, period.interest, period.principal, period.balance)
        assert found == (cents(emi), factor, cents(interest), cents(due), cents(principal), cents(balance)), f"period {index}, part {part}"
        self.checked += 1

    @staticmethod
    def stretch(period: Period, part: int, factor: Decimal) -> Stretch:
        """The part of a period that a row speaks of.

        A payout on the first day leaves an empty stretch before the first one with days. One published row counts without it: a row
        with a factor is never that of a stretch without days, so it is held against the next.
        """
        named = period.stretches[part]
        return period.stretches[part + 1] if named.start == named.end and factor else named

    verbs: ClassVar[dict[str, Callable[..., None]]] = {
        "repayment": repayment,
        "generateInterestScheduleModel": generate,
        "addDisbursement": disburse,
        "changeInterestRate": change_rate,
        "addBalanceCorrection": correct,
        "payPrincipal": pay_principal,
        "payInterest": pay_interest,
        "findRepaymentPeriod": find,
        "checkPeriod": check,
    }


def cents(amount: Decimal) -> int:
    return Money.parse(str(amount), CURRENCY).minor


def split(args: str) -> list[str]:
    """Arguments at the outermost level of brackets."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(args):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(args[start:at].strip())
            start = at + 1
    return [*parts, args[start:].strip()]


def cases() -> list:
    if not FIGURES.exists():
        return [pytest.param(None, id="figures", marks=pytest.mark.skip(reason=f"the published figures {FIGURES} are not on this machine"))]
    tests = json.loads(FIGURES.read_text())["tests"]
    return [pytest.param(test, id=test["test"]) for test in tests if any(op.startswith("checkPeriod(interest") for op in test["ops"])]


@pytest.mark.parametrize("test", cases())
def test_published_rows_of_progressive_instalments(test: dict) -> None:
    statements = Statements()
    for op in test["ops"]:
        statements.run(op)
    rows = [op for op in test["ops"] if op.startswith("checkPeriod(interest")]
    assert statements.checked == len(rows) > 0
