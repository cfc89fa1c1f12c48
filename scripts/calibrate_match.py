"""Measure 1:1 match, keyed templates and the face index on sets that never ship; prints one JSON object for CARD.md.

    python scripts/calibrate_match.py NUAA_LIVE ORL

NUAA_LIVE: PERSON/*.jpg; ORL: sN/*.pgm, whose tiny pictures are enlarged eight times and given a border.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from xinqiao.identity import FaceModels, distance, read_image, template
from xinqiao.identity.match import embed_face
from xinqiao.identity.media import Picture
from xinqiao.identity.observe import look
from xinqiao.identity.template import INDEX_BITS, TEMPLATE_BITS, make_index, make_template


def main(nuaa: Path, orl: Path) -> None:
    models = FaceModels.load()
    sets = {"nuaa": embeddings(models, photographs(nuaa)), "orl": embeddings(models, enlarged(orl))}
    with turns_kept():
        print(json.dumps({name: measure(people, vectors) for name, (people, vectors) in sets.items()}, indent=1))


@contextmanager
def turns_kept() -> Iterator[None]:
    """Thousands of templates under few keys: a key's turns are made once. The product never keeps a person's."""
    real = template._orthogonal
    template._orthogonal = lru_cache(512)(real)
    try:
        yield
    finally:
        template._orthogonal = real


def photographs(folder: Path) -> Iterator[tuple[str, Picture]]:
    for file in sorted(folder.glob("*/*.jpg")):
        yield file.parent.name, read_image(file.read_bytes())


def enlarged(folder: Path) -> Iterator[tuple[str, Picture]]:
    for file in sorted(folder.glob("*/*.pgm")):
        grey = cv2.resize(cv2.imread(str(file), 0), None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
        grey = cv2.copyMakeBorder(grey, 100, 100, 120, 120, cv2.BORDER_REPLICATE)
        yield file.parent.name, np.stack([grey] * 3, -1)


def embeddings(models: FaceModels, pictures: Iterator[tuple[str, Picture]]) -> tuple[np.ndarray, np.ndarray]:
    found = [(person, look(models, picture)) for person, picture in pictures]
    rows = [(person, embed_face(models.embedder, s.picture, s.mesh)) for person, s in found if s]
    print(f"{len(rows)} of {len(found)} pictures show a face", file=sys.stderr)
    return np.array([p for p, _ in rows]), np.stack([e for _, e in rows])


def measure(people: np.ndarray, vectors: np.ndarray) -> dict:
    one, other = np.triu_indices(len(vectors), 1)
    same = people[one] == people[other]
    cosine = (vectors @ vectors.T)[one, other]
    pairs = {"same": int(same.sum()), "different": int((~same).sum()), "people": len(set(people)), "pictures": len(people)}
    rng = np.random.default_rng(2)
    some = np.concatenate([rng.permutation(np.flatnonzero(same))[:20_000], rng.permutation(np.flatnonzero(~same))[:200_000]])
    return {
        "pairs": pairs,
        "cosine": rates(cosine[same], cosine[~same], (0.48, 0.63)),
        "template": keyed(vectors, one[some], other[some], same[some], make_template, TEMPLATE_BITS),
        "index": keyed(vectors, one[some], other[some], same[some], make_index, INDEX_BITS),
        "unlinkable": linkage(vectors, people),
    }


def rates(same: np.ndarray, other: np.ndarray, marks: tuple[float, ...]) -> dict:
    """EER, the threshold and true match rate at fixed false match rates, and both error rates at `marks`; larger is more alike."""
    cuts = np.unique(np.concatenate([same, rng_thin(other)]))
    miss, hit = np.searchsorted(np.sort(same), cuts) / len(same), 1 - np.searchsorted(np.sort(other), cuts) / len(other)
    at = int(np.argmin(np.abs(miss - hit)))
    fixed = {
        f"fmr {f:g}": [round(float(c := np.quantile(other, 1 - f)), 4), round(float((same > c).mean()), 4)] for f in (1e-2, 1e-3, 1e-4)
    }
    return {
        "eer": round(float((miss[at] + hit[at]) / 2), 5),
        "at": round(float(cuts[at]), 4),
        **fixed,
        **{f"at {m:g}": {"fmr": float((other >= m).mean()), "tmr": round(float((same >= m).mean()), 4)} for m in marks},
    }


def rng_thin(values: np.ndarray, most: int = 50_000) -> np.ndarray:
    return values if len(values) <= most else np.random.default_rng(1).choice(values, most, replace=False)


def keyed(vectors, one, other, same, make, bits) -> dict:
    """Error rates of keyed bits, all made under one key (the worst case: the key is known to the impostor)."""
    made = [make(v, b"a key of sixteen") for v in vectors]
    apart = np.array([distance(made[a], made[b]) for a, b in zip(one, other, strict=True)])
    marks = tuple(float(-round(bits * share)) for share in (3 / 16, 1 / 4, 5 / 16))
    return rates(-apart[same].astype(float), -apart[~same].astype(float), marks)


def linkage(vectors: np.ndarray, people: np.ndarray, trials: int = 4000) -> dict:
    """Templates of one picture under two keys against templates of two people under two keys: an attacker who links them does no better than
    chance when the area under the curve is one half (ISO/IEC 30136 calls this unlinkability)."""
    rng = np.random.default_rng(4)
    keys = [secrets.token_bytes(16) for _ in range(40)]
    first = {k: [make_template(v, k) for v in vectors[::7]] for k in keys}
    owner = people[::7]
    mated, strange = [], []
    for _ in range(trials):
        a, b = rng.choice(len(keys), 2, replace=False)
        x, y = rng.integers(len(owner), size=2)
        mated.append(distance(first[keys[a]][x], first[keys[b]][x]))
        if owner[x] != owner[y]:
            strange.append(distance(first[keys[a]][x], first[keys[b]][y]))
    m, s = np.array(mated), np.array(strange)
    ranks = np.searchsorted(np.sort(s), m, "left") + np.searchsorted(np.sort(s), m, "right")
    return {
        "auc": round(float(1 - ranks.mean() / 2 / len(s)), 4),
        "mated": [float(m.mean()), float(m.std())],
        "strange": [float(s.mean()), float(s.std())],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
