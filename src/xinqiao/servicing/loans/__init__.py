"""A loan from the payout to its last cent."""

from .model import Loan, Owed, Parts, Repayment, State, View
from .service import (
    active_loans,
    disburse,
    get_loan,
    loan_of_offer,
    loans_of,
    loans_of_funder,
    loans_of_guarantor,
    owing,
    pay_out,
    repay,
    repayments,
    view,
)

__all__ = [
    "Loan",
    "Owed",
    "Parts",
    "Repayment",
    "State",
    "View",
    "active_loans",
    "disburse",
    "get_loan",
    "loan_of_offer",
    "loans_of",
    "loans_of_funder",
    "loans_of_guarantor",
    "owing",
    "pay_out",
    "repay",
    "repayments",
    "view",
]
