"""Sums by key over columns, and their merging: what each page adds to the book's figures. Pure; integers throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Columns of keys, all of one length, and of what was summed under each combination of them."""

    keys: Mapping[str, NDArray]
    values: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(next(iter(self.keys.values())))


def summed(keys: Mapping[str, NDArray], values: Mapping[str, NDArray[np.int64]]) -> Sums:
    """Sum `values` by the combinations of `keys` that occur."""
    first, of = combined(keys)
    made = {name: np.zeros(len(first), np.int64) for name in values}
    for name, column in values.items():
        np.add.at(made[name], of, column)
    return Sums({name: column[first] for name, column in keys.items()}, made)


def combined(keys: Mapping[str, NDArray]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each combination of keys occurs first, and which of them every row is."""
    code, size = np.zeros(len(next(iter(keys.values()))), np.int64), 1
    for column in keys.values():
        found, of = np.unique(column, return_inverse=True)
        code, size = code * max(1, len(found)) + of, size * max(1, len(found))
    if size >= 2**62:
        raise ValueError(f"{size} combinations of keys do not fit a 64-bit code")
    _, first, of = np.unique(code, return_index=True, return_inverse=True)
    return first, of


def summed_by_day(
    keys: Mapping[str, NDArray], owner: NDArray[np.int64], name: str, day: NDArray[np.int64], values: Mapping[str, NDArray[np.int64]]
) -> Sums:
    """As `summed`, of rows that belong to an `owner` whose keys these are and to a `day`: by counting cells, without sorting the rows."""
    first, of = combined(keys)
    start = int(day.min(initial=0))
    span = int(day.max(initial=0)) - start + 1
    cell = of[owner] * span + (day - start)
    found = np.flatnonzero(np.bincount(cell, minlength=len(first) * span))
    made = {}
    for title, column in values.items():
        sums = np.zeros(len(first) * span, np.int64)
        np.add.at(sums, cell, column)
        made[title] = sums[found]
    return Sums({**{title: column[first][found // span] for title, column in keys.items()}, name: found % span + start}, made)


def merged(parts: Iterable[Sums]) -> Sums:
    """All of them together; raises ValueError for none."""
    all_parts = list(parts)
    names = all_parts[0]
    keys = {name: np.concatenate([part.keys[name] for part in all_parts]) for name in names.keys}
    return summed(keys, {name: np.concatenate([part.values[name] for part in all_parts]) for name in names.values})


def pack(tables: Mapping[str, Sums]) -> bytes:
    arrays = {f"{name}/key/{key}": column for name, table in tables.items() for key, column in table.keys.items()}
    arrays |= {f"{name}/value/{key}": column for name, table in tables.items() for key, column in table.values.items()}
    out = BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(packed: bytes) -> dict[str, Sums]:
    made: dict[str, Sums] = {}
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        for path in arrays.files:
            name, part, key = path.split("/")
            table = made.setdefault(name, Sums({}, {}))
            (table.keys if part == "key" else table.values)[key] = arrays[path]  # type: ignore[index]
    return made
