"""The table that a model is trained on: reading it, checking it, declaring its features, splitting it."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..card_history import CARD_HISTORY, COLUMNS, GROUPS
from ..errors import DataUnreadable, SingleClass, TargetMissing, TargetNotBinary, TooFewRows
from ..features import Feature, FeatureSet, Words, category, identity
from ..scorecard import COLUMNS_SET

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LEAST_ROWS, LEAST_OF_EACH = 200, 30
MOST_CATEGORIES = 100
LEAK_AUC = 0.95
PROTECTED_WHY = "protected attribute: used in the fairness report only"
BAD_WORDS = frozenset({"yes", "y", "true", "bad", "default", "defaulted", "charged off", "是", "坏", "违约", "逾期"})
GOOD_NAMES = frozenset({"good", "paid", "repaid", "performing", "fully_paid", "creditworthy", "好", "已还"})
PROTECTED = frozenset(
    {
        *("sex", "gender", "age", "marital", "marriage", "married", "race", "ethnicity", "ethnic", "religion"),
        *("nationality", "foreign", "education", "disability", "pregnant"),
    }
)
PROTECTED_PARTS = ("personal_status", "性别", "年龄", "婚姻", "民族", "宗教", "国籍", "学历")


@dataclass(frozen=True, slots=True)
class Table:
    """What training works on: source columns, 0/1 outcomes (1 = default), features, groups for fairness, and what was noticed."""

    frame: pd.DataFrame
    outcome: np.ndarray
    features: FeatureSet
    groups: dict[str, np.ndarray]
    left_out: dict[str, str]
    warnings: list[str]
    event: str


def read_table(path: Path) -> pd.DataFrame:
    """A .csv, .csv.gz or .parquet file; raises DataUnreadable."""
    import pandas as pd

    path = Path(path)
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path)
    except ImportError as error:
        raise DataUnreadable(
            path.name, "parquet needs the package pyarrow, which is not installed; install it or convert to .csv.gz"
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise DataUnreadable(path.name, str(error).splitlines()[0] or type(error).__name__) from error


def prepare(
    data: pd.DataFrame, target: str, *, default_is: str | None = None, use: Collection[str] = (), ignore: Collection[str] = ()
) -> Table:
    """Check the data and declare its features: the card history's when it has those columns, else one per column.

    `default_is` is the target's value for a default, when it is not the obvious one. `use` names protected columns that the lender may lawfully use; `ignore` names columns to leave out.
    Raises TargetMissing, TargetNotBinary, SingleClass or TooFewRows.
    """
    if target not in data.columns:
        raise TargetMissing(target, ", ".join(map(str, list(data.columns)[:40])), field="target")
    outcome, event, noticed = _outcome(data[target], target, default_is)
    frame = data.drop(columns=[target, *[name for name in ignore if name in data.columns]])
    if set(COLUMNS) <= set(frame.columns):
        features, left_out = CARD_HISTORY, {f.name: PROTECTED_WHY for f in CARD_HISTORY.features if not f.usable and f.name in frame}
    else:
        features, left_out = _declare(frame, set(use))
    columns = [*features.columns(), *[feature.columns[0] for feature in features.features if not feature.usable]]
    groups = {feature.name: _bands(frame[feature.name]) for feature in features.features if not feature.usable and feature.name in frame}
    kept = frame[[column for column in dict.fromkeys(columns) if column in frame]]
    return Table(kept, outcome, features, groups, left_out, noticed + _leaks(kept, features, outcome), event)


def _outcome(values: pd.Series, target: str, default_is: str | None) -> tuple[np.ndarray, str, list[str]]:
    """1 where the loan defaulted: the value told, else the one that says so, else the greater of the two."""
    import numpy as np

    missing = int(values.isna().sum())
    found = sorted({category(value) or "" for value in values.dropna().unique()})
    if missing:
        raise TargetNotBinary(target, f"{missing} rows without a value", field="target")
    if len(found) < 2:
        raise SingleClass(target, repr(found[0]) if found else "nothing", field="target")
    if len(found) > 2:
        raise TargetNotBinary(target, f"{len(found)} values ({', '.join(found[:5])}, …)", field="target")
    if default_is is not None and default_is not in found:
        raise TargetNotBinary(target, f"{' and '.join(found)}, none of them {default_is!r}", field="default_is")
    named = [value for value in found if value.lower() in BAD_WORDS]
    event = default_is or (named[0] if len(named) == 1 else max(found, key=_order))
    outcome = np.array([category(value) == event for value in values], dtype=np.int8)
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    if len(outcome) < LEAST_ROWS or rarer < LEAST_OF_EACH:
        raise TooFewRows(len(outcome), rarer, LEAST_ROWS, LEAST_OF_EACH)
    return outcome, event, [] if default_is else _doubts(found, event, target)


def _doubts(found: list[str], event: str, target: str) -> list[str]:
    """What to check when nobody said which value is the default."""
    if target.lower() in GOOD_NAMES:
        return [f"{target!r} sounds as if {event!r} meant a good loan, yet it was taken for a default; say which value is (default_is)."]
    return [] if set(found) == {"0", "1"} else [f"{target} holds {found[0]!r} and {found[1]!r}; {event!r} is taken for a default."]


def _order(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return 0.0, value


def _declare(frame: pd.DataFrame, use: set[str]) -> tuple[FeatureSet, dict[str, str]]:
    """One feature per column that can serve, and why each other column was left out."""
    features, left_out = [], {}
    for column in map(str, frame.columns):
        why = _unfit(frame[column], column)
        if why:
            left_out[column] = why
            continue
        protected = is_protected(column) and column not in use
        if protected:
            left_out[column] = PROTECTED_WHY
        features.append(_column_feature(column, _is_number(frame[column]), usable=not protected))
    return FeatureSet(COLUMNS_SET, tuple(features)), left_out


def is_protected(column: str) -> bool:
    """Whether the name tells of a protected attribute (sex, age, marriage, origin, belief, education)."""
    tokens = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", column)
    return any(token.lower() in PROTECTED for token in tokens) or any(part in column.lower() for part in PROTECTED_PARTS)


def _is_number(values: pd.Series) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _unfit(values: pd.Series, column: str) -> str | None:
    distinct = values.nunique(dropna=True)
    if distinct < 2 and not values.isna().any():
        return "holds one value only"
    if distinct == 0:
        return "holds no value"
    if distinct == len(values) and (not _is_number(values) or column.lower().strip("_") in ("id", "unnamed: 0") or _counts_up(values)):
        return "looks like an identifier: every row has its own value"
    if not _is_number(values) and distinct > MOST_CATEGORIES:
        return f"has {distinct} different texts, more than {MOST_CATEGORIES}"
    return None


def _counts_up(values: pd.Series) -> bool:
    return bool(values.is_monotonic_increasing and values.iloc[-1] - values.iloc[0] == len(values) - 1)


def _column_feature(column: str, number: bool, *, usable: bool) -> Feature:
    words = Words(
        f"“{column}”一项不如一般申请人有利。",
        f"“{column}” is less favourable than the usual applicant's.",
        f"请核对“{column}”是否准确；如有错误可以申请更正。",
        f"Check that “{column}” is right; ask for a correction if it is not.",
    )
    kind = "number" if number else "category"
    return Feature(column, (column,), identity, "as given", "either", f"credit.column.{column}", words, kind=kind, usable=usable)


def _bands(values: pd.Series) -> np.ndarray:
    """A group's label for each row; ages and other fine numbers are banded."""
    import numpy as np

    words = GROUPS.get(str(values.name), {})
    if not _is_number(values) or values.nunique() <= 12:
        texts = [category(value) for value in values]
        return np.array(["missing" if text is None else words.get(text, text) for text in texts], dtype=object)
    edges = [25, 35, 45, 55, 65] if values.between(0, 120).all() else sorted(set(values.quantile([0.25, 0.5, 0.75])))
    names = [f"under {edges[0]:g}", *[f"{low:g} to under {high:g}" for low, high in pairwise(edges)], f"{edges[-1]:g} and over"]
    return np.array([names[bisect_right(edges, value)] if value == value else "missing" for value in values], dtype=object)


