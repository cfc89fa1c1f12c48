"""Claims and money between the parties: a book passes to another funder, and each party is paid what it is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ... import ledger
from ...errors import TermsRefused
from ...ledger import Account
from ...ledger import Kind as AccountKind
from ...lifecycle import Books
from ...lifecycle import events as e
from ...product.model import Kind
from .. import postings, store, tally
from ..model import Recorded
from ..splits import Share
from . import recording
from .recording import Author

PAYABLE = (AccountKind.FUNDER, AccountKind.GUARANTOR, AccountKind.PLATFORM, AccountKind.SCENE)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a party is owed and what it must give back; the difference may be paid out."""

    party: Account
    owed: Money
    to_give_back: Money

    @property
    def net(self) -> Money:
        return self.owed - self.to_give_back


def transfer(*, db: Connection, clock: Clock, loan_ids: Sequence[UUID], to: UUID, key: str, author: Author) -> list[Recorded]:
    """Pass the claims of these loans to another funder, at par: what the borrowers owe does not change, nor whom they owe their thanks to.

    All or none, in the caller's transaction. Raises LoanNotFound, LoanClosed, TermsRefused when the buyer already holds a claim.
    """
    return [_pass(db, clock, loan_id, to, f"{key}/{loan_id}", author) for loan_id in sorted(loan_ids)]


def _pass(db: Connection, clock: Clock, loan_id: UUID, to: UUID, key: str, author: Author) -> Recorded:
    holder = store.lock(db, loan_id)
    known = holder is not None and any(one.event.id == key for one in store.life(db, holder))

    def make(books: Books, fields: dict) -> e.Event:
        if holder is not None and holder.funder_id == to and not known:
            raise TermsRefused(f"funder {to} holds this claim already", field="to")
        return e.Transferred(**fields, to=str(to))

    done = recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)
    if done.repeated:
        return done
    loan = done.loan
    sold = [Account(AccountKind.CAPITAL, to, loan.principal.currency), *postings.accounts(replace(loan, splits=_bought(loan.splits, to)))]
    ledger.open_accounts(db=db, accounts=sold)
    ledger.post(db=db, clock=clock, transfers=postings.passing(loan, tally.of_books(done.books), to, key))
    bought = replace(done.loan, funder_id=to, splits=_bought(loan.splits, to))
    store.save_party(db, bought)
    return replace(done, loan=bought)


def _bought(splits: dict[Kind, tuple[Share, ...]], to: UUID) -> dict[Kind, tuple[Share, ...]]:
    """From now on the buyer has what the sellers had."""
    changed = {}
    for kind, shares in splits.items():
        kept = [share for share in shares if share.to != "funder"]
        part = sum((share.fraction for share in shares if share.to == "funder"), Fraction(0))
        changed[kind] = (*([Share("funder", to, part)] if part else []), *kept)
    return changed


def settlement(*, db: Connection, party: Account) -> Settlement:
    """Raises TermsRefused for an account that is no party's."""
    if party.kind not in PAYABLE:
        raise TermsRefused(
            f"money is paid out to a funder, a guarantor, a scene or the platform, not from a {party.kind} account", field="party"
        )
    claw = Account(AccountKind.CLAWBACK, party.owner, party.currency)
    found = ledger.balances(db=db, accounts=[party, claw])
    zero = Money(0, party.currency)
    owed = -found[party].net if party in found else zero
    return Settlement(party, owed, found[claw].net if claw in found else zero)


def pay_out(*, db: Connection, clock: Clock, party: Account, amount: Money, key: str) -> bool:
    """Settle with a funder, a guarantor, a scene or the platform: what it is owed leaves clearing. False when `key` was paid out before.

    Raises TermsRefused for another kind of account, BalanceForbidden when the party is owed less.
    """
    if party.kind not in PAYABLE:
        raise TermsRefused(
            f"money is paid out to a funder, a guarantor, a scene or the platform, not from a {party.kind} account", field="party"
        )
    return ledger.post(db=db, clock=clock, transfers=[postings.payout(party, amount, key)]) == 1


def offset(*, db: Connection, clock: Clock, party: Account, key: str) -> Money:
    """Set what a party must give back against what it is owed; return how much was set off."""
    found = settlement(db=db, party=party)
    amount = min(found.owed, found.to_give_back)
    if amount.is_positive:
        claw = Account(AccountKind.CLAWBACK, party.owner, party.currency)
        ledger.post(db=db, clock=clock, transfers=[ledger.Transfer(f"offset/{party.id}/{key}", "set off", party, claw, amount)])
    return amount
