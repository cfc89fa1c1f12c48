"""Loan servicing: from the price of an offer to the last cent repaid.

The parts are `schedule`, `apr`, `contract`, `offer`, `ledger`, `loans`, `delinquency`, `reporting`, `book` and `contact`; the names below are the
ones that most callers need.
"""

from . import apr, book, contact, contract, delinquency, errors, ledger, lifecycle, loans, product, reporting, rules, schedule
from .contract import Party, Terms
from .loans import (
    Author,
    Happened,
    Loan,
    Prepayment,
    Recorded,
    Repayment,
    View,
    active_loans,
    disburse,
    history,
    loan_of_offer,
    loans_of,
    loans_of_funder,
    loans_of_guarantor,
    owing,
    pay_out,
    quote_prepayment,
    repay,
    repayments,
    view,
)
from .loans import get_loan as loan
from .offer import Offer, Signature, get_offer, make_offer, offers_of, sign, signature_of, signing_message
from .schedule import Base, Charge

__all__ = [
    "Author",
    "Base",
    "Charge",
    "Happened",
    "Loan",
    "Offer",
    "Party",
    "Prepayment",
    "Recorded",
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
    "history",
    "ledger",
    "lifecycle",
    "loan",
    "loan_of_offer",
    "loans",
    "loans_of",
    "loans_of_funder",
    "loans_of_guarantor",
    "make_offer",
    "offers_of",
    "owing",
    "pay_out",
    "product",
    "quote_prepayment",
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
