"""The browser files of others are the ones that VENDOR.md names, byte for byte."""

import re
from hashlib import sha256

import pytest

from xinqiao.web import pages

VENDOR = pages.STATIC / "vendor"
ROWS = re.findall(
    r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `[^`]+` \| `([0-9a-f]{64})` \|$",
    (VENDOR / "VENDOR.md").read_text(),
    re.M,
)


def test_every_script_of_others_is_listed_and_nothing_else() -> None:
    assert {name for name, *_ in ROWS} == {path.name for path in VENDOR.glob("*.js")}


@pytest.mark.parametrize(("name", "package", "version", "licence", "texts", "digest"), ROWS)
def test_a_listed_file_has_its_hash_version_and_licence_text(
    name: str, package: str, version: str, licence: str, texts: str, digest: str
) -> None:
    assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert version.strip() in name
    assert licence.strip()
    assert all((VENDOR / text.strip()).stat().st_size > 100 for text in texts.split(","))


def test_pages_ask_for_the_listed_files() -> None:
    asked = {pages.HTMX, pages.ALPINE, pages.ECHARTS}
    assert asked == {f"vendor/{name}" for name, *_ in ROWS}
    assert all(pages.asset(name).startswith(f"/static/{name}?v=") for name in asked)
