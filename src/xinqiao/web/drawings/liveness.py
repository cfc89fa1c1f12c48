"""Pictures of face checks: a score on its scale, the colours that a screen showed, error trade-offs, scores, weeks. One inline SVG each.

Every picture tells things apart by shape, texture, number or letter besides colour, and says all that it draws in `title` and `desc`; the page
gives the same figures as a table. Sizes are CSS pixels at the narrowest phone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from xinqiao.identity.liveness.challenge.colours import COLOURS
from xinqiao.identity.liveness.challenge.model import LEAD, TICK
from xinqiao.identity.liveness.drift import EDGES

from .canvas import Element, add, label, near, picture, text_of, textures

WIDTH = 300.0
FILLS = ("", "hatch", "dots", "bars", "cross")
DASHES = ("", "6 3", "2 3", "9 3 2 3", "1 4", "12 4")
"""Lines of a chart: solid first; every sixth repeats, and its number tells it apart."""
CURVES = 8
"""Lines that a chart can hold and still be read; a class is `c1` to `c8`."""


# ── one check ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ScaleWords:
    title: str
    desc: str
    fail: str
    refer: str
    pass_: str


def scale(name: str, score: float | None, sure: float, doubt: float, words: ScaleWords, language: str) -> str:
    """The score, 0 to 1, on the bands in which a capture fails, goes to a person, or passes."""
    svg = picture(name, (WIDTH, 90), title=words.title, desc=words.desc, language=language)
    textures(svg, name)
    left, right, top, tall = 8.0, WIDTH - 8, 34.0, 20.0
    wide = right - left
    bands = ((0.0, doubt, "bad", words.fail, "hatch"), (doubt, sure, "warn", words.refer, "dots"), (sure, 1.0, "good", words.pass_, ""))
    for start, end, kind, said, texture in bands:
        x, w = left + start * wide, (end - start) * wide
        if w <= 0:
            continue
        add(svg, "rect", x=x, y=top, width=w, height=tall, class_=f"band {kind}")
        if texture:
            add(svg, "rect", x=x, y=top, width=w, height=tall, fill=f"url(#{name}-{texture})")
        if w >= 10 * len(said) * (1 if language.startswith("zh") else 0.62):
            label(svg, x + w / 2, top + 36, said, anchor="middle")
    for bound in (doubt, sure):
        add(svg, "path", d=f"M{near(left + bound * wide)} {near(top - 4)}V{near(top + tall + 4)}", class_="bound")
    label(svg, left, top + 50, "0")
    label(svg, right, top + 50, "1", anchor="end")
    if score is not None:
        x = left + min(1.0, max(0.0, score)) * wide
        add(svg, "path", d=f"M{near(x - 6)} {near(top - 12)}H{near(x + 6)}L{near(x)} {near(top - 1)}Z", class_="pointer")
        add(svg, "path", d=f"M{near(x)} {near(top - 2)}V{near(top + tall + 2)}", class_="needle")
        side = "middle" if 30 < x < WIDTH - 30 else "start" if x <= 30 else "end"
        label(svg, x if side == "middle" else (0 if side == "start" else WIDTH), top - 17, f"{score:.3f}", anchor=side, kind="strong")
    return text_of(svg)


@dataclass(frozen=True, slots=True)
class StripWords:
    title: str
    desc: str
    upper: str
    lower: str
    letters: Mapping[str, str]
    """The letter or character of each colour."""


def strip(name: str, slots: Sequence[tuple[str, str, int]], words: StripWords, language: str) -> str:
    """What the screen showed: the upper half's row over the lower half's, as wide as each lasted, grey before and after."""
    seconds = 2 * LEAD + sum(ticks for *_, ticks in slots) * TICK
    left, top, row = (34.0 if language.startswith("zh") else 40.0), 4.0, 26.0
    wide = WIDTH - left - 1
    svg = picture(name, (WIDTH, top + 2 * row + 20), title=words.title, desc=words.desc, language=language)
    shown = [("n", "n", LEAD), *((u, v, ticks * TICK) for u, v, ticks in slots), ("n", "n", LEAD)]
    at = 0.0
    for upper, lower, lasts in shown:
        x, w = left + at / seconds * wide, lasts / seconds * wide
        for n, colour in enumerate((upper, lower)):
            _shown(svg, (x, top + n * row, w, row), colour, words.letters)
        at += lasts
    for n, said in enumerate((words.upper, words.lower)):
        label(svg, 0, top + n * row + 17, said)
    for second in (0.0, 0.5, 1.0):
        if second <= seconds:
            x = left + second / seconds * wide
            add(svg, "path", d=f"M{near(x)} {near(top + 2 * row)}v4", class_="axis")
            anchor = "start" if second == 0 else "middle"
            label(svg, x, top + 2 * row + 16, f"{second:g} s", anchor=anchor)
    return text_of(svg)


def _shown(svg: Element, box: tuple[float, float, float, float], colour: str, letters: Mapping[str, str]) -> None:
    x, y, w, h = box
    red, green, blue = COLOURS.get(colour, COLOURS["n"])
    add(svg, "rect", x=x, y=y, width=w, height=h, fill=f"#{red:02x}{green:02x}{blue:02x}", class_="slot")
    if letters.get(colour):
        label(svg, x + w / 2, y + h / 2 + 4, letters[colour], anchor="middle", kind="on-colour")


# ── many checks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

RATES = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4)
TIGHT = 0.05
"""A rate whose word does not fit under the axis between its neighbours'."""
LEAST, MOST = 0.0005, 0.6


