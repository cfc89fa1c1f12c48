"""The borrower's wallet: what is in it, money in and out over the payment rail, and a repayment out of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Money
from xinqiao.servicing import wallet
from xinqiao.servicing.errors import WalletUnknown
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.wallet import SimulatedRail, State, Way

from . import lending, views
from .case import look
from .errors import NoPaymentRail, PaymentRefused
from .house import House

SIMULATOR = SimulatedRail()
TOKEN = "simulated-account"
"""What the simulator calls the person's bank account; a real rail gives a token when the account is bound."""
LOOK_BACK = timedelta(days=400)


def of(house: House, application: UUID) -> views.Wallet:
    """The person's wallet with its newest entries; empty while it was never opened."""
    with house.begin() as db:
        return _wallet(house, db, _borrower(db, application))


def _wallet(house: House, db: Connection, person: UUID) -> views.Wallet:
    limits, today = wallet.limits_of("CNY"), house.clock.today(house.settings.timezone)
    bounds = {"top_up": limits.top_up, "pay_out": limits.pay_out, "most": limits.max_balance}
    try:
        standing = wallet.balance(db=db, person=person)
    except WalletUnknown:
        zero = Money(0, "CNY")
        return views.Wallet(zero, zero, (), (), **bounds)
    lines = wallet.statement(db=db, person=person, since=today - LOOK_BACK, until=today, limit=10_000).lines
    return views.Wallet(
        total=standing.total,
        held=standing.held,
        lines=[views.WalletLine(line.entry.booked_on, line.entry.what, -line.entry.amount, -line.balance) for line in reversed(lines)],
        movements=[
            views.WalletMovement(one.at, one.way.value, one.amount, one.state.value, one.says or "")
            for one in wallet.movements(db=db, person=person, limit=10)
        ],
        **bounds,
    )


def move(house: House, application: UUID, *, way: str, amount: Money, key: str) -> None:
    """Ask for money from the bank, or for it to go there, and carry it out. Raises NoPaymentRail, PaymentRefused and what the wallet refuses."""
    rail = _rail(house)
    with house.begin() as db:
        person = _borrower(db, application)
        wallet.open_wallet(db=db, clock=house.clock, person=person)
        ask = wallet.top_up if Way(way) is Way.TOP_UP else wallet.pay_out
        asked = ask(db=db, clock=house.clock, person=person, amount=amount, token=TOKEN, key=key)
    done = wallet.carry_out(begin=house.begin, clock=house.clock, rail=rail, movement=asked.id)
    if done.state is State.REFUSED:
        raise PaymentRefused(done.says or "", field="amount")


def repay(house: House, application: UUID, *, amount: Money, key: str) -> None:
    """Pay on the loan out of the wallet: both in one transaction. A repeat of `key` changes nothing. Raises what wallet and loan refuse."""
    with house.begin() as db:
        loan = lending.loan_of(db, application)
        clearing = Account(Kind.CLEARING, currency=amount.currency)
        common = {"db": db, "clock": house.clock, "person": loan.person_id}
        wallet.pay(**common, amount=amount, to=clearing, key=f"repay/{loan.id}/{key}", subject=loan.id)
        lending.repay_in(house, db, loan.id, amount=amount, key=key)


def go_on(house: House) -> int:
    """Ask the rail again about movements that it did not answer. Returns how many it answered now."""
    if not house.settings.demo:
        return 0
    with house.begin() as db:
        waiting = wallet.unanswered(db=db)
    asked = [wallet.carry_out(begin=house.begin, clock=house.clock, rail=SIMULATOR, movement=one.id) for one in waiting]
    return sum(one.state is not State.ASKED for one in asked)


def _borrower(db: Connection, application: UUID) -> UUID:
    """The person of an application that became a loan. Raises NoLoan."""
    lending.loan_of(db, application)
    return look(db, application).person


def _rail(house: House) -> SimulatedRail:
    """Only the simulator ships, and it works in a demonstration alone. Raises NoPaymentRail."""
    if not house.settings.demo:
        raise NoPaymentRail
    return SIMULATOR
