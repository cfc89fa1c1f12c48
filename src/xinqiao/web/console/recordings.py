"""The recording that a check was made from, where the person agreed to its being kept: whether it may be seen, and its frames drawn.

Frames are drawn for one answer and stored nowhere. Each look is logged twice: the reason under the operator's name, and the vault's own entry,
which the person finds in the list of accesses to their data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from markupsafe import Markup
from sqlalchemy import Connection

from xinqiao import vault
from xinqiao.identity import REASONS, FaceModels
from xinqiao.identity.liveness.challenge import Challenge, Slot
from xinqiao.identity.liveness.challenge.align import Alignment, align
from xinqiao.identity.liveness.challenge.answer import FEWEST_FRAMES
from xinqiao.identity.liveness.challenge.maps import maps
from xinqiao.identity.liveness.challenge.sample import sample
from xinqiao.identity.liveness.challenge.track import follow
from xinqiao.identity.media import CHALLENGED_APPLICANT, Clip, read_clip, read_image
from xinqiao.identity.observe import Sight
from xinqiao.identity.observe import look as observe
from xinqiao.journeys import checks, read_media
from xinqiao.journeys.checks import Check
from xinqiao.journeys.errors import MediaNotKept
from xinqiao.kit import Refused
from xinqiao.vault import Field, Purpose, audit

from ..drawings.frames import STEPS, Seen, frame
from ..i18n import Words
from .desk import Desk, Operator
from .words import N_

SHOWN = 6
"""Frames on the page, spread evenly over the recording."""
SEEN = (Field.SELFIE, Field.PORTRAIT)
ABSENT = {
    "no_consent": N_("No pictures: the person did not agree to keeping the recording, or took that back, so it was deleted."),
    "later": N_("No pictures: what is kept of the person is the recording of a later check."),
    "gone": N_("No pictures: nothing of this recording is kept any more."),
}
"""Why there is nothing to see, in words."""


def standing(desk: Desk, db: Connection, who: Operator, words: Words, check: Check, data: Mapping[str, Any]) -> dict[str, Any]:
    """Whether there are pictures, and whether this operator may ask for them; nothing is read here."""
    why = _absent(desk, db, check, data)
    return {"absent": words.gettext(ABSENT[why]) if why else None, "may": who.may("personal.unmasked")}


def _absent(desk: Desk, db: Connection, check: Check, data: Mapping[str, Any]) -> str | None:
    """A word of ABSENT, or None where the recording of this very check is kept: the vault holds a person's latest one alone."""
    if not data.get("media_kept") or not vault.has_basis(db, check.person_id, Purpose.MEDIA, desk.house.clock.now()):
        return "no_consent"
    try:
        held = Field.SELFIE in vault.holds(db=db, person=check.person_id)
    except Refused:
        held = False
    if not held:
        return "gone"
    return None if checks.is_latest(db=db, check=check) else "later"


def drawn(desk: Desk, who: Operator, words: Words, check: UUID, reason: str) -> dict[str, Any]:
    """Frames with what was found in them. Raises CheckUnknown, MediaNotKept, AccessDenied, PersonForgotten, and Clip… errors."""
    house = desk.house
    with house.begin() as db:
        found, event = checks.find(db=db, check=check)
        told = {"application": found.application_id, "check": found.id, "purpose": Purpose.IDENTITY, "fields": SEEN, "reason": reason}
        audit.append(db, house.clock, [audit.Entry("staff.reason", who.actor, found.person_id, told)])
    if event.kind != "identity.checked":  # what could not be read was never kept
        raise MediaNotKept
    media = read_media(house, found.application_id, UUID(event.data["check"]), by=who.actor)
    film = read_clip(media.clip, CHALLENGED_APPLICANT)
    return _frames(house.faces, film, _challenge(event.data, event.at), words) | {"portrait": _portrait(house.faces, media.portrait, words)}


