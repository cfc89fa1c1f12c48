"""Near infrared against screens, prints and copies (simulated), and hostile files. Seeds 71 to 79 were not used in development."""

import contextlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from xinqiao.identity import FaceModels, State
from xinqiao.identity.errors import InfraredUnreadable
from xinqiao.identity.liveness import infrared
from xinqiao.identity.liveness.found import Found
from xinqiao.identity.liveness.simulate import draw
from xinqiao.identity.liveness.simulate.near import inked, painted
from xinqiao.identity.liveness.simulate.stills import Still, stills
from xinqiao.identity.observe import look


def still(seed: int, species: str, room: str = "indoor") -> Still:
    return next(stills(draw(seed, species=species, room=room), count=1, colour=True, infrared=True))


def judged(models: FaceModels, seen: Still, picture: np.ndarray | None = None) -> Found:
    sight = look(models, seen.colour)
    return infrared.judge(
        models, seen.infrared if picture is None else picture, sight.mesh if sight else None, colour=sight.picture if sight else None
    )


def face(found: Found) -> tuple[State, str | None]:
    signal = next(s for s in found.signals if s.name == "infrared_face")
    return signal.state, signal.reason


@pytest.mark.parametrize("species", ["phone_replay", "tablet_replay"])
def test_a_face_on_a_screen_is_not_there_in_near_infrared(models: FaceModels, species: str) -> None:
    found = judged(models, still(71, species))
    assert face(found) == (State.FAIL, "infrared_no_face")
    assert found.evidence is not None
    assert found.evidence.probability < 0.05


def test_a_print_in_dyes_loses_its_face(models: FaceModels) -> None:
    scene = draw(72, species="flat_print", room="indoor")
    scene.material["ink_infrared"] = 0.03
    seen = next(stills(scene, count=1, colour=True, infrared=True))
    assert face(judged(models, seen))[0] is not State.PASS


@pytest.mark.parametrize("seed", [73, 74, 75])
def test_a_living_face_is_there_in_light_and_in_the_dark(models: FaceModels, seed: int) -> None:
    for room in ("indoor", "dark"):
        assert face(judged(models, still(seed, "live", room)))[0] is State.PASS


def test_without_a_colour_picture_the_face_is_judged_by_itself(models: FaceModels) -> None:
    found = infrared.judge(models, still(76, "live").infrared)
    assert [s.name for s in found.signals] == ["infrared_face", "infrared_texture"]
    assert face(found)[0] is State.PASS


def test_a_covered_lamp_asks_for_another_try_and_accuses_nobody(models: FaceModels) -> None:
    seen = still(77, "live")
    dark = (seen.infrared // 40).astype(np.uint8)
    assert face(judged(models, seen, dark)) == (State.RETRY, "infrared_dark")
    burnt = np.full_like(seen.infrared, 255)
    assert face(judged(models, seen, burnt)) == (State.RETRY, "infrared_bright")


def test_the_colour_picture_without_its_colours_is_no_near_infrared(models: FaceModels) -> None:
    seen = still(78, "live")
    grey = cv2.cvtColor(seen.colour, cv2.COLOR_RGB2GRAY)
    assert face(judged(models, seen, grey)) == (State.FAIL, "infrared_copy")


def test_another_face_elsewhere_does_not_stand_for_the_one_in_colour(models: FaceModels) -> None:
    """A screen before the chest, and the attacker's own head above it."""
    seen = still(79, "live")
    moved = np.roll(seen.infrared, (-60, 70), (0, 1))
    assert face(judged(models, seen, moved))[0] is State.FAIL


def test_without_a_network_the_signal_did_not_run_and_says_so(models: FaceModels) -> None:
    from dataclasses import replace

    found = infrared.judge(replace(models, infrared=None), still(73, "live").infrared)
    assert {s.name: s.state for s in found.signals}["infrared_texture"] is State.NOT_RUN
    assert found.evidence is None


def test_sixteen_bits_are_read_as_brightness() -> None:
    values = (np.arange(6400).reshape(80, 80) * 10).astype(np.uint16)
    ok, data = cv2.imencode(".png", values)
    assert ok
    found = infrared.read_infrared(data.tobytes())
    assert found.dtype == np.uint8
    assert found.max() == 255
    assert (np.diff(found.astype(int).ravel()) >= 0).all()


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"\xff\xd8\xff" + b"\0" * 400], ids=["empty", "gif", "png", "jpeg"]
)
def test_what_is_no_picture_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(InfraredUnreadable) as refusal:
        infrared.read_infrared(data)
    assert refusal.value.message("zh")


def test_spoilt_pictures_are_read_or_refused_and_nothing_else() -> None:
    rng = np.random.default_rng(4)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (90, 90), np.uint8)).save(out, "JPEG")
    for _ in range(150):
        spoilt = bytearray(out.getvalue())
        for at in rng.integers(0, len(spoilt), rng.integers(1, 6)):
            spoilt[at] = rng.integers(256)
        with contextlib.suppress(InfraredUnreadable):
            assert infrared.read_infrared(bytes(spoilt)).ndim == 2


def test_dyes_let_near_infrared_through_and_carbon_does_not() -> None:
    picture = np.stack([np.linspace(0.05, 0.9, 50)] * 3, -1)[None].astype(np.float32)
    contrast = {ink: float(np.ptp(inked(picture, {"white": 0.9, "ink_infrared": ink}))) for ink in (0.05, 0.9)}
    assert contrast[0.05] < 0.06 < 0.5 < contrast[0.9]


def test_a_mask_keeps_of_its_paint_what_was_drawn() -> None:
    picture = np.full((4, 4, 3), 0.4, np.float32)
    picture[0] = 0.05
    bare, dark = ({"infrared": 0.5, "infrared_tone": 0.0, "infrared_hair": hair} for hair in (0.0, 1.0))
    assert np.allclose(painted(picture, bare, 0.4), 0.5)
    assert painted(picture, dark, 0.4)[0].max() < 0.2 < painted(picture, dark, 0.4)[1].min()


def odds(models: FaceModels, seeds: range, species: str) -> list[float]:
    """Scores of the stills that show a face at all, as log-odds."""
    found = [
        infrared.judge(models, s.infrared).evidence
        for n in seeds
        for s in stills(draw(n, species=species, room="dim"), count=2, infrared=True)
    ]
    return [one.log_odds for one in found if one]


def test_skin_scores_above_solid_masks_of_any_make(models: FaceModels) -> None:
    living = np.median(odds(models, range(91, 95), "live"))
    for species in ("paper_mask", "resin_mask", "silicone_mask", "printed_head"):
        assert np.median(odds(models, range(95, 98), species)) < living - 2, species


def test_lamp_and_exposure_say_nothing(models: FaceModels) -> None:
    seen = still(98, "live").infrared
    whole, half = (infrared.judge(models, picture).evidence for picture in (seen, (seen * 0.6).astype(np.uint8)))
    assert whole is not None
    assert half is not None
    assert abs(whole.log_odds - half.log_odds) < 1.5


def test_the_network_is_small_enough_for_an_embedded_device() -> None:
    from xinqiao.identity.networks import PACKAGED

    weights = (PACKAGED / "liveness_infrared.onnx").stat().st_size
    assert weights < 2 * 400_000  # two bytes a parameter
    assert sum(file.stat().st_size for file in PACKAGED.glob("*.onnx")) < 8 * 2**20
