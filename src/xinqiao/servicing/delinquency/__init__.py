"""How late a loan is, the bucket and the category it stands in, and how the book rolls."""

from ..errors import BucketsNotAscending, SnapshotMissing
from .grades import OF_EVENTS, Flag, Grade, Judgement, classify
from .model import MONTHLY, SCHEMES, STAGES, Buckets, Instalment, Owing, days_past_due
from .rolls import RollMatrix, Weight, matrix
from .service import (
    age,
    explain,
    flags,
    grade_history,
    grades,
    lift,
    mark,
    roll_rates,
    roll_rates_by_moves,
    snapshot_days,
    standing,
    take_snapshot,
)
from .vectors import bucket_codes, class_codes

__all__ = [
    "MONTHLY",
    "OF_EVENTS",
    "SCHEMES",
    "STAGES",
    "Buckets",
    "BucketsNotAscending",
    "Flag",
    "Grade",
    "Instalment",
    "Judgement",
    "Owing",
    "RollMatrix",
    "SnapshotMissing",
    "Weight",
    "age",
    "bucket_codes",
    "class_codes",
    "classify",
    "days_past_due",
    "explain",
    "flags",
    "grade_history",
    "grades",
    "lift",
    "mark",
    "matrix",
    "roll_rates",
    "roll_rates_by_moves",
    "snapshot_days",
    "standing",
    "take_snapshot",
]
