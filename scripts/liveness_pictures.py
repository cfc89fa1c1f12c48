"""Draw the pictures of docs/liveness.md from simulated sessions: invented people only, never a photograph of anybody.

    python scripts/liveness_pictures.py docs/pictures [--only challenge depth ...]

Each session has a seed of this script's own, so that the pictures can be made again. Everything shown is simulated.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from liveness_attacks import dots, pixels
from liveness_camera import GAMMA
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import read_capture, simulate, temporal
from xinqiao.identity.liveness.challenge.align import align
from xinqiao.identity.liveness.challenge.maps import maps
from xinqiao.identity.liveness.challenge.sample import sample
from xinqiao.identity.liveness.challenge.track import follow
from xinqiao.identity.liveness.depth import patch
from xinqiao.identity.liveness.depth.face import CELL_MM, CELLS
from xinqiao.identity.liveness.depth.surface import plane, sheet
from xinqiao.identity.liveness.simulate.write import challenge_of, clip_of
from xinqiao.identity.observe import Sight, look
from xinqiao.identity.reasons import REASONS

SEED = 7_800_000_000_000
SIZE = (640, 480)
NAMES = {
    "live": "living person",
    "flat_print": "print",
    "bent_print": "bent print",
    "phone_replay": "phone's screen",
    "tablet_replay": "tablet's screen",
    "paper_mask": "paper mask",
    "resin_mask": "resin mask",
    "silicone_mask": "silicone mask",
    "printed_head": "printed head",
}
INK, FAINT, GOOD, BAD = "#1f2933", "#9aa5b1", "#0b7a75", "#c2410c"


@cache
def session(species: str, room: str = "indoor", number: int = 1, made: tuple[tuple[str, float], ...] = ()) -> simulate.Session:
    """`number` tells one session of a kind from another; `made`: what the attack is made of, where that is not left to the seed."""
    seed = SEED + number
    scene = simulate.draw(seed, species=species, room=room, device="flagship", size=SIZE)
    calm = replace(scene, yaw=scene.yaw / 3, pitch=scene.pitch / 3, x=scene.x / 3, y=scene.y / 3, glasses=False)
    calm = replace(calm, material=calm.material | dict(made)) if made else calm
    return simulate.film(calm, challenge_of(seed), infrared=True, depth=True)


@cache
def models() -> FaceModels:
    return FaceModels.load()


def seen(picture: np.ndarray) -> Sight:
    """Raises AssertionError where the product's own networks find no face: then the picture would show nothing."""
    sight = look(models(), np.ascontiguousarray(picture))
    assert sight is not None
    return sight


def around(sight: Sight, margin: float = 0.75) -> tuple[slice, slice]:
    """Rows and columns of a square about the face."""
    (x, y), half = sight.face.centre, sight.face.side * margin
    rows, columns = sight.picture.shape[:2]
    return slice(max(0, int(y - half)), min(rows, int(y + half))), slice(max(0, int(x - half)), min(columns, int(x + half)))


def figure(columns: int, rows: int, *, wide: float, tall: float) -> tuple[Figure, np.ndarray]:
    made = Figure(figsize=(wide, tall), layout="constrained", dpi=110)
    return made, made.subplots(rows, columns, squeeze=False)


def bare(axes: Axes, picture: np.ndarray, title: str = "", **options: object) -> None:
    axes.imshow(picture, **({"cmap": "gray"} | options))
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_axis_off()


def challenge(out: Path) -> None:
    """How strongly each place answers the screen, over how bright it looks: relief on what is solid, smooth on paper, nothing of a screen's own light."""
    made, axes = figure(4, 2, wide=9.6, tall=5.2)
    for column, species in enumerate(("live", "flat_print", "phone_replay", "resin_mask")):
        one = session(species, "dim", 11 + column)
        answer, frame = _answered(one)
        bare(axes[0, column], frame, NAMES[species])
        drawn = axes[1, column].imshow(answer, cmap="viridis", vmin=0.4, vmax=1.6)
        axes[1, column].set_axis_off()
    made.colorbar(drawn, ax=axes[1, :].tolist(), shrink=0.85, label="answer / brightness")
    save(made, out, "webp")


