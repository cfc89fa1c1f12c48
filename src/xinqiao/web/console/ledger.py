"""The books: the trial balance, the accounts of a kind, an account's entries, a loan's journal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import servicing
from xinqiao.journeys import board
from xinqiao.partners import Partner
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Balance, Kind
from xinqiao.staff import Permission

from ..i18n import Words
from .desk import Desk, Operator, console_route
from .errors import NoSuchLoan
from .overview import named
from .words import ACCOUNTS, POSTINGS

PER_PAGE = 50


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console/ledger")
    def trial_balance(request: Request, who: Reader, loan: str = "") -> Response:
        words = desk.words(request)
        with house.begin() as db:
            rows = ledger.trial_balance(db=db)
            journal = _journal(db, words, board.parties(db), loan) if loan else None
        return desk.show(request, "ledger.html", rows=_trial(words, rows), sums=_sums(words, rows), journal=journal, loan=loan)

    @router.get("/console/ledger/{kind}")
    def accounts(request: Request, who: Reader, kind: Kind, after: UUID | None = None) -> Response:
        words = desk.words(request)
        with house.begin() as db:
            found = ledger.accounts(db=db, kind=kind, limit=PER_PAGE + 1, after=after)
            parties = board.parties(db)
        rows = [_balance(words, parties, one) for one in found[:PER_PAGE]]
        next_ = found[PER_PAGE - 1].account.id if len(found) > PER_PAGE else None
        return desk.show(request, "accounts.html", kind=kind.value, title=words.gettext(ACCOUNTS[kind.value]), rows=rows, next=next_)

    @router.get("/console/ledger/{kind}/{owner}")
    def entries(request: Request, who: Reader, kind: Kind, owner: UUID, currency: str = "CNY", before: datetime | None = None) -> Response:
        words, account = desk.words(request), Account(kind, owner, currency[:3])
        with house.begin() as db:
            balance = ledger.balances(db=db, accounts=[account]).get(account)
            if balance is None:
                raise NoSuchLoan(str(owner))
            found, parties = ledger.entries(db=db, account=account, limit=PER_PAGE, before=before), board.parties(db)
        return desk.show(
            request,
            "account.html",
            title=words.gettext(ACCOUNTS[kind.value]),
            balance=_balance(words, parties, balance),
            rows=[_entry(words, parties, one) for one in found],
            next=found[-1].at.isoformat() if len(found) == PER_PAGE else None,
            kind=kind.value,
        )

    return router


def _trial(words: Words, rows: Mapping[tuple[Kind, str], Balance]) -> list[dict[str, Any]]:
    order = list(Kind)
    return [
        {
            "kind": kind.value,
            "word": words.gettext(ACCOUNTS[kind.value]),
            "currency": currency,
            "debits": words.money(one.debits),
            "credits": words.money(one.credits),
            "net": words.money(one.net),
        }
        for (kind, currency), one in sorted(rows.items(), key=lambda row: (row[0][1], order.index(row[0][0])))
    ]


def _sums(words: Words, rows: Mapping[tuple[Kind, str], Balance]) -> list[dict[str, Any]]:
    """Debits and credits of each currency, and whether they are equal."""
    found = []
    for currency in sorted({currency for _, currency in rows}):
        mine = [one for (_, other), one in rows.items() if other == currency]
        debits, credits = (sum((getattr(one, side) for one in mine[1:]), getattr(mine[0], side)) for side in ("debits", "credits"))
        found.append({"currency": currency, "debits": words.money(debits), "credits": words.money(credits), "equal": debits == credits})
    return found


def _owner(parties: Mapping[UUID, Partner], words: Words, account: Account) -> str:
    if account.owner in parties:
        return named(words, parties[account.owner])
    return words.gettext("Platform") if account.owner == ledger.Account(Kind.CLEARING).owner else str(account.owner)[-12:]


def _balance(words: Words, parties: Mapping[UUID, Partner], one: Balance) -> dict[str, Any]:
    return {
        "owner_id": one.account.owner,
        "owner": _owner(parties, words, one.account),
        "currency": one.account.currency,
        "debits": words.money(one.debits),
        "credits": words.money(one.credits),
        "net": words.money(one.net),
    }


def _entry(words: Words, parties: Mapping[UUID, Partner], one: ledger.Entry) -> dict[str, Any]:
    return {
        "at": one.at,
        "what": _what(words, one.what),
        "other": f"{words.gettext(ACCOUNTS[one.other.kind.value])} · {_owner(parties, words, one.other)}",
        "subject": one.subject if one.subject.int else None,
        "debit": words.money(one.amount) if one.amount.is_positive else "",
        "credit": "" if one.amount.is_positive else words.money(one.amount * -1),
    }


def _what(words: Words, what: str) -> str:
    return words.gettext(POSTINGS[what]) if what in POSTINGS else what


def _journal(db: Any, words: Words, parties: Mapping[UUID, Partner], loan: str) -> dict[str, Any]:
    """Everything posted about one loan. Raises NoSuchLoan."""
    try:
        found = servicing.loan(db=db, loan_id=UUID(loan.strip()))
    except (ValueError, servicing.errors.LoanNotFound):
        raise NoSuchLoan(loan[:60], field="loan") from None
    rows = [
        {
            "at": one.at,
            "what": _what(words, one.what),
            "debit": f"{words.gettext(ACCOUNTS[one.debit.kind.value])} · {_owner(parties, words, one.debit)}",
            "credit": f"{words.gettext(ACCOUNTS[one.credit.kind.value])} · {_owner(parties, words, one.credit)}",
            "amount": words.money(one.amount),
        }
        for one in ledger.journal(db=db, subject=found.id, person=found.person_id)
    ]
    return {"loan": found.id, "application": found.application_id, "rows": rows}
