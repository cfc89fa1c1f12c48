"""Error rates by class of device and what has drifted since, in words, rows and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from xinqiao.identity.liveness.drift import EDGES
from xinqiao.identity.thresholds import ANY_DEVICE
from xinqiao.journeys.checks import ALARM, OUTCOMES, WATCH, Drift, Index, Week

from ..drawings import liveness as drawings
from ..drawings.liveness import Bar, Curve, Heap, Point
from ..i18n import Words
from .overview import outcome_word
from .signals import STATES, device_word, reason_word, word_of
from .words import N_

FIGURES = Path(__file__).parent / "measured.json"
"""What was measured of the weights that ship, each figure with its source; tests/web/test_liveness_page.py holds them to it."""
TONES = {"pass": "good", "refer": "warn", "retry": "retry", "fail": "bad"}
SPECIES = {
    "flat_print": N_("flat print"),
    "bent_print": N_("bent print"),
    "print": N_("print"),
    "prints": N_("print"),
    "phone_replay": N_("replay on a phone"),
    "tablet_replay": N_("replay on a tablet"),
    "replay": N_("replay on a screen"),
    "paper_mask": N_("paper mask"),
    "resin_mask": N_("resin mask"),
    "silicone_mask": N_("silicone mask"),
    "printed_head": N_("printed head"),
}
"""As the simulator names them; a deployment's own species by its folder's name."""
MOST_ROWS = 8
AT = (0.01, 0.05, 0.1)
"""APCER at which a line is told in figures."""
BINS = [f"< {EDGES[0]:.3f}", *(f"{low:.3f}–{high:.3f}" for low, high in pairwise(EDGES)), f"≥ {EDGES[-1]:.3f}"]
"""The words of a histogram's bins."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`calibration.json` as `liveness calibrate` wrote it."""

    classes: Mapping[str, Mapping[str, Any]]
    version: str = ""

    @classmethod
    def parse(cls, told: Mapping[str, Any] | None) -> Calibration:
        """Nothing calibrated where there is no file."""
        return cls(dict(told["classes"]), str(told["version"])) if told else cls({})


