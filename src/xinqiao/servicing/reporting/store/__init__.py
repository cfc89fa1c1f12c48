"""Notices and records; what waits to leave, left and came back; disputes. Only queries; nothing is ever changed but the queue."""

from .disputes import dispute, dispute_answer
from .notices import (
    add_notice,
    add_record,
    cleared_before,
    notice,
    open_reports,
    record_of,
    records,
    reported_and_open,
    same_record,
    withdrawn,
)
from .outbox import batch, batch_line, outcome, queue, submission

NEW = (submission, queue, batch, batch_line, outcome, dispute, dispute_answer)
"""The tables that migration 0003 made."""

__all__ = [
    "NEW",
    "add_notice",
    "add_record",
    "cleared_before",
    "notice",
    "open_reports",
    "record_of",
    "records",
    "reported_and_open",
    "same_record",
    "withdrawn",
]
