import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.fraud import RuleNotUnderstood
from xinqiao.fraud.expression import parse

SIGNALS = {"device.persons.7d": 3, "facts.kind": "personal", "facts.online": True, "facts.rate": Decimal("0.2")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("device.persons.7d >= 3", True),
        ("device.persons.7d > 3", False),
        ("device.persons.7d * 2 + 1 == 7", True),
        ("2 + 3 * 4 == 14", True),
        ("(2 + 3) * 4 == 20", True),
        ("10 - 2 - 3 == 5", True),
        ("facts.rate <= 0.24", True),
        ('facts.kind in ["personal", "micro_business"]', True),
        ('facts.kind == "micro_business" or facts.online', True),
        ("not facts.online", False),
        ("not not facts.online", True),
        ("facts.online and device.persons.7d < 3 or true", True),
        ("known(facts.online) and not known(facts.absent)", True),
        ('"or" == "or"', True),
    ],
)
def test_conditions_mean_what_they_say(text: str, expected: bool) -> None:
    assert parse(text)(SIGNALS) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("absent.signal >= 1", None),
        ("absent.signal >= 1 or facts.online", True),
        ("absent.signal >= 1 and facts.online", None),
        ("absent.signal >= 1 and not facts.online", False),
        ("not (absent.signal >= 1)", None),
        ("absent.signal in [1, 2]", None),
        ("facts.kind > 3", None),
        ("facts.kind + 1 > 3", None),
        ("facts.online > 0", None),
        ("device.persons.7d", None),
        ("device.persons.7d in [true]", False),
        ("known(absent.signal) and absent.signal >= 1", False),
    ],
)
def test_unknown_spreads_unless_the_other_side_settles_it(text: str, expected: bool | None) -> None:
    assert parse(text)(SIGNALS) is expected


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("device.persons.7d >=", 20, "expected a number"),
        ("(a.b > 1", 8, "expected '\\)'"),
        ("a.b > 1 c.d", 8, "expected the end"),
        ("a.b $ 1", 4, "'\\$' starts nothing"),
        ('__import__("os")', 10, "expected the end"),
        ("a.b in 3", 7, "expected '\\['"),
        ("a.b in [c.d]", 8, "expected a number"),
        ("", 0, "expected a number"),
        ("known(3)", 6, "name of a signal"),
        ("not " * 30 + "true", 84, "at most 20 levels"),
        ("(" * 30 + "true", 21, "at most 20 levels"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, position: int, says: str) -> None:
    with pytest.raises(RuleNotUnderstood, match=says) as caught:
        parse(text)
    assert caught.value.args[1] == position


def test_overlong_conditions_are_refused() -> None:
    with pytest.raises(RuleNotUnderstood, match="at most 500"):
        parse("true or " * 100 + "true")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(RuleNotUnderstood):
        assert parse(text)({}) in (True, False, None)


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_comparison_agrees_with_arithmetic(a: int, b: int, sign: str) -> None:
    expected = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[sign]
    assert parse(f"x.a {sign} x.b")({"x.a": a, "x.b": b}) is expected
