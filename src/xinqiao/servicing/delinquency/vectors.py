"""The same rules over a whole book: one array in, one array out, equal to the scalar functions row by row."""

from __future__ import annotations

import numpy as np

from ..rules import GRADES_2023, GradeRules
from .grades import Flag, Grade
from .model import MONTHLY, Buckets


def bucket_codes(days: np.ndarray, buckets: Buckets = MONTHLY) -> np.ndarray:
    """Days past due to bucket codes, int8: 0 is current, k is `buckets.names[k - 1]`."""
    return np.searchsorted(np.asarray(buckets.starts), days, side="right").astype(np.int8)


def class_codes(
    days: np.ndarray,
    flags: np.ndarray,
    *,
    was: np.ndarray | None = None,
    clean_days: np.ndarray | None = None,
    period_days: np.ndarray | int = 31,
    rules: GradeRules = GRADES_2023,
) -> np.ndarray:
    """`grades.classify` for every row: int8 codes of Grade. `flags` holds sums of Flag; `was` codes of Grade, 0 where never judged."""
    excused = ((flags & int(Flag.TECHNICAL)) != 0) & (days <= rules.technical_days)
    grade = np.zeros(days.shape, dtype=np.int8)
    for rule in rules.rules:
        code = np.int8(Grade.of(rule.grade))
        flagged = rule.flag is not None and (flags & int(Flag[rule.flag.upper()])) != 0
        late = rule.from_days is not None and (days >= rule.from_days) & ~excused
        applies = flagged | late
        np.maximum(grade, np.where(applies, code, 0).astype(np.int8), out=grade)
    if was is None:
        return grade
    cure = np.maximum(rules.cure_days, rules.cure_periods * np.asarray(period_days))
    clean = np.zeros(days.shape, dtype=np.int64) if clean_days is None else clean_days
    held = (was >= int(Grade.SUBSTANDARD)) & (grade < int(Grade.SUBSTANDARD)) & (clean < cure)
    return np.where(held, np.int8(Grade.SUBSTANDARD), grade).astype(np.int8)
