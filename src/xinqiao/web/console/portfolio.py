"""The book's figures in a reader's words: rows for tables, series for charts, and for heat maps how strongly a cell is tinted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from xinqiao.kit import CNY, Money
from xinqiao.kit.money import total
from xinqiao.partners import Partner
from xinqiao.servicing import View
from xinqiao.servicing.book import Assumptions, By, Concentration, Expected, Figure, Line, Per, Point
from xinqiao.servicing.delinquency import MONTHLY, Grade, RollMatrix, Weight

from ..i18n import Words
from .overview import named
from .words import BUCKETS, N_

KEYS = {
    By.VINTAGE: N_("Month of payout"),
    By.BUCKET: N_("Lateness"),
    By.FUNDER: N_("Funder"),
    By.PRODUCT: N_("Product"),
    By.REGION: N_("Region"),
    By.GRADE: N_("Category"),
}
BUCKET_ORDER = ("current", *MONTHLY.names, "charged_off", "closed")
TINTS = 8
"""Steps of a heat map's colour."""


One = TypeVar("One", Line, Figure)


class Teller:
    def __init__(self, words: Words, parties: Mapping[UUID, Partner]) -> None:
        self.words, self.parties = words, parties

    def name(self, key: str, by: By) -> str:
        if by is By.FUNDER:
            return named(self.words, self.parties.get(UUID(key)))
        if by is By.GRADE:
            return Grade.of(key).says(self.words.language)
        return self.words.gettext(BUCKETS[key]) if key in BUCKETS else key or "–"

    def closed(self, whole: Sequence[Figure], lines: Sequence[Figure], by: By) -> dict[str, Any]:
        """Of a closed day: with what is overdue, accrued and at risk."""
        money, percent = self.words.money, self.words.percent
        one = whole[0] if whole else Figure("all", 0, *(CNY(0),) * 6)
        rows = [
            {
                "name": self.name(line.key, by),
                "key": line.key,
                "loans": line.loans,
                "principal": money(line.principal),
                "outstanding": money(line.outstanding),
                "overdue": money(line.overdue),
                "accrued": money(line.accrued),
                "par30": percent(line.par30_ratio),
                "par90": percent(line.par90_ratio),
            }
            for line in in_order(lines, by)
        ]
        tiles = [
            (self.words.gettext("Loans"), f"{one.loans:,}", ""),
            (self.words.gettext("Lent"), money(one.principal), ""),
            (self.words.gettext("Outstanding"), money(one.outstanding), ""),
            (self.words.gettext("Overdue"), money(one.overdue), ""),
            (self.words.gettext("Interest earned, not yet collected"), money(one.accrued), ""),
            ("PAR30", percent(one.par30_ratio), money(one.par30)),
            ("PAR90", percent(one.par90_ratio), money(one.par90)),
        ]
        return {"tiles": tiles, "rows": rows, "chart": self._balances(lines, by), "spread": None}

    def live(self, buckets: Sequence[Line], lines: Sequence[Line], by: By) -> dict[str, Any]:
        """As the loans stand now, before any day was closed."""
        money = self.words.money
        lent, outstanding = (total(getattr(one, side) for one in buckets) for side in ("principal", "outstanding"))
        late = total(one.outstanding for one in buckets if one.key in MONTHLY.names)
        share = Decimal(late.minor) / outstanding.minor if outstanding.minor else Decimal(0)
        rows = [
            {
                "name": self.name(one.key, by),
                "key": one.key,
                "loans": one.loans,
                "principal": money(one.principal),
                "outstanding": money(one.outstanding),
            }
            for one in in_order(lines, by)
        ]
        tiles = [
            (self.words.gettext("Loans"), f"{sum(one.loans for one in buckets):,}", ""),
            (self.words.gettext("Lent"), money(lent), ""),
            (self.words.gettext("Outstanding"), money(outstanding), ""),
            (self.words.gettext("Of it late"), self.words.percent(share), money(late)),
        ]
        return {"tiles": tiles, "rows": rows, "chart": self._balances(lines, by), "spread": None}

    def loan(self, seen: View) -> dict[str, Any]:
        """One line of a list of loans."""
        loan = seen.loan
        word, tone = ("Repaid", "good") if loan.closed_on else ("Active", "bad" if seen.days_past_due else "live")
        return {
            "id": loan.id,
            "on": loan.disbursed_on,
            "principal": self.words.money(loan.principal),
            "outstanding": self.words.money(loan.outstanding),
            "overdue": self.words.money(seen.owed.overdue),
            "days": seen.days_past_due,
            "bucket": seen.bucket or "",
            "state": (self.words.gettext(word), tone),
        }

    def _balances(self, lines: Sequence[Line | Figure], by: By) -> dict[str, Any] | None:
        if not lines:
            return None
        lines = in_order(lines, by)
        outstanding = [float(line.outstanding.decimal) for line in lines]
        repaid = [float((line.principal - line.outstanding).decimal) for line in lines]
        return {
            "kind": "stack",
            "unit": "¥",
            "x": [self.name(line.key, by) for line in lines],
            "series": [
                {"name": self.words.gettext("Outstanding"), "data": outstanding, "colour": "principal"},
                {"name": self.words.gettext("No longer outstanding"), "data": repaid, "colour": "good"},
            ],
        }

    def spread(self, found: Concentration) -> dict[str, Any] | None:
        """How far the book leans on single funders."""
        if not found.shares:
            return None
        greatest = found.shares[0]
        return {
            "name": self.name(greatest.key, By.FUNDER),
            "share": self.words.percent(greatest.share),
            "herfindahl": f"{found.herfindahl:.2f}",
            "count": len(found.shares),
        }

    def vintages(self, points: Sequence[Point]) -> dict[str, Any]:
        """One line and one row for each month of payout, by month on book."""
        if not points:
            return {"curves": None, "months": [], "triangle": []}
        by_vintage: dict[str, dict[int, Decimal]] = {}
        for point in points:
            by_vintage.setdefault(f"{point.vintage:%Y-%m}", {})[point.month_on_book] = point.ever_late
        months = list(range(max(point.month_on_book for point in points) + 1))
        series = [
            {"name": name, "data": [None if month not in found else round(float(found[month] * 100), 4) for month in months]}
            for name, found in by_vintage.items()
        ]
        highest = max((point.ever_late for point in points), default=Decimal(0))
        triangle = [
            {"name": name, "cells": [self._cell(found.get(month), highest, "bad") for month in months]}
            for name, found in by_vintage.items()
        ]
        chart = {"kind": "line", "unit": "%", "x": [str(month) for month in months], "series": series[-12:]}
        return {"curves": chart, "months": months, "triangle": triangle}

    def rolls(self, matrix: RollMatrix, by: Weight) -> dict[str, Any]:
        """From each state to each; the tint tells how large the share is, and its colour whether the loans got better or worse."""
        states = matrix.states
        used = [state for state in states if matrix.loans[states.index(state)].sum() or matrix.loans[:, states.index(state)].sum()]
        rows = []
        for start in used:
            whole = int(matrix.loans[states.index(start)].sum())
            if not whole:
                continue
            cells = [self._roll(matrix, start, end, by) for end in used]
            rows.append(
                {
                    "name": self.name(start, By.BUCKET),
                    "loans": whole,
                    "balance": self.words.money(Money(int(matrix.balance[states.index(start)].sum()), "CNY")),
                    "cells": cells,
                    "cured": self._percent(matrix.cure_rate(start, by)) if start != "current" else "–",
                    "worsened": self._percent(matrix.worsened(start, by)),
                }
            )
        return {"rows": rows, "ends": [self.name(end, By.BUCKET) for end in used]}

    def _roll(self, matrix: RollMatrix, start: str, end: str, by: Weight) -> dict[str, Any]:
        order = [*(state for state in matrix.states if state not in ("closed",))]
        better = end == "closed" or (start in order and end in order and order.index(end) < order.index(start))
        tone = "same" if start == end else "good" if better else "bad"
        return self._cell(matrix.rate(start, end, by), Decimal(1), tone)

    def _cell(self, share: Decimal | None, highest: Decimal, tone: str) -> dict[str, Any]:
        """Nothing where nothing is known; a tint from 0 (none) to TINTS otherwise."""
        if share is None:
            return {"text": "", "tint": "", "empty": True}
        step = min(TINTS, int((share / highest * TINTS).to_integral_value(rounding="ROUND_CEILING"))) if highest and share else 0
        return {"text": self._percent(share) if share else "0", "tint": f"{tone} t{step}" if step else "", "empty": False}

    def _percent(self, share: Decimal | None) -> str:
        return "–" if share is None else self.words.percent(share, 1)

    def forecast(self, expected: Sequence[Expected], assumed: Assumptions, per: Per, *, own: bool) -> dict[str, Any]:
        money, gettext = self.words.money, self.words.gettext
        parts = ("principal", "interest", "charges", "contracted", "expected", "late")
        starts = [f"{one.start:%Y-%m}" if per is Per.MONTH else one.start.isoformat() for one in expected]
        rows = [
            {"start": start, **{name: money(getattr(one, name)) for name in parts}} for start, one in zip(starts, expected, strict=True)
        ]
        sums = {name: money(total(getattr(one, name) for one in expected)) for name in parts}
        chart = {
            "kind": "stack",
            "unit": "¥",
            "x": starts,
            "series": [
                *(
                    {"name": gettext(word), "data": [float(getattr(one, name).decimal) for one in expected], "colour": colour}
                    for name, word, colour in (
                        ("principal", N_("Principal"), "principal"),
                        ("interest", N_("Interest"), "interest"),
                        ("charges", N_("Fees and premiums"), "premium"),
                    )
                ),
                {"name": gettext("Expected"), "data": [float(one.expected.decimal) for one in expected], "line": True, "colour": "ink"},
            ],
        }
        shares = [(self.name(bucket, By.BUCKET), self.words.percent(share, 1)) for bucket, share in assumed.rolls.items()]
        source = (
            assumed.source
            if own
            else gettext("Invented for illustration: the book has no month of its own to measure yet, or you asked for these.")
        )
        return {
            "rows": rows,
            "sums": sums,
            "chart": chart if expected else None,
            "rolls": shares,
            "prepaid": self.words.percent(assumed.prepaid, 1),
            "source": source,
        }


def in_order(lines: Sequence[One], by: By) -> list[One]:
    """Buckets and categories from good to bad; other keys as they came."""
    if by is By.BUCKET:
        return sorted(lines, key=lambda one: BUCKET_ORDER.index(one.key) if one.key in BUCKET_ORDER else len(BUCKET_ORDER))
    return sorted(lines, key=lambda one: Grade.of(one.key)) if by is By.GRADE else list(lines)
