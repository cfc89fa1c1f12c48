"""What a funder does: answer what it is asked, see its reservations, loans and capacity, and the borrowers who agreed to it."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from xinqiao import funding, servicing
from xinqiao.journeys import House, sharing
from xinqiao.kit import plain
from xinqiao.partners import Kind, Partner

from .callers import Callers, KeyFirst
from .shapes import (
    SIGNED_MESSAGE,
    BorrowerAnswer,
    CapacityLine,
    LoanAnswer,
    LoanPage,
    QuestionAnswer,
    Reply,
    ReplyAnswer,
    ReservationAnswer,
)


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["funders"], route_class=KeyFirst)
    Offers = Annotated[Partner, Depends(callers.having(Kind.FUNDER, "offers:read"))]  # noqa: N806 - types
    Answers = Annotated[Partner, Depends(callers.having(Kind.FUNDER, "offers:answer"))]  # noqa: N806
    Loans = Annotated[Partner, Depends(callers.having(Kind.FUNDER, "loans:read"))]  # noqa: N806

    @router.get("/funder/questions", response_model=list[QuestionAnswer])
    def questions(funder: Offers) -> list[dict[str, Any]]:
        """What you have been asked and have not answered, oldest first. Silence until the deadline is a no."""
        with house.begin() as db:
            found = funding.questions_to(db=db, funder_id=funder.id)
        return [
            plain(
                {"id": q.id, "application": q.application_id, "annual_rate": q.annual_rate, "asked_at": q.asked_at, "deadline": q.deadline}
            )
            for q in found
        ]

    @router.post("/funder/questions/{question}/answer", response_model=ReplyAnswer)
    def answer(funder: Answers, question: UUID, reply: Reply) -> dict[str, Any]:
        """Take the loan, at the rate asked or a lower one, or refuse it. The same answer again changes nothing."""
        rate = Decimal(reply.annual_rate) if reply.annual_rate is not None else None
        return _shown(sharing.answer(house, funder=funder, question=question, accept=reply.accept, annual_rate=rate))

    @router.post("/funder/answers", response_model=ReplyAnswer, openapi_extra=SIGNED_MESSAGE)
    async def answer_by_webhook(funder: Answers, request: Request) -> dict[str, Any]:
        """The same as a signed webhook (Standard Webhooks headers): `{"data": {"question": …, "accept": true}}`."""
        body = await request.body()
        try:
            answered = await run_in_threadpool(sharing.answer_signed, house, funder=funder, headers=dict(request.headers), body=body)
        except ArithmeticError:  # a rate of "NaN" is a decimal that nothing compares with
            raise sharing.AnswerUnreadable(field="annual_rate") from None
        return _shown(answered)

    @router.get("/funder/offers", response_model=list[ReservationAnswer])
    def offers(funder: Offers, limit: Annotated[int, Query(ge=1, le=200)] = 100) -> list[dict[str, Any]]:
        """Capacity that is or was reserved for applications, newest first."""
        with house.begin() as db:
            found = funding.reservations_of(db=db, funder_id=funder.id, limit=limit)
        return [reservation(one) for one in found]

    @router.get("/funder/capacity", response_model=list[CapacityLine])
    def capacity(funder: Offers) -> list[dict[str, Any]]:
        """Your budget and your caps by region, term, scene and guarantor, and how much of each is taken."""
        with house.begin() as db:
            return lines(funding.book_of(db=db, partner_id=funder.id))

    @router.get("/funder/loans", response_model=LoanPage)
    def loans(funder: Loans, before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
        """Your loans, newest first; pass `next` as `before` for the page that follows."""
        with house.begin() as db:
            found = servicing.loans_of_funder(db=db, clock=house.clock, funder_id=funder.id, limit=limit + 1, before=before)
        return page(found, limit)

    @router.get("/funder/loans/{loan_id}", response_model=LoanAnswer)
    def one_loan(funder: Loans, loan_id: UUID) -> dict[str, Any]:
        """One of your loans, as it stands today."""
        with house.begin() as db:
            return loan(sharing.loan_of_funder(house, db, funder=funder, loan_id=loan_id))

    @router.get("/funder/loans/{loan_id}/borrower", response_model=BorrowerAnswer)
    def borrower(funder: Loans, loan_id: UUID) -> dict[str, Any]:
        """The borrower's data, as far as they agreed to share them with you and have not withdrawn."""
        return {"fields": sharing.borrower(house, funder=funder, loan_id=loan_id)}

    return router


def _shown(question: Any) -> dict[str, Any]:
    return plain({"id": question.id, "reply": question.reply, "answered_at": question.answered_at})


def reservation(one: Any) -> dict[str, Any]:
    names = ("id", "state", "amount", "outstanding", "annual_rate", "expires_at")
    return plain({name: getattr(one, name) for name in names} | {"application": one.application_id, "term_months": one.months})


def lines(found: list[Any]) -> list[dict[str, Any]]:
    return [plain({"dimension": one.dimension, "key": one.key, "capacity": one.cap, "used": one.used}) for one in found]


def page(found: list[Any], limit: int) -> dict[str, Any]:
    """`found` holds one more than the page when there is another page."""
    shown = found[:limit]
    return {"items": [loan(view) for view in shown], "next": shown[-1].loan.id if len(found) > limit else None}


def loan(view: Any) -> dict[str, Any]:
    one = view.loan
    return plain(
        {
            "id": one.id,
            "application": one.application_id,
            "principal": one.principal,
            "outstanding": one.outstanding,
            "annual_rate": one.terms.annual_rate,
            "term_months": one.terms.months,
            "disbursed_on": one.disbursed_on,
            "status": one.status,
            "days_past_due": view.days_past_due,
            "next_due": view.owed.next_due,
        }
    )
