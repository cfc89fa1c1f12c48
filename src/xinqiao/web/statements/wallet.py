"""A wallet's statement as a sheet, and as rows for a spreadsheet."""

from __future__ import annotations

from xinqiao.journeys.views import WalletStatement
from xinqiao.kit import Money

from ..i18n import Words
from .loan import N_
from .model import Column, Sheet, Table

WHAT = {
    "topped up": N_("Put in from my bank"),
    "paid out of wallet": N_("Sent to my bank"),
    "paid from wallet": N_("Paid on my loan"),
    "received in wallet": N_("Came back to me"),
}
"""What the ledger calls a wallet's entries, in the words of its owner."""


def wallet_sheet(statement: WalletStatement, words: Words, *, address: str) -> Sheet:
    _ = words.gettext
    zero = statement.opening * 0
    came, went = (sum((abs_(line.amount) for line in statement.lines if (line.amount.minor > 0) is into), zero) for into in (True, False))
    rows = [
        [
            line.on.isoformat(),
            _(WHAT.get(line.what, line.what)),
            words.money(line.amount) if line.amount.is_positive else "",
            "" if line.amount.is_positive else words.money(abs_(line.amount)),
            words.money(line.balance),
        ]
        for line in statement.lines
    ]
    columns = [
        Column(_("Date"), 1.1),
        Column(_("What"), 2.4),
        *(Column(_(word), 1.2, True) for word in (N_("In"), N_("Out"), N_("Balance"))),
    ]
    foot = ["", _("Together"), words.money(came), words.money(went), ""]
    return Sheet(
        language=words.language,
        day=statement.until,
        title=_("Wallet statement"),
        subtitle=_("%(since)s to %(until)s") % {"since": words.day(statement.since), "until": words.day(statement.until)},
        issuer=_("Xinqiao"),
        facts=[(_("Owner"), statement.owner), (_("Currency"), statement.opening.currency)],
        figures=[
            (_("Balance at the start"), words.money(statement.opening)),
            (_("In"), words.money(came)),
            (_("Out"), words.money(went)),
            (_("Balance at the end"), words.money(statement.closing)),
        ],
        tables=[Table(_("What went in and out"), columns, rows, foot, _("Nothing was booked in this period."))],
        notes=[
            _(
                "The file from which this page was laid out has the fingerprint %(sha256)s (SHA-256); any change to it changes the fingerprint."
            )
            % {"sha256": statement.sha256},
            _("Whether a statement with this fingerprint was given out can be asked at %(address)s.") % {"address": address},
        ],
        sha256=statement.sha256,
        page_word=_("Page {page} of {pages}"),
    )


def wallet_rows(statement: WalletStatement, words: Words) -> tuple[list[str], list[list[object]]]:
    _ = words.gettext
    heads = [_("Date"), _("What"), _("Amount"), _("Balance"), _("Currency")]
    return heads, [
        [line.on.isoformat(), _(WHAT.get(line.what, line.what)), str(line.amount), str(line.balance), line.amount.currency]
        for line in statement.lines
    ]


def abs_(amount: Money) -> Money:
    return amount if amount.minor >= 0 else -amount
