"""A small language for rule conditions: parsed once to closures, never run as Python.

    device.persons.7d >= 3 and not (facts.kind in ["micro_business"])

It knows whole and decimal numbers, texts, true and false, signals by their dotted names, `+ - *`, comparisons, `in [..]`,
`and or not`, and `known(signal)`. Logic is Kleene's with three values: a signal that is absent or of the wrong type is *unknown*
(None), and unknown spreads unless the other side settles the matter (`false and unknown` is false).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .errors import RuleNotUnderstood

LONGEST = 500
DEEPEST = 20

Signals = Mapping[str, Any]
Closure = Callable[[Signals], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])
      |(?P<text>"[^"\\\n]*")
      |(?P<name>[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*)
      |(?P<sign><=|>=|==|!=|[<>()\[\],+*-]))""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_WORDS = {"and", "or", "not", "in", "true", "false", "known"}


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    names: frozenset[str]
    """The signals it reads; those named only inside `known()` included."""
    _closure: Closure = field(repr=False, compare=False)

    def __call__(self, signals: Signals) -> bool | None:
        """True, False, or None when the signals do not settle it."""
        found = self._closure(signals)
        return found if isinstance(found, bool) else None


def parse(text: str) -> Expression:
    """Read a condition; raises RuleNotUnderstood with the position and what was expected there."""
    if len(text) > LONGEST:
        raise RuleNotUnderstood(text[:40] + "…", LONGEST, f"a condition has at most {LONGEST} characters")
    parser = _Parser(text)
    closure = parser.disjunction(0)
    parser.expect_end()
    return Expression(text, frozenset(parser.names), closure)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _comparable(sign: str, left: Any, right: Any) -> bool:
    if _is_number(left) and _is_number(right):
        return True
    return type(left) is type(right) and (sign in ("==", "!=") or isinstance(left, str))


def _compare(sign: str, left: Closure, right: Closure) -> Closure:
    apply = _COMPARE[sign]

    def run(signals: Signals) -> bool | None:
        a, b = left(signals), right(signals)
        return apply(a, b) if a is not None and b is not None and _comparable(sign, a, b) else None

    return run


def _calculate(sign: str, left: Closure, right: Closure) -> Closure:
    apply = _ARITHMETIC[sign]

    def run(signals: Signals) -> int | Decimal | None:
        a, b = left(signals), right(signals)
        return apply(a, b) if _is_number(a) and _is_number(b) else None

    return run


def _either(left: Closure, right: Closure, settles: bool) -> Closure:
    """Kleene's `or` (settled by True) and `and` (settled by False)."""

    def run(signals: Signals) -> bool | None:
        a = left(signals)
        if a is settles:
            return settles
        b = right(signals)
        if b is settles:
            return settles
        return (not settles) if isinstance(a, bool) and isinstance(b, bool) else None

    return run


def _negate(inner: Closure) -> Closure:
    def run(signals: Signals) -> bool | None:
        a = inner(signals)
        return not a if isinstance(a, bool) else None

    return run


def _member(left: Closure, choices: frozenset[Any]) -> Closure:
    def run(signals: Signals) -> bool | None:
        a = left(signals)
        return None if a is None else (type(a), a) in {(type(c), c) for c in choices}

    return run


class _Parser:
    """Recursive descent, one method to a level of precedence, weakest first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.tokens = self._split(text)
        self.at = 0

    def _split(self, text: str) -> list[tuple[str, str, int]]:
        tokens, position = [], 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise RuleNotUnderstood(text, start, f"{text[start]!r} starts nothing that a condition may hold")
            tokens.append((match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
            position = match.end()
        return [*tokens, ("end", "", len(text))]

    def _peek(self, *wanted: str) -> str | None:
        kind, value, _ = self.tokens[self.at]
        return value if kind in ("sign", "name") and value in wanted else None

    def _take(self, *wanted: str) -> str | None:
        value = self._peek(*wanted)
        self.at += value is not None
        return value

    def _fail(self, expected: str) -> RuleNotUnderstood:
        _, value, position = self.tokens[self.at]
        return RuleNotUnderstood(self.text, position, f"expected {expected}, found {value!r}" if value else f"expected {expected}")

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise self._fail(repr(sign))

    def expect_end(self) -> None:
        if self.tokens[self.at][0] != "end":
            raise self._fail("the end, or 'and' or 'or'")

    def disjunction(self, depth: int) -> Closure:
        if depth > DEEPEST:
            raise self._fail(f"at most {DEEPEST} levels of brackets")
        closure = self._conjunction(depth)
        while self._take("or"):
            closure = _either(closure, self._conjunction(depth), True)
        return closure

    def _conjunction(self, depth: int) -> Closure:
        closure = self._negation(depth)
        while self._take("and"):
            closure = _either(closure, self._negation(depth), False)
        return closure

    def _negation(self, depth: int) -> Closure:
        if depth > DEEPEST:
            raise self._fail(f"at most {DEEPEST} levels of brackets")
        return _negate(self._negation(depth + 1)) if self._take("not") else self._comparison(depth)

    def _comparison(self, depth: int) -> Closure:
        left = self._sum(depth)
        if self._take("in"):
            return _member(left, self._choices())
        sign = self._take(*_COMPARE)
        return left if sign is None else _compare(sign, left, self._sum(depth))

    def _sum(self, depth: int) -> Closure:
        closure = self._product(depth)
        while sign := self._take("+", "-"):
            closure = _calculate(sign, closure, self._product(depth))
        return closure

    def _product(self, depth: int) -> Closure:
        closure = self._atom(depth)
        while sign := self._take("*"):
            closure = _calculate(sign, closure, self._atom(depth))
        return closure

    def _choices(self) -> frozenset[Any]:
        self._expect("[")
        choices = [self._literal()]
        while self._take(","):
            choices.append(self._literal())
        self._expect("]")
        return frozenset(choices)

    def _literal(self) -> Any:
        kind, value, _ = self.tokens[self.at]
        if kind == "number":
            literal: Any = Decimal(value) if "." in value else int(value)
        elif kind == "text":
            literal = value[1:-1]
        elif kind == "name" and value in ("true", "false"):
            literal = value == "true"
        else:
            raise self._fail('a number, a "text", true or false')
        self.at += 1
        return literal

    def _atom(self, depth: int) -> Closure:
        if self._take("("):
            inner = self.disjunction(depth + 1)
            self._expect(")")
            return inner
        if self._take("known"):
            self._expect("(")
            name = self._name()
            self._expect(")")
            return lambda signals: signals.get(name) is not None
        kind, value, _ = self.tokens[self.at]
        if kind == "name" and value not in _WORDS:
            name = self._name()
            return lambda signals: signals.get(name)
        literal = self._literal()
        return lambda _: literal

    def _name(self) -> str:
        kind, value, _ = self.tokens[self.at]
        if kind != "name" or value in _WORDS:
            raise self._fail("the name of a signal")
        self.at += 1
        self.names.add(value)
        return value
