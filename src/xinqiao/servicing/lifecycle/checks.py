"""What cannot be recorded, and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from . import events as e
from .errors import LifeRefused
from .fold import replay
from .model import Agreement, Books, LineKind
from .terms import live, moves_money

FIRM = (e.Approved, e.Disbursed, e.Transferred)
"""Events that others outside the loan rest on."""


def refuse(agreement: Agreement, events: Sequence[e.Event], event: e.Event) -> None:
    """Raise `LifeRefused` when `event` cannot follow the events recorded so far."""
    amount = getattr(event, "amount", None)
    if amount is not None and amount <= 0:
        raise LifeRefused("no_amount", f"the amount must be above zero, got {amount}", f"金额必须大于零，实际为 {amount}")
    check = CHECKS.get(type(event))
    standing = live(events)
    if moves_money(event) and not isinstance(event, e.Disbursed | e.Reversed | e.DisbursalUndone):
        _after_disbursal(standing, event)
    if check is not None:
        check(agreement, events, standing, event)


def _books(agreement: Agreement, events: Sequence[e.Event], event: e.Event) -> Books:
    return replay(agreement, events, on=max([event.recorded, *(earlier.recorded for earlier in events)]))


def _after_disbursal(standing: Sequence[e.Event], event: e.Event) -> None:
    first = min((earlier.on for earlier in standing if isinstance(earlier, e.Disbursed)), default=None)
    if first is None:
        raise LifeRefused("not_disbursed", "nothing has been paid out yet", "贷款尚未放款")
    if event.on < first:
        raise LifeRefused("before_disbursal", f"it is dated {event.on}, before the first payout on {first}", f"日期早于首次放款日 {first}")


def _charge(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ChargeAdded) -> None:
    if any(isinstance(earlier, e.ChargedOff | e.WrittenOff) for earlier in standing):
        raise LifeRefused("charged_off", "a loan that was charged off takes no new charges", "已核销贷款不能新增费用")
    first = min((earlier.on for earlier in standing if isinstance(earlier, e.Disbursed)), default=None)
    if first and event.due and event.due < first:
        raise LifeRefused("charge_before_disbursal", f"the charge falls due before the payout on {first}", f"费用到期日早于放款日 {first}")


def _waiver(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ChargeWaived | e.ChargeAdjusted) -> None:
    added = next((c for c in standing if isinstance(c, e.ChargeAdded) and c.charge == event.charge), None)
    if added is None:
        raise LifeRefused("no_such_charge", f"there is no charge {event.charge!r} in force", f"没有有效的费用 {event.charge!r}")
    since = min(added.on, added.due or added.on)
    if event.on < since:
        raise LifeRefused("before_charge", f"the charge counts from {since}", f"费用自 {since} 起生效")


def _charge_back(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ChargedBack) -> None:
    paid = next((earlier for earlier in standing if earlier.id == event.of), None)
    if not isinstance(paid, e.Paid | e.SettledEarly):
        raise LifeRefused("no_such_payment", f"there is no payment {event.of} to charge back", f"没有可撤回的还款 {event.of}")
    if event.on < paid.on:
        raise LifeRefused("before_payment", f"the payment is dated {paid.on}", f"还款日期为 {paid.on}")
    before = sum(c.amount for c in standing if isinstance(c, e.ChargedBack) and c.of == event.of)
    if before + event.amount > paid.amount:
        raise LifeRefused("charge_back_too_large", "a charge-back cannot exceed the payment", "退款撤回不能超过原还款金额")


def _charge_off(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ChargedOff) -> None:
    if any(isinstance(earlier, e.ChargedOff) for earlier in standing):
        raise LifeRefused("charged_off_already", "the loan is charged off already", "贷款已核销")
    latest = max((earlier.on for earlier in standing if moves_money(earlier)), default=event.on)
    if event.on < latest:
        raise LifeRefused("before_last_entry", f"the last transaction is dated {latest}", f"最后一笔交易日期为 {latest}")


def _reversal(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.Reversed) -> None:
    if not any(earlier.id == event.of for earlier in standing):
        raise LifeRefused("nothing_to_reverse", f"there is no event {event.of!r} in force", f"没有可撤销的事件 {event.of!r}")
    if any(isinstance(earlier, FIRM) and earlier.id == event.of for earlier in standing):
        raise LifeRefused(
            "not_reversible",
            "a payout is undone as a payout, and a claim sold back; neither is reversed",
            "放款应以撤销放款处理，债权转让应以再次转让处理，均不能冲正",
        )
    if any(isinstance(earlier, e.ChargedBack) and earlier.of == event.of for earlier in standing):
        raise LifeRefused("charged_back", "a payment that was charged back cannot be reversed", "已撤回的还款不能再冲正")


def _recovery(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.Paid) -> None:
    if event.kind is e.PaymentKind.RECOVERY and not any(isinstance(earlier, e.WrittenOff | e.ChargedOff) for earlier in standing):
        raise LifeRefused("nothing_to_recover", "the loan was not written off; this is a repayment", "贷款未核销，应按还款入账")


def _refund(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.CreditRefunded) -> None:
    overpaid = _books(agreement, events, event).overpaid
    if event.amount > overpaid:
        raise LifeRefused("refund_too_large", f"only {overpaid} minor units were paid in excess", f"多付金额仅 {overpaid}")


def _cash_refund(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.CashRefunded) -> None:
    paid = _books(agreement, events, event).paid.total
    if event.amount > paid:
        raise LifeRefused("refund_too_large", f"only {paid} minor units have settled anything", f"已入账还款仅 {paid}")


def _compensation(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.Compensated) -> None:
    owed = _books(agreement, events, event).outstanding.total
    if event.amount > owed:
        raise LifeRefused("compensation_too_large", f"only {owed} minor units are owed", f"未还金额仅 {owed}")


def _re_age(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ReAged) -> None:
    books = _books(agreement, events, event)
    matures = max(i.due for i in books.instalments if i.kind is not LineKind.ADDITIONAL)
    if event.on <= matures:
        raise LifeRefused("not_matured", f"a loan is re-aged after its last due date, {matures}", f"展期只能在到期日 {matures} 之后办理")
    if not books.outstanding.principal:
        raise LifeRefused("nothing_owed", "no principal is owed", "没有未还本金")


def _re_amortise(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.ReAmortised) -> None:
    books = _books(agreement, events, event)
    if all(i.due <= event.on or i.kind is not LineKind.REGULAR for i in books.instalments):
        raise LifeRefused("matured", "no instalment is still to come", "没有未到期的期次")


def _disbursal(agreement: Agreement, events: Sequence[e.Event], standing: Sequence[e.Event], event: e.Disbursed) -> None:
    tranches = [earlier for earlier in standing if isinstance(earlier, e.Disbursed)]
    rule = agreement.product.tranches
    if len(tranches) >= rule.most:
        raise LifeRefused("too_many_tranches", f"the product pays out in {rule.most} part(s) at most", f"最多分 {rule.most} 次放款")
    most = agreement.principal.minor * (1 + rule.over_applied)
    if sum(t.amount for t in tranches) + event.amount > most:
        raise LifeRefused("over_applied", f"no more than {most} minor units may be paid out", f"放款总额不得超过 {most}")


CHECKS = {
    e.ChargeAdded: _charge,
    e.ChargeWaived: _waiver,
    e.ChargeAdjusted: _waiver,
    e.ChargedBack: _charge_back,
    e.ChargedOff: _charge_off,
    e.Reversed: _reversal,
    e.CreditRefunded: _refund,
    e.CashRefunded: _cash_refund,
    e.Compensated: _compensation,
    e.Paid: _recovery,
    e.ReAged: _re_age,
    e.ReAmortised: _re_amortise,
    e.Disbursed: _disbursal,
}
