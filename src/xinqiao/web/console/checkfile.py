"""One face check for its page: what came of it and why, every signal with its bound, the challenge, versions, evidence. No picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import Connection

from xinqiao.identity.liveness.challenge.shape import shape_model
from xinqiao.identity.sources import APPEARANCE
from xinqiao.identity.thresholds import Band, Thresholds
from xinqiao.journeys import checks
from xinqiao.journeys.case import Case, look
from xinqiao.journeys.checks import Check
from xinqiao.journeys.house import event_hash, event_row
from xinqiao.kit import events
from xinqiao.vault import audit

from ..drawings import liveness as drawings
from ..i18n import Words
from .desk import Desk, Operator
from .overview import outcome_word
from .recordings import standing
from .signals import ASKED, STATES, asked, bound_of, device_word, reason_word, told_bound, word_of
from .words import N_

GROUPS = (("weak", N_("Did not pass")), ("passed", N_("Passed")), ("silent", N_("Not asked")))
ORDER = {name: n for n, name in enumerate(ASKED)}
SOURCES = {
    "appearance": N_("Appearance (texture, own models)"),
    "light": N_("Light challenge"),
    "infrared": N_("Near infrared"),
    "depth": N_("Depth"),
}
"""Groups of sources in the fusion, as `identity.liveness.sources` names them."""
JUDGING = (("thresholds", N_("Thresholds")), ("fusion", N_("Fusion")), ("calibration", N_("Calibration")))
"""Versions of what says what a value means, as a record names them."""
LETTERS = {"g": N_("G|green"), "c": N_("A|azure"), "m": N_("M|magenta"), "y": N_("O|orange"), "n": N_("–|grey")}
"""Each colour's letter, as drawn on it, and its name."""


def gather(desk: Desk, db: Connection, who: Operator, words: Words, check: UUID) -> dict[str, Any]:
    """All parts of the page. Raises CheckUnknown."""
    found, event = checks.find(db=db, check=check)
    case, data = look(db, found.application_id), event.data
    return {
        "check": found,
        "unreadable": event.kind == "identity.unreadable",
        "head": _head(found, case, data, words),
        "reasons": [reason_word(words, code) for code in found.reasons],
        "doubt": _doubt(found, data, words),
        "scale": _scale(found, data, words),
        "groups": _signals(desk, found, data, words),
        "parts": _parts(data, words),
        "challenge": _challenge(case, found, data, words),
        "versions": _versions(desk, data, words),
        "others": _others(case, found, words),
        "record": _record(db, found, event),
        "pictures": standing(desk, db, who, words, found, data),
    }


def _head(found: Check, case: Case, data: Mapping[str, Any], words: Words) -> dict[str, Any]:
    return {
        "reference": case.application.reference or str(case.id)[-8:].upper(),
        "outcome": outcome_word(words, found.outcome),
        "device": device_word(words, found.device),
        "judged_as": device_word(words, found.judged_as) if found.judged_as != found.device else None,
        "score": f"{found.score:.3f}" if found.score is not None else "–",
        "match": f"{found.match:.3f}" if found.match is not None else "–",
    }


def _in_force(desk: Desk, data: Mapping[str, Any]) -> Thresholds | None:
    """The thresholds now, where they are those of this check: they tell the bounds that its record does not hold."""
    known = desk.house.faces.thresholds
    return known if data.get("model_versions", {}).get("thresholds") == known.version else None


def _held(told: Mapping[str, Any]) -> Band | None:
    return Band(float(told["sure"]), float(told["doubt"])) if "sure" in told else None


def _texture_band(data: Mapping[str, Any]) -> Band | None:
    """That of the class of cameras; None where it was measured only together with other evidence, and so did not judge the texture alone."""
    told = data.get("bounds") or {}
    elsewhere = "used" in told and told.get("calibrated") and [APPEARANCE] not in told.get("groups", ())
    return None if elsewhere else _held(told)


def _score_band(data: Mapping[str, Any]) -> Band | None:
    """By which the whole score was judged. Records of before `used` tell it only where one kind of evidence spoke, or the class was calibrated."""
    told = data.get("bounds") or {}
    if "used" in told:
        return _held(told["used"])
    alone = set(data.get("weights") or {}) <= {APPEARANCE}
    return _held(told) if alone or data.get("calibrated") else None


