"""Depth against prints, screens and solid faces (simulated), surfaces whose shape is known, and hostile files. Seeds 61 to 69 were not used in development."""

import contextlib
import io
import json
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from xinqiao.identity import FaceModels, State
from xinqiao.identity.errors import DepthUnreadable, StereoUnfit
from xinqiao.identity.liveness import depth
from xinqiao.identity.liveness.depth.surface import flattened, plane, sheet
from xinqiao.identity.liveness.depth.trees import forests
from xinqiao.identity.liveness.found import Found
from xinqiao.identity.liveness.simulate import draw
from xinqiao.identity.liveness.simulate.ranging import pair
from xinqiao.identity.liveness.simulate.stills import Still, stills
from xinqiao.identity.observe import look


def still(seed: int, species: str, *, size: tuple[int, int] = (320, 240), **sensors: bool) -> Still:
    return next(stills(draw(seed, species=species, room="indoor", size=size), count=1, colour=True, **sensors))


def judged(models: FaceModels, seen: Still, kind: str = "map") -> Found:
    sight = look(models, seen.colour)
    assert sight is not None
    if kind == "map":
        return depth.judge(seen.depth, seen.colour, sight.mesh)
    known = depth.Pair.parse(json.dumps(pair(seen.scene)))
    return depth.judge(depth.ranged(seen.colour, seen.right, known, sight.mesh), seen.colour, sight.mesh, kind="pair")


def relief(found: Found) -> tuple[State, str | None]:
    signal = next(s for s in found.signals if s.name == "depth_relief")
    return signal.state, signal.reason


@pytest.mark.parametrize("species", ["flat_print", "tablet_replay"])
def test_what_is_flat_fails_whatever_it_shows(models: FaceModels, species: str) -> None:
    found = judged(models, still(61, species, depth=True))
    assert relief(found) == (State.FAIL, "depth_flat")
    assert found.evidence is not None
    assert found.evidence.probability < 0.05


def test_bent_paper_fails_as_bent_paper(models: FaceModels) -> None:
    assert relief(judged(models, still(62, "bent_print", depth=True)))[0] is State.FAIL


@pytest.mark.parametrize("seed", [63, 64, 65])
def test_a_living_face_has_a_face_s_relief(models: FaceModels, seed: int) -> None:
    assert relief(judged(models, still(seed, "live", depth=True))) == (State.PASS, None)


def test_two_cameras_tell_a_face_from_a_print(models: FaceModels) -> None:
    assert relief(judged(models, still(66, "live", right=True), "pair"))[0] is State.PASS
    assert relief(judged(models, still(66, "flat_print", right=True), "pair"))[0] is not State.PASS


def test_a_relief_that_is_not_this_face_s_fails(models: FaceModels) -> None:
    """The depth of a face, upside down under the picture."""
    seen = still(67, "live", depth=True)
    sight = look(models, seen.colour)
    assert sight is not None
    low, high = sight.mesh.points[:, :2].min(0).astype(int), sight.mesh.points[:, :2].max(0).astype(int)
    turned = seen.depth.copy()
    turned[low[1] : high[1], low[0] : high[0]] = turned[low[1] : high[1], low[0] : high[0]][::-1]
    assert relief(depth.judge(turned, seen.colour, sight.mesh))[0] is State.FAIL


def test_a_map_of_holes_or_of_noise_is_to_be_taken_again(models: FaceModels) -> None:
    seen = still(68, "live", depth=True)
    sight = look(models, seen.colour)
    assert sight is not None
    holes = np.zeros_like(seen.depth)
    noisy = np.clip(seen.depth + np.random.default_rng(1).normal(0, 25, seen.depth.shape), 1, 9000).astype(np.uint16)
    assert relief(depth.judge(holes, seen.colour, sight.mesh)) == (State.RETRY, "depth_missing")
    assert relief(depth.judge(noisy, seen.colour, sight.mesh))[0] is State.RETRY


def test_the_map_may_be_smaller_than_the_picture(models: FaceModels) -> None:
    seen = still(69, "live", depth=True, size=(480, 368))
    sight = look(models, seen.colour)
    assert sight is not None
    half = np.ascontiguousarray(seen.depth[::2, ::2])
    assert relief(depth.judge(half, seen.colour, sight.mesh)) == (State.PASS, None)


def test_a_plane_in_space_fits_whatever_the_focal_length() -> None:
    v, u = (g.ravel().astype(float) for g in np.mgrid[-80:80:4, -80:80:4])
    for focal in (300.0, 900.0):
        z = 350 / (1 - 0.5 * u / focal - 0.2 * v / focal)  # z = 350 + .5 x + .2 y, with x = u z / focal
        w, middle = flattened(z)
        assert middle == pytest.approx(350, rel=0.05)
        assert plane(u, v, w).spread < 0.01


