"""The model card as the commands and the console show it: what is installed, what was calibrated here, what was measured, what never was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xinqiao.kit import Settings

from ..networks import PACKAGED, FaceModels, folder_of
from ..own import own_texture
from ..thresholds import ANY_DEVICE
from .calibrations import read_calibration

CARD = PACKAGED.parent / "CARD.md"
HERE = Path(__file__).parent
FITTED = {".onnx"}, {"shape.json", "depth.json", "infrared.json", "fusion.json"}
"""Suffixes and names of what holds learnt or fitted numbers."""
NOT_MEASURED = (
    ("真人佩戴的面具、打印的立体头像", "masks and printed heads worn by real people"),
    ("近红外与深度传感器的真实采集", "captures of real near-infrared and depth sensors"),
    ("黑暗环境中的真实采集", "real captures in dark rooms"),
    ("真实手机上的炫彩（光线）挑战", "the light challenge on real phones"),
    ("本系统从未见过的摄像头，除非在此校准", "cameras that this deployment has not calibrated"),
    ("注入的深度伪造视频", "injected deep fakes"),
    ("不同人群之间的差异", "differences between groups of people"),
    ("认证：未做过ISO/IEC 30107-3检测", "certification: no ISO/IEC 30107-3 test was done"),
)
"""zh, en. Where a simulator stood in for the first four, the figure says so."""


def read_card(settings: Settings) -> dict[str, Any]:
    """`card` (Markdown), `versions`, `bytes` of each model file, `devices_calibrated`, `calibrated_here`, `baseline`, `not_measured`.

    Raises ModelsUnavailable. A deployment's own weights bring their own CARD.md; without one there is none, for the packaged card does not speak of them.
    """
    models = FaceModels.load(settings)
    devices = {name: one.calibrated for name, one in models.thresholds.liveness.devices.items()}
    measured = (read_calibration(settings.home) or {}).get("classes") or {}
    here = {name: _summary(one) for name, one in measured.items() if devices.get(name)}  # one made with other weights is not in force
    facts: dict[str, Any] = {
        "versions": dict(models.versions),
        "bytes": {path.name: path.stat().st_size for path in model_files(settings)},
        "devices_calibrated": devices,
        "calibrated_here": here,
        "baseline": not any(devices.values()),
        "not_measured": [{"zh": zh, "en": en} for zh, en in NOT_MEASURED],
    }
    return facts | {"card": "\n\n".join([_installed(facts), *_texts(settings)])}


def model_files(settings: Settings) -> list[Path]:
    """Every file of numbers that were learnt or fitted and are in use here."""
    suffixes, names = FITTED
    own = own_texture(settings.home)
    found = [*folder_of(settings).iterdir(), *PACKAGED.parent.glob("*.json"), *HERE.rglob("*")]
    found += [own[0] / own[1]["file"]] if own else []
    return sorted({path for path in found if path.suffix in suffixes or path.name in names}, key=lambda path: path.name)


def _summary(one: Mapping[str, Any]) -> dict[str, Any]:
    """Of a class in calibration.json: when, on whom, how it errs."""
    rates = {key: one["rates"].get(key) for key in ("apcer", "bpcer", "acer", "eer")}
    return {"date": one["date"], "people": one["people"], "simulated": one["simulated"], **rates}


def _installed(facts: Mapping[str, Any]) -> str:
    total = sum(facts["bytes"].values()) / 1e6
    state = "**A baseline: nothing was calibrated on this deployment's own captures, so what is borderline goes to a person.**"
    lines = [_calibrated(name, one) for name, one in facts["calibrated_here"].items()]
    return "\n\n".join(
        [
            "# What is installed here",
            state if facts["baseline"] else "Calibrated here, people as the unit, each judged by thresholds fitted on others:",
            "\n".join(lines),
            f"Model files: {total:.1f} MB. Versions: {', '.join(f'{name} {version}' for name, version in facts['versions'].items())}.",
            "## Not measured, whatever the figures below say",
            "\n".join(f"- {one['en']}（{one['zh']}）" for one in facts["not_measured"]),
        ]
    )


def _calibrated(name: str, one: Mapping[str, Any]) -> str:
    worst = max((rate for rate in (one["apcer"] or {}).values() if rate is not None), default=None)
    told = ", ".join(f"{word} {_percent(rate)}" for word, rate in (("worst APCER", worst), ("BPCER", one["bpcer"]), ("EER", one["eer"])))
    every = " (every class without a calibration of its own)" if name == ANY_DEVICE else ""
    people = f"{one['people'].get('live')} living and {one['people'].get('attacked')} attacked people"
    return f"- `{name}`{every}: {one['date'][:10]}, {people}{', *simulated*' if one['simulated'] else ''}: {told}"


def _percent(rate: float | None) -> str:
    return "not measured" if rate is None else f"{rate:.1%}"


def _texts(settings: Settings) -> Iterator[str]:
    """What was written of the weights in use, theirs first; then of the light challenge, depth and near infrared, each with its file."""
    folder, own = folder_of(settings), own_texture(settings.home)
    if own:
        yield _text(own[0] / "CARD.md")
    yield _text(CARD if folder == PACKAGED else folder / "CARD.md")
    for path in sorted(HERE.rglob("CARD.md")):
        yield f"---\n\n*From `identity/liveness/{path.relative_to(HERE).as_posix()}`:*\n\n{path.read_text('utf-8')}"


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else "No card: nobody wrote down how these weights were measured."
