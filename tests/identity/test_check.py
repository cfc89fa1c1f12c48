import dataclasses
import shutil

import cv2
import numpy as np
import pytest

from xinqiao.demo.cast import a_challenge
from xinqiao.demo.faces import DemoFace, demo_faces
from xinqiao.identity import (
    FaceModels,
    IdentityEvidence,
    IdNumberInvalid,
    ModelsUnavailable,
    Outcome,
    State,
    check,
    read_clip,
    replay,
    sent_meanwhile,
)
from xinqiao.identity.errors import KeyTooShort
from xinqiao.identity.liveness import Beside
from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.identity.liveness.injection import SAME_CLIP_BITS
from xinqiao.identity.media import Picture
from xinqiao.identity.networks import PACKAGED
from xinqiao.identity.thresholds import Band, Fusion
from xinqiao.kit import canonical

from ..sitting import living
from .conftest import ID_NUMBER, INDEX_KEY, TEMPLATE_KEY, film, photograph

PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"


def run(models: FaceModels, portrait: bytes, clip: bytes, **changes: object) -> IdentityEvidence:
    given = {"id_number": ID_NUMBER, "template_key": TEMPLATE_KEY, "index_key": INDEX_KEY} | changes
    return check(models=models, portrait=portrait, clip=clip, **given)


def states(evidence: IdentityEvidence) -> dict[str, State]:
    return {s.name: s.state for s in evidence.signals}


@pytest.fixture(scope="module")
def answered() -> tuple[bytes, Challenge, bytes]:
    """Portrait, challenge and its answer by one simulated person."""
    (sitter,), challenge = living(1), a_challenge()
    return sitter.portrait, challenge, sitter.film(challenge)


def test_a_living_person_who_answers_the_challenge_passes(models: FaceModels, answered: tuple[bytes, Challenge, bytes]) -> None:
    portrait, challenge, clip = answered
    evidence = run(models, portrait, clip, beside=Beside(challenge=challenge))
    assert evidence.outcome is Outcome.PASS, evidence.record()
    assert evidence.challenge == challenge.id
    assert evidence.liveness is Outcome.PASS
    assert evidence.label == "live"
    assert states(evidence)["light_sequence"] is State.PASS
    assert replay(evidence.record()) == (Outcome.PASS, None)


def test_the_same_clip_does_not_answer_another_challenge(models: FaceModels, answered: tuple[bytes, Challenge, bytes]) -> None:
    portrait, _, clip = answered
    evidence = run(models, portrait, clip, beside=Beside(challenge=a_challenge()))
    assert evidence.outcome is Outcome.FAIL
    assert evidence.label == "attack"
    assert "light_other" in [r.code for r in evidence.reasons]


@pytest.mark.parametrize("face", demo_faces("live")[::4], ids=lambda f: f.id)
def test_without_a_challenge_a_living_person_is_recognised_and_a_person_decides(models: FaceModels, face: DemoFace) -> None:
    evidence = run(models, face.portrait.read_bytes(), face.clip.read_bytes())
    assert evidence.outcome is Outcome.REFER, evidence.record()
    assert states(evidence)["match"] is State.PASS
    assert "light_missing" in [r.code for r in evidence.reasons]


def test_who_declines_the_challenge_is_told_so(models: FaceModels, portrait: bytes, selfie: bytes) -> None:
    evidence = run(models, portrait, selfie, flashes=False)
    assert evidence.outcome is Outcome.REFER
    assert "light_declined" in [r.code for r in evidence.reasons]
    assert replay(evidence.record()) == (Outcome.REFER, None)


def measured(models: FaceModels, **sure: float) -> FaceModels:
    """As if these classes of cameras had been calibrated, each with its own bound from which it passes."""
    shipped = models.thresholds.liveness
    made = {
        name: dataclasses.replace(shipped.devices["any"], band=Band(bound, 0.0), calibrated=True, cut=0.0, groups=(("appearance",),))
        for name, bound in sure.items()
    }
    fusion = Fusion(shipped.cut, {**shipped.devices, **made})
    return dataclasses.replace(models, thresholds=dataclasses.replace(models.thresholds, liveness=fusion))


def test_without_a_challenge_nobody_passes_on_whatever_cameras(models: FaceModels, portrait: bytes, selfie: bytes) -> None:
    soft = measured(models, any=0.0)
    for flashes in (True, False):
        evidence = run(soft, portrait, selfie, flashes=flashes)
        assert (evidence.calibrated, evidence.liveness) == (True, Outcome.PASS), "all that could be measured speaks for them"
        assert evidence.outcome is Outcome.REFER
        assert states(evidence)["light_sequence"] is State.NOT_RUN


