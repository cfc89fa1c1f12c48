"""A person's wallet: an account of kind `wallet` on the one ledger, and the rails that feed and empty it.

The caller owns the transaction, except in `carry_out`, which asks the rail between two transactions of its own: no row stays locked while a bank
makes up its mind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events

from .. import ledger
from ..errors import KeyReused, MovementUnknown, NotDone, RailRefused, RailSilent, WalletShort, WalletUnknown
from ..ledger import Account, Cursor, Hold, Kind, Posting, Statement, Transfer
from . import store
from .model import Limits, Movement, Standing, State, Way, account, limits_of, movement_id, require_token
from .rails import Order, Rail, Receipt

TOPPED_UP, PAID_OUT, PAID, RECEIVED = "topped up", "paid out of wallet", "paid from wallet", "received in wallet"


def open_wallet(*, db: Connection, clock: Clock, person: UUID, currency: str = "CNY") -> Account:
    """Open the person's wallet, if it is not open yet. Raises WalletCurrency."""
    limits_of(currency)
    mine = account(person, currency)
    if not ledger.balances(db=db, accounts=[mine]):
        ledger.open_accounts(db=db, accounts=[mine, Account(Kind.CLEARING, currency=currency)])
        events.append(db, [events.Event("servicing.wallet_opened", mine.id, {"currency": currency}, person, clock.now())])
    return mine


def balance(*, db: Connection, person: UUID, currency: str = "CNY") -> Standing:
    """Raises WalletUnknown."""
    mine = account(person, currency)
    found = ledger.balances(db=db, accounts=[mine]).get(mine)
    if found is None:
        raise WalletUnknown(currency)
    return Standing(-found.net, Money(found.held_debits, currency))


def top_up(*, db: Connection, clock: Clock, person: UUID, amount: Money, token: str, key: str, limits: Limits | None = None) -> Movement:
    """Ask for money from the person's bank; `carry_out` asks the rail. A repeat of `key` returns the first movement.

    Raises WalletUnknown, WalletMinimum, WalletLimit, TokenRefused, KeyReused.
    """
    return _ask(db, clock, Way.TOP_UP, person, amount, token, key, limits)


def pay_out(*, db: Connection, clock: Clock, person: UUID, amount: Money, token: str, key: str, limits: Limits | None = None) -> Movement:
    """Set the amount aside and ask for it to be paid to the person's bank; `carry_out` asks the rail. A repeat of `key` returns the first one.

    Raises WalletShort and what `top_up` raises.
    """
    return _ask(db, clock, Way.PAY_OUT, person, amount, token, key, limits)


def carry_out(*, begin: Callable[[], AbstractContextManager[Connection]], clock: Clock, rail: Rail, movement: UUID) -> Movement:
    """Ask the rail, then settle or release. A rail that does not answer leaves everything as it stands: ask again later.

    Raises MovementUnknown.
    """
    with begin() as db:
        one = get_movement(db=db, movement=movement)
    if one.state is not State.ASKED:
        return one
    try:
        answer: Receipt | RailRefused = rail.carry(Order.of(one))
    except RailRefused as refused:
        answer = refused
    except RailSilent:
        return one
    with begin() as db:
        return conclude(db=db, clock=clock, rail=rail.name, movement=movement, answer=answer)


def conclude(*, db: Connection, clock: Clock, rail: str, movement: UUID, answer: Receipt | RailRefused) -> Movement:
    """Book what a rail answered, once: a top-up arrives, a pay-out leaves or is given back. Raises MovementUnknown."""
    one = store.get(db, movement, lock=True)
    if one is None:
        raise MovementUnknown(movement)
    if one.state is not State.ASKED:
        return one
    done = isinstance(answer, Receipt)
    if one.way is Way.PAY_OUT and not done:
        ledger.release(db=db, clock=clock, hold=_key(one.id))
    elif one.way is Way.PAY_OUT:
        ledger.settle(db=db, clock=clock, hold=_key(one.id), key=_key(one.id))
    elif done:
        ledger.post(db=db, clock=clock, transfers=[_arrival(one)])
    says, reference = (answer.says, answer.reference) if isinstance(answer, Receipt) else (str(answer), None)
    state = State.DONE if done else State.REFUSED
    store.end(db, one, state=state, rail=rail, reference=reference, says=says, at=clock.now())
    data = {"way": one.way, "amount": one.amount, "state": state, "rail": rail, "reference": reference}
    events.append(db, [events.Event("servicing.wallet_moved", one.id, data, one.person, clock.now())])
    return get_movement(db=db, movement=movement)


