"""Figures and names on the application's page are told as a person reads them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from xinqiao.credit.card_history import CARD_HISTORY
from xinqiao.kit import events, new_id
from xinqiao.web.console.casefile import timeline
from xinqiao.web.console.pictures import feature_word
from xinqiao.web.demo_shop import grouped
from xinqiao.web.i18n import LANGUAGES, Words

LONGEST = 36
"""Characters of an axis label that are drawn before it is cut, in charts.js' 220 pixels of 12-pixel letters."""


def spoken(language: str) -> Words:
    return Words(language, ZoneInfo("Asia/Shanghai"))


def detail(kind: str, language: str = "en", **data: Any) -> str:
    event = events.Event(kind, new_id(), data, None, id=new_id(), at=datetime(2026, 3, 2, tzinfo=UTC))
    return str(timeline(spoken(language), {}, {}, [event])[0]["detail"])


def test_scores_of_a_face_check_have_three_decimals_and_its_label_is_words() -> None:
    checked = {"outcome": "pass", "liveness_score": "0.8498858729602347", "match_score": "0.939934492111206", "label": "live"}
    assert detail("identity.checked", **checked) == "Passed · liveness 0.850 · match 0.940 · called live"
    assert detail("identity.checked", "zh-CN", **checked).endswith("判为真人")


def test_whole_numbers_and_codes_stay_as_they_are() -> None:
    assert "score 311" in detail("credit.decided", score=311, band="F")
    assert "Band F" in detail("credit.decided", score=311, band="F")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_feature_of_a_scorecard_has_a_short_name_of_its_own(language: str) -> None:
    names = [one.name for one in CARD_HISTORY.usable()]
    told = [feature_word(spoken(language), name) for name in names]
    assert len(set(told)) == len(names)
    assert not set(told) & set(names)
    assert max(map(len, told)) <= LONGEST


def test_a_column_of_ones_own_data_goes_by_its_name() -> None:
    assert feature_word(spoken("en"), "employment_years") == "employment_years"


@pytest.mark.parametrize(
    ("plain", "said"),
    [("个人，月收入 ¥19100.00", "个人，月收入 ¥19,100.00"), ("earns ¥900.50 a month", "earns ¥900.50 a month"), ("no income", "no income")],
)
def test_sums_within_words_are_grouped(plain: str, said: str) -> None:
    assert grouped(plain) == said
