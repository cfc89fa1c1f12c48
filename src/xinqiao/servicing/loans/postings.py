"""From two tallies of a loan to the transfers between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from xinqiao.kit import Money

from ..errors import TermsRefused
from ..ledger import Account, Transfer
from ..ledger import Kind as AccountKind
from ..ledger.model import NOBODY
from ..product.model import Kind
from .model import Loan
from .splits import Share, divide
from .tally import Source, Tally

COLLECTED = {
    Kind.PENALTY: AccountKind.PENALTY,
    Kind.FEE: AccountKind.FEES,
    Kind.PREMIUM: AccountKind.PREMIUM,
    Kind.INTEREST: AccountKind.INTEREST,
    Kind.PRINCIPAL: AccountKind.PRINCIPAL,
}
"""The loan's own account that what is collected goes through."""
HELD = (AccountKind.CAPITAL, AccountKind.WRITTEN_OFF, AccountKind.WAIVED, AccountKind.RECOVERY)
"""A funder's."""
STOOD = (AccountKind.COMPENSATED, AccountKind.GUARANTOR, AccountKind.CLAWBACK)
"""A guarantor's who paid in a borrower's stead."""


@dataclass(frozen=True, slots=True)
class Move:
    what: str
    debit: Account
    credit: Account
    minor: int


def accounts(loan: Loan) -> list[Account]:
    """Every account that the loan's money may touch."""
    own = [_of(loan, kind) for kind in (*COLLECTED.values(), AccountKind.CREDIT)]
    parties = [_party(loan, share) for shares in loan.splits.values() for share in shares]
    funders = [share.owner for share in loan.splits[Kind.PRINCIPAL]]
    held = [_at(loan, kind, owner) for owner in funders for kind in HELD]
    claws = [_at(loan, AccountKind.CLAWBACK, account.owner) for account in parties]
    guarantor = [_of(loan, AccountKind.SUBROGATED), *(_at(loan, kind, loan.guarantor_id) for kind in STOOD)] if loan.guarantor_id else []
    return list(dict.fromkeys([_clearing(loan), *own, *parties, *held, *claws, *guarantor]))


def between(loan: Loan, before: Tally, after: Tally, key: str) -> list[Transfer]:
    """The transfers that bring the ledger from one tally to the other; each is named by the loan, the event's key and what it is."""
    moves = [
        *_lending(loan, before, after),
        *_settling(loan, before, after),
        *_excess(loan, before, after),
        *_recovering(loan, before, after),
    ]
    return [
        Transfer(f"{loan.id}/{key}/{number}", move.what, move.debit, move.credit, _money(loan, move.minor), loan.id, loan.person_id)
        for number, move in enumerate(_positive(moves))
    ]


def payout(party: Account, amount: Money, key: str) -> Transfer:
    """Money owed to a party leaves for its bank account."""
    return Transfer(f"payout/{party.id}/{key}", "paid out", party, Account(AccountKind.CLEARING, currency=amount.currency), amount)


def passing(loan: Loan, tally: Tally, to: UUID, key: str) -> list[Transfer]:
    """The claim passes from its funders to `to` at par: the buyer's money comes in, and the sellers' capital becomes theirs to take."""
    owed = outstanding(tally)
    shares = loan.splits[Kind.PRINCIPAL]
    moves = [Move("claim bought", _clearing(loan), _at(loan, AccountKind.CAPITAL, to), owed)]
    for share, part in zip(shares, divide(owed, shares), strict=True):
        moves.append(Move("claim sold", _at(loan, AccountKind.CAPITAL, share.owner), _at(loan, AccountKind.FUNDER, share.owner), part))
    return [
        Transfer(f"{loan.id}/{key}/{number}", move.what, move.debit, move.credit, _money(loan, move.minor), loan.id, loan.person_id)
        for number, move in enumerate(_positive(moves))
    ]


def outstanding(tally: Tally) -> int:
    """Principal that the borrower still owes, whoever holds the claim."""
    return tally.lent - sum(minor for (_, kind), minor in tally.settled.items() if kind is Kind.PRINCIPAL)


def _lending(loan: Loan, before: Tally, after: Tally) -> Iterator[Move]:
    shares = loan.splits[Kind.PRINCIPAL]
    for share, was, now in zip(shares, divide(before.lent, shares), divide(after.lent, shares), strict=True):
        yield Move("funded", _clearing(loan), _at(loan, AccountKind.CAPITAL, share.owner), now - was)
    yield Move("disbursed", _of(loan, AccountKind.PRINCIPAL), _clearing(loan), after.lent - before.lent)
    for kind in (Kind.FEE, Kind.PREMIUM):
        yield from _through(loan, kind, _clearing(loan), before.at_payout[kind], after.at_payout[kind], f"{kind.value} at payout")


