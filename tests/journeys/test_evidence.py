"""What a pack of a real application holds, to whom, and that it verifies without the database."""

import json
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from xinqiao import credit, servicing
from xinqiao.consent import withdraw
from xinqiao.demo.book.vintages import facts_of
from xinqiao.demo.cast import Sitter
from xinqiao.demo.world import World
from xinqiao.journeys import ApplicantJourneys, House, lending, purse, rights
from xinqiao.journeys.evidence import export, pack, render_report, verify
from xinqiao.journeys.evidence.errors import ReceiverKeyUnusable
from xinqiao.kit import CNY, Database, FixedClock, NotFound, new_id
from xinqiao.vault import Purpose, Vault, audit, keyfiles

from .evidencing import FOLK, Lent, apply, approved, lend, lent, new_house, walk

__all__ = ["lent"]


@pytest.fixture
def place(database: Database, clock: FixedClock, tmp_path: Path) -> tuple[House, World]:
    return new_house(database, clock, tmp_path / "home")


def members(path: Path) -> dict[str, Any]:
    return {name: json.loads(data) if name.endswith(".json") else data for name, data in pack.read(path).items()}


def absent(path: Path) -> dict[str, Any]:
    return members(path)["manifest.json"]["absent"]


def test_a_loan_is_proved_from_consent_to_repayment_by_one_file(lent: Lent) -> None:
    report = lent.check(lent.path)
    assert report.complete, render_report(report, "en")
    assert not report.altered
    asked = {check.name for check in report.checks}
    assert asked >= {"signature", "files", "audit", "events", "consents", "reads", "fraud", "bids", "contract", "device signature"}
    assert asked >= {"annual cost", "loan", "ledger", "page", "personal", "decision", "decision replay", "signer"}


def test_the_report_speaks_both_languages(lent: Lent) -> None:
    report = lent.check(lent.path)
    assert "intact" in render_report(report, "en")
    assert "完整无改动" in render_report(report, "zh-CN")
    assert len(render_report(report).splitlines()) == len(report.checks) + 1


def test_without_a_trusted_key_the_fingerprint_must_be_compared(lent: Lent) -> None:
    report = verify(lent.path)
    assert report.ok
    assert not report.complete
    assert {check.name for check in report.open} == {"signer", "decision replay"}
    assert any(print_ in check.says for check in report.open for print_ in report.signers)


def test_a_key_that_is_not_trusted_proves_nothing(lent: Lent, tmp_path: Path) -> None:
    stranger = Vault.open(lent.house.settings.model_copy(update={"home": tmp_path / "other"}))
    report = lent.check(lent.path, trusted=stranger.signer.public_keys)
    assert not report.ok
    assert {"manifest.sig.json", "audit.json"} <= set(report.altered)


def test_nothing_personal_is_readable_in_it(lent: Lent) -> None:
    given = lent.person["application"]
    names = ("name", "id_number", "phone", "address", "employer", "bank_account", "device")
    secrets = [str(given[name]) for name in names if given.get(name)]
    assert len(secrets) >= 5
    for name, data in lent.files.items():
        for secret in secrets:
            assert secret.encode() not in data, f"{name} tells {secret}"


def test_blind_indexes_and_the_decisions_inputs_stay_out(lent: Lent) -> None:
    clear = b"".join(data for name, data in lent.files.items() if name != "personal.hpke")
    assert b"_index" not in lent.files["application.json"]
    for column in lent.person["attributes"]:
        assert f'"{column}"'.encode() not in clear


def test_only_the_receiver_opens_the_personal_part(lent: Lent) -> None:
    opened = lent.check(lent.path)
    assert next(check for check in opened.checks if check.name == "personal").ok
    report = lent.check(lent.path, receiver_key=X25519PrivateKey.generate().private_bytes_raw())
    assert not report.ok
    assert report.altered == ("personal.hpke",)


def test_a_model_that_is_not_at_hand_leaves_the_replay_open(lent: Lent) -> None:
    report = lent.check(lent.path, shelf=credit.Shelf({}, {}))
    assert report.ok
    assert not report.complete
    assert [check.name for check in report.open] == ["decision replay"]


def test_exporting_is_itself_on_record(lent: Lent) -> None:
    rows = members(lent.path)["accesses.json"]["accesses"]
    assert any(row["masked"] and row["purpose"] == Purpose.APPLICATION for row in rows)
    assert any(row["fields"] == ["credit.decision"] and row["purpose"] == Purpose.FUNDER_SHARING for row in rows)
    assert any("recipient" in row and row["allowed"] for row in rows)
    with lent.house.begin() as db:
        logged = [entry for entry in audit.latest(db, limit=1000) if entry.kind == "evidence.exported"]
        assert audit.verify(db, lent.house.vault).ok
    assert str(lent.application) in {entry.data["application"] for entry in logged}


