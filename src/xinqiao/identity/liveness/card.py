"""The model card as the commands show it: the measured text, and what is installed here."""

from __future__ import annotations

from typing import Any

from xinqiao.kit import Settings

from ..networks import PACKAGED, FaceModels, folder_of

CARD = PACKAGED.parent / "CARD.md"


def read_card(settings: Settings) -> dict[str, Any]:
    """The card's text (Markdown), versions, bytes of each weights file, and which device classes were calibrated. Raises ModelsUnavailable.

    A deployment's own weights bring their own CARD.md; without one there is none, for the packaged card does not speak of them.
    """
    models, folder = FaceModels.load(settings), folder_of(settings)
    own = folder / "CARD.md"
    text = (
        CARD.read_text("utf-8")
        if folder == PACKAGED
        else own.read_text("utf-8")
        if own.is_file()
        else "No card: nobody wrote down how these weights were measured."
    )
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.onnx"))}
    devices = {name: one.calibrated for name, one in models.thresholds.liveness.devices.items()}
    return {"versions": dict(models.versions), "bytes": sizes, "devices_calibrated": devices, "card": text}
