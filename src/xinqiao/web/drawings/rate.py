"""What a loan's annual rate is made of, as one inline SVG: each cost's money, and the points it adds on top of those before it.

No script, no style attribute: a strict content security policy lets it stand. Read at 320 px without zooming; told apart by labels and textures,
never by colour alone. `title` and `desc` say all that is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree

from xinqiao.kit import Money, sha256_hex
from xinqiao.servicing.apr import Breakdown, Convention, Part

from .canvas import add, near

WIDTH, TOP, ROW, BAR, LABEL = 320, 52, 46, 14, 68
"""In CSS pixels at the narrowest phone; LABEL is the room for the points at the right."""
LARGE, TEXT = "17", "13"
LONGEST = {"zh-CN": 12, "en": 24}
"""Characters of a name that fit beside its money."""
INK = {"principal": "#73818a", "interest": "#c0741a", "premium": "#8a6cc0", "fee": "#2a8f93", "time": "#73818a"}
"""At least 3:1 on the light and on the dark ground; the page's own style may say otherwise by class."""
TEXTURES = {"interest": "hatch", "premium": "dots", "fee": "bars", "time": "cross"}

WORDS = {
    "zh-CN": {
        "interest": "利息",
        "premium": "担保费",
        "fee": "费用",
        "fee.service": "服务费",
        "fee.financed": "计入借款的费用",
        "fee.origination": "手续费",
        "fee.platform": "平台费",
        "grace": "宽限期",
        "balloon": "尾款",
        "title": "一年的全部成本 {percent}%",
        "received": "借款 {received}，成本合计 {cost}",
        "step": "{name}：{amount}，使年化利率{way} {points} 个百分点",
        "all": "合计（{convention}）",
        "more": "增加",
        "less": "减少",
        "desc": "{received}。各项依次：{steps}。合计年化 {percent}%（{convention}）。",
        "between": "；",
    },
    "en": {
        "interest": "Interest",
        "premium": "Guarantee fee",
        "fee": "Fee",
        "fee.service": "Service fee",
        "fee.financed": "Fee added to the loan",
        "fee.origination": "Origination fee",
        "fee.platform": "Platform fee",
        "grace": "Grace",
        "balloon": "Balloon",
        "title": "Whole cost of a year {percent} %",
        "received": "{received} borrowed, {cost} of cost",
        "step": "{name}: {amount}, {way} {points} points of annual rate",
        "all": "In all ({convention})",
        "more": "adds",
        "less": "takes off",
        "desc": "{received}. In this order: {steps}. In all {percent} % a year ({convention}).",
        "between": "; ",
    },
}
CONVENTIONS = {
    "zh-CN": {"single_interest": "单利", "compound": "复利", "regulation_z": "美国 Z 条例", "european": "欧盟 APR", "xirr": "XIRR"},
    "en": {
        "single_interest": "single interest",
        "compound": "compound",
        "regulation_z": "Regulation Z",
        "european": "EU APR",
        "xirr": "XIRR",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """One cost as a reader sees it; the same figures make the table beside the picture."""

    name: str
    kind: str
    amount: str
    points: str
    start: Decimal
    """Percentage points reached before it, and after it."""
    end: Decimal


def picture(breakdown: Breakdown, language: str) -> str:
    """One SVG element as text. An unknown language reads English."""
    language = language if language in WORDS else "en"
    found = rows(breakdown, language)
    name = f"rp{sha256_hex(repr((breakdown, language)).encode())[:8]}"
    height = TOP + ROW * (len(found) + 1)
    svg = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "rate-picture",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": "100%",
            "role": "img",
            "lang": language,
            "aria-labelledby": f"{name}-title {name}-desc",
        },
    )
    _words(svg, breakdown, found, language, name)
    _textures(svg, name)
    _scale(svg, found, breakdown, language, name)
    return ElementTree.tostring(svg, encoding="unicode")


def rows(breakdown: Breakdown, language: str) -> list[Row]:
    """The costs in their order, with what each adds."""
    made, reached = [], Decimal(0)
    for part in breakdown.parts:
        made.append(_row(part, reached, language))
        reached += part.points
    return made


def _row(part: Part, reached: Decimal, language: str) -> Row:
    kind = part.what.partition(".")[0]
    kind = kind if kind in INK else "time"
    return Row(_name(part.what, language), kind, money(part.amount), _signed(part.points), reached, reached + part.points)


def money(amount: Money) -> str:
    sign = "−" if amount.minor < 0 else ""
    digits = len(str(amount).partition(".")[2])
    symbol = "¥" if amount.currency == "CNY" else f"{amount.currency} "
    return f"{sign}{symbol}{abs(amount.decimal):,.{digits}f}"


