"""What the tests of loans need: a device that signs, terms, and a loan paid out."""

import base64
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Connection

from xinqiao.kit import CNY, Clock, new_id
from xinqiao.servicing import Charge, Offer, Party, Signature, Terms, disburse, make_offer, sign, signing_message
from xinqiao.servicing.loans import Loan

BANK = Party(UUID(int=1), "River Bank", "江河银行")
INSURER = Party(UUID(int=2), "Harbour Guarantee", "港湾融资担保")
TERMS = Terms(CNY(1_000_000), Decimal("0.12"), 12, date(2026, 3, 2), premium=Charge(Decimal("0.03")), platform_share=Decimal("0.3"))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ed25519(person: UUID, sha256: str, language: str = "zh-CN") -> Signature:
    key = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw())}
    return Signature(person, sha256, language, "EdDSA", jwk, b64(key.sign(signing_message(sha256))))


def es256(person: UUID, sha256: str, language: str = "zh-CN") -> Signature:
    """As a phone's WebCrypto would: r and s, 32 bytes each."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32, "big")), "y": b64(point.y.to_bytes(32, "big"))}
    r, s = decode_dss_signature(key.sign(signing_message(sha256), ec.ECDSA(SHA256())))
    return Signature(person, sha256, language, "ES256", jwk, b64(r.to_bytes(32, "big") + s.to_bytes(32, "big")))


def offered(
    db: Connection, clock: Clock, terms: Terms = TERMS, guarantor: Party | None = INSURER, funder: Party = BANK, **ids: UUID
) -> Offer:
    given = {"reservation_id": new_id(), "application_id": new_id(), "person_id": uuid4(), **ids}
    expires = clock.now() + timedelta(days=3)
    terms = replace(terms, start=clock.today())
    return make_offer(db=db, clock=clock, funder=funder, guarantor=guarantor, terms=terms, expires_at=expires, **given)


def lent(db: Connection, clock: Clock, terms: Terms = TERMS, **given) -> Loan:
    offer = offered(db, clock, terms, **given)
    sign(db=db, clock=clock, offer_id=offer.id, signature=es256(offer.person_id, offer.contracts["zh-CN"].sha256))
    return disburse(db=db, clock=clock, offer_id=offer.id)
