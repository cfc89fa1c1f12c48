"""Columns of a million values between PostgreSQL and numpy, as binary arrays: no Python object for a value. Knows no SQL.

The wire format of an array is five big-endian int32 (dimensions, flag for nulls, element type, length, lower bound), then each element with
its length before it (src/backend/utils/adt/arrayfuncs.c, array_send). Arrays here have no nulls: statements coalesce, or give a value that
stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

EPOCH = date(2000, 1, 1)
"""PostgreSQL counts dates from here."""
HEADER = 20
UUIDS = "S16"
"""A UUID's bytes; numpy drops zeros at the end when it hands one out, so read one with `uuid`."""
WIRE = {16: "u1", 20: ">i8", 23: ">i4", 1082: ">i4", 2950: UUIDS}
"""By the type's oid: boolean, bigint, integer, date, uuid."""
ARRAYS = {16: 1000, 20: 1016, 23: 1007, 1082: 1182, 2950: 2951}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values to send as one array parameter."""

    values: NDArray
    element: int
    """The oid of its elements' type."""


def booleans(values: NDArray) -> Column:
    return Column(values, 16)


def bigints(values: NDArray) -> Column:
    return Column(values, 20)


def integers(values: NDArray) -> Column:
    return Column(values, 23)


def dates(values: NDArray) -> Column:
    """Days since EPOCH."""
    return Column(values, 1082)


def uuids(values: NDArray) -> Column:
    return Column(values, 2950)


def encode(column: Column) -> bytes:
    wire = np.dtype(WIRE[column.element])
    elements = np.empty(len(column.values), [("width", ">i4"), ("value", wire)])
    elements["width"], elements["value"] = wire.itemsize, column.values
    head = [1, 0, column.element, len(elements), 1] if len(elements) else [0, 0, column.element]
    return np.array(head, ">i4").tobytes() + elements.tobytes()


def decode(array: bytes | None) -> NDArray:
    """int64 values (dates as days since EPOCH), booleans, or UUIDs as `UUIDS`; empty for a NULL. Raises ValueError when an element is null."""
    if array is None:
        return np.empty(0, np.int64)
    dimensions, nulls, element = np.frombuffer(array, ">i4", 3)
    wire = WIRE[int(element)]
    if nulls:
        raise ValueError("an array with nulls has no fixed width; coalesce them in the statement")
    layout = [("width", ">i4"), ("value", wire)]
    values = np.frombuffer(array, layout, offset=HEADER)["value"] if dimensions else np.empty(0, wire)
    return values.astype({"u1": np.bool_, UUIDS: UUIDS}.get(wire, np.int64))


def uuid(value: bytes) -> UUID:
    return UUID(bytes=bytes(value).ljust(16, b"\0"))


def day(number: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + int(number))


def number(of: date) -> int:
    return of.toordinal() - EPOCH.toordinal()


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def get_key(self, obj: Column, format: object) -> object:
        return (self.cls, obj.element)

    def upgrade(self, obj: Column, format: object) -> Dumper:
        made = type(self)(self.cls)
        made.oid = ARRAYS[obj.element]
        return made

    def dump(self, obj: Column) -> bytes:
        return encode(obj)


def register(adapters: AdaptersMap) -> None:
    """Let a cursor take `Column` as a parameter."""
    adapters.register_dumper(Column, _ColumnDumper)
