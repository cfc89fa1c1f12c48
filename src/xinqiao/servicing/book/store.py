"""Sums over the loans and their standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Date, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ..delinquency import Instalment, Owing
from .forecast import Flow
from .model import By, Figure, Line, Point

SIZES = ("loans", "principal", "outstanding", "overdue", "accrued", "par30", "par90")
line = Table(
    "book_line",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("vintage", Date, nullable=False),
    Column("product", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("grade", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in SIZES),
    PrimaryKeyConstraint("tenant", "day", "currency", "funder_id", "vintage", "product", "region", "bucket", "grade"),
)
"""Sums over the loans of one key on a closed day; `bucket` is "" for current loans, "closed" for those
repaid by then, "charged_off" for those booked as a loss and still owed, "written_off" for those that ended unpaid."""

roll = Table(
    "book_roll",
    tables,
    tenant(),
    Column("day", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
    Column("loans", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "day", "currency", "funder_id", "was", "became"),
)
"""Where the loans that stood in `was` at the last close of the month before stand on this day; `balance` is their principal then."""

first = Table(
    "book_first",
    tables,
    tenant(),
    Column("currency", Text, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("vintage", Date, nullable=False),
    Column("late", Text, nullable=False),
    Column("month", Integer, nullable=False),
    Column("loans", BigInteger, nullable=False),
    Column("principal", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "currency", "funder_id", "vintage", "late", "month"),
)
"""Loans by the month of their life in which they were that late for the first time."""

flow = Table(
    "book_flow",
    tables,
    tenant(),
    Column("currency", Text, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("day", Date, nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("interest", BigInteger, nullable=False),
    Column("charges", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "currency", "funder_id", "bucket", "due"),
)
"""What open instalments owe by due date, as of the last closed day alone."""

KEYS = {
    By.VINTAGE: "to_char(l.disbursed_on, 'YYYY-MM')",
    By.BUCKET: "CASE WHEN l.closed_on IS NULL THEN coalesce(s.bucket, 'current') WHEN l.state = 'written_off' THEN 'charged_off' ELSE 'closed' END",
    By.FUNDER: "l.funder_id::text",
    By.PRODUCT: "coalesce(a.product, '')",
    By.REGION: "coalesce(a.region, '')",
    By.GRADE: "coalesce(g.grade, 'normal')",
}
JOINS = {
    By.BUCKET: "LEFT JOIN loan_standing s ON s.person_id = l.person_id AND s.loan_id = l.id",
    By.PRODUCT: "LEFT JOIN application a ON a.person_id = l.person_id AND a.id = l.application_id",
    By.GRADE: "LEFT JOIN loan_grade g ON g.person_id = l.person_id AND g.loan_id = l.id",
}
JOINS[By.REGION] = JOINS[By.PRODUCT]
MINE = "l.currency = :currency AND (CAST(:funder AS uuid) IS NULL OR l.funder_id = :funder)"

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
                FROM loan l {JOINS.get(by, "")} WHERE {MINE} GROUP BY 1 ORDER BY 1"""
    rows = db.execute(text(query), {"currency": currency, "funder": funder_id})
    return [Line(r.key, r.loans, Money(int(r.principal), currency), Money(int(r.outstanding), currency)) for r in rows]


def vintage_curves(db: Connection, late: tuple[str, ...], *, today: date, currency: str, funder_id: UUID | None) -> list[Point]:
    rows = db.execute(text(CURVES), {"late": list(late), "today": today, "currency": currency, "funder": funder_id})
    return [Point(r.vintage, r.month_on_book, (Decimal(r.late) / Decimal(r.lent)).quantize(Decimal("0.0001"))) for r in rows]


