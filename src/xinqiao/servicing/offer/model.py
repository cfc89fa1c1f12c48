"""What is offered, and what it takes to accept it. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from xinqiao.kit import Money

from ..apr import AnnualRate
from ..contract import Contract, Cost, Party, Terms, costs
from ..errors import SignatureInvalid
from ..schedule import Schedule

METHODS = ("ES256", "EdDSA")


@dataclass(frozen=True, slots=True)
class Offer:
    id: UUID
    application_id: UUID
    person_id: UUID
    reservation_id: UUID
    funder: Party
    guarantor: Party | None
    terms: Terms
    schedule: Schedule
    rates: AnnualRate
    contracts: Mapping[str, Contract]
    """By language."""
    made_at: datetime
    expires_at: datetime

    @property
    def principal(self) -> Money:
        return self.terms.principal

    @property
    def total_cost(self) -> Money:
        return self.schedule.cost

    @property
    def to_repay(self) -> Money:
        return self.schedule.to_repay

    @property
    def costs(self) -> list[Cost]:
        """The lines of the box "what it really costs"."""
        return costs(self.schedule)


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature by a key of the borrower's device, over `signing_message(contract_sha256)`."""

    person_id: UUID
    contract_sha256: str
    language: str
    method: str
    """"ES256" (P-256; r and s as 64 bytes, as WebCrypto gives them) or "EdDSA" (Ed25519): RFC 7518 §3.4, RFC 8037."""
    public_key: Mapping[str, str]
    """A JWK (RFC 7517)."""
    value: str
    """base64url."""
    signed_at: datetime | None = None


def signing_message(contract_sha256: str) -> bytes:
    """The bytes that are signed: the contract's hash, under words that no other signature of the same key could mean."""
    return f"xinqiao contract {contract_sha256}".encode()


def public_part(jwk: Mapping[str, str]) -> dict[str, str]:
    """Of a JWK only what names the key; raises SignatureInvalid for one that holds its secret."""
    if "d" in jwk:
        raise SignatureInvalid("send the public key alone: this JWK holds the private part 'd'", field="public_key")
    return {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}


def verify(signature: Signature) -> None:
    """Raises SignatureInvalid, saying why."""
    checks = {"ES256": _verify_es256, "EdDSA": _verify_eddsa}
    if signature.method not in checks:
        raise SignatureInvalid(f"the method must be one of {', '.join(METHODS)}, got {signature.method!r}", field="method")
    try:
        checks[signature.method](signature.public_key, _bytes(signature.value), signing_message(signature.contract_sha256))
    except InvalidSignature:
        raise SignatureInvalid("it was not made by this key over this contract", field="value") from None


def _verify_es256(jwk: Mapping[str, Any], value: bytes, message: bytes) -> None:
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise SignatureInvalid("ES256 needs a JWK with kty EC and crv P-256", field="public_key")
    if len(value) != 64:
        raise SignatureInvalid(f"an ES256 signature has 64 bytes, got {len(value)}", field="value")
    x, y = (int.from_bytes(_bytes(jwk.get(name)), "big") for name in ("x", "y"))
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise SignatureInvalid("the key is no point of P-256", field="public_key") from None
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))


def _verify_eddsa(jwk: Mapping[str, Any], value: bytes, message: bytes) -> None:
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise SignatureInvalid("EdDSA needs a JWK with kty OKP and crv Ed25519", field="public_key")
    raw = _bytes(jwk.get("x"))
    if len(raw) != 32:
        raise SignatureInvalid(f"an Ed25519 key has 32 bytes, got {len(raw)}", field="public_key")
    Ed25519PublicKey.from_public_bytes(raw).verify(value, message)


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise SignatureInvalid("key and signature parts are base64url text", field="value")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid("key and signature parts are base64url text", field="value") from None