def _settling(loan: Loan, before: Tally, after: Tally) -> Iterator[Move]:
    for source in Source:
        for kind in Kind:
            was, now = before.settled[source, kind], after.settled[source, kind]
            if was == now:
                continue
            if source is Source.CASH:
                yield from _through(loan, kind, _clearing(loan), was, now, kind.value)
            elif source is Source.GUARANTOR:
                yield Move("compensation paid in", _clearing(loan), _stood(loan, AccountKind.COMPENSATED), now - was)
                yield from _through(loan, kind, _of(loan, AccountKind.SUBROGATED), was, now, f"{kind.value} compensated")
            elif kind is Kind.PRINCIPAL:
                yield from _lost(loan, was, now, source)


def _through(loan: Loan, kind: Kind, source: Account, was: int, now: int, what: str) -> Iterator[Move]:
    """Into the loan's own account, and on to those whose it is; backwards when less was settled than it seemed."""
    own = _of(loan, COLLECTED[kind])
    yield Move(what, source, own, now - was)
    shares = loan.splits[kind]
    for share, before, after in zip(shares, divide(was, shares), divide(now, shares), strict=True):
        party = _party(loan, share)
        given = _at(loan, AccountKind.CAPITAL, share.owner) if kind is Kind.PRINCIPAL else own
        yield _passed(what, share.to, given, party, after - before, _at(loan, AccountKind.CLAWBACK, share.owner))


def _passed(what: str, who: str, given: Account, party: Account, minor: int, claw: Account) -> Move:
    """On to a party; or back from it, by what it must then give back, for it may have been paid out."""
    return Move(f"{what} to {who}", given, party, minor) if minor >= 0 else Move(f"{what} back from {who}", claw, given, -minor)


def _lost(loan: Loan, was: int, now: int, source: Source) -> Iterator[Move]:
    """Principal that nobody paid: the funders' loss, in their shares."""
    what, account = ("written off", AccountKind.WRITTEN_OFF) if source is Source.LOSS else ("given up", AccountKind.WAIVED)
    shares = loan.splits[Kind.PRINCIPAL]
    for share, before, after in zip(shares, divide(was, shares), divide(now, shares), strict=True):
        yield Move(what, _at(loan, account, share.owner), _of(loan, AccountKind.PRINCIPAL), after - before)


def _excess(loan: Loan, before: Tally, after: Tally) -> Iterator[Move]:
    yield Move("paid in excess", _clearing(loan), _of(loan, AccountKind.CREDIT), after.overpaid - before.overpaid)


def _recovering(loan: Loan, before: Tally, after: Tally) -> Iterator[Move]:
    shares = loan.splits[Kind.PRINCIPAL]
    for share, was, now in zip(shares, divide(before.recovered, shares), divide(after.recovered, shares), strict=True):
        recovery = _at(loan, AccountKind.RECOVERY, share.owner)
        yield Move("recovered", _clearing(loan), recovery, now - was)
        yield _passed("recovered", "funder", recovery, _party(loan, share), now - was, _at(loan, AccountKind.CLAWBACK, share.owner))
    if after.reclaimed != before.reclaimed:
        back = after.reclaimed - before.reclaimed
        yield Move("repaid to the guarantor", _clearing(loan), _of(loan, AccountKind.SUBROGATED), back)
        claw = _stood(loan, AccountKind.CLAWBACK)
        yield _passed("claim", "guarantor", _stood(loan, AccountKind.COMPENSATED), _stood(loan, AccountKind.GUARANTOR), back, claw)


def _positive(moves: Iterable[Move]) -> Sequence[Move]:
    """A move of nothing is none, and one of less than nothing goes the other way."""
    turned = (Move(m.what, m.credit, m.debit, -m.minor) if m.minor < 0 else m for m in moves)
    return [move for move in turned if move.minor]


def _stood(loan: Loan, kind: AccountKind) -> Account:
    if loan.guarantor_id is None:
        raise TermsRefused("nobody guarantees this loan, so nobody can pay in the borrower's stead", field="guarantor")
    return _at(loan, kind, loan.guarantor_id)


def _money(loan: Loan, minor: int) -> Money:
    return Money(minor, loan.principal.currency)


def _at(loan: Loan, kind: AccountKind, owner: UUID) -> Account:
    return Account(kind, owner, loan.principal.currency)


def _of(loan: Loan, kind: AccountKind) -> Account:
    return _at(loan, kind, loan.id)


def _party(loan: Loan, share: Share) -> Account:
    return _at(loan, share.account, share.owner)


def _clearing(loan: Loan) -> Account:
    return _at(loan, AccountKind.CLEARING, NOBODY)
