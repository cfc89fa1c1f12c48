"""Faces for these tests are the demo's rendered people: simulated, and lawful to ship."""

import io
from collections.abc import Sequence

import av
import numpy as np
import pytest
from PIL import Image

from xinqiao.demo.faces import DemoFace, demo_faces
from xinqiao.identity import FaceModels, read_clip
from xinqiao.identity.media import Picture

ID_NUMBER = "11010519491231002X"
TEMPLATE_KEY, INDEX_KEY = b"one person's own", b"the tenant's own"


@pytest.fixture(scope="session")
def models() -> FaceModels:
    return FaceModels.load()


@pytest.fixture(scope="session")
def person() -> DemoFace:
    return demo_faces("live")[0]


@pytest.fixture(scope="session")
def portrait(person: DemoFace) -> bytes:
    return person.portrait.read_bytes()


@pytest.fixture(scope="session")
def selfie(person: DemoFace) -> bytes:
    return person.clip.read_bytes()


@pytest.fixture(scope="session")
def frames(selfie: bytes) -> tuple[Picture, ...]:
    return read_clip(selfie).frames


def film(
    pictures: Sequence[Picture],
    *,
    codec: str = "libvpx",
    container: str = "webm",
    rate: int = 16,
    pixels: str = "yuv420p",
    bits: int = 1_500_000,
) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = pixels, bits
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        file.mux(stream.encode())
    return out.getvalue()


def photograph(picture: Picture, format_: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format_, **options)
    return out.getvalue()
