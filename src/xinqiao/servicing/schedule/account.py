"""An instalment's numbers, each with the sum it is the result of, its rule in words and the contract's clause. Pure.

A sum is written so that anybody can do it over: "8374.52 × 0.12 × 1/12 = 83.7452".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from xinqiao.kit import Money
from xinqiao.kit.money import DECIMALS

from .equal import PRECISION
from .formulas import explain
from .model import FeeLine, Plan, Planned, Stretch

SHOWN = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Explained:
    what: str
    """"interest", "principal", or a fee's code."""
    amount: Money
    worked: str
    """The sum."""
    rule: str
    """In words."""
    clause: str = ""
    """Of the contract, where the product names one."""


def account(made: Plan, number: int, language: str = "en") -> list[Explained]:
    """What instalment `number` consists of. Raises StopIteration for a number that the plan does not have."""
    one = next(i for i in made.instalments if i.number == number)
    lines = [] if one.down_payment else [_interest(made, one, language)]
    lines.append(
        Explained("principal", one.principal, _principal(made, one), explain(one.basis.principal, language), _clause(made, "principal"))
    )
    return lines + [_fee(made, fee, language) for fee in one.basis.fees]


def _interest(made: Plan, one: Planned, language: str) -> Explained:
    basis = one.basis
    exact = sum((stretch.interest for stretch in basis.stretches), Fraction(0))
    worked = f"{' + '.join(_stretch(made, stretch) for stretch in basis.stretches)} = {_exact(exact, one.interest)}"
    if basis.deferred and basis.deferred.is_positive:
        worked = f"{worked}; {basis.accrued} + {basis.deferred} = {one.interest}"
    return Explained("interest", one.interest, worked, explain(basis.interest, language), _clause(made, "interest"))


def _stretch(made: Plan, stretch: Stretch) -> str:
    """The part of a year as days over days where the day count has a fixed year."""
    days, year = stretch.days, made.product.day_count.year
    part = f"{days}/{year}" if year != "actual" and stretch.fraction == Fraction(days, int(year)) else stretch.fraction
    return f"{stretch.balance} × {stretch.annual_rate:f} × {part}"


def _principal(made: Plan, one: Planned) -> str:
    basis = one.basis
    if basis.principal == "principal.level" and basis.level is not None and basis.level - basis.accrued == one.principal:
        return f"{basis.level} − {basis.accrued} = {one.principal}"
    if basis.principal == "principal.down_payment" and made.product.down_payment:
        paid = sum(p.amount.minor for p in made.payouts if p.on == one.due)
        return f"{Money(paid, one.principal.currency)} × {made.product.down_payment.fraction:f} = {one.principal}"
    return f"{one.principal}"


def _fee(made: Plan, fee: FeeLine, language: str) -> Explained:
    base = f"{fee.rate:f}" if fee.base is None else f"{fee.base} × {fee.rate:f}"
    value = Fraction(fee.rate) * (10 ** DECIMALS[fee.amount.currency] if fee.base is None else fee.base.minor) * fee.part
    worked = f"{base}{'' if fee.part == 1 else f' × {fee.part}'} = {_exact(value, fee.amount)}"
    rule = "fee.bounded" if fee.bounded else ("fee.flat" if fee.base is None else "fee.rate")
    return Explained(fee.code, fee.amount, worked, explain(rule, language), _clause(made, fee.code))


def _exact(minor: Fraction, like: Money) -> str:
    """The unrounded value in the currency, to six decimals beyond which it is told by an ellipsis."""
    value = PRECISION.divide(Decimal(minor.numerator), Decimal(minor.denominator)).scaleb(-DECIMALS[like.currency], PRECISION)
    shown = value.quantize(SHOWN, context=PRECISION)
    return f"{shown.normalize(PRECISION):f}" + ("…" if shown != value else "")


def _clause(made: Plan, what: str) -> str:
    return made.product.clauses.get(what, "")
