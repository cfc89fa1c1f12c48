"""The applicant's session: a cookie that names one application, sealed with a key of this installation. Nothing is stored on the server.

The cookie is HttpOnly and SameSite=Lax, and every form carries a token that is bound to it: a foreign page can neither read nor send it.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

COOKIE = "xinqiao_my"
LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    application_id: UUID
    nonce: str
    until: datetime


def load_key(folder: Path) -> bytes:
    """The 32-byte key in `folder`, made once. Workers that start together agree on the first one written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "web-session.key"
    fresh = folder / f".web-session.{secrets.token_hex(8)}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(secrets.token_bytes(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class Sealer:
    key: bytes

    def start(self, application_id: UUID, now: datetime) -> str:
        """The cookie of a new session."""
        body = {"a": str(application_id), "n": secrets.token_urlsafe(12), "u": int((now + LASTS).timestamp())}
        sealed = _encode(json.dumps(body).encode())
        return f"{sealed}.{self._mark('session', sealed)}"

    def read(self, cookie: str | None, now: datetime) -> Session | None:
        """None for a cookie that is absent, altered or past its time."""
        sealed, _, mark = (cookie or "").partition(".")
        if not mark or not hmac.compare_digest(mark.encode(), self._mark("session", sealed).encode()):
            return None
        body = json.loads(_decode(sealed))
        until = datetime.fromtimestamp(body["u"], now.tzinfo)
        return Session(UUID(body["a"]), body["n"], until) if until > now else None

    def form_token(self, session: Session) -> str:
        return self._mark("form", f"{session.application_id}:{session.nonce}")

    def is_form_token(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def _mark(self, use: str, text: str) -> str:
        return _encode(hmac.digest(self.key, f"xinqiao {use}\0{text}".encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
