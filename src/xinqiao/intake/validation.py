"""From the body a scene sent to a draft, or everything that is wrong with it at once. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from xinqiao.kit import Money

from . import fields
from .errors import FieldError, InvalidFields
from .fields import Identity, Wrong
from .model import Kind
from .products import FORBIDDEN_PURPOSES, LOAN_PURPOSES, PRODUCTS, Product

T = TypeVar("T")

REQUIRED = ("kind", "name", "id_number", "phone", "address", "amount", "term_months", "loan_purpose")
OPTIONAL = (
    "product",
    "currency",
    "region",
    "email",
    "employer",
    "monthly_income",
    "bank_account",
    "device",
    "reference",
    "language",
    "business",
)
BUSINESS = ("name", "credit_code", "role")
BUSINESS_ROLES = ("owner", "legal_representative", "partner", "manager")
LANGUAGES = ("zh-CN", "en")
MOST_UNKNOWN = 20
"""How many unknown fields are named; a body of thousands gets no answer of thousands."""


@dataclass(frozen=True, slots=True)
class Business:
    name: str
    credit_code: str
    role: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A body that holds nothing wrong, every value in its normal form."""

    kind: Kind
    product: str
    amount: Money
    term_months: int
    loan_purpose: str
    region: str
    language: str
    reference: str | None
    identity: Identity
    name: str
    phone: str
    address: str
    email: str | None
    employer: str | None
    monthly_income: Money | None
    bank_account: str | None
    device: str | None
    business: Business | None


class _Body:
    """Reads fields one after the other and keeps what was wrong with each."""

    def __init__(self, body: Mapping[str, Any], prefix: str, errors: list[FieldError]) -> None:
        self._body, self._prefix, self.errors = body, prefix, errors

    def refuse(self, field: str, wrong: Wrong) -> None:
        self.errors.append(FieldError(self._prefix + field, wrong.code, wrong.says, wrong.says_zh))

    def must(self, field: str, read: Callable[[Any], T]) -> T | None:
        """The field's value; None when it is wrong, which has then been noted."""
        if self._body.get(field) is None:
            self.refuse(field, Wrong("field_missing", f"The field '{field}' is needed.", f"缺少字段“{field}”。"))
            return None
        return self.may(field, read)

    def may(self, field: str, read: Callable[[Any], T]) -> T | None:
        """The same of a field that may be left out, or null."""
        value = self._body.get(field)
        if value is None:
            return None
        try:
            return read(value)
        except Wrong as wrong:
            self.refuse(field, wrong)
            return None

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse the fields that are none, each with the nearest right name."""
        for field in [str(one) for one in self._body if one not in known][:MOST_UNKNOWN]:
            shown = ascii(field[:40])[1:-1]
            near = get_close_matches(field[:40].lower(), known, n=1, cutoff=0.5)
            says, says_zh = (
                (f"; did you mean '{near[0]}'?", f"；是否为“{near[0]}”？") if near else (f"; there are {', '.join(known)}.", "。")
            )
            self.refuse(shown, Wrong("field_unknown", f"'{shown}' is no field{says}", f"没有字段“{shown}”{says_zh}"))


def read(body: Any, *, today: date, products: Mapping[str, Product] = PRODUCTS) -> Draft:
    """Raises InvalidFields with every error; no message repeats a personal value."""
    errors: list[FieldError] = []
    if not isinstance(body, Mapping):
        _Body({}, "", errors).refuse("", Wrong("not_an_object", "The body must be a JSON object.", "请求体须为 JSON 对象。"))
        raise InvalidFields(errors)
    given = _Body(body, "", errors)
    given.only(REQUIRED + OPTIONAL)
    values = _person(given, today) | _request(given, products)
    values["business"] = _business(given, body, values["kind"])
    if errors:
        raise InvalidFields(errors)
    values["region"] = values["region"] or values["identity"].province
    return Draft(**values)


def _person(given: _Body, today: date) -> dict[str, Any]:
    return {
        "name": given.must("name", fields.name),
        "identity": given.must("id_number", partial(fields.identity, today=today)),
        "phone": given.must("phone", fields.phone),
        "address": given.must("address", fields.address),
        "region": given.may("region", fields.region),
        "email": given.may("email", fields.email),
        "employer": given.may("employer", partial(fields.text, least=2, most=100)),
        "bank_account": given.may("bank_account", fields.bank_account),
        "device": given.may("device", partial(fields.text, least=8, most=200)),
        "reference": given.may("reference", partial(fields.text, most=64)),
        "language": given.may("language", partial(fields.one_of, choices=LANGUAGES)) or LANGUAGES[0],
    }


def _request(given: _Body, products: Mapping[str, Product]) -> dict[str, Any]:
    """What is asked for; the product's limits are checked once it is known which product."""
    kind = given.must("kind", partial(fields.one_of, choices=tuple(Kind)))
    product = given.may("product", partial(_product, kind=kind, products=products)) or _default(kind, products)
    code = given.may("currency", fields.currency) or (product.most.currency if product else "CNY")
    return {
        "kind": kind and Kind(kind),
        "product": product and product.code,
        "amount": given.must("amount", partial(_amount, code=code, product=product)),
        "term_months": given.must("term_months", partial(_term, product=product)),
        "loan_purpose": given.must("loan_purpose", partial(_purpose, product=product)),
        "monthly_income": given.may("monthly_income", partial(fields.money, code=code)),
    }


