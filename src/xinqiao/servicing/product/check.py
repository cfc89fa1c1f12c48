"""What contradicts itself in a product; each finding says what would be right. Pure.

The rules are generators of findings, one for each part of a product, so that all that is wrong is told at once.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from xinqiao.kit import Money
from xinqiao.kit.money import DECIMALS

from ..errors import ProductContradictory
from .finding import LONGEST, Finding, Findings, listed, span, told, within
from .model import (
    Accrual,
    Amortisation,
    Convention,
    DayCount,
    Every,
    Fee,
    FeeBase,
    FeePaid,
    FeeTime,
    Kind,
    Limits,
    Method,
    Product,
    Remainder,
)

PAYEES = ("platform", "guarantor", "funder", "scene")
NO_LEVEL = (Amortisation.EQUAL_PRINCIPAL, Amortisation.INTEREST_ONLY, Amortisation.BULLET, Amortisation.CUSTOM)


def check_product(product: Product) -> None:
    """Raises ProductContradictory with every contradiction found."""
    found = list(findings(product))
    if found:
        raise ProductContradictory(*told(found), field=found[0].field, errors=listed(found, ProductContradictory.code))


def findings(product: Product) -> Findings:
    for part in (_plain, _grace, _shape, _custom, _rounding, _days, _rate, _down_payment, _recalculation, _late, _waterfalls):
        yield from part(product)
    for fee in product.fees:
        yield from _fee(product, fee)
    codes = [fee.code for fee in product.fees]
    if len(set(codes)) < len(codes):
        yield Finding("fees", "two fees have the same code; give each its own", "两项费用代码相同；请使用不同代码")
    yield from _limits(product, product.limits)


def _plain(product: Product) -> Findings:
    if product.currency not in DECIMALS:
        yield Finding(
            "currency", f"currency {product.currency} is not supported; use one of {', '.join(DECIMALS)}", f"不支持币种 {product.currency}"
        )
    if not product.code:
        yield Finding("code", "a product needs a code, such as 'monthly-12'", "产品需要代码")
    if product.version < 1:
        yield Finding("version", f"versions count from 1, got {product.version}", "版本号从 1 开始")
    if not 1 <= product.instalments <= LONGEST:
        yield Finding("instalments", f"a loan has 1 to {LONGEST} instalments, got {product.instalments}", f"期数须为 1 至 {LONGEST}")
    for field, every in (("every", product.every), ("first_due_after", product.first_due_after)):
        yield from _distance(field, every)
    if product.cooling_days < 0:
        yield Finding("cooling_days", "cooling-off days cannot be negative; 0 is none", "犹豫期天数不能为负；0 表示没有")
    if not 0 <= product.settlement_fee < 1:
        yield Finding(
            "settlement_fee",
            "the fee of an early settlement is a fraction from 0 to below 1 (0.01 is 1 %)",
            "提前结清手续费为 0 至 1 之间的比例",
        )
    if product.tranches.over_applied < 0 or product.tranches.most < 1:
        yield Finding(
            "tranches",
            "a loan has at least one payout, and what it may exceed the application by is not negative",
            "至少一次放款，超额比例不能为负",
        )


def _distance(field: str, every: Every | None) -> Findings:
    if every is not None and every.count < 1:
        yield Finding(field, f"a distance between dates is at least 1 {every.unit}, got {every.count}", f"间隔至少为 1，收到 {every.count}")


def _grace(product: Product) -> Findings:
    grace, count = product.grace, product.instalments
    if min(grace.principal, grace.interest_payment, grace.interest_free) < 0:
        yield Finding("grace", "a grace counts periods from 0 up", "宽限期数不能为负")
    for name, periods in (("principal", grace.principal), ("interest_payment", grace.interest_payment)):
        if periods >= count:
            yield Finding(
                f"grace.{name}",
                f"a grace of {periods} periods leaves no instalment in a term of {count}; let it be at most {count - 1}",
                f"宽限 {periods} 期后 {count} 期贷款没有可还的一期；至多 {count - 1} 期",
            )
    if grace.interest_free > count:
        yield Finding(
            "grace.interest_free", f"{grace.interest_free} interest-free periods exceed the term of {count}", f"免息期数超过总期数 {count}"
        )
    bears_none = not product.annual_rate and product.repricing is None
    if bears_none and (grace.interest_free or grace.interest_payment):
        yield Finding(
            "grace",
            "a loan at 0 % has no interest to be free of or to defer; drop the grace or give a rate",
            "利率为 0 时无息可免或递延；请去掉该宽限或设置利率",
        )
    if grace.principal and product.amortisation in (Amortisation.INTEREST_ONLY, Amortisation.BULLET, Amortisation.CUSTOM):
        yield Finding(
            "grace.principal",
            f"{product.amortisation} already says when principal is due; drop the grace on principal",
            "该还款方式已规定还本时间；请去掉还本宽限",
        )
    if grace.interest_payment and product.amortisation is Amortisation.BULLET:
        yield Finding(
            "grace.interest_payment",
            "a bullet loan pays all interest at its end; drop the grace",
            "到期一次还本付息已在期末付息；请去掉付息宽限",
        )
    if grace.interest_free and product.amortisation is Amortisation.BULLET:
        yield Finding(
            "grace.interest_free",
            "a bullet loan has one period; to free it of interest, set the rate to 0",
            "到期一次还本付息只有一期；如免息请设利率为 0",
        )


def _shape(product: Product) -> Findings:
    shape = product.amortisation
    if (product.balloon is not None) != (shape is Amortisation.BALLOON):
        yield Finding(
            "balloon",
            f"a balloon belongs to balloon repayment, and {shape} was given {'one' if product.balloon is not None else 'none'}; "
            "set amortisation to balloon with a fraction, or drop it",
            "气球尾款只用于气球贷还款方式；请设为 balloon 并给出比例，或去掉尾款",
        )
    if product.balloon is not None and not 0 < product.balloon < 1:
        yield Finding(
            "balloon", f"a balloon is a fraction of the principal between 0 and 1, got {product.balloon}", "尾款比例须在 0 与 1 之间"
        )
    if bool(product.steps) != (shape is Amortisation.STEPPED):
        yield Finding(
            "steps",
            f"steps belong to stepped repayment, and {shape} was given {'some' if product.steps else 'none'}; set amortisation to stepped, or drop them",
            "阶梯系数只用于阶梯还款；请设为 stepped 并给出系数，或去掉",
        )
    if any(step <= 0 for step in product.steps):
        yield Finding("steps", "each step is a positive factor, such as 1, 1.05, 1.1", "阶梯系数须为正数")
    if product.steps and len(product.steps) > product.instalments - product.grace.principal:
        yield Finding(
            "steps",
            f"{len(product.steps)} steps are more than the instalments that repay principal; the last one repeats",
            "阶梯数多于还本期数",
        )


def _custom(product: Product) -> Findings:
    dates, parts = [day for day, _ in product.custom], [part for _, part in product.custom]
    if bool(dates) != (product.amortisation is Amortisation.CUSTOM):
        yield Finding(
            "custom",
            "own dates belong to custom repayment; set amortisation to custom and give dates with fractions, or drop them",
            "自定义日期只用于自定义还款",
        )
    if not dates:
        return
    if any(later <= earlier for earlier, later in pairwise(dates)):
        yield Finding("custom", f"due dates must ascend, got {', '.join(map(str, dates))}", "自定义还款日须逐期递增")
    if any(part <= 0 for part in parts) or sum(parts) != 1:
        yield Finding(
            "custom",
            f"the fractions are positive and sum to 1, these sum to {sum(parts)}",
            f"各期比例须为正且合计为 1，现合计 {sum(parts)}",
        )
    if product.instalments != len(dates):
        yield Finding(
            "instalments",
            f"there are {len(dates)} custom dates, so {len(dates)} instalments, not {product.instalments}",
            f"自定义 {len(dates)} 个日期即 {len(dates)} 期",
        )
    if product.tranches.most > 1 or product.first_due_after:
        yield Finding(
            "custom",
            "custom dates and fractions are of one payout and of no first period; drop the tranches and first_due_after",
            "自定义还款仅限一次放款，不设首期间隔",
        )


def _rounding(product: Product) -> Findings:
    rounding = product.rounding
    multiple, digits = rounding.instalment_multiple, DECIMALS.get(product.currency, 2)
    if multiple is not None and (multiple <= 0 or multiple.scaleb(digits) % 1):
        unit = Decimal(1).scaleb(-digits)
        yield Finding(
            "rounding.instalment_multiple",
            f"{multiple} is not a whole number of {product.currency} minor units; use a multiple of {unit}",
            f"取整单位须为 {unit} 的整数倍",
        )
    if multiple is not None and rounding.remainder is Remainder.SPREAD:
        yield Finding(
            "rounding.remainder",
            "a remainder spread by minor units breaks the instalment's multiple; put it on the first or the last",
            "按最小单位分摊会破坏取整倍数；请放在首期或末期",
        )
    if rounding.even_out and product.amortisation in NO_LEVEL:
        yield Finding(
            "rounding.even_out",
            f"{product.amortisation} has no level instalment to even out; drop even_out",
            "该还款方式没有等额可调；请去掉 even_out",
        )


def _days(product: Product) -> Findings:
    rule, count = product.business_days, product.day_count
    try:
        DayCount.parse(str(count))
    except ValueError as error:
        yield Finding("day_count", str(error), "计息基础无效，例如 actual/360")
    if (rule.convention is Convention.NONE) != (not rule.calendar):
        yield Finding(
            "business_days",
            "a calendar and a convention go together: name both, such as CN and following, or neither",
            "日历与顺延规则须同时给出或同时留空",
        )
    if rule.interest_follows and (rule.convention is Convention.NONE or product.accrual is Accrual.PERIOD):
        yield Finding(
            "business_days.interest_follows",
            "interest runs to a moved date only when it is counted by the day; set accrual to daily, or drop it",
            "利息随还款日顺延仅适用于按日计息",
        )


def _rate(product: Product) -> Findings:
    rule = product.repricing
    if not 0 <= product.annual_rate <= 10:
        yield Finding(
            "annual_rate",
            f"a rate is a fraction from 0 to 10 (0.12 is 12 %), got {product.annual_rate}",
            "年利率为 0 至 10 的小数，0.12 即 12 %",
        )
    if rule is None:
        return
    if not rule.index:
        yield Finding("repricing.index", "repricing needs an index, such as LPR-1Y", "重定价需要参考利率，例如 LPR-1Y")
    if product.annual_rate:
        yield Finding(
            "annual_rate",
            "a repriced rate is index plus spread; leave annual_rate 0, or drop repricing",
            "浮动利率为参考利率加点；请将 annual_rate 设为 0 或去掉重定价",
        )
    if rule.floor < 0 or (rule.cap is not None and rule.cap < rule.floor):
        yield Finding("repricing", f"0 <= floor <= cap, got {rule.floor} and {rule.cap}", "利率下限不小于 0 且不高于上限")
    yield from _distance("repricing.every", rule.every)


def _down_payment(product: Product) -> Findings:
    if product.down_payment and not 0 < product.down_payment.fraction < 1:
        yield Finding(
            "down_payment.fraction",
            f"a down payment is a fraction between 0 and 1 (0.25 is 25 %), got {product.down_payment.fraction}; one of 100 % lends nothing",
            "首付比例须在 0 与 1 之间；100 % 首付即未放款",
        )


def _recalculation(product: Product) -> Findings:
    rule = product.recalculation
    if rule is None:
        return
    if product.method is Method.FLAT:
        yield Finding(
            "recalculation",
            "flat interest does not depend on what is repaid; use declining, or drop recalculation",
            "平息不随还款变化，无法重算；请改用余额计息或去掉重算",
        )
    if rule.rest and rule.rest_same_as_period:
        yield Finding("recalculation.rest", "the rest is every so often or with each period, not both", "结息频率与按期结息只能选其一")
    if rule.compound_every and not rule.compounding:
        yield Finding("recalculation.compound_every", "nothing compounds; name what does, such as interest, or drop it", "未指定复利项目")
    if Kind.PRINCIPAL in rule.compounding:
        yield Finding(
            "recalculation.compounding",
            "principal always bears interest; name interest, fee, premium or penalty",
            "本金本已计息；复利项目不含本金",
        )
    if rule.early_settlement_until not in ("settlement", "rest"):
        yield Finding(
            "recalculation.early_settlement_until",
            "interest of an early settlement runs to 'settlement' or to 'rest'",
            "提前结清利息计至 settlement 或 rest",
        )


def _late(product: Product) -> Findings:
    late = product.late
    given = (late.rate_multiple, late.annual_rate or 0, late.grace_days, late.cap_fraction or 0)
    if any(value < 0 for value in given):
        yield Finding("late", "a penalty's rate, its days of grace and its cap are not negative", "罚息利率、宽限天数与上限不能为负")
    if late.rate_multiple and late.annual_rate is not None:
        yield Finding(
            "late.annual_rate",
            "a penalty is a multiple of the loan's rate or a rate of its own; give one",
            "罚息按倍数或固定利率，只能选其一",
        )
    if late.days_in_year not in (360, 364, 365):
        yield Finding(
            "late.days_in_year",
            f"a year of penalty interest has 360, 364 or 365 days, got {late.days_in_year}",
            "罚息年天数为 360、364 或 365",
        )
    if late.on_interest and not (late.rate_multiple or late.annual_rate):
        yield Finding(
            "late.on_interest", "there is no penalty rate to charge on overdue interest; give one", "未设罚息利率，无法对逾期利息计收复利"
        )


def _waterfalls(product: Product) -> Findings:
    if "default" not in product.waterfalls:
        yield Finding(
            "waterfalls", "a waterfall named 'default' is needed for transactions that no other names", "需要名为 default 的冲还顺序"
        )
    for name, fall in product.waterfalls.items():
        for kinds in (fall.late, fall.early or (), fall.order):
            if len(set(kinds)) < len(kinds):
                yield Finding(f"waterfalls.{name}", "a part is named twice; name each once", "同一项目出现两次；每项只列一次")
    if len(set(product.credit_order)) < len(product.credit_order):
        yield Finding("credit_order", "a part is named twice; name each once", "同一项目出现两次；每项只列一次")


def _fee(product: Product, fee: Fee) -> Findings:
    where = f"fees.{fee.code}"
    if fee.amount < 0:
        yield Finding(where, "a fee is not negative; a rebate is a transaction of the loan's life", "费用不能为负")
    if fee.base is FeeBase.FLAT and fee.amount.scaleb(DECIMALS.get(product.currency, 2)) % 1:
        yield Finding(where, f"a flat fee is in {product.currency} to the minor unit, got {fee.amount}", "固定费用须精确到最小货币单位")
    if fee.base is not FeeBase.FLAT and fee.amount > 1:
        yield Finding(
            where,
            f"{fee.amount} is {fee.amount:%}; a fee of a base is a fraction, 0.015 is 1.5 %",
            "按基数收费时为小数比例，0.015 即 1.5 %",
        )
    if fee.payee not in PAYEES:
        yield Finding(where, f"a fee goes to one of {', '.join(PAYEES)}, not {fee.payee!r}", "收款方无效")
    if fee.paid is not FeePaid.DUE and fee.time not in (FeeTime.DISBURSEMENT, FeeTime.TRANCHE):
        yield Finding(
            where,
            f"a {fee.paid} fee is taken at payout, not at {fee.time}; set its time to disbursement or tranche",
            "融资或扣收的费用须在放款时收取",
        )
    if fee.paid is FeePaid.DEDUCTED and fee.time is FeeTime.DISBURSEMENT and product.tranches.most > 1:
        yield Finding(
            where,
            "a fee on the whole loan cannot be kept back from a first part of it; set its time to tranche",
            "分次放款时不能从首次放款中扣收整笔费用；请按次收取",
        )
    if fee.paid is FeePaid.FINANCED and fee.base in (FeeBase.INTEREST, FeeBase.PRINCIPAL_AND_INTEREST):
        yield Finding(
            where,
            "a financed fee changes the interest it would be a part of; take it of the principal, or let it be due",
            "融资费用会改变作为基数的利息；请以本金为基数",
        )
    if fee.spread and (fee.base is not FeeBase.FLAT or fee.time is not FeeTime.INSTALMENT or fee.annual):
        yield Finding(
            where, "only a flat sum is spread, over the instalments; set base to flat and time to instalment", "仅固定金额可按期分摊"
        )
    if fee.annual and fee.time is not FeeTime.INSTALMENT:
        yield Finding(
            where, "a fee a year falls on instalments; set its time to instalment, or annual to false", "年费率只用于按期收取的费用"
        )
    yield from _bounds(where, product.currency, fee.least, fee.most)


def _limits(product: Product, limits: Limits) -> Findings:
    for name in ("principal", "tranche", "instalment"):
        yield from _bounds(f"limits.{name}", product.currency, *getattr(limits, name))
    yield from _bounds("limits.balance_most", product.currency, None, limits.balance_most)
    for name, bounds, own in (
        ("annual_rate", limits.annual_rate, None if product.repricing else product.annual_rate),
        ("instalments", limits.instalments, product.instalments),
        ("first_period_days", limits.first_period_days, None),
    ):
        least, most = bounds
        if (least is not None and least < 0) or not within(least or 0, None, most):
            yield Finding(f"limits.{name}", f"0 <= least <= most, got {least} and {most}", "下限不小于 0 且不高于上限")
        elif own is not None and not within(own, least, most):
            yield Finding(
                f"limits.{name}", f"the product's own {name} {own} lies outside {span(least, most)}", f"产品默认值 {own} 超出范围"
            )


def _bounds(where: str, currency: str, least: Money | None, most: Money | None) -> Findings:
    given = [bound for bound in (least, most) if bound is not None]
    if any(bound.currency != currency for bound in given):
        yield Finding(where, f"bounds are in the product's currency {currency}", f"上下限须为产品币种 {currency}")
    elif any(bound.minor < 0 for bound in given):
        yield Finding(where, "bounds are not negative", "上下限不能为负")
    elif least is not None and most is not None and least > most:
        yield Finding(where, f"the least, {least}, exceeds the most, {most}; swap them", f"下限 {least} 高于上限 {most}")