def test_a_forged_name_of_a_browser_does_not_pick_a_softer_class(models: FaceModels) -> None:
    """The clip stands upright, so it may call itself a phone's; phones are calibrated softer here than all cameras together."""
    (sitter,), soft, never = living(1), {"phone_high": 0.0, "phone_basic": 0.0}, 0.999999999
    portrait, clip = sitter.portrait, sitter.clip
    alone = run(measured(models, **soft), portrait, clip, agent=PHONE)
    assert alone.device in soft
    assert (alone.judged_as, alone.liveness) == (alone.device, Outcome.PASS)
    both = run(measured(models, **soft, any=never), portrait, clip, agent=PHONE)
    assert (both.device, both.judged_as, both.liveness) == (alone.device, "any", Outcome.REFER)
    assert both.bounds["sure"] == never
    assert replay(both.record()) == (Outcome.REFER, None)
    strict = run(measured(models, **dict.fromkeys(soft, never), any=0.0), portrait, clip, agent=PHONE)
    assert (strict.judged_as in soft, strict.liveness) == (True, Outcome.REFER)


def test_a_clip_that_was_sent_elsewhere_while_it_was_checked_fails(models: FaceModels, answered: tuple[bytes, Challenge, bytes]) -> None:
    portrait, challenge, clip = answered
    given = Beside(challenge=challenge, clip_key=INDEX_KEY, nearest=lambda mark: None)
    first = run(models, portrait, clip, beside=given)
    assert first.outcome is Outcome.PASS
    assert sent_meanwhile(first, SAME_CLIP_BITS + 1) is first
    again = sent_meanwhile(first, SAME_CLIP_BITS)
    assert (again.outcome, again.label) == (Outcome.FAIL, "attack")
    assert [r.code for r in again.reasons] == ["sent_before"]
    assert replay(again.record()) == (Outcome.FAIL, None)
    known = run(models, portrait, clip, beside=dataclasses.replace(given, nearest=lambda mark: SAME_CLIP_BITS))
    assert again.record() | {"took_ms": 0} == known.record() | {"took_ms": 0}, "as if it had been known from the start"


def test_a_later_face_is_compared_with_the_template_of_an_earlier_check(models: FaceModels, portrait: bytes, selfie: bytes) -> None:
    before = run(models, portrait, selfie).template
    (pair,) = demo_faces("mismatch")
    same, other = run(models, portrait, selfie, before=before), run(models, portrait, pair.clip.read_bytes(), before=before)
    assert states(same)["same_as_before"] is State.PASS
    assert states(other)["same_as_before"] is State.REFER
    assert states(run(models, portrait, selfie))["same_as_before"] is State.NOT_CHECKED


@pytest.mark.parametrize("face", [f for f in demo_faces() if f.kind != "live"], ids=lambda f: f.id)
def test_no_rendered_attack_passes(models: FaceModels, face: DemoFace) -> None:
    evidence = run(models, face.portrait.read_bytes(), face.clip.read_bytes())
    assert evidence.outcome is not Outcome.PASS, evidence.record()
    assert evidence.reasons


def test_another_persons_clip_fails_as_another_person(models: FaceModels) -> None:
    (pair,) = demo_faces("mismatch")
    evidence = run(models, pair.portrait.read_bytes(), pair.clip.read_bytes())
    assert "other_person" in [r.code for r in evidence.reasons]


def test_a_still_picture_sent_as_a_clip_fails_as_frozen(models: FaceModels, portrait: bytes, frames: tuple[Picture, ...]) -> None:
    evidence = run(models, portrait, film([frames[0]] * 16))
    assert evidence.outcome is Outcome.FAIL
    assert "frozen" in [r.code for r in evidence.reasons]


