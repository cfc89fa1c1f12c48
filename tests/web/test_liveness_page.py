"""Error rates and drift: what was calibrated is drawn, what was not is said, and scores that moved raise an alarm."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

import xinqiao
from xinqiao.identity.thresholds import ANY_DEVICE
from xinqiao.staff import Role
from xinqiao.web.console import rates
from xinqiao.web.console.desk import COOKIE

from .checking import calibrated, made, weeks_of_checks
from .conftest import Platform, Visit
from .staffing import Client

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ROOT = Path(xinqiao.__file__).parents[2]
MOVED, STEADY, PLAIN = "moved_phone", "steady_phone", "plain_phone"


@pytest.fixture(scope="module", autouse=True)
def weeks(platform: Platform) -> None:
    """Three classes of devices: the scores of one fell two weeks ago, as did those of one that is judged as any camera."""
    weeks_of_checks(platform, device=MOVED, good=3, bad=2)
    weeks_of_checks(platform, device=STEADY, good=5, bad=0, seed=93)
    weeks_of_checks(platform, device=PLAIN, judged_as=ANY_DEVICE, good=3, bad=2, seed=94)


@pytest.fixture
def charted(platform: Platform) -> Iterator[Path]:
    with calibrated(platform.house, MOVED, STEADY) as file:
        yield file


def shown(client: Client, language: str = "en") -> str:
    return html.unescape(client(Role.RISK).get("/console/liveness", headers={"accept-language": language}).text)


def section(page: str, heading: str) -> str:
    """From a heading to the next section."""
    at = page.index(heading)
    return page[at : page.find("<section", at)]


def test_where_nothing_is_calibrated_the_page_says_so_and_names_both_commands(client: Client) -> None:
    page = shown(client)
    for said in ("Nothing is calibrated here", "xinqiao liveness train DIR", "xinqiao liveness calibrate DIR"):
        assert said in page
    assert "DET" not in page
    assert "not calibrated: nothing to compare with" in page
    for said in ("尚未标定", "xinqiao liveness train DIR", "未标定，无从比较"):
        assert said in shown(client, "zh-CN")


def test_figures_of_what_ships_stand_beside_what_was_never_measured(client: Client) -> None:
    page, told = shown(client), rates.figures()
    for one in told["measured"]:
        assert f"{one['rate']}</span> {one['en']}" in page
    for one in told["never"]:
        assert one["en"] in page
    simulated = section(page, "Simulated only")
    simulated = simulated[: simulated.index("Never measured")]
    assert [one["en"] in simulated for one in told["measured"]] == [one["simulated"] for one in told["measured"]]


@pytest.mark.parametrize("one", rates.figures()["measured"], ids=lambda one: one["en"])
def test_every_figure_is_the_one_its_source_gives(one: dict[str, str]) -> None:
    """Whoever measures anew changes the card; this says that the console's copy must follow."""
    source = (ROOT / one["source"]).read_text("utf-8")
    assert one["quote"] in source, f"{one['source']} no longer says {one['quote']!r}: bring console/measured.json after it"
    assert numbers(one["quote"]) <= numbers(f"{one['rate']} {one['of_en']}")


def numbers(said: str) -> set[str]:
    """All numbers of a text; the card leaves out the nought before a point."""
    return {f"0{one}" if one.startswith(".") else one for one in re.findall(r"[\d.,]*\d", said)}


def test_what_is_simulated_is_called_so_by_its_source(client: Client) -> None:
    never = {one["en"] for one in rates.figures()["never"]}
    for word in ("masks", "near infrared", "depth", "dark", "certification"):
        assert any(word in said for said in never), word


def test_calibrated_classes_are_drawn_with_their_rates_and_intervals(client: Client, charted: Path) -> None:
    page = shown(client)
    told = section(page, f">{MOVED}</h2>")
    assert "Nothing is calibrated here" not in page
    facts = made("any").facts
    rates_, spans = facts["rates"], facts["rates"]["intervals"]
    for species, word in (("flat_print", "flat print"), ("silicone_mask", "silicone mask")):
        rate, between = rates.percent(rates_["apcer"][species]), rates.between(spans["apcer"][species])
        assert re.search(
            rf'{word}</th><td>APCER</td><td class="n strong">{re.escape(rate)}</td><td class="n">{re.escape(between)}</td>', told
        ), word
        assert f"{word}: APCER {rate}" in told  # what a screen reader hears of the line
    assert f'BPCER</td><td class="n strong">{rates.percent(rates_["bpcer"])}</td><td class="n">{rates.between(spans["bpcer"])}' in told
    assert rates_["apcer"]["silicone_mask"] > rates_["apcer"]["flat_print"]
    for said in ("EER", rates.percent(rates_["eer"]), "simulated", "720 captures", "80 living people"):
        assert said in told, said
    assert told.count("<svg") == 2
    assert len(re.findall(r'class="line c\d"', told)) == 2


