"""Pictures of face checks say what their figures say, to eyes and to screen readers, and need no exception from a strict policy."""

from __future__ import annotations

import base64
import io
import itertools
import re
from collections.abc import Sequence
from statistics import NormalDist
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from xinqiao.identity.liveness.challenge.colours import COLOURS
from xinqiao.identity.liveness.drift import EDGES
from xinqiao.identity.liveness.simulate.write import challenge_of
from xinqiao.web import pages
from xinqiao.web.drawings import frames, liveness
from xinqiao.web.drawings.liveness import Bar, Curve, Heap, Point, ScaleWords, StripWords

from .test_contrast import contrast, tokens

SVG = "{http://www.w3.org/2000/svg}"
SCALE = ScaleWords("Score", "A score on its scale", "fails", "a person looks", "passes")
STRIP = StripWords("Colours", "What was shown", "Upper", "Lower", {name: name.upper() for name in COLOURS})
SLOTS = tuple((slot.upper, slot.lower, slot.ticks) for slot in challenge_of(11).slots)
BINS = len(EDGES) + 1


def heap(counts: Sequence[float]) -> Heap:
    return Heap(counts, "scores", "good")


DRAWN = {
    "scale": lambda: liveness.scale("a", 0.6, 0.8, 0.45, SCALE, "en"),
    "strip": lambda: liveness.strip("a", SLOTS, STRIP, "zh-CN"),
    "det": lambda: liveness.det("a", [Curve(1, [(0.5, 0.01), (0.01, 0.5)], (0.1, 0.1))], title="t", desc="d", across="x", up="y", language="en"),
    "histogram": lambda: histogram([1] * BINS, [2] * BINS),
    "weeks": lambda: liveness.weeks("a", [Bar("1", [0.5, 0.3, 0.1, 0.1]), Bar("2", None)], ["good", "warn", "retry", "bad"], title="t", desc="d", language="en"),
    "stability": lambda: stability([0.05, 0.3]),
    "frame": lambda: drawn_frame(np.zeros((64, 48, 3), np.uint8)),
}  # fmt: skip


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def of_kind(svg: ElementTree.Element, kind: str, tag: str = "*") -> list[ElementTree.Element]:
    return [one for one in svg.iter(tag if tag == "*" else SVG + tag) if kind in one.get("class", "").split()]


def texts(svg: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in svg.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_needs_no_exception_and_says_what_it_is(name: str) -> None:
    svg = read(DRAWN[name]())
    for element in svg.iter():
        tag = element.tag.removeprefix(SVG)
        assert tag in {"svg", "title", "desc", "defs", "pattern", "path", "circle", "rect", "text", "g", "image"}
        assert not [attribute for attribute in element.attrib if attribute == "style" or attribute.startswith("on")]
        assert all(attribute != "href" or element.get("href", "").startswith("data:image/jpeg;base64,") for attribute in element.attrib)
        if tag == "text":
            assert element.get("aria-hidden") == "true"
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert (svg.get("role"), svg.get("aria-labelledby")) == ("img", f"{title.get('id')} {desc.get('id')}")
    assert title.text
    assert desc.text


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "frame"])
def test_a_picture_is_read_at_360_pixels_without_zooming(name: str) -> None:
    """A card leaves 280 of 360 pixels; words of twelve units are then at least ten pixels high."""
    width = float(read(DRAWN[name]()).get("viewBox", "").split()[2])
    assert 12 * 280 / width >= 10


def test_what_a_label_says_is_escaped() -> None:
    said = liveness.scale("a", 0.6, 0.8, 0.45, ScaleWords("<b>", "&", "<script>", "x", "y"), "en")
    assert "<script>" not in said
    assert "<script>" in texts(read(said))


@pytest.mark.parametrize("score", [0.0, 0.1, 0.45, 0.79, 0.8, 1.0])
def test_the_pointer_stands_in_the_band_that_judges_the_score(score: float) -> None:
    svg = read(liveness.scale("a", score, 0.8, 0.45, SCALE, "en"))
    x = float(of_kind(svg, "needle")[0].get("d", "").partition(" ")[0][1:])
    bands = {
        one.get("class", "").split()[1]: (float(one.get("x", "")), float(one.get("x", "")) + float(one.get("width", "")))
        for one in of_kind(svg, "band")
    }
    wanted = "good" if score >= 0.8 else "warn" if score >= 0.45 else "bad"
    assert bands[wanted][0] - 0.01 <= x <= bands[wanted][1] + 0.01
    assert f"{score:.3f}" in texts(svg)


def test_without_a_score_there_is_no_pointer_and_an_empty_band_is_not_drawn() -> None:
    svg = read(liveness.scale("a", None, 0.5, 0.5, SCALE, "zh-CN"))
    assert of_kind(svg, "pointer") == of_kind(svg, "needle") == []
    assert [one.get("class") for one in of_kind(svg, "band")] == ["band bad", "band good"]


