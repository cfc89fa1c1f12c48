from datetime import date
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.batch import columns
from xinqiao.batch.sums import Sums, merged, pack, summed, summed_by_day, unpack


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_what_is_encoded_reads_back(values: list[int]) -> None:
    assert columns.decode(columns.encode(columns.bigints(np.array(values, np.int64)))).tolist() == values


def test_arrays_cross_to_the_database_and_back(db: Connection) -> None:
    ids, days = [uuid4(), UUID(int=0), UUID(int=255 << 120)], [date(1999, 12, 31), date(2000, 1, 1), date(2026, 2, 28)]
    given_values = [
        columns.uuids(np.array([one.bytes for one in ids], columns.UUIDS)),
        columns.dates(np.array([columns.number(one) for one in days])),
        columns.integers(np.array([1, -1, 2**31 - 1])),
        columns.booleans(np.array([True, False, True])),
    ]
    with db.connection.cursor() as cursor:
        columns.register(cursor.adapters)
        cursor.execute("SELECT %s, %s, %s, %s", given_values, binary=True)
        found = [columns.decode(cursor.pgresult.get_value(0, number)) for number in range(4)]
    assert [columns.uuid(one) for one in found[0]] == ids
    assert [columns.day(one) for one in found[1]] == days
    assert found[2].tolist() == [1, -1, 2**31 - 1]
    assert found[3].tolist() == [True, False, True]


def test_an_array_with_a_null_is_refused(db: Connection) -> None:
    with db.connection.cursor() as cursor:
        cursor.execute("SELECT ARRAY[1::bigint, NULL]", binary=True)
        with pytest.raises(ValueError, match="coalesce"):
            columns.decode(cursor.pgresult.get_value(0, 0))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(-(10**15), 10**15))), st.integers(1, 3))
def test_sums_of_pages_are_sums_of_the_whole(rows: list[tuple[str, int, int]], pages: int) -> None:
    expected: dict[tuple[str, int], int] = {}
    for name, number, value in rows:
        expected[name, number] = expected.get((name, number), 0) + value
    parts = [unpack(pack({"one": _sums(rows[page::pages])}))["one"] for page in range(pages)]
    whole = merged(parts)
    assert {(str(k), int(n)): int(v) for k, n, v in zip(whole.keys["k"], whole.keys["n"], whole.values["v"], strict=True)} == expected


def _sums(rows: list[tuple[str, int, int]]) -> Sums:
    keys = {"k": np.array([r[0] for r in rows], np.str_), "n": np.array([r[1] for r in rows], np.int64)}
    return summed(keys, {"v": np.array([r[2] for r in rows], np.int64)})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=1), st.data())
def test_sums_by_owner_and_day_are_sums_by_their_keys(owners: list[tuple[str, str]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(st.integers(0, len(owners) - 1), st.integers(-400, 10_000), st.integers(-(10**12), 10**12))))
    keys = {"k": np.array([k for k, _ in owners]), "l": np.array([one for _, one in owners])}
    owner, day, value = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    fast = summed_by_day(keys, owner, "day", day, {"v": value})
    slow = summed({**{name: column[owner] for name, column in keys.items()}, "day": day}, {"v": value})
    for name in ("k", "l", "day"):
        assert fast.keys[name].tolist() == slow.keys[name].tolist()
    assert fast.values["v"].tolist() == slow.values["v"].tolist()
