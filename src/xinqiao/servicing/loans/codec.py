"""A loan's events as JSON and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from xinqiao.kit import plain

from .. import lifecycle
from ..lifecycle import Event
from ..product.model import Every, Unit

OUTSIDE = ("id", "on", "order", "recorded_on")
"""Columns of their own."""


def name_of(event: Event) -> str:
    """ "ChargeAdded" is kept as "charge_added"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()


def write(event: Event) -> dict[str, Any]:
    return {field.name: plain(getattr(event, field.name)) for field in fields(event) if field.name not in OUTSIDE}


def read(kind: str, data: Mapping[str, Any], **outside: Any) -> Event:
    """Raises KeyError for a kind that this version does not know: a loan must not be reckoned without one of its events."""
    made = _types()[kind]
    return made(**outside, **{name: _value(_hints(made)[name], value) for name, value in data.items()})


@cache
def _types() -> dict[str, type[Event]]:
    found = [one for one in vars(lifecycle.events).values() if isinstance(one, type) and issubclass(one, Event) and one is not Event]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", one.__name__).lower(): one for one in found}


@cache
def _hints(made: type[Event]) -> dict[str, Any]:
    return get_type_hints(made)


def _value(hint: Any, value: Any) -> Any:
    kind = next((one for one in get_args(hint) if one is not type(None)), hint)
    if value is None:
        return None
    if kind is date:
        return date.fromisoformat(value)
    if kind is Every:
        return Every(value["count"], Unit(value["unit"]))
    if isinstance(kind, type) and issubclass(kind, (Decimal, StrEnum)):
        return kind(value)
    return value
