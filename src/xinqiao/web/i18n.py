"""Languages: which one a request reads, its words, and how it writes money, rates and days.

The words in templates are English; `locales/zh_CN/LC_MESSAGES/*.po` holds the Chinese, one file for each set of pages. The files are read
when the process starts, so that a fresh clone needs no build step and no compiled file can lag behind its source.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from xinqiao.kit import Money

LOCALES = Path(__file__).parent / "locales"
DEFAULT = "zh-CN"
LANGUAGES = {"zh-CN": "中文", "en": "English"}
COOKIE = "lang"
_BABEL = {"zh-CN": "zh_CN", "en": "en"}
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}


def known(tag: str | None) -> str | None:
    """The language that a BCP 47 tag asks for, by its first subtag; None when it is not one of ours."""
    first = (tag or "").strip().lower().split("-")[0].split("_")[0]
    return {"zh": "zh-CN", "en": "en"}.get(first)


def accepted(header: str | None) -> str | None:
    """The first of our languages in an Accept-Language header (RFC 9110, 12.5.4), by weight."""
    weighed = []
    for place, part in enumerate((header or "")[:500].split(",")):
        tag, _, weight = part.partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return next((language for weight, _, tag in sorted(weighed) if weight < 0 and (language := known(tag))), None)


def negotiate(request: Request) -> str:
    """What the address asks for (`?lang=`), else the cookie, else the browser, else Chinese."""
    asked = known(request.query_params.get("lang")) or known(request.cookies.get(COOKIE))
    return asked or accepted(request.headers.get("accept-language")) or DEFAULT


@cache
def catalogue(language: str) -> NullTranslations:
    """The words of one language; English is the words themselves."""
    folder = LOCALES / _BABEL[language] / "LC_MESSAGES"
    words = NullTranslations()
    for path in sorted(folder.glob("*.po")):
        read = _compiled(path)
        words = read if type(words) is NullTranslations else words.add(read)  # type: ignore[attr-defined]
    return words


def _compiled(path: Path) -> Translations:
    binary = io.BytesIO()
    with path.open("rb") as source:
        write_mo(binary, read_po(source))
    binary.seek(0)
    return Translations(binary)


@dataclass(frozen=True, slots=True)
class Words:
    """How one reader is spoken to."""

    language: str
    zone: ZoneInfo

    @property
    def is_chinese(self) -> bool:
        return self.language == "zh-CN"

    @property
    def gettext(self) -> Callable[[str], str]:
        return catalogue(self.language).gettext

    def both(self, zh: str, en: str) -> str:
        """The one of two wordings that this reader reads; the other when it is empty."""
        return (zh or en) if self.is_chinese else (en or zh)

    def money(self, amount: Money) -> str:
        sign = _SIGNS.get(amount.currency, amount.currency + " ")
        digits = str(amount).partition(".")[2]
        pattern = "#,##0" + ("." + "0" * len(digits) if digits else "")
        minus = "−" if amount.minor < 0 else ""
        return minus + sign + format_decimal(abs(amount.decimal), pattern, locale="en")

    def percent(self, rate: Decimal, places: int = 2) -> str:
        """A rate such as Decimal("0.1825") as "18.25%"."""
        return f"{(rate * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}%"

    def day(self, value: date | datetime) -> str:
        local = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        return format_date(local, "long" if self.is_chinese else "d MMMM y", locale=_BABEL[self.language])

    def moment(self, value: datetime) -> str:
        pattern = "y年M月d日 HH:mm" if self.is_chinese else "d MMM y, HH:mm"
        return format_datetime(value.astimezone(self.zone), pattern, locale=_BABEL[self.language])
