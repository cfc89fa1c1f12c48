"""Decide, and decide again: a decision is a pure function of model, policy and inputs, so its record replays to the byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from xinqiao.kit import Money

from . import reasons as why
from .errors import ArtifactMissing, RecordUnreadable
from .features import read
from .model import SCHEMA, ApplicationFacts, Decision, Outcome, Reason
from .policy import Band, Policy
from .scorecard import CreditModel


def decide(
    *, model: CreditModel, policy: Policy, attributes: Mapping[str, Any] | None, application_facts: ApplicationFacts | Mapping[str, Any]
) -> Decision:
    """Score, band, limit, price and reasons for one application.

    `attributes` are the bureau's, by the model's column names; unknown columns are left out of the record, unknown values and a
    missing file (None) never approve: too many of them refer the application to a person. A rule that declines beats one that
    refers, which beats the band. Raises AttributeUnusable or FactUnusable when an input has the wrong type.
    """
    facts = ApplicationFacts.parse(application_facts)
    row = read({**policy.columns, **model.columns}, attributes or {})
    verdict = _judge(model, policy, row, facts)
    approved, declined = verdict.outcome is Outcome.APPROVE, verdict.outcome is Outcome.DECLINE
    none = Money(0, policy.currency)
    return Decision(
        outcome=verdict.outcome,
        score=verdict.score,
        band=verdict.band.name if verdict.band else None,
        pd=model.pd(verdict.score) if verdict.score is not None else None,
        limit=none if declined else verdict.limit,
        amount=min(verdict.limit, facts.amount) if approved else none,
        annual_rate=verdict.band.annual_rate if verdict.band and not declined else None,
        reasons=verdict.reasons,
        inputs={"attributes": _known(row), "facts": {name: getattr(facts, name) for name in facts.__dataclass_fields__}},
        features=_known(verdict.features),
        points=verdict.points,
        versions={"model": model.sha256, "model_name": model.name, "policy": policy.sha256, "policy_version": policy.version},
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    outcome: Outcome
    reasons: tuple[Reason, ...]
    limit: Money
    features: Mapping[str, Any]
    points: Mapping[str, int]
    score: int | None = None
    band: Band | None = None


def _judge(model: CreditModel, policy: Policy, row: Mapping[str, Any], facts: ApplicationFacts) -> _Verdict:
    if _is_thin(model, policy, row):
        return _Verdict(*_worst(policy, facts, row, [(Outcome.REFER, why.THIN_FILE)]), Money(0, policy.currency), {}, {})
    features, points = model.points(row)
    score = model.scaling.base_points + sum(points.values())
    band = policy.band(model.pd(score))
    limit = policy.limit(band, facts) if facts.kind in policy.caps else Money(0, policy.currency)
    outcome, said = _worst(policy, facts, row, _of_band(policy, band, limit, facts))
    principal = why.principal(model, points, policy.reasons_shown)
    return _Verdict(outcome, (*said, *principal)[: policy.reasons_shown], limit, features, points, score, band)


def _is_thin(model: CreditModel, policy: Policy, row: Mapping[str, Any]) -> bool:
    missing = sum(row[column] is None or row[column] != row[column] for column in model.columns)
    return missing > policy.missing_share * len(model.columns)


def _of_band(policy: Policy, band: Band, limit: Money, facts: ApplicationFacts) -> list[tuple[Outcome, Reason | None]]:
    """What the band and the limit say, with a reason where it is not the score itself."""
    if band.outcome is not Outcome.APPROVE:
        return [(band.outcome, None)]
    if facts.kind not in policy.caps:
        return [(Outcome.REFER, why.KIND_NOT_SERVED)]
    if limit < policy.lowest:
        return [(Outcome.DECLINE, why.LIMIT_TOO_SMALL)]
    granted = min(limit, facts.amount)
    if band.refer_above is not None and granted > band.refer_above:
        return [(Outcome.REFER, why.LARGE_FOR_BAND)]
    return [(Outcome.APPROVE, why.LIMIT_BELOW_REQUEST if limit < facts.amount else None)]


_T = TypeVar("_T")
_SEVERITY = {Outcome.APPROVE: 0, Outcome.REFER: 1, Outcome.DECLINE: 2}


def _worst(
    policy: Policy, facts: ApplicationFacts, row: Mapping[str, Any], found: list[tuple[Outcome, Reason | None]]
) -> tuple[Outcome, tuple[Reason, ...]]:
    """The severest of what was found and the rules that hold, with the reasons of that severity."""
    every = [(rule.outcome, rule.reason) for rule in policy.rules if rule.holds(facts, row)] + found
    outcome = max((one for one, _ in every), key=_SEVERITY.__getitem__)
    return outcome, tuple(reason for one, reason in every if one is outcome and reason is not None)


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None or value != value else value for name, value in values.items()}


class Resolver(Protocol):
    """Finds the model and the policy of a decision by their SHA-256; raises ArtifactMissing."""

    def model(self, sha256: str) -> CreditModel: ...

    def policy(self, sha256: str) -> Policy: ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """Models and policies at hand, by SHA-256."""

    models: Mapping[str, CreditModel]
    policies: Mapping[str, Policy]

    @classmethod
    def of(cls, models: list[CreditModel], policies: list[Policy]) -> Shelf:
        return cls({model.sha256: model for model in models}, {policy.sha256: policy for policy in policies})

    @classmethod
    def open(cls, models_dir: Path, policies_dir: Path) -> Shelf:
        """Every model folder in `models_dir` and every policy file in `policies_dir`."""
        folders = sorted(path.parent for path in Path(models_dir).glob("*/scorecard.json"))
        files = sorted(path for path in Path(policies_dir).iterdir() if path.suffix in (".toml", ".json"))
        return cls.of([CreditModel.load(folder) for folder in folders], [Policy.load(file) for file in files])

    def model(self, sha256: str) -> CreditModel:
        return _found(self.models, sha256, "model")

    def policy(self, sha256: str) -> Policy:
        return _found(self.policies, sha256, "policy")


def _found(at_hand: Mapping[str, _T], sha256: str, kind: str) -> _T:
    if sha256 not in at_hand:
        raise ArtifactMissing(kind, sha256)
    return at_hand[sha256]


def replay(record: bytes, resolver: Resolver) -> bytes:
    """Make the decision of `record` again from its inputs; equal bytes prove that nothing in it was altered.

    Raises RecordUnreadable when it is no record, ArtifactMissing when its model or policy is not at hand.
    """
    try:
        data = json.loads(record)
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema is {data['schema']!r}")
        versions, inputs = data["versions"], data["inputs"]
        model_sha, policy_sha, facts, texts = versions["model"], versions["policy"], inputs["facts"], inputs["attributes"]
        model, policy = resolver.model(model_sha), resolver.policy(policy_sha)
        kinds = {**policy.columns, **model.columns}
        attributes = {name: _restored(text, kinds.get(name, "category")) for name, text in texts.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordUnreadable(f"{type(error).__name__}: {error}") from error
    return decide(model=model, policy=policy, attributes=attributes, application_facts=facts).record()


def _restored(text: Any, kind: str) -> Any:
    return float(text) if kind == "number" and text is not None else text


__all__ = ["Resolver", "Shelf", "decide", "replay"]
