"""Field by field: what is accepted, in which form, and what is said of the rest."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.intake import fields
from xinqiao.intake.fields import Wrong
from xinqiao.intake.model import age_band, age_on
from xinqiao.kit import CNY

TODAY = date(2026, 3, 2)


def check_digit(seventeen: str) -> str:
    """GB 11643-1999 as its text has it (ISO 7064 MOD 11-2 by weights), apart from the library's way."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(seventeen, weights, strict=True)) % 11]


def number(born: date, province: str = "110105", order: str = "002") -> str:
    seventeen = f"{province}{born:%Y%m%d}{order}"
    return seventeen + check_digit(seventeen)


def code_of(read, *args, **kwargs) -> str:
    with pytest.raises(Wrong) as wrong:
        read(*args, **kwargs)
    assert wrong.value.says
    assert wrong.value.says_zh
    return wrong.value.code


def test_the_standards_own_example_is_accepted() -> None:
    """GB 11643-1999 gives 11010519491231002X."""
    who = fields.identity("11010519491231002x", today=TODAY)
    assert (who.number, who.born, who.age, who.province) == ("11010519491231002X", date(1949, 12, 31), 76, "110000")


@pytest.mark.parametrize("written", [" 11010519491231002X ", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"])
def test_spaces_and_full_width_digits_are_read(written: str) -> None:
    assert fields.identity(written, today=TODAY).number == "11010519491231002X"


@pytest.mark.parametrize("position", range(18))
def test_a_change_of_any_one_character_is_found(position: int) -> None:
    right = "11010519491231002X"
    for other in "0123456789X":
        if other != right[position]:
            with pytest.raises(Wrong):
                fields.identity(right[:position] + other + right[position + 1 :], today=TODAY)


@pytest.mark.parametrize(
    "value", ["", "123", "110105491231002", "1101051949123100255", "X1010519491231002X", "一" * 18, None, 11010519491231002, [], "1\n" * 9]
)
def test_what_is_no_id_number_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.identity(value, today=TODAY)


def test_each_fault_of_an_id_number_has_its_own_code() -> None:
    assert code_of(fields.identity, "110105491231002", today=TODAY) == "intake.id_number_malformed"
    assert code_of(fields.identity, "110105194912310021", today=TODAY) == "intake.id_number_check_digit"
    assert code_of(fields.identity, number(date(1990, 1, 1), province="990105"), today=TODAY) == "intake.id_number_province"
    assert code_of(fields.identity, "11010519900231002" + check_digit("11010519900231002"), today=TODAY) == "intake.id_number_birth_date"
    assert code_of(fields.identity, number(TODAY + timedelta(1)), today=TODAY) == "intake.id_number_birth_date"
    assert code_of(fields.identity, number(date(1890, 1, 1)), today=TODAY) == "intake.id_number_birth_date"


def test_eighteen_is_reached_on_the_birthday() -> None:
    assert fields.identity(number(date(2008, 3, 2)), today=TODAY).age == 18
    assert code_of(fields.identity, number(date(2008, 3, 3)), today=TODAY) == "intake.under_age"


def test_one_born_on_a_leap_day_comes_of_age_on_the_first_of_march() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


def test_one_born_before_the_county_existed_is_accepted() -> None:
    """Xihu district of Hangzhou (330106) dates from 1983; its older residents' numbers begin with it all the same."""
    assert fields.identity(number(date(1960, 5, 1), province="330106"), today=TODAY).province == "330000"


def test_every_invented_person_of_the_demo_is_accepted() -> None:
    fake = Faker("zh_CN")
    fake.seed_instance(7)
    for _ in range(300):
        fields.name(fake.name())
        fields.phone(fake.phone_number())
        fields.address(fake.address())
        fields.identity(fake.ssn(min_age=19, max_age=70), today=date.today())


@pytest.mark.parametrize(
    ("age", "band"), [(18, "18-24"), (24, "18-24"), (25, "25-34"), (34, "25-34"), (35, "35-44"), (64, "55-64"), (65, "65+"), (99, "65+")]
)
def test_age_bands_at_their_edges(age: int, band: str) -> None:
    assert age_band(age) == band


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("王小明", "王小明"),
        ("阿卜杜拉•艾合买提", "阿卜杜拉·艾合买提"),
        (" 欧阳 ", "欧阳"),
        ("Zoë O'Neil-Li", "Zoë O'Neil-Li"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names_as_people_have_them_are_accepted(written: str, read: str) -> None:
    assert fields.name(written) == read


@pytest.mark.parametrize(
    "value",
    ["王", "", " ", "王小明1", "<b>王</b>", "王;DROP", "王·", "·王明", "a" * 61, "王\n明", "王\u200b明", "王\ud800", "a\x00b", None, 5, {}],
)
def test_what_is_no_name_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.name(value)


@pytest.mark.parametrize("written", ["13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000", "8613800138000"])
def test_one_number_is_one_number_however_written(written: str) -> None:
    assert fields.phone(written) == "+8613800138000"


@pytest.mark.parametrize(
    "value",
    ["", "1380013800", "138001380001", "010-62345678", "+1 202 555 0143", "12345678901", "13800138000 ext 5", "abc", None, 13800138000],
)
def test_what_is_no_mobile_number_of_the_mainland_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.phone(value)


@pytest.mark.parametrize("value", ["330106", "330100", "330000", "110105", "650100"])
def test_divisions_of_every_level_are_known(value: str) -> None:
    assert fields.region(value) == value


@pytest.mark.parametrize("value", ["330199", "990000", "3301", "33010a", "", None, 330106])
def test_what_is_no_division_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.region(value)


def test_a_credit_code_is_read_in_its_one_spelling_and_any_change_is_found() -> None:
    assert fields.credit_code("9111 0000 6000 3734 1l") == "91110000600037341L"
    for position in range(18):
        changed = "91110000600037341L"[:position] + "7" + "91110000600037341L"[position + 1 :]
        if changed != "91110000600037341L":
            assert code_of(fields.credit_code, changed) == "intake.credit_code_malformed"


@pytest.mark.parametrize("value", ["91110000600037341I", "", "9111", None, "91110000600037341", "密" * 18])
def test_what_is_no_credit_code_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.credit_code(value)


@pytest.mark.parametrize(("value", "fen"), [("8000.00", 800000), ("8000", 800000), ("0.5", 50), ("8000.0", 800000)])
def test_amounts_are_read_exactly(value: str, fen: int) -> None:
    assert fields.money(value, "CNY") == CNY(fen)


@pytest.mark.parametrize(
    "value", [8000, 8000.0, "8,000", "8000.001", "-1", "+1", "1e3", "NaN", "Infinity", "", " 1", "１", "9" * 13, None, True, [], "1."]
)
def test_what_is_no_amount_is_refused(value) -> None:
    assert code_of(fields.money, value, "CNY") == "intake.amount_malformed"


@pytest.mark.parametrize("value", ["12", 12.0, True, None, [12]])
def test_a_term_that_is_no_whole_number_is_refused(value) -> None:
    assert code_of(fields.months, value) == "intake.term_malformed"


def test_a_card_number_is_checked_and_read_without_spaces() -> None:
    assert fields.bank_account("6222 0212 3456 7890 128") == "6222021234567890128"
    assert code_of(fields.bank_account, "6222021234567890127") == "intake.bank_account_malformed"


@pytest.mark.parametrize("value", ["a@b", "a b@c.cn", "@c.cn", "a@c..cn", "a@-", "王@c.cn", None])
def test_what_is_no_address_for_mail_is_refused(value) -> None:
    with pytest.raises(Wrong):
        fields.email(value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
READERS = [
    fields.name,
    fields.phone,
    fields.email,
    fields.address,
    fields.region,
    fields.credit_code,
    fields.bank_account,
    fields.months,
    fields.currency,
]


@given(value=ANYTHING)
def test_no_value_whatever_breaks_a_reader(value) -> None:
    for read in [*READERS, lambda one: fields.identity(one, today=TODAY), lambda one: fields.money(one, "CNY")]:
        with suppress(Wrong):
            assert read(value) is not None
