"""Invented applicants, each tied to one real credit history of the part that originates.

Invented: name, ID number, phone, address, employer, income, card number, business, amount, term and purpose. Real, from the row: age, sex, limit, six
months of statuses, statements and payments, and the outcome. An invented ID number or phone may by chance be somebody's: never use them outside a demo.

Money: the model reads the row's NT$ as they are (its ratios carry no currency). What an applicant is shown is in CNY at a fixed
0.22 CNY per NT$ (`NTD_TO_CNY`; about the market's rate in 2024-26, unverified). Income is the limit's CNY value x (0.10 … 0.18) + 2,500 … 4,500.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from faker import Faker
from stdnum import luhn
from stdnum.cn import ric, uscc

from xinqiao.credit.card_history import COLUMNS
from xinqiao.kit import CNY, Money

from .data import rows

NTD_TO_CNY = Decimal("0.22")
AS_OF = date(2026, 11, 1)

COUNTIES: Mapping[str, str] = {
    "110105": "北京市朝阳区",
    "120101": "天津市和平区",
    "130102": "河北省石家庄市长安区",
    "140105": "山西省太原市小店区",
    "210102": "辽宁省沈阳市和平区",
    "310115": "上海市浦东新区",
    "320102": "江苏省南京市玄武区",
    "330106": "浙江省杭州市西湖区",
    "340104": "安徽省合肥市蜀山区",
    "350203": "福建省厦门市思明区",
    "370102": "山东省济南市历下区",
    "410105": "河南省郑州市金水区",
    "430104": "湖南省长沙市岳麓区",
    "440305": "广东省深圳市南山区",
    "500103": "重庆市渝中区",
    "510107": "四川省成都市武侯区",
    "530102": "云南省昆明市五华区",
    "610113": "陕西省西安市雁塔区",
}
"""Divisions (GB/T 2260) in which the invented live."""

PERSONAL = ("household_goods", "digital_goods", "renovation", "education", "medical", "travel", "wedding", "rent", "daily_needs")
BUSINESS = ("inventory", "working_capital", "shop_rent", "shop_renovation", "wages", "equipment_repair")
TRADES = ("小吃店", "便利店", "水果店", "理发店", "五金店", "服装店", "文具店", "花店")
PREFIXES = ("133", "135", "136", "137", "138", "139", "150", "151", "152", "158", "159", "180", "182", "186", "187", "188", "189")
MALE = 1
MICRO_SHARE = 0.15


def people(n: int, seed: int = 1, *, as_of: date = AS_OF) -> list[dict[str, Any]]:
    """`n` invented applicants, equal for equal arguments; a smaller `n` gives the beginning of a larger one.

    Each holds `application` (the body that `intake.submit` takes), `attributes` (the bureau's answer, NT$), `existing_limit` and
    `monthly_income` (Money, CNY), `age` on `as_of`, `row_id`, and, for charts alone, `defaulted`, which no decision may see.
    Raises ValueError when `n` exceeds the part that originates.
    """
    pool = sorted(rows("originate"), key=lambda row: hashlib.sha256(f"{seed}:{row['ID']}".encode()).digest())
    if not 0 <= n <= len(pool):
        raise ValueError(f"the book originates 0 to {len(pool)} people, got {n}")
    faker = Faker("zh_CN")
    taken: set[str] = set()
    return [_person(row, faker, random.Random(f"{seed}:{row['ID']}"), as_of, taken) for row in pool[:n]]


def bureau_records(persons: Iterable[Mapping[str, Any]], blind: Callable[[str], bytes]) -> dict[bytes, dict[str, int]]:
    """What the bureau simulator loads: attributes by the blind index of the ID number, which `blind` makes."""
    return {blind(person["id_number"]): dict(person["attributes"]) for person in persons}


def _person(row: Mapping[str, int], faker: Faker, chance: random.Random, as_of: date, taken: set[str]) -> dict[str, Any]:
    faker.seed_instance(chance.getrandbits(64))
    male = row["SEX"] == MALE
    limit = _cny(Decimal(row["LIMIT_BAL"]) * NTD_TO_CNY, 1)
    income = _cny(limit.decimal * Decimal(chance.randint(100, 180)) / 1000 + chance.randint(2500, 4500), 10)
    region = chance.choice(sorted(COUNTIES))
    person = {
        "name": faker.name_male() if male else faker.name_female(),
        "id_number": _unused(lambda: _id_number(region, row["AGE"], male, as_of, chance), taken),
        "phone": _unused(lambda: f"{chance.choice(PREFIXES)}{chance.randint(0, 99_999_999):08d}", taken),
        "address": f"{COUNTIES[region]}{faker.street_name()}{chance.randint(1, 300)}号{chance.randint(1, 30)}室",
        "employer": faker.company(),
        "region": region,
        "sex": "male" if male else "female",
        "age": row["AGE"],
        "monthly_income": income,
        "existing_limit": limit,
        "row_id": row["ID"],
        "attributes": {column: row[column] for column in COLUMNS},
        "defaulted": row["default"],
    }
    return {**person, "application": _application(person, chance)}


def _application(person: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """The body that a scene would post. Amounts are 10 to 80 % of the limit, from 1,000 to 200,000 CNY in hundreds."""
    micro = chance.random() < MICRO_SHARE
    wanted = _cny(person["existing_limit"].decimal * Decimal(chance.randint(100, 800)) / 1000, 100)
    body = {
        "kind": "micro_business" if micro else "personal",
        **{key: person[key] for key in ("name", "id_number", "phone", "address", "employer", "region")},
        "monthly_income": str(person["monthly_income"]),
        "amount": str(min(max(wanted, CNY(100_000)), CNY(20_000_000))),
        "currency": "CNY",
        "term_months": chance.choice((3, 6, 6, 12, 12, 12, 18, 24)),
        "loan_purpose": chance.choice(BUSINESS if micro else PERSONAL),
        "bank_account": _card_number(chance),
        "device": f"demo-device-{chance.getrandbits(64):016x}",
        "reference": f"demo-{person['row_id']}",
        "language": "zh-CN",
    }
    if micro:
        trade = f"{person['name'][:1]}记{chance.choice(TRADES)}"
        body["business"] = {"name": trade, "credit_code": _credit_code(person["region"], chance), "role": "owner"}
    return body


def _unused(make: Callable[[], str], taken: set[str]) -> str:
    made = make()
    while made in taken:
        made = make()
    taken.add(made)
    return made


def _cny(amount: Decimal, step: int) -> Money:
    """Rounded down to whole `step` yuan."""
    return CNY(int((amount / step).to_integral_value(ROUND_FLOOR)) * step * 100)


def _id_number(region: str, age: int, male: bool, as_of: date, chance: random.Random) -> str:
    """GB 11643-1999: division, birth date, a sequence number that is odd for men, and the check character."""
    first = _years_before(as_of, age + 1) + timedelta(days=1)
    born = first + timedelta(days=chance.randrange((_years_before(as_of, age) - first).days + 1))
    body = f"{region}{born:%Y%m%d}{chance.randrange(0, 499) * 2 + (1 if male else 2):03d}"
    return body + ric.calc_check_digit(f"{body}0")


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _card_number(chance: random.Random) -> str:
    body = f"62{chance.randrange(10**14):014d}"
    return body + luhn.calc_check_digit(body)


def _credit_code(region: str, chance: random.Random) -> str:
    """GB 32100-2015: 92 is a sole trader; the organisation's nine characters are digits with the check of GB 11714."""
    digits = f"{chance.randrange(10**8):08d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    check = "0123456789X0"[11 - sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11]
    body = f"92{region}{digits}{check}"
    if check == "X":
        return _credit_code(region, chance)
    return body + uscc.calc_check_digit(body)
