"""Many signals, one decision with three answers."""

from dataclasses import replace

import pytest

from xinqiao.identity import FaceModels, Outcome, Signal, State
from xinqiao.identity.liveness.decide import NEEDED, Evidence, Label, Verdict, combined, fuse
from xinqiao.identity.thresholds import Band, Device, Fusion

ANY = Fusion(0.6, {"any": Device(1.0, 0.0, Band(0.8, 0.45), calibrated=False)})


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


def test_evidence_is_joined_by_weight_and_a_doubtful_whole_is_not_passed() -> None:
    assert combined([Evidence(0.9), Evidence(0.1)]) == pytest.approx(0.5)
    assert combined([Evidence(0.9, 3.0), Evidence(0.1)]) > 0.7
    assert combined([Evidence(1.0)]) < 1
    assert combined([]) is None
    passed = [Signal(name, State.PASS, 1.0) for name in NEEDED]
    both = fuse(passed, {"texture": Evidence(0.82), "own": Evidence(0.5)}, ANY)
    assert both.outcome is Outcome.REFER
    assert [r.code for r in both.reasons] == ["borderline"]


def test_doubt_about_one_source_is_settled_by_the_sum_and_a_refusal_is_not() -> None:
    passed = [Signal(name, State.PASS, 1.0) for name in NEEDED if name != "texture"]
    doubt, no = Signal("texture", State.REFER, 0.6, "texture_unsure"), Signal("texture", State.FAIL, 0.3, "texture_attack")
    sure = {"texture": Evidence(0.6), "light_shape": Evidence(0.99)}
    assert fuse([*passed, doubt], sure, ANY).outcome is Outcome.PASS
    assert fuse([*passed, doubt], {"texture": Evidence(0.6)}, ANY).outcome is Outcome.REFER
    assert fuse([*passed, doubt], {"texture": Evidence(0.6), "light_shape": Evidence(0.7)}, ANY).outcome is Outcome.REFER
    assert fuse([*passed, no], {"texture": Evidence(0.3), "light_shape": Evidence(0.999)}, ANY).outcome is Outcome.FAIL
    unsteady = Signal("one_person", State.REFER, 0.4, "face_unsteady")
    assert fuse([*[s for s in passed if s.name != "one_person"], doubt, unsteady], sure, ANY).outcome is Outcome.REFER


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
