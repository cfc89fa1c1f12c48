"""A lender's own last layer: better where there is something to learn, the shipped one where there is not, and honest about which."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xinqiao.demo.faces import demo_faces
from xinqiao.identity import FaceModels, ModelsUnavailable, Outcome, State, check, replay
from xinqiao.identity.errors import OwnWeightsMissing, TrainedUnknown, TrainingTooFew
from xinqiao.identity.liveness import check_file, own_weights, texture
from xinqiao.identity.liveness.evaluate import Presentation
from xinqiao.identity.liveness.onnx_head import with_features
from xinqiao.identity.liveness.training import Example, Head, Trained, fit, train
from xinqiao.identity.liveness.training_features import Known, ask, known_of, vary
from xinqiao.identity.networks import load_session, shipped_texture
from xinqiao.identity.thresholds import Band
from xinqiao.kit import FixedClock, Settings

from ..conftest import ID_NUMBER

BAND = Band(0.8, 0.45)
SEED, COUNT = 20261122, 24


def people(count: int, *, tells: float, knows: float, captures: int = 2, alike: bool = False) -> list[Example]:
    """Captures of which the shipped answer tells living people by `tells` standard deviations, and one of the features by `knows`;
    `alike`: all frames of a capture are."""
    rng = np.random.default_rng(SEED)

    def known(live: bool) -> Known:
        side = 1.0 if live else -1.0
        own = rng.normal(size=COUNT) if alike else np.zeros(COUNT)

        def frames(n: int) -> tuple[np.ndarray, np.ndarray]:
            features = own + rng.normal(size=(n, COUNT)) * (0.1 if alike else 1)
            features[:, 3] += side * knows / 2
            return side * tells / 2 + rng.normal(size=n), features

        return Known(*frames(4), *frames(4))

    kinds = ("live", "print", "mask")
    return [Example(f"p{n}", kind, known(kind == "live")) for n in range(count) for kind in kinds for _ in range(captures)]


def test_what_the_network_knows_and_does_not_use_is_learnt() -> None:
    made = train(people(24, tells=0.4, knows=2.5, captures=1), cut=0.6, band=BAND)
    assert made.better
    assert made.surely > 0.99
    assert made.after["eer"] < made.before["eer"] / 2
    assert made.loss[1] < made.loss[0]
    assert int(np.abs(made.head.weights).argmax()) == 3


def test_where_there_is_nothing_to_learn_it_says_so_and_changes_little() -> None:
    made = train(people(20, tells=3.0, knows=0.0, captures=1), cut=0.6, band=BAND)
    assert not made.better
    assert np.abs(made.head.weights).max() < 0.35 * made.head.gain


def test_the_figures_are_of_people_left_out() -> None:
    """As many features as captures, and nothing in them: fitted and scored on the same people they would tell everybody."""
    some = people(12, tells=0.0, knows=0.0, captures=1, alike=True)
    head = fit(some, 0.003)
    themselves = np.mean([(head.score(e.known) > 0) == e.live for e in some])
    made = train(some, cut=0.5, band=BAND)
    assert themselves > 0.8
    assert made.after["eer"] > 0.3
    assert not made.better


def test_people_weigh_alike_however_many_captures_they_bring() -> None:
    some = people(12, tells=1.0, knows=1.0)
    crowd = [*some, *[replace(e) for e in some if e.person == "p0"] * 20]
    a, b = fit(some, 0.1), fit(crowd, 0.1)
    assert np.allclose(a.weights, b.weights, atol=0.02)


def test_too_few_people_are_refused() -> None:
    with pytest.raises(TrainingTooFew) as refusal:
        train(people(9, tells=1, knows=1), cut=0.6, band=BAND)
    assert "9" in refusal.value.message("zh")
    assert "10" in refusal.value.message("en")


def test_a_changed_copy_looks_like_the_picture_and_is_not_it() -> None:
    rng = np.random.default_rng(SEED)
    crop = np.tile(np.linspace(40, 200, 112).astype(np.uint8)[:, None, None], (2, 1, 112, 3))
    copies = [vary(crop, rng) for _ in range(20)]
    assert all(c.shape == crop.shape and c.dtype == np.uint8 for c in copies)
    assert len({c.tobytes() for c in copies}) == 20
    assert all(np.corrcoef(c[0, :, 50, 1], crop[0, :, 50, 1])[0, 1] > 0.95 for c in copies)


def test_what_is_fitted_to_is_what_the_check_sees(models: FaceModels, person) -> None:
    """The mean answer over a clip's frames is the texture score of the check, so that a fit to one holds for the other."""
    base, _ = shipped_texture(None)
    ((_, known),) = known_of([person.clip], settings=Settings(home=Path("/nonexistent")), weights=base, jobs=1)
    assert known is not None
    told = {s.name: s.value for s in check_file(models=models, path=person.clip).signals}["texture"]
    assert told is not None
    assert known.answers.mean() == pytest.approx(np.log(told / (1 - told)), abs=1.0)
    assert len(known.varied) == 2 * min(8, len(known.varied) // 2)


def test_the_features_are_asked_of_the_same_input(models: FaceModels) -> None:
    crops = [np.random.default_rng(n).integers(0, 255, (2, 112, 112, 3), np.uint8) for n in range(5)]
    answers, _ = ask(load_session(with_features(shipped_texture(None)[0])), texture.looks(crops))
    assert models.texture is not None
    assert answers.mean() == pytest.approx(texture.log_odds(models.texture, crops), abs=1e-4)


def test_an_unreadable_file_is_known_nothing_of(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    assert list(known_of([tmp_path / "x.jpg"], settings=Settings(home=tmp_path), weights=shipped_texture(None)[0], jobs=1)) == [(0, None)]


# ------------------------------------------------------------------------------------------------------------ on disk


EXAMPLES = people(10, tells=1, knows=1, captures=1)


@pytest.fixture(scope="module")
def made() -> Trained:
    """Fitted to made-up features; its correction is replaced by one that halves the shipped answer, so that what is loaded can be told."""
    base, _ = shipped_texture(None)
    session = load_session(with_features(base))
    features = session.run(None, {session.get_inputs()[0].name: np.zeros((1, 6, 112, 112), np.float32)})[1]
    return replace(train(EXAMPLES, cut=0.6, band=BAND), head=Head(0.5, np.zeros(features.shape[1]), 0.0))


def kept(home: Path, made: Trained, clock: FixedClock) -> None:
    base, version = shipped_texture(None)
    own_weights.write(
        home,
        made,
        EXAMPLES,
        captures=captures(home),
        base=base,
        base_version=version,
        folder="captures",
        skipped=3,
        simulated=False,
        clock=clock,
    )


def captures(home: Path, prefix: str = "", names: str = "p", count: int = 10) -> list[Presentation]:
    """Files of made-up content, each person's own; `prefix` makes other files of the same people."""
    found = []
    for n in range(count):
        for species in ("live", "print"):
            file = home / f"{prefix}{names}" / str(n) / f"{species}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{prefix}{n}{species}")
            found.append(Presentation(file, f"{names}{n}", species))
    return found


def test_people_whom_a_network_was_fitted_to_are_known_again_by_name_or_by_file(tmp_path: Path, made: Trained, clock: FixedClock) -> None:
    kept(tmp_path, made, clock)
    everybody = {f"p{n}" for n in range(10)}
    assert own_weights.trained_on(tmp_path, captures(tmp_path)) == everybody
    assert own_weights.trained_on(tmp_path, captures(tmp_path, prefix="later")) == everybody
    assert own_weights.trained_on(tmp_path, captures(tmp_path, names="renamed")) == {f"renamed{n}" for n in range(10)}
    assert own_weights.trained_on(tmp_path, captures(tmp_path, prefix="new", names="q")) == set()
    report = (tmp_path / "models" / "liveness_texture" / "report.json").read_text()
    assert '"p3"' not in report
    own_weights.switch(tmp_path, use=False)
    assert own_weights.trained_on(tmp_path, captures(tmp_path)) == set(), "the shipped network was fitted to none of them"


def test_a_network_that_does_not_tell_whom_it_was_fitted_to_is_not_calibrated(tmp_path: Path, made: Trained, clock: FixedClock) -> None:
    kept(tmp_path, made, clock)
    file = tmp_path / "models" / "liveness_texture" / "report.json"
    told = json.loads(file.read_text())
    del told["fitted_to"]
    file.write_text(json.dumps(told))
    with pytest.raises(TrainedUnknown):
        own_weights.trained_on(tmp_path, captures(tmp_path))


def test_under_a_network_of_its_own_nothing_is_decided_before_it_is_calibrated(
    tmp_path: Path, made: Trained, clock: FixedClock, models: FaceModels
) -> None:
    """The shipped thresholds were set for other scores: neither they nor a calibration of them decide."""
    kept(tmp_path, made, clock)
    mine = FaceModels.load(Settings(home=tmp_path))
    told, device = mine.thresholds.liveness.device("phone_high")
    assert (told, device.calibrated) == ("any", False)
    assert {device.band.state(score) for score in (0.0, 0.001, 0.5, 0.999)} == {State.REFER}
    assert mine.versions["calibration"].startswith("none: everything goes to a person")
    person = demo_faces("live")[0]
    assert check_file(models=mine, path=person.clip).outcome is Outcome.REFER
    given = {"portrait": person.portrait.read_bytes(), "id_number": ID_NUMBER, "template_key": b"k" * 32}
    evidence = check(models=mine, clip=person.clip.read_bytes(), **given)
    assert evidence.outcome is Outcome.REFER
    assert "weights_uncalibrated" in [r.code for r in evidence.reasons]
    assert replay(evidence.record()) == (Outcome.REFER, None)
    own_weights.switch(tmp_path, use=False)
    assert FaceModels.load(Settings(home=tmp_path)).thresholds.liveness == models.thresholds.liveness


def test_own_weights_are_used_by_their_hash_and_can_be_switched_off(
    tmp_path: Path, made: Trained, clock: FixedClock, models: FaceModels
) -> None:
    kept(tmp_path, made, clock)
    mine = FaceModels.load(Settings(home=tmp_path))
    assert mine.versions["liveness_texture"].startswith("own-")
    assert models.texture is not None
    assert mine.texture is not None
    crops = [np.random.default_rng(n).integers(0, 255, (2, 112, 112, 3), np.uint8) for n in range(5)]
    assert texture.log_odds(mine.texture, crops) == pytest.approx(0.5 * texture.log_odds(models.texture, crops), abs=1e-4)
    own_weights.switch(tmp_path, use=False)
    assert FaceModels.load(Settings(home=tmp_path)).versions == models.versions
    own_weights.switch(tmp_path, use=True)
    assert FaceModels.load(Settings(home=tmp_path)).versions == mine.versions
    with pytest.raises(OwnWeightsMissing):
        own_weights.switch(tmp_path / "elsewhere", use=True)


def test_altered_weights_are_not_run(tmp_path: Path, made: Trained, clock: FixedClock) -> None:
    kept(tmp_path, made, clock)
    file = tmp_path / "models" / "liveness_texture" / "texture.onnx"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(Settings(home=tmp_path))


@pytest.mark.parametrize(
    "wrong", [{"use": "yes"}, {"file": "../../x.onnx"}, {"sha256": ""}, {"name": "face_mesh"}, {"version": ""}], ids=lambda w: next(iter(w))
)
def test_a_manifest_that_makes_no_sense_stops_the_loading(tmp_path: Path, made: Trained, clock: FixedClock, wrong: dict) -> None:
    kept(tmp_path, made, clock)
    file = tmp_path / "models" / "liveness_texture" / "manifest.json"
    (entry,) = json.loads(file.read_text())
    file.write_text(json.dumps([{**entry, **wrong}]))
    with pytest.raises(ModelsUnavailable):
        FaceModels.load(Settings(home=tmp_path))


def test_the_card_tells_on_whom_before_and_after_and_what_is_missing(tmp_path: Path, made: Trained, clock: FixedClock) -> None:
    kept(tmp_path, made, clock)
    card = (tmp_path / "models" / "liveness_texture" / "CARD.md").read_text()
    for told in ("APCER print", "APCER mask", "BPCER", "10 live", "captures", "3 more without", "calibrate"):
        assert told in card
    assert f"{made.after['eer']:.1%}" in card
    assert ("**not** shown" in card) is not made.better