def _scale(found: Check, data: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """The score on the band that judged it, as the record holds it; what is not known is not drawn."""
    gettext, band = words.gettext, _score_band(data)
    if band is None:
        return {"drawn": None, "sure": None, "doubt": None}
    told = {"score": f"{found.score:.3f}" if found.score is not None else "–", "sure": f"{band.sure:g}", "doubt": f"{band.doubt:g}"}
    says = drawings.ScaleWords(
        title=gettext("Liveness score %(score)s") % told,
        desc=gettext("On a scale from 0 to 1: fails under %(doubt)s, a person looks up to %(sure)s, passes from there. Score: %(score)s.")
        % told,
        fail=gettext("fails"),
        refer=gettext("a person looks"),
        pass_=gettext("passes"),
    )
    drawn = drawings.scale("scale", found.score, band.sure, band.doubt, says, words.language)
    return {"drawn": Markup(drawn), **told}


def _is_settled(found: Check, data: Mapping[str, Any]) -> bool:
    """Whether the check passed because all evidence together did, whatever one signal alone would have left to a person."""
    return found.outcome == "pass" and (data.get("signals", {}).get("fused") or {}).get("state") == "pass"


def _doubt(found: Check, data: Mapping[str, Any], words: Words) -> str:
    """What is said where no reason is: which signals did not pass, and what became of that."""
    told = data.get("signals", {})
    weak = sorted((name for name, one in told.items() if one.get("state") not in ("pass", "not_checked")), key=_place)
    if not weak:
        return words.gettext("Every signal that was asked passed.")
    names = words.both("、", ", ").join(word_of(words, name) for name in weak)
    settled = _is_settled(found, data)
    said = (
        words.gettext("Doubt in: %(signals)s; settled by all evidence together.")
        if settled
        else words.gettext("Did not pass: %(signals)s.")
    )
    return said % {"signals": names}


def _place(name: str) -> tuple[int, str]:
    return ORDER.get(name, len(ORDER)), name


def _signals(desk: Desk, found: Check, data: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    """What did not pass first, then what passed, then what was not asked."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in GROUPS}
    told = data.get("signals", {})
    for name in sorted(told, key=_place):
        one = told[name]
        state, what = str(one.get("state")), asked(name)
        group = {"pass": "passed", "not_checked": "silent"}.get(state, "weak")
        word, tone = STATES.get(state, (state, ""))
        rows[group].append(
            {
                "name": word_of(words, name),
                "state": (words.gettext(word), tone),
                "value": short(one.get("value")),
                "unit": words.gettext(what.unit) if what.unit else "",
                "bound": _bound(desk, name, data, words),
                "why": reason_word(words, one["reason"], reviewed=found.outcome == "refer") if one.get("reason") else "",
                "settled": group == "weak" and _is_settled(found, data),
                "asks": words.gettext(what.asks) if what.asks else "",
                "source": words.gettext(what.source) if what.source else "",
            }
        )
    return [{"name": name, "word": words.gettext(word), "rows": rows[name]} for name, word in GROUPS if rows[name]]


def _bound(desk: Desk, name: str, data: Mapping[str, Any], words: Words) -> str:
    """From the record where it tells; else from the thresholds, where they are still those of then."""
    if name == "light_shape":
        return _shape_bound(desk, data, words)
    held = {"texture": _texture_band, "fused": _score_band}.get(name)
    if held is not None:
        band = held(data)
        return told_bound(words, band) if band else ""
    known = _in_force(desk, data)
    return bound_of(words, name, known) if known else ""


def _shape_bound(desk: Desk, data: Mapping[str, Any], words: Words) -> str:
    """One of two bands, by how strongly the face answered; which one, no record tells, so both are, while the network of then is in force."""
    if data.get("model_versions", {}).get("light") != desk.house.faces.versions.get("light"):
        return words.gettext("bounds by the answer's strength")
    faint, strong = (band for _, band in shape_model().bands)
    told = {
        "sure": f"{faint.sure:.3g}",
        "doubt": f"{faint.doubt:.3g}",
        "strong_sure": f"{strong.sure:.3g}",
        "strong_doubt": f"{strong.doubt:.3g}",
    }
    return (
        words.gettext(
            "where the answer is faint passes from %(sure)s, fails under %(doubt)s; where it is strong from %(strong_sure)s, under %(strong_doubt)s"
        )
        % told
    )


def short(value: object) -> str:
    """A measurement in three significant digits (events carry floats as text); "–" for none."""
    if value is None:
        return "–"
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _parts(data: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    """What each group of sources added to the score, in log-odds; above nothing it speaks for life."""
    told = data.get("weights") or {}
    return [
        {"name": words.gettext(SOURCES[name]) if name in SOURCES else name, "value": f"{float(value):+.2f}".replace("-", "−")}
        for name, value in told.items()
    ]


def _challenge(case: Case, found: Check, data: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """When the challenge was issued and spent, what the screen showed, what the face answered."""
    issued = next((e for e in case.events if e.kind == "face.challenge_issued" and e.data.get("challenge") == found.challenge), None)
    signals = data.get("signals", {})
    sequence = signals.get("light_sequence", {})
    slots = [(str(u), str(v), int(t)) for u, v, t in (data.get("slots") or (issued.data.get("slots") if issued else None) or ())]
    return {
        "id": found.challenge,
        "declined": sequence.get("reason") == "light_declined",
        "issued": issued.at if issued else None,
        "expires": issued.data.get("expires_at") if issued else None,
        "answered": found.at,
        "explained": _percent(sequence.get("value")),
        "drawn": Markup(_strip(slots, words)) if slots else None,
        "slots": [(n, *(_colour(words, c) for c in (u, v)), f"{1000 * t / 60:.0f}") for n, (u, v, t) in enumerate(slots, 1)],
    }


def _percent(value: object) -> str:
    return f"{float(str(value)):.0%}" if value is not None else "–"


def _colour(words: Words, code: str) -> str:
    return words.gettext(LETTERS[code]).partition("|")[2] if code in LETTERS else code


def _strip(slots: Sequence[tuple[str, str, int]], words: Words) -> str:
    gettext = words.gettext
    told = words.both("；", "; ").join(f"{_colour(words, u)} / {_colour(words, v)}" for u, v, _ in slots)
    says = drawings.StripWords(
        title=gettext("Colours that the screen showed"),
        desc=gettext("Upper half / lower half, in this order: %(colours)s. Grey before and after.") % {"colours": told},
        upper=gettext("Upper"),
        lower=gettext("Lower"),
        letters={code: gettext(word).partition("|")[0] for code, word in LETTERS.items()},
    )
    return drawings.strip("strip", slots, says, words.language)


def _versions(desk: Desk, data: Mapping[str, Any], words: Words) -> dict[str, Any]:
    told, now = dict(data.get("model_versions", {})), desk.house.faces.versions
    spoken = [(name, words.gettext(word)) for name, word in JUDGING if name in told or name in now]
    judging = [(word, told.pop(name, "–"), data.get("model_versions", {}).get(name) == now.get(name)) for name, word in spoken]
    thresholds = data.get("model_versions", {}).get("thresholds", "–")
    return {"thresholds": thresholds, "in_force": _in_force(desk, data) is not None, "judging": judging, "models": sorted(told.items())}


def _others(case: Case, found: Check, words: Words) -> list[dict[str, Any]]:
    """The application's other checks, oldest first."""
    mine = [e for e in case.events if e.kind == "identity.checked" and e.id != found.id]
    return [{"id": e.id, "at": e.at, "outcome": outcome_word(words, e.data["outcome"])} for e in mine]


def _record(db: Connection, found: Check, event: events.Event) -> dict[str, Any]:
    """The event's own hash, and where the audit log holds the one that was bound when it was written."""
    bound = [one for one in audit.of(db, person=found.person_id) if one.kind == "event" and one.data.get("event") == str(event.id)]
    computed = event_hash(event_row(event))
    entry = bound[0] if bound else None
    return {
        "sha256": computed,
        "place": f"{entry.lane}/{entry.seq}" if entry else None,
        "chain": entry.hash.hex() if entry else None,
        "unchanged": bool(entry and entry.data.get("sha256") == computed),
    }
