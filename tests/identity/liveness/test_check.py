"""One capture through every signal, on the demo's rendered people (simulated)."""

import numpy as np
import pytest

from xinqiao.demo.faces import DemoFace, demo_faces
from xinqiao.identity import FaceModels, Outcome, State, read_clip
from xinqiao.identity.liveness import Beside, Label, Verdict, check_capture, read_capture
from xinqiao.identity.liveness.challenge import issue
from xinqiao.identity.liveness.injection import clip_mark, nearest_of
from xinqiao.identity.media import Picture
from xinqiao.kit import FixedClock

from ..conftest import film, photograph

KEY = b"the tenant's own clip key"


def judge(models: FaceModels, data: bytes, beside: Beside | None = None) -> Verdict:
    return check_capture(models=models, capture=read_capture(data), beside=beside)


def states(verdict: Verdict) -> dict[str, State]:
    return {s.name: s.state for s in verdict.signals}


@pytest.mark.parametrize("face", [demo_faces("live")[0], *demo_faces("replay"), *demo_faces("print")], ids=lambda f: f.id)
def test_a_clip_is_called_what_it_is(models: FaceModels, face: DemoFace) -> None:
    found = judge(models, face.clip.read_bytes())
    assert found.label is (Label.LIVE if face.kind == "live" else Label.ATTACK)
    assert (found.outcome is Outcome.PASS) is (face.kind == "live")


def test_a_single_picture_has_a_label_but_never_passes(models: FaceModels, portrait: bytes) -> None:
    found = judge(models, portrait)
    assert found.label is Label.LIVE
    assert found.outcome is Outcome.REFER
    assert states(found)["motion"] is State.NOT_RUN
    assert [r.code for r in found.reasons] == ["one_picture"]


def test_a_tight_crop_of_a_face_is_judged_though_a_selfie_would_have_to_move_back(models: FaceModels, frames: tuple[Picture, ...]) -> None:
    from xinqiao.identity.observe import look

    sight = look(models, frames[0])
    assert sight is not None
    left, top, right, bottom = (round(v) for v in sight.face.box)
    tight = np.ascontiguousarray(frames[0][max(0, top) : bottom, max(0, left) : right])
    assert judge(models, photograph(tight)).score is not None


def test_a_picture_without_a_face_is_tried_again(models: FaceModels) -> None:
    found = judge(models, photograph(np.full((300, 300, 3), 128, np.uint8)))
    assert (found.label, found.score) == (Label.RETRY, None)
    assert [r.code for r in found.reasons] == ["no_face"]


def test_a_still_sent_as_a_clip_is_an_attack_with_no_score(models: FaceModels, frames: tuple[Picture, ...]) -> None:
    found = judge(models, film([frames[0]] * 12))
    assert (found.label, found.outcome, found.score) == (Label.ATTACK, Outcome.FAIL, 0.0)
    assert "frozen" in [r.code for r in found.reasons]


def test_a_clip_sent_before_is_an_attack_however_alive_it_looks(models: FaceModels, selfie: bytes) -> None:
    mark = clip_mark(read_clip(selfie), KEY)
    assert mark is not None
    fresh = judge(models, selfie, Beside(clip_key=KEY, nearest=nearest_of([])))
    again = judge(models, selfie, Beside(clip_key=KEY, nearest=nearest_of([mark])))
    assert states(fresh)["sent_before"] is State.PASS
    assert (again.label, again.outcome) == (Label.ATTACK, Outcome.FAIL)
    assert "sent_before" in [r.code for r in again.reasons]


def test_what_claims_to_be_the_page_s_own_recording_must_look_it(models: FaceModels, selfie: bytes) -> None:
    """The demo's clips were made by a tool, and say so."""
    assert judge(models, selfie, Beside(from_page=True)).outcome is Outcome.FAIL


def test_a_virtual_camera_keeps_a_living_face_from_passing(models: FaceModels, selfie: bytes) -> None:
    assert judge(models, selfie, Beside(camera={"label": "OBS Virtual Camera"})).outcome is Outcome.REFER


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        (Beside(near_infrared=b"x"), "infrared_unreadable"),
        (Beside(depth=b"x"), "depth_unreadable"),
        (Beside(right=b"x"), "stereo_unfit"),
    ],
)
def test_what_was_given_and_cannot_be_read_does_not_pass(models: FaceModels, selfie: bytes, beside: Beside, reason: str) -> None:
    found = judge(models, selfie, beside)
    assert found.outcome is Outcome.RETRY
    assert [r.code for r in found.reasons] == [reason]


def test_a_clip_that_does_not_answer_the_screen_s_colours_never_passes(models: FaceModels, selfie: bytes, clock: FixedClock) -> None:
    challenge = issue(application="A-1", key=b"the server's own key", clock=clock)
    found = judge(models, selfie, Beside(challenge=challenge))
    assert found.outcome in (Outcome.RETRY, Outcome.FAIL)
    assert states(found)["light_shape"] is State.NOT_RUN
    assert "challenge" not in states(found)


def test_a_single_picture_cannot_answer_a_challenge(models: FaceModels, portrait: bytes, clock: FixedClock) -> None:
    challenge = issue(application="A-1", key=b"the server's own key", clock=clock)
    assert states(judge(models, portrait, Beside(challenge=challenge)))["light_sequence"] is State.NOT_RUN
