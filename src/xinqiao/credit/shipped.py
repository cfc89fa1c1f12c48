"""The models and policies that come with the package."""

from pathlib import Path

from .decision import Shelf
from .policy import Policy
from .scorecard import CreditModel

MODELS = Path(__file__).parent / "models"
POLICIES = Path(__file__).parent / "policies"


def model(name: str = "taiwan-1") -> CreditModel:
    return CreditModel.load(MODELS / name)


def policy(version: str = "personal-2026-11") -> Policy:
    return Policy.load(POLICIES / f"{version}.toml")


def shelf() -> Shelf:
    """All of them, for `replay`."""
    return Shelf.open(MODELS, POLICIES)