@dataclass(frozen=True, slots=True)
class Curve:
    """Errors at every threshold. `number` is drawn on the line and stands before its name in the key."""

    number: int
    points: Sequence[tuple[float, float]]
    """APCER and BPCER, 0-1"""
    working: tuple[float, float] | None
    """the same at the threshold in force"""


def det(name: str, curves: Sequence[Curve], *, title: str, desc: str, across: str, up: str, language: str) -> str:
    """Detection-error trade-off on normal-deviate axes (Martin et al. 1997): a straight line where both scores are normal."""
    left, top, side = 40.0, 22.0, 248.0
    svg = picture(name, (WIDTH, top + side + 38), title=title, desc=desc, language=language)
    for rate in RATES:
        x, y = left + _deviate(rate) * side, top + (1 - _deviate(rate)) * side
        add(svg, "path", d=f"M{near(x)} {near(top)}v{near(side)}M{near(left)} {near(y)}h{near(side)}", class_="axis")
        if rate != TIGHT:
            label(svg, x, top + side + 14, _percent(rate), anchor="middle")
        label(svg, left - 5, y + 4, _percent(rate), anchor="end")
    add(svg, "rect", x=left, y=top, width=side, height=side, class_="frame-line")
    label(svg, left + side, top + side + 31, across, anchor="end")
    label(svg, 0, 12, up)
    for curve in curves:
        _curve(svg, curve, left, top, side)
    return text_of(svg)


