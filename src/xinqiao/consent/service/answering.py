"""Agree or decline: one display, one purpose, one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, canonical, events, new_id, sha256_hex
from xinqiao.vault import Actor, Basis, Purpose, Vault, audit, grant_basis

from .. import errors, store
from ..model import Display, Receipt, how_agreed, how_answered
from ..receipt import record_of, until_of
from ..texts import current_version
from .ending import end


def agree(
    *,
    db: Connection,
    vault: Vault,
    clock: Clock,
    person: UUID,
    display_id: UUID,
    purposes: Sequence[str],
    text_sha256: str,
    how: Mapping[str, Any],
    language: str | None = None,
) -> Receipt:
    """Record that the person agreed to what was shown to them, and let the vault be read for that purpose; a repeat gives the first receipt.

    `purposes` must be the one purpose that was shown; `how` says how it was agreed to (`model.how_agreed`). Refuses two purposes, an answer
    without, before or long after its display, another's display, another text or language, a pre-ticked box, and a tie to an incentive.
    """
    purpose = _one_purpose(purposes)
    shown = _shown(db, person, display_id)
    if shown.purpose is not purpose:
        raise errors.PurposeDiffers(shown.purpose, purpose, field="purposes")
    _same_text(shown, text_sha256, language)
    said = how_agreed(how)
    return _answer(db, clock, shown, agreed=True, how=said)


def decline(
    *,
    db: Connection,
    clock: Clock,
    person: UUID,
    display_id: UUID,
    how: Mapping[str, Any] | None = None,
    text_sha256: str | None = None,
    language: str | None = None,
) -> Receipt:
    """Record a no to what was shown; it ends an earlier yes to the same. A repeat gives the first receipt."""
    shown = _shown(db, person, display_id)
    _same_text(shown, shown.text_sha256 if text_sha256 is None else text_sha256, language)
    return _answer(db, clock, shown, agreed=False, how=how_answered(how or {}))


def _one_purpose(purposes: Sequence[str]) -> Purpose:
    if isinstance(purposes, str) or len(purposes) != 1:
        raise errors.PurposesBundled("one string" if isinstance(purposes, str) else len(purposes), field="purposes")
    try:
        return Purpose(purposes[0])
    except ValueError as error:
        raise errors.TextUnknown(purposes[0], "zh-CN", field="purposes") from error


def _shown(db: Connection, person: UUID, display_id: UUID) -> Display:
    shown = store.display_of(db, display_id)
    if shown is None:
        raise errors.NotShown(display_id, field="display_id")
    if shown.person != person:
        raise errors.ShownToAnother(field="display_id")
    return shown


def _same_text(shown: Display, text_sha256: str, language: str | None) -> None:
    if text_sha256 != shown.text_sha256:
        raise errors.TextDiffers(text_sha256, field="text_sha256")
    if language is not None and language != shown.text.language:
        raise errors.LanguageDiffers(shown.text.language, language, field="language")


def _answer(db: Connection, clock: Clock, shown: Display, *, agreed: bool, how: Mapping[str, Any]) -> Receipt:
    known = store.answer_to(db, shown.person, shown.id)
    if known is not None:
        return _repeated(known, agreed)
    _in_time(shown, clock)
    made = _receipt(db, clock, shown, agreed, how)
    if not store.add_answer(db, made):
        first = store.answer_to(db, shown.person, shown.id)
        assert first is not None
        return _repeated(first, agreed)
    _take_effect(db, clock, made)
    return made


def _repeated(known: Receipt, agreed: bool) -> Receipt:
    if known.agreed != agreed:
        raise errors.AlreadyAnswered(field="display_id")
    return known


def _in_time(shown: Display, clock: Clock) -> None:
    now = clock.now()
    if now < shown.shown_at:
        raise errors.PrecedesDisplay(now.isoformat(), shown.shown_at.isoformat(), field="display_id")
    if now > shown.expires_at:
        raise errors.DisplayExpired(shown.shown_at.isoformat(), field="display_id")
    if shown.text.version != current_version(shown.purpose):
        raise errors.TextRenewed(shown.purpose, field="display_id")


def _receipt(db: Connection, clock: Clock, shown: Display, agreed: bool, how: Mapping[str, Any]) -> Receipt:
    receipt_id, at, text = new_id(), clock.now(), shown.text
    record = record_of(receipt=receipt_id, display=shown, tenant=store.tenant_of(db), agreed=agreed, how=how, at=at)
    return Receipt(
        id=receipt_id,
        person=shown.person,
        application=shown.application,
        display=shown.id,
        purpose=shown.purpose,
        agreed=agreed,
        at=at,
        until=until_of(text, at) if agreed else None,
        language=text.language,
        text_version=text.version,
        text_sha256=text.sha256,
        recipient=shown.recipient,
        recipient_name=text.recipient,
        surface=shown.surface,
        how=how,
        record=record,
        sha256=sha256_hex(canonical(record)),
    )


def _take_effect(db: Connection, clock: Clock, made: Receipt) -> None:
    """A yes becomes a basis in the vault; a no ends the basis of an earlier yes. Both go into the log with the receipt's hash."""
    noted = {"receipt": made.id, "receipt_sha256": made.sha256, "purpose": made.purpose, "text_sha256": made.text_sha256}
    noted |= {"display": made.display, "language": made.language} | ({"recipient": made.recipient} if made.recipient else {})
    kind = "consent.agreed" if made.agreed else "consent.declined"
    audit.append_at(db, made.at, [audit.Entry(kind, Actor("person", str(made.person)), made.person, noted)])
    events.append(db, [events.Event(kind, made.application or made.person, noted, made.person, made.at)])
    if made.agreed:
        grant_basis(db, Basis(made.person, made.purpose, made.source, made.until, made.recipient), made.at)
    else:
        earlier = [one for one in store.answers_of(db, made.person, purpose=made.purpose) if one.agreed and one.recipient == made.recipient]
        end(db, clock, earlier, why="declined")
