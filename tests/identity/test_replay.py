"""A record's verdict comes out of the record again, by the rules that it names."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from xinqiao.identity import FusionUnknown, Outcome, Signal, State, replay
from xinqiao.identity.liveness.decide import NEEDED, Evidence, Verdict, bounds_told, fuse, texture_told
from xinqiao.identity.model import IdentityEvidence, conclude
from xinqiao.identity.sources import FILE, Rule, known, shipped
from xinqiao.identity.thresholds import Band, Device, Fusion

ANY = Device(1.0, 0.0, Band(0.75, 0.4), calibrated=False)
PHONE = Device(0.9, 0.1, Band(0.5, 0.3), calibrated=True, cut=0.4, groups=(("appearance",),))
FUSION = Fusion(0.6, {"any": ANY, "phone_high": PHONE})
OURS = (Signal("portrait_quality", State.PASS, 120.0), Signal("match", State.PASS, 0.9))


def judged(device: str, rule: Rule, texture: float, **others: float) -> Verdict:
    signals = [Signal(name, State.PASS, 1.0) for name in NEEDED if name != "texture"]
    signals += [Signal(name, State.PASS, 0.9) for name in ("light_sequence", "light_shape")]
    told = texture_told(texture, FUSION.device(device)[1], rule)
    evidence = {"texture": Evidence(texture), **{name: Evidence(p) for name, p in others.items()}}
    return fuse([*signals, told], evidence, FUSION, device=device, rule=rule)


def written(verdict: Verdict, version: str) -> dict[str, Any]:
    """As an event holds it."""
    evidence = IdentityEvidence(
        outcome=conclude(verdict.outcome, verdict.score, verdict.signals, OURS),
        liveness_score=verdict.score,
        match_score=0.9,
        signals=(*verdict.signals, *OURS),
        reasons=verdict.reasons,
        template=b"",
        face_index=b"",
        model_versions={"fusion": version},
        took_ms=1,
        liveness=verdict.outcome,
        label=verdict.label.value if verdict.label else None,
        device=verdict.device,
        judged_as=verdict.judged_as,
        calibrated=verdict.calibrated,
        challenge="c" * 32,
        weights=dict(verdict.evidence),
        sources={name: {"probability": one.probability, "weight": one.weight} for name, one in verdict.sources.items()},
        bounds=bounds_told(verdict, FUSION),
    )
    return json.loads(json.dumps(evidence.record()))


CASES = [
    ("any", 0.8, {"light_shape": 0.9}),
    ("any", 0.7, {"light_shape": 0.999}),
    ("phone_high", 0.45, {}),
    ("phone_high", 0.55, {"light_shape": 0.9, "infrared": 0.6}),
    ("phone_basic", 0.05, {"infrared": 0.99}),
    ("any", 0.8, {"infrared": 0.001, "depth": 0.9}),
]


@pytest.mark.parametrize(("device", "texture", "others"), CASES)
def test_a_record_gives_its_own_answer_again_whichever_band_judged_it(device: str, texture: float, others: dict[str, float]) -> None:
    verdict = judged(device, shipped(), texture, **others)
    record = written(verdict, shipped().version)
    assert record["judged_as"] == ("phone_high" if device == "phone_high" else "any")
    assert record["bounds"]["used"]["sure"] == verdict.band.sure if verdict.band else False
    assert replay(record) == (verdict.outcome, None)


def test_a_band_that_did_not_judge_is_found_out() -> None:
    record = written(judged("any", shipped(), 0.9, light_shape=0.9), shipped().version)
    assert replay(record)[1] is None
    record["bounds"]["used"]["sure"] = 0.7
    assert "0.7" in (replay(record)[1] or "")


def test_a_conclusion_that_nothing_led_to_is_found_out() -> None:
    record = written(judged("any", shipped(), 0.9, light_shape=0.9), shipped().version)
    record["signals"]["agreement"] = {"state": "pass", "value": None, "reason": None}
    assert "agreement" in (replay(record)[1] or "")


def test_a_record_of_an_earlier_rule_that_is_kept_is_judged_by_that_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.loads(FILE.read_text("utf-8"))
    data["groups"]["infrared"]["sure"] = 0.999
    (tmp_path / "earlier.json").write_text(json.dumps(data), "utf-8")
    earlier = Rule.parse(json.dumps(data))
    verdict = judged("any", earlier, 0.9, infrared=0.9)
    assert (verdict.outcome, judged("any", shipped(), 0.9, infrared=0.9).outcome) == (Outcome.REFER, Outcome.PASS)
    record = written(verdict, earlier.version)
    with pytest.raises(FusionUnknown) as refusal:
        replay(record)
    assert earlier.version in refusal.value.message("en")
    monkeypatch.setattr(sys.modules["xinqiao.identity.replay"], "known", lambda version: known(version, tmp_path))
    assert replay(record) == (Outcome.REFER, None)
    record["model_versions"]["fusion"] = shipped().version
    assert replay(record)[1] is not None