FIGURE_KEYS = {
    None: "'all'",
    By.VINTAGE: "to_char(vintage, 'YYYY-MM')",
    By.BUCKET: "CASE bucket WHEN '' THEN 'current' WHEN 'written_off' THEN 'charged_off' ELSE bucket END",
    By.FUNDER: "funder_id::text",
    By.PRODUCT: "product",
    By.REGION: "region",
    By.GRADE: "grade",
}
OF_DAY = "day = :day AND currency = :currency AND (CAST(:funder AS uuid) IS NULL OR funder_id = :funder)"
FIRSTS = f"""
WITH lent AS (SELECT vintage, sum(principal) AS principal FROM book_line WHERE {OF_DAY} GROUP BY vintage),
first AS (
    SELECT vintage, month, sum(principal) AS principal FROM book_first
    WHERE late = :late AND currency = :currency AND (CAST(:funder AS uuid) IS NULL OR funder_id = :funder) GROUP BY vintage, month
)
SELECT l.vintage, month_on_book, l.principal AS lent,
       coalesce((SELECT sum(f.principal) FROM first f WHERE f.vintage = l.vintage AND f.month <= month_on_book), 0) AS late
FROM lent l CROSS JOIN LATERAL generate_series(
    0, (extract(year FROM age(CAST(:day AS date), l.vintage)) * 12 + extract(month FROM age(CAST(:day AS date), l.vintage)))::int
) AS month_on_book
WHERE l.principal > 0 ORDER BY l.vintage, month_on_book
"""


def last_day(db: Connection) -> date | None:
    return db.execute(text("SELECT max(day) FROM book_line")).scalar()


def figures(db: Connection, by: By | None, *, currency: str, funder_id: UUID | None, day: date | None) -> list[Figure]:
    sums = ", ".join(f"sum({name}) AS {name}" for name in SIZES)
    query = f"SELECT {FIGURE_KEYS[by]} AS key, {sums} FROM book_line WHERE {OF_DAY} GROUP BY 1 ORDER BY 1"
    rows = db.execute(text(query), {"day": day, "currency": currency, "funder": funder_id})
    return [Figure(r.key, int(r.loans), *(Money(int(getattr(r, name)), currency) for name in SIZES[1:])) for r in rows]


def curves(db: Connection, late: str, *, day: date, currency: str, funder_id: UUID | None) -> list[Point]:
    rows = db.execute(text(FIRSTS), {"late": late, "day": day, "currency": currency, "funder": funder_id})
    return [Point(r.vintage, r.month_on_book, (Decimal(r.late) / Decimal(r.lent)).quantize(Decimal("0.0001"))) for r in rows]


def rolls(db: Connection, *, currency: str, funder_id: UUID | None, day: date | None) -> list[tuple[str, str, int, int]]:
    became = "CASE became WHEN 'written_off' THEN 'charged_off' ELSE became END"
    query = f"SELECT was, {became} AS became, sum(loans) AS loans, sum(balance) AS balance FROM book_roll WHERE {OF_DAY} GROUP BY 1, 2"
    rows = db.execute(text(query), {"day": day, "currency": currency, "funder": funder_id})
    return [(r.was, r.became, int(r.loans), int(r.balance)) for r in rows]


def flows(db: Connection, currency: str, funder_id: UUID | None) -> list[Flow]:
    query = """
        SELECT CASE bucket WHEN '' THEN 'current' ELSE bucket END AS bucket, due, sum(principal) AS principal, sum(interest) AS interest,
               sum(charges) AS charges
        FROM book_flow WHERE currency = :currency AND (CAST(:funder AS uuid) IS NULL OR funder_id = :funder) GROUP BY 1, 2"""
    rows = db.execute(text(query), {"currency": currency, "funder": funder_id})
    return [Flow(r.bucket, r.due, int(r.principal), int(r.interest), int(r.charges)) for r in rows]


def late_or_standing(db: Connection, today: date, *, after: UUID | None, limit: int) -> list[Owing]:
    """A page of the loans that are late, or stand in a bucket they may have left, with their oldest unpaid instalment."""
    rows = db.execute(text(LATE), {"today": today, "after": after, "limit": limit})
    return [Owing(r.id, r.person_id, (Instalment(r.number, r.due, Money(int(r.unpaid), r.currency)),) if r.due else ()) for r in rows]


