import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.credit import features as f
from xinqiao.credit.card_history import CARD_HISTORY, COLUMNS, PROTECTED
from xinqiao.credit.errors import AttributeUnusable
from xinqiao.demo.book import rows

NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan), st.just(0.0), st.just(-0.0), st.integers(-3, 9).map(float))


def bits(values: list[float]) -> list[int]:
    """Each double's bits; every NaN counts as the same missing value."""
    array = np.array(values, dtype=np.float64)
    return np.where(np.isnan(array), np.int64(-1), array.view(np.int64)).tolist()


def assert_live_is_batch(given_rows: list[dict[str, float]]) -> None:
    usable = CARD_HISTORY.usable()
    whole = f.batch(usable, {column: [row[column] for row in given_rows] for column in COLUMNS})
    kinds = CARD_HISTORY.columns()
    one_by_one = [f.live(usable, f.read(kinds, row)) for row in given_rows]
    for feature in usable:
        assert bits([values[feature.name] for values in one_by_one]) == bits(whole[feature.name].tolist()), feature.name


def test_live_features_equal_batch_features_to_the_bit_on_every_row_of_the_book() -> None:
    everyone = rows()
    assert len(everyone) == 30_000
    assert_live_is_batch(everyone)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, NUMBERS)), min_size=1, max_size=8))
def test_live_equals_batch_with_missing_zero_and_negative_values(strange: list[dict[str, float]]) -> None:
    assert_live_is_batch(strange)


def test_no_protected_attribute_reaches_a_model() -> None:
    assert not set(CARD_HISTORY.columns()) & set(PROTECTED)
    assert {feature.name for feature in CARD_HISTORY.features if not feature.usable} == set(PROTECTED)


def test_every_reason_has_words_and_help_in_both_languages() -> None:
    for feature in CARD_HISTORY.usable():
        words = feature.words
        assert all((words.zh, words.en, words.help_zh, words.help_en)), feature.name


def test_features_by_hand() -> None:
    row = {"LIMIT_BAL": 1000, "PAY_0": 2, "PAY_2": -1, "PAY_3": 3, "PAY_4": 0, "PAY_5": -2, "PAY_6": 1}
    row |= {f"BILL_AMT{month}": 100 * month for month in range(1, 7)} | {f"PAY_AMT{month}": 50 for month in range(1, 6)} | {"PAY_AMT6": 0}
    got = f.live(CARD_HISTORY.usable(), f.read(CARD_HISTORY.columns(), row))
    expected = {
        "overdue_latest": 2, "worst_overdue_3m": 3, "worst_overdue_6m": 3, "months_late_6m": 3, "months_two_late_6m": 2, "overdue_total_6m": 6,
        "use_1": 0.1, "use_mean_6m": 0.35, "use_highest_6m": 0.6, "use_change_6m": -0.5, "repaid_1": 0.25, "repaid_6m": 250 / 2000,
        "paid_to_limit_6m": 0.25, "smallest_payment_6m": 0, "months_unpaid_6m": 1, "limit": 1000,
    }  # fmt: skip
    assert {name: got[name] for name in expected} == expected


def test_a_changed_feature_function_needs_a_new_version() -> None:
    """Old decisions replay by the set's version, so its values on fixed rows are pinned."""
    usable = CARD_HISTORY.usable()
    some = rows()[:500]
    whole = f.batch(usable, {column: [row[column] for row in some] for column in COLUMNS})
    digest = hashlib.sha256("".join(f"{feature.name}{bits(whole[feature.name].tolist())}" for feature in usable).encode()).hexdigest()
    assert (CARD_HISTORY.version, digest) == ("card-history-1", "401ed803a511b9ef8ec0704d5f9d58c418813734d317b5a57ebc3e08d6b5eea3")


@pytest.mark.parametrize("wrong", ["3", True, [1], {"a": 1}, math.inf, -math.inf, 10**400])
def test_an_attribute_of_the_wrong_type_is_refused_and_named(wrong: object) -> None:
    with pytest.raises(AttributeUnusable) as caught:
        f.read({"PAY_0": "number"}, {"PAY_0": wrong})
    assert caught.value.field == "PAY_0"
    assert "PAY_0 must be a" in str(caught.value)


@pytest.mark.parametrize(("value", "spelling"), [(3, "3"), (3.0, "3"), (2.5, "2.5"), ("a", "a"), (None, None), (math.nan, None)])
def test_a_category_has_one_spelling(value: object, spelling: str | None) -> None:
    assert f.category(value) == spelling