def test_a_line_s_errors_are_told_in_figures_too(client: Client, charted: Path) -> None:
    told = section(shown(client), f">{MOVED}</h2>")
    for species, points in made("any").facts["det"].items():
        for most in (0.01, 0.05, 0.1):
            least = min(bpcer for apcer, bpcer in points if apcer <= most)
            assert f'<td class="n">{rates.percent(least)}</td>' in told, (species, most)


def test_scores_are_told_in_figures_too(client: Client, charted: Path) -> None:
    told = section(shown(client), f">{MOVED}</h2>")
    counts = made("any").facts["histogram"]
    rows = re.findall(r'<tr><th scope="row" class="num">[^/]*</th><td class="n">(\d+)</td><td class="n">(\d+)</td></tr>', told)
    assert [(int(live), int(attack)) for live, attack in rows] == list(zip(counts["live"], counts["attack"], strict=True))


def test_a_calibration_that_was_altered_is_told_and_not_drawn(client: Client, charted: Path) -> None:
    told = json.loads(charted.read_text())
    told["classes"][MOVED]["rates"]["bpcer"] = 0.0001
    charted.write_text(json.dumps(told))
    page = shown(client)
    assert "The calibration cannot be read, so nothing is drawn of it." in page
    assert "DET" not in page


def test_scores_that_moved_raise_an_alarm_that_says_what_to_do_and_steady_ones_do_not(client: Client, charted: Path) -> None:
    page = shown(client)
    alarm = f"Scores of “{MOVED}” no longer look like those it was calibrated on."
    assert alarm in page
    assert "xinqiao liveness calibrate again" in page
    assert f"Scores of “{STEADY}”" not in page
    moved = section(page, f"The last 12 weeks: {MOVED}")
    steady = section(page, f"The last 12 weeks: {STEADY}")
    assert (moved.count(">!<"), steady.count(">!<")) == (2, 0)
    badges = re.findall(r'class="badge (bad|warn)">([\d.]+)</span></td><td class="n">([\d.]+)', moved)
    assert len(badges) == 2
    assert all(float(index) > max(0.2, float(chance)) for _, index, chance in badges)


def test_a_class_of_no_calibration_is_held_to_the_one_that_judged_it(platform: Platform, client: Client) -> None:
    with calibrated(platform.house, ANY_DEVICE):
        page = shown(client)
    plain, moved = (section(page, f"The last 12 weeks: {name}") for name in (PLAIN, MOVED))
    assert "judged by, and compared with, the calibration of any camera" in plain
    assert plain.count(">!<") == 2
    assert f"Scores of “{PLAIN}” no longer look like those it was calibrated on." in page
    assert "nothing to compare with" in moved, "its checks were judged by a calibration of its own, whatever is in force today"


def test_a_class_that_is_calibrated_now_is_held_to_any_camera_s_where_that_judged_it(platform: Platform, client: Client) -> None:
    weeks_of_checks(platform, device="new_phone", judged_as=ANY_DEVICE, bad=0)
    weeks_of_checks(platform, device="new_phone", good=1, bad=0, each=80)
    with calibrated(platform.house, ANY_DEVICE, "new_phone"):
        page, chinese = shown(client), shown(client, "zh-CN")
    told = section(page, "The last 12 weeks: new_phone")
    named = re.search(r"the calibration of any camera in the weeks: ([\d, -]+)<", told)
    assert named is not None
    assert len(named[1].split(", ")) == 4
    assert "以下各周按“任意摄像头”的校准判定并比较" in chinese


def test_weeks_are_told_as_a_table_too(client: Client, charted: Path) -> None:
    moved = section(shown(client), f"The last 12 weeks: {MOVED}")
    rows = re.findall(r'<th scope="row" class="num">([\d-]{10})</th><td class="n">(\d+)</td>((?:<td class="n">[^<]*</td>){4})', moved)
    assert len(rows) == 12
    assert [int(checks) for _, checks, _ in rows][-5:] == [60] * 5
    assert "–" in rows[0][2]
    last = [float(share.rstrip("%")) for share in re.findall(r">([\d.]+)%<", rows[-1][2])]
    assert sum(last) == pytest.approx(100, abs=1.5)
    assert "It is too dark" in moved
    assert "Texture (photo or screen attack)" in moved


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 360), ("en", 1280)])
def test_the_page_is_accessible_and_fits_the_screen(
    platform: Platform, visit: Visit, browser: Browser, tokens: dict[Role, str], charted: Path, language: str, width: int
) -> None:
    page = visit.open(browser, f"{platform.address}/console/login", language=language, viewport={"width": width, "height": 800})
    page.context.add_cookies([{"name": COOKIE, "value": tokens[Role.RISK], "url": f"{platform.address}/console"}])
    page.goto(f"{platform.address}/console/liveness")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("svg.drawn").evaluate_all("all => all.every(one => one.getBoundingClientRect().width >= 240)")
    ids = page.locator("svg.drawn [id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