def test_the_page_holds_no_script_and_asks_nothing_of_the_network(lent: Lent) -> None:
    page = lent.files["index.html"].decode()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "javascript:" not in page
    assert "Content-Security-Policy" in page
    assert 'lang="zh-CN"' in page
    assert 'lang="en"' in page
    assert "<svg" in page


def test_the_same_members_make_the_same_bytes(lent: Lent) -> None:
    assert pack.zipped(lent.files) == pack.zipped(dict(reversed(lent.files.items()))) == lent.path.read_bytes()
    with zipfile.ZipFile(lent.path) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert lent.path.stat().st_mode & 0o077 == 0


def test_a_second_export_proves_the_first(lent: Lent, tmp_path: Path) -> None:
    """The log goes on: a later pack of the same application still verifies, and holds the proof of the earlier export."""
    report = lent.check(export(lent.house, lent.application, receiver=None, out=tmp_path))
    assert report.ok, render_report(report, "en")
    entries = members(tmp_path / f"evidence-{lent.application}.zip")["audit.json"]["entries"]
    assert "evidence.exported" in {row["entry"]["kind"] for row in entries}


def test_all_that_happens_to_a_loan_is_proved_too(lent: Lent, tmp_path: Path) -> None:
    """A part repaid out of the wallet, a fee and its waiver, a moved due date, a payment taken back."""
    house, by = lent.house, servicing.Author("operator:ann", "asked on the phone")
    purse.move(house, lent.application, way="top_up", amount=CNY(100_000), key="in")
    purse.repay(house, lent.application, amount=CNY(60_000), key="out of the wallet")
    with house.begin() as db:
        loan = lending.loan_of(db, lent.application)
        common = {"db": db, "clock": lent.clock, "loan_id": loan.id, "author": by}
        servicing.loans.charge(**common, code="statement", amount=CNY(500), due=lent.clock.today(), key="fee")
        servicing.loans.waive(**common, charge_key="fee", key="waiver")
        due = next(s.instalment.due for s in servicing.view(db=db, clock=lent.clock, loan_id=loan.id).states if not s.settled)
        servicing.loans.reschedule(**common, from_due=due, move_to=due + timedelta(days=5), key="salary day")
        servicing.loans.reverse(**common, of="pay/out of the wallet", key="taken back")
    report = lent.check(export(house, lent.application, receiver=None, out=tmp_path / "life.zip"))
    assert report.ok, render_report(report, "en")
    assert {"life", "ledger", "loan"} <= {one.name for one in report.checks if one.ok}


def test_a_part_paid_ahead_and_two_payments_at_one_instant_are_proved(
    place: tuple[House, World], clock: FixedClock, tmp_path: Path
) -> None:
    """The contract lowers later instalments for what is paid ahead: they are no longer those that were offered, and honestly so."""
    house, world = place
    application = lend(house, clock, world, approved(house)[0])
    journeys = ApplicantJourneys(house)
    clock.advance(timedelta(days=3))
    for key, minor in (("later by name", 90_000), ("earlier by name", 70_000)):
        journeys.pay(application, amount=CNY(minor), key=key)
    path = export(house, application, receiver=None, out=tmp_path / "ahead.zip")
    held = members(path)
    last = [rows[-1]["total"] for rows in (held["offer.json"]["schedule"], held["schedule.json"]["instalments"])]
    assert last[0] != last[1]
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    assert {"annual cost", "life", "ledger", "loan"} <= {one.name for one in report.checks if one.ok}


def test_a_claim_that_passed_to_another_funder_is_proved(place: tuple[House, World], clock: FixedClock, tmp_path: Path) -> None:
    house, world = place
    application = lend(house, clock, world, approved(house)[0])
    with house.begin() as db:
        loan = lending.loan_of(db, application)
        others = [one.id for one in world.funders.values() if one.id != loan.funder_id]
        for number, buyer in enumerate(others[:2]):
            by = servicing.Author("operator:ann", "the book was sold")
            servicing.loans.transfer(db=db, clock=clock, loan_ids=[loan.id], to=buyer, key=f"sold {number}", author=by)
    path = export(house, application, receiver=None, out=tmp_path / "sold.zip")
    assert members(path)["loan.json"]["funder_id"] == str(others[1])
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    assert {"life", "ledger", "loan"} <= {one.name for one in report.checks if one.ok}


class Ticking(FixedClock):
    """Every look at it takes a second."""

    def now(self) -> datetime:
        self.advance(timedelta(seconds=1))
        return super().now()


def test_a_pack_whose_making_takes_its_time_is_of_one_instant(lent: Lent, tmp_path: Path) -> None:
    slow = replace(lent.house, clock=Ticking(lent.clock.now()))
    report = lent.check(export(slow, lent.application, receiver=None, out=tmp_path / "slow.zip"))
    assert report.ok, render_report(report, "en")