def test_a_clip_spliced_from_two_people_fails(models: FaceModels) -> None:
    (pair,) = demo_faces("mismatch")
    one = next(f for f in demo_faces("live") if f.portrait == pair.portrait)
    half = [*read_clip(one.clip.read_bytes()).frames[:8], *read_clip(pair.clip.read_bytes()).frames[8:]]
    evidence = run(models, one.portrait.read_bytes(), film(half))
    assert evidence.outcome is Outcome.FAIL
    assert states(evidence)["one_person"] is State.FAIL


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: np.zeros_like(f) + 90, "no_face"),
        (lambda f: (f * 0.12).astype(np.uint8), "too_dark"),
        (lambda f: np.clip(f * 1.6 + 90, 0, 255).astype(np.uint8), "too_bright"),
        (lambda f: np.hstack([f[:, 120:520], f[:, 120:520]]), "many_faces"),
        (lambda f: np.pad(f[::3, ::3], ((160, 160), (213, 213), (0, 0)), mode="edge"), "too_small"),
    ],
)
def test_a_bad_recording_is_answered_with_what_to_do(
    models: FaceModels, portrait: bytes, frames: tuple[Picture, ...], spoil, code: str
) -> None:
    evidence = run(models, portrait, film([spoil(f) for f in frames]))
    assert evidence.outcome is Outcome.RETRY
    assert code in [r.code for r in evidence.reasons]
    assert all(r.zh and r.en for r in evidence.reasons)


def test_a_blurred_recording_is_tried_again(models: FaceModels, portrait: bytes, frames: tuple[Picture, ...]) -> None:
    evidence = run(models, portrait, film([cv2.GaussianBlur(f, (0, 0), 7) for f in frames]))
    assert evidence.outcome is Outcome.RETRY
    assert "blurred" in [r.code for r in evidence.reasons]


def test_two_frames_are_too_short(models: FaceModels, portrait: bytes, frames: tuple[Picture, ...]) -> None:
    evidence = run(models, portrait, film(frames[:2]))
    assert evidence.outcome is Outcome.RETRY
    assert "clip_too_short" in [r.code for r in evidence.reasons]


def test_a_portrait_without_a_face_is_asked_for_again(models: FaceModels, selfie: bytes) -> None:
    evidence = run(models, photograph(np.full((400, 300, 3), 180, np.uint8)), selfie)
    assert evidence.outcome is Outcome.RETRY
    assert [r.code for r in evidence.reasons] == ["portrait_no_face"]
    assert evidence.match_score is None


def test_without_the_liveness_network_nobody_passes(portrait: bytes, selfie: bytes, models: FaceModels) -> None:
    evidence = run(dataclasses.replace(models, texture=None), portrait, selfie)
    assert states(evidence)["texture"] is State.NOT_RUN
    assert evidence.outcome is Outcome.REFER
    assert "not_checked" in [r.code for r in evidence.reasons]


@pytest.mark.parametrize("number", ["110105194912310021", "11010519491231002", "", "1101051949123100２X", "x" * 10_000])
def test_an_id_number_whose_check_character_does_not_fit_is_refused_without_being_repeated(models: FaceModels, number: str) -> None:
    with pytest.raises(IdNumberInvalid) as refusal:
        run(models, b"", b"", id_number=number)
    assert not number or number not in str(refusal.value)


def test_a_short_key_is_refused(models: FaceModels) -> None:
    with pytest.raises(KeyTooShort):
        run(models, b"", b"", template_key=b"short")


def test_the_record_holds_no_biometric_data_and_fits_an_event(models: FaceModels, portrait: bytes, selfie: bytes) -> None:
    evidence = run(models, portrait, selfie)
    written = canonical(evidence.record())
    assert len(written) < 6000
    for secret in (evidence.template, evidence.face_index):
        assert secret.hex().encode() not in written
        assert secret.hex() not in repr(evidence)
    needed = {"face_detector", "face_mesh", "face_embedder", "liveness_texture", "thresholds", "fusion", "recorders"}
    assert needed <= set(evidence.model_versions)


def test_altered_weights_are_not_loaded(settings, tmp_path) -> None:
    own = settings.home / "models" / "identity"
    shutil.copytree(PACKAGED, own)
    assert FaceModels.load(settings).thresholds == FaceModels.load().thresholds
    with (own / "face_landmark.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x00\x01\x02\x03")
    with pytest.raises(ModelsUnavailable, match="not the file its manifest names"):
        FaceModels.load(settings)


@pytest.mark.parametrize("broken", ["{}", '{"version": "1", "match": {"sure": 0.1, "doubt": 0.2}}', "not json"])
def test_thresholds_that_make_no_sense_are_not_loaded(settings, broken: str) -> None:
    own = settings.home / "models" / "identity"
    shutil.copytree(PACKAGED, own)
    (own / "thresholds.json").write_text(broken)
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(settings)
