"""What all our SVG pictures are made with: elements without style or script, numbers with few digits, a title and a description."""

from __future__ import annotations

from xml.etree import ElementTree

Element = ElementTree.Element


def picture(name: str, size: tuple[float, float], *, title: str, desc: str, language: str, kind: str = "chart drawn") -> Element:
    """An empty picture of `size` units that fills its column; `name` is unlike that of any other picture on the page."""
    shape = {"viewBox": f"0 0 {near(size[0])} {near(size[1])}", "class": kind, "role": "img", "lang": language}
    svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **shape, "aria-labelledby": f"{name}-title {name}-desc"})
    add(svg, "title", title, id=f"{name}-title")
    add(svg, "desc", desc, id=f"{name}-desc")
    return svg


def add(parent: Element, tag: str, text: str | None = None, **attributes: str | float) -> Element:
    """`class_` is the attribute `class`; an underscore in another name is a hyphen."""
    named = {name.rstrip("_").replace("_", "-"): _value(value) for name, value in attributes.items()}
    made = ElementTree.SubElement(parent, tag, named)
    made.text = text
    return made


def label(parent: Element, x: float, y: float, said: str, *, anchor: str = "start", kind: str = "") -> Element:
    """Words in the picture; a screen reader hears the description instead."""
    more = {"class_": kind} if kind else {}
    return add(parent, "text", said, x=x, y=y, text_anchor=anchor, aria_hidden="true", **more)


def textures(parent: Element, name: str, size: float = 6) -> None:
    """Four textures as patterns `NAME-hatch`, `-bars`, `-cross` and `-dots`, to be laid over a fill."""
    defs = add(parent, "defs")
    shapes = {"hatch": f"M-1 {size + 1:g}L{size + 1:g} -1", "bars": f"M{size / 2:g} 0V{size:g}"}
    shapes["cross"] = f"M0 {size / 2:g}H{size:g}M{size / 2:g} 0V{size:g}"
    for texture, path in shapes.items():
        pattern = add(defs, "pattern", id=f"{name}-{texture}", width=size, height=size, patternUnits="userSpaceOnUse")
        add(pattern, "path", d=path, class_="texture")
    dots = add(defs, "pattern", id=f"{name}-dots", width=size - 1, height=size - 1, patternUnits="userSpaceOnUse")
    add(dots, "circle", cx=(size - 1) / 2, cy=(size - 1) / 2, r=1, class_="texture")


def text_of(svg: Element) -> str:
    return ElementTree.tostring(svg, encoding="unicode")


def near(value: float) -> str:
    """Two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else near(value)