def _portrait(models: FaceModels, kept: bytes | None, words: Words) -> Markup | None:
    """The ID portrait, which the face was compared with."""
    if kept is None:
        return None
    picture = read_image(kept)
    sight = observe(models, picture)
    title = words.gettext("The ID portrait")
    seen = Seen(picture, sight.face.box, sight.mesh.points) if sight else Seen(picture, None, None)
    desc = words.gettext("Face found") if sight else words.gettext("No face found")
    return Markup(frame("portrait", seen, title=title, desc=desc, said="", language=words.language))


def _challenge(data: Any, at: datetime | None) -> Challenge | None:
    """What the screen showed, as the event tells it."""
    slots = tuple(Slot(str(u), str(v), int(t)) for u, v, t in data.get("slots") or ())
    moment = at or datetime.min
    return Challenge(str(data.get("challenge")), "", moment, moment, slots) if slots else None


def _frames(models: FaceModels, film: Clip, challenge: Challenge | None, words: Words) -> dict[str, Any]:
    chosen = sorted({round(place) for place in np.linspace(0, len(film.frames) - 1, SHOWN)})
    found = {n: observe(models, film.frames[n]) for n in chosen}
    light = answered(models, film, challenge) if challenge else None
    rows = [_row(n, film, found[n], light, words) for n in chosen]
    return {
        "frames": rows,
        "decoded": film.decoded,
        "light": light is not None,
        "delay": f"{light[0].delay * 1000:.0f} ms" if light else None,
        "explained": f"{light[0].pooled:.0%}" if light else None,
        "key": [(f"a{step}", _step_word(step)) for step in range(len(STEPS) + 1)],
    }


def answered(models: FaceModels, film: Clip, challenge: Challenge) -> tuple[Alignment, np.ndarray] | None:
    """How the recording answers its challenge, and how strongly each of 468 places does; None where too few frames show a face."""
    meshes = follow(models, film.frames)
    alike = [n for n, mesh in enumerate(meshes) if mesh is not None and film.frames[n].shape == film.frames[0].shape]
    if len(alike) < FEWEST_FRAMES:
        return None
    points = [mesh.points for mesh in (meshes[n] for n in alike) if mesh is not None]
    seen = sample([film.frames[n] for n in alike], [film.times[n] for n in alike], points)
    found = align(challenge, seen.times, seen.face[:, seen.skin].mean(1))
    return found, maps(seen, found).answer


def _row(n: int, film: Clip, sight: Sight | None, light: tuple[Alignment, np.ndarray] | None, words: Words) -> dict[str, Any]:
    gettext = words.gettext
    code = sight.problem() if sight else "no_face"
    problem = words.both(REASONS[code].zh, REASONS[code].en) if code else ""
    title = gettext("Frame %(n)s, %(at)s s") % {"n": n + 1, "at": f"{film.times[n]:.2f}"}
    told = [gettext("Face found") if sight else gettext("No face found"), problem or gettext("No problem with its quality")]
    desc = words.both("；", "; ").join(told)
    seen = (
        Seen(film.frames[n], sight.face.box, sight.mesh.points, light[1] if light else None) if sight else Seen(film.frames[n], None, None)
    )
    svg = frame(f"frame-{n}", seen, title=title, desc=desc, said="!" if problem else "", language=words.language)
    return {"title": title, "problem": problem, "measured": _measured(sight, words), "drawn": Markup(svg)}


def _measured(sight: Sight | None, words: Words) -> Sequence[tuple[str, str]]:
    """The frame's quality in figures."""
    if sight is None:
        return ()
    q, gettext = sight.quality, words.gettext
    return (
        (gettext("Between the eyes"), f"{q.eyes_apart:.0f} px"),
        (gettext("Light"), f"{q.light:.0f}"),
        (gettext("Sharpness"), f"{q.sharpness:.0f}"),
        (gettext("Turned, nodding, tilted"), " ".join(f"{round(angle)}°" for angle in (q.yaw, q.pitch, q.roll))),
    )


def _step_word(step: int) -> str:
    if step == 0:
        return f"< {STEPS[0]:g}"
    return f"≥ {STEPS[-1]:g}" if step == len(STEPS) else f"{STEPS[step - 1]:g}–{STEPS[step]:g}"