def _name(what: str, language: str) -> str:
    """A code that no word is known for: a premium is called one, a fee by its code."""
    kind, _, code = what.partition(".")
    return WORDS[language].get(what) or (WORDS[language]["premium"] if kind == "premium" else code or what)


def _signed(points: Decimal) -> str:
    return f"{'−' if points < 0 else '+'}{abs(points)}"


def _words(svg: ElementTree.Element, breakdown: Breakdown, found: Sequence[Row], language: str, name: str) -> None:
    """The title and the description that a screen reader says, and the two lines at the head."""
    words = WORDS[language]
    title = words["title"].format(percent=breakdown.percent)
    received = words["received"].format(received=money(breakdown.received), cost=money(breakdown.cost))
    steps = words["between"].join(_said(row, language) for row in found)
    add(svg, "title", title, id=f"{name}-title")
    how = _how(breakdown, language)
    add(svg, "desc", words["desc"].format(received=received, steps=steps, percent=breakdown.percent, convention=how), id=f"{name}-desc")
    _text(svg, 0, 18, title, size=LARGE, weight="600")
    _text(svg, 0, 38, received)


def _how(breakdown: Breakdown, language: str) -> str:
    return CONVENTIONS[language][Convention(breakdown.convention).value]


def _said(row: Row, language: str) -> str:
    words = WORDS[language]
    way = words["less"] if row.end < row.start else words["more"]
    return words["step"].format(name=row.name, amount=row.amount, way=way, points=row.points.lstrip("+−"))


def _textures(svg: ElementTree.Element, name: str) -> None:
    defs = add(svg, "defs")
    shapes = {"hatch": "M-1 7L7 -1", "bars": "M3 0V6", "cross": "M0 3H6M3 0V6"}
    for texture, path in shapes.items():
        pattern = add(defs, "pattern", id=f"{name}-{texture}", width="6", height="6", patternUnits="userSpaceOnUse")
        add(pattern, "path", d=path, stroke="#fff", **{"stroke-width": "1.5", "stroke-opacity": "0.6"})
    dots = add(defs, "pattern", id=f"{name}-dots", width="5", height="5", patternUnits="userSpaceOnUse")
    add(dots, "circle", cx="2.5", cy="2.5", r="1", fill="#fff", **{"fill-opacity": "0.7"})


def _scale(svg: ElementTree.Element, found: Sequence[Row], breakdown: Breakdown, language: str, name: str) -> None:
    """A step for each cost, each starting where the one before ended, and the sum at the foot."""
    widest = max([Decimal(0), breakdown.percent, *(row.end for row in found)])
    unit = (WIDTH - LABEL) / widest if widest else Decimal(0)
    for place, row in enumerate(found):
        y = TOP + ROW * place
        _text(svg, 0, y + 14, _short(row.name, language))
        _text(svg, WIDTH, y + 14, row.amount, anchor="end")
        _bar(svg, y + 20, (min(row.start, row.end) * unit, abs(row.end - row.start) * unit), row.kind, name)
        _text(svg, WIDTH, y + 32, f"{row.points}%", anchor="end", weight="600")
    y = TOP + ROW * len(found)
    _text(svg, 0, y + 14, WORDS[language]["all"].format(convention=_how(breakdown, language)), weight="600")
    _text(svg, WIDTH, y + 14, money(breakdown.cost), anchor="end", weight="600")
    _bar(svg, y + 20, (Decimal(0), breakdown.percent * unit), "principal", name)
    _text(svg, WIDTH, y + 32, f"{breakdown.percent}%", anchor="end", weight="600")


def _bar(svg: ElementTree.Element, y: int, span: tuple[Decimal, Decimal], kind: str, name: str) -> None:
    """At least a hair wide, so that a small cost is still seen."""
    box = {"x": near(float(span[0])), "y": str(y), "width": near(float(max(span[1], Decimal("1.5")))), "height": str(BAR)}
    add(svg, "rect", **{"class": f"bar {kind}", "fill": INK[kind]}, **box)
    if kind in TEXTURES:
        add(svg, "rect", fill=f"url(#{name}-{TEXTURES[kind]})", **box)


def _text(svg: ElementTree.Element, x: int, y: int, said: str, *, anchor: str = "start", size: str = TEXT, weight: str = "400") -> None:
    style = {"text-anchor": anchor, "font-size": size, "font-weight": weight, "fill": "currentColor", "aria-hidden": "true"}
    add(svg, "text", said, x=str(x), y=str(y), **style)


def _short(name: str, language: str) -> str:
    most = LONGEST[language]
    return name if len(name) <= most else f"{name[: most - 1]}…"