def take_back(*, db: Connection, clock: Clock, movement: UUID, why: str) -> Movement:
    """The bank gave back what it had done: reverse its posting. A repeat changes nothing.

    Raises MovementUnknown, NotDone, and BalanceForbidden when a top-up that bounced is already spent: what is missing is then booked against the person.
    """
    one = store.get(db, movement, lock=True)
    if one is None:
        raise MovementUnknown(movement)
    if one.state is State.RETURNED:
        return one
    if one.state is not State.DONE:
        raise NotDone(movement, one.state)
    ledger.reverse(db=db, clock=clock, transfers=[_key(one.id)], key=f"wallet/returned/{one.id}", why=why)
    store.end(db, one, state=State.RETURNED, rail=one.rail or "", reference=one.reference, says=why, at=clock.now())
    events.append(db, [events.Event("servicing.wallet_returned", one.id, {"way": one.way, "amount": one.amount}, one.person, clock.now())])
    return get_movement(db=db, movement=movement)


def get_movement(*, db: Connection, movement: UUID) -> Movement:
    """Raises MovementUnknown."""
    found = store.get(db, movement)
    if found is None:
        raise MovementUnknown(movement)
    return found


def unanswered(*, db: Connection, limit: int = 100, after: datetime | None = None) -> list[Movement]:
    """Movements that no rail has answered, oldest first, for a worker to carry out; the next page is asked `after` the last one's instant."""
    return store.asked(db, limit=limit, after=after)


def movements(*, db: Connection, person: UUID, limit: int = 50) -> Sequence[Movement]:
    """A person's top-ups and pay-outs, newest first."""
    return store.of_person(db, person, limit=limit)


def payment(*, person: UUID, amount: Money, to: Account, key: str, what: str = PAID, subject: UUID = ledger.NOBODY) -> Transfer:
    """The transfer that pays from the wallet, to be posted in one list with what it pays for.

    A repayment pays `to` clearing, out of which the loan's own postings take it, as they take money from a bank.
    """
    return Transfer(f"wallet/{person}/{key}", what, account(person, amount.currency), to, amount, subject, person)


def pay(
    *, db: Connection, clock: Clock, person: UUID, amount: Money, to: Account, key: str, what: str = PAID, subject: UUID = ledger.NOBODY
) -> Posting:
    """Pay from the wallet at once. A repeat of `key` returns the first posting. Raises WalletUnknown, WalletShort, KeyReused."""
    made = payment(person=person, amount=amount, to=to, key=key, what=what, subject=subject)
    store.queue(db, made.debit.id)
    if not ledger.is_posted(db=db, transfer=made.id):
        _require(balance(db=db, person=person, currency=amount.currency), amount)
    ledger.post(db=db, clock=clock, transfers=[made])
    return ledger.transfer(db=db, transfer=made.id).posting


def receive(
    *, db: Connection, clock: Clock, person: UUID, amount: Money, source: Account, key: str, subject: UUID = ledger.NOBODY
) -> Posting:
    """Put what the person is owed elsewhere, such as an overpayment, into the wallet. Limits do not keep a person from its own money.

    Raises WalletUnknown, KeyReused and what `ledger.post` raises.
    """
    balance(db=db, person=person, currency=amount.currency)
    mine = account(person, amount.currency)
    made = Transfer(f"wallet/{person}/received/{key}", RECEIVED, source, mine, amount, subject, person)
    ledger.post(db=db, clock=clock, transfers=[made])
    return ledger.transfer(db=db, transfer=made.id).posting


