"""`check`: ID number, portrait and selfie clip in; evidence out. Pure: nothing is stored, logged or fetched."""

from __future__ import annotations

import math
from dataclasses import replace
from time import perf_counter

import numpy as np

from . import idnumber, liveness, media, own, template
from .liveness import Beside, Capture, Verdict
from .liveness.decide import Label, bounds_told, rejudge
from .liveness.decode import Kind
from .liveness.devices import device_class
from .liveness.injection import facts, sent_before_signal
from .match import embed_face, similarity, unit
from .media import Clip
from .model import IdentityEvidence, Outcome, Signal, State, conclude, explain
from .networks import FaceModels
from .observe import Sight, embed_sights, look
from .reasons import Reason
from .thresholds import ANY_DEVICE

MATCHED = 3
"""Frames whose mean embedding is compared with the portrait: the best ones."""
LOOKED_AT = 5
"""Frames, spread evenly over the clip, among which those are sought."""


def check(
    *,
    models: FaceModels,
    portrait: bytes,
    clip: bytes,
    id_number: str,
    template_key: bytes,
    index_key: bytes | None = None,
    beside: Beside | None = None,
    agent: str | None = None,
    flashes: bool = True,
    before: bytes = b"",
) -> IdentityEvidence:
    """Check that the clip shows a living person who is the portrait's.

    `template_key`: the person's own secret; `index_key`: the tenant's; at least 16 random bytes each. Without an index key, or without a
    usable face, `face_index` (and `template`) are empty. `beside`: what came with the clip; a device class that it leaves open is told from
    `agent` (the browser's name) and the clip. `flashes`: False when the person declined the light challenge. `before`: the person's template
    of an earlier check, under the same key. Raises IdNumberInvalid, Image… and Clip… errors, KeyTooShort.
    """
    started = perf_counter()
    idnumber.require_valid(id_number)
    for key in (template_key, index_key):
        if key is not None:
            template.require_key(key)
    given = beside or Beside()
    document = look(models, media.read_image(portrait))
    film = media.read_clip(clip, media.CHALLENGED_APPLICANT if given.challenge else media.APPLICANT)
    given = replace(given, device=device_class(agent, film)) if given.device == ANY_DEVICE else given
    verdict = _strictest(models, liveness.check_capture(models=models, capture=Capture(Kind.CLIP, film), beside=given))
    faces = embed_sights(models, _best(models, film))
    selfie = unit(faces.mean(0)) if len(faces) else None
    made = template.make_template(selfie, template_key) if selfie is not None else b""
    alike, match = _match(models, document, faces)
    ours = (_portrait_quality(document), *_unlit(given, flashes=flashes), match, _same_as_before(models, made, before))
    outcome = conclude(verdict.outcome, verdict.score, verdict.signals, ours)
    return IdentityEvidence(
        outcome=outcome,
        liveness_score=verdict.score,
        match_score=alike,
        signals=(*(s for s in verdict.signals if s.name != "challenge"), *ours),
        reasons=_reasons(verdict, ours, outcome),
        template=made,
        face_index=template.make_index(selfie, index_key) if selfie is not None and index_key is not None else b"",
        model_versions=dict(models.versions) | {"recorders": facts()["version"]},
        took_ms=round((perf_counter() - started) * 1000),
        liveness=verdict.outcome,
        label=verdict.label.value if verdict.label else None,
        device=verdict.device,
        judged_as=verdict.judged_as,
        calibrated=verdict.calibrated,
        challenge=given.challenge.id if given.challenge else None,
        weights=dict(verdict.evidence),
        sources={name: {"probability": one.probability, "weight": one.weight} for name, one in verdict.sources.items()},
        bounds=bounds_told(verdict, models.thresholds.liveness),
    )


def _best(models: FaceModels, film: Clip) -> list[Sight]:
    places = np.unique(np.linspace(0, len(film.frames) - 1, LOOKED_AT).astype(int))
    return liveness.best([look(models, film.frames[n]) for n in places])[:MATCHED]


