"""The analysis on a handful of rendered sessions. Rates are measured by scripts/light_challenge.py; here each bound is wide and each film small."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from xinqiao.identity import REASONS, FaceModels
from xinqiao.identity.liveness.challenge import Answer, analyse
from xinqiao.identity.liveness.challenge.align import LATEST, align
from xinqiao.identity.liveness.challenge.answer import SURE, judge, shape_signal
from xinqiao.identity.liveness.challenge.maps import MOST, maps
from xinqiao.identity.liveness.challenge.sample import COLUMNS, ORIGIN, ROWS, SPAN, Samples, sample
from xinqiao.identity.liveness.challenge.shape import SPECIES, WEIGHTS, ShapeModel, numbers, shape_model
from xinqiao.identity.liveness.challenge.track import follow
from xinqiao.identity.liveness.simulate import Session, decode, draw, film
from xinqiao.identity.liveness.simulate.write import challenge_of, clip_of
from xinqiao.identity.model import State

SMALL = (240, 180)
Filmed = tuple[Session, list[np.ndarray], list[float]]


@cache
def filmed(seed: int, species: str = "live", room: str = "dim", device: str = "middle") -> Filmed:
    session = film(draw(seed, species=species, room=room, device=device, size=SMALL), challenge_of(seed))
    return session, *decode(clip_of(session))


@pytest.fixture(scope="module")
def answer_of(models: FaceModels) -> Callable[..., Answer]:
    @cache
    def answer(seed: int, species: str = "live", room: str = "dim", device: str = "middle") -> Answer:
        session, frames, times = filmed(seed, species, room, device)
        return analyse(session.challenge, models=models, frames=frames, times=times)

    return answer


def samples_of(models: FaceModels, one: Filmed) -> Samples:
    _, frames, times = one
    meshes = follow(models, frames)
    seen = [n for n, mesh in enumerate(meshes) if mesh]
    return sample([frames[n] for n in seen], [times[n] for n in seen], [meshes[n].points for n in seen])


@pytest.mark.parametrize(("room", "device"), [("dark", "middle"), ("dim", "basic"), ("indoor", "middle"), ("indoor", "flagship")])
def test_a_person_answers_the_sequence_at_any_frame_rate(answer_of, room: str, device: str) -> None:
    answer = answer_of(21, room=room, device=device)
    assert answer.sequence.state is State.PASS, answer.sequence
    assert answer.alignment is not None
    session = filmed(21, room=room, device=device)[0]
    assert abs(answer.alignment.delay - session.scene.latency) < 0.05


def test_exposure_and_white_balance_that_drift_do_not_break_the_answer(models: FaceModels) -> None:
    scene = replace(draw(22, species="live", room="indoor", device="middle", size=SMALL), drift=(0.35, 0.12))
    session = film(scene, challenge_of(22))
    frames, times = decode(clip_of(session))
    assert analyse(session.challenge, models=models, frames=frames, times=times).sequence.state is State.PASS


def test_a_clip_that_answers_another_challenge_never_passes(models: FaceModels) -> None:
    for room in ("dark", "indoor"):
        seen = samples_of(models, filmed(21, room=room))
        for other in range(5000, 5012):
            answer = judge(challenge_of(other), seen)
            assert not answer.passed
            assert answer.sequence.state is not State.PASS
            assert answer.shape.state is State.NOT_RUN


def test_an_answer_that_comes_too_late_is_none(models: FaceModels) -> None:
    session, frames, times = filmed(21, room="dark")
    late = [t + LATEST + 0.2 for t in times]
    seen = samples_of(models, (session, frames, late))
    assert judge(session.challenge, seen).sequence.state is not State.PASS


def test_the_same_colours_in_another_order_are_another_sequence(models: FaceModels) -> None:
    session = filmed(21, room="dark")[0]
    seen = samples_of(models, filmed(21, room="dark"))
    turned = replace(session.challenge, slots=session.challenge.slots[::-1])
    assert align(session.challenge, seen.times, seen.light).pooled > SURE
    assert align(turned, seen.times, seen.light).pooled < SURE


def test_daylight_asks_for_another_try(answer_of) -> None:
    answer = answer_of(23, room="outdoors")
    assert answer.sequence.state is State.RETRY
    assert answer.sequence.reason == "light_faint"
    assert not answer.passed


@pytest.mark.parametrize("species", ["flat_print", "bent_print", "phone_replay", "tablet_replay", "paper_mask"])
@pytest.mark.parametrize("room", ["dark", "indoor"])
def test_paper_and_screens_do_not_pass(answer_of, species: str, room: str) -> None:
    answers = [answer_of(seed, species, room) for seed in (31,)]
    assert sum(a.passed for a in answers) == 0


@pytest.mark.parametrize("room", ["dark", "indoor"])
def test_living_faces_are_told_from_copies_in_the_dark_too(answer_of, room: str) -> None:
    alive = [answer_of(seed, "live", room) for seed in (21, 41, 42)]
    copies = [answer_of(31, species, room) for species in ("flat_print", "bent_print", "paper_mask")]
    assert State.FAIL not in {a.shape.state for a in alive}
    assert min(a.measured["alive"] for a in alive) > 0.2 + max(a.measured.get("alive", 0.0) for a in copies)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frames: [np.zeros_like(f) for f in frames],
        lambda frames: [np.full_like(f, 255) for f in frames],
        lambda frames: [np.random.default_rng(1).integers(0, 256, f.shape, np.uint8) for f in frames],
        lambda frames: frames[:5],
        lambda frames: [f[: 100 + n % 3] for n, f in enumerate(frames)],
        lambda frames: [],
    ],
    ids=["black", "white", "noise", "five frames", "changing sizes", "none"],
)
def test_what_cannot_be_read_never_passes(models: FaceModels, spoil: Callable) -> None:
    session, frames, times = filmed(21, room="dark")
    spoilt = spoil(frames)
    answer = analyse(session.challenge, models=models, frames=spoilt, times=times[: len(spoilt)])
    assert not answer.passed
    assert State.PASS not in {s.state for s in answer.signals}


def test_a_still_picture_does_not_answer(models: FaceModels) -> None:
    session, frames, times = filmed(21, room="dark")
    answer = analyse(session.challenge, models=models, frames=[frames[0]] * len(frames), times=times)
    assert not answer.passed


def test_a_faint_answer_is_not_judged() -> None:
    clear = {"alive": 0.999, "mask": 0.0, "strength": 0.0, "clearness": 2.0}
    assert shape_signal(clear).state is State.PASS
    assert shape_signal(clear | {"alive": 0.0001}).reason == "light_flat"
    faint = shape_signal(clear | {"clearness": -0.5})
    assert (faint.state, faint.reason) == (State.RETRY, "light_faint")


def test_the_shape_model_runs_only_the_network_that_its_bounds_were_made_for() -> None:
    told = {"species": list(SPECIES), "sha256": "0" * 64}
    with pytest.raises(ValueError, match="another network"):
        ShapeModel.parse(told, WEIGHTS.read_bytes())
    assert len(WEIGHTS.read_bytes()) < 300_000


def test_left_and_right_are_alike_to_the_shape_model(models: FaceModels) -> None:
    seen = samples_of(models, filmed(21, room="dark"))
    found = maps(seen, align(filmed(21, room="dark")[0].challenge, seen.times, seen.light))
    told = numbers(seen, align(filmed(21, room="dark")[0].challenge, seen.times, seen.light), found)
    picture = found.picture()
    assert picture.shape == (10, ROWS, COLUMNS)
    assert np.abs(picture).max() <= MOST
    assert np.allclose(shape_model().shares(picture, told), shape_model().shares(picture[:, :, ::-1].copy(), told), atol=1e-4)


def test_every_frame_is_turned_so_that_the_eyes_lie_in_the_same_place(models: FaceModels) -> None:
    seen = samples_of(models, filmed(21, room="indoor"))
    assert seen.face.shape[1:] == (ROWS, COLUMNS, 3)
    left, right = seen.places[33], seen.places[263]
    assert np.allclose((left + right) / 2, ORIGIN, atol=0.01)
    assert np.allclose(right - left, (SPAN, 0), atol=0.01)
    assert 0.04 < seen.skin.mean() < 0.5


def test_a_reflecting_sheet_answers_as_it_looks_and_a_shining_one_does_not() -> None:
    """On made-up frames: paper's answer is its brightness; a screen's own picture does not take part."""
    challenge, rng = challenge_of(5), np.random.default_rng(3)
    times = np.arange(0, 1.4, 1 / 30)
    albedo = rng.uniform(0.2, 0.8, (ROWS, COLUMNS, 3)).astype(np.float32)
    light = challenge.over(times + 0.02, 0.022).mean(1)[:, None, None]
    noise = rng.normal(0, 1e-4, (len(times), ROWS, COLUMNS, 3))
    skin = np.zeros((ROWS, COLUMNS), bool)
    skin[30:80, 30:60] = True
    still = {
        "skin": skin,
        "moved": np.ones((len(times), 3)) + rng.normal(0, 1e-3, (len(times), 3)),
        "places": np.zeros((468, 2)),
        "burnt": 0.0,
    }
    paper = Samples(times=times, face=(albedo * (0.2 + 0.1 * light) + noise).astype(np.float32), **still)
    screen = Samples(times=times, face=(albedo * 0.2 + 0.02 * light + noise).astype(np.float32), **still)
    alike = [
        np.corrcoef(found.answers[..., 2].ravel(), found.bright[..., 2].ravel())[0, 1]
        for found in (maps(seen, align(challenge, times, seen.light)) for seen in (paper, screen))
    ]
    assert alike[0] > 0.95
    assert abs(alike[1]) < 0.3


def test_every_reason_has_words(answer_of) -> None:
    answers = [answer_of(21), answer_of(31, "flat_print", "dim"), answer_of(23, room="outdoors")]
    reasons = {s.reason for a in answers for s in a.signals if s.state is not State.NOT_CHECKED} - {None}
    assert reasons <= set(REASONS)
