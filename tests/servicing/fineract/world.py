"""One server's worth of state while scenarios are replayed: the business date, settings that stay, and the loan at hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from xinqiao.kit import Refused
from xinqiao.servicing.lifecycle import Books, Entry, EntryKind, Status, disbursing, events, refuse, replay
from xinqiao.servicing.lifecycle.close import accruals, last_accrual, overdue_charges
from xinqiao.servicing.lifecycle.errors import LifeRefused
from xinqiao.servicing.lifecycle.terms import live, moves_money
from xinqiao.servicing.lifecycle.what_if import payoff
from xinqiao.servicing.product.model import FeeBase, FeeTime

from .data import facts
from .products import DAY, PAYMENTS, Shelf, every
from .tables import Verdict, compare, day, figure, schedule, totals, written

COLUMNS = {
    "LoanProduct": "product",
    "with Principal": "principal",
    "ANNUAL interest rate %": "interest_rate",
    "interest type": "interest_type",
    "interest calculation period": "interest_calculation",
    "amortization type": "amortisation",
    "repaymentEvery": "repayment_every",
    "repaymentFrequencyType": "repayment_frequency",
    "numberOfRepayments": "number_of_repayments",
    "graceOnPrincipalPayment": "grace_principal",
    "interest free period": "grace_interest",
    "Payment strategy": "strategy",
}
TIMES = {
    "OVERDUE_FEES": FeeTime.OVERDUE,
    "SPECIFIED_DUE_DATE": FeeTime.DUE_DATE,
    "DISBURSEMENT": FeeTime.DISBURSEMENT,
    "TRANCHE_DISBURSEMENT": FeeTime.TRANCHE,
    "INSTALLMENT_FEE": FeeTime.INSTALMENT,
}
BASES = {
    "FLAT": FeeBase.FLAT,
    "PERCENTAGE_AMOUNT": FeeBase.PRINCIPAL,
    "PERCENTAGE_DISBURSEMENT_AMOUNT": FeeBase.PRINCIPAL,
    "PERCENTAGE_LOAN_AMOUNT_PLUS_INTEREST": FeeBase.PRINCIPAL_AND_INTEREST,
}
TIME_WORDS = {
    FeeTime.OVERDUE: "Overdue Fees",
    FeeTime.DUE_DATE: "Specified due date",
    FeeTime.DISBURSEMENT: "Disbursement",
    FeeTime.TRANCHE: "Tranche Disbursement",
    FeeTime.INSTALMENT: "Installment Fee",
}
CALCULATION_WORDS = {
    "FLAT": "Flat",
    "PERCENTAGE_AMOUNT": "% Amount",
    "PERCENTAGE_DISBURSEMENT_AMOUNT": "% Disbursement Amount",
    "PERCENTAGE_LOAN_AMOUNT_PLUS_INTEREST": "% Loan Amount + Interest",
}
ENTRY_WORDS = {
    EntryKind.DISBURSEMENT: "Disbursement",
    EntryKind.FEE_AT_DISBURSEMENT: "Repayment (at time of disbursement)",
    EntryKind.REPAYMENT: "Repayment",
    EntryKind.EARLY_SETTLEMENT: "Repayment",
    EntryKind.DOWN_PAYMENT: "Down Payment",
    EntryKind.GOODWILL_CREDIT: "Goodwill Credit",
    EntryKind.MERCHANT_REFUND: "Merchant Issued Refund",
    EntryKind.PAYOUT_REFUND: "Payout Refund",
    EntryKind.CHARGE_ADJUSTMENT: "Charge Adjustment",
    EntryKind.CHARGE_WAIVER: "Waive loan charges",
    EntryKind.CHARGEBACK: "Chargeback",
    EntryKind.CREDIT_REFUND: "Credit Balance Refund",
    EntryKind.CASH_REFUND: "Refund",
    EntryKind.CHARGE_OFF: "Charge-off",
    EntryKind.RE_AGE: "Re-age",
    EntryKind.RE_AMORTISE: "Re-amortize",
    EntryKind.ACCRUAL: "Accrual",
}
STATUS_WORDS = {
    Status.SUBMITTED: {"SUBMITTED_AND_PENDING_APPROVAL", "SUBMITTED AND PENDING APPROVAL"},
    Status.APPROVED: {"APPROVED"},
    Status.ACTIVE: {"ACTIVE"},
    Status.OVERPAID: {"OVERPAID"},
    Status.CLOSED: {"CLOSED_OBLIGATIONS_MET", "CLOSED (OBLIGATIONS MET)", "CLOSED OBLIGATIONS MET"},
    Status.WRITTEN_OFF: {"CLOSED_WRITTEN_OFF", "CLOSED (WRITTEN OFF)"},
}


class World:
    def __init__(self) -> None:
        self.shelf = Shelf()
        self.config = dict(facts()["environment"]["global_configuration"])
        self.closing_steps = set(facts()["environment"]["cob"]["steps"])
        self.today = date(2020, 1, 1)
        self.forget()

    def forget(self) -> None:
        """A new scenario has its own loan; settings and the date stay."""
        self.agreement = None
        self.events: list[events.Event] = []
        self.charges: dict[str, str] = {}
        self.last_charge = self.last_bounce = self.last_payment = self.last_refund = ""
        self.closed_until: date | None = None

    # -- writing events

    def _new(self, of: type[events.Event], on: date, /, **facts: Any) -> events.Event:
        number = len(self.events) + 1
        return of(id=str(number), on=on, order=number, recorded_on=max(self.today, on), **facts)

    def record(self, of: type[events.Event], on: date, /, **facts: Any) -> str:
        event = self._new(of, on, **facts)
        refuse(self.agreement, self.events, event)
        self.events.append(event)
        if moves_money(event):
            self._accrue_the_last(event)
        return event.id

    def _accrue_the_last(self, event: events.Event) -> None:
        """Where interest follows payments, the suite's system recognises nothing when the loan ends."""
        left = last_accrual(self.books())
        if left and self.agreement.product.recalculation is None:
            self.events.append(self._new(events.Accrued, event.on, parts=left))

    def books(self, on: date | None = None) -> Books:
        return replay(self.agreement, self.events, on=on or max([self.today, *(event.recorded for event in self.events)]))

    def set_day(self, text: str) -> None:
        self.today = day(text)

    def apply(self, on: str, **given: Any) -> None:
        base = facts()["default_loan_request"]
        request = {
            "product": base["product"],
            "principal": base["principal"],
            "interest_rate": base["interest_rate"],
            "interest_type": base["interest_type"],
            "interest_calculation": base["interest_calculation_period"],
            "amortisation": base["amortisation"],
            "repayment_every": base["repayment_every"],
            "repayment_frequency": base["repayment_frequency"],
            "number_of_repayments": base["number_of_repayments"],
            "grace_principal": 0,
            "grace_interest": 0,
            "strategy": base["repayment_strategy"],
        }
        self.request = request | given
        self.product_facts = self.shelf.known(self.request["product"])
        self.agreement = self.shelf.agreement(self.request, day(on))

    def apply_row(self, row: dict[str, str]) -> None:
        given = {ours: row[theirs] for theirs, ours in COLUMNS.items() if row.get(theirs, "") != ""}
        self.apply(row["submitted on date"], **given)

    def approve(self, on: str, amount: str, expected: str) -> None:
        self.record(events.Approved, day(on), amount=minor(amount), expected_on=day(expected))

    def disburse(self, on: str, amount: str) -> None:
        before = self.books()
        self.record(events.Disbursed, day(on), amount=minor(amount))
        taken = disbursing.down_payment_taken(before, minor(amount))
        if taken:
            self.record(events.Paid, day(on), amount=taken, kind=events.PaymentKind.DOWN_PAYMENT)

    def undo_disbursal(self, *, last_only: bool) -> None:
        self.record(events.DisbursalUndone, self.today, last_only=last_only)

    # -- charges

    def charge(self, code: str, amount: str, due: str | None) -> str:
        known = facts()["charges"][code]
        self._attachable(known, day(due) if due else None)
        name = f"c{len(self.events) + 1}"
        flat = known["calculation"] == "FLAT"
        self.record(
            events.ChargeAdded,
            self.today,
            charge=name,
            code=code,
            time=TIMES[known["time"]],
            base=BASES[known["calculation"]],
            amount=Decimal(minor(amount)) if flat else Decimal(amount) / 100,
            due=day(due) if due else None,
            penalty=known["penalty"],
        )
        self.charges[name] = code
        return name

    def _attachable(self, known: dict[str, Any], due: date | None) -> None:
        """Charges of clients, of overdue instalments and of a payout that is over cannot be put on a loan by hand, nor may one fall due
        before what a recalculated standing schedule has counted with."""
        standing, product = live(self.events), self.agreement.product
        paid_out = any(isinstance(event, events.Disbursed) for event in standing)
        wrong = "payment_mode" not in known or known["time"] == "OVERDUE_FEES" or (known["time"] == "DISBURSEMENT" and paid_out)
        if due and self.agreement.rate and product.recalculation is not None and not product.progressive:
            wrong = wrong or any(event.on > due for event in standing if moves_money(event))
        if wrong:
            raise LifeRefused("not_attachable", f"{known['label']} cannot be added to the loan", f"不能向贷款添加费用 {known['label']}")

    def charge_row(self, table: list[list[str]]) -> None:
        """A charge as a row of cells that tell themselves apart: a charge's name, a date, a number."""
        cells = [cell for cell in table[-1] if cell]
        code = next(cell for cell in cells if cell in facts()["charges"])
        amount = next(cell for cell in cells if cell.replace(".", "", 1).lstrip("-").isdigit())
        due = next((cell for cell in cells if cell not in (code, amount)), None)
        self.charge(code, amount, due)

    def waive(self, charge: str) -> None:
        due = next(e.due for e in self.events if isinstance(e, events.ChargeAdded) and e.charge == charge)
        owed = next(c.outstanding for c in self.books().charges if c.id == charge)
        self.record(events.ChargeWaived, min(due or self.today, self.today), charge=charge, amount=owed)

    def undo_waiver(self) -> None:
        self.reverse(self._standing(lambda entry: entry.kind is EntryKind.CHARGE_WAIVER)[-1].event)

    def adjust_charge(self, code: str, due: str, amount: str) -> None:
        found = [e for e in self.events if isinstance(e, events.ChargeAdded) and e.code == code and e.due == day(due)]
        self.record(events.ChargeAdjusted, self.today, charge=found[-1].charge, amount=minor(amount))

    def revert_adjustment(self, on: str, amount: str) -> None:
        self.reverse(self._standing(lambda e: e.on == day(on) and e.amount == minor(amount))[0].event)

    # -- money

    def pay(self, kind: str, on: str, amount: str) -> str:
        named = PAYMENTS[kind]
        if named == "cash_refund":
            return self.record(events.CashRefunded, day(on), amount=minor(amount))
        return self.record(events.Paid, day(on), amount=minor(amount), kind=events.PaymentKind(named))

    def refund_credit(self, on: str, amount: str) -> None:
        self.record(events.CreditRefunded, day(on), amount=minor(amount))

    def pay_off(self, on: str) -> None:
        self.last_payment = self.record(events.Paid, day(on), amount=payoff(self.agreement, self.events, on=day(on)).total)

    def charge_back(self, amount: str, of: str) -> None:
        self.record(events.ChargedBack, self.today, of=of, amount=minor(amount))

    def reverse(self, event: str) -> None:
        self.record(events.Reversed, self.today, of=event)

    def reverse_nth(self, number: int, *, day: str = "", kind: str = "", repayments: bool = False) -> None:
        def wanted(entry: Entry) -> bool:
            word = ENTRY_WORDS[entry.kind]
            return (not day or entry.on == _day(day)) and (not kind or word == kind) and (not repayments or word == "Repayment")

        self.reverse([entry for entry in self.books().entries if wanted(entry)][number - 1].event)

    def reverse_last(self, kind: str) -> None:
        self.reverse(self._standing(lambda entry: ENTRY_WORDS[entry.kind] == kind)[-1].event)

    def nth_payment(self, kind: str, number: int) -> str:
        known = {entry.event for entry in self.books().entries if ENTRY_WORDS[entry.kind] == kind}
        return [event.id for event in self.events if event.id in known][number - 1]

    def _standing(self, wanted: Callable[[Entry], bool]) -> list[Entry]:
        return [entry for entry in self.books().entries if wanted(entry) and not entry.reversed]

    # -- charge-off, changes of terms, close of business

    def charge_off(self, on: str) -> None:
        self.record(events.ChargedOff, day(on))

    def undo_charge_off(self) -> None:
        standing = self._standing(lambda entry: entry.kind is EntryKind.CHARGE_OFF)
        self.record(events.Reversed, self.today, of=standing[-1].event if standing else "")

    def reschedule(self, row: dict[str, str]) -> None:
        self.record(
            events.Rescheduled,
            self.today,
            from_due=day(row["rescheduleFromDate"]),
            move_to=day(row["adjustedDueDate"]) if row.get("adjustedDueDate") else None,
            grace_principal=int(row.get("graceOnPrincipal") or 0),
            grace_interest=int(row.get("graceOnInterest") or 0),
            extra_instalments=int(row.get("extraTerms") or 0),
            annual_rate=Decimal(row["newInterestRate"]) / 100 if row.get("newInterestRate") else None,
        )

    def re_age(self, row: dict[str, str]) -> None:
        self.record(
            events.ReAged,
            self.today,
            first_due=day(row["startDate"]),
            every=every(int(row["frequencyNumber"]), row["frequencyType"]),
            instalments=int(row["numberOfInstallments"]),
        )

    def re_amortise(self) -> None:
        self.record(events.ReAmortised, self.today)

    def close_days(self, *, inline: bool) -> None:
        last = self.today - DAY
        first = self.closed_until + DAY if inline and self.closed_until else last
        while first <= last:
            self._close(first)
            first += DAY
        self.closed_until = last

    def _close(self, on: date) -> None:
        for code in self.product_facts["overdue_charges"]:
            known = facts()["charges"][code]
            wait = facts()["environment"]["global_configuration"]["penalty-wait-period"]
            due = overdue_charges(self.books(), code=code, base=BASES[known["calculation"]], amount=_rate(known), on=on, wait_days=wait)
            for facts_of in due:
                name = f"c{len(self.events) + 1}"
                self.record(events.ChargeAdded, self.today, charge=name, penalty=known["penalty"], **facts_of)
                self.charges[name] = code
        for day_, parts in accruals(self.books(), on=on, when_added=self.config["charge-accrual-date"] == "submitted-date"):
            self.events.append(self._new(events.Accrued, day_, parts=parts))
        if "LOAN_INTEREST_RECALCULATION" in self.closing_steps:
            self.record(events.DayClosed, on, recalculated=True)

    # -- checks

    def refused(self, what: str, attempt: Callable[[], object]) -> Verdict:
        verdict = Verdict("refusal", 1)
        try:
            attempt()
        except Refused:
            return verdict
        verdict.wrong.append(f"expected a refusal: {what}")
        return verdict

    def check_schedule(self, count: int, table: list[list[str]]) -> Verdict:
        actual = schedule(self.books())
        verdict = compare("schedule", table[0], table[1:], actual, "Date")
        numbered = sum(bool(row.get("Nr")) for row in actual)
        if numbered != count:
            verdict.wrong.append(f"expected {count} periods, got {numbered}")
        return verdict

    def check_totals(self, table: list[list[str]]) -> Verdict:
        return compare("total", table[0], table[1:], [totals(self.books())], "")

    def transactions(self) -> list[dict[str, str]]:
        return [_transaction(entry) for entry in self.books().entries]

    def check_transactions(self, table: list[list[str]]) -> Verdict:
        actual = self.transactions()
        verdict = compare("transactions", table[0], table[1:], actual, "Transaction date")
        if len(actual) != len(table) - 1:
            verdict.wrong.append(f"expected {len(table) - 1} transactions, got {len(actual)}")
        return verdict

    def check_transaction(self, on: str, table: list[list[str]]) -> Verdict:
        found = [row for row in self.transactions() if day(row["Transaction date"]) == day(on)]
        return compare("transactions", table[0], table[1:], found, "Transaction Type")

    def check_reverted(self, kind: str, on: str) -> Verdict:
        found = [e for e in self.books().entries if e.reversed and ENTRY_WORDS[e.kind] == kind and e.on == day(on)]
        return Verdict("transactions", 1, [] if found else [f"no reverted {kind} on {on}"])

    def check_charges(self, table: list[list[str]]) -> Verdict:
        return compare("charges", table[0], table[1:], [_charge(c) for c in self.books().charges], "Due as of")

    def check_outstanding(self, amount: str) -> Verdict:
        return _equal("outstanding", amount, figure(self.books().outstanding.total))

    def check_overpaid(self, amount: str) -> Verdict:
        books = self.books()
        verdict = _equal("overpaid", amount, figure(books.overpaid))
        return verdict if not verdict.passed else _equal("outstanding", "0", figure(books.outstanding.total))

    def check_status(self, status: str) -> Verdict:
        got = self.books().status
        return Verdict("status", 1, [] if status.upper() in STATUS_WORDS[got] else [f"status: expected {status}, got {got}"])

    def check_all_met(self) -> Verdict:
        late = [str(i.number) for i in self.books().instalments if i.paid_on is None]
        return Verdict("status", 1, [f"instalments not met: {late}"] if late else [])

    def check_charged_off(self, on: str) -> Verdict:
        return _equal("status", on, written(self.books().charged_off_on))

    def check_delinquency(self, name: str, on: str) -> Verdict:
        found, since = self.delinquency()
        wrong = [] if (found or "NO_DELINQUENCY") == (name or "NO_DELINQUENCY") else [f"range: expected {name}, got {found}"]
        if (day(on) if on else None) != since:
            wrong.append(f"delinquent date: expected {on}, got {since}")
        return Verdict("delinquency", 2, wrong)

    def delinquency(self) -> tuple[str | None, date | None]:
        """Range and first delinquent day: arrears count after the product's grace."""
        oldest = self.books().delinquency.oldest_due
        if oldest is None:
            return None, None
        since = oldest + DAY * (self.product_facts["grace"]["arrears_ageing_days"] or 0)
        days = (self.today - since).days
        for bucket in facts()["environment"]["delinquency_bucket"]["ranges"]:
            if bucket["min_days"] <= days <= (bucket["max_days"] or days):
                return "RANGE_" + bucket["name"].rsplit(" ", 1)[-1], since
        return None, None