def _reasons(verdict: Verdict, ours: tuple[Signal, ...], outcome: Outcome) -> tuple[Reason, ...]:
    theirs = verdict.reasons if verdict.outcome is outcome else ()
    return tuple({r.code: r for r in (*theirs, *explain(ours, outcome))}.values())


SEVERITY = {Outcome.PASS: 0, Outcome.REFER: 1, Outcome.RETRY: 1, Outcome.FAIL: 2}


def _strictest(models: FaceModels, verdict: Verdict) -> Verdict:
    """What a forged browser's name cannot soften: a class of cameras counts only where ANY_DEVICE, once calibrated, is no stricter. And where the
    deployment's own network has no thresholds of its own, a person decides."""
    fusion = models.thresholds.liveness
    name, mine = fusion.device(verdict.device)
    if own.without_thresholds(models.versions):
        held = Signal("calibration", State.REFER, None, "weights_uncalibrated")
        again = rejudge(replace(verdict, signals=(*verdict.signals, held)), mine, mine, fusion)
        return replace(again, device=verdict.device, judged_as=verdict.judged_as)
    whole = fusion.devices[ANY_DEVICE]
    if name == ANY_DEVICE or not whole.calibrated:
        return verdict
    other = replace(rejudge(verdict, mine, whole, fusion), device=verdict.device)
    return other if SEVERITY[other.outcome] > SEVERITY[verdict.outcome] else verdict


def sent_meanwhile(evidence: IdentityEvidence, apart: int) -> IdentityEvidence:
    """The same check, where another recording that lies `apart` differing bits away was taken while it ran; unchanged where that is another clip."""
    told = sent_before_signal(b"", lambda _: apart)
    if told.state is not State.FAIL or told.name in {s.name for s in evidence.signals if s.state is State.FAIL}:
        return evidence
    signals = tuple(told if s.name == told.name else s for s in evidence.signals if s.name != "agreement")  # nobody is asked again
    failed = {"outcome": Outcome.FAIL, "liveness": Outcome.FAIL, "label": Label.ATTACK.value, "liveness_score": 0.0}
    return replace(evidence, signals=signals, reasons=explain(signals, Outcome.FAIL), **failed)


def _unlit(given: Beside, *, flashes: bool) -> tuple[Signal, ...]:
    """A recording without a challenge: nothing tells it from a stolen one that was put in the camera's place, so a person decides."""
    if given.challenge is not None:
        return ()
    return (Signal("light_sequence", State.NOT_RUN, None, "light_missing" if flashes else "light_declined"),)


def _portrait_quality(document: Sight | None) -> Signal:
    problem = document.problem(portrait=True) if document else "portrait_no_face"
    if problem is None:
        return Signal("portrait_quality", State.PASS, document.quality.eyes_apart if document else None)
    code = {"portrait_no_face": problem, "portrait_many_faces": problem, "too_small": "portrait_small"}.get(problem, "portrait_poor")
    return Signal("portrait_quality", State.RETRY, document.quality.eyes_apart if document else None, code)


def _match(models: FaceModels, document: Sight | None, faces: np.ndarray) -> tuple[float | None, Signal]:
    if document is None or not len(faces):
        return None, Signal("match", State.NOT_RUN, None, "not_run")
    score = similarity(embed_face(models.embedder, document.picture, document.mesh), faces.mean(0))
    state = models.thresholds.match.state(score)
    return score, Signal("match", state, score, {State.REFER: "match_unsure", State.FAIL: "other_person"}.get(state))


def _same_as_before(models: FaceModels, made: bytes, before: bytes) -> Signal:
    """1:1 with the face that passed an earlier check. Value: the cosine that the share of differing bits stands for (Charikar 2002).

    What the match would not call the same person for sure is referred, never refused: years change a face, and the portrait was compared too.
    """
    if not before:
        return Signal("same_as_before", State.NOT_CHECKED, None, "not_asked")
    if not made:
        return Signal("same_as_before", State.NOT_RUN, None, "not_run")
    alike = math.cos(math.pi * template.distance(made, before) / (8 * len(made)))
    if alike < models.thresholds.match.sure:
        return Signal("same_as_before", State.REFER, alike, "other_than_before")
    return Signal("same_as_before", State.PASS, alike)
