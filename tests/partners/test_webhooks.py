"""Delivery to a real server on this machine, and checking what comes in."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from xinqiao import partners
from xinqiao.kit import new_id
from xinqiao.partners import webhooks
from xinqiao.partners.webhooks import errors, model, store
from xinqiao.vault import Vault

EVEN = 0.5
"""The luck that spreads nothing."""


@pytest.fixture
def shop(database, clock, tenant):
    """A committed scene, for delivery runs in transactions of its own."""
    with database.begin(tenant) as db:
        return partners.register(db=db, clock=clock, kind="scene", code="shop", name="Shop", name_zh="店")


@pytest.fixture
def outbox(database, vault, clock, http, tenant, shop, receiver):
    return Outbox(database, vault, clock, http, tenant, shop, receiver)


class Outbox:
    """Subscribe, enqueue and deliver, each in its own transaction, as the platform does."""

    def __init__(self, database, vault, clock, http, tenant, shop, receiver) -> None:
        self.database, self.vault, self.clock, self.http = database, vault, clock, http
        self.tenant, self.shop, self.receiver = tenant, shop, receiver

    def subscribe(self, url=None, kinds=("*",)):
        with self.database.begin(self.tenant) as db:
            where = url or self.receiver.url
            return webhooks.subscribe(
                db=db, vault=self.vault, clock=self.clock, partner=self.shop.id, url=where, kinds=kinds, allow_private=True
            )

    def enqueue(self, kind="loan.repaid", **data):
        with self.database.begin(self.tenant) as db:
            return webhooks.enqueue(db=db, clock=self.clock, partner=self.shop.id, kind=kind, data=data)

    def deliver(self, **more):
        return webhooks.deliver_due(
            database=self.database, vault=self.vault, clock=self.clock, http=self.http, tenant=self.tenant, luck=lambda: EVEN, **more
        )

    def message(self, message_id):
        with self.database.begin(self.tenant) as db:
            return next(one for one in webhooks.messages(db=db, partner=self.shop.id) if one.id == message_id)

    def attempts(self, message_id):
        with self.database.begin(self.tenant) as db:
            return webhooks.attempts(db=db, partner=self.shop.id, message=message_id)


def test_a_message_arrives_signed_and_the_librarys_own_check_accepts_it(outbox) -> None:
    outbox.clock._at = datetime.now(UTC)  # the library's check reads the machine's clock
    secret = outbox.subscribe().secret
    (message_id,) = outbox.enqueue(loan="l-1", amount="12.00")
    assert outbox.deliver() == webhooks.Delivered(1, 0, 0)
    (got,) = outbox.receiver.received
    told = Webhook(secret).verify(got.body, got.headers)
    assert told["type"] == "loan.repaid"
    assert told["data"] == {"loan": "l-1", "amount": "12.00"}
    assert got.headers["webhook-id"] == message_id
    assert outbox.message(message_id).state == "delivered"


def test_a_server_that_fails_then_dawdles_then_answers_gets_the_message_once_more_each_time(outbox) -> None:
    outbox.subscribe()
    outbox.receiver.script = [500, "hang", 200]
    (message_id,) = outbox.enqueue()
    assert outbox.deliver() == webhooks.Delivered(0, 1, 0)
    assert not outbox.deliver(), "it is not due yet"
    outbox.clock.advance(timedelta(seconds=5))
    assert outbox.deliver() == webhooks.Delivered(0, 1, 0)
    outbox.clock.advance(timedelta(seconds=20))
    assert outbox.deliver() == webhooks.Delivered(1, 0, 0)
    log = outbox.attempts(message_id)
    assert [(one.attempt, one.status, one.succeeded) for one in log] == [(1, 500, False), (2, None, False), (3, 200, True)]
    assert "http.no_answer" in log[1].error
    assert len({got.headers["webhook-id"] for got in outbox.receiver.received}) == 1
    assert len({got.headers["webhook-signature"] for got in outbox.receiver.received}) == 3, "each try is signed for its own time"


def test_what_was_rolled_back_is_never_sent(outbox) -> None:
    outbox.subscribe()
    with outbox.database.begin(outbox.tenant) as db:
        assert webhooks.enqueue(db=db, clock=outbox.clock, partner=outbox.shop.id, kind="loan.repaid", data={})
        db.rollback()
    assert not outbox.deliver()


def test_a_message_that_fails_ten_times_is_dead_until_it_is_sent_again_by_hand(outbox) -> None:
    outbox.subscribe()
    outbox.receiver.script = [503] * model.TRIES
    (message_id,) = outbox.enqueue()
    began, ends = outbox.clock.now(), []
    for _ in range(model.TRIES):
        ends.append(outbox.deliver())
        outbox.clock.advance(max(outbox.message(message_id).due_at - outbox.clock.now(), timedelta(0)))
    assert ends == [webhooks.Delivered(0, 1, 0)] * 9 + [webhooks.Delivered(0, 0, 1)]
    assert timedelta(hours=50) < outbox.clock.now() - began < timedelta(hours=60)
    outbox.clock.advance(timedelta(days=3))
    assert not outbox.deliver()
    with outbox.database.begin(outbox.tenant) as db:
        assert [one.id for one in webhooks.messages(db=db, partner=outbox.shop.id, state="dead")] == [message_id]
        assert webhooks.redrive(db=db, clock=outbox.clock, partner=outbox.shop.id, message=message_id) == 1
    assert outbox.deliver() == webhooks.Delivered(1, 0, 0)
    assert [one.attempt for one in outbox.attempts(message_id)] == list(range(1, 12))


def test_only_a_dead_message_of_ones_own_is_sent_again(outbox) -> None:
    outbox.subscribe()
    (message_id,) = outbox.enqueue()
    with outbox.database.begin(outbox.tenant) as db:
        for partner, message in ((outbox.shop.id, message_id), (outbox.shop.id, "msg_0"), (new_id(), message_id)):
            with pytest.raises(errors.MessageUnknown):
                webhooks.redrive(db=db, clock=outbox.clock, partner=partner, message=message)


def test_the_receivers_retry_after_is_waited_for(outbox) -> None:
    outbox.subscribe()
    outbox.receiver.script = [(429, {"retry-after": "600"}), 200]
    (message_id,) = outbox.enqueue()
    outbox.deliver()
    assert outbox.message(message_id).due_at == outbox.clock.now() + timedelta(seconds=600)


def test_gone_stops_the_subscription(outbox) -> None:
    outbox.subscribe()
    outbox.receiver.script = [410]
    outbox.enqueue()
    assert outbox.deliver() == webhooks.Delivered(0, 0, 1)
    assert outbox.enqueue() == []


def test_two_workers_send_each_message_once(outbox) -> None:
    outbox.subscribe()
    sent = [message for _ in range(30) for message in outbox.enqueue()]
    done: list[webhooks.Delivered] = []

    def worker() -> None:
        while ended := outbox.deliver(limit=7, threads=2):
            done.append(ended)

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(got.headers["webhook-id"] for got in outbox.receiver.received) == sorted(sent)
    assert sum(ended.delivered for ended in done) == 30


def test_a_message_claimed_by_a_worker_that_died_falls_due_again(outbox) -> None:
    outbox.subscribe()
    (message_id,) = outbox.enqueue()
    with outbox.database.begin(outbox.tenant) as db:
        (claimed,) = store.claim_due(db, now=outbox.clock.now(), lease=timedelta(minutes=5), limit=10)
    assert claimed.id == message_id
    assert not outbox.deliver()
    outbox.clock.advance(timedelta(minutes=5))
    assert outbox.deliver() == webhooks.Delivered(1, 0, 0)


def test_a_worker_that_comes_too_late_does_not_undo_what_another_did(outbox) -> None:
    outbox.subscribe()
    (message_id,) = outbox.enqueue()
    with outbox.database.begin(outbox.tenant) as db:
        (stale,) = store.claim_due(db, now=outbox.clock.now(), lease=timedelta(minutes=5), limit=10)
    outbox.clock.advance(timedelta(minutes=5))
    outbox.deliver()
    with outbox.database.begin(outbox.tenant) as db:
        store.settle(db, stale, "pending", outbox.clock.now())
    assert outbox.message(message_id).state == "delivered"


def test_one_receivers_backlog_does_not_hold_up_another(outbox) -> None:
    outbox.subscribe(url=outbox.receiver.url + "/slow", kinds=["application.*"])
    outbox.subscribe(url=outbox.receiver.url + "/quick", kinds=["loan.*"])
    for _ in range(60):
        outbox.enqueue("application.received")
    outbox.clock.advance(timedelta(seconds=1))
    outbox.enqueue("loan.repaid")
    outbox.deliver(limit=50)
    assert [got.path for got in outbox.receiver.received].count("/hook/quick") == 1


def test_a_suspended_partner_is_sent_nothing_until_it_is_resumed(outbox) -> None:
    outbox.subscribe()
    outbox.enqueue()
    with outbox.database.begin(outbox.tenant) as db:
        partners.suspend(db=db, clock=outbox.clock, partner=outbox.shop.id)
    assert not outbox.deliver()
    with outbox.database.begin(outbox.tenant) as db:
        partners.resume(db=db, clock=outbox.clock, partner=outbox.shop.id)
    assert outbox.deliver().delivered == 1


def test_a_subscription_gets_only_the_kinds_it_asked_for(outbox) -> None:
    outbox.subscribe(kinds=["application.offered", "loan.*"])
    assert outbox.enqueue("application.declined") == []
    assert len(outbox.enqueue("application.offered")) == len(outbox.enqueue("loan.closed")) == 1


def test_through_the_overlap_of_a_rotation_either_secret_checks_and_then_only_the_new_one(outbox) -> None:
    outbox.clock._at = datetime.now(UTC)
    old = outbox.subscribe()
    with outbox.database.begin(outbox.tenant) as db:
        new = webhooks.rotate_secret(db=db, vault=outbox.vault, clock=outbox.clock, partner=outbox.shop.id, subscription=old.id)
    outbox.enqueue()
    outbox.deliver()
    outbox.clock.advance(timedelta(hours=24))
    outbox.enqueue()
    outbox.deliver()
    during, after = outbox.receiver.received
    for one in (old, new):
        assert Webhook(one.secret).verify(during.body, during.headers)
    assert len(after.headers["webhook-signature"].split(" ")) == 1


def test_after_rewrapping_the_older_key_encryption_key_is_needed_no_more(outbox, settings) -> None:
    outbox.clock._at = datetime.now(UTC)
    made = outbox.subscribe()
    with outbox.database.begin(outbox.tenant) as db:
        webhooks.issue_inbound_secret(db=db, vault=outbox.vault, clock=outbox.clock, partner=outbox.shop.id)
        webhooks.issue_inbound_secret(db=db, vault=outbox.vault, clock=outbox.clock, partner=outbox.shop.id)
    outbox.vault.keys.renew()
    with outbox.database.begin(outbox.tenant) as db:
        assert [webhooks.rewrap(db=db, vault=outbox.vault) for _ in range(2)] == [3, 0]
    (settings.home / "keys" / "kek.1").unlink()
    outbox.vault = Vault.open(settings)
    outbox.enqueue()
    outbox.deliver()
    assert Webhook(made.secret).verify(outbox.receiver.received[0].body, outbox.receiver.received[0].headers)


def test_secrets_lie_sealed_in_the_database(outbox) -> None:
    made = outbox.subscribe()
    raw = base64.b64decode(made.secret.removeprefix("whsec_"))
    with outbox.database.begin(outbox.tenant) as db:
        row = db.execute(store.subscription.select()).one()
        assert raw not in bytes(row.secret_sealed)
        assert made.secret.encode() not in bytes(row.secret_sealed)
        assert webhooks.subscriptions(db=db, partner=outbox.shop.id)[0].secret is None
    assert made.secret not in repr(made)


def test_a_partner_cannot_touch_anothers_subscription(outbox) -> None:
    mine = outbox.subscribe()
    with outbox.database.begin(outbox.tenant) as db:
        other = partners.register(db=db, clock=outbox.clock, kind="scene", code="other", name="Other", name_zh="别家")
        with pytest.raises(errors.SubscriptionUnknown):
            webhooks.set_active(db=db, clock=outbox.clock, partner=other.id, subscription=mine.id, active=False)
        with pytest.raises(errors.SubscriptionUnknown):
            webhooks.rotate_secret(db=db, vault=outbox.vault, clock=outbox.clock, partner=other.id, subscription=mine.id)
        assert webhooks.attempts(db=db, partner=other.id, message="msg_x") == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.cn/h",
        "https://127.0.0.1/h",
        "https://u:p@example.cn/h",
        "https://example.cn/h#x",
        "ftp://x",
        "",
        "https://example.cn/" + "a" * 2000,
    ],
)
def test_an_address_that_is_no_public_https_address_is_refused(db, vault, clock, scene, url: str) -> None:
    with pytest.raises(errors.UrlRefused) as refused:
        webhooks.subscribe(db=db, vault=vault, clock=clock, partner=scene.id, url=url)
    assert refused.value.field == "url"


@pytest.mark.parametrize("kinds", [[], ["guarantee.reserved"], ["loan"], ["loan.Repaid"], ["loan.repaid\n"], ["*.*"]])
def test_events_that_a_scene_never_gets_cannot_be_subscribed_to(db, vault, clock, scene, kinds) -> None:
    with pytest.raises(errors.KindUnknown, match=r"'application\.\*', 'loan\.\*'"):
        webhooks.subscribe(db=db, vault=vault, clock=clock, partner=scene.id, url="https://example.cn/h", kinds=kinds)


@pytest.mark.parametrize("kind", ["*", "loan.*", "offer.requested"])
def test_only_one_event_of_the_partners_own_kind_is_enqueued(db, clock, scene, kind: str) -> None:
    with pytest.raises(errors.KindUnknown):
        webhooks.enqueue(db=db, clock=clock, partner=scene.id, kind=kind, data={})


def test_delivered_messages_are_dropped_after_a_month_and_dead_ones_kept(outbox) -> None:
    outbox.subscribe()
    outbox.receiver.script = [200, 410]
    outbox.enqueue()
    outbox.deliver()
    outbox.enqueue()
    outbox.deliver()
    outbox.clock.advance(timedelta(days=31))
    with outbox.database.begin(outbox.tenant) as db:
        assert webhooks.tidy(db=db, clock=outbox.clock) == 1
        assert [one.state for one in webhooks.messages(db=db, partner=outbox.shop.id)] == ["dead"]


@given(tried=st.integers(1, 1000), luck=st.floats(0, 0.999))
def test_waits_lie_within_a_fifth_of_the_schedule(tried: int, luck: float) -> None:
    middle = min(5 * 4 ** min(tried - 1, 20), 86400)
    assert 0.8 * middle - 1 <= model.retry_delay(tried, luck).total_seconds() <= 1.2 * middle + 1


# What comes in


@pytest.fixture
def secret(db, vault, clock, funder) -> str:
    return webhooks.issue_inbound_secret(db=db, vault=vault, clock=clock, partner=funder.id)


def signed(secret: str, at: datetime, body: bytes = b'{"answer":"yes"}', message_id: str = "msg_1") -> dict[str, str]:
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


def test_a_signed_answer_is_read(db, vault, clock, funder, secret) -> None:
    told = webhooks.verify(
        db=db, vault=vault, clock=clock, partner=funder.id, headers=signed(secret, clock.now()), body=b'{"answer":"yes"}'
    )
    assert told == {"answer": "yes"}


def test_a_replayed_answer_is_refused_even_when_signed_anew(db, vault, clock, funder, secret) -> None:
    take = {"db": db, "vault": vault, "clock": clock, "partner": funder.id, "body": b'{"answer":"yes"}'}
    webhooks.verify(headers=signed(secret, clock.now()), **take)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(errors.Replayed) as refused:
        webhooks.verify(headers=signed(secret, clock.now()), **take)
    assert refused.value.status == 409
    webhooks.verify(headers=signed(secret, clock.now(), message_id="msg_2"), **take)


@pytest.mark.parametrize(
    ("seconds", "error"), [(300, None), (301, errors.TooOld), (-300, None), (-301, errors.TooNew), (10**9, errors.TooOld)]
)
def test_an_answer_is_good_for_five_minutes_either_way(db, vault, clock, funder, secret, seconds: int, error) -> None:
    take = {"db": db, "vault": vault, "clock": clock, "partner": funder.id, "body": b'{"answer":"yes"}'}
    headers = signed(secret, clock.now() - timedelta(seconds=seconds))
    if error is None:
        assert webhooks.verify(headers=headers, **take)
        return
    with pytest.raises(error) as refused:
        webhooks.verify(headers=headers, **take)
    assert refused.value.status == 401


@pytest.mark.parametrize("change", ["body", "id", "timestamp", "signature", "secret", "v2", "not utf-8"])
def test_anything_changed_breaks_the_signature(db, vault, clock, funder, secret, change: str) -> None:
    body, headers = b'{"answer":"yes"}', signed(secret, clock.now())
    if change == "body":
        body = b'{"answer":"no"}'
    elif change == "not utf-8":
        body = b'{"answer":"\xff"}'
    elif change == "id":
        headers["Webhook-Id"] = "msg_2"
    elif change == "timestamp":
        headers["Webhook-Timestamp"] = str(int(clock.now().timestamp()) + 1)
    elif change == "signature":
        headers["Webhook-Signature"] = "v1," + base64.b64encode(b"\0" * 32).decode()
    elif change == "v2":
        headers["Webhook-Signature"] = headers["Webhook-Signature"].replace("v1,", "v2,") + " v1,AAAA"
    else:
        headers = signed(model.new_secret(), clock.now())
    with pytest.raises(errors.SignatureBad) as refused:
        webhooks.verify(db=db, vault=vault, clock=clock, partner=funder.id, headers=headers, body=body)
    assert (refused.value.code, refused.value.status) == ("partners.webhook_signature_bad", 401)
    assert "{id}.{timestamp}.{body}" in str(refused.value)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("value", [None, "", "nan", "-1", "1e9", "v1", "v1,", "v1,%%", "x" * 5000, "密"])
def test_a_missing_or_broken_header_is_named(db, vault, clock, funder, secret, name: str, value) -> None:
    headers = {**signed(secret, clock.now()), name: value}
    if value is None:
        headers.pop(name)
    with pytest.raises((errors.HeadersMissing, errors.SignatureBad)) as refused:
        webhooks.verify(db=db, vault=vault, clock=clock, partner=funder.id, headers=headers, body=b'{"answer":"yes"}')
    assert refused.value.status == 401


def test_a_refused_answer_uses_up_no_id(db, vault, clock, funder, secret) -> None:
    take = {"db": db, "vault": vault, "clock": clock, "partner": funder.id}
    with pytest.raises(errors.SignatureBad):
        webhooks.verify(headers=signed(secret, clock.now()), body=b"forged", **take)
    assert webhooks.verify(headers=signed(secret, clock.now()), body=b'{"answer":"yes"}', **take)


def test_one_partners_signature_is_not_anothers(db, vault, clock, funder, scene, secret) -> None:
    webhooks.issue_inbound_secret(db=db, vault=vault, clock=clock, partner=scene.id)
    with pytest.raises(errors.SignatureBad):
        webhooks.verify(db=db, vault=vault, clock=clock, partner=scene.id, headers=signed(secret, clock.now()), body=b'{"answer":"yes"}')


def test_a_partner_without_a_secret_is_told_to_get_one(db, vault, clock, scene) -> None:
    with pytest.raises(errors.NoInboundSecret):
        webhooks.verify(db=db, vault=vault, clock=clock, partner=scene.id, headers={}, body=b"{}")


def test_the_secret_before_works_for_a_day_after_rotation(db, vault, clock, funder, secret) -> None:
    take = {"db": db, "vault": vault, "clock": clock, "partner": funder.id, "body": b'{"answer":"yes"}'}
    webhooks.issue_inbound_secret(db=db, vault=vault, clock=clock, partner=funder.id)
    webhooks.verify(headers=signed(secret, clock.now(), message_id="a"), **take)
    clock.advance(timedelta(days=1))
    with pytest.raises(errors.SignatureBad):
        webhooks.verify(headers=signed(secret, clock.now(), message_id="b"), **take)


@pytest.mark.parametrize("body", [b"[]", b"", b"{", b'"x"', b"[" * 100_000])
def test_a_signed_body_that_is_no_json_object_is_refused(db, vault, clock, funder, secret, body: bytes) -> None:
    with pytest.raises(errors.NotJson):
        webhooks.verify(db=db, vault=vault, clock=clock, partner=funder.id, headers=signed(secret, clock.now(), body), body=body)


def test_our_own_message_sent_back_to_us_proves_nothing(outbox) -> None:
    outbox.subscribe()
    outbox.enqueue()
    outbox.deliver()
    (ours,) = outbox.receiver.received
    with outbox.database.begin(outbox.tenant) as db:
        webhooks.issue_inbound_secret(db=db, vault=outbox.vault, clock=outbox.clock, partner=outbox.shop.id)
        with pytest.raises(errors.SignatureBad):
            webhooks.verify(db=db, vault=outbox.vault, clock=outbox.clock, partner=outbox.shop.id, headers=ours.headers, body=ours.body)
    assert json.loads(ours.body)["type"] == "loan.repaid"
