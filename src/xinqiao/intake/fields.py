"""One reader per field: the value in its one normal form, or what is wrong with it and what would be right. Pure.

Sources: ID number GB 11643-1999, credit code GB 32100-2015 and card number ISO/IEC 7812-1, by python-stdnum; divisions GB/T 2260, by the
table in python-stdnum; phone numbers ITU-T E.164, by phonenumbers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

import phonenumbers
from stdnum import luhn, numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from xinqiao.kit import Money
from xinqiao.kit.money import DECIMALS, NotAnAmount

from .model import age_on

ADULT = 18
OLDEST = 120


class Wrong(Exception):
    """A field's value cannot be accepted. Carries (code without the room, English, Chinese)."""

    def __init__(self, code: str, says: str, says_zh: str) -> None:
        super().__init__(code)
        self.code, self.says, self.says_zh = f"intake.{code}", says, says_zh


@dataclass(frozen=True, slots=True)
class Identity:
    """What an ID number says: it holds the birth date and the province of first registration."""

    number: str
    born: date
    age: int
    province: str


def text(value: Any, *, least: int = 1, most: int) -> str:
    """A trimmed line in NFKC, of `least` to `most` characters, all of them visible or plain spaces."""
    if not isinstance(value, str):
        raise Wrong("not_text", "This must be text, in quotation marks.", "此项须为带引号的文本。")
    if len(value) > 4 * most:
        raise Wrong("wrong_length", f"This must have {least} to {most} characters.", f"此项长度须为 {least} 至 {most} 个字符。")
    line = unicodedata.normalize("NFKC", value).strip()
    if any(unicodedata.category(char)[0] == "C" or unicodedata.category(char) in ("Zl", "Zp") for char in line):
        raise Wrong("not_printable", "This must be one line without control characters.", "此项须为单行文本，不含控制字符。")
    if not least <= len(line) <= most:
        raise Wrong("wrong_length", f"This must have {least} to {most} characters.", f"此项长度须为 {least} 至 {most} 个字符。")
    return line


