"""Thresholds from a lender's own captures: people are the unit, and too few of them are told so."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xinqiao.identity import FaceModels, ModelsUnavailable, Outcome, Signal, State
from xinqiao.identity.errors import CalibrationTooFew, CalibrationUseless, ClassMisnamed, FolderUnfit
from xinqiao.identity.liveness import calibrations
from xinqiao.identity.liveness.calibrate import (
    Aims,
    Calibrated,
    Judged,
    _answered,
    _scores,
    at_most,
    calibrate,
    fold_by_person,
    people_needed,
    provable,
)
from xinqiao.identity.liveness.decide import NEEDED, Evidence, Label, Verdict, fuse, rejudge, texture_told
from xinqiao.identity.own import basis, digest, read_sealed
from xinqiao.identity.thresholds import Band, Device, Fusion
from xinqiao.kit import FixedClock, Settings

SHIPPED = Device(1.0, 0.0, Band(0.8, 0.45), calibrated=False)
ANY = Fusion(0.6, {"any": SHIPPED})
LOOSE = Aims(apcer=0.05, bpcer=0.05)
SEED = 20261122


def judged(person: str, species: str, log_odds: float, **others: float) -> Judged:
    """A clip that passed everything but what its scores decide."""
    score = SHIPPED.calibrate(log_odds)
    signals = [Signal(name, State.PASS, 1.0) for name in NEEDED if name != "texture"]
    evidence = {"texture": Evidence(score)} | {name: Evidence(p) for name, p in others.items()}
    return Judged(person, species, fuse([*signals, texture_told(score, SHIPPED)], evidence, ANY))


def people(
    count: int,
    *,
    live: float = 3.0,
    attack: float = -3.0,
    spread: float = 1.0,
    captures: int = 3,
    species: tuple[str, ...] = ("print", "replay"),
) -> list[Judged]:
    """A camera on which living people score `live` on the average and attacks `attack`, in log-odds; each person has a level of their own."""
    rng = np.random.default_rng(SEED)
    rows = []
    for n in range(count):
        for kind, mean in (("live", live), *((s, attack) for s in species)):
            level = mean + rng.normal(0, spread)
            rows += [judged(f"p{n}", kind, level + rng.normal(0, spread / 2)) for _ in range(captures)]
    return rows


def test_the_rule_of_299() -> None:
    assert people_needed(0.01) == 299
    assert people_needed(0.03) == 99
    assert people_needed(0.05) == 59
    assert provable(299) <= 0.01 < provable(298)
    assert at_most(0, 299) == pytest.approx(provable(299))


def test_the_limit_is_clopper_and_pearson_s() -> None:
    """One error of 10: .394 (Clopper and Pearson 1934, one-sided 95 %)."""
    assert at_most(1, 10) == pytest.approx(0.3942, abs=1e-4)
    assert at_most(10, 10) == 1.0
    assert at_most(0.5, 10) < at_most(1, 10)


@pytest.mark.parametrize(("count", "aims"), [(13, Aims(0.2, 0.2)), (98, Aims(0.2, 0.03)), (200, Aims(0.01, 0.2)), (5, Aims())])
def test_too_few_people_are_refused_with_how_many_would_do(count: int, aims: Aims) -> None:
    with pytest.raises(CalibrationTooFew) as refusal:
        calibrate("phone_basic", people(count, captures=1, species=("print",)), SHIPPED, ANY, aims)
    for language in ("en", "zh"):
        said = refusal.value.message(language)
        assert str(count) in said
        assert "299" in said
        assert "phone_basic" in said


def test_a_hundred_captures_of_one_person_are_one_person() -> None:
    with pytest.raises(CalibrationTooFew):
        calibrate("any", people(10, captures=40), SHIPPED, ANY, LOOSE)


def retry(person: str, species: str) -> Judged:
    """A clip in which no face could be judged though a score was made of it."""
    blind = [Signal("selfie_quality", State.RETRY, 0.0, "no_face")]
    return Judged(person, species, fuse([*blind, texture_told(0.9, SHIPPED)], {"texture": Evidence(0.9)}, ANY))


def test_people_without_an_answer_prove_nothing() -> None:
    """Fifty-eight who were judged, and forty whose every capture is to be tried again: 5 % needs fifty-nine."""
    rows = [*people(58, captures=1, species=("print",)), *(retry(f"r{n}", s) for n in range(40) for s in ("live", "print"))]
    assert rows[-1].verdict.score is not None
    with pytest.raises(CalibrationTooFew) as refusal:
        calibrate("any", rows, SHIPPED, ANY, LOOSE)
    assert "58 living and 58 attacked" in refusal.value.message("en")
    more = [*people(60, captures=1, species=("print",)), *(retry(f"r{n}", "live") for n in range(40))]
    assert calibrate("any", more, SHIPPED, ANY, LOOSE).facts["people"]["live"] == 60


def test_which_evidence_was_seen_together_is_told() -> None:
    lit = [judged(f"q{n}", kind, mean, light_shape=p) for n in range(60) for kind, mean, p in (("live", 3.0, 0.9), ("print", -3.0, 0.1))]
    assert calibrate("any", [*people(60), *lit], SHIPPED, ANY, LOOSE).facts["groups"] == [["appearance"], ["appearance", "light"]]


def test_a_camera_that_shifts_every_score_is_set_right() -> None:
    """The shipped bands would refer or refuse every living person here."""
    found = calibrate("phone_basic", people(80, live=-1.0, attack=-5.0, spread=0.6), SHIPPED, ANY, LOOSE)
    assert found.facts["rates_before"]["bpcer"] > 0.9
    assert found.facts["rates"]["bpcer"] < 0.05
    assert max(found.facts["rates"]["apcer"].values()) < 0.05
    assert found.facts["rates"]["passed"]["live"] > 0.9
    assert found.after.calibrated
    assert found.after.calibrate(-1.0) > 0.5 > found.after.calibrate(-5.0)


def test_scores_that_overlap_leave_a_band_for_a_person() -> None:
    found = calibrate("any", people(120, live=1.5, attack=-1.5, spread=1.4), SHIPPED, ANY, LOOSE)
    assert found.after.band.doubt < found.after.cut < found.after.band.sure
    rates = found.facts["rates"]
    assert max(rates["passed"][s] for s in ("print", "replay")) <= 0.05
    assert rates["referred"]["live"] > 0.05


def test_the_aims_hold_for_people_never_seen() -> None:
    """Calibrated on one draw of people, held against another: both limits are kept."""
    found = calibrate("any", people(150, live=2.0, attack=-2.0, spread=1.2), SHIPPED, ANY, LOOSE)
    rng = np.random.default_rng(SEED + 1)
    live, attack = (rng.normal(mean, 1.2, 4000) + rng.normal(0, 0.6, 4000) for mean in (2.0, -2.0))
    passed = np.mean([found.after.calibrate(x) >= found.after.band.sure for x in attack])
    refused = np.mean([found.after.calibrate(x) < found.after.band.doubt for x in live])
    assert passed <= 0.05
    assert refused <= 0.05


def test_scores_that_tell_nothing_are_not_calibrated() -> None:
    with pytest.raises(CalibrationUseless):
        calibrate("any", people(60, live=0.0, attack=0.0), SHIPPED, ANY, LOOSE)


def test_the_worst_species_sets_the_bar() -> None:
    """Masks score above prints: `sure` has to hold them too."""
    rng = np.random.default_rng(SEED)
    masks = [judged(f"p{n}", "mask", rng.normal(1.5, 0.5)) for n in range(80)]
    flat = calibrate("any", people(80, live=4.0), SHIPPED, ANY, LOOSE)
    both = calibrate("any", [*people(80, live=4.0), *masks], SHIPPED, ANY, LOOSE)
    assert both.facts["rates"]["passed"]["mask"] <= 0.05
    raw = [np.log(c.after.band.sure / (1 - c.after.band.sure)) for c in (flat, both)]
    assert (raw[0] - flat.after.shift) / flat.after.scale < (raw[1] - both.after.shift) / both.after.scale


def test_nobody_s_rows_are_in_two_folds() -> None:
    names = [f"p{n % 23}" for n in range(200)]
    folds = fold_by_person(names)
    assert all(len({f for n, f in zip(names, folds, strict=True) if n == name}) == 1 for name in names)
    assert fold_by_person(names[::-1]) == folds[::-1]
    assert set(folds) == set(range(5))


def test_a_capture_is_judged_anew_as_it_would_have_been() -> None:
    strict = Device(0.7, -0.4, Band(0.7, 0.4), calibrated=True, groups=(("appearance", "light"),))
    first = judged("a", "live", 2.0, light_shape=0.8).verdict
    there = rejudge(first, SHIPPED, strict, ANY)
    assert there.calibrated
    assert there.score != first.score
    back = rejudge(there, strict, SHIPPED, ANY)
    assert (back.outcome, back.label) == (first.outcome, first.label)
    assert back.score == pytest.approx(first.score)
    assert {s.name: s.state for s in back.signals} == {s.name: s.state for s in first.signals}


def test_what_the_dark_excused_is_excused_again() -> None:
    dark = [Signal(n, State.PASS, 1.0) for n in NEEDED if n not in ("selfie_quality", "texture")]
    blind = [Signal("selfie_quality", State.RETRY, 0.0, "too_dark"), Signal("texture", State.NOT_RUN, None, "not_run")]
    lit = [Signal(n, State.PASS, 0.99) for n in ("infrared_face", "infrared_texture")]
    first = fuse([*dark, *blind, *lit], {"infrared_texture": Evidence(0.99)}, ANY)
    again = rejudge(first, SHIPPED, replace(SHIPPED, band=Band(0.7, 0.3)), ANY)
    assert (first.outcome, again.outcome) == (Outcome.PASS, Outcome.PASS)


# ------------------------------------------------------------------------------------------------------------ on disk


def test_simulated_captures_calibrate_no_camera(tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock) -> None:
    calibrations.write(tmp_path, [(made, Path("drawn"), True)], versions=models.versions, clock=clock)
    _, device = FaceModels.load(Settings(home=tmp_path)).thresholds.liveness.device("phone_basic")
    shipped = models.thresholds.liveness.devices["any"].band
    assert not device.calibrated
    assert (device.scale, device.shift) == (made.after.scale, made.after.shift)
    assert device.band.sure >= shipped.sure
    assert device.band.doubt <= shipped.doubt
    told = calibrations.read_calibration(tmp_path)
    assert told is not None
    assert told["classes"]["phone_basic"]["simulated"]
    assert told["classes"]["phone_basic"]["after"]["calibrated"] is False
    kept(tmp_path, made, models, clock)
    assert FaceModels.load(Settings(home=tmp_path)).thresholds.liveness.device("phone_basic")[1].calibrated, (
        "the same of real captures counts"
    )


@pytest.fixture(scope="module")
def made() -> Calibrated:
    return calibrate("phone_basic", people(60, live=1.0, attack=-5.0, spread=0.5), SHIPPED, ANY, LOOSE)


def kept(home: Path, made: Calibrated, models: FaceModels, clock: FixedClock) -> None:
    calibrations.write(home, [(made, Path("captures"), False)], versions=models.versions, clock=clock)


def test_a_calibration_is_used_from_then_on(tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock) -> None:
    kept(tmp_path, made, models, clock)
    loaded = FaceModels.load(Settings(home=tmp_path))
    assert loaded.thresholds.liveness.device("phone_basic") == ("phone_basic", made.after)
    assert loaded.thresholds.liveness.device("desktop")[1] == models.thresholds.liveness.devices["any"]
    assert loaded.versions["calibration"].startswith("calibration-")
    told = calibrations.read_calibration(tmp_path)
    assert told is not None
    one = told["classes"]["phone_basic"]
    assert one["people"] == {"live": 60, "attacked": 60, "species": {"print": 60, "replay": 60}}
    assert sum(one["histogram"]["live"]) == 180
    assert len(one["histogram"]["live"]) == len(one["histogram"]["edges"]) + 1
    curve = np.array(one["det"]["print"])
    assert (np.diff(curve[:, 0]) <= 0).all()
    assert (np.diff(curve[:, 1]) >= 0).all()
    file = json.loads((tmp_path / "liveness" / "thresholds.json").read_text())
    assert file["devices"]["phone_basic"]["groups"] == [["appearance"]] == one["groups"]


def test_another_class_is_added_and_the_first_stays(tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock) -> None:
    kept(tmp_path, made, models, clock)
    kept(tmp_path, replace(made, name="desktop"), models, clock)
    assert set(FaceModels.load(Settings(home=tmp_path)).thresholds.liveness.devices) == {"any", "phone_basic", "desktop"}


def test_a_calibration_made_with_other_weights_is_left_aside_and_said_to_be(
    tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock
) -> None:
    calibrations.write(tmp_path, [(made, Path("x"), False)], versions={**models.versions, "liveness_texture": "old@1234"}, clock=clock)
    loaded = FaceModels.load(Settings(home=tmp_path))
    assert loaded.thresholds.liveness.devices == models.thresholds.liveness.devices
    assert loaded.versions["calibration"].startswith("ignored: made with other weights (liveness_texture)")
    kept(tmp_path, replace(made, name="desktop"), models, clock)
    assert set(FaceModels.load(Settings(home=tmp_path)).thresholds.liveness.devices) == {"any", "desktop"}


def test_what_no_liveness_score_depends_on_voids_no_calibration(models: FaceModels) -> None:
    assert "face_embedder" not in basis(models.versions)
    assert {"liveness_texture", "fusion", "face_detector", "light", "depth"} <= set(basis(models.versions))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["devices"]["phone_basic"].update(sure=0.1, doubt=0.05),
        lambda d: d.update(sha256="0" * 64),
        lambda d: d.pop("sha256"),
    ],
)
def test_a_file_altered_by_hand_stops_the_loading(tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock, spoil) -> None:
    kept(tmp_path, made, models, clock)
    file = tmp_path / "liveness" / "thresholds.json"
    told = json.loads(file.read_text())
    spoil(told)
    file.write_text(json.dumps(told))
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(Settings(home=tmp_path))
    with pytest.raises(ModelsUnavailable):
        read_sealed(file)


@pytest.mark.parametrize(
    "wrong", [{"sure": 2.0}, {"scale": 0}, {"scale": -1}, {"doubt": 0.99}, {"shift": float("inf")}, {"sure": "x"}, {"cut": 7}]
)
def test_bounds_that_make_no_sense_are_not_loaded_whoever_sealed_them(
    tmp_path: Path, made: Calibrated, models: FaceModels, clock: FixedClock, wrong: dict
) -> None:
    kept(tmp_path, made, models, clock)
    file = tmp_path / "liveness" / "thresholds.json"
    told = json.loads(file.read_text())
    told["devices"]["phone_basic"].update(wrong)
    file.write_text(json.dumps({**told, "sha256": digest(told)}))
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(Settings(home=tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '"x"'])
def test_what_is_no_calibration_at_all_stops_the_loading(tmp_path: Path, text: str) -> None:
    (tmp_path / "liveness").mkdir()
    (tmp_path / "liveness" / "thresholds.json").write_text(text)
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(Settings(home=tmp_path))


def test_a_folder_is_one_class_or_holds_one_for_each(tmp_path: Path) -> None:
    (tmp_path / "one" / "live").mkdir(parents=True)
    assert calibrations.classes_in(tmp_path / "one", "desktop") == {"desktop": tmp_path / "one"}
    for name in ("phone_basic", "phone_high"):
        (tmp_path / "many" / name / "live").mkdir(parents=True)
    (tmp_path / "many" / "notes").mkdir()
    assert set(calibrations.classes_in(tmp_path / "many", "any")) == {"phone_basic", "phone_high"}
    with pytest.raises(ClassMisnamed):
        calibrations.classes_in(tmp_path / "one", "../etc")
    for empty in (tmp_path / "many" / "notes", tmp_path / "nowhere"):
        with pytest.raises(FolderUnfit):
            calibrations.classes_in(empty, "any")


def test_a_verdict_of_a_class_says_which_and_whether_it_was_calibrated() -> None:
    told: Verdict = fuse([], {}, ANY, device="phone_basic")
    assert (told.device, told.calibrated) == ("phone_basic", False)


def test_what_one_network_alone_refused_counts_in_the_proof_under_any_scale() -> None:
    """It is asked for again when it is judged, and a lender's calibration must not lose the people by it."""
    living = [judged(f"p{n}", "live", 3.0, infrared=0.98, depth=0.97) for n in range(20)]
    masks = [judged(f"p{n}", "silicone_mask", 0.3 + n / 40, infrared=0.0005, depth=0.7) for n in range(20)]
    assert {row.verdict.label for row in masks} == {Label.RETRY}
    assert all(_answered(row) for row in masks)
    for shift in (-2.0, 0.0, 2.0):
        scored = _scores([*living, *masks], SHIPPED, 1.0, shift, ANY)
        assert len(scored) == 40
        assert max(s.score for s in scored if s.species != "live") < min(s.score for s in scored if s.species == "live")
