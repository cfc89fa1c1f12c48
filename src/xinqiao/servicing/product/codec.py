"""Products and requests as JSON, and back. Pure.

Amounts, rates and fractions are decimal strings ("0.108"), dates ISO 8601, a day count "actual/360"; pairs are objects ({"min", "max"},
{"due", "fraction"}). The shape follows the dataclasses' own annotations, so that neither can forget a field of the other. What is unknown,
of the wrong kind or a JSON fraction is refused with where it stands and what would be right.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from xinqiao.kit import Money, Refused

from ..errors import ProductMalformed
from .model import Amortisation, DayCount, Limits, Product, Rounding
from .request import Request

PAIRS = {"custom": ("due", "fraction"), "order": ("when", "kind"), "index_values": ("since", "value")}
"""What the two sides of a pair are called in JSON; of any other field, "min" and "max"."""
BOUNDS = {one.name for one in fields(Limits) if isinstance(one.default, tuple)}
"""Fields that hold a minimum and a maximum."""
KINDS = {bool: "true or false", int: "a whole number", str: "a text"}


def pair_names(field: str) -> tuple[str, str]:
    return PAIRS.get(field, ("min", "max"))


# --- out ---------------------------------------------------------------------------------------------------------------------------


def to_json(value: Any, field: str = "") -> Any:
    """JSON types; every field, also those at their default, so that a later default changes nothing that was stored."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, DayCount | date):
        return str(value)
    if isinstance(value, tuple):
        return [_out(item, field) for item in value] if not _is_pair(value, field) else _out(value, field)
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if is_dataclass(value):
        return {one.name: to_json(getattr(value, one.name), one.name) for one in fields(value)}
    if isinstance(value, Rounding):
        return value.name.lower()
    return value.value if isinstance(value, StrEnum) else value


def _is_pair(value: tuple[Any, ...], field: str) -> bool:
    """A pair of bounds, as against a list of pairs."""
    return field in BOUNDS


def _out(item: Any, field: str) -> Any:
    if not isinstance(item, tuple):
        return to_json(item, field)
    first, second = pair_names(field)
    return {first: to_json(item[0]), second: to_json(item[1])}


# --- in ----------------------------------------------------------------------------------------------------------------------------


def parse_product(data: str | bytes | Mapping[str, Any]) -> Product:
    """Raises ProductMalformed, ProductContradictory."""
    from .check import check_product

    raw = dict(loaded(data))
    if raw.get("amortisation") == Amortisation.CUSTOM and "instalments" not in raw and isinstance(raw.get("custom"), list):
        raw["instalments"] = len(raw["custom"])
    currency = raw.get("currency", "CNY")
    made = _read(Product, raw, "", currency if isinstance(currency, str) else "")
    check_product(made)
    return made


def parse_request(data: str | bytes | Mapping[str, Any], currency: str) -> Request:
    """Raises ProductMalformed; whether a product allows it is for `check_request` to say."""
    return _read(Request, loaded(data), "request", currency)


def loaded(data: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        loaded = json.loads(data, object_pairs_hook=_once) if isinstance(data, str | bytes) else data
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProductMalformed(f"it is no JSON ({error})") from error
    if not isinstance(loaded, Mapping):
        raise ProductMalformed('it must be one JSON object, such as {"code": "monthly-12", "annual_rate": "0.108"}')
    return loaded


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ProductMalformed(f"{next(n for n in names if names.count(n) > 1)!r} stands twice in one object; keep one")
    return made


def words(kind: type[StrEnum]) -> dict[str, StrEnum]:
    """What each value is called in JSON; rounding modes by their own names, not the decimal module's."""
    return {one.name.lower() if kind is Rounding else one.value: one for one in kind}


@cache
def hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, value: Any, at: str, currency: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(next(one for one in inner if one is not type(None)), value, at, currency)
    if origin is tuple:
        return _read_tuple(inner, value, at, currency)
    if origin is dict:
        return {key: _read(inner[1], item, f"{at}.{key}", currency) for key, item in _object(value, at).items()}
    if hint is DayCount:
        return _try(lambda: DayCount.parse(_scalar(str, value, at)), at)
    if is_dataclass(hint) and hint is not Money:
        return _read_dataclass(hint, value, at, currency)
    return _read_leaf(hint, value, at, currency)


def _read_tuple(inner: tuple[Any, ...], value: Any, at: str, currency: str) -> Any:
    if inner[-1] is not Ellipsis:
        names = pair_names(_leaf(at))
        found = _object(value, at)
        _known(found, names, at)
        return tuple(_read(hint, found.get(name), f"{at}.{name}", currency) for hint, name in zip(inner, names, strict=True))
    if not isinstance(value, list):
        raise ProductMalformed(f"{at} is a list, got {value!r}", field=at)
    return tuple(_read(inner[0], item, f"{at}[{index}]", currency) for index, item in enumerate(value))


def _leaf(at: str) -> str:
    return at.rpartition(".")[2].partition("[")[0]


def _read_dataclass(kind: type, value: Any, at: str, currency: str) -> Any:
    found, known = _object(value, at), fields(kind)
    _known(found, [one.name for one in known], at)
    for one in known:
        if one.name not in found and _required(one):
            raise ProductMalformed(f"{_where(at)} needs {one.name!r}", field=_join(at, one.name))
    return kind(**{name: _read(hints(kind)[name], item, _join(at, name), currency) for name, item in found.items()})


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _known(found: Mapping[str, Any], names: Any, at: str) -> None:
    for name in found:
        if name not in names:
            close = get_close_matches(str(name), names, 1)
            meant = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
            raise ProductMalformed(f"{_where(at)} has no field {name!r}{meant}", field=_join(at, str(name)))


def _object(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ProductMalformed(f"{_where(at)} is an object, got {value!r}", field=at)
    return value


def _read_leaf(hint: Any, value: Any, at: str, currency: str) -> Any:
    if hint in KINDS:
        return _scalar(hint, value, at)
    text = _scalar(str, value, at)
    if issubclass(hint, StrEnum):
        options = words(hint)
        if text not in options:
            raise ProductMalformed(f"{at} is one of {', '.join(options)}, got {text!r}", field=at)
        return options[text]
    if hint is Money:
        return _try(lambda: Money.parse(text, currency), at)
    if hint is Decimal:
        return _decimal(text, at)
    return _try(lambda: date.fromisoformat(text), at, "a date is written as 2026-03-31")


def _scalar(kind: type, value: Any, at: str) -> Any:
    if type(value) is kind:
        return value
    quoted = (
        f'; write it in quotes, such as "{value}"' if kind is str and isinstance(value, int | float) and not isinstance(value, bool) else ""
    )
    raise ProductMalformed(f"{at} is {KINDS[kind]}, got {value!r}{quoted}", field=at)


def _decimal(text: str, at: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= 10**15 or len(text) > 40:
        raise ProductMalformed(f'{at} is a decimal number in quotes, such as "0.108", got {text!r}', field=at)
    return value


def _try(read: Any, at: str, hint: str = "") -> Any:
    try:
        return read()
    except ProductMalformed:
        raise
    except (ValueError, Refused) as error:
        raise ProductMalformed(f"{at}: {hint or str(error).rstrip('.')}", field=at) from error


def _where(at: str) -> str:
    return at or "the product"


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
