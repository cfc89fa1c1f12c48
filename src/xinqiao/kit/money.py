"""Money: integer minor units of an ISO 4217 currency. No binary floats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from .errors import Refused

DECIMALS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "TND": 3}
"""Minor-unit digits of the currencies in use (ISO 4217)."""


class UnknownCurrency(Refused):
    code = "money.unknown_currency"
    says = "Currency {0!r} is not supported; use one of " + ", ".join(DECIMALS) + "."
    says_zh = "不支持币种 {0!r}。"


class NotAnAmount(Refused):
    code = "money.not_an_amount"
    says = "{0!r} is not an amount of {1}: write digits with at most {2} decimals, such as '1200.50'."
    says_zh = "{0!r} 不是有效的 {1} 金额：请写数字，最多 {2} 位小数，例如 1200.50。"


class CurrenciesDiffer(ValueError):
    """Two currencies met in one sum: a fault of the program, never of the input."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in DECIMALS:
            raise UnknownCurrency(self.currency)
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError(f"minor units are an int, got {self.minor!r}")

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal string; raises NotAnAmount when it has more decimals than the currency or is no number."""
        if currency not in DECIMALS:
            raise UnknownCurrency(currency)
        digits = DECIMALS[currency]
        try:
            scaled = Decimal(text).scaleb(digits)
            exact = scaled.is_finite() and scaled == scaled.to_integral_value() and abs(scaled) < 10**18
        except (InvalidOperation, TypeError, ValueError):
            exact = False
        if not exact:
            raise NotAnAmount(text, currency, digits)
        return cls(int(scaled), currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-DECIMALS[self.currency])

    @property
    def is_positive(self) -> bool:
        return self.minor > 0

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    def times(self, factor: Decimal, rounding: str = ROUND_HALF_EVEN) -> Money:
        """The product, rounded to the minor unit (half-even unless told)."""
        return Money(int((Decimal(self.minor) * factor).to_integral_value(rounding)), self.currency)

    def split(self, parts: int) -> list[Money]:
        """`parts` amounts that sum to this one; they differ by at most one minor unit, the larger ones first."""
        if parts < 1:
            raise ValueError(f"parts must be at least 1, got {parts}")
        quotient, remainder = divmod(self.minor, parts)
        return [Money(quotient + (i < remainder), self.currency) for i in range(parts)]

    def _same(self, other: Money) -> Money:
        if not isinstance(other, Money):
            raise TypeError(f"expected Money, got {other!r}")
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency} do not add up")
        return other

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __mul__(self, count: int) -> Money:
        if not isinstance(count, int):
            raise TypeError("multiply Money by an int, or use times(Decimal)")
        return Money(self.minor * count, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other).minor

    def __str__(self) -> str:
        return f"{self.decimal:.{DECIMALS[self.currency]}f}"


def CNY(fen: int) -> Money:  # noqa: N802 - reads as the currency it makes
    """An amount in fen: CNY(12345) is ¥123.45."""
    return Money(fen, "CNY")


def total(amounts: Iterable[Money], currency: str = "CNY") -> Money:
    """The sum; zero of `currency` when there is nothing to add."""
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result if result is not None else Money(0, currency)
