"""Many signals, one decision with three answers."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from xinqiao.identity import FaceModels, Outcome, Signal, State
from xinqiao.identity.liveness.decide import FAMILIES, NEEDED, Evidence, Label, Verdict, combined, fuse
from xinqiao.identity.sources import FILE, Rule, shipped
from xinqiao.identity.thresholds import Band, Device, Fusion

ANY = Fusion(0.6, {"any": Device(1.0, 0.0, Band(0.8, 0.45), calibrated=False)})
PASSED = [Signal(name, State.PASS, 1.0) for name in NEEDED]


def judge(score: float | None = 0.9, **changes: Signal | None) -> Verdict:
    signals = {name: Signal(name, State.PASS, 1.0) for name in NEEDED} | changes
    evidence = {"texture": Evidence(score)} if score is not None else {}
    return fuse([s for s in signals.values() if s], evidence, ANY)


def test_all_passed_is_live() -> None:
    found = judge(timing=Signal("timing", State.PASS, 0.04))
    assert (found.label, found.outcome, found.reasons) == (Label.LIVE, Outcome.PASS, ())


@pytest.mark.parametrize("name", NEEDED)
def test_a_signal_that_is_missing_or_did_not_run_never_counts_as_passed(name: str) -> None:
    for gone in (None, Signal(name, State.NOT_RUN, None, "not_run"), Signal(name, State.NOT_CHECKED, None, "not_asked")):
        assert judge(**{name: gone}).outcome is Outcome.REFER


@pytest.mark.parametrize("name", ["challenge", "near_infrared", "depth"])
def test_what_nobody_asked_for_owes_nothing_but_what_was_given_and_not_tested_does(name: str) -> None:
    assert judge(**{name: Signal(name, State.NOT_CHECKED, None, "not_asked")}).outcome is Outcome.PASS
    asked = judge(**{name: Signal(name, State.NOT_RUN, None, "not_checked")})
    assert asked.outcome is Outcome.REFER
    assert [r.code for r in asked.reasons] == ["not_checked"]


def test_a_bad_recording_is_tried_again_with_an_instruction() -> None:
    found = judge(
        0.2,
        selfie_quality=Signal("selfie_quality", State.RETRY, 0.1, "too_dark"),
        texture=Signal("texture", State.FAIL, 0.2, "texture_attack"),
    )
    assert (found.label, found.outcome) == (Label.RETRY, Outcome.RETRY)
    assert [r.code for r in found.reasons] == ["too_dark"]


@pytest.mark.parametrize("reason", ["frozen", "looped", "sent_before", "impossible_timing", "face_changes", "foreign_recorder"])
def test_deceit_outranks_everything_and_leaves_no_score(reason: str) -> None:
    found = judge(
        0.99, motion=Signal("motion", State.FAIL, 0.0, reason), selfie_quality=Signal("selfie_quality", State.RETRY, 0.1, "too_dark")
    )
    assert (found.label, found.outcome, found.score) == (Label.ATTACK, Outcome.FAIL, 0.0)


def test_a_borderline_score_has_a_label_but_goes_to_a_person() -> None:
    for score, label in ((0.7, Label.LIVE), (0.5, Label.ATTACK)):
        found = judge(score, texture=Signal("texture", State.REFER, score, "texture_unsure"))
        assert (found.label, found.outcome) == (label, Outcome.REFER)


def test_without_any_evidence_there_is_no_label() -> None:
    found = judge(None, texture=Signal("texture", State.NOT_RUN, None, "not_run"))
    assert (found.label, found.outcome, found.score) == (None, Outcome.REFER, None)


def test_sources_of_one_kind_are_averaged_and_unlike_kinds_are_added() -> None:
    assert combined([Evidence(0.9), Evidence(0.1)]) == pytest.approx(0.0)
    assert combined([Evidence(0.9, 3.0), Evidence(0.1)]) == pytest.approx(np.log(9) / 2)
    assert np.isfinite(combined([Evidence(1.0), Evidence(0.0)]))
    alike = fuse(PASSED, {"texture": Evidence(0.82), "model_own": Evidence(0.5)}, ANY)
    assert alike.score == pytest.approx(0.68, abs=0.01)
    even = {name: replace(group, weight=1.0, shift=0.0) for name, group in shipped().groups.items()}
    unlike = fuse(PASSED, {"texture": Evidence(0.82), "infrared": Evidence(0.82)}, ANY, rule=replace(shipped(), groups=even))
    assert unlike.score == pytest.approx(0.95, abs=0.01)
    assert unlike.outcome is Outcome.PASS
    assert fuse([], {}, ANY).score is None


def test_what_a_group_may_say_is_bounded_by_how_often_it_errs_but_keeps_its_order() -> None:
    light = replace(shipped().groups["light"], weight=1.0, shift=0.0)
    assert light.bounded(50.0) <= light.most_for < light.most_against
    assert light.bounded(-50.0) >= -light.most_against
    found = [light.bounded(x) for x in np.linspace(-6, 6, 50)]
    assert (np.diff(found) > 0).all()
    assert light.bounded(0.1) == pytest.approx(0.1, rel=0.01)
    assert replace(light, weight=2.0, shift=-0.2).bounded(0.1) == 0
    assert fuse(PASSED, {"light_shape": Evidence(1.0)}, ANY).score < 0.9


@pytest.mark.parametrize("source", ["light_shape", "infrared", "depth"])
def test_doubt_about_one_source_is_settled_by_the_sum(source: str) -> None:
    rest = [s for s in PASSED if s.name != "texture"]
    doubt = Signal("texture", State.REFER, 0.6, "texture_unsure")
    assert fuse([*rest, doubt], {"texture": Evidence(0.6)}, ANY).outcome is Outcome.REFER
    assert fuse([*rest, doubt], {"texture": Evidence(0.6), source: Evidence(0.99)}, ANY).outcome is Outcome.PASS
    between = fuse([*rest, doubt], {"texture": Evidence(0.6), source: Evidence(0.55)}, ANY)
    assert between.outcome is Outcome.REFER
    assert "borderline" in [r.code for r in between.reasons]
    unsteady = Signal("one_person", State.REFER, 0.4, "face_unsteady")
    steady = [s for s in rest if s.name != "one_person"]
    assert fuse([*steady, doubt, unsteady], {"texture": Evidence(0.6), source: Evidence(0.99)}, ANY).outcome is Outcome.REFER


def test_a_network_on_a_camera_never_seen_may_be_outvoted_but_not_when_it_is_certain() -> None:
    rest = [s for s in PASSED if s.name != "texture"]

    def told(texture: float, **others: float) -> Verdict:
        no = Signal("texture", State.FAIL, texture, "texture_attack")
        return fuse([*rest, no], {"texture": Evidence(texture), **{k: Evidence(p) for k, p in others.items()}}, ANY)

    assert told(0.3).outcome is Outcome.FAIL
    assert told(0.3, infrared=0.99, depth=0.98).outcome is Outcome.PASS
    assert told(0.05, infrared=0.999, depth=0.999).outcome is Outcome.FAIL
    assert told(0.3, light_shape=0.999).outcome is not Outcome.PASS


@pytest.mark.parametrize("name", ["light_shape", "infrared_face", "depth_relief", "light_sequence"])
def test_a_physical_test_that_fails_refuses_alone(name: str) -> None:
    family = next(f for f in FAMILIES if name in f)
    others = [Signal(n, State.PASS, 1.0) for n in family if n != name]
    no = Signal(name, State.FAIL, 0.2, "light_flat")
    found = fuse([*PASSED, *others, no], {"texture": Evidence(0.99), family[1]: Evidence(0.2)}, ANY)
    assert (found.label, found.outcome) == (Label.ATTACK, Outcome.FAIL)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_came_with_the_clip_is_needed_whole(family: tuple[str, str]) -> None:
    for name in family:
        half = fuse([*PASSED, Signal(name, State.PASS, 1.0)], {"texture": Evidence(0.99)}, ANY)
        assert half.outcome is Outcome.REFER
    whole = fuse([*PASSED, *(Signal(n, State.PASS, 1.0) for n in family)], {"texture": Evidence(0.99)}, ANY)
    assert whole.outcome is Outcome.PASS
    not_asked = fuse([*PASSED, *(Signal(n, State.NOT_CHECKED, None, "not_asked") for n in family)], {"texture": Evidence(0.99)}, ANY)
    assert not_asked.outcome is Outcome.PASS


DARK = [
    *(s for s in (Signal(name, State.PASS, 1.0) for name in NEEDED) if s.name not in ("selfie_quality", "texture")),
    Signal("selfie_quality", State.RETRY, 0.0, "too_dark"),
]
BLIND = Signal("texture", State.NOT_RUN, None, "not_run")


def test_in_the_dark_without_another_witness_a_lamp_is_asked_for() -> None:
    found = fuse([*DARK, BLIND], {}, ANY)
    assert (found.label, found.outcome) == (Label.RETRY, Outcome.RETRY)
    assert "lamp" in found.reasons[0].en
    assert "开灯" in found.reasons[0].zh


@pytest.mark.parametrize(("family", "source"), list(zip(FAMILIES, ("light_shape", "infrared", "depth"), strict=True)))
def test_in_the_dark_the_other_witness_decides_and_the_picture_cannot_veto(family: tuple[str, str], source: str) -> None:
    spoken = [Signal(n, State.PASS, 0.99) for n in family]
    for texture, evidence in ((BLIND, {}), (Signal("texture", State.FAIL, 0.01, "texture_attack"), {"texture": Evidence(0.01)})):
        found = fuse([*DARK, texture, *spoken], {**evidence, source: Evidence(0.99)}, ANY)
        assert (found.label, found.outcome) == (Label.LIVE, Outcome.PASS)
        silent = {s.name: s for s in found.signals}
        assert silent["texture"].state is silent["selfie_quality"].state is State.NOT_CHECKED
        assert silent["texture"].reason == "too_dark"
    weak = fuse([*DARK, BLIND, *spoken], {source: Evidence(0.6)}, ANY)
    assert weak.outcome is Outcome.REFER
    refused = fuse([*DARK, BLIND, spoken[0], Signal(family[1], State.FAIL, 0.01, "light_flat")], {source: Evidence(0.01)}, ANY)
    assert (refused.label, refused.outcome) == (Label.ATTACK, Outcome.FAIL)


@pytest.mark.parametrize("family", FAMILIES)
def test_in_the_dark_half_a_witness_carries_nothing(family: tuple[str, str]) -> None:
    one = [Signal(family[0], State.PASS, 0.9), Signal(family[1], State.NOT_RUN, None, "not_run")]
    assert fuse([*DARK, BLIND, *one], {}, ANY).outcome is Outcome.RETRY


def test_the_whole_is_held_to_the_band_of_who_tells_most_until_a_class_is_calibrated() -> None:
    strict = replace(shipped().groups["depth"], weight=1.0, shift=0.0, band=Band(0.95, 0.3))
    rule = replace(shipped(), groups={**shipped().groups, "depth": strict})
    both = {"texture": Evidence(0.85), "depth_texture": Evidence(0.7)}
    assert fuse(PASSED, both, ANY, rule=rule).outcome is Outcome.REFER
    mine = replace(ANY, devices={"any": Device(1.0, 0.0, Band(0.8, 0.45), calibrated=True)})
    assert fuse(PASSED, both, mine, rule=rule).outcome is Outcome.PASS
    assert rule.band(["appearance", "depth", "infrared"]) == Band(0.95, 0.3)
    assert rule.band(["infrared", "appearance", "light"]) == shipped().groups["infrared"].band


def test_every_bound_has_its_reason_and_a_rule_that_makes_no_sense_is_not_read() -> None:
    assert all(len(group.why) > 40 for group in shipped().groups.values())
    whole = json.loads(FILE.read_text("utf-8"))
    for spoil in (
        lambda d: d["groups"].pop("appearance"),
        lambda d: d["groups"]["light"].update({"for": 0}),
        lambda d: d["groups"]["light"].update({"why": " "}),
        lambda d: d["sources"].update({"texture": "nobody"}),
    ):
        spoilt = copy.deepcopy(whole)
        spoil(spoilt)
        with pytest.raises((KeyError, ValueError)):
            Rule.parse(json.dumps(spoilt))


def test_a_class_of_cameras_is_judged_by_its_own_calibration(models: FaceModels) -> None:
    strict = Device(1.0, -2.0, Band(0.8, 0.45), calibrated=True)
    fusion = replace(ANY, devices={**ANY.devices, "phone": strict})
    assert fusion.device("phone") == ("phone", strict)
    assert fusion.device("never seen")[0] == "any"
    assert strict.calibrate(2.0) == pytest.approx(0.5)
    assert 0 <= strict.calibrate(-1e9) < strict.calibrate(1e9) <= 1
    assert models.thresholds.liveness.devices["any"].calibrated is False


def test_the_record_is_numbers_codes_and_words() -> None:
    told = judge(0.7, texture=Signal("texture", State.REFER, 0.7, "texture_unsure")).record()
    assert (told["label"], told["outcome"], told["score"]) == ("live", "refer", 0.7)
    assert told["signals"]["texture"] == {"state": "refer", "value": 0.7, "reason": "texture_unsure"}
    assert all(reason["zh"] and reason["en"] for reason in told["reasons"])
