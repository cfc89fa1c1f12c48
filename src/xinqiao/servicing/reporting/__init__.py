"""What a credit bureau is told, and what must have happened first."""

from ..errors import InGrace, NoConsent, NoNotice, NotInArrears, PaidInGrace
from .model import Notice, Record, notice_text
from .service import clear, notify, records, report

__all__ = [
    "InGrace",
    "NoConsent",
    "NoNotice",
    "NotInArrears",
    "Notice",
    "PaidInGrace",
    "Record",
    "clear",
    "notice_text",
    "notify",
    "records",
    "report",
]
