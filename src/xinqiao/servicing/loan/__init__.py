"""A loan from the payout to its last cent."""

from .model import Loan, Owed, Parts, Repayment, State, View
from .service import disburse, loan_of_offer, loans_of, loans_of_funder, owing, pay_out, repay, repayments, view

__all__ = [
    "Loan",
    "Owed",
    "Parts",
    "Repayment",
    "State",
    "View",
    "disburse",
    "loan_of_offer",
    "loans_of",
    "loans_of_funder",
    "owing",
    "pay_out",
    "repay",
    "repayments",
    "view",
]
