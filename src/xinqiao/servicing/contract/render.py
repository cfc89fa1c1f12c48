"""Templates become texts. The same terms give the same bytes."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files
from string import Template
from uuid import UUID

from xinqiao.kit import Money, sha256_hex

from ..apr import AnnualRate, as_percent
from ..errors import LanguageUnknown
from ..schedule import Schedule
from .model import Contract, Party, Terms
from .words import capital_yuan

LANGUAGES = ("zh-CN", "en")
SECTION = "=== "


def render(*, offer_id: UUID, application_id: UUID, funder: Party, guarantor: Party | None, terms: Terms, language: str) -> Contract:
    """The contract's text in one language, with its hash. It names the borrower by the application alone: no personal data."""
    source = _source(terms.template, language)
    sections = _sections(source)
    schedule = terms.schedule()
    values = {
        "offer": str(offer_id),
        "application": str(application_id),
        "funder": funder.called(language),
        "guarantor": guarantor.called(language) if guarantor else "",
        **_numbers(terms, schedule, schedule.annual_rate(), language),
        "table": "\n".join(
            _row(i.number, i.due, i.total, i.principal, i.interest, i.premium, i.fee, i.balance) for i in schedule.instalments
        ),
    }
    guarantee = Template(sections["guaranteed" if guarantor else "unguaranteed"]).substitute(values)
    text = Template(sections["contract"]).substitute(values, guarantee=guarantee.strip())
    return Contract(language, terms.template, sha256_hex(source.encode()), text, sha256_hex(text.encode()))


def _numbers(terms: Terms, schedule: Schedule, rates: AnnualRate, language: str) -> dict[str, str]:
    return {
        "amount": _money(terms.principal, language),
        "months": str(terms.months),
        "start": terms.start.isoformat(),
        "interest_rate": _percent(terms.annual_rate),
        "annual_cost": f"{rates.percent}%",
        "effective_cost": f"{rates.effective_percent}%",
        "interest": _money(schedule.interest),
        "premium": _money(schedule.premium),
        "fees": _money(schedule.fees),
        "cost": _money(schedule.cost),
        "to_repay": _money(schedule.to_repay, language),
        "penalty_rate": _percent(terms.penalty_rate or Decimal(0)),
        "penalty_days": str(terms.penalty_days_in_year),
        "cooling_days": str(terms.cooling_days),
        "grace_days": str(terms.report_grace_days),
    }


def _money(amount: Money, language: str = "") -> str:
    figures = f"{amount.currency} {amount.decimal:,}"
    return f"{figures}（人民币{capital_yuan(amount)}）" if language.startswith("zh") and amount.currency == "CNY" else figures


def _percent(rate: Decimal) -> str:
    return f"{as_percent(rate)}%"


def _row(*cells: object) -> str:
    return " | ".join(str(cell) for cell in cells)


@cache
def _source(template: str, language: str) -> str:
    if language not in LANGUAGES:
        raise LanguageUnknown(language, ", ".join(LANGUAGES))
    return files(__package__).joinpath("texts", f"{template}.{language}.txt").read_text(encoding="utf-8")


@cache
def _sections(source: str) -> dict[str, str]:
    """The parts of a template file, each under a line "=== name"."""
    parts = ("\n" + source).split("\n" + SECTION)[1:]
    return {name.strip(): body for name, _, body in (part.partition("\n") for part in parts)}
