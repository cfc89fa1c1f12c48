"""Statements: a period is chosen, and the same facts are given as PDF, as a table, or as the file that the fingerprint covers."""

import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys.views import Statement, WalletStatement

from .. import pages, statements
from .desk import Desk, FriendlyRoute, Posted
from .errors import FormIncomplete
from .session import Session

MEDIA = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/statement")
    def choose(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        loan, today = here.loan(own.application_id), desk.clock.today(desk.settings.timezone)
        return desk.show(request, "statement.html", own, loan=loan, first=loan.disbursed_on, today=today)

    @router.post("/my/statement")
    def take(request: Request, form: Form) -> Response:
        """A post, so that no link or prefetch takes a statement that nobody asked for."""
        found = here.statement(form.session.application_id, since=_day(form, "since"), until=_day(form, "until"))
        return _download(desk, request, form, found)

    @router.post("/my/wallet/statement")
    def of_wallet(request: Request, form: Form) -> Response:
        found = here.wallet_statement(form.session.application_id, since=_day(form, "since"), until=_day(form, "until"))
        return _download(desk, request, form, found)

    @router.get("/statements")
    def check(request: Request, sha256: str = "") -> Response:
        """Anybody who holds a statement may ask whether it was given out; who has no fingerprint learns nothing."""
        asked = re.sub(r"\s", "", sha256).lower()
        is_fingerprint = re.fullmatch(r"[0-9a-f]{64}", asked) is not None
        issued = here.issued(asked) if is_fingerprint else None
        return desk.show(request, "statements.html", None, asked=asked[:80], is_fingerprint=is_fingerprint, issued=issued)

    return router


def _download(desk: Desk, request: Request, form: Posted, found: Statement | WalletStatement) -> Response:
    kind = form.need("kind")
    if kind not in MEDIA:
        raise FormIncomplete("kind", field="kind")
    response = pages.harden(Response(_file(desk, request, found, kind), media_type=MEDIA[kind]))
    response.headers["Content-Disposition"] = f'attachment; filename="xinqiao-{found.since}-{found.until}-{found.sha256[:8]}.{kind}"'
    return response


def _file(desk: Desk, request: Request, found: Statement | WalletStatement, kind: str) -> bytes:
    words, address = pages.words_of(request, desk.settings.timezone), f"{desk.settings.address}/statements"
    if kind == "json":
        return found.file
    if isinstance(found, WalletStatement):
        if kind == "csv":
            return statements.spreadsheet(*statements.wallet_rows(found, words))
        return statements.pdf(statements.wallet_sheet(found, words, address=address))
    if kind == "csv":
        return statements.spreadsheet(*statements.rows_of(found, words))
    return statements.pdf(statements.loan_sheet(found, words, address=address))


def _day(form: Posted, name: str) -> date | None:
    """None when the field was left empty. Raises FormIncomplete."""
    given = form.fields.get(name, "").strip()
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise FormIncomplete(name, field=name) from None
