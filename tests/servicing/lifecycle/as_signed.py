"""What the signed contracts' own text says of penalties, splits and settlement, counted straight from a schedule: the reference to hold the
replay against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from xinqiao.servicing import Terms
from xinqiao.servicing.lifecycle import Parts
from xinqiao.servicing.schedule import Instalment

NOTHING = Parts()


def half_even(numerator: int, denominator: int) -> int:
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


@dataclass(frozen=True, slots=True)
class State:
    """One instalment and what has happened to it."""

    instalment: Instalment
    paid: Parts = NOTHING
    late_unit_days: int = 0
    aged_to: date | None = None
    settled: bool = False

    @property
    def scheduled(self) -> Parts:
        i = self.instalment
        return Parts(0, i.fee.minor, i.premium.minor, i.interest.minor, i.principal.minor)

    def aged(self, on: date) -> State:
        since = max(self.instalment.due, self.aged_to or self.instalment.due)
        if self.settled or on <= since:
            return self
        late = (self.instalment.principal.minor - self.paid.principal) * (on - since).days
        return replace(self, late_unit_days=self.late_unit_days + late, aged_to=on)

    def unpaid(self, rate: Fraction) -> Parts:
        penalty = half_even(self.late_unit_days * rate.numerator, rate.denominator)
        return Parts() if self.settled else self.scheduled + Parts(penalty=penalty) - self.paid

    def earned(self, since: date, on: date) -> Parts:
        whole, days, month = self.scheduled, (on - since).days, (self.instalment.due - since).days
        charges = (half_even(part * days, month) for part in (whole.fee, whole.premium, whole.interest))
        left = Parts(0, *charges, whole.principal) - self.paid
        return Parts(*(max(0, amount) for amount in left.amounts))

    def pay(self, parts: Parts, rate: Fraction) -> State:
        paid = replace(self, paid=self.paid + parts)
        return replace(paid, settled=paid.unpaid(rate).total == 0)


class Signed:
    """A loan of the contract, paid and looked at day by day."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.states = [State(i) for i in terms.schedule().instalments]

    def age(self, on: date) -> None:
        self.states = [state.aged(on) for state in self.states]

    def now(self, on: date) -> int:
        return sum(s.unpaid(self.terms.late_rate).total for s in self.states if s.instalment.due <= on)

    def accepted(self, on: date) -> int:
        """All that falls due through the next instalment."""
        ahead = next((s for s in self.states if s.instalment.due >= on and not s.settled), None)
        more = ahead.unpaid(self.terms.late_rate).total if ahead is not None and ahead.instalment.due > on else 0
        return self.now(on) + more

    def settlement(self, on: date) -> list[Parts]:
        cooling = on <= self.terms.start + timedelta(self.terms.cooling_days)
        return [self._settling(state, since, on, cooling=cooling) for since, state in self._months()]

    def _settling(self, state: State, since: date, on: date, *, cooling: bool) -> Parts:
        if state.settled:
            return Parts()
        if state.instalment.due <= on:
            return state.unpaid(self.terms.late_rate)
        if cooling or since >= on:
            return Parts(principal=state.scheduled.principal - state.paid.principal)
        return state.earned(since, on)

    def _months(self) -> Iterator[tuple[date, State]]:
        since = self.terms.start
        for state in self.states:
            yield since, state
            since = state.instalment.due

    def pay(self, amount: int, on: date) -> dict[str, int]:
        """The oldest instalment first, each by the waterfall; the split."""
        rate, shares = self.terms.late_rate, []
        for state in self.states:
            shares.append(state.unpaid(rate).take(amount))
            amount -= shares[-1].total
        assert not amount
        self.states = [state.pay(share, rate) for state, share in zip(self.states, shares, strict=True)]
        return {name: sum(share.by_name[name] for share in shares) for name in shares[0].by_name}
