"""Webhooks by the Standard Webhooks specification 1.0: what is sent, how it is signed, when it is tried again. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from standardwebhooks import Webhook

from xinqiao.kit import canonical

from ..model import Kind
from .errors import HeadersMissing, KindUnknown, SignatureBad, TooNew, TooOld

FAMILIES: Mapping[Kind, tuple[str, ...]] = {
    Kind.SCENE: ("application", "loan"),
    Kind.FUNDER: ("offer", "loan"),
    Kind.GUARANTOR: ("guarantee", "loan"),
}
"""The first word of the events that a kind of partner may hear of."""

TOLERANCE = timedelta(minutes=5)
"""How far a message's timestamp may be from our clock (the specification's own tolerance)."""

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=24)
TRIES = 10
"""5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 23 h, 24 h between ten tries: some 55 hours before a message is dead."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`secret` is present when just made or rotated, never again."""

    id: UUID
    partner_id: UUID
    url: str
    kinds: frozenset[str]
    is_active: bool
    created_at: datetime
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    subscription_id: UUID
    partner_id: UUID
    kind: str
    body: str
    state: str
    """pending, delivered or dead."""
    attempts: int
    """Tries ever made."""
    tried: int
    """Tries since it was enqueued or last sent again by hand; the wait grows with it."""
    due_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the delivery log. `error` is a code or a short reason, never the partner's answer."""

    message_id: str
    subscription_id: UUID
    attempt: int
    at: datetime
    status: int | None
    error: str | None
    took_ms: int

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check_kinds(partner: Kind, kinds: Iterable[str]) -> frozenset[str]:
    """Each is '*', a family such as 'loan.*', or one event such as 'loan.repaid'. Raises KindUnknown."""
    wanted = frozenset(kinds)
    families = "|".join(FAMILIES[partner])
    wrong = [kind for kind in wanted if kind != "*" and not re.fullmatch(rf"({families})\.(\*|[a-z][a-z_]*)", kind)]
    if wrong or not wanted:
        raise KindUnknown(
            partner.value, ", ".join(sorted(wrong)), "'*', " + ", ".join(f"'{one}.*'" for one in FAMILIES[partner]), field="kinds"
        )
    return wanted


def check_event(partner: Kind, kind: str) -> str:
    """One event that this kind of partner may hear of; raises KindUnknown."""
    if "*" in kind:
        raise KindUnknown(partner.value, kind, "one event, such as 'loan.repaid'", field="kind")
    check_kinds(partner, [kind])
    return kind


def is_wanted(kind: str, by: frozenset[str]) -> bool:
    return bool(by & {"*", kind, kind.split(".", 1)[0] + ".*"})


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_message_id() -> str:
    return "msg_" + secrets.token_hex(16)


def body_of(kind: str, data: Mapping[str, object], at: datetime) -> str:
    return canonical({"type": kind, "timestamp": at, "data": data}).decode()


def headers(message_id: str, body: str, at: datetime, signing: Sequence[str]) -> dict[str, str]:
    """The signed headers; two secrets give two signatures, so that a receiver may change over in between."""
    signatures = " ".join(Webhook(secret).sign(message_id, at.astimezone(UTC), body) for secret in signing)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }


def retry_delay(tried: int, luck: float, asked: timedelta | None = None) -> timedelta:
    """The wait after the `tried`-th failure: four times the one before, up to a day, spread by a fifth either way.

    `luck` in [0, 1) spreads messages that failed together; `asked` is the receiver's Retry-After, honoured up to a day.
    """
    grown = min(FIRST_RETRY * 4 ** min(tried - 1, 10), LONGEST_RETRY) * (0.8 + 0.4 * luck)
    return min(max(grown, asked or timedelta(0)), LONGEST_RETRY * 1.2)


@dataclass(frozen=True, slots=True)
class Signed:
    """The three headers of a message that came in."""

    id: str
    timestamp: int
    signatures: tuple[bytes, ...]

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Signed:
        """Raises HeadersMissing, which names the header."""
        lower = {name.lower(): value for name, value in given.items()}
        message_id, stamp = lower.get("webhook-id", ""), lower.get("webhook-timestamp", "")
        if not (1 <= len(message_id) <= 128 and message_id.isascii() and message_id.isprintable()):
            raise HeadersMissing("webhook-id")
        if not re.fullmatch(r"[0-9]{1,12}", stamp, re.ASCII):
            raise HeadersMissing("webhook-timestamp")
        return cls(message_id, int(stamp), tuple(_signatures(lower.get("webhook-signature", ""))))

    def check_time(self, now: datetime) -> None:
        """Raises TooOld or TooNew beyond the tolerance."""
        late, allowed = int(now.timestamp()) - self.timestamp, int(TOLERANCE.total_seconds())
        if late > allowed:
            raise TooOld(late, allowed)
        if -late > allowed:
            raise TooNew(-late, allowed)

    def check_signature(self, body: bytes, secrets_: Sequence[str]) -> None:
        """Raises SignatureBad unless one signature was made by one of the secrets."""
        expected = [_expected(self, body, secret) for secret in secrets_]
        matched = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in self.signatures]
        if not any(matched):
            raise SignatureBad


def _signatures(header: str) -> list[bytes]:
    """The version 1 signatures, at most ten; other versions are passed over, as the specification asks."""
    found = []
    for part in header.split(" ")[:10]:
        version, _, encoded = part.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            continue
    if not found:
        raise HeadersMissing("webhook-signature")
    return found


def _expected(signed: Signed, body: bytes, secret: str) -> bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureBad from None
    made = Webhook(secret).sign(signed.id, datetime.fromtimestamp(signed.timestamp, UTC), text)
    return base64.b64decode(made.removeprefix("v1,"))
