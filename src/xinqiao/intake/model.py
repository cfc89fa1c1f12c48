"""The application and the stages it goes through. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from xinqiao.kit import Money

from .errors import TransitionRefused


class Kind(StrEnum):
    PERSONAL = "personal"
    MICRO_BUSINESS = "micro_business"


class Stage(StrEnum):
    RECEIVED = "received"
    IDENTIFYING = "identifying"
    SCREENING = "screening"
    DECIDING = "deciding"
    FUNDING = "funding"
    OFFERED = "offered"
    SIGNED = "signed"
    DISBURSED = "disbursed"
    CLOSED = "closed"
    REVIEW = "review"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens unless somebody asks for it."""
        return self in (Stage.CLOSED, Stage.DECLINED, Stage.EXPIRED, Stage.WITHDRAWN)


_LEAVES = frozenset({Stage.REVIEW, Stage.DECLINED, Stage.EXPIRED, Stage.WITHDRAWN})
"""From every stage before the signature an application may be referred, declined, expire or be withdrawn."""

TRANSITIONS: Mapping[Stage, frozenset[Stage]] = {
    Stage.RECEIVED: _LEAVES | {Stage.IDENTIFYING},
    Stage.IDENTIFYING: _LEAVES | {Stage.SCREENING},
    Stage.SCREENING: _LEAVES | {Stage.DECIDING},
    Stage.DECIDING: _LEAVES | {Stage.FUNDING},
    Stage.FUNDING: _LEAVES | {Stage.OFFERED},
    # Back to funding when the funder fell through before the applicant signed.
    Stage.OFFERED: _LEAVES | {Stage.FUNDING, Stage.SIGNED},
    Stage.SIGNED: frozenset({Stage.DISBURSED, Stage.FUNDING, Stage.REVIEW, Stage.EXPIRED, Stage.WITHDRAWN}),
    Stage.DISBURSED: frozenset({Stage.CLOSED}),
    # A person sends it on to the step it is ready for, or ends it.
    Stage.REVIEW: frozenset(
        {
            Stage.IDENTIFYING,
            Stage.SCREENING,
            Stage.DECIDING,
            Stage.FUNDING,
            Stage.OFFERED,
            Stage.SIGNED,
            Stage.DECLINED,
            Stage.EXPIRED,
            Stage.WITHDRAWN,
        }
    ),
    Stage.CLOSED: frozenset(),
    # A refused person may ask that a human being look again (PIPL article 24, unverified).
    Stage.DECLINED: frozenset({Stage.REVIEW}),
    Stage.EXPIRED: frozenset(),
    Stage.WITHDRAWN: frozenset(),
}
"""Where an application may go from each stage."""


def check_transition(stage: Stage, to: Stage) -> None:
    """Raises TransitionRefused, which names the stages that are allowed."""
    if to not in TRANSITIONS[stage]:
        raise TransitionRefused(stage.value, to.value, ", ".join(sorted(TRANSITIONS[stage])) or "nothing more")


@dataclass(frozen=True, slots=True)
class Application:
    """The facts of an application that name nobody; what names the applicant lies in the vault under `person_id`.

    `region` is a GB/T 2260 code of six digits. The indexes are keyed hashes by which equal values are recognised. `version` counts the
    moves, so that a step that runs twice is seen even when the application came back to the same stage.
    """

    id: UUID
    person_id: UUID
    scene_id: UUID
    kind: Kind
    product: str
    amount: Money
    term_months: int
    loan_purpose: str
    region: str
    age_band: str
    language: str
    stage: Stage
    version: int
    created_at: datetime
    updated_at: datetime
    device_index: bytes | None = None
    phone_index: bytes | None = None
    name_index: bytes | None = None
    business_index: bytes | None = None
    business_role: str | None = None
    reference: str | None = None
    facts: Mapping[str, bool] = field(default_factory=dict)
    """What a repeated applicant shows: known_person, name_differs (from the first application), phone_differs (from the one before)."""

    @property
    def province(self) -> str:
        """The province-level code of the region."""
        return self.region[:2] + "0000"


def age_on(born: date, day: date) -> int:
    """Completed years; a person born on 29 February comes of age on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def age_band(age: int) -> str:
    """18-24, 25-34, …, 55-64, 65+."""
    if age < 25:
        return "18-24"
    return "65+" if age >= 65 else f"{(age - 25) // 10 * 10 + 25}-{(age - 25) // 10 * 10 + 34}"
