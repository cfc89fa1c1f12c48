"""Everything an applicant can see and do, by the application that their link or session names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import fraud, partners, servicing, vault
from xinqiao.identity import REASONS
from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.kit import Money
from xinqiao.partners import Partner
from xinqiao.servicing import View, apr, reporting
from xinqiao.servicing.contract import LANGUAGES
from xinqiao.servicing.lifecycle import Event
from xinqiao.servicing.lifecycle.explain import explain_instalment
from xinqiao.servicing.loans import Parts
from xinqiao.vault import Actor, Field

from . import applying, deciding, facing, lending, purse, requests, rights, statements, views, words
from .case import Case, look
from .errors import NoPaymentRail, OperationIncomplete
from .house import House
from .progress import ASKED_BEFORE_FACE, ASKED_FIRST, Step
from .views import Said

ONE_DAY = timedelta(days=1)

NEXT: dict[Step, views.Next] = {
    Step.FACE: "face",
    Step.REVIEW: "review",
    Step.FUNDER: "wait",
    Step.SIGN: "sign",
    Step.DISBURSE: "wait",
}


class ApplicantJourneys:
    def __init__(self, house: House, *, surface: str = "applicant_page") -> None:
        """`surface` is where consents are shown: it stands in each receipt."""
        self._house, self._surface = house, surface

    def open_link(self, token: str) -> UUID:
        return applying.open_link(self._house, token)

    def standing(self, application_id: UUID) -> views.Standing:
        """Where the application stands; reasons only where the answer was no."""
        with self._house.begin() as db:
            case = look(db, application_id)
            app, progress, comes = case.application, case.progress, _next(case)
            loan = UUID(progress.loan) if progress.loan else None
            return views.Standing(
                application_id=case.id,
                person_id=case.person,
                reference=app.reference or str(case.id)[-8:].upper(),
                next=comes,
                scene=named(partners.get(db=db, partner=app.scene_id)),
                amount=app.amount,
                term_months=app.term_months,
                reasons=reasons_of(self._house, db, case) if comes == "declined" else (),
                needs_portrait=comes == "face" and Field.PORTRAIT not in vault.holds(db=db, person=case.person),
                face_attempts=progress.face_attempts,
                face_tries_left=self._house.settings.face_attempts if progress.face_tries_left is None else progress.face_tries_left,
                has_offer=progress.offer is not None,
                human_asked=progress.human_asked,
                loan_id=loan,
            )

    def next_consent(self, application_id: UUID, language: str) -> views.ConsentText | None:
        shown = applying.next_consent(self._house, application_id, language, self._surface)
        if shown is None:
            return None
        text = shown.text
        return views.ConsentText(shown.id, shown.purpose.value, text.title, text.paragraphs, text.if_no, text.sha256, text.language)

    def answer_consent(self, application_id: UUID, *, display_id: UUID, text_sha256: str, agreed: bool, how: Mapping[str, Any]) -> None:
        applying.answer_consent(self._house, application_id, display_id=display_id, text_sha256=text_sha256, agreed=agreed, how=how)

    def issue_challenge(self, application_id: UUID) -> Challenge:
        """What the screen is to show while the camera records; the page gets its `to_json()` and sends that back unchanged."""
        return facing.issue_challenge(self._house, application_id)

    def submit_face(
        self,
        application_id: UUID,
        *,
        clip: bytes,
        portrait: bytes | None,
        challenge: str | None = None,
        flashes: bool = True,
        camera: str | None = None,
        agent: str | None = None,
    ) -> views.FaceAnswer:
        evidence = facing.submit_face(
            self._house, application_id, clip=clip, portrait=portrait, challenge=challenge, flashes=flashes, camera=camera, agent=agent
        )
        return views.FaceAnswer(evidence.outcome.value, [Said(reason.zh, reason.en) for reason in evidence.reasons])

    def refuse_face(self, application_id: UUID) -> None:
        facing.refuse_face(self._house, application_id)

    def ask_human(self, application_id: UUID) -> None:
        applying.ask_human(self._house, application_id)

    def leave(self, application_id: UUID) -> None:
        with self._house.begin() as db:
            person = look(db, application_id).person
        applying.withdraw(self._house, application_id, by=Actor("person", str(person)))

    def offer(self, application_id: UUID) -> views.Offer:
        with self._house.begin() as db:
            found = lending.offer_of(db, look(db, application_id))
        zh, en = (found.contracts[language] for language in LANGUAGES)
        return views.Offer(
            funder=Said(found.funder.name_zh, found.funder.name),
            guarantor=Said(found.guarantor.name_zh, found.guarantor.name) if found.guarantor else None,
            principal=found.principal,
            term_months=found.terms.months,
            annual_rate=found.terms.annual_rate,
            apr=found.rates.nominal,
            total_interest=found.schedule.interest,
            total_premium=found.schedule.premium,
            total_repay=found.to_repay,
            schedule=[views.Instalment(i.number, i.due, i.principal, i.interest, i.premium) for i in found.schedule.instalments],
            breakdown=apr.breakdown(apr.of_schedule(found.terms.start, found.principal, found.schedule.instalments)),
            contract=Said(zh.text, en.text),
            contract_sha256=Said(zh.sha256, en.sha256),
            expires_at=found.expires_at,
        )

    def sign(
        self,
        application_id: UUID,
        *,
        typed_name: str,
        contract_sha256: str,
        language: str,
        key: Mapping[str, str] | None,
        signature: str | None,
    ) -> None:
        lending.sign(
            self._house,
            application_id,
            typed_name=typed_name,
            contract_sha256=contract_sha256,
            language=language,
            key=key,
            signature=signature,
        )

    def loan(self, application_id: UUID) -> views.Loan:
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
            seen = servicing.view(db=db, clock=self._house.clock, loan_id=loan.id)
            tomorrow = servicing.view(db=db, clock=self._house.clock, loan_id=loan.id, on=seen.on + ONE_DAY)
            paid = servicing.repayments(db=db, loan_id=loan.id)
            due_why = _why(seen, [one.event for one in servicing.history(db=db, loan_id=loan.id)])
            offer = servicing.get_offer(db=db, offer_id=loan.offer_id)
        currency = loan.principal.currency
        schedule = [_instalment(seen, state, currency) for state in seen.states]
        due = sum((state.unpaid(loan.terms.late_rate) for state in seen.states if state.instalment.due <= seen.on), Parts())
        rest = sum(state.unpaid(loan.terms.late_rate).total for state in seen.states)
        return views.Loan(
            loan_id=loan.id,
            funder=Said(offer.funder.name_zh, offer.funder.name),
            principal=loan.principal,
            disbursed_on=loan.disbursed_on,
            apr=offer.rates.nominal,
            owed=Money(rest, currency),
            payoff=seen.owed.payoff,
            saved_by_settling=Money(rest, currency) - seen.owed.payoff,
            next_due=seen.owed.next_due,
            next_amount=min(seen.owed.next_amount, seen.owed.payoff) if seen.owed.next_due else None,
            due_now=seen.owed.now,
            due_why=due_why,
            due_parts=views.Portions(**{name: Money(minor, currency) for name, minor in due.by_name.items()}),
            overdue=seen.owed.overdue,
            late_a_day=tomorrow.owed.penalty - seen.owed.penalty,
            days_past_due=seen.days_past_due,
            schedule=schedule,
            payments=[views.Payment(one.at, one.amount) for one in paid],
        )

    def quote(self, application_id: UUID, amount: Money | None) -> views.Prepayment:
        """What paying `amount` today would save (None: all that settles the loan). Raises NoLoan, and AmountNotAccepted for more than that."""
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
            common = {"db": db, "clock": self._house.clock, "loan_id": loan.id}
            owed = servicing.view(**common).owed
            settled = servicing.quote_prepayment(**common)
            found = settled if amount is None else servicing.quote_prepayment(**common, amount=amount)
        most = min(owed.accepted_up_to, owed.payoff)
        return views.Prepayment(
            amount=found.amount,
            settles=found.settles,
            accepted=found.settles or found.amount <= most,
            most=most,
            payoff=owed.payoff,
            saved=found.saved,
            saved_by_settling=settled.saved,
            before=[_planned(one) for one in found.before],
            after=[_planned(one) for one in found.after],
        )

    def reliefs(self, application_id: UUID) -> Sequence[views.Relief]:
        """Requests for relief, newest first."""
        with self._house.begin() as db:
            found = requests.of_loan(db, lending.loan_of(db, application_id).id)
        return [
            views.Relief(one.id, one.asked_at, one.why, one.what, one.state, one.answer, one.decided_at)
            for one in found
            if one.kind == "relief"
        ]

    def ask_relief(self, application_id: UUID, *, reason: str, wish: str) -> None:
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
        requests.ask_relief(self._house, loan, reason=reason, wish=wish)

    def withdraw_relief(self, application_id: UUID, request_id: UUID) -> None:
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
        requests.withdraw(self._house, loan, request_id)

    def told(self, application_id: UUID) -> Sequence[views.Told]:
        """What the credit bureau was told of the loan, newest first."""
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
            records = reporting.records(db=db, loan_id=loan.id)
            disputes = {one.record_id: one for one in reporting.disputes(db=db, loan_id=loan.id)}
        return [_told(one, disputes.get(one.id)) for one in reversed(records)]

    def dispute(self, application_id: UUID, record_id: UUID, *, ground: str) -> None:
        """Object to a record. Raises RecordUnknown, OperationIncomplete."""
        if ground not in set(reporting.Ground):
            raise OperationIncomplete("ground", field="ground")
        with self._house.begin() as db:
            person = lending.loan_of(db, application_id).person_id
            reporting.open_dispute(db=db, clock=self._house.clock, person_id=person, record_id=record_id, ground=reporting.Ground(ground))

    def wallet(self, application_id: UUID) -> views.Wallet:
        return purse.of(self._house, application_id)

    def move(self, application_id: UUID, *, way: str, amount: Money, key: str) -> None:
        """Money into the wallet ("top_up") or out of it ("pay_out")."""
        purse.move(self._house, application_id, way=way, amount=amount, key=key)

    def pay(self, application_id: UUID, *, amount: Money, key: str, from_wallet: bool = False) -> None:
        """Out of the wallet, or from the bank, which the demonstration alone plays. Raises NoPaymentRail and what the loan refuses."""
        if from_wallet:
            purse.repay(self._house, application_id, amount=amount, key=key)
            return
        if not self._house.settings.demo:
            raise NoPaymentRail
        with self._house.begin() as db:
            loan = lending.loan_of(db, application_id)
        lending.repay(self._house, loan.id, amount=amount, key=key)

    def statement(self, application_id: UUID, *, since: date | None, until: date | None) -> views.Statement:
        return statements.of_loan(self._house, application_id, since=since, until=until)

    def wallet_statement(self, application_id: UUID, *, since: date | None, until: date | None) -> views.WalletStatement:
        return statements.of_wallet(self._house, application_id, since=since, until=until)

    def issued(self, sha256: str) -> views.Issued | None:
        return statements.issued(self._house, sha256)

    def receipts(self, application_id: UUID) -> Sequence[views.Receipt]:
        return rights.receipts(self._house, application_id)

    def withdraw_consent(self, application_id: UUID, receipt_id: UUID) -> None:
        rights.withdraw_consent(self._house, application_id, receipt_id)

    def held(self, application_id: UUID) -> Sequence[views.Held]:
        return rights.held(self._house, application_id)

    def copy(self, application_id: UUID) -> bytes:
        return rights.copy(self._house, application_id)

    def correct(self, application_id: UUID, *, field: str, value: str) -> None:
        rights.correct(self._house, application_id, field=field, value=value)

    def forget(self, application_id: UUID) -> None:
        rights.forget(self._house, application_id)

    def accesses(self, application_id: UUID) -> Sequence[views.Access]:
        return rights.accesses(self._house, application_id)


def named(partner: Partner) -> Said:
    return Said(partner.name_zh, partner.name)


def _next(case: Case) -> views.Next:
    if case.progress.loan:
        return "loan"
    if case.progress.ended:
        return case.progress.ended  # type: ignore[return-value] - declined, expired or withdrawn
    if case.step is Step.CONSENT:
        return "consent" if case.purpose in (*ASKED_FIRST, ASKED_BEFORE_FACE) else "share"
    return NEXT.get(case.step, "wait")


def _instalment(seen: View, state: Any, currency: str) -> views.Instalment:
    i = state.instalment
    paid, fee = Money(state.paid.total, currency), i.fee + Money(state.penalties, currency)
    return views.Instalment(i.number, i.due, i.principal, i.interest, i.premium, paid, seen.status_of(state), fee)


def _why(seen: View, life: Sequence[Event]) -> list[views.Why]:
    """Each number of the instalments that are due, with its sum; what became of them is left to the statement."""
    found = []
    for number in (state.instalment.number for state in seen.states if state.instalment.due <= seen.on and not state.settled):
        zh, en = (explain_instalment(seen.loan.agreed, life, on=seen.on, number=number, language=one) for one in ("zh-CN", "en"))
        for one, other in zip(zh, en, strict=True):
            found.append(views.Why(number, one.what, one.amount, one.worked, Said(one.rule, other.rule), one.clause))
    return found


def _told(one: reporting.Record, disputed: reporting.Dispute | None) -> views.Told:
    told = views.Told(one.id, one.at, one.kind, one.arrears_since, one.days_past_due, one.overdue)
    if disputed is None:
        return told
    finding = disputed.answer.finding if disputed.answer else None
    return replace(told, disputed_on=disputed.opened_on, answer_by=disputed.answer_by, finding=finding)


def _planned(i: Any) -> views.Instalment:
    return views.Instalment(i.number, i.due, i.principal, i.interest, i.premium, fee=i.fee)


def reasons_of(house: House, db: Connection, case: Case) -> list[views.Reason]:
    """Why the answer was no: the decision's principal reasons, the fraud rules' words, the face check's, or what the journey itself knows."""
    event = case.last("application.declined")
    why = str(event.data["why"]) if event else "credit"
    says, helps = words.WHY_DECLINED[why]
    found = {"credit": deciding.reasons, "identity": _face_reasons, "fraud": _fraud_reasons}.get(why, lambda *_: [])(house, db, case)
    return found or [views.Reason(says, helps)]


def _face_reasons(house: House, db: Connection, case: Case) -> list[views.Reason]:
    check = case.last("identity.checked")
    codes = check.data["reasons"] if check else ()
    return [views.Reason(Said(REASONS[code].zh, REASONS[code].en), words.WHY_DECLINED["identity"][1]) for code in codes if code in REASONS]


def _fraud_reasons(house: House, db: Connection, case: Case) -> list[views.Reason]:
    evidence = fraud.find(db=db, application_id=case.id)
    return [views.Reason(Said(one.zh, one.en), words.WHY_DECLINED["fraud"][1]) for one in evidence.reasons]
