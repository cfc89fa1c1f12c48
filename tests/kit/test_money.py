from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money, canonical
from xinqiao.kit.money import CurrenciesDiffer, NotAnAmount, UnknownCurrency


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("123.45", "CNY", 12345), ("5", "JPY", 5), ("1.234", "KWD", 1234), ("-0.01", "CNY", -1), ("1e2", "CNY", 10000)],
)
def test_parse_reads_decimal_strings(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["1.234", "abc", "", "NaN", "Infinity", "1,000", None, "9" * 30])
def test_parse_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(NotAnAmount):
        Money.parse(text, "CNY")


def test_unknown_currencies_and_mixed_sums_are_refused() -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, "XXX")
    with pytest.raises(CurrenciesDiffer):
        CNY(1) + Money(1, "USD")


@given(st.integers(-(10**12), 10**12), st.integers(1, 400))
def test_a_split_loses_no_fen(minor: int, parts: int) -> None:
    pieces = CNY(minor).split(parts)
    assert sum(p.minor for p in pieces) == minor
    assert max(p.minor for p in pieces) - min(p.minor for p in pieces) <= 1


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_a_written_amount_reads_back(minor: int, currency: str) -> None:
    assert Money.parse(str(Money(minor, currency)), currency).minor == minor


def test_times_rounds_half_to_even() -> None:
    assert CNY(5).times(Decimal("0.5")) == CNY(2)
    assert CNY(15).times(Decimal("0.5")) == CNY(8)


def test_canonical_form_is_one_byte_string() -> None:
    assert (
        canonical({"b": CNY(150), "a": Decimal("1.50"), "名": [1, None, True]})
        == '{"a":"1.50","b":{"amount":"1.50","currency":"CNY"},"名":[1,null,true]}'.encode()
    )
