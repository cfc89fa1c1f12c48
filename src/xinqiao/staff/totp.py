"""Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 seconds, as every authenticator app has them) and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime

import pyotp

STEP = 30
DRIFT = 1
"""Steps of clock difference either way that are forgiven (RFC 6238 §5.2)."""
RECOVERY_CODES = 10
ISSUER = "Xinqiao"


def new_secret() -> str:
    """160 random bits in base 32 (RFC 4226 §4)."""
    return pyotp.random_base32(32)


def uri(secret: str, login: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """The time step that `code` belongs to, when it lies within the drift and later than `after`, the last one used; else None.

    Only later steps count, so a code that was used, or one older than it, never works again.
    """
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        return None
    otp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP
    fitting = [step for step in range(now - DRIFT, now + DRIFT + 1) if hmac.compare_digest(otp.at(step * STEP), code)]
    return next((step for step in fitting if step > after), None)


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, in groups of four letters."""
    return [_grouped(base64.b32encode(secrets.token_bytes(10)).decode().lower()) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> bytes | None:
    """What is stored of a recovery code; None when the text is none. A plain hash will do, for 80 random bits cannot be guessed."""
    letters = re.sub(r"[\s-]", "", code.lower())
    return hashlib.sha256(letters.encode()).digest() if re.fullmatch(r"[a-z2-7]{16}", letters) else None


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
