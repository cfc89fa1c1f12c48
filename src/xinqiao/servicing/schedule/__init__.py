"""What is due, when, and for what."""

from .equal import LONGEST_MONTHS, NOTHING, Base, Charge, Instalment, Schedule, due_date, equal_instalments, level_payment

__all__ = ["LONGEST_MONTHS", "NOTHING", "Base", "Charge", "Instalment", "Schedule", "due_date", "equal_instalments", "level_payment"]