def test_the_strip_shows_each_half_in_its_colour_as_long_as_it_lasted() -> None:
    svg = read(liveness.strip("a", SLOTS, STRIP, "en"))
    cells = of_kind(svg, "slot", "rect")
    rows = {y: [one for one in cells if one.get("y") == y] for y in {one.get("y") for one in cells}}
    upper, lower = (rows[y] for y in sorted(rows, key=lambda y: float(y or 0)))
    for row, half in ((upper, 0), (lower, 1)):
        fills = ["#{:02x}{:02x}{:02x}".format(*COLOURS[slot[half]]) for slot in SLOTS]
        assert [one.get("fill") for one in row][1:-1] == fills
        widths = [float(one.get("width", "")) for one in row]
        assert np.allclose(np.array(widths[1:-1]) / widths[1], [slot[2] / SLOTS[0][2] for slot in SLOTS], atol=0.01)
        assert widths[0] == widths[-1]
    letters = texts(svg)
    assert all(letters.count(name.upper()) == sum(slot[:2].count(name) for slot in SLOTS) for name in "gcmy")


def test_normal_scores_make_a_straight_line_on_normal_deviate_axes() -> None:
    """Martin et al. 1997: that is what the axes are for."""
    normal = NormalDist()
    points = [(1 - normal.cdf(t + 1.2), normal.cdf(t - 1.2)) for t in np.linspace(-1.2, 1.2, 25)]
    svg = read(liveness.det("a", [Curve(1, points, None)], title="t", desc="d", across="x", up="y", language="en"))
    path = of_kind(svg, "line", "path")[0].get("d", "")
    x, y = np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[ML]([\d.]+ [\d.]+)", path)]).T
    assert np.abs(y - np.polyval(np.polyfit(x, y, 1), x)).max() < 0.02
    assert np.polyfit(x, y, 1)[0] == pytest.approx(1.0, abs=0.01)  # equal spreads: a slope of one, drawn downwards


def test_every_line_has_its_number_at_the_threshold_in_force_and_none_leaves_the_picture() -> None:
    curves = [Curve(n, [(1.0, 0.0), (0.0, 1.0)], (0.0, 0.02) if n == 1 else (0.3, 0.02)) for n in (1, 2, 9)]
    svg = read(liveness.det("a", curves, title="t", desc="d", across="x", up="y", language="en"))
    assert [one.text for one in of_kind(svg, "knot-number", "text")] == ["1", "2", "9"]
    frame = of_kind(svg, "frame-line", "rect")[0]
    left, top, side = (float(frame.get(name, "")) for name in ("x", "y", "width"))
    for line in of_kind(svg, "line", "path"):
        for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", line.get("d", "")):
            assert left <= float(x) <= left + side + 0.01
            assert top <= float(y) <= top + side + 0.01
    first, second, _ = of_kind(svg, "knot", "circle")
    assert (first.get("cy"), float(first.get("cx", ""))) == (second.get("cy"), pytest.approx(left, abs=0.01))
    styles = [(one.get("class"), one.get("stroke-dasharray")) for one in of_kind(svg, "line", "path")]
    assert len(set(styles)) == 3


def histogram(above: Sequence[float], below: Sequence[float] | None, sure: float | None = 0.8, doubt: float | None = 0.45) -> str:
    hung = heap(below) if below is not None else None
    return liveness.histogram("a", heap(above), hung, sure=sure, doubt=doubt, title="t", desc="d", language="en", axis="score")


def test_heaps_are_shares_so_that_many_and_few_can_be_compared() -> None:
    few, many = [0] * BINS, [0] * BINS
    few[3], few[7], many[3], many[7] = 1, 3, 100, 300
    bars = [float(one.get("height", "")) for one in of_kind(read(histogram(few, many)), "heap", "rect")]
    assert bars[:2] == bars[2:]
    assert bars[1] / bars[0] == pytest.approx(3, abs=0.01)


def test_a_bound_is_drawn_where_its_score_is_counted() -> None:
    for place, edge in enumerate(EDGES):
        counts = [0] * BINS
        counts[place] = 1
        svg = read(histogram(counts, None, sure=edge, doubt=None))
        bar = of_kind(svg, "heap", "rect")[0]
        bound = float(of_kind(svg, "bound", "path")[0].get("d", "").partition(" ")[0][1:])
        assert bound == pytest.approx(float(bar.get("x", "")) + float(bar.get("width", "")) + 0.5, abs=0.02)


def test_no_scores_at_all_draw_an_empty_heap() -> None:
    assert of_kind(read(histogram([0] * BINS, [0] * BINS)), "heap", "rect") == []


def test_a_week_s_shares_fill_its_column_and_a_week_without_checks_stays_empty() -> None:
    kinds = ["good", "warn", "retry", "bad"]
    bars = [Bar("a", [0.5, 0.25, 0.15, 0.1]), Bar("b", None), Bar("c", [1.0, 0, 0, 0])]
    svg = read(liveness.weeks("w", bars, kinds, title="t", desc="d", language="en"))
    heaps = of_kind(svg, "heap", "rect")
    assert [one.get("class", "").split()[1] for one in heaps] == [*kinds, "good"]
    heights = [float(one.get("height", "")) for one in heaps]
    assert sum(heights[:4]) == pytest.approx(heights[4], abs=0.05)
    assert heights[0] / heights[4] == pytest.approx(0.5, abs=0.01)
    assert len({one.get("x") for one in heaps}) == 2