def _default(kind: str | None, products: Mapping[str, Product]) -> Product | None:
    return next((product for product in products.values() if product.kind == kind), None)


def _product(value: Any, *, kind: str | None, products: Mapping[str, Product]) -> Product:
    codes = tuple(code for code, product in products.items() if kind is None or product.kind == kind)
    return products[fields.one_of(value, codes)]


def _amount(value: Any, *, code: str, product: Product | None) -> Money:
    amount = fields.money(value, code)
    if product is None:
        return amount
    least, most = product.least, product.most
    if amount.currency != most.currency or not least <= amount <= most:
        raise Wrong(
            "amount_out_of_range",
            f"The amount must be from {least} to {most} {most.currency}.",
            f"金额须在 {least} 至 {most} {most.currency} 之间。",
        )
    return amount


def _term(value: Any, *, product: Product | None) -> int:
    term = fields.months(value)
    if product is not None and term not in product.terms:
        listed = ", ".join(map(str, product.terms))
        raise Wrong("term_not_offered", f"The term must be one of {listed} months.", f"期限须为 {listed} 个月之一。")
    return term


def _purpose(value: Any, *, product: Product | None) -> str:
    if isinstance(value, str) and value in FORBIDDEN_PURPOSES:
        words = FORBIDDEN_PURPOSES[value]
        raise Wrong(
            "purpose_forbidden",
            f"The loan may not serve {words.en}; choose what it is for among the purposes on offer.",
            f"贷款不得用于{words.zh}；请选择允许的用途。",
        )
    return fields.one_of(value, tuple(one for one in LOAN_PURPOSES if product is None or one in product.purposes))


def _business(given: _Body, body: Mapping[str, Any], kind: Kind | None) -> Business | None:
    """A micro-business names itself; a person applying for himself does not."""
    value = body.get("business")
    if value is None:
        if kind is Kind.MICRO_BUSINESS:
            given.must("business", lambda _: None)
        return None
    if kind is Kind.PERSONAL:
        given.refuse("business", Wrong("business_unwanted", "A personal application has no business.", "个人申请不应填写经营主体。"))
    if not isinstance(value, Mapping):
        given.refuse(
            "business",
            Wrong("not_an_object", "This must be an object with name, credit_code and role.", "此项须为包含名称、代码和角色的对象。"),
        )
        return None
    inner = _Body(value, "business.", given.errors)
    inner.only(BUSINESS)
    return Business(
        inner.must("name", partial(fields.text, least=2, most=100)) or "",
        inner.must("credit_code", fields.credit_code) or "",
        inner.must("role", partial(fields.one_of, choices=BUSINESS_ROLES)) or "",
    )
