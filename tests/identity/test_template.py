import numpy as np
import pytest

from xinqiao.identity import SAME_FACE_BITS, distance
from xinqiao.identity.errors import KeyTooShort
from xinqiao.identity.match import LENGTH, unit
from xinqiao.identity.template import INDEX_BITS, TEMPLATE_BITS, make_index, make_template

A, B = b"k" * 16, b"l" * 16


def vectors(count: int, seed: int = 1) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, LENGTH)))


def near(vector: np.ndarray, cosine: float, seed: int = 2) -> np.ndarray:
    other = vectors(1, seed)[0]
    other = unit(other - vector * (other @ vector))
    return vector * cosine + other * np.sqrt(1 - cosine**2)


def test_templates_have_the_published_size_and_repeat_exactly() -> None:
    (v,) = vectors(1)
    assert len(make_template(v, A)) * 8 == TEMPLATE_BITS
    assert len(make_index(v, A)) * 8 == INDEX_BITS
    assert make_template(v, A) == make_template(v, A)


@pytest.mark.parametrize("cosine", [0.95, 0.8, 0.5, 0.0])
def test_differing_bits_measure_the_angle(cosine: float) -> None:
    """Charikar 2002: the expected share of differing bits is the angle over pi."""
    (v,) = vectors(1)
    expected = np.arccos(cosine) / np.pi * TEMPLATE_BITS
    assert abs(distance(make_template(v, A), make_template(near(v, cosine), A)) - expected) < 4 * np.sqrt(TEMPLATE_BITS / 4)


def test_under_another_key_the_same_face_is_a_stranger() -> None:
    apart = [distance(make_template(v, A), make_template(v, B)) for v in vectors(40)]
    assert abs(np.mean(apart) - TEMPLATE_BITS / 2) < 5 * np.sqrt(TEMPLATE_BITS / 4 / 40)
    assert min(apart) > TEMPLATE_BITS * 0.38


def test_index_and_template_of_one_key_are_unrelated() -> None:
    apart = [distance(make_template(v, A)[: INDEX_BITS // 8], make_index(v, A)) for v in vectors(40)]
    assert abs(np.mean(apart) - INDEX_BITS / 2) < 5 * np.sqrt(INDEX_BITS / 4 / 40)


def test_the_index_finds_the_same_face_and_not_a_stranger() -> None:
    v, stranger = vectors(2)
    assert distance(make_index(v, A), make_index(near(v, 0.9), A)) <= SAME_FACE_BITS
    assert distance(make_index(v, A), make_index(stranger, A)) > SAME_FACE_BITS


def test_a_short_key_and_unlike_lengths_are_refused() -> None:
    with pytest.raises(KeyTooShort, match="16 bytes"):
        make_template(vectors(1)[0], b"guess")
    with pytest.raises(ValueError, match="cannot compare"):
        distance(b"12", b"123")
