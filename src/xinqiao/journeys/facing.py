"""The face step: a challenge is issued, a recording of it is taken once and checked, or the applicant goes another way.

A recording is taken in one transaction, which spends its challenge, checked outside of any, and answered in a second. A process that dies
between the two leaves a spent challenge and nothing else: the applicant records again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, identity, vault
from xinqiao.identity import IdentityEvidence
from xinqiao.identity.liveness import Beside
from xinqiao.identity.liveness import challenge as light
from xinqiao.identity.liveness import store as recordings
from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.intake import Stage
from xinqiao.kit import Refused, Unavailable, new_id, sha256_hex
from xinqiao.vault import SYSTEM, Field, Purpose

from .case import Case, climb, drop_media, take
from .errors import ChallengeMissing, NotNow, PortraitMissing, TooManyChallenges
from .house import House, note
from .machine import advance
from .progress import ASKED_BEFORE_FACE, Step

MOST_CHALLENGES = 30
"""That one application may ask for: far more than a person needs, too few to wait for a sequence that one knows."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the applicant's device sent, once: the media and what it says of their making."""

    clip: bytes
    portrait: bytes | None
    challenge: str | None
    """The JSON text that the page was given, unchanged."""
    flashes: bool
    """False: the applicant chose the way without changing colours."""
    camera: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class _Taken:
    """A recording that was accepted for checking, with what the check needs of the person."""

    case: Case
    challenge: Challenge | None
    portrait: bytes
    secret: bytes
    before: bytes
    """The template of an earlier check, under `secret`; empty when there is none."""
    id_number: str
    at: datetime


def issue_challenge(house: House, application: UUID) -> Challenge:
    """A new challenge for this application's recording, good for `settings.challenge_seconds`; it is sent to the page as `to_json()`.

    Raises NotNow at another step, ConsentMissing without the consent to face processing, TooManyChallenges.
    """
    with house.begin() as db:
        case = take(db, application)
        _expect_face(case)
        consent.require(db=db, clock=house.clock, person=case.person, purpose=Purpose.IDENTITY)
        if sum(one.kind == "face.challenge_issued" for one in case.events) >= MOST_CHALLENGES:
            raise TooManyChallenges
        made = light.issue(
            application=str(case.id),
            key=challenge_key(house),
            clock=house.clock,
            lifetime=timedelta(seconds=house.settings.challenge_seconds),
        )
        note(db, house.clock, "face.challenge_issued", case.id, case.person, challenge=made.id, expires_at=made.expires_at)
    return made


def submit_face(
    house: House,
    application: UUID,
    *,
    clip: bytes,
    portrait: bytes | None,
    challenge: str | None = None,
    flashes: bool = True,
    camera: str | None = None,
    agent: str | None = None,
) -> IdentityEvidence:
    """Check the recording against the portrait. Media live in memory for the check alone; they are kept only under their own consent.

    `challenge` as `issue_challenge` gave it, sent back unchanged; `flashes=False` when the applicant declined it; `camera` the browser's name
    of the camera, `agent` of itself. Raises NotNow, ConsentMissing, ChallengeMissing, Challenge… errors (none of them counts as a try),
    PortraitMissing, and Image… and Clip… errors (which do).
    """
    sent = Recording(clip, portrait, challenge, flashes, camera, agent)
    with house.begin() as db:
        taken = _take_recording(house, db, application, sent)
    nearest = _Nearest(house, application)
    try:
        evidence = _check(house, taken, sent, nearest)
    except Unavailable:
        raise
    except Refused as refusal:
        _unreadable(house, application, taken, refusal)
        raise
    with house.begin() as db:
        case, late = _still_asked(house, db, application)
        evidence = _told_apart(house, db, case, evidence, nearest.mark)
        _keep(house, db, case, evidence, taken, sent, late=late is not None)
    if late is not None:
        raise late
    advance(house, application)
    return evidence


def refuse_face(house: House, application: UUID) -> Case:
    """No face check: the application takes the route of a human review and is not refused for it."""
    with house.begin() as db:
        case = take(db, application)
        if not case.progress.face_refused:
            _expect_face(case)
            climb(db, house.clock, case.application, Stage.IDENTIFYING)
            note(db, house.clock, "face.refused", case.id, case.person, how="page")
    return advance(house, application)


def challenge_key(house: House) -> bytes:
    """The tenant's own, out of the vault's index key: every worker comes to the same one, and no page ever sees it."""
    return vault.blind(vault=house.vault, field="challenge_key", value=house.settings.tenant)


def _expect_face(case: Case) -> None:
    """The face step, or the question before it, which may be left unanswered. Raises NotNow."""
    if case.step is not Step.FACE and case.purpose is not ASKED_BEFORE_FACE:
        raise NotNow(case.application.stage.value, Step.FACE, case.step.value)


def _take_recording(house: House, db: Connection, application: UUID, sent: Recording) -> _Taken:
    case = take(db, application)
    _expect_face(case)
    climb(db, house.clock, case.application, Stage.IDENTIFYING)
    fields = [Field.ID_NUMBER, Field.PORTRAIT, Field.TEMPLATE_KEY, Field.FACE_TEMPLATE]
    common = {"db": db, "vault": house.vault, "clock": house.clock, "person": case.person}
    held = vault.read(fields=fields, purpose=Purpose.IDENTITY, actor=SYSTEM, **common)
    document = held.get(Field.PORTRAIT) or sent.portrait
    if document is None:
        raise PortraitMissing(field="portrait")
    shown = _spend(house, db, case, sent)
    secret, before = held.get(Field.TEMPLATE_KEY), held.get(Field.FACE_TEMPLATE)
    return _Taken(
        case, shown, document, secret or new_template_key(), before if secret and before else b"", held[Field.ID_NUMBER], house.clock.now()
    )


