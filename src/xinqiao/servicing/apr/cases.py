"""One case of flows as a file writes it: Regulation Z's unit-periods, or the EC's days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from xinqiao.kit import Money

from ..errors import CaseMalformed, CaseNotOne, NotJson
from .dates import Sides
from .european import effective_percent
from .model import Dated, Flow
from .regulation_z import actuarial_percent, unit_of

DAYS_IN_YEAR = Fraction(1461, 4)
"""365.25, as the worked examples of the EC and the UK count (unverified beyond them)."""
LISTS = ("cases", "examples")
"""What a file of several cases calls them."""
LONGEST = 36_600
"""Unit-periods or days: a hundred years of days."""


def of_case(case: Mapping[str, Any]) -> Decimal:
    """The percentage of a case written as the Regulation Z examples (unit-periods) or as the EC's (days) are.

    Regulation Z: `unit_periods_per_year` (a number or a fraction such as "365/255") and flows [amount, whole periods, [odd days, days in a
    period]]; two decimals. EC: flows {amount, day}; one decimal. Raises CaseMalformed, NoAnnualRate.
    """
    advances, payments, per_year = flows_of(case)
    if per_year is not None:
        return actuarial_percent(advances, payments, unit_periods_per_year=per_year)
    return effective_percent(advances, payments)


def read_case(text: str | bytes) -> dict[str, Any]:
    """The one case that a JSON text holds, alone or as the only one of its list. Raises NotJson, CaseNotOne, CaseMalformed."""
    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error) or type(error).__name__) from error
    inner = next((found[name] for name in LISTS if isinstance(found, dict) and name in found), found)
    if isinstance(inner, list):
        if len(inner) != 1:
            raise CaseNotOne(len(inner))
        inner = inner[0]
    if not isinstance(inner, dict):
        raise CaseMalformed(f"an object is wanted, got {type(inner).__name__}")
    return inner


def case_of(flows: Sequence[Dated]) -> dict[str, Any]:
    """Dated flows as a case in Regulation Z's shape: what `of_case` and `xinqiao loan apr` read. Raises FlowsRefused."""
    sides = Sides.of(flows)
    unit = unit_of(sides)
    case: dict[str, Any] = {"unit_periods_per_year": _shortest(unit.per_year)}
    for name, side in (("advances", sides.lent), ("payments", sides.repaid)):
        counted = ((amount, *unit.between(sides.start, day)) for day, amount in side)
        case[name] = [[str(amount), whole, [odd.numerator, odd.denominator]] for amount, whole, odd in counted]
    return case


def dated_flows(case: Mapping[str, Any]) -> list[Dated] | None:
    """The flows of a case written by dates; None when it is written otherwise. Raises CaseMalformed, NotAnAmount, UnknownCurrency.

    {"currency": "CNY", "advances": [{"on": "2026-03-02", "amount": "10000.00"}], "payments": [{"on", "amount", "what"}]}, where `what` is
    "principal" when left out, or the cost that is paid: "interest", "premium", "fee.service" …
    """
    sides = [case.get("advances"), case.get("payments")]
    if not all(isinstance(side, list) and side and all(isinstance(flow, Mapping) and "on" in flow for flow in side) for side in sides):
        return None
    currency = case.get("currency", "CNY")
    return [_dated(flow, currency, lent=lent) for side, lent in zip(sides, (True, False), strict=True) for flow in side]


def _dated(flow: Mapping[str, Any], currency: str, *, lent: bool) -> Dated:
    try:
        on, amount = date.fromisoformat(flow["on"]), Money.parse(_text(flow["amount"]), currency)
    except (KeyError, TypeError, ValueError) as error:
        raise CaseMalformed(f"a dated flow is {{on, amount, what}}, got {flow} ({error})") from error
    if amount.minor < 0 or not isinstance(flow.get("what", ""), str):
        raise CaseMalformed(f"an amount must not be negative, and what it pays is a name; got {flow}")
    return Dated(on, amount, flow.get("what", "principal"), lent)


def flows_of(case: Mapping[str, Any]) -> tuple[list[Flow], list[Flow], Fraction | None]:
    """Advances, payments, and unit-periods in a year when the case has Regulation Z's shape. Raises CaseMalformed."""
    try:
        per_year = _per_year(case["unit_periods_per_year"]) if "unit_periods_per_year" in case else None
        read = _day_flow if per_year is None else _unit_flow
        advances, payments = ([read(flow) for flow in _list(case, side)] for side in ("advances", "payments"))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        why = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error) or repr(error)
        raise CaseMalformed(why) from error
    if not any(flow.amount for flow in advances) or not any(flow.amount for flow in payments):
        raise CaseMalformed("nothing is advanced, or nothing is paid")
    return advances, payments, per_year


def _list(case: Mapping[str, Any], side: str) -> list[Any]:
    if not isinstance(case[side], list):
        raise TypeError(f"{side} must be a list, got {type(case[side]).__name__}")
    return case[side]


def _per_year(value: Any) -> Fraction:
    found = Fraction(*(_whole(part) for part in value)) if isinstance(value, list) else Fraction(_text(value))
    if not 1 <= found <= 366:
        raise ValueError(f"unit_periods_per_year must be from 1 to 366, got {value}")
    return found


def _unit_flow(flow: Any) -> Flow:
    if not isinstance(flow, list) or len(flow) != 3 or not isinstance(flow[2], list) or len(flow[2]) != 2:
        raise TypeError(f"a flow beside unit_periods_per_year is [amount, whole periods, [odd days, days in a period]], got {flow}")
    amount, periods, (odd, days) = flow
    if _whole(days) < 1:
        raise ValueError(f"a period has a day at least, got {days}")
    whole, left = divmod(Fraction(_whole(odd), _whole(days)), 1)
    return Flow(_amount(amount), _bounded(_whole(periods) + whole), left)


def _day_flow(flow: Any) -> Flow:
    if not isinstance(flow, Mapping) or not {"amount", "day"} <= flow.keys():
        raise TypeError(f"a flow without unit_periods_per_year is {{amount, day}}, got {flow}")
    years = _bounded(Fraction(_finite(flow["day"]))) / DAYS_IN_YEAR
    return Flow(_amount(flow["amount"]), years.numerator // years.denominator, years % 1)


def _amount(value: Any) -> Decimal:
    amount = _finite(value)
    if amount >= Decimal(10) ** 18:
        raise ValueError(f"an amount must be below 10^18, got {value}")
    return amount


def _finite(value: Any) -> Decimal:
    number = Decimal(_text(value))
    if not number.is_finite() or number < 0:
        raise ValueError(f"amounts and times must be finite and not negative, got {value}")
    return number


def _whole(value: Any) -> int:
    number = _finite(value)
    if number != int(number):
        raise ValueError(f"a whole number is wanted, got {value}")
    return int(number)


def _bounded(time: Any) -> Any:
    if time > LONGEST:
        raise ValueError(f"no flow may be more than {LONGEST} periods or days after the first, got {time}")
    return time


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise TypeError(f"a number is wanted, got {value!r}")
    return str(value).strip()


def _shortest(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)
