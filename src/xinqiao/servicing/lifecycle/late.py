"""Penalty interest on what is past due: by the day, in exact fractions, rounded when it is asked for. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from ..product.model import Kind, Late
from .line import Line, by_due
from .model import LineKind
from .parts import Parts
from .rounding import exact, whole
from .work import Work


def is_plain(rule: Late) -> bool:
    """Whether penalty interest is unpaid principal x days x the rate and nothing else, so that unit-days alone tell any later day's."""
    return rule.grace_days == 0 and rule.cap_fraction is None and not rule.on_interest


def daily_rate(work: Work) -> Fraction:
    """Penalty interest of one day on one unit past due."""
    rule = work.product.late
    annual = exact(rule.annual_rate) if rule.annual_rate is not None else work.terms.rate * exact(rule.rate_multiple)
    return annual / rule.days_in_year


def age(work: Work, on: date) -> None:
    """Count penalty interest through `on`. Counting every day or once gives the same: only unit-days are added up."""
    rate = daily_rate(work)
    if not rate or not work.terms.disbursed:
        return
    for line in by_due(work.lines):
        if not line.met and line.kind is not LineKind.ADDITIONAL and line.due < on:
            _age(work, line, on, rate)


def _age(work: Work, line: Line, on: date, rate: Fraction) -> None:
    since = max(line.due, line.aged_to or line.due)
    if on > since:
        line.late_unit_days += _bearing(work, line) * (on - since).days
        line.aged_to = on
    if on <= line.due + timedelta(work.product.late.grace_days):
        return
    earned = min(whole(line.late_unit_days * rate), line.penalty_interest + _room(work))
    line.amounts += Parts(penalty=earned - line.penalty_interest)
    line.penalty_interest = earned


def _bearing(work: Work, line: Line) -> int:
    owed = line.owed(Kind.PRINCIPAL)
    return owed + line.owed(Kind.INTEREST) if work.product.late.on_interest else owed


def _room(work: Work) -> int:
    """How much more penalty interest the product's cap leaves."""
    cap = work.product.late.cap_fraction
    lent = sum(tranche.amount for tranche in work.terms.tranches)
    charged = sum(line.penalty_interest for line in work.lines)
    return max(0, whole(lent * exact(cap)) - charged) if cap is not None else lent * 10**6
