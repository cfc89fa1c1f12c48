"""The texts: complete in both languages, told in the same six parts, true to what the policies let be read."""

from dataclasses import replace
from pathlib import Path

import pytest

from xinqiao.consent import TEXTS, Recipient, text_for, texts
from xinqiao.consent.errors import RecipientMissing, RecipientUnasked, TextMalformed, TextUnknown
from xinqiao.consent.model import ASKING_ORDER, LANGUAGES
from xinqiao.vault import CONSENT_PURPOSES, Actor, Field, Purpose
from xinqiao.vault.access import Gate, request_of

BANK = Recipient("bank-a", "Example Bank", "示例银行")
SERVICE = Actor("service", "tests")


def test_every_purpose_that_needs_consent_has_a_text_in_both_languages() -> None:
    assert set(TEXTS) == {(purpose, language) for purpose in CONSENT_PURPOSES for language in LANGUAGES}
    assert set(ASKING_ORDER) == CONSENT_PURPOSES


@pytest.mark.parametrize("text", TEXTS.values(), ids=lambda text: f"{text.purpose}-{text.language}")
def test_each_text_says_the_same_six_things_in_few_words(text) -> None:
    assert len(text.paragraphs) == 6
    assert all(text.paragraphs)
    assert len(text.body) < (650 if text.language == "zh-CN" else 1600)
    assert max(map(len, text.paragraphs)) < (160 if text.language == "zh-CN" else 360)
    marks = ("不同意", "撤回") if text.language == "zh-CN" else ("say no", "take it back")
    assert marks[0] in text.paragraphs[4]
    assert marks[1] in text.paragraphs[5].casefold()


@pytest.mark.parametrize("purpose", sorted(CONSENT_PURPOSES))
def test_a_text_names_every_field_that_the_policies_let_be_read_for_it(purpose: Purpose) -> None:
    gate = Gate()
    recipient = "bank-a" if purpose is Purpose.FUNDER_SHARING else None
    readable = {
        field
        for field in Field
        if gate.decide(request_of(SERVICE, "read", field, purpose, basis=True, own=False, recipient=recipient)).allowed
    }
    assert readable - {Field.TEMPLATE_KEY} <= set(TEXTS[purpose, "en"].fields)
    assert TEXTS[purpose, "en"].fields == TEXTS[purpose, "zh-CN"].fields


@pytest.mark.parametrize(
    ("purpose", "language", "promise"),
    [
        (Purpose.IDENTITY, "zh-CN", "不会因此被拒绝"),
        (Purpose.IDENTITY, "en", "not refused for it"),
        (Purpose.AUTOMATED_DECISION, "zh-CN", "工作人员审批"),
        (Purpose.AUTOMATED_DECISION, "en", "A person decides"),
        (Purpose.MARKETING, "zh-CN", "没有任何影响"),
        (Purpose.MARKETING, "en", "changes nothing"),
        (Purpose.MEDIA, "zh-CN", "没有任何影响"),
        (Purpose.MEDIA, "en", "changes nothing"),
    ],
)
def test_what_a_no_does_is_promised(purpose: Purpose, language: str, promise: str) -> None:
    assert promise in TEXTS[purpose, language].if_no


@pytest.mark.parametrize("language", LANGUAGES)
def test_sharing_names_the_funder_in_text_and_hash(language: str) -> None:
    text = text_for(Purpose.FUNDER_SHARING, language, BANK)
    other = text_for(Purpose.FUNDER_SHARING, language, Recipient("bank-b", "Other Bank", "另一银行"))
    assert BANK.named(language) in text.title
    assert "{" not in text.title + text.body + text.if_no + text.withdrawal
    assert len({text.sha256, other.sha256, TEXTS[Purpose.FUNDER_SHARING, language].sha256}) == 3


def test_the_hash_covers_every_word_shown() -> None:
    text = TEXTS[Purpose.MARKETING, "zh-CN"]
    changed = [
        replace(text, title=text.title + "。"),
        replace(text, paragraphs=(*text.paragraphs[:5], text.paragraphs[5] + " ")),
        replace(text, if_no="x"),
        replace(text, version=2),
        replace(text, language="en"),
        replace(text, purpose=Purpose.MEDIA),
    ]
    assert len({text.sha256, *(one.sha256 for one in changed)}) == 7


def test_a_purpose_without_a_text_or_a_language_we_do_not_write_is_refused() -> None:
    for purpose, language in [(Purpose.COLLECTION, "en"), (Purpose.MARKETING, "fr")]:
        with pytest.raises(TextUnknown):
            text_for(purpose, language)


def test_a_recipient_is_named_exactly_where_the_text_has_one() -> None:
    with pytest.raises(RecipientMissing):
        text_for(Purpose.FUNDER_SHARING, "en")
    with pytest.raises(RecipientUnasked):
        text_for(Purpose.MARKETING, "en", BANK)


def test_a_newer_version_is_shown_and_the_old_one_stays(tmp_path: Path) -> None:
    source = (texts.FOLDER / "marketing.1.toml").read_text("utf-8")
    (tmp_path / "marketing.1.toml").write_text(source, "utf-8")
    (tmp_path / "marketing.2.toml").write_text(source.replace("version = 1", "version = 2").replace("优惠", "活动"), "utf-8")
    loaded = texts.load(tmp_path)
    assert sorted(text.version for text in loaded) == [1, 1, 2, 2]
    assert texts.newest(loaded)[Purpose.MARKETING, "zh-CN"].version == 2


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("marketing.2.toml", ("", "")),
        ("marketing.1.toml", ('purpose = "marketing"', 'purpose = "nothing"')),
        ("marketing.1.toml", ("[en]", "[fr]")),
        ("marketing.1.toml", ('fields = ["name"', 'fields = ["nome"')),
        ("marketing.1.toml", ('  "怎么撤回：在“我的授权”里点“撤回”，立即停止发送。",\n', "")),
        ("marketing.1.toml", ("version = 1", "version = ")),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, name: str, change: tuple[str, str]) -> None:
    source = (texts.FOLDER / "marketing.1.toml").read_text("utf-8")
    assert change[0] in source
    (tmp_path / name).write_text(source.replace(*change), "utf-8")
    with pytest.raises(TextMalformed, match=name):
        texts.load(tmp_path)
