"""The door against foreign script, and errors that both people and programs can read."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from xinqiao.kit import Refused
from xinqiao.web import pages

TEMPLATES = sorted((pages.HERE / "templates").rglob("*.html"))
OWN_SCRIPTS = sorted(pages.STATIC.glob("*.js"))


class TooShort(Refused):
    code = "test.too_short"
    says = "{0!r} is too short; give at least 3 letters."
    says_zh = "{0!r} 太短，至少三个字。"


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"type": "http", "method": "GET", "path": "/my", "query_string": b"", "headers": raw, "scheme": "http", "server": ("x", 80)}
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|javascript:|\son[a-z]+=|\shx-on", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_switches_escaping_off(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape false", path.read_text())


@pytest.mark.parametrize("path", OWN_SCRIPTS, ids=lambda path: path.name)
def test_own_scripts_make_no_code_or_markup_from_text(path: Path) -> None:
    assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|https?://", path.read_text())


def test_the_policy_allows_only_this_server() -> None:
    assert pages.POLICY.startswith("default-src 'none'")
    assert "unsafe" not in pages.POLICY
    assert "http" not in pages.POLICY


def test_a_page_opens_the_camera_only_where_it_is_needed() -> None:
    closed = pages.error(request(accept="text/html"), TooShort("ab"))
    assert "camera=()" in closed.headers["permissions-policy"]
    assert closed.headers["content-security-policy"] == pages.POLICY
    assert closed.headers["cache-control"] == "no-store"


def test_a_person_reads_the_refusal_in_their_language() -> None:
    page = pages.error(request(accept="text/html", accept_language="zh-CN"), TooShort("<b>"))
    body = page.body.decode()
    assert page.status_code == 422
    assert "太短，至少三个字" in body
    assert "test.too_short" in body
    assert "<b>" not in body
    assert '<html lang="zh-CN"' in body


def test_a_program_is_given_a_problem() -> None:
    page = pages.error(request(accept="application/problem+json", accept_language="en"), TooShort("ab", field="name"))
    assert page.headers["content-type"] == "application/problem+json"
    assert b'"code":"test.too_short"' in page.body
    assert b'"field":"name"' in page.body


def test_an_asset_address_changes_with_its_content() -> None:
    mark = pages.asset("xinqiao.css").partition("?v=")[2]
    assert re.fullmatch(r"[0-9a-f]{12}", mark)
