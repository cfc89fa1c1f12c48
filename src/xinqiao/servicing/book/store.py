"""Sums over the loans and their standing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from xinqiao.kit import Money

from ..delinquency import Instalment, Owing
from .model import By, Line, Point

KEYS = {
    By.VINTAGE: "to_char(l.disbursed_on, 'YYYY-MM')",
    By.BUCKET: "CASE WHEN l.closed_on IS NOT NULL THEN 'closed' ELSE coalesce(s.bucket, 'current') END",
    By.FUNDER: "l.funder_id::text",
}
MINE = "l.currency = :currency AND (CAST(:funder AS uuid) IS NULL OR l.funder_id = :funder)"
STANDING = "LEFT JOIN loan_standing s ON s.person_id = l.person_id AND s.loan_id = l.id"

CURVES = f"""
WITH mine AS (
    SELECT l.person_id, l.id, l.principal, date_trunc('month', l.disbursed_on)::date AS vintage FROM loan l WHERE {MINE}
), first_late AS (
    SELECT m.vintage, m.principal,
           (SELECT min(v.day) FROM loan_standing_move v WHERE v.person_id = m.person_id AND v.loan_id = m.id AND v.became = ANY(:late)) AS day
    FROM mine m
), months AS (
    SELECT vintage, sum(principal) AS lent,
           (extract(year FROM age(CAST(:today AS date), vintage)) * 12 + extract(month FROM age(CAST(:today AS date), vintage)))::int AS lived
    FROM mine GROUP BY vintage
)
SELECT m.vintage, month_on_book, coalesce(sum(f.principal), 0) AS late, m.lent
FROM months m CROSS JOIN LATERAL generate_series(0, m.lived) AS month_on_book
LEFT JOIN first_late f ON f.vintage = m.vintage AND f.day < m.vintage + make_interval(months => month_on_book + 1)
GROUP BY m.vintage, month_on_book, m.lent ORDER BY m.vintage, month_on_book
"""

LATE = """
SELECT l.id, l.person_id, l.currency, d.number, d.due, d.unpaid
FROM (
    SELECT loan_id FROM loan_instalment WHERE NOT settled AND due < :today
    UNION SELECT loan_id FROM loan_standing WHERE bucket IS NOT NULL
) AS late
JOIN loan l ON l.id = late.loan_id
LEFT JOIN LATERAL (
    SELECT i.number, i.due, greatest(1, i.principal + i.interest + i.premium + i.fee
           - i.paid_principal - i.paid_interest - i.paid_premium - i.paid_fee) AS unpaid
    FROM loan_instalment i WHERE i.person_id = l.person_id AND i.loan_id = l.id AND NOT i.settled ORDER BY i.number LIMIT 1
) d ON true
WHERE (CAST(:after AS uuid) IS NULL OR l.id > :after) ORDER BY l.id LIMIT :limit
"""
"""An unsettled instalment owes something, if only penalty not yet counted: hence at least one unit."""


def balances(db: Connection, by: By, *, currency: str, funder_id: UUID | None) -> list[Line]:
    query = f"""SELECT {KEYS[by]} AS key, count(*) AS loans, sum(l.principal) AS principal, sum(l.outstanding) AS outstanding
                FROM loan l {STANDING if by is By.BUCKET else ""} WHERE {MINE} GROUP BY 1 ORDER BY 1"""
    rows = db.execute(text(query), {"currency": currency, "funder": funder_id})
    return [Line(r.key, r.loans, Money(int(r.principal), currency), Money(int(r.outstanding), currency)) for r in rows]


def vintage_curves(db: Connection, late: tuple[str, ...], *, today: date, currency: str, funder_id: UUID | None) -> list[Point]:
    rows = db.execute(text(CURVES), {"late": list(late), "today": today, "currency": currency, "funder": funder_id})
    return [Point(r.vintage, r.month_on_book, (Decimal(r.late) / Decimal(r.lent)).quantize(Decimal("0.0001"))) for r in rows]


def late_or_standing(db: Connection, today: date, *, after: UUID | None, limit: int) -> list[Owing]:
    """A page of the loans that are late, or stand in a bucket they may have left, with their oldest unpaid instalment."""
    rows = db.execute(text(LATE), {"today": today, "after": after, "limit": limit})
    return [Owing(r.id, r.person_id, (Instalment(r.number, r.due, Money(int(r.unpaid), r.currency)),) if r.due else ()) for r in rows]