def minor(amount: str) -> int:
    return int((Decimal(str(amount).replace(",", "")) * 100).to_integral_value())


def _rate(charge: dict[str, Any]) -> Decimal:
    return Decimal(minor(charge["default_amount"])) if charge["calculation"] == "FLAT" else Decimal(charge["default_amount"]) / 100


def _day(text: str) -> date:
    return day(text)


def _equal(kind: str, expected: str, actual: str) -> Verdict:
    from .tables import same

    return Verdict(kind, 1, [] if same(expected, actual) else [f"{kind}: expected {expected}, got {actual}"])


def _transaction(entry: Entry) -> dict[str, str]:
    return {
        "Transaction date": written(entry.on),
        "Transaction Type": ENTRY_WORDS[entry.kind],
        "Amount": figure(entry.amount),
        "Principal": figure(entry.parts.principal),
        "Interest": figure(entry.parts.interest),
        "Fees": figure(entry.parts.fee),
        "Penalties": figure(entry.parts.penalty),
        "Loan Balance": figure(entry.balance or 0),
        "Overpayment": figure(entry.overpaid),
        "Reverted": "true" if entry.reversed else "false",
    }


def _charge(charge: Any) -> dict[str, str]:
    known = facts()["charges"][charge.code]
    return {
        "Name": known["label"],
        "isPenalty": "true" if charge.penalty else "false",
        "Payment due at": TIME_WORDS[charge.time],
        "Due as of": written(charge.due),
        "Calculation type": CALCULATION_WORDS[known["calculation"]],
        "Due": figure(charge.amount),
        "Paid": figure(charge.paid),
        "Waived": figure(charge.waived),
        "Outstanding": figure(charge.outstanding),
    }
