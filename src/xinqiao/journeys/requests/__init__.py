"""What waits for a person about a loan: a borrower's request for relief, and what one member of staff proposed and another must confirm."""

from .model import NEEDS_TWO, OPERATIONS, RELIEFS, Input, Operation, Reason, Request, Wish
from .service import ask_relief, decline, find, grant, of_loan, operate, waiting, withdraw

__all__ = [
    "NEEDS_TWO",
    "OPERATIONS",
    "RELIEFS",
    "Input",
    "Operation",
    "Reason",
    "Request",
    "Wish",
    "ask_relief",
    "decline",
    "find",
    "grant",
    "of_loan",
    "operate",
    "waiting",
    "withdraw",
]
