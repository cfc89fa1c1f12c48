"""A one-time sequence of colours that the applicant's screen shows while the camera records, and what the recording says of it."""

from .model import Challenge, Slot
from .service import issue, verify

__all__ = ["Challenge", "Slot", "issue", "verify"]
