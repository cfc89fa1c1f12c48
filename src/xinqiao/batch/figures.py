"""What a page of loans adds to the figures of the book. Pure."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from xinqiao.servicing.delinquency import Buckets, Flag, Grade, bucket_codes

from . import columns
from .model import CURRENCY, FLAGS, GRADE, PRODUCT, REGION, Base, Page, Standing
from .shares import earned, passed
from .sums import Sums, merged, summed, summed_by_day

CURRENT, CLOSED, CHARGED_OFF, WRITTEN_OFF = "current", "closed", "charged_off", "written_off"
"""Beside the buckets: a loan charged off is booked as a loss and still owed; one written off has ended."""
PAR = (30, 90)
"""Days past due beyond which a loan counts as portfolio at risk."""


def page_figures(page: Page, standing: Standing, late: NDArray[np.int64], base: Base, on: date, buckets: Buckets) -> dict[str, Sums]:
    """ "earned" and "passed" (what the ledger is told), "lines" (balances), "flows" (what is yet to fall due), "firsts" (loans later than ever before), "rolls"."""
    bucket = np.where(charged_off(page), CHARGED_OFF, bucket_names(buckets, late, page.closed))
    return {
        "earned": earned(page, standing),
        "passed": passed(page),
        "lines": merged([_lines(page, standing, late, bucket), _closed(page)]),
        "flows": _flows(page, bucket),
        "firsts": _firsts(page, late, on, buckets),
        "rolls": _rolls(page, bucket, base, buckets),
    }


def bucket_names(buckets: Buckets, days: NDArray[np.int64], closed: NDArray[np.bool_]) -> NDArray[np.str_]:
    """The bucket of each loan; "" while it is current or when it has ended."""
    return np.array(["", *buckets.names])[bucket_codes(np.where(closed, 0, days), buckets)]


def charged_off(page: Page) -> NDArray[np.bool_]:
    return flags(page) & int(Flag.CHARGED_OFF) != 0


def flags(page: Page) -> NDArray[np.int64]:
    """Each loan's marks as a sum of `delinquency.Flag`."""
    words, of = np.unique(page.words[:, FLAGS], return_inverse=True)
    return (
        np.array([sum(int(Flag[one.upper()]) for one in text.split()) for text in words], np.int64)[of]
        if len(words)
        else np.zeros(0, np.int64)
    )


def rows(of: Sums) -> dict[str, list]:
    """As columns of Python values: UUIDs, dates, strings and integers."""
    made: dict[str, list] = {name: column.tolist() for name, column in {**of.keys, **of.values}.items()}
    if "funder" in made:
        made["funder"] = [columns.uuid(one) for one in made["funder"]]
    for name, read in (("vintage", _month), ("due", columns.day)):
        if name in made:
            made[name] = [read(one) for one in made[name]]
    return made


def _keys(page: Page, bucket: NDArray[np.str_]) -> dict[str, NDArray]:
    return {
        "currency": page.words[:, CURRENCY],
        "funder": page.funders,
        "vintage": _months(page.start),
        "product": page.words[:, PRODUCT],
        "region": page.words[:, REGION],
        "bucket": bucket,
        "grade": page.words[:, GRADE],
    }


def _lines(page: Page, standing: Standing, late: NDArray[np.int64], bucket: NDArray[np.str_]) -> Sums:
    live = ~page.closed
    values = {
        "loans": np.ones(len(page), np.int64),
        "principal": page.principal,
        "outstanding": page.outstanding,
        "overdue": standing.overdue,
        "accrued": standing.earned_interest + standing.earned_penalty - standing.collected,
        **{f"par{days}": np.where(late > days, page.outstanding, 0) for days in PAR},
    }
    keys = {name: column[live] for name, column in _keys(page, bucket).items()}
    return summed(keys, {name: column[live] for name, column in values.items()})


def _closed(page: Page) -> Sums:
    """Loans that ended since the close before, less those that were opened again: the sum of all closes is what has ever ended."""
    turned = page.closed.astype(np.int64) - page.before.closed
    of = turned != 0
    keys = {name: column[of] for name, column in _keys(page, ending(page)).items()}
    keys["grade"] = np.full(int(of.sum()), Grade.NORMAL.word)
    none = np.zeros(int(of.sum()), np.int64)
    values = {"loans": turned[of], "principal": (turned * page.principal)[of], "outstanding": none, "overdue": none, "accrued": none}
    return summed(keys, {**values, **{f"par{days}": none for days in PAR}})


def ending(page: Page) -> NDArray[np.str_]:
    return np.where(page.lost, WRITTEN_OFF, CLOSED)


def _flows(page: Page, bucket: NDArray[np.str_]) -> Sums:
    """Unpaid parts of open instalments by due date."""
    rows = page.rows
    parts = {
        "principal": rows.principal - rows.paid_principal,
        "interest": rows.interest - rows.paid_interest,
        "charges": rows.charges - rows.paid_charges,
    }
    live = ~rows.settled & ~page.closed[rows.loan]
    keys = {"currency": page.words[:, CURRENCY], "funder": page.funders, "bucket": bucket}
    unpaid = {name: np.maximum(part[live], 0) for name, part in parts.items()}
    return summed_by_day(keys, rows.loan[live], "due", rows.due[live], unpaid)


def _firsts(page: Page, late: NDArray[np.int64], on: date, buckets: Buckets) -> Sums:
    """Loans that are in a bucket, or beyond it, for the first time of their life, by month on book."""
    vintage = _months(page.start)
    month = (on.year - 1970) * 12 + on.month - 1 - vintage
    parts = []
    for start, name in zip(buckets.starts, buckets.names, strict=True):
        of = (late >= start) & (page.before.worst < start) & ~page.closed
        keys = {"currency": page.words[of, CURRENCY], "funder": page.funders[of], "vintage": vintage[of], "month": month[of]}
        keys["late"] = np.full(int(of.sum()), name, dtype="U16")
        parts.append(summed(keys, {"loans": np.ones(int(of.sum()), np.int64), "principal": page.principal[of]}))
    return merged(parts)


def base_of(page: Page, before: date | None, on: date) -> Base:
    """What this month's rolls count from: the standing at the close before when that was of another month, else the base it counted from.

    A loan written off by then rolls no more.
    """
    same = before is None or (before.year, before.month) == (on.year, on.month)
    was = page.before
    late, outstanding = (was.base_late, was.base_outstanding) if same else (was.late, was.outstanding)
    return (late if same else np.where(was.charged_off, -1, late)), outstanding


def _rolls(page: Page, bucket: NDArray[np.str_], base: Base, buckets: Buckets) -> Sums:
    """From bucket to bucket since the base; who ended counts once, on the day of the close that saw it."""
    start = np.array(buckets.states)[bucket_codes(base[0], buckets)]
    end = np.where(page.closed, ending(page), np.where(bucket == "", CURRENT, bucket))
    of = (base[0] >= 0) & ~(page.closed & page.before.closed)
    keys = {"currency": page.words[of, CURRENCY], "funder": page.funders[of], "was": start[of], "became": end[of]}
    return summed(keys, {"loans": np.ones(int(of.sum()), np.int64), "balance": base[1][of]})


def _months(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Months since January 1970 of days since `columns.EPOCH`."""
    epoch = np.datetime64(columns.EPOCH, "D").astype(np.int64)
    return (days + epoch).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _month(number: int) -> date:
    return date(1970 + number // 12, number % 12 + 1, 1)
