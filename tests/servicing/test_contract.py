import pytest

from xinqiao.kit import CNY, sha256_hex
from xinqiao.servicing.contract import LANGUAGES, Contract, costs, render
from xinqiao.servicing.contract.words import capital_yuan
from xinqiao.servicing.errors import LanguageUnknown, TermsRefused

from .lending import BANK, INSURER, TERMS, replace

OFFER, APPLICATION = BANK.id, INSURER.id


def rendered(language: str = "en", **changes: object) -> Contract:
    given = {"offer_id": OFFER, "application_id": APPLICATION, "funder": BANK, "guarantor": INSURER, "terms": TERMS, "language": language}
    return render(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_terms_give_the_same_bytes_and_their_hash(language: str) -> None:
    first, second = rendered(language), rendered(language)
    assert first == second
    assert first.sha256 == sha256_hex(first.text.encode())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_contract_discloses_the_full_cost_in_figures(language: str) -> None:
    schedule, text = TERMS.schedule(), rendered(language).text
    for figure in (
        f"{schedule.annual_rate().percent}%",
        f"{schedule.to_repay.decimal:,}",
        f"{schedule.premium.decimal:,}",
        "12.00%",
        "18.00%",
    ):
        assert figure in text
    for i in schedule.instalments:
        assert f"{i.number} | {i.due} | {i.total} | " in text


@pytest.mark.parametrize(
    ("language", "sha256"),
    [
        ("zh-CN", "81400d0b3944ed1cdde25b452faff0d485423ccd8da1b68c6ec358bf2caeeb27"),
        ("en", "81bfe224a71de9dcca35db20ea39d0378140e51abc36f72ad5f0a099d18e808d"),
    ],
)
def test_a_published_template_never_changes(language: str, sha256: str) -> None:
    """A changed text is a new version, loan.2: contracts that were signed name the template they were made from."""
    assert rendered(language).template_sha256 == sha256


def test_every_language_says_the_same_numbers() -> None:
    tables = [[line for line in rendered(language).text.splitlines() if line[:1].isdigit() and " | " in line] for language in LANGUAGES]
    assert tables[0] == tables[1]
    assert len(tables[0]) == TERMS.months


def test_parties_carry_the_names_of_the_language() -> None:
    assert "江河银行" in rendered("zh-CN").text
    assert "Harbour Guarantee" in rendered("en").text


def test_without_a_guarantor_the_contract_says_so() -> None:
    assert "no guarantor" in rendered(guarantor=None).text
    assert "Harbour" not in rendered(guarantor=None).text


def test_one_changed_fen_changes_the_hash() -> None:
    assert rendered(terms=replace(TERMS, principal=CNY(1_000_001))).sha256 != rendered().sha256


def test_a_language_without_a_text_is_refused() -> None:
    with pytest.raises(LanguageUnknown, match="zh-CN, en"):
        rendered("fr")


def test_the_parts_of_the_cost_sum_to_the_rate_and_the_money_shown() -> None:
    schedule = TERMS.schedule()
    *parts, whole = costs(schedule)
    assert [part.name for part in parts] == ["interest", "premium", "fees"]
    assert sum(part.annual_percent for part in parts) == whole.annual_percent == schedule.annual_rate().percent
    assert sum(part.amount.minor for part in parts) == whole.amount.minor


@pytest.mark.parametrize("change", [{"platform_share": 2}, {"cooling_days": -1}, {"report_grace_days": 0}])
def test_terms_out_of_bounds_are_refused(change: dict) -> None:
    with pytest.raises(TermsRefused):
        replace(TERMS, **change)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (105, "壹元零伍分"),
        (110, "壹元壹角整"),
        (1_005_030, "壹万零伍拾元叁角整"),
        (1_234_567_890, "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角整"),
        (10_000_000_100, "壹亿零壹元整"),
        (10_010_001_000, "壹亿零壹拾万零壹拾元整"),
    ],
)
def test_amounts_in_chinese_capitals(fen: int, words: str) -> None:
    assert capital_yuan(CNY(fen)) == words
