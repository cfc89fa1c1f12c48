from __future__ import annotations

from datetime import timedelta

import pytest

from xinqiao import partners
from xinqiao.kit import events, new_id
from xinqiao.partners import errors, store

SCOPES = ["applications:write", "applications:read"]


def test_a_partner_is_found_by_id_and_by_code(db, scene) -> None:
    assert partners.get(db=db, partner=scene.id) == scene == partners.get(db=db, code="corner-shop")
    assert scene.kind == "scene"
    assert scene.is_active


def test_partners_are_listed_by_kind(db, scene, funder) -> None:
    assert [one.code for one in partners.list_partners(db=db, kind="funder")] == ["first-bank"]
    assert {one.code for one in partners.list_partners(db=db)} == {"first-bank", "corner-shop"}


@pytest.mark.parametrize("code", ["", "A-Shop", "1shop", "shop_1", "a", "x" * 41, None, "店铺", "shop\n"])
def test_a_malformed_code_is_refused(db, clock, code) -> None:
    with pytest.raises(errors.PartnerCodeMalformed, match="such as 'corner-shop'"):
        partners.register(db=db, clock=clock, kind="scene", code=code, name="n", name_zh="名")


def test_a_taken_code_is_refused_and_the_transaction_lives_on(db, clock, scene) -> None:
    with pytest.raises(errors.PartnerCodeTaken):
        partners.register(db=db, clock=clock, kind="funder", code=scene.code, name="n", name_zh="名")
    assert partners.get(db=db, code=scene.code).kind == "scene"


def test_a_partner_without_a_name_is_refused(db, clock) -> None:
    with pytest.raises(errors.PartnerNameMissing) as refused:
        partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh=" ")
    assert refused.value.field == "name_zh"


def test_renaming_keeps_what_is_not_given(db, clock, scene) -> None:
    renamed = partners.update(db=db, clock=clock, partner=scene.id, name="New Shop")
    assert (renamed.name, renamed.name_zh, renamed.code) == ("New Shop", "街角小店", "corner-shop")


