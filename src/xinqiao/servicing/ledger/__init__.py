"""Double entry in integer minor units, written by lists."""

from ..errors import AccountUnknown, BalanceForbidden, TransferRefused
from .model import RULES, Account, Balance, Entry, Kind, Rule, Transfer
from .service import balances, entries, open_accounts, post, trial_balance

__all__ = [
    "RULES",
    "Account",
    "AccountUnknown",
    "Balance",
    "BalanceForbidden",
    "Entry",
    "Kind",
    "Rule",
    "Transfer",
    "TransferRefused",
    "balances",
    "entries",
    "open_accounts",
    "post",
    "trial_balance",
]
