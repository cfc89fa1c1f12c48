"""A face check in the evidence pack: judged again from its own record, with the challenge that it answered. Whoever alters it is found."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from xinqiao.identity import FusionUnknown, replay
from xinqiao.journeys import House
from xinqiao.journeys.case import take
from xinqiao.journeys.evidence import Report, export, pack, verify
from xinqiao.journeys.evidence.export import _signature  # the operator's own seal, for tests of a dishonest operator
from xinqiao.kit import Database, FixedClock

from ..conftest import NOW
from ..sitting import living
from .evidencing import apply, approved, changed, listed, new_house, walk


@dataclass(frozen=True)
class Faced:
    house: House
    application: UUID
    files: dict[str, bytes]
    record: dict[str, Any]
    """The check as its event holds it, in JSON's types."""

    def resealed(self, files: dict[str, bytes], path: Path) -> Report:
        """As the operator could do it: an honest seal over altered members."""
        made = listed(files)
        manifest = made[pack.MANIFEST]
        with self.house.begin() as db:
            made[pack.SIGNATURE] = _signature(self.house, db, take(db, self.application), manifest, json.loads(manifest)["files"])
        return verify(pack.write(path, made), trusted=self.house.vault.signer.public_keys)


@pytest.fixture(scope="module")
def faced(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Faced:
    clock, folder = FixedClock(NOW), tmp_path_factory.mktemp("faced")
    house, world = new_house(database, clock, folder / "home")
    face, person = living(1)[0], approved(house)[0]
    application = apply(house, world, person, portrait=face.portrait)
    walk(house, application, person, clip=face.film)
    files = dict(pack.read(export(house, application, receiver=None, out=folder / "pack.zip")))
    with house.begin() as db:
        checked = take(db, application).last("identity.checked")
    assert checked is not None
    return Faced(house, application, files, dict(checked.data))


def answer(report: Report, name: str) -> Any:
    return next(check for check in report.checks if check.name == name)


def test_the_packs_face_check_is_judged_again_from_its_own_record(faced: Faced, tmp_path: Path) -> None:
    report = faced.resealed(faced.files, tmp_path / "honest.zip")
    assert report.ok, [check for check in report.checks if check.ok is False]
    assert answer(report, "identity").ok is True
    assert "identity replay" not in [check.name for check in report.checks], "this release's rules were asked"
    assert faced.record["challenge"]


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(check: dict[str, Any]) -> None:
        for name in path[:-1]:
            check = check[name]
        check[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("liveness_score", to="0.5001"),
        _set("signals", "light_sequence", "state", to="not_run"),
        _set("challenge", to="0" * 32),
        _set("device", to="phone_high_9"),
        _set("model_versions", "liveness_texture", to="another"),
    ],
)
def test_whatever_is_altered_in_the_record_of_a_check_is_found(faced: Faced, tmp_path: Path, change: Callable[[Any], None]) -> None:
    def in_section(value: dict[str, Any]) -> None:
        change(value["checks"][0])

    def in_events(value: dict[str, Any]) -> None:
        change(next(one for one in value["events"] if one["kind"] == "identity.checked")["data"])

    section = faced.resealed(changed(faced.files, "identity.json", in_section), tmp_path / "section.zip")
    assert not section.ok
    assert "identity.json" in section.altered
    both = changed(changed(faced.files, "identity.json", in_section), "events.json", in_events)
    told = faced.resealed(both, tmp_path / "both.zip")
    assert not told.ok
    assert "events.json" in told.altered, "the log holds the hash of the event as it happened"


@pytest.mark.parametrize(
    "change",
    [
        _set("outcome", to="fail"),
        _set("liveness", to="retry"),
        _set("liveness_score", to="0.123"),
        _set("label", to="attack"),
        _set("signals", "timing", "state", to="not_run"),
        _set("signals", "match", "state", to="fail"),
        _set("sources", "light_shape", "probability", to="0.001"),
        _set("bounds", "sure", to="0.9999999"),
    ],
)
def test_a_record_whose_parts_do_not_agree_is_not_given_again(faced: Faced, change: Callable[[Any], None]) -> None:
    assert replay(faced.record) == (faced.record["outcome"], None)
    record = copy.deepcopy(faced.record)
    change(record)
    assert replay(record)[1] is not None


def test_a_record_of_other_rules_is_not_guessed_at(faced: Faced) -> None:
    record = copy.deepcopy(faced.record)
    record["model_versions"]["fusion"] = "of another year"
    with pytest.raises(FusionUnknown):
        replay(record)


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("face.challenge_issued", {"expires_at": "2026-03-02T01:00:00Z"}, "had run out"),
        ("face.challenge_issued", {"challenge": "f" * 32}, "not issued before"),
    ],
)
def test_a_check_must_answer_a_challenge_that_was_issued_in_time(
    faced: Faced, tmp_path: Path, kind: str, change: dict[str, Any], says: str
) -> None:
    def alter(value: dict[str, Any]) -> None:
        next(one for one in value["events"] if one["kind"] == kind)["data"] |= change

    report = faced.resealed(changed(faced.files, "events.json", alter), tmp_path / "late.zip")
    assert says in answer(report, "identity").says


def test_one_challenge_cannot_stand_behind_two_checks(faced: Faced, tmp_path: Path) -> None:
    def double(value: dict[str, Any]) -> None:
        value["events"] += [one for one in value["events"] if one["kind"] == "identity.checked"]

    report = faced.resealed(changed(faced.files, "events.json", double), tmp_path / "twice.zip")
    assert not report.ok
    assert "answered twice" in " ".join(check.says for check in report.checks)
