"""What a credit bureau is told, what must have happened first, and how it is set right. The bureau that ships is a simulator."""

from ..errors import InGrace, NoConsent, NoNotice, NotInArrears, PaidInGrace
from .disputing import answer_dispute, disputes, open_dispute, open_disputes, overdue_disputes
from .keeping import expire
from .making import arrears
from .model import Answer, Dispute, Finding, Ground, Notice, Record, notice_text
from .monthly import report_month
from .sending import Acknowledged, Batch, acknowledge, export_again, export_batch, outcomes, release, stuck, told_of, unanswered
from .service import clear, notify, open_reports, records, report
from .shape import check, schema
from .simulator import SimulatedBureau

__all__ = [
    "Acknowledged",
    "Answer",
    "Batch",
    "Dispute",
    "Finding",
    "Ground",
    "InGrace",
    "NoConsent",
    "NoNotice",
    "NotInArrears",
    "Notice",
    "PaidInGrace",
    "Record",
    "SimulatedBureau",
    "acknowledge",
    "answer_dispute",
    "arrears",
    "check",
    "clear",
    "disputes",
    "expire",
    "export_again",
    "export_batch",
    "notice_text",
    "notify",
    "open_dispute",
    "open_disputes",
    "open_reports",
    "outcomes",
    "overdue_disputes",
    "records",
    "release",
    "report",
    "report_month",
    "schema",
    "stuck",
    "told_of",
    "unanswered",
]
