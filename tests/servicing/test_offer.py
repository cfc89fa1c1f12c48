from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, Database, FixedClock, events, new_id
from xinqiao.servicing import Charge, get_offer, offers_of, sign, signature_of
from xinqiao.servicing import errors as e

from .lending import TERMS, ed25519, es256, offered, replace


def test_an_offer_comes_back_as_it_was_made(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock, replace(TERMS, fee=Charge(spread=CNY(5_001))))
    assert get_offer(db=db, offer_id=offer.id) == offer
    assert offers_of(db=db, application_id=offer.application_id) == [offer]
    assert offer.to_repay == offer.principal + offer.total_cost


def test_a_reservation_has_one_offer(db: Connection, clock: FixedClock) -> None:
    ids = {"reservation_id": new_id(), "application_id": new_id(), "person_id": uuid4()}
    first = offered(db, clock, **ids)
    clock.advance(timedelta(hours=1))
    assert offered(db, clock, **ids) == first
    assert [event.kind for event in events.of(db, first.application_id)] == ["servicing.offer_made"]


def test_a_premium_without_a_guarantor_is_refused(db: Connection, clock: FixedClock) -> None:
    with pytest.raises(e.TermsRefused, match="nobody guarantees"):
        offered(db, clock, guarantor=None)


@pytest.mark.parametrize("device", [es256, ed25519])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_device_signs_the_contract_in_the_language_it_was_read(db: Connection, clock: FixedClock, device, language: str) -> None:
    offer = offered(db, clock)
    signed = sign(db=db, clock=clock, offer_id=offer.id, signature=device(offer.person_id, offer.contracts[language].sha256, language))
    assert signed.signed_at == clock.now()
    assert signature_of(db=db, offer_id=offer.id) == signed


def test_signing_twice_keeps_the_first_signature_even_after_expiry(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock)
    sha256 = offer.contracts["zh-CN"].sha256
    first = sign(db=db, clock=clock, offer_id=offer.id, signature=es256(offer.person_id, sha256))
    clock.advance(timedelta(days=9))
    assert sign(db=db, clock=clock, offer_id=offer.id, signature=ed25519(offer.person_id, sha256)) == first
    assert [event.kind for event in events.of(db, offer.application_id)] == ["servicing.offer_made", "servicing.offer_signed"]


def test_an_expired_offer_cannot_be_signed(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock)
    clock.advance(timedelta(days=3))
    with pytest.raises(e.OfferExpired) as refused:
        sign(db=db, clock=clock, offer_id=offer.id, signature=es256(offer.person_id, offer.contracts["zh-CN"].sha256))
    assert refused.value.code == "servicing.offer_expired"
    assert refused.value.status == 409


def test_nobody_else_signs(db: Connection, clock: FixedClock) -> None:
    offer = offered(db, clock)
    with pytest.raises(e.NotTheBorrower):
        sign(db=db, clock=clock, offer_id=offer.id, signature=es256(uuid4(), offer.contracts["zh-CN"].sha256))


def test_a_hash_of_another_contract_is_refused_with_the_right_one(db: Connection, clock: FixedClock) -> None:
    offer, other = offered(db, clock), offered(db, clock)
    with pytest.raises(e.ContractChanged, match=offer.contracts["zh-CN"].sha256):
        sign(db=db, clock=clock, offer_id=offer.id, signature=es256(offer.person_id, other.contracts["zh-CN"].sha256))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda s: replace(s, method="RS256"), "ES256, EdDSA"),
        (lambda s: replace(s, value=s.value[:-4] + ("AAAA" if s.value[-4:] != "AAAA" else "BBBB")), "not made by this key"),
        (lambda s: replace(s, value=s.value[:20]), "64 bytes"),
        (lambda s: replace(s, value="!"), "base64url"),
        (lambda s: replace(s, public_key={**s.public_key, "y": s.public_key["x"]}), "no point"),
        (lambda s: replace(s, public_key={"kty": "RSA"}), "kty EC"),
        (lambda s: replace(s, public_key={**s.public_key, "d": "AQ"}), "public key alone"),
        (lambda s: replace(s, public_key={"kty": "EC", "crv": "P-256"}), "base64url"),
        (lambda s: replace(s, public_key=es256(s.person_id, s.contract_sha256).public_key), "not made by this key"),
    ],
)
def test_a_signature_that_does_not_verify_is_refused_with_the_reason(db: Connection, clock: FixedClock, spoil, says: str) -> None:
    offer = offered(db, clock)
    sound = es256(offer.person_id, offer.contracts["zh-CN"].sha256)
    with pytest.raises(e.SignatureInvalid, match=says):
        sign(db=db, clock=clock, offer_id=offer.id, signature=spoil(sound))
    assert signature_of(db=db, offer_id=offer.id) is None


def test_an_offer_that_was_never_made_is_not_found(db: Connection) -> None:
    with pytest.raises(e.OfferNotFound):
        get_offer(db=db, offer_id=uuid4())


def test_many_devices_at_once_leave_one_signature(database: Database, clock: FixedClock) -> None:
    tenant = "offer-race"
    with database.begin(tenant=tenant) as db:
        offer = offered(db, clock)
    sha256 = offer.contracts["en"].sha256

    def work(_: int) -> str:
        with database.begin(tenant=tenant) as db:
            return sign(db=db, clock=clock, offer_id=offer.id, signature=ed25519(offer.person_id, sha256, "en")).value

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(work, range(6)))) == 1
    with database.begin(tenant=tenant) as db:
        assert len(events.of(db, offer.application_id)) == 2
