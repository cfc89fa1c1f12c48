"""The sheet as PDF: A4, fonts embedded, a title and a language for screen readers, page numbers, tables that go on over pages.

The same sheet gives the same bytes: the file is dated with the last day that it speaks of, not with the moment of its making.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, LongTable, PageTemplate, Paragraph, Spacer, TableStyle

from .model import Sheet, Table

FONTS = Path(__file__).parent / "fonts"
TEXT, HEAD = "NotoSansSC", "NotoSansSC-Bold"
INK, SOFT, LINE, ACCENT, SUNK = (HexColor(value) for value in ("#18242a", "#4a585e", "#dcdad2", "#0b5f63", "#f2f1ec"))
SIDE, TOP, FOOT = 18 * mm, 16 * mm, 20 * mm
WIDTH = A4[0] - 2 * SIDE


def pdf(sheet: Sheet) -> bytes:
    _register()
    out = BytesIO()
    said = {
        "title": f"{sheet.title} {sheet.subtitle}",
        "author": sheet.issuer,
        "creator": sheet.issuer,
        "subject": f"sha256 {sheet.sha256}",
    }
    document = BaseDocTemplate(out, pagesize=A4, leftMargin=SIDE, rightMargin=SIDE, topMargin=TOP, bottomMargin=FOOT, **said)
    frame = Frame(SIDE, FOOT, WIDTH, A4[1] - TOP - FOOT, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    document.build(_story(sheet), canvasmaker=_canvas_of(sheet))
    return out.getvalue()


@cache
def _register() -> None:
    pdfmetrics.registerFont(TTFont(TEXT, FONTS / "NotoSansSC-GB2312.ttf"))
    pdfmetrics.registerFont(TTFont(HEAD, FONTS / "NotoSansSC-Headings.ttf"))


def _canvas_of(sheet: Sheet) -> type[Canvas]:
    """A canvas that knows how many pages there are before it writes the foot of the first."""

    class Numbered(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **(kwargs | {"lang": sheet.language, "invariant": 1, "initialFontName": TEXT}))
            self.setDateFormatter(lambda *_: f"D:{sheet.day:%Y%m%d}")
            self.setViewerPreference("DisplayDocTitle", "true")
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                _foot(self, sheet, number, len(self._pages))
                super().showPage()
            super().save()

    return Numbered


def _foot(canvas: Canvas, sheet: Sheet, page: int, pages: int) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(SIDE, 14 * mm, SIDE + WIDTH, 14 * mm)
    canvas.setFillColor(SOFT)
    canvas.setFont(TEXT, 6.6)
    canvas.drawString(SIDE, 10 * mm, f"SHA-256 {sheet.sha256}")
    canvas.drawRightString(SIDE + WIDTH, 10 * mm, sheet.page_word.format(page=page, pages=pages))


def _story(sheet: Sheet) -> list[Flowable]:
    story: list[Flowable] = [_Head(sheet), Spacer(1, 5 * mm), _facts(sheet), Spacer(1, 5 * mm)]
    if sheet.figures:
        story += [_figures(sheet), Spacer(1, 6 * mm)]
    for table in sheet.tables:
        story += [
            Paragraph(_text(table.title), _style(11, font=HEAD, keepWithNext=1)),
            Spacer(1, 2 * mm),
            *_table(table),
            Spacer(1, 6 * mm),
        ]
    return story + [Paragraph(_text(note), _style(7.6, colour=SOFT, spaceAfter=3)) for note in sheet.notes]


class _Head(Flowable):
    """The bridge, the issuer, the title and the period."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.sheet, self.width, self.height = sheet, WIDTH, 17 * mm

    def draw(self) -> None:
        canvas: Canvas = self.canv
        self._mark(canvas)
        canvas.setFillColor(ACCENT)
        canvas.setFont(HEAD, 10)
        canvas.drawString(12 * mm, 9.6 * mm, self.sheet.issuer)
        canvas.setFillColor(INK)
        canvas.setFont(HEAD, 15)
        canvas.drawRightString(WIDTH, 9 * mm, self.sheet.title)
        canvas.setFillColor(SOFT)
        canvas.setFont(TEXT, 8.6)
        canvas.drawRightString(WIDTH, 3.4 * mm, self.sheet.subtitle)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(1.2)
        canvas.line(0, 0, WIDTH, 0)

    def _mark(self, canvas: Canvas) -> None:
        """As in static/mark.svg: an arch over still water and its reflection."""
        canvas.saveState()
        canvas.translate(0, 14.6 * mm)
        canvas.scale(0.85, -0.85)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineCap(1)
        for width, points in (
            (2.2, ((2.5, 16.5), (2.5, 16.5), (29.5, 16.5), (29.5, 16.5))),
            (2.2, ((8, 16.5), (8, 5.85), (24, 5.85), (24, 16.5))),
            (2.2, ((3, 11.5), (10, 1.6), (22, 1.6), (29, 11.5))),
            (1.6, ((9, 20.5), (11.5, 25.9), (20.5, 25.9), (23, 20.5))),
        ):
            canvas.setLineWidth(width)
            canvas.bezier(*(value for point in points for value in point))
        canvas.restoreState()


