"""Loan servicing: from the price of an offer to the last cent repaid.

The parts are `schedule`, `apr`, `contract`, `offer`, `ledger`, `loans`, `delinquency`, `reporting`, `book` and `contact`; the names below are the
ones that most callers need.
"""

from . import apr, book, contact, contract, delinquency, errors, ledger, reporting, rules, schedule
from .contract import Party, Terms
from .loans import (
    Loan,
    Repayment,
    View,
    active_loans,
    disburse,
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
from .loans import get_loan as loan
from .offer import Offer, Signature, get_offer, make_offer, offers_of, sign, signature_of, signing_message
from .schedule import Base, Charge

__all__ = [
    "Base",
    "Charge",
    "Loan",
    "Offer",
    "Party",
    "Repayment",
    "Signature",
    "Terms",
    "View",
    "active_loans",
    "apr",
    "book",
    "contact",
    "contract",
    "delinquency",
    "disburse",
    "errors",
    "get_offer",
    "ledger",
    "loan",
    "loan_of_offer",
    "loans_of",
    "loans_of_funder",
    "loans_of_guarantor",
    "make_offer",
    "offers_of",
    "owing",
    "pay_out",
    "repay",
    "repayments",
    "reporting",
    "rules",
    "schedule",
    "sign",
    "signature_of",
    "signing_message",
    "view",
]
