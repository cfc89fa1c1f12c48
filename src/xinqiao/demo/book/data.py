"""The demo book's data: the UCI Taiwan set, 30,000 credit-card borrowers with a real outcome each.

"Default of Credit Card Clients", I-Cheng Yeh, UCI Machine Learning Repository (2016), DOI 10.24432/C55S3H, CC BY 4.0. Shipped as it is, but for
column `default` (renamed from "default.payment.next.month") and column `part`, added: T rows train the shipped model, O rows originate.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

FILE = "taiwan.csv.gz"
TARGET = "default"
SOURCE = "UCI Default of Credit Card Clients (I-Cheng Yeh, 2016, CC BY 4.0)"
Part = Literal["train", "originate"]


def part_of(row_id: int) -> Part:
    """Which part a row belongs to: a third originates, drawn by a hash of its id, so that it never changes."""
    return "originate" if hashlib.sha256(f"xinqiao-book-1:{row_id}".encode()).digest()[0] % 3 == 0 else "train"


@cache
def _all() -> tuple[dict[str, int], ...]:
    packed = resources.files(__package__).joinpath(FILE).read_bytes()
    reader = csv.reader(io.StringIO(gzip.decompress(packed).decode()))
    names = next(reader)
    last = names.index("part")
    rows = []
    for line in reader:
        row = {name: int(text) for name, text in zip(names[:last], line, strict=False)}
        row["part"] = 0 if line[last] == "T" else 1
        rows.append(row)
    return tuple(rows)


def rows(part: Part | None = None) -> list[dict[str, int]]:
    """The borrowers of a part, or all, in the order of their ids: ID, the set's 23 columns and `default` (1: defaulted next month)."""
    wanted = {None: (0, 1), "train": (0,), "originate": (1,)}[part]
    return [{name: value for name, value in row.items() if name != "part"} for row in _all() if row["part"] in wanted]


def frame(part: Part | None = None) -> pd.DataFrame:
    """The same as a DataFrame."""
    import pandas as pd

    return pd.DataFrame(rows(part))