def _facts(sheet: Sheet) -> LongTable:
    """Terms and values in two columns of pairs."""
    cells = [(Paragraph(_text(term), _style(8, colour=SOFT)), Paragraph(_text(value), _style(8.6))) for term, value in sheet.facts]
    cells += [(Paragraph("", _style(8)),) * 2] * (len(cells) % 2)
    half = len(cells) // 2
    rows = [[*cells[row], *cells[row + half]] for row in range(half)]
    style = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight(1.4)]
    return LongTable(rows, colWidths=[WIDTH * share for share in (0.13, 0.42, 0.18, 0.27)], style=TableStyle(style))


def _figures(sheet: Sheet) -> LongTable:
    terms = [Paragraph(_text(term), _style(7.8, colour=SOFT)) for term, _ in sheet.figures]
    values = [Paragraph(_text(value), _style(12, font=HEAD)) for _, value in sheet.figures]
    style = [
        ("FONTNAME", (0, 0), (-1, -1), TEXT),
        ("BACKGROUND", (0, 0), (-1, -1), SUNK),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, 0), 6),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 0),
        ("TOPPADDING", (0, 1), (-1, 1), 1),
        ("BOTTOMPADDING", (0, 1), (-1, 1), 8),
    ]
    return LongTable([terms, values], colWidths=[WIDTH / len(sheet.figures)] * len(sheet.figures), style=TableStyle(style))


def _table(table: Table) -> list[Flowable]:
    if not table.rows:
        return [Paragraph(_text(table.empty), _style(8.6, colour=SOFT))]
    whole = sum(column.share for column in table.columns)
    widths = [WIDTH * column.share / whole for column in table.columns]
    head = [Paragraph(_text(c.head), _style(7.4, colour=SOFT, right=c.is_number)) for c in table.columns]
    rows = [[_cell(text, column.is_number) for text, column in zip(row, table.columns, strict=True)] for row in table.rows]
    foot = [[_cell(text, column.is_number, HEAD) for text, column in zip(table.foot, table.columns, strict=True)]] if table.foot else []
    style = [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, SOFT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        *_tight(2.6),
    ]
    if foot:
        style += [("LINEABOVE", (0, -1), (-1, -1), 0.9, INK), ("LINEBELOW", (0, -1), (-1, -1), 0.9, INK)]
    return [LongTable([head, *rows, *foot], colWidths=widths, repeatRows=1, style=TableStyle(style))]


def _cell(text: str, right: bool, font: str = TEXT) -> Paragraph:
    return Paragraph(_text(text), _style(8, font=font, right=right))


def _tight(points: float) -> list[tuple[Any, ...]]:
    """Little room above and below; and no font but ours, where a table would name Helvetica."""
    return [("FONTNAME", (0, 0), (-1, -1), TEXT), ("TOPPADDING", (0, 0), (-1, -1), points), ("BOTTOMPADDING", (0, 0), (-1, -1), points)]


def _text(text: str) -> str:
    return escape(text)


@cache
def _style(size: float, *, font: str = TEXT, colour: Any = INK, right: bool = False, **more: Any) -> ParagraphStyle:
    given = {"fontName": font, "fontSize": size, "leading": size * 1.45, "textColor": colour, "wordWrap": "CJK"} | more
    return ParagraphStyle("", **(given | ({"alignment": TA_RIGHT} if right else {})))
