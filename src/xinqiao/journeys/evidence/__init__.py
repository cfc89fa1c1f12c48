"""The evidence pack: one file that proves one application to whoever holds it, without a database."""

from .export import export
from .report import Check, Report, render_report
from .verification import verify

__all__ = ["Check", "Report", "export", "render_report", "verify"]
