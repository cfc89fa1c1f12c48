"""A few small sessions; bounds are wide, because each test films only one or two."""

import json

import cv2
import numpy as np
import pytest

from xinqiao.identity import FaceModels, read_clip
from xinqiao.identity.liveness import simulate
from xinqiao.identity.liveness.simulate import Session, draw, film
from xinqiao.identity.liveness.simulate.write import Order, challenge_of, clip_of
from xinqiao.identity.liveness.simulate.write import simulate as write_all
from xinqiao.identity.observe import look

SMALL = (240, 180)


def session(seed: int, species: str = "live", room: str = "dark", **sensors: bool) -> Session:
    return film(draw(seed, species=species, room=room, device="middle", size=SMALL), challenge_of(seed), **sensors)


def middle(picture: np.ndarray) -> np.ndarray:
    rows, columns = picture.shape[:2]
    return picture[rows * 2 // 5 : rows * 3 // 5, columns * 2 // 5 : columns * 3 // 5]


def test_one_seed_gives_one_session_and_another_seed_another() -> None:
    first, again, other = session(1), session(1), session(2)
    assert all((a == b).all() for a, b in zip(first.frames, again.frames, strict=True))
    assert first.truth() == again.truth()
    assert first.scene.person != other.scene.person


def test_in_a_dark_room_the_face_takes_the_screens_colours() -> None:
    filmed = session(3)
    seen = np.array([middle(f).reshape(-1, 3).mean(0) for f in filmed.frames]) ** 2.2
    shown = filmed.challenge.over(np.array(filmed.times), 0.03, filmed.edges).mean(1)
    for channel in (0, 2):
        assert np.corrcoef(seen[:, channel], shown[:, channel])[0, 1] > 0.8


def test_daylight_drowns_the_screen() -> None:
    swing = {}
    for room in ("dark", "outdoors"):
        seen = np.array([middle(f)[..., 0].mean() for f in session(3, room=room).frames])
        swing[room] = seen.std() / seen.mean()
    assert swing["outdoors"] < 0.2 * swing["dark"]


def test_a_screen_shows_a_face_in_colour_and_none_in_near_infrared() -> None:
    def alike(filmed: Session) -> float:
        """Correlation of the face's detail in both bands."""
        both = [middle(p).astype(np.float32) for p in (filmed.frames[len(filmed.frames) // 2].mean(-1), filmed.infrared)]
        fine = [cv2.GaussianBlur(p, (0, 0), 1.5) - cv2.GaussianBlur(p, (0, 0), 8) for p in both]
        return float(np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1])

    assert alike(session(4, room="indoor", infrared=True)) > 0.5
    assert alike(session(4, "tablet_replay", room="indoor", infrared=True)) < 0.4


def test_depth_fits_a_plane_on_a_flat_print_and_not_on_a_face() -> None:
    def off_plane(filmed: Session) -> float:
        depth = middle(filmed.depth).astype(float)
        y, x = np.nonzero(depth > 0)
        z = depth[y, x]
        # a plane in space is a plane in 1/z
        fit = np.linalg.lstsq(np.stack([x, y, np.ones_like(x)], 1), 1 / z, rcond=None)[0]
        return float(np.median(np.abs(1 / (np.stack([x, y, np.ones_like(x)], 1) @ fit) - z)))

    assert off_plane(session(5, "flat_print", depth=True)) < 1.5
    assert off_plane(session(5, depth=True)) > 2.5


@pytest.mark.parametrize("species", simulate.SPECIES)
def test_every_species_is_filmed_in_frames_that_move(species: str) -> None:
    filmed = session(6, species, room="indoor")
    assert len(filmed.frames) == len(filmed.times) == len(filmed.poses)
    assert all(f.shape == (*SMALL, 3) and f.dtype == np.uint8 for f in filmed.frames)
    assert np.abs(filmed.frames[0].astype(int) - filmed.frames[-1]).mean() > 0.5
    assert all(b > a for a, b in zip(filmed.times, filmed.times[1:], strict=False))


def test_the_face_pipeline_finds_the_rendered_person(models: FaceModels) -> None:
    filmed = film(draw(8, species="live", room="indoor", device="flagship"), challenge_of(8))
    sight = look(models, filmed.frames[10])
    assert sight is not None
    assert sight.mesh.eye_distance() > 30


def test_a_session_is_coded_with_its_own_frame_times() -> None:
    filmed = session(9, room="dim")
    clip = read_clip(clip_of(filmed))
    assert clip.codec in ("vp8", "libvpx")
    assert clip.decoded == len(filmed.frames)
    assert abs(clip.times[-1] - filmed.times[-1]) < 0.1


def test_an_order_lies_on_disk_as_eval_reads_it_with_the_truth_beside(tmp_path) -> None:
    order = Order(tmp_path, 4, 1, ("live", "flat_print"), ("dim",), ("basic",), SMALL, "webm", infrared=True, depth=True)
    rows = list(write_all(order))
    assert [r["species"] for r in rows] == ["live", "flat_print"] * 2
    assert rows == [json.loads(line) for line in (tmp_path / "sessions.jsonl").read_text().splitlines()]
    for row in rows:
        truth = json.loads((tmp_path / row["truth"]).read_text())
        assert truth["label"] == row["label"] == "simulated"
        assert truth["live"] == row["file"].startswith("live/p")
        assert truth["scene"]["room"] == "dim"
        assert len(truth["times"]) == len(truth["poses"]) == row["frames"]
        assert all((tmp_path / row[kind]).stat().st_size > 0 for kind in ("file", "challenge", "nir", "depth"))
