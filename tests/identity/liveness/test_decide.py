"""Many signals, one decision with three answers."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xinqiao.identity import FaceModels, Outcome, Signal, State
from xinqiao.identity.liveness.challenge.shape import shape_model
from xinqiao.identity.liveness.decide import FAMILIES, NEEDED, Evidence, Label, Verdict, bounds_told, combined, fuse, rejudge, texture_told
from xinqiao.identity.liveness.signals import texture_signal
from xinqiao.identity.model import conclude
from xinqiao.identity.sources import FILE, Rule, digest, known, shipped
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
    light = replace(shipped().groups["light"], weight=1.0, shift=0.0, most_for=1.5)
    assert light.bounded(50.0) <= light.most_for < light.most_against
    assert light.bounded(-50.0) >= -light.most_against
    found = [light.bounded(x) for x in np.linspace(-6, 6, 50)]
    assert (np.diff(found) > 0).all()
    assert light.bounded(0.1) == pytest.approx(0.1, rel=0.01)
    assert replace(light, weight=2.0, shift=-0.2).bounded(0.1) == 0


@pytest.mark.parametrize("source", ["infrared", "depth"])
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
    assert told(0.05, infrared=0.999).outcome is Outcome.FAIL
    assert told(0.05, infrared=0.999, depth=0.999).outcome is Outcome.RETRY  # one against all the others
    assert told(0.3, light_shape=0.999).outcome is not Outcome.PASS


def test_who_blinked_before_near_infrared_is_asked_again_and_a_mask_is_not_let_by() -> None:
    near = [Signal("infrared_face", State.PASS, 0.9), Signal("infrared_texture", State.FAIL, 0.01, "infrared_mask")]
    deep = [Signal("depth_relief", State.PASS, 6.0), Signal("depth_texture", State.PASS, 0.97)]
    heard = {"texture": Evidence(0.8), "infrared_texture": Evidence(0.01), "depth_texture": Evidence(0.97)}
    blinked = fuse([*PASSED, *near, *deep], heard, ANY)
    assert (blinked.outcome, [r.code for r in blinked.reasons]) == (Outcome.RETRY, ["witnesses_disagree"])
    assert blinked.signals[-1].name == "agreement"
    again = rejudge(blinked, ANY.devices["any"], ANY.devices["any"], ANY)
    assert [(s.name, s.state) for s in again.signals] == [(s.name, s.state) for s in blinked.signals]
    assert fuse([*PASSED, *near], {k: v for k, v in heard.items() if k != "depth_texture"}, ANY).outcome is Outcome.FAIL  # one against one
    light = [Signal("light_sequence", State.PASS, 0.9), Signal("light_shape", State.PASS, 0.66)]
    assert (
        fuse([*PASSED, *near, *deep, *light], heard | {"light_shape": Evidence(0.66)}, ANY).outcome is Outcome.RETRY
    )  # says next to nothing
    shone = {k: v for k, v in heard.items() if k != "depth_texture"} | {"light_shape": Evidence(0.9)}
    assert fuse([*PASSED, *near, *light], shone, ANY).outcome is Outcome.FAIL  # masks answer the light as heads do: it is no witness
    other = [light[0], Signal("light_shape", State.FAIL, 0.01, "light_flat")]
    assert fuse([*PASSED, *near, *deep, *other], heard | {"light_shape": Evidence(0.01)}, ANY).outcome is Outcome.FAIL
    doubtful = heard | {"texture": Evidence(0.4)}
    assert fuse([*PASSED, *near, *deep], doubtful, ANY).outcome is Outcome.FAIL  # two against one
    flat = [Signal("depth_relief", State.FAIL, 0.4, "depth_flat"), deep[1]]
    assert fuse([*PASSED, *near, *flat], heard, ANY).outcome is Outcome.FAIL  # physics is not undone
    somebody_else = Signal("match", State.FAIL, 0.2, "other_person")
    assert conclude(blinked.outcome, blinked.score, blinked.signals, [somebody_else]) is Outcome.FAIL
    assert conclude(blinked.outcome, blinked.score, blinked.signals, []) is Outcome.RETRY


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


WITNESSES = list(zip(FAMILIES, ("light_shape", "infrared", "depth"), strict=True))
SEEN = [("light_shape", Outcome.REFER), ("infrared", Outcome.PASS), ("depth", Outcome.PASS)]


@pytest.mark.parametrize(("family", "source"), WITNESSES)
def test_in_the_dark_the_other_witness_decides_what_the_picture_cannot_show(family: tuple[str, str], source: str) -> None:
    spoken = [Signal(n, State.PASS, 0.99) for n in family]
    found = fuse([*DARK, BLIND, *spoken], {source: Evidence(0.99)}, ANY)
    assert (found.label, found.outcome) == (Label.LIVE if source != "light_shape" else Label.ATTACK, dict(SEEN)[source])
    silent = {s.name: s for s in found.signals}
    assert silent["texture"].state is silent["selfie_quality"].state is State.NOT_CHECKED
    assert silent["texture"].reason == "too_dark"
    weak = fuse([*DARK, BLIND, *spoken], {source: Evidence(0.6)}, ANY)
    assert weak.outcome is Outcome.REFER
    refused = fuse([*DARK, BLIND, spoken[0], Signal(family[1], State.FAIL, 0.01, "light_flat")], {source: Evidence(0.01)}, ANY)
    assert (refused.label, refused.outcome) == (Label.ATTACK, Outcome.FAIL)


@pytest.mark.parametrize(("family", "source"), WITNESSES)
@pytest.mark.parametrize("name", ["texture", "model_own"])
def test_the_light_put_out_for_half_a_clip_takes_no_refusal_back(family: tuple[str, str], source: str, name: str) -> None:
    """The frames that could be seen were enough to refuse; the rest of the clip in the dark does not undo it."""
    spoken = [Signal(n, State.PASS, 0.999) for n in family]
    no = Signal(name, State.FAIL, 0.05, "texture_attack")
    blind = [BLIND] if name != "texture" else []
    found = fuse([*DARK, *blind, no, *spoken], {name: Evidence(0.05), source: Evidence(0.999)}, ANY)
    assert (found.label, found.outcome) == (Label.ATTACK, Outcome.FAIL)
    assert next(s for s in found.signals if s.name == name) == no
    by_day = [*(s for s in PASSED if s.name != name), no, *spoken]
    assert fuse(by_day, {name: Evidence(0.05), source: Evidence(0.999)}, ANY).outcome is Outcome.FAIL


def test_a_deployment_without_a_texture_network_passes_nobody_by_the_dark(models: FaceModels) -> None:
    _, gone = texture_signal(replace(models, texture=None), [])
    _, unseen = texture_signal(models, [])
    assert (gone.state, unseen.state) == (State.NOT_RUN, State.NOT_RUN)
    for family, source in WITNESSES[1:]:
        spoken = [Signal(n, State.PASS, 0.99) for n in family]
        assert fuse([*DARK, gone, *spoken], {source: Evidence(0.999)}, ANY).outcome is Outcome.REFER
        assert fuse([*DARK, unseen, *spoken], {source: Evidence(0.999)}, ANY).outcome is Outcome.PASS


def heard(fusion: Fusion, texture: float | None, rule: Rule | None = None, **others: float) -> Verdict:
    """Every signal as its own test would tell it; a texture of None: in the dark, no frame to look at."""
    seen = [s for s in PASSED if s.name != "texture"] if texture is not None else DARK
    told = texture_told(texture, fusion.device("any")[1]) if texture is not None else BLIND
    evidence = {"texture": Evidence(texture)} if texture is not None else {}
    spoken = [Signal(n, State.PASS, 0.9) for family, source in WITNESSES if source in others for n in family]
    return fuse([*seen, told, *spoken], evidence | {k: Evidence(p) for k, p in others.items()}, fusion, rule=rule)


CAMERAS = [
    Device(1.0, 0.0, Band(0.75, 0.4), calibrated=False),
    Device(1.0, 0.0, Band(0.9, 0.1), calibrated=True, groups=(("appearance",),)),
    Device(1.0, 0.0, Band(0.5, 0.3), calibrated=True, groups=(("appearance",), ("appearance", "light"), ("light",))),
]


@pytest.mark.parametrize("bounds", CAMERAS)
def test_the_light_never_lifts_what_would_not_pass_without_it(bounds: Device) -> None:
    """A solid mask answers the light as a face does, so what the texture leaves to a person, or refuses, is not passed by the light alone."""
    fusion = Fusion(0.6, {"any": bounds})
    passed = 0
    for texture in np.linspace(0, 1, 101):
        alone = heard(fusion, float(texture)).outcome
        for light in (0.0, 0.2, 0.5, 0.7, 0.8, 0.95, 0.999, 1.0):
            both = heard(fusion, float(texture), light_shape=light).outcome
            passed += both is Outcome.PASS
            assert both is not Outcome.PASS or alone is Outcome.PASS, (texture, light)
    assert passed > 0


def test_a_texture_that_passes_stays_a_pass_beside_a_light_that_passes(models: FaceModels) -> None:
    fusion, least = models.thresholds.liveness, min(band.sure for _, band in shape_model().bands)
    sure = fusion.device("any")[1].band.sure
    for texture in np.linspace(sure, 1, 50):
        assert heard(fusion, float(texture)).outcome is Outcome.PASS
        for light in np.linspace(least, 1, 20):
            assert heard(fusion, float(texture), light_shape=float(light)).outcome is Outcome.PASS, (texture, light)
    light = shipped().groups["light"]
    weaker = replace(shipped(), groups={**shipped().groups, "light": replace(light, most_for=light.most_for - 0.05)})
    assert heard(fusion, sure, weaker, light_shape=least).outcome is Outcome.REFER, "it speaks for life no more than it has to"


@pytest.mark.parametrize("bounds", CAMERAS)
def test_alone_in_the_dark_the_light_refers_at_best(bounds: Device) -> None:
    found = {heard(Fusion(0.6, {"any": bounds}), None, light_shape=float(p)).outcome for p in np.linspace(0, 1, 201)}
    assert Outcome.REFER in found
    assert Outcome.PASS not in found


def test_the_light_does_not_lift_near_infrared_either() -> None:
    for p in np.linspace(0.5, 0.999, 60):
        alone = heard(ANY, None, infrared=float(p)).outcome
        assert heard(ANY, None, infrared=float(p), light_shape=0.999).outcome is not Outcome.PASS or alone is Outcome.PASS


def test_a_calibrated_band_judges_only_the_kinds_of_evidence_it_was_measured_with() -> None:
    low = Device(1.0, 0.0, Band(0.3, 0.2), calibrated=True, cut=0.25, groups=(("appearance",),))
    mine = Fusion(0.6, {"any": low})
    picture = heard(mine, 0.35)
    assert (picture.outcome, picture.calibrated, picture.band, picture.cut) == (Outcome.PASS, True, low.band, 0.25)
    more = heard(mine, 0.35, infrared=0.75)
    assert (more.outcome, more.calibrated, more.cut) == (Outcome.REFER, False, 0.6)
    assert more.band == shipped().groups["infrared"].band
    both = Fusion(0.6, {"any": replace(low, groups=(("appearance", "infrared"),))})
    assert (heard(both, 0.35, infrared=0.75).outcome, heard(both, 0.35, infrared=0.75).band) == (Outcome.PASS, low.band)
    assert heard(both, 0.35).outcome is Outcome.REFER, "nor is the picture alone judged by a band that was measured with more"
    assert not replace(low, groups=()).measured(["appearance"])


def test_the_sets_of_evidence_of_a_class_are_read_sorted_and_written_again() -> None:
    told = {"scale": 1, "shift": 0, "sure": 0.8, "doubt": 0.4, "calibrated": True}
    assert Device.parse(told).groups == ()
    assert "groups" not in Device.parse(told).record()
    made = Device.parse({**told, "groups": [["light", "appearance"], ["appearance"]]})
    assert made.groups == (("appearance",), ("appearance", "light"))
    assert Device.parse(made.record()) == made
    for wrong in ("light", ["light"], [[]], [[1]], {"light": 1}):
        with pytest.raises(ValueError, match="kind"):
            Device.parse({**told, "groups": wrong})


def test_where_the_picture_decides_nothing_nothing_passes_that_it_is_part_of() -> None:
    nothing = Fusion(0.6, {"any": Device(1.0, 0.0, Band(1.0, 0.0), calibrated=False)})
    assert {heard(nothing, p, light_shape=0.99, infrared=0.99).outcome for p in (0.2, 0.6, 0.9, 0.999)} == {Outcome.REFER}


@pytest.mark.parametrize("family", FAMILIES)
def test_in_the_dark_half_a_witness_carries_nothing(family: tuple[str, str]) -> None:
    one = [Signal(family[0], State.PASS, 0.9), Signal(family[1], State.NOT_RUN, None, "not_run")]
    assert fuse([*DARK, BLIND, *one], {}, ANY).outcome is Outcome.RETRY


def test_the_whole_is_held_to_the_band_of_who_tells_most_until_a_class_is_calibrated() -> None:
    strict = replace(shipped().groups["depth"], weight=1.0, shift=0.0, band=Band(0.95, 0.3))
    rule = replace(shipped(), groups={**shipped().groups, "depth": strict})
    both = {"texture": Evidence(0.85), "depth_texture": Evidence(0.7)}
    assert fuse(PASSED, both, ANY, rule=rule).outcome is Outcome.REFER
    mine = replace(ANY, devices={"any": Device(1.0, 0.0, Band(0.8, 0.45), calibrated=True, groups=(("appearance", "depth"),))})
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
        lambda d: d["groups"]["light"].pop("lifts"),
        lambda d: d.update({"method": 1}),
    ):
        spoilt = copy.deepcopy(whole)
        spoil(spoilt)
        with pytest.raises((KeyError, ValueError)):
            Rule.parse(json.dumps(spoilt))


def test_a_rule_s_version_follows_from_its_numbers_and_not_from_its_prose() -> None:
    whole = json.loads(FILE.read_text("utf-8"))
    assert shipped().version == f"{whole['version']}@{digest(whole)[:8]}"
    told = copy.deepcopy(whole)
    told["groups"]["light"]["why"] = "the same numbers, for a reason in other words"
    assert Rule.parse(json.dumps(told, indent=7)).version == shipped().version
    for change in (
        lambda d: d["groups"]["light"].update({"for": 0.36}),
        lambda d: d["groups"]["light"].update({"lifts": True}),
        lambda d: d["sources"].update({"another": "light"}),
        lambda d: d.update({"groups": dict(reversed(d["groups"].items()))}),
    ):
        other = copy.deepcopy(whole)
        change(other)
        assert Rule.parse(json.dumps(other)).version != shipped().version


def test_rules_of_an_earlier_release_are_found_by_the_version_that_a_record_names(tmp_path: Path) -> None:
    data = json.loads(FILE.read_text("utf-8"))
    data["groups"]["depth"]["for"] = 1.0
    (tmp_path / "earlier.json").write_text(json.dumps(data), "utf-8")
    earlier = Rule.parse(json.dumps(data))
    assert known(earlier.version, tmp_path) == earlier
    assert known(earlier.version) is None
    assert known(shipped().version, tmp_path) is shipped()
    assert known(None) is None


def test_the_record_tells_the_class_and_the_band_that_judged() -> None:
    mine = Fusion(0.6, {**ANY.devices, "phone": Device(1.0, 0.0, Band(0.7, 0.3), calibrated=True, cut=0.4, groups=(("appearance",),))})
    told = fuse(PASSED, {"texture": Evidence(0.9)}, mine, device="phone")
    assert (told.device, told.judged_as, told.band, told.cut) == ("phone", "phone", Band(0.7, 0.3), 0.4)
    assert told.record()["band"] == {"sure": 0.7, "doubt": 0.3}
    assert bounds_told(told, mine)["used"] == {"sure": 0.7, "doubt": 0.3, "cut": 0.4}
    other = fuse(PASSED, {"texture": Evidence(0.9), "infrared": Evidence(0.9)}, mine, device="desktop")
    assert (other.device, other.judged_as, other.band) == ("desktop", "any", shipped().groups["infrared"].band)
    kept = bounds_told(other, mine)
    assert (kept["doubt"], kept["used"]) == (ANY.devices["any"].band.doubt, {"sure": 0.8, "doubt": 0.25, "cut": 0.6})
    assert fuse([], {}, ANY).band is None


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
