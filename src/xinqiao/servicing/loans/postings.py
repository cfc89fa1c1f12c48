"""Which accounts a loan's money moves between. Pure."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from xinqiao.kit import Money

from ..ledger import Account, Kind, Transfer
from .model import Loan, Parts, half_even


def accounts(loan: Loan) -> list[Account]:
    return [_clearing(loan), _platform(loan), _capital(loan), _funder(loan), *_guarantor(loan), *(_of(loan, kind) for kind in PER_LOAN)]


def disbursement(loan: Loan) -> list[Transfer]:
    """The funder's capital comes into clearing and leaves it for the borrower."""
    return [
        _transfer(loan, "funded", "funded", _clearing(loan), _capital(loan), loan.principal.minor),
        _transfer(loan, "disbursed", "disbursed", _of(loan, Kind.PRINCIPAL), _clearing(loan), loan.principal.minor),
    ]


def repayment(loan: Loan, key: str, parts: Parts, premium_before: int) -> list[Transfer]:
    """What came in settles the loan's accounts, and what it earned passes on to the funder, the guarantor and the platform.

    `premium_before` is the premium paid earlier: the platform's share is rounded on the running total, so that no cent drifts.
    """
    kept = _share(loan, premium_before + parts.premium) - _share(loan, premium_before)
    collected = [
        ("penalty", _of(loan, Kind.INTEREST), parts.penalty),
        ("fee", _of(loan, Kind.FEES), parts.fee),
        ("premium", _of(loan, Kind.PREMIUM), parts.premium),
        ("interest", _of(loan, Kind.INTEREST), parts.interest),
        ("principal", _of(loan, Kind.PRINCIPAL), parts.principal),
    ]
    passed_on = [
        ("principal to funder", _capital(loan), _funder(loan), parts.principal),
        ("interest to funder", _of(loan, Kind.INTEREST), _funder(loan), parts.penalty + parts.interest),
        ("fee to platform", _of(loan, Kind.FEES), _platform(loan), parts.fee),
        ("premium to platform", _of(loan, Kind.PREMIUM), _platform(loan), kept),
        *(("premium to guarantor", _of(loan, Kind.PREMIUM), account, parts.premium - kept) for account in _guarantor(loan)),
    ]
    name = f"repaid/{key}"
    received = [_transfer(loan, f"{name}/{what}", what, _clearing(loan), account, minor) for what, account, minor in collected if minor]
    return received + [_transfer(loan, f"{name}/{what}", what, source, to, minor) for what, source, to, minor in passed_on if minor]


def payout(party: Account, amount: Money, key: str) -> Transfer:
    """Money owed to a party leaves for its bank account."""
    return Transfer(f"payout/{party.id}/{key}", "paid out", party, Account(Kind.CLEARING, currency=amount.currency), amount)


PER_LOAN = (Kind.PRINCIPAL, Kind.INTEREST, Kind.PREMIUM, Kind.FEES)


def _share(loan: Loan, premium: int) -> int:
    numerator, denominator = Decimal(loan.terms.platform_share).as_integer_ratio()
    return half_even(premium * numerator, denominator)


def _transfer(loan: Loan, key: str, what: str, debit: Account, credit: Account, minor: int) -> Transfer:
    return Transfer(f"{loan.id}/{key}", what, debit, credit, Money(minor, loan.principal.currency), loan.id, loan.person_id)


def _account(loan: Loan, kind: Kind, owner: UUID) -> Account:
    return Account(kind, owner, loan.principal.currency)


def _of(loan: Loan, kind: Kind) -> Account:
    return _account(loan, kind, loan.id)


def _capital(loan: Loan) -> Account:
    return _account(loan, Kind.CAPITAL, loan.funder_id)


def _funder(loan: Loan) -> Account:
    return _account(loan, Kind.FUNDER, loan.funder_id)


def _guarantor(loan: Loan) -> list[Account]:
    return [_account(loan, Kind.GUARANTOR, loan.guarantor_id)] if loan.guarantor_id else []


def _clearing(loan: Loan) -> Account:
    return Account(Kind.CLEARING, currency=loan.principal.currency)


def _platform(loan: Loan) -> Account:
    return Account(Kind.PLATFORM, currency=loan.principal.currency)