def test_an_application_just_received_says_what_there_is_not_yet(place: tuple[House, World], tmp_path: Path) -> None:
    house, world = place
    path = export(house, apply(house, world, FOLK[0]), receiver=None, out=tmp_path / "new.zip")
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    missing = absent(path)
    assert set(missing) >= {
        "identity.json",
        "fraud.json",
        "decision.json",
        "bids.json",
        "offer.json",
        "loan.json",
        "consents",
        "personal.hpke",
    }
    assert all(why["en"] and why["zh"] for why in missing.values())
    assert not set(missing) & set(members(path))


def test_a_refused_application_is_proved_too(place: tuple[House, World], tmp_path: Path) -> None:
    house, world = place
    declined = next(person for person in FOLK if _decides(house, person) == "decline")
    application = apply(house, world, declined)
    assert walk(house, application, declined) == "declined"
    path = export(house, application, receiver=None, out=tmp_path / "declined.zip")
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    made = members(path)["decision.json"]["decisions"][0]
    assert made["outcome"] == "decline"
    assert made["reasons"][0]["zh"]
    assert "points" not in made["reasons"][0]
    assert "loan.json" in absent(path)


def _decides(house: House, person: dict[str, Any]) -> str:
    return str(
        credit.decide(model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts_of(person)).outcome
    )


def test_a_face_check_is_in_it_with_its_signals_and_no_picture(place: tuple[House, World], tmp_path: Path) -> None:
    house, world = place
    face, person = Sitter(904), approved(house)[0]
    application = apply(house, world, person, portrait=face.portrait)
    assert walk(house, application, person, clip=face.film) in ("loan", "review")
    path = export(house, application, receiver=None, out=tmp_path / "face.zip")
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    checks = members(path)["identity.json"]["checks"]
    assert checks
    assert checks[0]["match_score"]
    assert checks[0]["signals"]
    assert checks[0]["model_versions"]


def test_without_consent_to_sharing_nothing_is_sealed_and_the_refusal_is_logged(lent: Lent, tmp_path: Path) -> None:
    house, person = lent.house, UUID(members(lent.path)["application.json"]["person_id"])
    with house.begin() as db:
        withdraw(db=db, clock=house.clock, person=person, purpose=Purpose.FUNDER_SHARING)
    key = X25519PrivateKey.generate()
    path = export(house, lent.application, receiver=key.public_key().public_bytes_raw(), out=tmp_path / "kept.zip")
    assert "personal.hpke" not in members(path)
    assert "no consent" in absent(path)["personal.hpke"]["en"]
    assert any(not row["allowed"] for row in members(path)["accesses.json"]["accesses"])
    report = lent.check(path)
    assert report.ok, render_report(report, "en")


def test_a_forgotten_person_leaves_a_pack_without_personal_data(place: tuple[House, World], tmp_path: Path) -> None:
    house, world = place
    person = approved(house)[0]
    application = apply(house, world, person)
    assert walk(house, application, person) == "review"
    rights.forget(house, application)
    path = export(house, application, receiver=None, out=tmp_path / "forgotten.zip")
    report = verify(path, trusted=house.vault.signer.public_keys)
    assert report.ok, render_report(report, "en")
    assert "personal.masked.json" in absent(path)
    made = members(path)["decision.json"]["decisions"][0]
    assert set(made["reasons"][0]) == {"code"} if made["reasons"] else True


def test_a_renewed_signing_key_leaves_old_proofs_good(place: tuple[House, World], clock: FixedClock, tmp_path: Path) -> None:
    house, world = place
    application = apply(house, world, FOLK[0])
    with house.begin() as db:
        audit.checkpoint(db, house.vault, clock)
    keyfiles.create(house.settings.home / "keys" / "audit.2", what="the next key")
    renewed = replace(house, vault=Vault.open(house.settings))
    path = export(renewed, application, receiver=None, out=tmp_path / "renewed.zip")
    keys = renewed.vault.signer.public_keys
    assert len(keys) == 2
    assert verify(path, trusted=keys).ok
    newest = renewed.vault.signer.key
    report = verify(path, trusted={newest: keys[newest]})
    assert not report.ok
    assert report.altered == ("audit.json",), "what the old key signed is not proved by the new one"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), bytes(33)])
def test_a_key_that_cannot_be_sealed_for_is_refused_before_anything_is_read(lent: Lent, tmp_path: Path, key: bytes) -> None:
    with pytest.raises(ReceiverKeyUnusable):
        export(lent.house, lent.application, receiver=key, out=tmp_path / "no.zip")
    assert not (tmp_path / "no.zip").exists()


def test_an_unknown_application_leaves_no_file(lent: Lent, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export(lent.house, new_id(), receiver=None, out=tmp_path / "none.zip")
    assert list(tmp_path.iterdir()) == []
