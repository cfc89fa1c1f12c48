"""The attacks that the texture network is trained on, as image operations; the pictures here are made up."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
from liveness_attacks import MAKERS, attacked, held, lattice, left_over, pixels
from liveness_camera import View, demosaiced, framed, mosaic, photograph


def drawn(seed: int = 5) -> View:
    """A smooth oval with two dark eyes before a brighter wall."""
    y, x = np.mgrid[0:300, 0:400].astype(np.float32)
    skin = (np.hypot((x - 200) / 70, (y - 150) / 90) < 1)[..., None]
    eyes = np.array([[175.0, 135.0], [225.0, 135.0]])
    image = np.where(skin, np.array([0.75, 0.55, 0.45]), np.array([0.6, 0.65, 0.7])).astype(np.float32)
    for ex, ey in eyes:
        image[np.hypot(x - ex, y - ey) < 7] = 0.1
    grain = np.random.default_rng(seed).normal(0, 0.01, image.shape).astype(np.float32)
    return View(np.clip(image + grain, 0, 1), (200.0, 150.0, 150.0), eyes)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_the_same_seed_makes_the_same_attack_and_another_seed_another(kind: str) -> None:
    first, again, other = (attacked(kind, drawn(), drawn(6), np.random.default_rng(seed)).image for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_an_attack_is_a_picture_whose_face_lies_where_it_says(kind: str) -> None:
    for seed in range(12):
        seen = attacked(kind, framed(drawn(), np.random.default_rng(seed)), drawn(6), np.random.default_rng(seed))
        x, y, side = seen.face
        assert np.isfinite(seen.image).all()
        assert 0 <= seen.image.min() <= seen.image.max() <= 1
        assert 0 < x < seen.image.shape[1]
        assert 0 < y < seen.image.shape[0]
        assert 20 < side < 600


def test_the_camera_keeps_colours_and_moves_no_face() -> None:
    flat = np.broadcast_to(np.float32([0.9, 0.5, 0.1]), (32, 32, 3))
    assert demosaiced(mosaic(flat))[16, 16] == pytest.approx([0.9, 0.5, 0.1], abs=1e-3)
    seen = photograph(drawn(), np.random.default_rng(3))
    assert seen.face[0] / seen.image.shape[1] == pytest.approx(0.5, abs=0.02)


def test_a_screens_grid_beats_with_pixels_of_its_own_size_and_vanishes_under_a_soft_lens() -> None:
    assert abs(left_over(0.5, 0.2)) > 0.5
    assert abs(left_over(2.0, 0.6)) < 0.01
    spread = {blur: max(pixels((80, 80, 3), np.random.default_rng(seed))(blur).std() for seed in range(8)) for blur in (0.2, 2.5)}
    assert spread[0.2] > 0.15
    assert spread[2.5] < spread[0.2] / 5


def test_a_lattice_counts_cells_across_the_picture() -> None:
    at = lattice((100, 200, 3), 0.5, np.random.default_rng(0), 0.0)
    assert np.ptp(at.u[50]) == pytest.approx(100, rel=0.1)
    assert np.ptp(at.v[:, 100]) == pytest.approx(50, rel=0.1)


def test_most_attacks_show_no_edge() -> None:
    """A bezel is darker, and paper brighter, than the wall: with neither in view, the corners are the picture's own."""
    rng, wall = np.random.default_rng(8), np.float32([0.6, 0.65, 0.7])
    corners = [held(drawn(), drawn(6), rng, edge=(10, 20), colour=np.zeros(3), shown=0.35).image[:2, :2].mean((0, 1)) for _ in range(60)]
    whole = sum(bool(np.abs(c - wall).max() < 0.05) for c in corners)
    assert whole >= 30
    assert any(np.abs(c - wall).max() > 0.05 for c in corners)
