"""`check`: ID number, portrait and selfie clip in; evidence out. Pure: nothing is stored, logged or fetched."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from . import idnumber, liveness, media, template
from .match import embed_face, similarity, unit
from .model import IdentityEvidence, Signal, State, decide, explain
from .networks import FaceModels
from .observe import Sight, embed_sights, look

MATCHED = 3
"""Frames whose mean embedding is compared with the portrait: the best ones."""


def check(
    *, models: FaceModels, portrait: bytes, clip: bytes, id_number: str, template_key: bytes, index_key: bytes | None = None
) -> IdentityEvidence:
    """Check that the clip shows a living person who is the portrait's.

    `template_key`: the person's own secret; `index_key`: the tenant's; at least 16 random bytes each. Without an index key, or without a
    usable face, `face_index` (and `template`) are empty. Raises IdNumberInvalid, Image… and Clip… errors, KeyTooShort.
    """
    started = perf_counter()
    idnumber.require_valid(id_number)
    template.require_key(template_key)
    if index_key is not None:
        template.require_key(index_key)
    document = look(models, media.read_image(portrait))
    film = media.read_clip(clip)
    sights = [look(models, frame) for frame in film.frames]
    usable = liveness.best(sights)
    faces = embed_sights(models, usable[:MATCHED])
    vivid, alive = liveness.texture_signal(models, usable)
    alike, match = _match(models, document, faces)
    signals = (
        _portrait_quality(document),
        liveness.quality_signal(sights),
        liveness.length_signal(film),
        liveness.motion_signal(sights),
        liveness.one_person_signal(models, sights),
        alive,
        match,
    )
    outcome = decide(signals)
    selfie = unit(faces.mean(0)) if len(faces) else None
    return IdentityEvidence(
        outcome=outcome,
        liveness_score=vivid,
        match_score=alike,
        signals=signals,
        reasons=explain(signals, outcome),
        template=template.make_template(selfie, template_key) if selfie is not None else b"",
        face_index=template.make_index(selfie, index_key) if selfie is not None and index_key is not None else b"",
        model_versions=dict(models.versions),
        took_ms=round((perf_counter() - started) * 1000),
    )


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
