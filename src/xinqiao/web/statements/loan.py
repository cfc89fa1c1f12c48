"""A loan's statement as a sheet, and as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence

from xinqiao.journeys.views import Booked, Portions, Statement

from ..i18n import Words
from .model import Column, Sheet, Table


def N_(text: str) -> str:  # noqa: N802 - the usual mark of a word that is translated where it is shown
    return text


WHAT = {
    "disbursement": N_("Paid out to you"),
    "fee_at_disbursement": N_("Fee kept back at the payout"),
    "repayment": N_("Payment received"),
    "down_payment": N_("Down payment"),
    "wallet": N_("Paid from your wallet"),
    "early_settlement": N_("Settled early"),
    "recovery": N_("Paid after write-off"),
    "goodwill_credit": N_("Credit as goodwill"),
    "merchant_refund": N_("Refund by the shop"),
    "payout_refund": N_("Payout given back"),
    "charge_adjustment": N_("Fee credited back"),
    "compensation": N_("Paid by the guarantor in your stead"),
    "charge_waiver": N_("Fee waived"),
    "interest_waiver": N_("Interest waived"),
    "chargeback": N_("A payment bounced"),
    "credit_refund": N_("Overpayment given back"),
    "cash_refund": N_("Payment given back"),
    "charge_off": N_("Booked as a loss"),
    "write_off": N_("Written off"),
    "re_age": N_("New instalments agreed"),
    "re_amortise": N_("Arrears spread anew"),
}
"""Kinds of entries in the life of a loan."""
SUMMED = ("payment", "principal", "interest", "premium", "fee", "paid")
SIGNS = {"out": "+", "in": "−", "": ""}


def loan_sheet(statement: Statement, words: Words, *, address: str) -> Sheet:
    """`address` is where a reader asks about the fingerprint."""
    _ = words.gettext
    period = _("%(since)s to %(until)s") % {"since": words.day(statement.since), "until": words.day(statement.until)}
    return Sheet(
        language=words.language,
        day=statement.until,
        title=_("Loan statement"),
        subtitle=period,
        issuer=_("Xinqiao"),
        facts=_facts(statement, words),
        figures=[
            (_("Principal owed at the start"), words.money(statement.opening)),
            (_("Paid out"), words.money(statement.lent)),
            (_("Paid by you"), words.money(statement.repaid)),
            (_("Principal owed at the end"), words.money(statement.closing)),
        ],
        tables=[_booked(statement, words), *([_dues(statement, words)] if statement.dues else [])],
        notes=_notes(statement, words, address),
        sha256=statement.sha256,
        page_word=_("Page {page} of {pages}"),
    )


def rows_of(statement: Statement, words: Words) -> tuple[list[str], list[list[object]]]:
    """Heads and rows: one row for each entry, amounts as plain decimals."""
    _ = words.gettext
    heads = [_("Date"), _("What"), _("Way"), _("Amount"), *_portion_words(words), _("Principal owed after it"), _("Currency")]
    rows: list[list[object]] = [
        [one.on.isoformat(), _what(one, words), one.way, one.amount, *_portions(one.parts), one.balance, one.amount.currency]
        for one in statement.entries
    ]
    return heads, rows


def _facts(statement: Statement, words: Words) -> list[tuple[str, str]]:
    _ = words.gettext
    return [
        (_("Borrower"), statement.borrower),
        (_("Lender"), words.both(statement.lender.zh, statement.lender.en)),
        (_("Guarantor"), words.both(statement.guarantor.zh, statement.guarantor.en) if statement.guarantor else "–"),
        (_("Loan"), str(statement.loan_id)),
        (_("Borrowed"), words.money(statement.principal)),
        (_("Paid out on"), words.day(statement.disbursed_on)),
        (_("Interest rate a year"), words.percent(statement.annual_rate)),
        (_("Annual percentage rate"), words.percent(statement.apr)),
    ]


def _booked(statement: Statement, words: Words) -> Table:
    _ = words.gettext
    columns = [
        Column(_("Date"), 1.15),
        Column(_("What"), 1.5),
        Column(_("Amount"), 1.25, True),
        *(Column(word, 1.15, True) for word in _portion_words(words)),
        Column(_("Principal owed after it"), 1.35, True),
    ]
    rows = [
        [
            one.on.isoformat(),
            _what(one, words),
            SIGNS[one.way] + words.money(one.amount),
            *map(words.money, _portions(one.parts)),
            words.money(one.balance),
        ]
        for one in statement.entries
    ]
    foot = ["", _("Paid in all"), "−" + words.money(statement.repaid), *map(words.money, _portions(statement.settled)), ""]
    return Table(_("What was booked"), columns, rows, foot, _("Nothing was booked in this period."))


def _dues(statement: Statement, words: Words) -> Table:
    _ = words.gettext
    columns = [
        Column(_("No."), 0.5),
        Column(_("Due"), 1.2),
        Column(_("To pay"), 1.2, True),
        Column(_("Principal"), 1.2, True),
        Column(_("Interest"), 1.2, True),
        Column(_("Guarantee fee"), 1.2, True),
        Column(_("Fees and late interest"), 1.1, True),
        Column(_("Of it paid"), 1.2, True),
    ]
    zero = statement.principal * 0
    rows = [
        [
            str(one.number),
            one.due.isoformat(),
            *map(words.money, (one.payment, one.principal, one.interest, one.premium, one.fee or zero, one.paid or zero)),
        ]
        for one in statement.dues
    ]
    sums = [sum((getattr(one, name) or zero for one in statement.dues), zero) for name in SUMMED]
    return Table(_("Still to come"), columns, rows, ["", _("Together"), *map(words.money, sums)])


def _notes(statement: Statement, words: Words, address: str) -> list[str]:
    _ = words.gettext
    return [
        _("Principal is what is left of the money borrowed; interest and fees fall due with each payment and are not part of it."),
        _(
            "Each figure is the ledger's own. The file from which this page was laid out has the fingerprint %(sha256)s (SHA-256); it can be downloaded where this statement was, and any change to it changes the fingerprint."
        )
        % {"sha256": statement.sha256},
        _("Whether a statement with this fingerprint was given out can be asked at %(address)s.") % {"address": address},
    ]


def _portion_words(words: Words) -> list[str]:
    _ = words.gettext
    return [_("Principal"), _("Interest"), _("Guarantee fee"), _("Fees and late interest")]


def _portions(parts: Portions) -> Sequence:
    return (parts.principal, parts.interest, parts.premium, parts.fee + parts.penalty)


def _what(one: Booked, words: Words) -> str:
    return words.gettext(WHAT.get(one.what, one.what))