def _leaks(frame: pd.DataFrame, features: FeatureSet, outcome: np.ndarray) -> list[str]:
    """A warning for each single feature that tells the outcome too well to be known beforehand."""
    from sklearn.metrics import roc_auc_score

    from ..features import batch

    said = []
    for feature in features.usable():
        values = _rankable(batch([feature], frame)[feature.name], feature.kind, outcome)
        auc = roc_auc_score(outcome, values)
        if max(auc, 1 - auc) > LEAK_AUC:
            said.append(
                f"{feature.name} alone has AUC {max(auc, 1 - auc):.3f}: is it known before the loan is granted? It may leak the outcome."
            )
    return said


def _rankable(values: Any, kind: str, outcome: np.ndarray) -> np.ndarray:
    import numpy as np
    import pandas as pd

    if kind == "category":
        return pd.Series(outcome).groupby(pd.Series(values).fillna("")).transform("mean").to_numpy()
    finite = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, (finite.min() - 1) if len(finite) else 0.0)


def shuffled(rows: int, seed: int) -> np.ndarray:
    """A permutation that depends on rows and seed alone: the order of SHA-256("seed:row"), the same with any library version."""
    import numpy as np

    keys = [hashlib.sha256(f"{seed}:{row}".encode()).digest() for row in range(rows)]
    return np.array(sorted(range(rows), key=keys.__getitem__), dtype=np.int64)


def holdout(frame: pd.DataFrame, *, share: float, seed: int, time: pd.Series | None = None) -> np.ndarray:
    """True for the rows held out: the newest by `time`, or drawn by the seed."""
    import numpy as np

    count = round(len(frame) * share)
    order = shuffled(len(frame), seed)
    if time is not None:
        order = np.argsort(np.asarray(time), kind="stable")[::-1]
    mask = np.zeros(len(frame), dtype=bool)
    mask[order[:count]] = True
    return mask


def folds(rows: int, count: int, seed: int) -> np.ndarray:
    """Each row's fold, 0 … count - 1."""
    import numpy as np

    fold = np.empty(rows, dtype=np.int64)
    fold[shuffled(rows, seed)] = np.arange(rows) % count
    return fold
