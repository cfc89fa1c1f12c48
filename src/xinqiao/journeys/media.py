"""The pictures of one face check, for a member of staff who has to look at it: only where the person agreed that they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from xinqiao import consent, vault
from xinqiao.kit import sha256_hex
from xinqiao.vault import Actor, Field, Purpose

from .case import look
from .errors import MediaNotKept
from .house import House


@dataclass(frozen=True, slots=True)
class Media:
    clip: bytes
    """As the applicant's device sent it: decode with `identity.read_clip`."""
    portrait: bytes | None


def read_media(house: House, application: UUID, check: UUID, *, by: Actor) -> Media:
    """Clip and portrait of the check with this id (`identity.checked`, `data["check"]`). Every look is in the audit log, a refused one too.

    Two consents must stand: to face processing, which is what a reviewer does, and to keeping the pictures, without which there are none.
    The vault holds a person's latest clip alone; one that is not this check's is not shown as if it were.
    Raises MediaNotKept, AccessDenied.
    """
    with house.begin() as db:
        case = look(db, application)
        told = next((one.data for one in case.events if one.kind == "identity.checked" and one.data["check"] == str(check)), None)
        if told is None or not told.get("media_kept"):
            raise MediaNotKept
        try:
            consent.require(db=db, clock=house.clock, person=case.person, purpose=Purpose.MEDIA)
        except consent.ConsentMissing:
            raise MediaNotKept from None
        held = vault.read(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=case.person,
            fields=[Field.SELFIE, Field.PORTRAIT],
            purpose=Purpose.IDENTITY,
            actor=by,
        )
        clip = held.get(Field.SELFIE)
        if clip is None or sha256_hex(clip) != told["clip_sha256"]:
            raise MediaNotKept
    return Media(clip, held.get(Field.PORTRAIT))
