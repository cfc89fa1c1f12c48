"""What each cost adds to the annual rate.

Costs are laid on the bare loan one after another, in a stated order: interest, then features of time, then premiums, then fees by name (or the
order asked for). What a cost adds is the shown rate with it less the shown rate without it, so that the points sum to the rate to the digit.
The order matters a little (a fee costs more points on a loan that is repaid faster); it is therefore always the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from xinqiao.kit import Money
from xinqiao.kit.money import total

from ..errors import FlowsRefused
from .dates import Sides, check
from .model import Breakdown, Convention, Dated, Part
from .rates import percent_of
from .regulation_z import unit_of

BARE = ("principal", "interest")
FIRST = ("interest", "premium")

Feature = tuple[str, Sequence[Dated]]
"""A feature of time ("grace", "balloon") and the loan's principal and interest as they would be without it and without those that follow."""


def breakdown(
    flows: Sequence[Dated],
    *,
    convention: Convention = Convention.SINGLE_INTEREST,
    order: Sequence[str] = (),
    features: Sequence[Feature] = (),
) -> Breakdown:
    """The rate of `flows`, cost by cost. Raises FlowsRefused, NoAnnualRate.

    `order` names the costs in the order in which they are laid on; those it leaves out follow. `features` tell what the loan would be
    without grace, without a balloon; each adds the rate's change, and the change of interest in money.
    """
    check(flows)
    unit = unit_of(Sides.of(flows))
    parts, before, paid = [], Decimal(0).scaleb(-convention.shown_to), Money(0, flows[0].amount.currency)
    for what, step in _steps(flows, order, features):
        rate, cost = percent_of(step, convention, unit=unit), _cost(step)
        parts.append(Part(what, cost - paid, rate - before))
        before, paid = rate, cost
    return Breakdown(convention, total((f.amount for f in flows if f.lent), flows[0].amount.currency), tuple(parts), before)


def costs_of(flows: Sequence[Dated], order: Sequence[str] = ()) -> list[str]:
    """The costs that the flows name, in the order in which they are laid on."""
    named = {flow.what for flow in flows if not flow.lent} - {"principal"}
    unknown = [what for what in order if what not in named]
    if unknown:
        raise FlowsRefused(f"no flow pays {', '.join(unknown)}; there are {', '.join(sorted(named)) or 'no costs'}")
    rest = sorted(named - set(order), key=lambda what: (FIRST.index(what) if what in FIRST else len(FIRST), what))
    return [*order, *rest]


def _steps(flows: Sequence[Dated], order: Sequence[str], features: Sequence[Feature]) -> Iterator[tuple[str, Sequence[Dated]]]:
    bare = [flow for flow in flows if flow.lent or flow.what == "principal"]
    if _cost(bare).minor:
        raise FlowsRefused(f"the principal repaid differs from what was lent by {_cost(bare)}; name what is no principal by its cost")
    costs = costs_of(flows, order)
    if features:
        names, forms = ["interest", *(name for name, _ in features)], [form for _, form in features]
        actual = [flow for flow in flows if flow.lent or flow.what in BARE]
        yield from zip(names, [*forms, actual], strict=True)
        costs = [what for what in costs if what != "interest"]
        bare = actual
    for what in costs:
        bare = [*bare, *(flow for flow in flows if flow.what == what and not flow.lent)]
        yield what, bare


def _cost(flows: Sequence[Dated]) -> Money:
    return Money(-sum(flow.signed for flow in flows), flows[0].amount.currency)