_CHINESE_NAME = re.compile(r"[㐀-䶿一-鿿\U00020000-\U0003FFFF]+(·[㐀-䶿一-鿿\U00020000-\U0003FFFF]+)*")
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ]+([ '’.-]{1,2}[A-Za-zÀ-ɏ]+)*\.?")
_DOTS = str.maketrans("•‧∙⋅・・.．", "········")


def name(value: Any) -> str:
    """As on the ID card: Chinese characters, parts joined by '·', or Latin letters."""
    line = text(value, least=2, most=60)
    dotted = line.translate(_DOTS)
    if _CHINESE_NAME.fullmatch(dotted):
        return dotted
    if _LATIN_NAME.fullmatch(line):
        return line
    raise Wrong(
        "name_malformed",
        "The name must be written as on the ID card, in Chinese characters (parts joined by '·') or Latin letters.",
        "请按身份证填写姓名，使用汉字（以“·”连接）或拉丁字母。",
    )


def identity(value: Any, *, today: date) -> Identity:
    """Read an ID number. `ric.validate` also wants the county to have existed in the year of birth, which refuses people who were
    born before their county was renamed, so only the check digit, the birth date and the province are taken from there.
    """
    number = re.sub(r"[ -]", "", text(value, most=30)).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number, re.ASCII):
        raise Wrong("id_number_malformed", "An ID number has 17 digits and then a digit or X.", "身份证号码应为 17 位数字加一位数字或 X。")
    if number[-1] != ric.calc_check_digit(number):
        raise Wrong(
            "id_number_check_digit",
            "The last character of the ID number does not fit the others; compare it with the card.",
            "身份证号码的校验码不符；请对照证件核对。",
        )
    if not province_exists(number[:2]):
        raise Wrong("id_number_province", "The ID number begins with no known province.", "身份证号码的前两位不是有效的省级代码。")
    born = _birth_date(number, today)
    age = age_on(born, today)
    if age < ADULT:
        raise Wrong("under_age", f"The applicant must be {ADULT} or older.", f"申请人须年满 {ADULT} 周岁。")
    return Identity(number, born, age, number[:2] + "0000")


def _birth_date(number: str, today: date) -> date:
    try:
        born = ric.get_birth_date(number)
    except (ValidationError, ValueError):
        born = None
    if born is None or born > today or age_on(born, today) > OLDEST:
        raise Wrong(
            "id_number_birth_date",
            "Characters 7 to 14 of the ID number are no possible birth date, as in 19900131.",
            "身份证号码第 7 至 14 位不是有效的出生日期，例如 19900131。",
        )
    return born


def phone(value: Any) -> str:
    """A mobile number of the mainland in E.164, as in +8613800138000."""
    wrong = Wrong(
        "phone_malformed",
        "The phone must be a mobile number of the mainland, as in 13800138000.",
        "手机号应为大陆手机号，例如 13800138000。",
    )
    try:
        parsed = phonenumbers.parse(text(value, most=30), "CN")
    except phonenumbers.NumberParseException:
        raise wrong from None
    kind = phonenumbers.number_type(parsed)
    if parsed.country_code != 86 or parsed.extension or kind != phonenumbers.PhoneNumberType.MOBILE:
        raise wrong
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def email(value: Any) -> str:
    line = text(value, least=6, most=200)
    if not re.fullmatch(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}", line):
        raise Wrong("email_malformed", "The e-mail address must look like name@example.cn.", "邮箱地址的格式应如 name@example.cn。")
    local, _, domain = line.rpartition("@")
    return f"{local}@{domain.lower()}"


def address(value: Any) -> str:
    return text(value, least=5, most=200)


def bank_account(value: Any) -> str:
    """A debit card's number: 16 to 19 digits with a check digit."""
    number = re.sub(r"[ -]", "", text(value, most=30))
    if not re.fullmatch(r"[0-9]{16,19}", number, re.ASCII) or not luhn.is_valid(number):
        raise Wrong(
            "bank_account_malformed",
            "The bank account must be a debit card's number of 16 to 19 digits; its last digit does not fit or digits are missing.",
            "银行账户须为 16 至 19 位的借记卡号；校验位不符或位数不足。",
        )
    return number


def region(value: Any) -> str:
    """A GB/T 2260 code of a province, city or county."""
    code = text(value, most=6)
    known = re.fullmatch(r"[0-9]{6}", code, re.ASCII) and any("county" in facts for _, facts in numdb.get("cn/loc").info(code))
    if not known:
        raise Wrong(
            "region_unknown", "The region must be a code of GB/T 2260, as in 330106.", "地区须为 GB/T 2260 行政区划代码，例如 330106。"
        )
    return code


def province_exists(two: str) -> bool:
    return any("province" in facts for _, facts in numdb.get("cn/loc").info(two + "0000"))


def credit_code(value: Any) -> str:
    """A unified social credit code with its check digit."""
    code = uscc.compact(text(value, most=30))
    try:
        return uscc.validate(code)
    except ValidationError:
        raise Wrong(
            "credit_code_malformed",
            "The unified social credit code has 18 characters, and its last one must fit the others; copy it from the business licence.",
            "统一社会信用代码为 18 位，且末位校验码须相符；请按营业执照填写。",
        ) from None


def currency(value: Any) -> str:
    code = text(value, most=3)
    if code not in DECIMALS:
        raise Wrong("currency_unknown", "The currency must be a code of ISO 4217, such as CNY.", "币种须为 ISO 4217 代码，例如 CNY。")
    return code


def money(value: Any, code: str) -> Money:
    """A positive amount from a decimal string; JSON numbers are refused, for they lose cents on their way."""
    wrong = Wrong(
        "amount_malformed",
        f'Write the amount as a string of digits with at most {DECIMALS[code]} decimals, as in "8000.00".',
        f'请以字符串填写金额，最多 {DECIMALS[code]} 位小数，例如 "8000.00"。',
    )
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", value, re.ASCII):
        raise wrong
    try:
        return Money.parse(value, code)
    except NotAnAmount:
        raise wrong from None


def months(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong("term_malformed", "The term must be a whole number of months, as in 12.", "期限须为整数月数，例如 12。")
    return value


def one_of(value: Any, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(choices)
        raise Wrong("not_a_choice", f"This must be one of {listed}.", f"此项须为以下之一：{listed}。")
    return value
