"""`check`: ID number, portrait and selfie clip in; evidence out. Pure: nothing is stored, logged or fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from . import idnumber, liveness, media, template
from .match import align, embed, embed_face, similarity, unit
from .model import IdentityEvidence, Signal, State, decide, explain
from .networks import FaceModels
from .observe import Sight, look

FEWEST_FRAMES = 4
FACE_IN = 0.6
"""Share of the frames that must show one usable face."""
JUDGED = 8
"""Frames that the texture network sees: the best ones."""
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
    usable = sorted((s for s in sights if s and not s.problem()), key=lambda s: -s.quality.rank())
    faces = _embeddings(models, usable[:MATCHED])
    vivid, alive = _texture(models, usable[:JUDGED])
    alike, match = _match(models, document, faces)
    signals = (
        _portrait_quality(document),
        _selfie_quality(sights),
        Signal("length", State.PASS, film.decoded)
        if film.decoded >= FEWEST_FRAMES
        else Signal("length", State.RETRY, film.decoded, "clip_too_short"),
        _motion([s for s in sights if s]),
        _one_person(models, [s for s in sights if s]),
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


def _embeddings(models: FaceModels, sights: Sequence[Sight]) -> np.ndarray:
    if not sights:
        return np.empty((0, 192), np.float32)
    return embed(models.embedder, [align(s.picture, s.mesh.five()) for s in sights])


def _portrait_quality(document: Sight | None) -> Signal:
    problem = document.problem(portrait=True) if document else "portrait_no_face"
    if problem is None:
        return Signal("portrait_quality", State.PASS, document.quality.eyes_apart if document else None)
    code = {"portrait_no_face": problem, "portrait_many_faces": problem, "too_small": "portrait_small"}.get(problem, "portrait_poor")
    return Signal("portrait_quality", State.RETRY, document.quality.eyes_apart if document else None, code)


def _selfie_quality(sights: Sequence[Sight | None]) -> Signal:
    """Share of usable frames; the instruction is the commonest problem's."""
    problems = [s.problem() if s else "no_face" for s in sights]
    share = problems.count(None) / len(problems)
    if share >= FACE_IN:
        return Signal("selfie_quality", State.PASS, share)
    commonest = Counter(p for p in problems if p).most_common(1)[0][0]
    return Signal("selfie_quality", State.RETRY, share, commonest)


def _motion(seen: Sequence[Sight]) -> Signal:
    moved = liveness.temporal.movement([s.picture for s in seen], [s.mesh for s in seen]) if len(seen) >= FEWEST_FRAMES else None
    if moved is None:
        return Signal("motion", State.NOT_RUN, None, "not_run")
    if moved < liveness.temporal.STILL_GREY:
        return Signal("motion", State.FAIL, moved, "frozen")
    return Signal("motion", State.PASS, moved)


def _one_person(models: FaceModels, seen: Sequence[Sight]) -> Signal:
    """First, middle and last face of the clip, whatever their quality ranks: a splice hides in the worst frames."""
    clear = [s for s in seen if not s.problem()]
    if len(clear) < FEWEST_FRAMES:
        return Signal("one_person", State.NOT_RUN, None, "not_run")
    least = liveness.temporal.least_alike(_embeddings(models, [clear[0], clear[len(clear) // 2], clear[-1]]))
    state = models.thresholds.one_person.state(least)
    return Signal("one_person", state, least, {State.REFER: "face_unsteady", State.FAIL: "face_changes"}.get(state))


def _texture(models: FaceModels, sights: Sequence[Sight]) -> tuple[float | None, Signal]:
    if not sights or models.texture is None:
        return None, Signal("texture", State.NOT_RUN, None, "not_run")
    score = liveness.texture.score(models.texture, [liveness.two_crops(s.picture, s.face) for s in sights])
    state = models.thresholds.texture.state(score)
    return score, Signal("texture", state, score, {State.REFER: "texture_unsure", State.FAIL: "texture_attack"}.get(state))


def _match(models: FaceModels, document: Sight | None, faces: np.ndarray) -> tuple[float | None, Signal]:
    if document is None or not len(faces):
        return None, Signal("match", State.NOT_RUN, None, "not_run")
    score = similarity(embed_face(models.embedder, document.picture, document.mesh), faces.mean(0))
    state = models.thresholds.match.state(score)
    return score, Signal("match", state, score, {State.REFER: "match_unsure", State.FAIL: "other_person"}.get(state))
