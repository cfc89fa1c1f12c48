"""The kinds of step that the recorded suite has: each a pattern and what it does to the world."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .tables import Verdict

if TYPE_CHECKING:
    from .world import World

Table = list[list[str]] | None
Do = Callable[..., "Verdict | None"]
KINDS: list[tuple[re.Pattern[str], Do]] = []
LEAD = re.compile(r"^(?:(?:Given|When|Then|And|But|\*)\s+)+")


def step(pattern: str) -> Callable[[Do], Do]:
    """`{}` in the pattern is a quoted text, `#` a number."""
    regex = re.escape(pattern).replace(r"\{\}", '([^"]*)').replace(r"\#", r"(-?[\d.,]+)")

    def register(do: Do) -> Do:
        KINDS.append((re.compile(f"^{regex}$"), do))
        return do

    return register


class StepUnknown(AssertionError):
    """The suite has a kind of step that the adapter does not know."""


def run(world: World, given: dict[str, Any]) -> Verdict | None:
    text = LEAD.sub("", given["text"]).strip()
    for pattern, do in KINDS:
        if found := pattern.match(text):
            return do(world, *found.groups(), given.get("table"))
    raise StepUnknown(given["text"])


# ── the world ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@step('Admin sets the business date to "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.set_day(day)


@step("Admin creates a client with random data")
@step('Global configuration "{}" is enabled')
@step("Admin can successfully set Fraud flag to the loan")
def _(*_: object) -> None:
    """No effect on what a loan owes."""


@step('Global config "{}" value set to "{}"')
def _(world: World, name: str, value: str, _: Table) -> None:
    world.config[name] = value


@step('Admin puts "{}" business step into LOAN_CLOSE_OF_BUSINESS workflow')
def _(world: World, name: str, _: Table) -> None:
    world.closing_steps.add(name)


@step('Admin removes "{}" business step into LOAN_CLOSE_OF_BUSINESS workflow')
def _(world: World, name: str, _: Table) -> None:
    world.closing_steps.discard(name)


@step('Admin set "{}" loan product "{}" transaction type to "{}" future installment allocation rule')
def _(world: World, product: str, payment: str, future: str, _: Table) -> None:
    world.shelf.rule(product, payment, future)


@step('Admin sets repaymentStartDateType for "{}" loan product to "{}"')
def _(world: World, product: str, kind: str, _: Table) -> None:
    world.shelf.start_type(product, kind)


# ── applying, approving, disbursing ────────────────────────────────────────────────────────────────────────────────────────────────────


@step(
    'Admin successfully creates a new customised Loan submitted on date: "{}", with Principal: "{}", a loanTermFrequency: # months, '
    "and numberOfRepayments: #"
)
def _(world: World, day: str, principal: str, term: str, count: str, _: Table) -> None:
    world.apply(day, principal=principal, number_of_repayments=count, repayment_every=int(term) // int(count), repayment_frequency="MONTHS")


@step('Admin creates a new default Loan with date: "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.apply(day)


@step("Admin creates a fully customized loan with the following data:")
def _(world: World, table: Table) -> None:
    for row in table[1:]:
        world.apply_row(dict(zip(table[0], row, strict=True)))


@step('Admin successfully approves the loan on "{}" with "{}" amount and expected disbursement date on "{}"')
def _(world: World, day: str, amount: str, expected: str, _: Table) -> None:
    world.approve(day, amount, expected)


@step('Admin successfully disburse the loan on "{}" with "{}" EUR transaction amount')
def _(world: World, day: str, amount: str, _: Table) -> None:
    world.disburse(day, amount)


@step("Admin successfully undo disbursal")
def _(world: World, _: Table) -> None:
    world.undo_disbursal(last_only=False)


@step("Admin successfully undo last disbursal")
def _(world: World, _: Table) -> None:
    world.undo_disbursal(last_only=True)


# ── charges ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@step('Admin adds "{}" due date charge with "{}" due date and # EUR transaction amount')
def _(world: World, code: str, due: str, amount: str, _: Table) -> None:
    world.last_charge = world.charge(code, amount, due)


@step('Admin adds "{}" charge with # % of transaction amount')
def _(world: World, code: str, percent: str, _: Table) -> None:
    world.last_charge = world.charge(code, percent, None)


@step('Admin adds a # % Processing charge to the loan with "{}" locale on date: "{}"')
def _(world: World, percent: str, locale: str, due: str, _: Table) -> None:
    world.charge("LOAN_PERCENTAGE_PROCESSING_FEE", percent.replace(",", "."), due)


@step('Admin adds an NSF fee because of payment bounce with "{}" transaction date')
def _(world: World, due: str, _: Table) -> None:
    world.last_bounce = world.charge("LOAN_NSF_FEE", "10", due)


@step("Admin waives charge")
def _(world: World, _: Table) -> None:
    world.waive(world.last_bounce)


@step("Admin waives due date charge")
def _(world: World, _: Table) -> None:
    world.waive(world.last_charge)


@step("Admin makes waive undone for charge")
def _(world: World, _: Table) -> None:
    world.undo_waiver()


@step(
    'Admin makes a charge adjustment for the last "{}" type charge which is due on "{}" with # EUR transaction amount and externalId "{}"'
)
def _(world: World, code: str, due: str, amount: str, name: str, _: Table) -> None:
    world.adjust_charge(code, due, amount)


@step('Admin reverts the charge adjustment which was raised on "{}" with # EUR transaction amount')
def _(world: World, day: str, amount: str, _: Table) -> None:
    world.revert_adjustment(day, amount)


@step('Admin is not able to add "{}" due date charge with "{}" due date and # EUR transaction amount because the of charged-off account')
def _(world: World, code: str, due: str, amount: str, _: Table) -> Verdict:
    return world.refused("charge after charge-off", lambda: world.charge(code, amount, due))


@step('Loan charge transaction with the following data results a # error and "{}" error message')
def _(world: World, status: str, message: str, table: Table) -> Verdict:
    return world.refused(message, lambda: world.charge_row(table))


# ── money ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@step('Customer makes "{}" repayment on "{}" with # EUR transaction amount')
def _(world: World, payment_type: str, day: str, amount: str, _: Table) -> None:
    world.last_payment = world.pay("REPAYMENT", day, amount)


@step('Customer makes "{}" transaction with "{}" payment type on "{}" with # EUR transaction amount and system-generated Idempotency key')
def _(world: World, kind: str, payment_type: str, day: str, amount: str, _: Table) -> None:
    world.last_payment = world.pay(kind, day, amount)


@step('Customer makes "{}" transaction with "{}" payment type on "{}" with # EUR transaction amount and self-generated Idempotency key')
@step('Admin makes "{}" transaction with "{}" payment type on "{}" with # EUR transaction amount')
def _(world: World, kind: str, payment_type: str, day: str, amount: str, _: Table) -> None:
    world.pay(kind, day, amount)


@step('Admin makes Credit Balance Refund transaction on "{}" with # EUR transaction amount')
def _(world: World, day: str, amount: str, _: Table) -> None:
    world.refund_credit(day, amount)


@step('Refund happens on "{}" with # EUR transaction amount')
def _(world: World, day: str, amount: str, _: Table) -> None:
    world.last_refund = world.pay("PAYOUT_REFUND", day, amount)


@step('Refund undo happens on "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.reverse(world.last_refund)


@step('Loan Pay-off is made on "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.pay_off(day)


@step('Customer makes a repayment undo on "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.reverse(world.last_payment)


@step('Customer undo "{}"th repayment on "{}"')
def _(world: World, number: str, day: str, _: Table) -> None:
    world.reverse_nth(int(number), repayments=True)


@step('Customer undo "{}"th transaction made on "{}"')
def _(world: World, number: str, day: str, _: Table) -> None:
    world.reverse_nth(int(number), day=day)


@step('Customer undo "{}"th "{}" transaction made on "{}"')
def _(world: World, number: str, kind: str, day: str, _: Table) -> None:
    world.reverse_nth(int(number), day=day, kind=kind)


@step('Admin makes "{}" chargeback with # EUR transaction amount')
def _(world: World, payment_type: str, amount: str, _: Table) -> None:
    world.charge_back(amount, world.last_payment)


@step('Admin makes "{}" chargeback with # EUR transaction amount for Payment nr. #')
def _(world: World, payment_type: str, amount: str, number: str, _: Table) -> None:
    world.charge_back(amount, world.nth_payment("Repayment", int(float(number))))


@step('Admin makes "{}" chargeback with # EUR transaction amount for Downpayment nr. #')
def _(world: World, payment_type: str, amount: str, number: str, _: Table) -> None:
    world.charge_back(amount, world.nth_payment("Down Payment", int(float(number))))


# ── charge-off, changes of terms ───────────────────────────────────────────────────────────────────────────────────────────────────────


@step('Admin does charge-off the loan on "{}"')
def _(world: World, day: str, _: Table) -> None:
    world.charge_off(day)


@step("Admin does a charge-off undo the loan")
def _(world: World, _: Table) -> None:
    world.undo_charge_off()


@step('Charge-off undo is not possible on "{}"')
def _(world: World, day: str, _: Table) -> Verdict:
    return world.refused("charge-off before another transaction", lambda: world.charge_off(day))


@step("Charge-off undo is not possible as the loan is not charged-off")
def _(world: World, _: Table) -> Verdict:
    return world.refused("no charge-off to undo", world.undo_charge_off)


@step('Second Charge-off is not possible on "{}"')
def _(world: World, day: str, _: Table) -> Verdict:
    return world.refused("second charge-off", lambda: world.charge_off(day))


@step("Admin creates and approves Loan reschedule with the following data:")
def _(world: World, table: Table) -> None:
    for row in table[1:]:
        world.reschedule(dict(zip(table[0], row, strict=True)))


@step(
    'Batch API call with steps: rescheduleLoan from "{}" to "{}" submitted on date: "{}", approveReschedule on date: "{}" runs with '
    'enclosingTransaction: "{}"'
)
def _(world: World, start: str, to: str, submitted: str, approved: str, enclosing: str, _: Table) -> None:
    world.reschedule({"rescheduleFromDate": start, "adjustedDueDate": to, "submittedOnDate": submitted})


@step("Admin creates a Loan re-aging transaction with the following data:")
@step("Admin creates a Loan re-aging transaction by Loan external ID with the following data:")
def _(world: World, table: Table) -> None:
    for row in table[1:]:
        world.re_age(dict(zip(table[0], row, strict=True)))


@step("Admin successfully undo Loan re-aging transaction")
def _(world: World, _: Table) -> None:
    world.reverse_last("Re-age")


@step("Admin creates a Loan re-amortization transaction on current business date")
@step("Admin creates a Loan re-amortization transaction on current business date by loan external ID")
def _(world: World, _: Table) -> None:
    world.re_amortise()


@step("Admin undo Loan re-amortization transaction on current business date")
def _(world: World, _: Table) -> None:
    world.reverse_last("Re-amortize")


@step("Admin runs inline COB job for Loan")
def _(world: World, _: Table) -> None:
    world.close_days(inline=True)


@step("Admin runs COB job")
def _(world: World, _: Table) -> None:
    world.close_days(inline=False)


# ── checks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@step("Loan Repayment schedule has # periods, with the following data for periods:")
def _(world: World, count: str, table: Table) -> Verdict:
    return world.check_schedule(int(count), table)


@step("Loan Repayment schedule has the following data in Total row:")
def _(world: World, table: Table) -> Verdict:
    return world.check_totals(table)


@step("Loan Transactions tab has the following data:")
def _(world: World, table: Table) -> Verdict:
    return world.check_transactions(table)


@step("Loan Transactions tab has none transaction")
def _(world: World, _: Table) -> Verdict:
    return world.check_transactions([["Transaction date"]])


@step('Loan Transactions tab has a transaction with date: "{}", and with the following data:')
def _(world: World, day: str, table: Table) -> Verdict:
    return world.check_transaction(day, table)


@step('On Loan Transactions tab the "{}" Transaction with date "{}" is reverted')
def _(world: World, kind: str, day: str, _: Table) -> Verdict:
    return world.check_reverted(kind, day)


@step("Loan Charges tab has the following data:")
def _(world: World, table: Table) -> Verdict:
    return world.check_charges(table)


@step("Loan has # outstanding amount")
def _(world: World, amount: str, _: Table) -> Verdict:
    return world.check_outstanding(amount)


@step("Loan has # overpaid amount")
def _(world: World, amount: str, _: Table) -> Verdict:
    return world.check_overpaid(amount)


@step('Loan status has changed to "{}"')
@step('Loan status will be "{}"')
def _(world: World, status: str, _: Table) -> Verdict:
    return world.check_status(status)


@step("Loan's all installments have obligations met")
def _(world: World, _: Table) -> Verdict:
    return world.check_all_met()


@step('Loan marked as charged-off on "{}"')
def _(world: World, day: str, _: Table) -> Verdict:
    return world.check_charged_off(day)


@step('Admin checks that delinquency range is: "{}" and has delinquentDate "{}"')
def _(world: World, name: str, day: str, _: Table) -> Verdict:
    return world.check_delinquency(name, day)


@step('Loan Transactions tab has a "{}" transaction with date "{}" which has the following Journal entries:')
@step('No new event with type "{}" has been raised for the loan')
def _(*_: object) -> None:
    """Accounting and messages: other rooms' business, no schedule meaning."""