def _curve(svg: Element, curve: Curve, left: float, top: float, side: float) -> None:
    style, dash = f"c{(curve.number - 1) % CURVES + 1}", DASHES[(curve.number - 1) % len(DASHES)]
    places = [(left + _deviate(a) * side, top + (1 - _deviate(b)) * side) for a, b in curve.points]
    if places:
        path = "".join(f"{'L' if n else 'M'}{near(x)} {near(y)}" for n, (x, y) in enumerate(places))
        add(svg, "path", d=path, class_=f"line {style}", **({"stroke_dasharray": dash} if dash else {}))
    x, y = places[len(places) * curve.number // (CURVES + 1) % len(places)] if places else (0.0, 0.0)
    if curve.working is not None:
        x, y = left + _deviate(curve.working[0]) * side, top + (1 - _deviate(curve.working[1])) * side
    if places or curve.working:
        _number(svg, x, y, curve.number, style)


def _number(svg: Element, x: float, y: float, number: int, style: str) -> None:
    add(svg, "circle", cx=x, cy=y, r=8, class_=f"knot {style}")
    label(svg, x, y + 4, str(number), anchor="middle", kind="knot-number")


def _deviate(rate: float) -> float:
    """0-1 along an axis from LEAST to MOST in normal deviates."""
    normal = NormalDist()
    low, high = normal.inv_cdf(LEAST), normal.inv_cdf(MOST)
    return (normal.inv_cdf(min(MOST, max(LEAST, rate))) - low) / (high - low)


def _percent(rate: float) -> str:
    return f"{rate * 100:g}%"


@dataclass(frozen=True, slots=True)
class Heap:
    """Counts over the bins of `identity.liveness.drift`, and what they are of."""

    counts: Sequence[float]
    word: str
    kind: str
    """the tone of its bars"""


def histogram(
    name: str, above: Heap, below: Heap | None, *, sure: float | None, doubt: float | None, title: str, desc: str, language: str, axis: str
) -> str:
    """Shares of scores by equal steps of log-odds: one heap stands on the line, the other hangs from it, so that neither hides the other."""
    left, top, wide = 4.0, 20.0, WIDTH - 8
    tall = 74.0
    hung = tall if below is not None else 0.0
    svg = picture(name, (WIDTH, top + tall + hung + (20 if below else 4) + 32), title=title, desc=desc, language=language)
    textures(svg, name)
    bins = len(EDGES) + 1
    step, line = wide / bins, top + tall
    heaps = [(above, -1.0, "")] + ([(below, 1.0, "hatch")] if below is not None else [])
    most = max((max(heap.counts) / (sum(heap.counts) or 1) for heap, *_ in heaps), default=0) or 1
    for heap, way, texture in heaps:
        total = sum(heap.counts) or 1
        for n, count in enumerate(heap.counts):
            h = count / total / most * (tall - 4)
            if h:
                box = {"x": left + n * step + 0.5, "y": line - h if way < 0 else line, "width": step - 1, "height": max(h, 0.75)}
                add(svg, "rect", class_=f"heap {heap.kind}", **box)
                if texture:
                    add(svg, "rect", fill=f"url(#{name}-{texture})", **box)
    bottom = line + hung
    add(svg, "path", d=f"M{near(left)} {near(line)}h{near(wide)}", class_="frame-line")
    for bound in (one for one in (doubt, sure) if one is not None):
        x = left + _place(bound) * step
        add(svg, "path", d=f"M{near(x)} {near(top - 4)}V{near(bottom)}", class_="bound")
    label(svg, left, 12, above.word, kind="strong")
    if below is not None:
        label(svg, left, bottom + 12, below.word, kind="strong")
    foot = bottom + (30 if below is not None else 16)
    for score in (0.01, 0.1, 0.5, 0.9, 0.99):
        label(svg, left + _place(score) * step, foot, f"{score:g}", anchor="middle")
    label(svg, WIDTH - 2, 12, axis, anchor="end")
    return text_of(svg)


def _place(score: float) -> float:
    """Where a score lies among the bins, 0 to their number."""
    if score <= 0:
        return 0.0
    if score >= 1:
        return float(len(EDGES) + 1)
    odds = _odds(score)
    low, high = _odds(EDGES[0]), _odds(EDGES[-1])
    return min(len(EDGES) + 1.0, max(0.0, 1 + (odds - low) / (high - low) * (len(EDGES) - 1)))


def _odds(score: float) -> float:
    return math.log(score / (1 - score))


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: shares by outcome in the order of the key; None for a week without checks."""

    word: str
    shares: Sequence[float] | None


def weeks(name: str, bars: Sequence[Bar], kinds: Sequence[str], *, title: str, desc: str, language: str) -> str:
    """Shares of what became of the checks, a column a week. `kinds` are the tones from the foot up."""
    left, top, tall = 34.0, 8.0, 110.0
    svg = picture(name, (WIDTH, top + tall + 22), title=title, desc=desc, language=language)
    textures(svg, name)
    step = (WIDTH - left) / max(1, len(bars))
    for share in (0, 0.5, 1):
        y = top + (1 - share) * tall
        add(svg, "path", d=f"M{near(left)} {near(y)}H{near(WIDTH)}", class_="axis")
        label(svg, left - 5, y + 4, _percent(share), anchor="end")
    for n, bar in enumerate(bars):
        x, y = left + n * step + 1.5, top + tall
        for place, share in enumerate(bar.shares or ()):
            h = share * tall
            if h <= 0:
                continue
            y -= h
            add(svg, "rect", x=x, y=y, width=step - 3, height=h, class_=f"heap {kinds[place]}")
            if FILLS[place % len(FILLS)]:
                add(svg, "rect", x=x, y=y, width=step - 3, height=h, fill=f"url(#{name}-{FILLS[place % len(FILLS)]})")
        _week_word(svg, n, len(bars), left + (n + 0.5) * step, top + tall + 15, bar.word)
    return text_of(svg)


@dataclass(frozen=True, slots=True)
class Point:
    """One week's index; None for a week of too few scores. `chance`: what as few scores reach without any drift."""

    word: str
    value: float | None
    chance: float
    alarms: bool


def stability(name: str, points: Sequence[Point], bounds: tuple[float, float], *, title: str, desc: str, language: str) -> str:
    """The stability index week by week over what chance reaches (shaded), with the bounds from which to look and to act. Alarms are marked "!"."""
    left, top, tall = 34.0, 18.0, 92.0
    svg = picture(name, (WIDTH, top + tall + 22), title=title, desc=desc, language=language)
    watch, alarm = bounds
    most = 1.15 * max([alarm * 1.3, *(v for p in points if p.value is not None for v in (p.value, p.chance))])
    step = (WIDTH - left) / max(1, len(points))

    def height(value: float) -> float:
        return top + (1 - value / most) * tall

    for n, point in enumerate(points):
        if point.value is not None:
            add(svg, "rect", x=left + n * step, y=height(point.chance), width=step, height=point.chance / most * tall, class_="chance")
    for value, kind in ((0.0, "axis"), (watch, "watch-line"), (alarm, "alarm-line")):
        add(svg, "path", d=f"M{near(left)} {near(height(value))}H{near(WIDTH)}", class_=kind)
        if value == alarm or tall * (watch if value == watch else alarm) / most > 13:
            label(svg, left - 5, height(value) + 4, f"{value:g}", anchor="end")
    path, pen = "", "M"
    for n, point in enumerate(points):
        x = left + (n + 0.5) * step
        path, pen = (path + f"{pen}{near(x)} {near(height(point.value))}", "L") if point.value is not None else (path, "M")
    if path:
        add(svg, "path", d=path, class_="line c1")
    for n, point in enumerate(points):
        x = left + (n + 0.5) * step
        if point.value is not None:
            add(svg, "circle", cx=x, cy=height(point.value), r=6 if point.alarms else 4, class_="knot bad" if point.alarms else "knot c1")
            if point.alarms:
                label(svg, x, height(point.value) - 9, "!", anchor="middle", kind="overdue")
        _week_word(svg, n, len(points), x, top + tall + 15, point.word)
    return text_of(svg)


def _week_word(svg: Element, n: int, many: int, x: float, y: float, said: str) -> None:
    """Every third week is named, the last one among them."""
    if (many - 1 - n) % 3 == 0:
        label(svg, min(x, WIDTH - 14), y, said, anchor="middle")