def _spend(house: House, db: Connection, case: Case, sent: Recording) -> Challenge | None:
    """The challenge that this recording answers; from here on it is good for no other. Raises ChallengeMissing and Challenge… errors."""
    if sent.challenge is None:
        if sent.flashes:
            raise ChallengeMissing(field="challenge")
        return None
    shown = light.verify(Challenge.parse(sent.challenge), application=str(case.id), key=challenge_key(house), clock=house.clock)
    recordings.spend(db=db, clock=house.clock, challenge=shown.id, application_id=case.id)
    return shown


def _check(house: House, taken: _Taken, sent: Recording, nearest: _Nearest) -> IdentityEvidence:
    from_page = _from_page(house, sent)
    beside = Beside(
        from_page=from_page,
        camera={"label": sent.camera or ""} if from_page else None,
        clip_key=vault.blind(vault=house.vault, field="clip_key", value=house.settings.tenant),
        nearest=nearest,
        challenge=taken.challenge,
    )
    return identity.check(
        models=house.faces,
        portrait=taken.portrait,
        clip=sent.clip,
        id_number=taken.id_number,
        template_key=taken.secret,
        index_key=vault.blind(vault=house.vault, field="face_index_key", value=house.settings.tenant),
        beside=beside,
        agent=sent.agent,
        flashes=sent.flashes,
        before=taken.before,
    )


def _from_page(house: House, sent: Recording) -> bool:
    """Whether the page's own recorder must have made it: only that plays a challenge, and names the camera. Without either a person decides anyway.

    In the demonstration invented people are filmed by a simulator, which no camera names.
    """
    filmed = house.settings.demo and sent.camera is None
    return (sent.challenge is not None or sent.camera is not None) and not filmed


class _Nearest:
    """Looks among the clips of other applications in a transaction of its own, and remembers the mark that it was asked about."""

    def __init__(self, house: House, application: UUID) -> None:
        self._house, self._application = house, application
        self.mark: bytes | None = None

    def __call__(self, mark: bytes) -> int | None:
        self.mark = mark
        with self._house.begin() as db:
            return recordings.nearest(db=db, clock=self._house.clock, application_id=self._application)(mark)


def new_template_key() -> bytes:
    return secrets.token_bytes(32)


def _unreadable(house: House, application: UUID, taken: _Taken, refusal: Refused) -> None:
    """What could not be read was a try too, so that tries are bounded; after the last a person looks."""
    with house.begin() as db:
        case = take(db, application)
        if case.step is not Step.FACE and case.purpose is not ASKED_BEFORE_FACE:
            return
        shown = taken.challenge.id if taken.challenge else None
        told = {"code": refusal.code, "challenge": shown, "taken_at": taken.at, "tries_left": tries_left(house, case)}
        note(db, house.clock, "identity.unreadable", case.id, case.person, **told)
    advance(house, application)


def tries_left(house: House, case: Case) -> int:
    """After the one that is being answered."""
    return max(0, house.settings.face_attempts - case.progress.face_attempts - 1)


def _still_asked(house: House, db: Connection, application: UUID) -> tuple[Case, NotNow | None]:
    """The case, and the refusal of a recording that comes when another was quicker. Raises NotNow and ConsentMissing where none may be kept."""
    case = take(db, application)
    try:
        _expect_face(case)
    except NotNow as late:
        if not vault.has_basis(db, case.person, Purpose.IDENTITY, house.clock.now()):
            raise
        return case, late
    consent.require(db=db, clock=house.clock, person=case.person, purpose=Purpose.IDENTITY)
    return case, None


def _told_apart(house: House, db: Connection, case: Case, evidence: IdentityEvidence, mark: bytes | None) -> IdentityEvidence:
    """Look once more, in turn, and remember: of two recordings of one clip that were checked at once, the second was sent before."""
    if mark is None:
        return evidence
    recordings.take_turns(db=db, name=house.settings.tenant)
    apart = recordings.nearest(db=db, clock=house.clock, application_id=case.id)(mark)
    recordings.remember(db=db, clock=house.clock, person_id=case.person, application_id=case.id, mark=mark)
    return evidence if apart is None else identity.sent_meanwhile(evidence, apart)


def _keep(house: House, db: Connection, case: Case, evidence: IdentityEvidence, taken: _Taken, sent: Recording, *, late: bool) -> None:
    """Store what the check left. Of one that was `late` the record alone, which decides nothing."""
    kept = not late and vault.has_basis(db, case.person, Purpose.MEDIA, house.clock.now())
    told = {"clip_sha256": sha256_hex(sent.clip), "media_kept": kept, "taken_at": taken.at}
    told |= {"slots": taken.challenge.body()["slots"] if taken.challenge else None}
    if late:
        note(db, house.clock, "identity.late", case.id, case.person, check=new_id(), **told, **evidence.record())
        return
    told |= {"tries_left": tries_left(house, case)}
    note(db, house.clock, "identity.checked", case.id, case.person, check=new_id(), **told, **evidence.record())
    values: dict[Field, bytes] = {}
    if evidence.template and evidence.outcome == "pass":
        values |= {Field.FACE_TEMPLATE: evidence.template, Field.TEMPLATE_KEY: taken.secret, Field.FACE_INDEX: evidence.face_index}
    if kept:
        values |= {Field.SELFIE: sent.clip, Field.PORTRAIT: taken.portrait}
    elif evidence.outcome != "retry":
        drop_media(db, house.clock, case.person)
    if values:
        vault.put(db=db, vault=house.vault, clock=house.clock, person=case.person, values=values)