def test_a_key_proves_whose_it_is(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    assert key.secret.startswith(f"xq_live_{key.id}_")
    assert partners.authenticate(db=db, clock=clock, secret=key.secret, scope="applications:write") == scene


def test_the_secret_is_kept_nowhere(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    assert key.secret not in repr(key)
    assert partners.keys(db=db, partner=scene.id)[0].secret is None
    stored = " ".join(map(str, db.execute(store.api_key.select()).one()))
    told = " ".join(str(event.data) for event in events.of(db, scene.id))
    assert key.secret.rsplit("_", 1)[1] not in stored + told


def wrong_keys(secret: str) -> list[object]:
    head, last = secret[:-1], secret[-1]
    other = head + ("0" if last != "0" else "1")
    return [
        other,
        head,
        secret + "0",
        secret.upper(),
        secret.replace("xq_", "xk_"),
        f" {secret}",
        "",
        None,
        5,
        "xq_live_",
        "\x00" * 90,
        "密" * 90,
    ]


def test_anything_but_the_very_secret_is_unknown(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    for wrong in wrong_keys(key.secret):
        with pytest.raises(errors.KeyUnknown) as refused:
            partners.authenticate(db=db, clock=clock, secret=wrong)
        assert refused.value.status == 401


def test_the_secret_of_one_key_does_not_open_another(db, clock, scene) -> None:
    one, two = (partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES) for _ in range(2))
    with pytest.raises(errors.KeyUnknown):
        partners.authenticate(db=db, clock=clock, secret=one.secret.replace(one.id, two.id))


def test_a_key_expires_to_the_instant(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES, lifetime=timedelta(days=1))
    clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    partners.authenticate(db=db, clock=clock, secret=key.secret)
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(errors.KeyExpired, match="2026-03-03 02:00 UTC") as refused:
        partners.authenticate(db=db, clock=clock, secret=key.secret)
    assert refused.value.status == 401


def test_a_revoked_key_is_refused_at_once_and_revoking_twice_is_one(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    for _ in range(2):
        partners.revoke_key(db=db, clock=clock, key=key.id)
    with pytest.raises(errors.KeyRevoked) as refused:
        partners.authenticate(db=db, clock=clock, secret=key.secret)
    assert refused.value.status == 401
    assert [event.kind for event in events.of(db, scene.id)].count("partners.key_revoked") == 1


def test_only_who_holds_the_secret_learns_that_a_key_was_revoked(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    partners.revoke_key(db=db, clock=clock, key=key.id)
    with pytest.raises(errors.KeyUnknown):
        partners.authenticate(db=db, clock=clock, secret=key.secret[:-64] + "0" * 64)


def test_a_rotated_key_works_through_the_overlap_and_no_longer(db, clock, scene) -> None:
    old = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    new = partners.rotate_key(db=db, clock=clock, key=old.id, overlap=timedelta(days=2))
    assert new.scopes == old.scopes
    for key in (old, new):
        assert partners.authenticate(db=db, clock=clock, secret=key.secret) == scene
    clock.advance(timedelta(days=2))
    assert partners.authenticate(db=db, clock=clock, secret=new.secret) == scene
    with pytest.raises(errors.KeyExpired):
        partners.authenticate(db=db, clock=clock, secret=old.secret)


def test_rotation_never_lengthens_the_old_keys_life(db, clock, scene) -> None:
    old = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES, lifetime=timedelta(hours=1))
    partners.rotate_key(db=db, clock=clock, key=old.id, overlap=timedelta(days=7))
    kept = next(key for key in partners.keys(db=db, partner=scene.id) if key.id == old.id)
    assert kept.expires_at == old.expires_at


def test_a_key_is_rotated_once_and_only_while_it_lives(db, clock, scene) -> None:
    old = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    new = partners.rotate_key(db=db, clock=clock, key=old.id)
    partners.revoke_key(db=db, clock=clock, key=new.id)
    for over in (old, new):
        with pytest.raises(errors.KeyOver):
            partners.rotate_key(db=db, clock=clock, key=over.id)
    with pytest.raises(errors.KeyNotFound):
        partners.rotate_key(db=db, clock=clock, key="0" * 16)


def test_a_missing_scope_is_403_and_named(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=["applications:read"])
    with pytest.raises(errors.ScopeMissing, match="applications:write") as refused:
        partners.authenticate(db=db, clock=clock, secret=key.secret, scope="applications:write")
    assert refused.value.status == 403


@pytest.mark.parametrize("scopes", [["applications:read"], ["offers:read", "everything"], []])
def test_a_funder_cannot_be_given_what_is_not_a_funders(db, clock, funder, scopes: list[str]) -> None:
    with pytest.raises(errors.ScopeUnknown, match="offers:answer"):
        partners.issue_key(db=db, clock=clock, partner=funder.id, scopes=scopes)


def test_a_suspended_partners_keys_are_refused_until_it_is_resumed(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    assert not partners.suspend(db=db, clock=clock, partner=scene.id).is_active
    with pytest.raises(errors.PartnerSuspended) as refused:
        partners.authenticate(db=db, clock=clock, secret=key.secret)
    assert refused.value.status == 403
    partners.resume(db=db, clock=clock, partner=scene.id)
    assert partners.authenticate(db=db, clock=clock, secret=key.secret).is_active


def test_last_use_is_noted_but_not_rewritten_by_every_request(db, clock, scene) -> None:
    key = partners.issue_key(db=db, clock=clock, partner=scene.id, scopes=SCOPES)
    noted = []
    for _ in range(3):
        partners.authenticate(db=db, clock=clock, secret=key.secret)
        noted.append(partners.keys(db=db, partner=scene.id)[0].last_used_at)
        clock.advance(timedelta(seconds=40))
    assert noted[0] == noted[1] < noted[2]


def test_an_unknown_partner_is_named(db, clock) -> None:
    missing = new_id()
    with pytest.raises(errors.PartnerUnknown, match=str(missing)):
        partners.suspend(db=db, clock=clock, partner=missing)


def test_another_tenants_key_is_unknown(database, clock, tenant: str) -> None:
    with database.begin(tenant) as db:
        shop = partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")
        key = partners.issue_key(db=db, clock=clock, partner=shop.id, scopes=SCOPES)
    with database.begin(f"{tenant}-other") as db, pytest.raises(errors.KeyUnknown):
        partners.authenticate(db=db, clock=clock, secret=key.secret)
    with database.begin(tenant) as db:
        assert partners.authenticate(db=db, clock=clock, secret=key.secret) == shop
