"""WCAG 2.2: text 4.5:1 (1.4.3), controls and pictures 3:1 (1.4.11), in light and in dark, measured on the tokens themselves."""

import re

import pytest

from xinqiao.identity.liveness.challenge.colours import COLOURS
from xinqiao.web import pages

CSS = (pages.STATIC / "xinqiao.css").read_text()
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-soft", "accent", "seal", "good", "warn", "bad") for ground in ("paper", "surface")],
    *[("ink", f"{kind}-soft") for kind in ("accent", "good", "warn", "bad", "seal")],
    *[(kind, f"{kind}-soft") for kind in ("accent", "good", "warn", "bad", "seal")],
    ("ink", "sunk"),
    ("ink-soft", "sunk"),
    ("accent-strong", "accent-soft"),
    ("ink-soft", "accent-soft"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
]
SHAPES = [*[(mark, ground) for mark in ("edge", "principal", "interest", "premium") for ground in ("surface", "paper")], ("edge", "sunk")]
BLOCKS = {
    "light": r":root \{(.*?)\n\}",
    "dark by the system": r"@media \(prefers-color-scheme: dark\) \{\s*:root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}",
    "dark by choice": r":root\[data-theme=\"dark\"\] \{(.*?)\n\}",
}


def tokens(theme: str) -> dict[str, str]:
    block = re.search(BLOCKS[theme], CSS, re.S)
    assert block is not None
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the usual example that just fails


@pytest.mark.parametrize("theme", BLOCKS)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_stands_out(theme: str, ink: str, ground: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", BLOCKS)
@pytest.mark.parametrize(("mark", "ground"), SHAPES)
def test_edges_and_charts_stand_out(theme: str, mark: str, ground: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[mark], colours[ground]) >= 3


def test_both_ways_into_the_dark_agree() -> None:
    assert tokens("dark by the system") == tokens("dark by choice")


@pytest.mark.parametrize("colour", COLOURS)
def test_black_words_stand_out_on_every_colour_that_a_challenge_shows(colour: str) -> None:
    assert contrast("#000000", "#{:02x}{:02x}{:02x}".format(*COLOURS[colour])) >= 4.5
