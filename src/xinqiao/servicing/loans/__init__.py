"""A loan from its payout to its last cent: every change is an event, and rows, postings and standing follow from the replay of them all."""

from ..lifecycle import Parts
from ..lifecycle.contracts import agreement_of
from .agreement import write as write_agreement
from .model import Happened, Loan, Owed, Prepayment, Recorded, Repayment, State, View
from .service.closing import close_loan_day
from .service.lending import disburse, open_loan, pay_out_part, undo_disbursal
from .service.operating import (
    adjust,
    charge,
    charge_off,
    compensate,
    re_age,
    re_amortise,
    recover,
    reprice,
    reschedule,
    reverse,
    skip,
    waive,
    waive_interest,
    write_off,
)
from .service.passing import Settlement, offset, pay_out, settlement, transfer
from .service.reading import (
    active_loans,
    books,
    get_loan,
    history,
    loan_of_offer,
    loans_of,
    loans_of_funder,
    loans_of_guarantor,
    owing,
    penalties,
    quote_prepayment,
    repayments,
    view,
)
from .service.recording import Author
from .service.repaying import charge_back, receive, refund_cash, refund_credit, repay
from .splits import Share, Splits, cumulated, divide
from .splits import read as read_splits
from .splits import write as write_splits
from .states import states_of
from .telling import nets, retell, tell

__all__ = [
    "Author",
    "Happened",
    "Loan",
    "Owed",
    "Parts",
    "Prepayment",
    "Recorded",
    "Repayment",
    "Settlement",
    "Share",
    "Splits",
    "State",
    "View",
    "active_loans",
    "adjust",
    "agreement_of",
    "books",
    "charge",
    "charge_back",
    "charge_off",
    "close_loan_day",
    "compensate",
    "cumulated",
    "disburse",
    "divide",
    "get_loan",
    "history",
    "loan_of_offer",
    "loans_of",
    "loans_of_funder",
    "loans_of_guarantor",
    "nets",
    "offset",
    "open_loan",
    "owing",
    "pay_out",
    "pay_out_part",
    "penalties",
    "quote_prepayment",
    "re_age",
    "re_amortise",
    "read_splits",
    "receive",
    "recover",
    "refund_cash",
    "refund_credit",
    "repay",
    "repayments",
    "reprice",
    "reschedule",
    "retell",
    "reverse",
    "settlement",
    "skip",
    "states_of",
    "tell",
    "transfer",
    "undo_disbursal",
    "view",
    "waive",
    "waive_interest",
    "write_agreement",
    "write_off",
    "write_splits",
]