def stability(values: Sequence[float | None], chance: float = 0.1) -> str:
    points = [Point(str(n), value, chance, value is not None and value >= max(0.2, chance)) for n, value in enumerate(values)]
    return liveness.stability("s", points, (0.1, 0.2), title="t", desc="d", language="en")


def test_alarms_are_marked_beside_their_colour_and_a_gap_breaks_the_line() -> None:
    svg = read(stability([0.05, None, 0.15, 0.2, 0.7]))
    assert len(of_kind(svg, "bad", "circle")) == texts(svg).count("!") == 2
    path = of_kind(svg, "c1", "path")[0].get("d", "")
    assert (path.count("M"), path.count("L")) == (2, 2)
    y = {float(one.get("cy", "")) for one in of_kind(svg, "knot", "circle")}
    assert len(y) == 4
    assert min(y) > 0


def test_what_chance_reaches_is_shaded_under_each_week_that_has_an_index() -> None:
    svg = read(stability([0.05, None, 0.3], chance=0.5))
    assert len(of_kind(svg, "chance", "rect")) == 2
    assert of_kind(svg, "bad", "circle") == []


POINTS = np.random.default_rng(5).uniform(10, 300, (468, 3))


def drawn_frame(pixels: np.ndarray, answer: np.ndarray | None = None, said: str = "") -> str:
    seen = frames.Seen(pixels, (10.0, 20.0, 40.0, 60.0), POINTS, answer)
    return frames.frame("f", seen, title="Frame 1", desc="A face", said=said, language="en")


def test_a_frame_carries_its_picture_within_it_shrunk_with_its_marks() -> None:
    pixels = np.random.default_rng(6).integers(0, 255, (960, 720, 3)).astype(np.uint8)
    svg = read(drawn_frame(pixels))
    href = svg.find(f"{SVG}image").get("href", "")  # type: ignore[union-attr]
    image = Image.open(io.BytesIO(base64.b64decode(href.partition(",")[2])))
    assert image.size == (360, 480)
    box = of_kind(svg, "box", "rect")[0]
    assert [float(box.get(name, "")) for name in ("x", "y", "width", "height")] == [5, 10, 15, 20]
    mesh = of_kind(svg, "mesh", "path")[0].get("d", "")
    x, y = mesh.split("h0")[0][1:].split()
    assert (float(x), float(y)) == pytest.approx(tuple(POINTS[0, :2] / 2), abs=0.01)
    assert mesh.count("h0") == 468
    assert of_kind(svg, "answer") == of_kind(svg, "wrong") == []


def test_every_place_of_the_face_is_drawn_once_in_the_colour_of_its_answer() -> None:
    answer = np.linspace(0, 2, 468)
    svg = read(drawn_frame(np.zeros((400, 400, 3), np.uint8), answer))
    counts = {one.get("class"): one.get("d", "").count("h0") for one in of_kind(svg, "answer")[0]}
    bounds = [-np.inf, *frames.STEPS, np.inf]
    assert counts == {f"a{n}": int(((answer >= low) & (answer < high)).sum()) for n, (low, high) in enumerate(itertools.pairwise(bounds))}
    assert sum(counts.values()) == 468


def test_a_frame_without_a_face_is_shown_with_what_is_wrong() -> None:
    svg = read(frames.frame("f", frames.Seen(np.zeros((64, 64, 3), np.uint8), None, None), title="t", desc="d", said="!", language="en"))
    assert of_kind(svg, "mesh") == of_kind(svg, "box") == []
    assert texts(svg) == ["!"]


CSS = (pages.STATIC / "console.css").read_text()


@pytest.mark.parametrize(("theme", "surface"), [("light", "light"), ("dark", "dark by choice")])
def test_lines_stand_out_from_the_ground(theme: str, surface: str) -> None:
    blocks = re.findall(r"((?:--c\d: #[0-9a-f]{6}; ?){8})", CSS)
    assert len(blocks) == 3
    assert blocks[1] == blocks[2]  # both ways into the dark
    for colour in re.findall(r"#[0-9a-f]{6}", blocks[0 if theme == "light" else 1]):
        assert contrast(colour, tokens(surface)["surface"]) >= 3


def test_answers_brighten_step_by_step_so_that_no_kind_of_sight_confuses_them() -> None:
    steps = re.findall(r"\.a(\d) \{ stroke: (#[0-9a-f]{6})", CSS)
    assert [number for number, _ in steps] == [str(n) for n in range(len(frames.STEPS) + 1)]
    light = [contrast(colour, "#000000") for _, colour in steps]
    assert all(after / before > 1.15 for before, after in itertools.pairwise(light))
    assert steps == re.findall(r"\.key\.a(\d) \{ background: (#[0-9a-f]{6})", CSS)