LINE_KEYS = {
    "currency": "text",
    "funder": "uuid",
    "vintage": "date",
    "product": "text",
    "region": "text",
    "bucket": "text",
    "grade": "text",
}
ROLL_KEYS = {"currency": "text", "funder": "uuid", "was": "text", "became": "text"}
FIRST_KEYS = {"currency": "text", "funder": "uuid", "vintage": "date", "late": "text", "month": "int"}
FLOW_KEYS = {"currency": "text", "funder": "uuid", "bucket": "text", "due": "date"}
Columns = Mapping[str, Sequence]


def save_lines(db: Connection, on: date, lines: Columns, *, before: date | None) -> None:
    """With the "closed" lines of `before` added, which are never counted twice."""
    sums = ", ".join(f"sum({name})" for name in SIZES)
    query = f"""
        WITH given AS ({_given(LINE_KEYS, SIZES)}), carried AS (
            SELECT currency, funder_id, vintage, product, region, bucket, grade, {", ".join(SIZES)} FROM book_line
            WHERE day = :before AND bucket IN ('closed', 'written_off')
        )
        INSERT INTO book_line (day, currency, funder_id, vintage, product, region, bucket, grade, {", ".join(SIZES)})
        SELECT :day, currency, funder, vintage, product, region, bucket, grade, {sums} FROM (SELECT * FROM given UNION ALL SELECT * FROM carried) both_days
        GROUP BY currency, funder, vintage, product, region, bucket, grade HAVING sum(loans) <> 0"""
    db.execute(text(query), {**lines, "day": on, "before": before})


def save_rolls(db: Connection, on: date, rolls: Columns, *, before: date | None) -> None:
    query = f"""
        WITH given AS ({_given(ROLL_KEYS, ("loans", "balance"))}), carried AS (
            SELECT currency, funder_id, was, became, loans, balance FROM book_roll WHERE day = :before AND became IN ('closed', 'written_off')
        )
        INSERT INTO book_roll (day, currency, funder_id, was, became, loans, balance)
        SELECT :day, currency, funder, was, became, sum(loans), sum(balance) FROM (SELECT * FROM given UNION ALL SELECT * FROM carried) both_days
        GROUP BY currency, funder, was, became"""
    db.execute(text(query), {**rolls, "day": on, "before": before})


def add_firsts(db: Connection, firsts: Columns) -> None:
    query = f"""
        INSERT INTO book_first (currency, funder_id, vintage, late, month, loans, principal)
        SELECT currency, funder, vintage, late, month, loans, principal FROM ({_given(FIRST_KEYS, ("loans", "principal"))}) given
        ON CONFLICT (tenant, currency, funder_id, vintage, late, month)
        DO UPDATE SET loans = book_first.loans + excluded.loans, principal = book_first.principal + excluded.principal"""
    db.execute(text(query), dict(firsts))


def replace_flows(db: Connection, on: date, flows: Columns) -> None:
    db.execute(text("DELETE FROM book_flow"))
    query = f"""
        INSERT INTO book_flow (currency, funder_id, bucket, due, day, principal, interest, charges)
        SELECT currency, funder, bucket, due, :day, principal, interest, charges
        FROM ({_given(FLOW_KEYS, ("principal", "interest", "charges"))}) given"""
    db.execute(text(query), {**flows, "day": on})


def tidy(db: Connection, on: date, *, kept: int) -> None:
    """Drop the figures of days before the last `kept`, save the last closed day of each month."""
    for table in ("book_line", "book_roll"):
        query = f"""
            DELETE FROM {table} WHERE day < CAST(:on AS date) - :kept
            AND day NOT IN (SELECT max(day) FROM {table} GROUP BY date_trunc('month', day))"""
        db.execute(text(query), {"on": on, "kept": kept})


def _given(keys: Mapping[str, str], values: Sequence[str]) -> str:
    """The rows of columns that are passed as parameters of their own names."""
    types = {**keys, **dict.fromkeys(values, "bigint")}
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in types.items())
    names = ", ".join(f'"{name}"' for name in types)
    return f"SELECT * FROM unnest({arrays}) AS g({names})"
