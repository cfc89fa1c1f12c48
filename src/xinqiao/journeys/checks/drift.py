"""How the checks of late differ from those that the thresholds were set on: weeks by class of device, counted by the database.

The index, its bins and what it follows are `identity.liveness.drift`'s. Without any drift the index of n scores against m is about
(1/n + 1/m) times a chi-squared variable of as many degrees of freedom as bins less one (Yurdakul 2018, Statistical properties of the population
stability index): of few scores it passes any customary bound by chance, so a week alarms only where it passes chance's bound too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scipy.stats import chi2
from sqlalchemy import Connection

from xinqiao.identity.liveness.drift import EDGES, STEADY, stability

from . import store

WATCH, ALARM = STEADY, 0.2
"""Population stability indices from which to look, and to calibrate anew: by custom, not by theory (Siddiqi 2006)."""
BY_CHANCE = 0.999
"""How sure chance is ruled out: of a thousand weeks without drift one alarms."""
OUTCOMES = ("pass", "refer", "retry", "fail")


@dataclass
class Week:
    """One class of device in one week."""

    begins: date
    """a Monday"""
    outcomes: Counter[str] = field(default_factory=Counter)
    judged: dict[str, list[int]] = field(default_factory=dict)
    """the scores by the class of cameras by whose bounds they were judged, in the bins of `identity.liveness.drift`"""
    signals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """by name and state, of those that did not pass"""
    reasons: Counter[str] = field(default_factory=Counter)
    """why people were to try again"""

    @property
    def checks(self) -> int:
        return self.outcomes.total()

    @property
    def scores(self) -> list[int]:
        return _added(self.judged.values())

    @property
    def judged_as(self) -> str | None:
        """The class by which most were judged; None for a week without scores."""
        return max(self.judged, key=lambda name: sum(self.judged[name]), default=None)

    def share(self, outcome: str) -> float | None:
        """None for a week without checks."""
        return self.outcomes[outcome] / self.checks if self.checks else None


@dataclass(frozen=True, slots=True)
class Index:
    """A week's population stability index, and what chance alone reaches with as many scores."""

    value: float
    chance: float

    @property
    def alarms(self) -> bool:
        return self.value >= max(ALARM, self.chance)

    @property
    def is_watched(self) -> bool:
        return self.value >= max(WATCH, self.chance)


def _added(bins: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip([0] * (len(EDGES) + 1), *bins, strict=True)]


def _index(expected: Sequence[float], found: Sequence[float]) -> Index | None:
    value = stability(expected, found)
    if value is None:
        return None
    bins = sum(1 for before, now in zip(expected, found, strict=True) if before or now)
    return Index(value, float((1 / sum(expected) + 1 / sum(found)) * chi2.ppf(BY_CHANCE, max(1, bins - 1))))


@dataclass(frozen=True, slots=True)
class Drift:
    """The weeks of one class of device, oldest first, none left out."""

    device: str
    weeks: tuple[Week, ...]

    @property
    def checks(self) -> int:
        return sum(one.checks for one in self.weeks)

    @property
    def scores(self) -> list[int]:
        return _added(one.scores for one in self.weeks)

    @property
    def judged_as(self) -> str:
        """The class by which the newest scores were judged."""
        return next((one.judged_as for one in reversed(self.weeks) if one.judged_as), self.device)

    def scores_as(self, name: str) -> list[int]:
        """Those that were judged by this class."""
        return _added(one.judged[name] for one in self.weeks if name in one.judged)

    @property
    def signals(self) -> Counter[tuple[str, str]]:
        return sum((one.signals for one in self.weeks), Counter())

    @property
    def reasons(self) -> Counter[str]:
        return sum((one.reasons for one in self.weeks), Counter())

    def indices(self, expected: Mapping[str, Sequence[float]]) -> list[Index | None]:
        """The stability index of each week against the scores on which the class that judged it was calibrated (`expected`, by class); None for a
        week of too few scores, or of a class that is not calibrated."""
        return [
            _index(expected[name], one.judged[name]) if (name := one.judged_as) is not None and name in expected else None
            for one in self.weeks
        ]


def drift(*, db: Connection, now: datetime, zone: str, weeks: int = 12) -> dict[str, Drift]:
    """By class of device, the last `weeks` weeks of the zone's calendar, the running one included."""
    local = now.astimezone(ZoneInfo(zone))
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [monday - timedelta(weeks=n) for n in reversed(range(weeks))]
    found: Mapping[str, list[Week]] = defaultdict(lambda: [Week(one.date()) for one in starts])
    for week, device, judged_as, outcome, place, n in store.weeks(db, starts, EDGES):
        one = found[device][week - 1]
        one.outcomes[outcome] += n
        if place is not None and outcome != "retry":
            one.judged.setdefault(judged_as, _added(()))[place] += n
    for week, device, what, of, n in store.told(db, starts):
        name, _, state = of.rpartition(":")
        if what == "signal":
            found[device][week - 1].signals[name, state] += n
        else:
            found[device][week - 1].reasons[of] += n
    return {device: Drift(device, tuple(rows)) for device, rows in sorted(found.items())}
