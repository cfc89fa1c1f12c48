"""Somebody who applies: walks the applicant's own journey, step by step, as a person with a phone would."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.journeys import ApplicantJourneys, House, applying
from xinqiao.journeys.views import FaceAnswer, Standing
from xinqiao.kit import plain
from xinqiao.partners import Partner
from xinqiao.servicing import signing_message

HOW = {"surface": "applicant-robot", "control": "button", "preselected": False, "seconds_shown": "12", "scrolled_to_end": True}
PATIENCE_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far an application came."""

    application: UUID
    ended: str
    """loan, sign, review, declined, expired, withdrawn or wait."""
    reasons: list[str] = field(default_factory=list)
    reasons_zh: list[str] = field(default_factory=list)
    funder: str | None = None
    guarantor: str | None = None
    principal: str | None = None
    apr_percent: str | None = None
    face: str | None = None
    loan: UUID | None = None

    @property
    def accepted(self) -> bool:
        return self.ended in ("loan", "sign")

    def plain(self) -> dict[str, Any]:
        return plain(self)


Film = Callable[[Challenge], bytes]
"""Somebody before a camera: given what the screen shows, the clip that comes of it."""


@dataclass
class Applicant:
    """What the robot knows and does: its face, what it agrees to, whether it signs."""

    journeys: ApplicantJourneys
    name: str
    clip: bytes | Film | None
    portrait: bytes | None = None
    refuses: frozenset[str] = frozenset({"media_retention"})
    """Purposes to which the answer is no; by itself the robot has no wish that its pictures are kept."""
    signs: bool = True
    face: str | None = None
    sent: int = 0
    """Recordings so far."""

    def walk(self, application: UUID) -> Outcome:
        """Go on until there is a loan, or nothing is left to do."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            standing = self.journeys.standing(application)
            if standing.next in ("review", "loan", "declined", "expired", "withdrawn") or (standing.next == "sign" and not self.signs):
                return self._outcome(standing)
            self._step(application, standing)
        return self._outcome(self.journeys.standing(application))

    def _step(self, application: UUID, standing: Standing) -> None:
        if standing.next in ("consent", "share"):
            self._answer(application)
        elif standing.next == "face":
            self._show_face(application)
        elif standing.next == "sign":
            self._sign(application)
        else:
            time.sleep(0.2)

    def _answer(self, application: UUID) -> None:
        text = self.journeys.next_consent(application, "zh-CN")
        if text is not None:
            agreed = text.purpose not in self.refuses
            self.journeys.answer_consent(application, display_id=text.display_id, text_sha256=text.text_sha256, agreed=agreed, how=HOW)

    def _show_face(self, application: UUID) -> None:
        if self.clip is None:
            self.journeys.refuse_face(application)
            self.face = "refused"
        else:
            self.face = self._send(application, self.clip).outcome
            self.sent += 1

    def _send(self, application: UUID, clip: bytes | Film) -> FaceAnswer:
        """A finished clip answers no challenge: its sender chose the way without changing colours."""
        if isinstance(clip, bytes):
            return self.journeys.submit_face(application, clip=clip, portrait=self.portrait, flashes=False)
        challenge = self.journeys.issue_challenge(application)
        return self.journeys.submit_face(application, clip=clip(challenge), portrait=self.portrait, challenge=challenge.to_json())

    def _sign(self, application: UUID) -> None:
        offer = self.journeys.offer(application)
        key = Ed25519PrivateKey.generate()
        made = key.sign(signing_message(offer.contract_sha256.zh))
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_key().public_bytes_raw())}
        self.journeys.sign(
            application,
            typed_name=self.name,
            contract_sha256=offer.contract_sha256.zh,
            language="zh-CN",
            key=jwk,
            signature=base64url(made),
        )

    def _outcome(self, standing: Standing) -> Outcome:
        offer = self.journeys.offer(standing.application_id) if standing.has_offer else None
        return Outcome(
            application=standing.application_id,
            ended=standing.next,
            reasons=[reason.says.en for reason in standing.reasons],
            reasons_zh=[reason.says.zh for reason in standing.reasons],
            funder=offer.funder.zh if offer else None,
            guarantor=offer.guarantor.zh if offer and offer.guarantor else None,
            principal=str(offer.principal) if offer else None,
            apr_percent=f"{offer.apr * 100:.2f}" if offer else None,
            face=self.face,
            loan=standing.loan_id,
        )


def apply(house: House, *, scene: Partner, body: Mapping[str, Any], portrait: bytes, clip: bytes, key: str) -> Outcome:
    """One application from its body to the offer, every consent agreed to; it is not signed: that is for its applicant to do."""
    received = applying.receive(house, scene=scene, body=body, portrait=portrait, key=key)
    person = Applicant(ApplicantJourneys(house, surface="command"), str(body.get("name", "")), clip, signs=False)
    return person.walk(received.application.id)


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
