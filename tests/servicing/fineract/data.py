"""Where the recorded scenarios are: `XINQIAO_LOAN_DATA`, or shared/data/loan beside the repository."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]


def folder() -> Path:
    return Path(os.environ.get("XINQIAO_LOAN_DATA", REPOSITORY.parent / "shared" / "data" / "loan"))


def scenarios(path: Path | None = None) -> list[dict[str, Any]]:
    path = path or folder() / "fineract_e2e_schedules.json"
    return json.loads(path.read_text(encoding="utf-8"))["scenarios"]


@cache
def facts() -> dict[str, Any]:
    """Products, charges and defaults; from the folder of the scenarios."""
    return json.loads((folder() / "fineract_products.json").read_text(encoding="utf-8"))


def present() -> bool:
    return (folder() / "fineract_e2e_schedules.json").is_file() and (folder() / "fineract_products.json").is_file()
