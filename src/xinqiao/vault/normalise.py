"""One spelling for equal values, so that their blind indexes are equal too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from .model import Field

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def normalise(field: Field | str, value: str | bytes) -> bytes:
    """The bytes that the blind index is made of; unknown kinds of value are only trimmed, bytes stay as they are."""
    if isinstance(value, bytes):
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    return _RULES.get(str(field), _trimmed)(text).encode()


def _trimmed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _phone(text: str) -> str:
    """Digits, without the Chinese prefix: +86 138-0013-8000, 0086…, 86… and 138… are one number."""
    digits = re.sub(r"\D", "", text)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 11:
            return digits.removeprefix(prefix)
    return digits


def _id_number(text: str) -> str:
    """Upper case without spaces; the 15 digits of before 1999 become the 18 of GB 11643-1999."""
    compact = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"[0-9]{15}", compact):
        body = compact[:6] + "19" + compact[6:]
        return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
    return compact


def _address(text: str) -> str:
    return re.sub(r"[\s,.;、，。；#-]", "", text).casefold()


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


_RULES: dict[str, Callable[[str], str]] = {
    Field.PHONE: _phone,
    Field.CONTACT_PHONE: _phone,
    Field.ID_NUMBER: _id_number,
    Field.BUSINESS_LICENCE: lambda text: re.sub(r"[\s-]", "", text).upper(),
    Field.BANK_ACCOUNT: _digits,
    Field.EMAIL: str.casefold,
    Field.NAME: lambda text: re.sub(r"\s+", " ", text).casefold(),
    Field.ADDRESS: _address,
}
