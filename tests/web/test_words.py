"""Every word a page shows exists in both languages, and each reader is given their own."""

import re
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from starlette.requests import Request

from xinqiao.kit import CNY, Money
from xinqiao.web import i18n, pages

CHINESE = re.compile(r"[\u3400-\u9fff]")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true"}}


@cache
def used() -> dict[object, str]:
    found = extract_from_dir(str(pages.HERE), METHODS, OPTIONS, KEYWORDS)
    return {message: f"{name}:{line}" for name, line, message, _, _ in found}


def translated() -> dict[object, list[tuple[str, object]]]:
    words = defaultdict(list)
    for path in sorted((i18n.LOCALES / "zh_CN" / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source):
                if message.id and message.string and not message.fuzzy:
                    words[message.id].append((path.name, message.string))
    return words


def test_the_search_for_words_finds_them() -> None:
    assert len(used()) > 150
    assert "Agree" in used()


def test_every_word_has_its_chinese() -> None:
    known = translated()
    assert {message: place for message, place in used().items() if message not in known} == {}


def test_no_chinese_word_is_left_over_or_said_twice_differently() -> None:
    known, shown = translated(), used()
    assert [message for message in known if message not in shown] == []
    assert [message for message, said in known.items() if len({str(text) for _, text in said}) > 1] == []


def test_a_translation_keeps_the_places_for_values() -> None:
    place = re.compile(r"%\(\w+\)s")
    for message, said in translated().items():
        asked = {p for form in (message if isinstance(message, tuple) else (message,)) for p in place.findall(form)}
        for _, text in said:
            given = {p for form in (text if isinstance(text, tuple) else (text,)) for p in place.findall(form)}
            assert given == asked, message


@pytest.mark.parametrize("path", sorted((pages.HERE / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_untranslated_chinese(path: Path) -> None:
    bare = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
    assert not CHINESE.search(bare.replace('seal(word="信")', ""))


def asking(query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"accept-language", accept.encode())] * bool(accept) + [(b"cookie", cookie.encode())] * bool(cookie)
    return Request({"type": "http", "method": "GET", "path": "/my", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("", "", "", "zh-CN"),
        ("", "", "fr-FR,fr;q=0.9", "zh-CN"),
        ("", "", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "", "en;q=0.2, zh-TW;q=0.7", "zh-CN"),
        ("", "", "en;q=0, de", "zh-CN"),
        ("", "", "en;q=oops", "zh-CN"),
        ("", "lang=en", "zh-CN", "en"),
        ("lang=zh", "lang=en", "en", "zh-CN"),
        ("lang=tlh", "lang=en", "zh", "en"),
    ],
)
def test_the_address_goes_before_the_cookie_and_the_cookie_before_the_browser(query: str, cookie: str, accept: str, language: str) -> None:
    assert i18n.negotiate(asking(query, cookie, accept)) == language


def test_money_and_rates_are_written_alike_in_both_languages() -> None:
    for language in i18n.LANGUAGES:
        words = i18n.Words(language, ZoneInfo("Asia/Shanghai"))
        assert words.money(CNY(123_456_789)) == "¥1,234,567.89"
        assert words.money(CNY(-5)) == "−¥0.05"
        assert words.money(Money(1500, "JPY")) == "JP¥1,500"
        assert words.percent(Decimal("0.18245")) == "18.25%"


def test_a_word_missing_in_one_language_is_said_in_the_other() -> None:
    words = i18n.Words("en", ZoneInfo("Asia/Shanghai"))
    assert words.both("收入", "") == "收入"