def hold(
    *,
    db: Connection,
    clock: Clock,
    person: UUID,
    amount: Money,
    to: Account,
    key: str,
    expires_at: datetime | None = None,
    subject: UUID = ledger.NOBODY,
) -> ledger.Held:
    """Set an amount aside for a payment to come. A repeat of `key` returns the first hold. Raises WalletUnknown, WalletShort, KeyReused."""
    made = Hold(_hold_key(person, key), PAID, account(person, amount.currency), to, amount, expires_at, subject, person)
    store.queue(db, made.debit.id)
    if not ledger.is_held(db=db, hold=made.id):
        _require(balance(db=db, person=person, currency=amount.currency), amount)
    ledger.hold(db=db, clock=clock, holds=[made])
    return ledger.get_hold(db=db, hold=made.id)


def capture(*, db: Connection, clock: Clock, person: UUID, hold: str, key: str, amount: Money | None = None, final: bool = True) -> Posting:
    """Pay what was set aside under `hold`, all that is left or less; unless told otherwise the rest is available again.

    A repeat of `key` returns the first posting. Raises what `ledger.settle` raises.
    """
    settled = f"wallet/{person}/captured/{key}"
    return ledger.settle(db=db, clock=clock, hold=_hold_key(person, hold), key=settled, amount=amount, final=final)


def release(*, db: Connection, clock: Clock, person: UUID, key: str) -> Money:
    """Make available again what is left of a hold; return how much. Raises HoldUnknown."""
    return ledger.release(db=db, clock=clock, hold=_hold_key(person, key))


def statement(
    *, db: Connection, person: UUID, since: date, until: date, currency: str = "CNY", limit: int = 500, after: Cursor | None = None
) -> Statement:
    """As `ledger.statement`: what is owed to the person shows as a credit, with a minus. Raises WalletUnknown, PeriodBackwards."""
    balance(db=db, person=person, currency=currency)
    return ledger.statement(db=db, account=account(person, currency), since=since, until=until, limit=limit, after=after)


def _ask(db: Connection, clock: Clock, way: Way, person: UUID, amount: Money, token: str, key: str, limits: Limits | None) -> Movement:
    require_token(token)
    mine, one = account(person, amount.currency), movement_id(way, person, key)
    store.queue(db, mine.id)
    known = store.get(db, one)
    if known is not None:
        if (known.amount, known.token) != (amount, token):
            raise KeyReused(key, way.replace("_", "-"), field="key")
        return known
    standing = balance(db=db, person=person, currency=amount.currency)
    limits = limits or limits_of(amount.currency)
    day, month = store.moved(db, person, way, amount.currency, on=clock.today())
    room = limits.max_balance - standing.total - store.asked_in(db, person, amount.currency)
    limits.require(way, amount, day=day, month=month, room=room)
    made = Movement(one, person, way, amount, token, key, clock.now())
    if way is Way.PAY_OUT:
        _require(standing, amount)
        ledger.hold(db=db, clock=clock, holds=[_departure(made)])
    store.add(db, made, on=clock.today())
    return made


def _require(standing: Standing, amount: Money) -> None:
    if amount > standing.available:
        raise WalletShort(f"{amount} {amount.currency}", f"{standing.available} {amount.currency}", field="amount")


def _key(movement: UUID) -> str:
    return f"wallet/movement/{movement}"


def _hold_key(person: UUID, key: str) -> str:
    return f"wallet/{person}/{key}"


def _arrival(one: Movement) -> Transfer:
    clearing = Account(Kind.CLEARING, currency=one.amount.currency)
    return Transfer(_key(one.id), TOPPED_UP, clearing, account(one.person, one.amount.currency), one.amount, one.id, one.person)


def _departure(one: Movement) -> Hold:
    """It does not run out: while nobody knows whether the rail paid, the money must not be spent again."""
    clearing = Account(Kind.CLEARING, currency=one.amount.currency)
    mine = account(one.person, one.amount.currency)
    return Hold(_key(one.id), PAID_OUT, mine, clearing, one.amount, None, one.id, one.person)
