"""What is shown of a value to someone who need not know it. After JR/T 0171-2020 appendix A and the trade's habit (unverified)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from .model import Field, Klass

WITHHELD = "******"

_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "上官",
        "司马",
        "诸葛",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "司徒",
        "令狐",
        "东方",
        "南宫",
        "端木",
        "独孤",
        "长孙",
        "宇文",
        "轩辕",
    ]
)
_REGION = re.compile(r"^(.*?(?:省|自治区|特别行政区|市))?(.*?(?:自治州|地区|盟|市|区|县|旗))?")


def mask(field: Field, value: str | bytes) -> str:
    """The field's value with all hidden that its class hides.

    C1 is shown whole; C2 by the field's own rule, or its first and last character; C3 never, not even its length.
    """
    if field.klass is Klass.C3 or isinstance(value, bytes):
        return WITHHELD
    if field in _RULES:
        return _RULES[field](unicodedata.normalize("NFKC", value).strip())
    return value if field.klass is Klass.C1 else _ends(value, 1, 1)


def _ends(value: str, first: int, last: int) -> str:
    """Keep the ends and as many stars as letters between; hide all of a value too short to hide anything of."""
    if len(value) < first + last + 2:
        return "*" * max(len(value), 2)
    return value[:first] + "*" * (len(value) - first - last) + value[len(value) - last :]


def _name(value: str) -> str:
    """The surname of a Chinese name, else the first letter of each word."""
    if value[:2] in _COMPOUND_SURNAMES and len(value) > 2:
        return value[:2] + "*" * (len(value) - 2)
    if value.isascii():
        return " ".join(word[0] + "***" for word in value.split()) or WITHHELD
    return value[:1] + "*" * max(len(value) - 1, 1)


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    local = digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    return _ends(local, 3, 4) if len(local) >= 10 else _ends(local, 0, 2)


def _email(value: str) -> str:
    user, at, domain = value.partition("@")
    return f"{user[:1]}***@{domain}" if at else WITHHELD


def _address(value: str) -> str:
    """Province and city or district; never the street."""
    shown = _REGION.match(value)
    return (shown.group(0) if shown else "") + "****"


def _account(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return "**** " + digits[-4:] if len(digits) >= 8 else WITHHELD


def _hidden(_: str) -> str:
    return WITHHELD


_RULES: dict[Field, Callable[[str], str]] = {
    Field.NAME: _name,
    Field.CONTACT_NAME: _name,
    Field.ID_NUMBER: lambda value: _ends(value, 3, 2),
    Field.BIRTH_DATE: lambda value: value[:4] + "-**-**" if len(value) >= 8 else WITHHELD,
    Field.PHONE: _phone,
    Field.CONTACT_PHONE: _phone,
    Field.EMAIL: _email,
    Field.ADDRESS: _address,
    Field.BANK_ACCOUNT: _account,
    Field.INCOME: _hidden,
    Field.BUREAU_FILE: _hidden,
    Field.DEVICE: lambda value: _ends(value, 0, 4),
    Field.BUSINESS_LICENCE: lambda value: _ends(value, 2, 4),
}