def test_a_cylinder_is_a_sheet_and_no_plane_and_a_ball_is_neither() -> None:
    v, u = (g.ravel().astype(float) for g in np.mgrid[-60:60:3, -60:60:3])
    turned = u * np.cos(0.6) + v * np.sin(0.6)
    rolled, ball = 300 + 120 - np.sqrt(120**2 - turned**2), 300 + 120 - np.sqrt(120**2 - u**2 / 2 - v**2 / 2)
    for z, bent in ((rolled, True), (ball, False)):
        w, _ = flattened(z)
        assert plane(u, v, w).spread > 1.0
        assert (sheet(u, v, w).spread < 0.8) is bent


def test_a_hole_or_a_spike_does_not_turn_the_plane() -> None:
    v, u = (g.ravel().astype(float) for g in np.mgrid[-60:60:3, -60:60:3])
    w = 0.1 * u + 3.0
    w[:120] += 80
    rest = plane(u, v, w).rest
    assert np.abs(rest[200:]).max() < 0.5


def test_every_leaf_of_the_shipped_trees_can_be_reached_by_a_number() -> None:
    for forest in forests().values():
        names = len(forest.names)
        for tree in forest.trees:
            assert all(isinstance(n, float) or (0 <= n[0] < names and 0 < n[2] < len(tree) and 0 < n[3] < len(tree)) for n in tree)


def png(width: int, height: int, bits: int, colour: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def encoded(picture: np.ndarray) -> bytes:
    ok, data = cv2.imencode(".png", picture)
    assert ok
    return data.tobytes()


def test_millimetres_are_read_as_they_were_written() -> None:
    written = np.random.default_rng(2).integers(0, 65536, (80, 100)).astype(np.uint16)
    assert (depth.read_depth(encoded(written)) == written).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\x89PNG\r\n\x1a\n",
        png(60_000, 60_000, 16, 0),
        png(100, 100, 16, 2),
        png(100, 100, 8, 0),
        png(100, 100, 16, 0, zlib.compress(b"\0" * 500)),
        png(100, 100, 16, 0, b"not deflated"),
        encoded(np.zeros((20, 20), np.uint16)),
        encoded(np.zeros((100, 100), np.uint8)),
    ],
    ids=["empty", "a byte", "magic alone", "bomb", "colour", "8 bits by head", "cut short", "not deflated", "tiny", "8 bits"],
)
def test_what_is_no_depth_map_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(DepthUnreadable) as refusal:
        depth.read_depth(data)
    assert "16" in refusal.value.message("en")
    assert "毫米" in refusal.value.message("zh")


def test_spoilt_maps_are_read_or_refused_and_nothing_else() -> None:
    rng = np.random.default_rng(3)
    whole = encoded(np.full((100, 100), 400, np.uint16))
    for _ in range(200):
        spoilt = bytearray(whole)
        for at in rng.integers(0, len(spoilt), rng.integers(1, 6)):
            spoilt[at] = rng.integers(256)
        with contextlib.suppress(DepthUnreadable):
            assert depth.read_depth(bytes(spoilt)).dtype == np.uint16


SOUND = {"focal": 256.0, "baseline": 40.0, "width": 240, "height": 320, "rectified": True}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", "[" * 5000, json.dumps(SOUND | {"rectified": False}), json.dumps(SOUND | {"focal": "many"}), json.dumps(SOUND | {"focal": 1e999}),
     json.dumps(SOUND | {"baseline": -3}), json.dumps({k: v for k, v in SOUND.items() if k != "width"}), json.dumps(SOUND | {"time": "NaN"})],
)  # fmt: skip
def test_a_calibration_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(StereoUnfit):
        depth.Pair.parse(text)


def test_pictures_of_different_shape_are_no_pair(models: FaceModels) -> None:
    seen = still(66, "live", right=True)
    sight = look(models, seen.colour)
    assert sight is not None
    with pytest.raises(StereoUnfit):
        depth.ranged(seen.colour, np.zeros((100, 400, 3), np.uint8), depth.Pair.parse(json.dumps(SOUND)), sight.mesh)


def test_a_depth_map_is_no_picture_of_another_kind_in_disguise() -> None:
    out = io.BytesIO()
    Image.fromarray(np.zeros((100, 100), np.uint8)).save(out, "JPEG")
    with pytest.raises(DepthUnreadable):
        depth.read_depth(out.getvalue())
