from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.intake import FORBIDDEN_PURPOSES, LOAN_PURPOSES, PRODUCTS, InvalidFields
from xinqiao.intake.validation import read
from xinqiao.kit import CNY, Money

TODAY = date(2026, 3, 2)
PERSONAL = ["11010519491231002X", "110105194912310021", "王小明", "13800138000", "建国路"]


def faults(body) -> dict[str, str]:
    """Field -> code of all that is wrong with a body."""
    with pytest.raises(InvalidFields) as invalid:
        read(body, today=TODAY)
    for error in invalid.value.errors:
        assert error.says
        assert error.says_zh
    return {error.field: error.code for error in invalid.value.errors}


def test_a_personal_application_is_read_in_normal_forms(body) -> None:
    draft = read(body, today=TODAY)
    assert (draft.amount, draft.phone, draft.language, draft.product) == (CNY(800000), "+8613800138000", "zh-CN", "personal")
    assert draft.region == "110000", "the province of the ID number, as none was given"
    assert read({**body, "region": "330106"}, today=TODAY).region == "330106"


def test_a_micro_business_names_itself(business) -> None:
    draft = read(business, today=TODAY)
    assert (draft.business.credit_code, draft.business.role, draft.product) == ("91110000600037341L", "owner", "micro_business")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    body = {
        "kind": "personal",
        "name": "王",
        "id_number": "1",
        "phone": "2",
        "amount": 5,
        "term_months": "12",
        "loan_purpose": "stocks",
        "colour": 1,
    }
    assert faults(body) == {
        "name": "intake.wrong_length",
        "id_number": "intake.id_number_malformed",
        "phone": "intake.phone_malformed",
        "address": "intake.field_missing",
        "amount": "intake.amount_malformed",
        "term_months": "intake.term_malformed",
        "loan_purpose": "intake.purpose_forbidden",
        "colour": "intake.field_unknown",
    }


def test_every_required_field_is_missed_alone(body) -> None:
    for field in ("name", "id_number", "phone", "address", "amount", "term_months", "loan_purpose"):
        assert faults({one: value for one, value in body.items() if one != field}) == {field: "intake.field_missing"}
        assert faults({**body, field: None}) == {field: "intake.field_missing"}


@pytest.mark.parametrize(
    ("wrong", "right"), [("id_no", "id_number"), ("Phone", "phone"), ("termMonths", "term_months"), ("purpose", "loan_purpose")]
)
def test_an_unknown_field_is_refused_with_the_nearest_right_name(body, wrong: str, right: str) -> None:
    with pytest.raises(InvalidFields) as invalid:
        read({**body, wrong: "x"}, today=TODAY)
    assert f"did you mean '{right}'" in invalid.value.errors[0].says


def test_thousands_of_unknown_fields_get_a_short_answer(body) -> None:
    assert len(faults({**body, **{f"x{i}" * 50: 1 for i in range(5000)}})) <= 20


@pytest.mark.parametrize("given", [None, [], "x", 5, True])
def test_a_body_that_is_no_object_is_refused(given) -> None:
    assert faults(given) == {"": "intake.not_an_object"}


@pytest.mark.parametrize(("amount", "fits"), [("499.99", False), ("500.00", True), ("200000.00", True), ("200000.01", False), ("0", False)])
def test_the_products_limits_hold_to_the_cent(body, amount: str, fits: bool) -> None:
    if fits:
        assert read({**body, "amount": amount}, today=TODAY).amount == Money.parse(amount, "CNY")
    else:
        assert faults({**body, "amount": amount}) == {"amount": "intake.amount_out_of_range"}


def test_another_currency_than_the_products_is_refused(body) -> None:
    assert faults({**body, "currency": "USD"}) == {"amount": "intake.amount_out_of_range"}
    assert faults({**body, "currency": "XXX"}) == {"currency": "intake.currency_unknown"}


def test_a_term_the_product_does_not_have_is_refused_with_those_it_has(body) -> None:
    with pytest.raises(InvalidFields) as invalid:
        read({**body, "term_months": 13}, today=TODAY)
    assert "3, 6, 9, 12, 18, 24, 36" in invalid.value.errors[0].says


@pytest.mark.parametrize("purpose", FORBIDDEN_PURPOSES)
def test_forbidden_purposes_are_refused_as_such(body, purpose: str) -> None:
    assert faults({**body, "loan_purpose": purpose}) == {"loan_purpose": "intake.purpose_forbidden"}


@pytest.mark.parametrize("purpose", LOAN_PURPOSES)
def test_every_purpose_belongs_to_one_kind_of_applicant(body, business, purpose: str) -> None:
    takers = [code for code, product in PRODUCTS.items() if purpose in product.purposes]
    assert len(takers) == 1
    wanted, other = (body, business) if takers == ["personal"] else (business, body)
    assert read({**wanted, "loan_purpose": purpose}, today=TODAY).loan_purpose == purpose
    assert faults({**other, "loan_purpose": purpose}) == {"loan_purpose": "intake.not_a_choice"}


def test_a_business_is_asked_of_a_micro_business_and_of_nobody_else(body, business) -> None:
    assert faults({**business, "business": None}) == {"business": "intake.field_missing"}
    assert faults({**business, "business": []}) == {"business": "intake.not_an_object"}
    assert faults({**body, "business": business["business"]}) == {"business": "intake.business_unwanted"}


def test_faults_inside_the_business_are_named_by_their_path(business) -> None:
    inner = {"name": "店", "credit_code": "1", "role": "cook", "rôle": 1}
    assert faults({**business, "business": inner}) == {
        "business.name": "intake.wrong_length",
        "business.credit_code": "intake.credit_code_malformed",
        "business.role": "intake.not_a_choice",
        "business.r\\xf4le": "intake.field_unknown",
    }


def test_a_kind_that_is_none_does_not_hide_other_faults(body) -> None:
    assert faults({**body, "kind": "company", "amount": "x"}) == {"kind": "intake.not_a_choice", "amount": "intake.amount_malformed"}


def test_a_product_of_another_kind_is_refused(body) -> None:
    assert faults({**body, "product": "micro_business"})["product"] == "intake.not_a_choice"


def test_no_message_repeats_a_personal_value(body) -> None:
    for field in ("name", "id_number", "phone", "address"):
        with pytest.raises(InvalidFields) as invalid:
            read({**body, "id_number": "110105194912310021", field: body[field] + "\x00 13800138000 王小明"}, today=TODAY)
        said = str(invalid.value) + str(invalid.value.errors)
        assert not any(value in said for value in PERSONAL)


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text())))
def test_no_body_whatever_breaks_the_reader(body) -> None:
    with pytest.raises(InvalidFields):
        read(body, today=TODAY)
