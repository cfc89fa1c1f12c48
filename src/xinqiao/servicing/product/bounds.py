"""What a request may ask of a product: minimum and maximum of everything. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from xinqiao.kit import Money

from ..errors import RequestOutOfBounds
from .finding import HIGHEST, LONGEST, Finding, Findings, listed, span, told, within
from .model import Amortisation, Product
from .request import Request


def check_request(product: Product, request: Request) -> None:
    """Raises RequestOutOfBounds for what the product does not allow."""
    found = list(_findings(product, request))
    if found:
        raise RequestOutOfBounds(*told(found), field=found[0].field, errors=listed(found, RequestOutOfBounds.code))


def check_plan(product: Product, first_period_days: int, rates: Sequence[Decimal], instalments: Sequence[Money]) -> None:
    """What only the schedule shows: the first period's length, the rates that an index led to, and the totals. Raises RequestOutOfBounds."""
    limits, found = product.limits, []
    for rate in rates:
        if not within(rate, *limits.annual_rate) or rate > HIGHEST:
            said = f"the index leads to a rate of {rate}; it is {span(limits.annual_rate[0] or 0, limits.annual_rate[1] or HIGHEST)} a year"
            found.append(Finding("index_values", said, f"参考利率导致年利率 {rate}，超出范围"))
    if not within(first_period_days, *limits.first_period_days):
        said = f"the first due date comes {span(*limits.first_period_days)} days after the payout, not {first_period_days}"
        found.append(Finding("first_due", said, f"首期天数须为 {span(*limits.first_period_days)}，现为 {first_period_days}"))
    outside = [one for one in instalments if not within(one, *limits.instalment)]
    if outside:
        said = f"an instalment is {span(*limits.instalment)} {product.currency}, not {outside[0]}"
        found.append(
            Finding("principal", f"{said}; ask for another amount or term", f"每期须为 {span(*limits.instalment)}，现为 {outside[0]}")
        )
    if found:
        raise RequestOutOfBounds(*told(found), field=found[0].field, errors=listed(found, RequestOutOfBounds.code))


def _findings(product: Product, request: Request) -> Findings:
    if request.principal.currency != product.currency:
        yield Finding(
            "principal", f"the product lends {product.currency}, not {request.principal.currency}", f"产品币种为 {product.currency}"
        )
        return
    yield from _amount(product, request)
    yield from _term(product, request)
    yield from _asked_rate(product, request)
    yield from _tranches(product, request)


def _amount(product: Product, request: Request) -> Findings:
    least, most = product.limits.principal
    if not request.principal.is_positive:
        yield Finding("principal", f"the amount must be positive, got {request.principal}", "金额须为正")
    elif (least is not None and request.principal < least) or (most is not None and request.principal > most):
        yield Finding(
            "principal",
            f"it lends {span(least, most)} {product.currency}, not {request.principal}",
            f"可贷 {least or 0} 至 {most or '不限'}",
        )
    cap = product.limits.balance_most
    if cap is not None and request.principal > cap:
        yield Finding("principal", f"at most {cap} may be owed at a time", f"余额不得超过 {cap}")


def _term(product: Product, request: Request) -> Findings:
    count, (least, most) = request.instalments or product.instalments, product.limits.instalments
    if request.instalments is not None and request.instalments < 1:
        yield Finding("instalments", f"a loan has at least one instalment, got {request.instalments}", "至少一期")
    elif not within(count, least, most) or count > LONGEST:
        yield Finding(
            "instalments",
            f"it is repaid in {span(least or 1, most or LONGEST)} instalments, not {count}",
            f"可分 {least or 1} 至 {most or LONGEST} 期",
        )
    if product.amortisation is Amortisation.CUSTOM and (count != len(product.custom) or request.first_due or request.last_due):
        yield Finding("instalments", f"the product fixes its {len(product.custom)} due dates; ask for no others", "产品已固定还款日")
    grace = product.grace
    if max(grace.principal, grace.interest_payment) >= count > 0 or (product.steps and len(product.steps) > count - grace.principal):
        yield Finding("instalments", f"{count} instalments are too few for the product's grace or steps", f"{count} 期少于产品的宽限或阶梯")
    if request.applied and request.applied > request.start:
        yield Finding("applied", f"an application of {request.applied} cannot follow the payout on {request.start}", "申请日不能晚于放款日")


def _asked_rate(product: Product, request: Request) -> Findings:
    rate, (least, most) = request.annual_rate, product.limits.annual_rate
    if rate is not None and product.repricing is not None:
        yield Finding(
            "annual_rate", f"the rate follows {product.repricing.index}; give index_values instead", "浮动利率产品请提供参考利率值"
        )
    elif rate is not None and not (within(rate, least, most) and 0 <= rate <= HIGHEST):
        yield Finding(
            "annual_rate",
            f"the rate is {span(least or 0, most or HIGHEST)} a year, not {rate}",
            f"年利率范围 {least or 0} 至 {most or HIGHEST}",
        )
    if request.index_values and product.repricing is None:
        yield Finding("index_values", "the product's rate is fixed; give no index", "固定利率产品不需要参考利率")


def _tranches(product: Product, request: Request) -> Findings:
    if not request.tranches:
        return
    if len(request.tranches) > product.tranches.most:
        yield Finding(
            "tranches",
            f"it pays out in at most {product.tranches.most} parts, not {len(request.tranches)}",
            f"至多 {product.tranches.most} 次放款",
        )
    if any(not within(t.amount, *product.limits.tranche) for t in request.tranches if t.amount.currency == product.currency):
        yield Finding(
            "tranches",
            f"each part is {span(*product.limits.tranche)} {product.currency}",
            f"每次放款须为 {span(*product.limits.tranche)}",
        )
    amounts, dates = [t.amount for t in request.tranches], [t.on for t in request.tranches]
    if (
        any(a.currency != product.currency or not a.is_positive for a in amounts)
        or sum(a.minor for a in amounts) != request.principal.minor
    ):
        yield Finding(
            "tranches",
            f"the parts are positive and sum to the principal of {request.principal}",
            f"各次放款须为正且合计 {request.principal}",
        )
    if dates[0] != request.start or dates != sorted(dates):
        yield Finding(
            "tranches",
            f"the first part is paid out on the start, {request.start}, and the others in order after it",
            "首次放款日即起始日，其余依次在后",
        )
