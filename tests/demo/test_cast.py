"""The demo's people sit for a simulated camera; what they send is made for the challenge that was asked. All simulated."""

from dataclasses import replace

import numpy as np
import pytest

from xinqiao.demo import cast
from xinqiao.demo.cast import Sitter, a_challenge, sitter
from xinqiao.demo.shop import Shop, Visitor
from xinqiao.identity import FaceModels, read_clip, read_image
from xinqiao.identity.liveness.challenge.errors import ChallengeUnreadable
from xinqiao.identity.match import embed_face, similarity
from xinqiao.identity.media import CHALLENGED_APPLICANT
from xinqiao.identity.observe import look

SMALL = (160, 120)


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return FaceModels.load()


def same_light(one: bytes, other: bytes) -> bool:
    """Whether two clips show the same colours from frame to frame; a coder in a hurry does not write the same bytes twice."""
    lights = [np.array([frame.mean((0, 1)) for frame in read_clip(clip, CHALLENGED_APPLICANT).frames]) for clip in (one, other)]
    return lights[0].shape == lights[1].shape and bool(np.abs(lights[0] - lights[1]).max() < 1.5)


def test_the_id_photo_is_fit_to_compare_with_and_of_the_person_in_the_clip(models: FaceModels) -> None:
    person = Sitter(961)
    photo = look(models, read_image(person.portrait))
    assert photo is not None
    assert photo.problem(portrait=True) is None
    frames = read_clip(person.film(a_challenge()), CHALLENGED_APPLICANT).frames
    sight = look(models, frames[len(frames) // 2])
    assert sight is not None
    faces = [embed_face(models.embedder, one.picture, one.mesh) for one in (photo, sight)]
    assert similarity(*faces) >= models.thresholds.match.sure


def test_two_takes_of_one_challenge_are_equal_and_of_two_challenges_are_not() -> None:
    person, challenge = Sitter(962, size=SMALL), a_challenge()
    first = person.film(challenge)
    assert same_light(first, person.film(challenge))
    assert not same_light(first, person.film(a_challenge()))


def test_an_attackers_clip_shows_the_victims_face_and_a_strangers_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def filmed(scene, challenge):
        seen.append(scene)
        return film(scene, challenge)

    film = cast.film
    monkeypatch.setattr(cast, "film", filmed)
    victim, challenge = Sitter(963, size=SMALL), a_challenge()
    cast.printed(victim, challenge)
    cast.shown(victim, challenge)
    cast.by_another(victim, challenge)
    assert [scene.species for scene in seen] == ["flat_print", "phone_replay", "live"]
    assert [scene.person == victim.scene.person for scene in seen] == [True, True, False]


def test_who_sat_in_the_sun_goes_inside_for_the_second_take() -> None:
    act, person = cast.outside_first(), Sitter(964, size=SMALL)
    first, second = act(person, a_challenge()), act(person, a_challenge())
    light = [np.mean(read_clip(clip).frames[5]) for clip in (first, second)]
    assert light[0] != light[1]
    assert person.at("outdoors").scene.lux > 1000 > person.scene.lux


def test_the_shop_films_whom_a_visitor_plays_before_the_visitors_own_colours() -> None:
    person, challenge = replace(sitter(0), size=SMALL), a_challenge()
    shop = Shop("http://127.0.0.1:1", "key", [Visitor("p1", {"kind": "personal", "name": "演示"}, person)])
    assert same_light(shop.film("p1", challenge.to_json()) or b"", person.film(challenge))
    assert shop.film("nobody", challenge.to_json()) is None
    with pytest.raises(ChallengeUnreadable):
        shop.film("p1", "no challenge")
    assert read_clip(shop.clip("p1") or b"").decoded > 10