class Teller:
    def __init__(self, words: Words, calibration: Calibration) -> None:
        self.words, self.calibration = words, calibration

    # ── what was calibrated ─────────────────────────────────────────────────────────────────────────────────────────────────

    def standing(self, used: str | None) -> dict[str, Any]:
        """Whether a calibration is in use; `used` is what the loaded models say of it."""
        return {
            "any": bool(self.calibration.classes),
            "version": self.calibration.version,
            "ignored": used if used and used.startswith("ignored") else None,
            "undecided": bool(used and used.startswith("none")),
        }

    def measured(self, name: str) -> dict[str, Any]:
        """One class of devices: rates with their intervals, DET, scores."""
        facts = self.calibration.classes[name]
        rates, after = facts["rates"], facts["after"]
        return {
            "name": device_word(self.words, name),
            "code": name,
            "on": datetime.fromisoformat(facts["date"]),
            "simulated": bool(facts.get("simulated")),
            "people": facts["people"],
            "captures": facts["captures"],
            "sure": f"{float(after['sure']):.3g}",
            "doubt": f"{float(after['doubt']):.3g}",
            "eer": percent(rates["eer"]),
            "eer_between": between(rates.get("intervals", {}).get("eer")),
            "rows": self._species(facts),
            "det": self._det(name, facts),
            "scores": self._scores(name, facts),
            "curves": self._curves(facts),
            "bins": list(zip(BINS, facts["histogram"]["live"], facts["histogram"]["attack"], strict=True)),
        }

    def _curves(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The lines in figures: the least BPCER at which an attack passes no oftener than each of AT."""
        return [
            {"name": self.species(name), "least": [percent(min((b for a, b in points if a <= most), default=None)) for most in AT]}
            for name, points in sorted(facts["det"].items())
        ]

    def _species(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A row an attack, numbered as its line is, and one of living people at the foot."""
        rates, spans, people = facts["rates"], facts["rates"].get("intervals", {}), facts["people"]
        rows = [
            {
                "number": number,
                "key": f"c{(number - 1) % drawings.CURVES + 1}",
                "name": self.species(name),
                "what": "APCER",
                "rate": percent(rate),
                "between": between((spans.get("apcer") or {}).get(name)),
                "people": (people.get("species") or {}).get(name, "–"),
                "silent": percent((rates.get("non_response") or {}).get(name)),
                "passed": percent((rates.get("passed") or {}).get(name)),
            }
            for number, (name, rate) in enumerate(sorted(rates["apcer"].items()), 1)
        ]
        live = {"number": None, "key": "", "name": self.words.gettext("living people"), "what": "BPCER", "rate": percent(rates["bpcer"])}
        told = {"between": between(spans.get("bpcer")), "people": people.get("live", "–")}
        silent = {name: percent((rates.get(part) or {}).get("live")) for name, part in (("silent", "non_response"), ("passed", "passed"))}
        return [*rows, live | told | silent]

    def species(self, name: str) -> str:
        return self.words.gettext(SPECIES[name]) if name in SPECIES else name

    def _det(self, name: str, facts: Mapping[str, Any]) -> Markup:
        gettext, rates = self.words.gettext, facts["rates"]
        curves, told = [], []
        for number, species in enumerate(sorted(rates["apcer"]), 1):
            rate = rates["apcer"][species]
            working = (float(rate), float(rates["bpcer"])) if rate is not None and rates["bpcer"] is not None else None
            points = [(float(a), float(b)) for a, b in facts["det"].get(species, ())]
            curves.append(Curve(number, points, working))
            told.append(f"{number} {self.species(species)}: APCER {percent(rate)}")
        desc = gettext("How errors trade as the threshold moves; a numbered circle is the threshold in force. %(lines)s; BPCER %(bpcer)s.")
        return Markup(
            drawings.det(
                f"det-{name}",
                curves,
                title=gettext("Error trade-off (DET), %(device)s") % {"device": device_word(self.words, name)},
                desc=desc % {"lines": self.words.both("；", "; ").join(told), "bpcer": percent(rates["bpcer"])},
                across=gettext("attacks called living (APCER)"),
                up=gettext("living called attacks (BPCER)"),
                language=self.words.language,
            )
        )

    def _scores(self, name: str, facts: Mapping[str, Any]) -> Markup:
        gettext, told, after = self.words.gettext, facts["histogram"], facts["after"]
        live, attack = told["live"], told["attack"]
        figures = {"live": sum(live), "attack": sum(attack), "sure": f"{float(after['sure']):.3g}", "doubt": f"{float(after['doubt']):.3g}"}
        return Markup(
            drawings.histogram(
                f"scores-{name}",
                Heap(live, gettext("living people"), "good"),
                Heap(attack, gettext("attacks"), "bad"),
                sure=float(after["sure"]),
                doubt=float(after["doubt"]),
                title=gettext("Scores at calibration, %(device)s") % {"device": device_word(self.words, name)},
                desc=gettext(
                    "Scores of %(live)s captures of living people stand above the line, of %(attack)s attacks hang below it; dashed: %(doubt)s and %(sure)s."
                )
                % figures,
                axis=gettext("liveness score"),
                language=self.words.language,
            )
        )

    # ── what has come since ─────────────────────────────────────────────────────────────────────────────────────────────────

    def drift(self, found: Drift) -> dict[str, Any]:
        classes = self.calibration.classes
        facts = classes.get(found.judged_as)
        indices = found.indices({name: told["histogram"]["live"] for name, told in classes.items()})
        names = [week.begins.strftime("%m-%d") for week in found.weeks]
        alarms = [name for name, one in zip(names, indices, strict=True) if one is not None and one.alarms]
        word = device_word(self.words, found.device)
        return {
            "name": word,
            "code": found.device,
            "checks": f"{found.checks:,}",
            "retries": f"{sum(week.outcomes['retry'] for week in found.weeks):,}",
            "calibrated": facts is not None,
            "as_any": facts is not None and found.judged_as != found.device,
            "as_any_before": self._as_any_before(found, names),
            "alarms": alarms,
            "stability": self._stability(found.device, word, names, indices) if any(v is not None for v in indices) else None,
            "outcomes": self._outcomes(found, word, names),
            "key": [(TONES[one], outcome_word(self.words, one)[0]) for one in OUTCOMES],
            "rows": [self._week(week, index) for week, index in zip(found.weeks, indices, strict=True)],
            "scores": self._now(found, facts, word) if any(found.scores) else None,
            "reasons": [
                {"word": reason_word(self.words, code), "n": n, "share": percent(n / max(1, sum(w.outcomes["retry"] for w in found.weeks)))}
                for code, n in found.reasons.most_common(MOST_ROWS)
            ],
            "signals": [
                {"word": word_of(self.words, name), "state": self._state(state), "n": n, "share": percent(n / found.checks)}
                for (name, state), n in found.signals.most_common(MOST_ROWS)
            ],
        }

    def _as_any_before(self, found: Drift, names: Sequence[str]) -> list[str]:
        """Weeks before the class got a calibration of its own, where that of any camera is there to compare them with."""
        if found.judged_as != found.device or ANY_DEVICE not in self.calibration.classes:
            return []
        return [name for name, week in zip(names, found.weeks, strict=True) if week.judged_as not in (None, found.device)]

    def _state(self, state: str) -> tuple[str, str]:
        word, tone = STATES.get(state, (state, ""))
        return self.words.gettext(word), tone

    def _week(self, week: Week, index: Index | None) -> dict[str, Any]:
        return {
            "begins": week.begins,
            "checks": week.checks,
            "shares": [percent(week.share(one)) for one in OUTCOMES],
            "psi": f"{index.value:.2f}" if index is not None else "–",
            "chance": f"{index.chance:.2f}" if index is not None else "–",
            "tone": "" if index is None or not index.is_watched else "bad" if index.alarms else "warn",
        }

    def _stability(self, device: str, word: str, names: Sequence[str], indices: Sequence[Index | None]) -> Markup:
        gettext = self.words.gettext
        told = self.words.both("；", "; ").join(
            f"{name} {one.value:.2f}" for name, one in zip(names, indices, strict=True) if one is not None
        )
        return Markup(
            drawings.stability(
                f"psi-{device}",
                [
                    Point(name, *((one.value, one.chance, one.alarms) if one else (None, 0.0, False)))
                    for name, one in zip(names, indices, strict=True)
                ],
                (WATCH, ALARM),
                title=gettext("Stability of the scores (PSI), %(device)s") % {"device": word},
                desc=gettext(
                    "By week, against calibration; look from %(watch)s, act from %(alarm)s, where it is above what chance reaches: %(values)s."
                )
                % {"watch": WATCH, "alarm": ALARM, "values": told},
                language=self.words.language,
            )
        )

    def _outcomes(self, found: Drift, word: str, names: Sequence[str]) -> Markup:
        gettext = self.words.gettext
        bars = [
            Bar(name, [week.share(one) or 0.0 for one in OUTCOMES] if week.checks else None)
            for name, week in zip(names, found.weeks, strict=True)
        ]
        told = self.words.both("；", "; ").join(
            f"{name} {percent(week.share('pass'))}" for name, week in zip(names, found.weeks, strict=True) if week.checks
        )
        return Markup(
            drawings.weeks(
                f"weeks-{found.device}",
                bars,
                [TONES[one] for one in OUTCOMES],
                title=gettext("What came of the checks, %(device)s") % {"device": word},
                desc=gettext("Shares by week; passed: %(values)s.") % {"values": told},
                language=self.words.language,
            )
        )

    def _now(self, found: Drift, facts: Mapping[str, Any] | None, word: str) -> Markup:
        """Scores of these weeks above, by the class that judges now; those of living people at its calibration below."""
        gettext = self.words.gettext
        after = facts["after"] if facts else None
        scores = found.scores_as(found.judged_as)
        figures = {"n": sum(scores)}
        return Markup(
            drawings.histogram(
                f"now-{found.device}",
                Heap(scores, gettext("now"), "good"),
                Heap(facts["histogram"]["live"], gettext("living people at calibration"), "retry") if facts else None,
                sure=float(after["sure"]) if after else None,
                doubt=float(after["doubt"]) if after else None,
                title=gettext("Scores of these weeks, %(device)s") % {"device": word},
                desc=gettext("%(n)s scores; those on which the class was calibrated hang below the line.") % figures
                if facts
                else gettext("%(n)s scores.") % figures,
                axis=gettext("liveness score"),
                language=self.words.language,
            )
        )

    # ── what ships ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def shipped(self) -> dict[str, Any]:
        """What was measured of the weights that ship, and what never was."""
        told = figures()
        rows = [
            {
                "what": self.words.both(one["zh"], one["en"]),
                "rate": one["rate"],
                "people": self.words.both(one["of_zh"], one["of_en"]),
                "simulated": one["simulated"],
            }
            for one in told["measured"]
        ]
        never = [self.words.both(one["zh"], one["en"]) for one in told["never"]]
        return {
            "date": told["date"],
            "real": [r for r in rows if not r["simulated"]],
            "simulated": [r for r in rows if r["simulated"]],
            "never": never,
        }


@cache
def figures() -> dict[str, Any]:
    return json.loads(FIGURES.read_text("utf-8"))


def percent(rate: Any) -> str:
    """A share as a percentage with as many digits as it deserves; "–" for none."""
    if rate is None:
        return "–"
    value = float(rate) * 100
    return f"{value:.1f}%" if 0 < value < 10 else f"{value:.0f}%"


def between(span: Sequence[float] | None) -> str:
    return f"{percent(span[0])}–{percent(span[1])}" if span else "–"
