"""Double entry in integer minor units, written by lists."""

from ..errors import AccountUnknown, BalanceForbidden, TransferRefused
from .model import RULES, Account, Balance, Entry, Kind, Posting, Rule, Transfer
from .service import accounts, balances, entries, journal, open_accounts, post, trial_balance

__all__ = [
    "RULES",
    "Account",
    "AccountUnknown",
    "Balance",
    "BalanceForbidden",
    "Entry",
    "Kind",
    "Posting",
    "Rule",
    "Transfer",
    "TransferRefused",
    "accounts",
    "balances",
    "entries",
    "journal",
    "open_accounts",
    "post",
    "trial_balance",
]
