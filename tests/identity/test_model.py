"""The rule that turns signals into one outcome."""

import pytest

from xinqiao.identity import REASONS, Outcome, Signal, State
from xinqiao.identity.model import REQUIRED, decide, explain
from xinqiao.identity.thresholds import Band

ALL_WELL = tuple(Signal(name, State.PASS, 1.0) for name in REQUIRED)


def but(*changed: Signal) -> tuple[Signal, ...]:
    names = {c.name for c in changed}
    return tuple(s for s in ALL_WELL if s.name not in names) + changed


def test_all_signals_passed_is_a_pass() -> None:
    assert decide(ALL_WELL) is Outcome.PASS


@pytest.mark.parametrize("name", REQUIRED)
def test_a_signal_that_is_missing_or_did_not_run_never_passes(name: str) -> None:
    assert decide([s for s in ALL_WELL if s.name != name]) is Outcome.REFER
    assert decide(but(Signal(name, State.NOT_RUN, None, "not_run"))) is Outcome.REFER


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ([Signal("match", State.REFER, 0.5, "match_unsure")], Outcome.REFER),
        ([Signal("match", State.FAIL, 0.1, "other_person")], Outcome.FAIL),
        ([Signal("texture", State.FAIL, 0.1, "texture_attack"), Signal("match", State.REFER, 0.5, "match_unsure")], Outcome.FAIL),
        ([Signal("texture", State.FAIL, 0.1, "texture_attack"), Signal("selfie_quality", State.RETRY, 0.2, "too_dark")], Outcome.RETRY),
        ([Signal("motion", State.FAIL, 0.0, "frozen"), Signal("selfie_quality", State.RETRY, 0.2, "too_dark")], Outcome.FAIL),
    ],
)
def test_deceit_then_a_new_try_then_the_worst_signal(changed: list[Signal], outcome: Outcome) -> None:
    assert decide(but(*changed)) is outcome


def test_reasons_are_those_of_the_outcome() -> None:
    signals = but(Signal("texture", State.FAIL, 0.1, "texture_attack"), Signal("match", State.REFER, 0.5, "match_unsure"))
    assert [r.code for r in explain(signals, decide(signals))] == ["texture_attack"]


def test_every_reason_speaks_both_languages() -> None:
    assert all(r.zh and r.en.endswith(".") and r.zh.endswith("。") for r in REASONS.values())


def test_a_face_that_fails_the_light_is_told_what_holds_for_paper_screens_and_masks() -> None:
    told = REASONS["light_flat"]
    assert all(word in told.en for word in ("print", "screen", "mask"))
    assert all(word in told.zh for word in ("照片", "屏幕", "面具"))


def test_a_band_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="lies above"):
        Band(sure=0.3, doubt=0.6)
