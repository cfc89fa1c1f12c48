"""Loan servicing: from the price of an offer to the last cent repaid.

The parts are `schedule`, `apr`, `contract`, `offer`, `ledger`, `loan`, `delinquency`, `reporting`, `book` and `contact`; the names below are the
ones that most callers need.
"""

from . import apr, book, contact, contract, delinquency, ledger, reporting, rules, schedule
from .contract import Party, Terms
from .loan import disburse, loan_of_offer, loans_of, loans_of_funder, pay_out, repay, repayments, view
from .offer import Offer, Signature, get_offer, make_offer, offers_of, sign, signature_of, signing_message
from .schedule import Base, Charge

__all__ = [
    "Base",
    "Charge",
    "Offer",
    "Party",
    "Signature",
    "Terms",
    "apr",
    "book",
    "contact",
    "contract",
    "delinquency",
    "disburse",
    "get_offer",
    "ledger",
    "loan_of_offer",
    "loans_of",
    "loans_of_funder",
    "make_offer",
    "offers_of",
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
