"""What may be asked for: products, and the purposes that a loan may and may not serve. Data, not code.

The ceiling of CNY 200,000 on a personal consumer loan and the forbidden purposes follow the Interim Measures for Internet Loans of
Commercial Banks (2020), from memory (unverified).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinqiao.kit import CNY, Money

from .model import Kind


@dataclass(frozen=True, slots=True)
class Words:
    en: str
    zh: str


LOAN_PURPOSES: Mapping[str, Words] = {
    "household_goods": Words("household goods and appliances", "家居家电"),
    "digital_goods": Words("phone or computer", "手机数码"),
    "renovation": Words("home renovation", "住房装修"),
    "education": Words("education and training", "教育培训"),
    "medical": Words("medical care", "医疗健康"),
    "travel": Words("travel", "旅游出行"),
    "wedding": Words("wedding", "婚庆"),
    "rent": Words("rent of a home", "房屋租赁"),
    "daily_needs": Words("other daily needs", "其他日常消费"),
    "inventory": Words("buying stock for the shop", "进货备货"),
    "working_capital": Words("working capital", "流动资金周转"),
    "shop_rent": Words("rent of business premises", "经营场所租金"),
    "shop_renovation": Words("refitting business premises", "经营场所装修"),
    "wages": Words("wages of employees", "支付员工工资"),
    "equipment_repair": Words("repair of tools and equipment", "设备工具维修"),
}

FORBIDDEN_PURPOSES: Mapping[str, Words] = {
    "house_purchase": Words("buying a house", "购房"),
    "mortgage_repayment": Words("repaying a mortgage", "偿还住房抵押贷款"),
    "stocks": Words("stocks", "股票"),
    "bonds": Words("bonds", "债券"),
    "futures": Words("futures", "期货"),
    "derivatives": Words("financial derivatives", "金融衍生产品"),
    "wealth_products": Words("wealth-management products", "资产管理产品"),
    "equity_investment": Words("equity investment", "股本权益性投资"),
    "fixed_assets": Words("fixed-asset investment", "固定资产投资"),
    "repaying_loans": Words("repaying other loans", "偿还其他贷款"),
    "lending_on": Words("lending the money on", "转贷"),
    "gambling": Words("gambling", "赌博"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """What one kind of applicant may ask for: `least` to `most`, for one of `terms` (months), for one of `purposes`."""

    code: str
    kind: Kind
    least: Money
    most: Money
    terms: tuple[int, ...]
    purposes: frozenset[str]


_BUSINESS = frozenset({"inventory", "working_capital", "shop_rent", "shop_renovation", "wages", "equipment_repair"})

PRODUCTS: Mapping[str, Product] = {
    product.code: product
    for product in (
        Product("personal", Kind.PERSONAL, CNY(500_00), CNY(200_000_00), (3, 6, 9, 12, 18, 24, 36), frozenset(LOAN_PURPOSES) - _BUSINESS),
        Product("micro_business", Kind.MICRO_BUSINESS, CNY(1_000_00), CNY(500_000_00), (3, 6, 9, 12, 18, 24, 36), _BUSINESS),
    )
}
