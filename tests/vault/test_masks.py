"""What is shown of a value, and which spellings are one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.vault import Field, Klass, mask
from xinqiao.vault.normalise import normalise

SHOWN = [
    (Field.NAME, "张三", "张*"),
    (Field.NAME, "张小明", "张**"),
    (Field.NAME, "欧阳修", "欧阳*"),
    (Field.NAME, "John Smith", "J*** S***"),
    (Field.ID_NUMBER, "11010519491231002X", "110*************2X"),
    (Field.PHONE, "13800138000", "138****8000"),
    (Field.PHONE, "+86 138-0013-8000", "138****8000"),
    (Field.PHONE, "12", "**"),
    (Field.EMAIL, "someone@example.cn", "s***@example.cn"),
    (Field.EMAIL, "nonsense", "******"),
    (Field.ADDRESS, "浙江省杭州市西湖区文三路1号", "浙江省杭州市****"),
    (Field.ADDRESS, "北京市朝阳区建国路88号", "北京市朝阳区****"),
    (Field.ADDRESS, "nowhere", "****"),
    (Field.BIRTH_DATE, "1949-12-31", "1949-**-**"),
    (Field.BANK_ACCOUNT, "6222 0212 3456 7890 123", "**** 0123"),
    (Field.BANK_ACCOUNT, "123", "******"),
    (Field.INCOME, "8000", "******"),
    (Field.EMPLOYER, "示例公司", "示例公司"),
    (Field.BUREAU_FILE, "{}", "******"),
    (Field.SELFIE, b"\xff\xd8", "******"),
    (Field.TEMPLATE_KEY, b"k" * 32, "******"),
]


@pytest.mark.parametrize(("field", "value", "shown"), SHOWN)
def test_masks_of_ordinary_values(field: Field, value: str | bytes, shown: str) -> None:
    assert mask(field, value) == shown


@given(st.sampled_from([field for field in Field if field.klass is not Klass.C1]), st.text(min_size=1, max_size=40))
def test_no_mask_shows_a_whole_value_that_is_not_public(field: Field, value: str) -> None:
    hidden = mask(field, value)
    assert hidden != value or set(value) <= {"*"}
    assert "*" in hidden


@given(st.text(alphabet="0123456789X", min_size=8, max_size=18))
def test_an_id_number_shows_five_characters_at_most(value: str) -> None:
    assert len(mask(Field.ID_NUMBER, value).replace("*", "")) <= 5


def test_biometrics_and_secrets_are_of_the_most_sensitive_class() -> None:
    secret = {Field.PORTRAIT, Field.SELFIE, Field.FACE_TEMPLATE, Field.TEMPLATE_KEY, Field.FACE_INDEX}
    assert {field for field in Field if field.klass is Klass.C3} == secret
    assert Field.ID_NUMBER.klass is Field.BANK_ACCOUNT.klass is Klass.C2


SAME = [
    (Field.PHONE, ["13800138000", "+86 138 0013 8000", "0086-13800138000", "8613800138000", "１３８００１３８０００"]),
    (Field.ID_NUMBER, ["11010519491231002X", "11010519491231002x", " 110105 19491231 002X", "110105491231002"]),
    (Field.EMAIL, ["A@Example.cn", " a@example.cn"]),
    (Field.BANK_ACCOUNT, ["6222 0212 3456", "622202123456"]),
    (Field.NAME, ["Zhang  San", "zhang san"]),
    (Field.ADDRESS, ["杭州市西湖区文三路1号", "杭州市 西湖区，文三路１号"]),
]


@pytest.mark.parametrize(("field", "spellings"), SAME)
def test_spellings_of_one_value_are_one_value(field: Field, spellings: list[str]) -> None:
    assert len({normalise(field, spelling) for spelling in spellings}) == 1


def test_different_numbers_stay_different() -> None:
    assert normalise(Field.PHONE, "+1 3800138000") != normalise(Field.PHONE, "13800138001")
    assert normalise(Field.PHONE, "8613800138") != normalise(Field.PHONE, "13800138")