def _answered(one: simulate.Session) -> tuple[np.ndarray, np.ndarray]:
    """The map over the upright face, and one frame's face."""
    meshes = follow(models(), one.frames)
    kept = [n for n, mesh in enumerate(meshes) if mesh is not None]
    samples = sample([one.frames[n] for n in kept], [one.times[n] for n in kept], [meshes[n].points for n in kept])
    found = maps(samples, align(one.challenge, samples.times, samples.light))
    ratio = found.answers[..., [0, 2]].mean(-1) / np.maximum(found.bright[..., [0, 2]].mean(-1), 0.15)
    sight = seen(one.frames[len(one.frames) // 2])
    return cv2.GaussianBlur(ratio.astype(np.float32), (0, 0), 1.0), one.frames[len(one.frames) // 2][around(sight)]


def sequence(out: Path) -> None:
    """The face's colour beside what the issued sequence predicts, and beside what another day's does."""
    one = session("live", "indoor", 21)
    meshes = follow(models(), one.frames)
    kept = [n for n, mesh in enumerate(meshes) if mesh is not None]
    samples = sample([one.frames[n] for n in kept], [one.times[n] for n in kept], [meshes[n].points for n in kept])
    made, axes = figure(2, 1, wide=9.6, tall=3.0)
    light = samples.light / samples.light.mean(0)
    for place, challenge, words in (
        (axes[0, 0], one.challenge, "the sequence that was shown"),
        (axes[0, 1], challenge_of(SEED + 99), "another day's sequence"),
    ):
        found = align(challenge, samples.times, samples.light)
        shown = found.shown.mean(1)
        expected = 1 + found.answer * (shown - shown.mean(0))
        for channel, colour in ((0, BAD), (2, "#1d4ed8")):
            name = "red" if channel == 0 else "blue"
            place.plot(samples.times, light[:, channel] / light[:, 1], color=colour, lw=1.6, label=f"{name} / green of the face")
            place.plot(samples.times, expected[:, channel] / expected[:, 1], color=colour, lw=1, ls=":", label="as the sequence predicts")
        place.set_title(f"{words}: explains {found.pooled:.0%}", fontsize=10, color=INK)
        place.set_xlabel("seconds")
        plain(place)
    axes[0, 0].set_ylim(top=1.75)
    axes[0, 0].legend(fontsize=7, frameon=False, ncols=2)
    save(made, out, "svg")


def plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(alpha=0.2)


def infrared(out: Path) -> None:
    """Near 900 nm: skin is even, a screen is dark, many inks vanish, resin is not skin."""
    kinds = ("live", "flat_print", "phone_replay", "paper_mask", "resin_mask")
    made, axes = figure(len(kinds), 2, wide=9.6, tall=4.8)
    for column, species in enumerate(kinds):
        one = session(species, "indoor", 31 + column)
        middle = one.frames[len(one.frames) // 2]
        sight = seen(middle)
        box = around(sight, 0.9)
        bare(axes[0, column], middle[box], NAMES[species])
        grown = cv2.resize(one.infrared, middle.shape[1::-1], interpolation=cv2.INTER_AREA)
        bare(axes[1, column], grown[box], "", vmin=0, vmax=255)
    for row, words in enumerate(("colour", "near infrared")):
        axes[row, 0].text(-0.06, 0.5, words, transform=axes[row, 0].transAxes, rotation=90, va="center", ha="right", fontsize=10, color=INK)
    save(made, out, "webp")


def depth(out: Path) -> None:
    """One row of the depth map through the nose, with the plane and the bent sheet that fit the whole face best."""
    kinds = ("live", "flat_print", "bent_print", "phone_replay")
    made, axes = figure(len(kinds), 2, wide=9.6, tall=4.6)
    for column, species in enumerate(kinds):
        one = session(species, "indoor", 41 + column)
        middle = one.frames[len(one.frames) // 2]
        sight = seen(middle)
        cut = patch(one.depth, middle, sight.mesh, middle.shape[:2])
        relief = cut.depth - np.nanmedian(cut.depth[cut.inside])
        drawn = axes[0, column].imshow(np.where(cut.inside, relief, np.nan), cmap="viridis_r", vmin=-30, vmax=30)
        axes[0, column].set_title(NAMES[species], fontsize=10, color=INK)
        axes[0, column].set_axis_off()
        _profile(axes[1, column], cut.depth, cut.inside)
    made.colorbar(drawn, ax=axes[0, :].tolist(), shrink=0.85, label="mm behind the middle")
    axes[1, 0].set_ylabel("mm, nearer is up", fontsize=8)
    axes[1, 0].legend(fontsize=7, frameon=False)
    save(made, out, "webp")


def _profile(axes: Axes, values: np.ndarray, inside: np.ndarray) -> None:
    known = inside & ~np.isnan(values)
    known &= np.abs(values - np.nanmedian(values[known])) < 90
    rows, columns = np.nonzero(known)
    u, v, w = (columns - CELLS / 2) * CELL_MM, (rows - CELLS / 2) * CELL_MM, values[known] - np.median(values[known])
    flat, bent = plane(u, v, w), sheet(u, v, w)
    row = int(CELLS * 0.55)
    on = rows == row
    order = np.argsort(u[on])
    axes.plot(u[on][order], -w[on][order], color=INK, lw=1.8, label="measured")
    axes.plot(u[on][order], -(w - flat.rest)[on][order], color=FAINT, lw=1.2, ls="--", label="plane")
    axes.plot(u[on][order], -(w - bent.rest)[on][order], color=GOOD, lw=1.2, ls=":", label="bent sheet")
    axes.set_title(f"left over: plane {flat.spread:.1f}, sheet {bent.spread:.1f} mm", fontsize=8, color=INK)
    axes.set_xlabel("mm across", fontsize=8)
    axes.set_ylim(-45, 45)
    plain(axes)


def texture(out: Path) -> None:
    """Skin, and the same light through a screen's grid and a printer's dots as the network is taught; below, how detail is spread over frequencies."""
    one = session("live", "indoor", 51)
    middle = one.frames[len(one.frames) // 2]
    x, y = (int(v) for v in seen(middle).mesh.points[[50, 280], :2].mean(0))
    skin = (middle[y - 80 : y + 80, x - 80 : x + 80].astype(np.float32) / 255) ** GAMMA
    through = {
        "skin": np.ones_like(skin),
        "through a screen's grid": pixels(skin.shape, np.random.default_rng(20))(0.3),
        "through a printer's dots": dots(skin ** (1 / GAMMA), np.random.default_rng(3))(0.3),
    }
    made, axes = figure(len(through), 2, wide=8.0, tall=5.4)
    for column, (words, grid) in enumerate(through.items()):
        part = (np.clip(skin * grid, 0, 1) ** (1 / GAMMA) * 255).astype(np.uint8)
        bare(axes[0, column], part, words, interpolation="nearest")
        bare(axes[1, column], _spectrum(part), "", cmap="magma")
    axes[1, 0].text(-0.04, 0.5, "spectrum", transform=axes[1, 0].transAxes, rotation=90, va="center", ha="right", fontsize=9, color=INK)
    save(made, out, "webp")


def _spectrum(part: np.ndarray) -> np.ndarray:
    window = np.outer(*(np.hanning(n) for n in part.shape[:2]))
    planes = [channel - cv2.GaussianBlur(channel, (0, 0), 6) for channel in part.astype(float).transpose(2, 0, 1)]
    return np.log1p(np.mean([np.abs(np.fft.fftshift(np.fft.fft2(plane * window))) for plane in planes], axis=0))


def injection(out: Path) -> None:
    """What a real recording's clock and pictures look like, and what a loop's do."""
    one = session("live", "indoor", 71)
    film = read_capture(clip_of(one)).film
    made, axes = figure(3, 1, wide=9.6, tall=3.1)
    steps = np.diff(film.stamps) * 1000
    axes[0, 0].plot(steps, ".-", color=GOOD, lw=1, label="phone's camera")
    axes[0, 0].plot(np.full(len(steps), 1000 / 30), color=BAD, lw=1.2, label="software's clock")
    axes[0, 0].set(xlabel="frame", ylabel="ms since the last")
    axes[0, 0].set_title("frame times", fontsize=10, color=INK)
    axes[0, 0].legend(fontsize=7, frameon=False)
    plain(axes[0, 0])
    looped = [*film.frames[:12], *film.frames[:12], *film.frames[:12]]
    for place, frames, words in ((axes[0, 1], film.frames, "a recording"), (axes[0, 2], looped, "a loop of twelve frames")):
        place.imshow(_differences(frames), cmap="viridis_r", vmin=0, vmax=6)
        place.set_title(f"difference of frames: {words}", fontsize=10, color=INK)
        place.set(xlabel="frame")
        place.tick_params(labelsize=8)
    save(made, out, "webp")


def _differences(frames: Sequence[np.ndarray]) -> np.ndarray:
    small = np.stack([cv2.resize(f, (60, 80), interpolation=cv2.INTER_AREA) for f in frames]).astype(np.float32)
    return np.array([[float(np.abs(a - b).mean()) for b in small] for a in small])


def motion(out: Path) -> None:
    """The face's change from frame to frame, grey levels: a living person, a still that a hand holds, a still put in the camera's place."""
    made, axes = figure(1, 1, wide=6.4, tall=2.8)
    live, held = session("live", "indoor", 81), session("flat_print", "indoor", 82)
    still = [live.frames[0]] * len(live.frames)
    for frames, words, colour in (
        (live.frames, NAMES["live"], GOOD),
        (held.frames, "a print in a hand", "#1d4ed8"),
        (still, "one picture, sent as a video", BAD),
    ):
        coded = read_capture(
            clip_of(replace(live, frames=list(frames), times=live.times[: len(frames)] if len(frames) <= len(live.times) else held.times))
        ).film
        sights = [look(models(), f) for f in coded.frames]
        axes[0, 0].semilogy(_changes([s for s in sights if s]), color=colour, lw=1.5, label=words)
    axes[0, 0].axhline(temporal.STILL_GREY, color=INK, lw=1, ls="--")
    axes[0, 0].text(20, temporal.STILL_GREY * 1.15, "bound", fontsize=8, color=INK)
    axes[0, 0].set(xlabel="frame", ylabel="grey levels")
    axes[0, 0].legend(fontsize=8, frameon=False, loc="upper right", bbox_to_anchor=(1, 0.72))
    plain(axes[0, 0])
    save(made, out, "svg")


def _changes(sights: Sequence[Sight]) -> list[float]:
    pairs = pairwise(sights)
    return [max(1e-3, temporal.movement([a.picture, b.picture], [a.mesh, b.mesh]) or 1e-3) for a, b in pairs]


def gates(out: Path) -> None:
    """What the quality gates say of one face, spoilt in six ways."""
    one = session("live", "office", 91)
    frame = one.frames[len(one.frames) // 2]
    rows, columns = frame.shape[:2]
    far = cv2.copyMakeBorder(
        cv2.resize(frame, None, fx=0.28, fy=0.28, interpolation=cv2.INTER_AREA), 231, 231, 173, 173, cv2.BORDER_REPLICATE
    )
    shade = np.where(np.arange(columns)[None, :, None] < columns * 0.5, 0.16, 1.0)
    spoilt = {
        "as it is": frame,
        "far": far[:rows, :columns],
        "dark": (frame * 0.18).astype(np.uint8),
        "side light": (frame * cv2.GaussianBlur(shade[..., 0], (0, 0), 12)[..., None]).astype(np.uint8),
        "blurred": cv2.GaussianBlur(frame, (0, 0), 7),
        "cut off": np.ascontiguousarray(np.roll(frame, columns // 3, axis=1)),
    }
    made, axes = figure(6, 1, wide=9.6, tall=3.2)
    for place, (words, picture) in zip(axes[0], spoilt.items(), strict=True):
        sight = look(models(), picture)
        problem = sight.problem() if sight else "no_face"
        said = REASONS[problem].en if problem else "passes"
        bare(place, picture, words)
        place.text(0.5, -0.04, _wrapped(said), transform=place.transAxes, ha="center", va="top", fontsize=7, color=BAD if problem else GOOD)
    save(made, out, "webp")


def _wrapped(words: str, width: int = 24) -> str:
    lines = [""]
    for word in words.split():
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < width else [lines[-1], word]
    return "\n".join(lines)


def save(made: Figure, out: Path, kind: str) -> None:
    path = out.with_suffix(f".{kind}")
    if kind == "svg":
        made.savefig(path, metadata={"Date": None})
    else:
        made.savefig(path, pil_kwargs={"quality": 82, "method": 6})
    print(f"{path} {path.stat().st_size // 1024} kB")


PICTURES: dict[str, Callable[[Path], None]] = {
    "challenge": challenge,
    "sequence": sequence,
    "infrared": infrared,
    "depth": depth,
    "texture": texture,
    "injection": injection,
    "motion": motion,
    "gates": gates,
}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--only", nargs="+", choices=sorted(PICTURES), default=list(PICTURES))
    given = ask.parse_args()
    cv2.setNumThreads(1)
    for name in given.only:
        PICTURES[name](given.folder / f"liveness-{name}")


if __name__ == "__main__":
    main()
