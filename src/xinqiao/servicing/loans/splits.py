"""Who gets what of the money that a loan brings in. Pure; data, kept with the loan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

from ..contract import Terms
from ..errors import TermsRefused
from ..ledger import Kind as AccountKind
from ..ledger.model import NOBODY
from ..product.model import Kind, Product

PARTIES = {
    "funder": AccountKind.FUNDER,
    "guarantor": AccountKind.GUARANTOR,
    "platform": AccountKind.PLATFORM,
    "scene": AccountKind.SCENE,
}


@dataclass(frozen=True, slots=True)
class Share:
    to: str
    """ "funder", "guarantor", "platform" or "scene"."""
    owner: UUID
    fraction: Fraction

    @property
    def account(self) -> AccountKind:
        return PARTIES[self.to]


Splits = Mapping[Kind, tuple[Share, ...]]


def divide(total: int, shares: Sequence[Share]) -> list[int]:
    """Minor units for each share, which sum to `total`.

    Each cumulated fraction of the running total is rounded half-even: the same total gives the same parts, however it came in.
    """
    ends = [round(total * end) for end in cumulated(shares)]
    return [end - start for start, end in pairwise([0, *ends])]


def cumulated(shares: Sequence[Share]) -> list[Fraction]:
    """How far each share reaches, counted from the first: what `divide` rounds, and the close of a day over columns."""
    return list(accumulate(share.fraction for share in shares))


def of_terms(terms: Terms, funder: UUID, guarantor: UUID | None) -> dict[Kind, tuple[Share, ...]]:
    """As a signed contract has it: what was lent and earned is the funder's, the premium the guarantor's less the platform's share of it."""
    all_to_funder = (Share("funder", funder, Fraction(1)),)
    platform = Share("platform", NOBODY, Fraction(1))
    kept = Fraction(terms.platform_share) if guarantor else Fraction(1)
    premium = [Share("platform", NOBODY, kept)] if kept else []
    premium += [Share("guarantor", guarantor, 1 - kept)] if guarantor and kept < 1 else []
    return {
        Kind.PRINCIPAL: all_to_funder,
        Kind.INTEREST: all_to_funder,
        Kind.PENALTY: all_to_funder,
        Kind.FEE: (platform,),
        Kind.PREMIUM: tuple(premium),
    }


def checked(splits: Mapping[Kind, tuple[Share, ...]]) -> dict[Kind, tuple[Share, ...]]:
    """Raises TermsRefused unless every part goes somewhere, whole, and principal and interest to funders alone."""
    for kind in Kind:
        shares = splits.get(kind, ())
        if sum((share.fraction for share in shares), Fraction(0)) != 1 or any(share.fraction <= 0 for share in shares):
            raise TermsRefused(f"the shares of the {kind} must be positive and sum to 1", field="splits")
    if any(share.to != "funder" for share in splits[Kind.PRINCIPAL]):
        raise TermsRefused("principal goes back to those who lent it: its shares are funders'", field="splits")
    return dict(splits)


def require_payees(product: Product, splits: Splits) -> None:
    """Raises TermsRefused when the product charges a fee for somebody who has no share of such fees."""
    for fee in product.fees:
        kind = Kind.PREMIUM if fee.payee == "guarantor" else Kind.PENALTY if fee.penalty else Kind.FEE
        if kind is not Kind.PENALTY and fee.payee not in {share.to for share in splits[kind]}:
            raise TermsRefused(f"fee {fee.code!r} is for the {fee.payee}, who has no share of the {kind}", field="splits")


def write(splits: Splits) -> dict[str, Any]:
    return {
        kind.value: [{"to": one.to, "owner": str(one.owner), "fraction": str(one.fraction)} for one in shares]
        for kind, shares in splits.items()
    }


def read(data: Mapping[str, Any]) -> dict[Kind, tuple[Share, ...]]:
    return {
        Kind(kind): tuple(Share(one["to"], UUID(one["owner"]), Fraction(one["fraction"])) for one in rows) for kind, rows in data.items()
    }
