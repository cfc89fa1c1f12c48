from pathlib import Path

import av
import pytest

from xinqiao.demo.faces import DemoFace, demo_faces, fake_camera
from xinqiao.identity import FaceModels, read_clip, read_image
from xinqiao.identity.match import embed_face, similarity
from xinqiao.identity.observe import look


def test_the_demo_has_a_dozen_people_and_three_attacks_all_labelled_simulated() -> None:
    assert len(demo_faces("live")) == 12
    assert {f.kind for f in demo_faces()} == {"live", "replay", "print", "mismatch"}
    assert {f.label for f in demo_faces()} == {"simulated"}


@pytest.mark.parametrize("face", demo_faces(), ids=lambda f: f.id)
def test_a_clip_is_small_and_about_a_second(face: DemoFace) -> None:
    clip = read_clip(face.clip.read_bytes())
    assert face.clip.stat().st_size <= 150_000
    assert 0.8 <= clip.times[-1] <= 1.2


def test_the_demo_people_are_told_apart(models: FaceModels) -> None:
    """No two of them would be held for the same person: the fraud screen would otherwise tie their applications together."""
    sights = [look(models, read_image(f.portrait.read_bytes())) for f in demo_faces("live")]
    vectors = [embed_face(models.embedder, s.picture, s.mesh) for s in sights if s]
    assert len(vectors) == 12
    assert max(similarity(a, b) for n, a in enumerate(vectors) for b in vectors[:n]) < models.thresholds.match.sure


@pytest.mark.parametrize("suffix", [".y4m", ".mjpeg"])
def test_a_clip_becomes_a_file_for_chromiums_fake_camera(tmp_path: Path, person: DemoFace, suffix: str) -> None:
    out = fake_camera(person.clip, tmp_path / f"camera{suffix}")
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert {(f.width, f.height) for f in frames} == {(640, 480)}
    assert 45 <= len(frames) <= 70  # a second and back, at 30 frames a second
