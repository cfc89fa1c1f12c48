"""Turn rendered people into the demo's faces: portraits (JPEG), one-second clips (WebM), attacks on them, manifest.json.

    python scripts/make_demo_faces.py PEOPLE src/xinqiao/demo/faces

PEOPLE/SEED/portrait.png and PEOPLE/SEED/selfie/*.png come from render_people.py. Every file it makes is labelled simulated.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import av
import cv2
import numpy as np
from liveness_attacks import paper, replay

from xinqiao.identity import FaceModels, check, read_image
from xinqiao.identity.match import embed_face, similarity
from xinqiao.identity.observe import look

RATE = 12


def main(people: Path, out: Path) -> None:
    models = FaceModels.load()
    seeds = sorted((p.name for p in people.iterdir() if p.is_dir()), key=int)
    rows, faces = [], {}
    for number, seed in enumerate(seeds, start=1):
        name = f"p{number:02}"
        cv2.imwrite(str(out / f"{name}.jpg"), cv2.imread(str(people / seed / "portrait.png")), [cv2.IMWRITE_JPEG_QUALITY, 88])
        write_clip(frames(people / seed), out / f"{name}.webm")
        faces[name] = (people / seed, portrait_vector(models, out / f"{name}.jpg"))
        rows.append(row(name, name, name, "live", answer(models, out / f"{name}.jpg", out / f"{name}.webm")))
    first, second = list(faces)[:2]
    write_clip(attacked(models, frames(faces[first][0]), replay, 23), out / "replay.webm")
    still = [read_image((out / f"{second}.jpg").read_bytes())] * RATE
    write_clip(attacked(models, [fit(s) for s in still], paper, 36), out / "print.webm")
    a, b = least_alike({k: v for k, (_, v) in faces.items()})
    rows += [row("replay", first, "replay", "replay", "fail or refer"), row("print", second, "print", "print", "fail or refer")]
    rows.append(row("mismatch", a, b, "mismatch", "fail"))
    (out / "manifest.json").write_text(json.dumps(rows, indent=1) + "\n")


def answer(models: FaceModels, portrait: Path, clip: Path) -> str:
    """What the check says today, so that the manifest promises no more."""
    evidence = check(
        models=models, portrait=portrait.read_bytes(), clip=clip.read_bytes(), id_number="11010519491231002X", template_key=bytes(16)
    )
    return evidence.outcome.value


def row(id_: str, portrait: str, clip: str, kind: str, expect: str) -> dict[str, str]:
    return {"id": id_, "portrait": f"{portrait}.jpg", "clip": f"{clip}.webm", "kind": kind, "label": "simulated", "expect": expect}


def frames(person: Path) -> list[np.ndarray]:
    return [cv2.cvtColor(cv2.imread(str(f)), cv2.COLOR_BGR2RGB) for f in sorted((person / "selfie").glob("*.png"))]


def portrait_vector(models: FaceModels, file: Path) -> np.ndarray:
    sight = look(models, read_image(file.read_bytes()))
    assert sight is not None, file
    assert sight.problem(portrait=True) is None, file
    return embed_face(models.embedder, sight.picture, sight.mesh)


def least_alike(vectors: dict[str, np.ndarray]) -> tuple[str, str]:
    names = list(vectors)
    return min(((a, b) for a in names for b in names if a < b), key=lambda pair: similarity(vectors[pair[0]], vectors[pair[1]]))


def fit(picture: np.ndarray) -> np.ndarray:
    """The portrait as a photograph 640 by 480, its face in the middle."""
    cut = picture[60 : 60 + picture.shape[1] * 3 // 4]
    return cv2.resize(cut, (640, 480), interpolation=cv2.INTER_CUBIC)


def attacked(models: FaceModels, live: list[np.ndarray], attack, seed: int) -> list[np.ndarray]:
    """The same screen or sheet in every frame, held by a hand that is not quite still, before a camera with noise of its own."""
    motion, out = np.random.default_rng(seed), []
    drift = np.cumsum(motion.normal(0, 0.8, (len(live), 3)), axis=0)
    for frame, (dx, dy, turn) in zip(live, drift, strict=True):
        sight = look(models, frame)
        where = (*sight.face.centre, sight.face.side) if sight else (320.0, 240.0, 200.0)
        seen, _ = attack(frame, where, np.random.default_rng(seed))
        shake = cv2.getRotationMatrix2D((320, 240), turn * 0.2, 1.0)
        shake[:, 2] += (dx, dy)
        seen = cv2.warpAffine(seen, shake, (640, 480), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
        out.append(np.clip(seen + motion.normal(0, 2.0, seen.shape), 0, 255).astype(np.uint8))
    return out


def write_clip(pictures: list[np.ndarray], file: Path) -> None:
    """VP8 in WebM, as a browser's recorder makes it."""
    with av.open(str(file), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=RATE, options={"deadline": "good", "cpu-used": "2", "crf": "10"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 900_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
