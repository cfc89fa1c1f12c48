"""How late a loan is: days past due, and the bucket it stands in."""

from ..errors import BucketsNotAscending
from .model import MONTHLY, Buckets, Instalment, Owing, days_past_due
from .service import age, standing

__all__ = ["MONTHLY", "Buckets", "BucketsNotAscending", "Instalment", "Owing", "age", "days_past_due", "standing"]
