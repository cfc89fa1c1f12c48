"""Error rates for the training scripts: equal error rates, with intervals in which a person, not a frame, is the unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Row = tuple[str, bool, float]
"""person, live, log-odds"""


def eer(live: np.ndarray, attack: np.ndarray) -> tuple[float, float]:
    """Equal error rate and its threshold."""
    cuts = np.unique(np.concatenate([live, attack]))
    miss = np.searchsorted(np.sort(live), cuts) / len(live)
    pass_ = 1 - np.searchsorted(np.sort(attack), cuts) / len(attack)
    at = int(np.argmin(np.abs(miss - pass_)))
    return float((miss[at] + pass_[at]) / 2), float(cuts[at])


def by_person(rows: Sequence[Row], draws: int = 500) -> dict[str, float]:
    """EER of the rows with a 95 % interval from resampling people."""
    people = sorted({p for p, _, _ in rows})
    live = {p: np.array([s for q, alive, s in rows if q == p and alive]) for p in people}
    attack = {p: np.array([s for q, alive, s in rows if q == p and not alive]) for p in people}
    rng, found = np.random.default_rng(3), []
    for _ in range(draws):
        some = rng.choice(people, len(people))
        a, b = np.concatenate([live[p] for p in some]), np.concatenate([attack[p] for p in some])
        if len(a) and len(b):
            found.append(eer(a, b)[0])
    whole, cut = eer(np.concatenate(list(live.values())), np.concatenate(list(attack.values())))
    low, high = (float(np.quantile(found, q)) for q in (0.025, 0.975))
    return {
        "eer": whole,
        "low": low,
        "high": high,
        "cut": cut,
        "people": len(people),
        "live": len(flat(live)),
        "attacks": len(flat(attack)),
    }


def flat(groups: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate(list(groups.values()))


def at_cut(rows: Sequence[Row], cut: float) -> dict[str, float]:
    """BPCER and APCER where `cut` is the smallest log-odds that count as live."""
    live = np.array([s for _, alive, s in rows if alive])
    attack = np.array([s for _, alive, s in rows if not alive])
    return {"bpcer": float((live < cut).mean()), "apcer": float((attack >= cut).mean())}


def pooled(rows: Sequence[tuple[str, str, float]], size: int = 8) -> list[Row]:
    """Rows (person, kind, log-odds) in order of time: the mean of `size` successive ones of a person and kind, as a clip is scored."""
    out = []
    for person, kind in sorted({(p, k) for p, k, _ in rows}):
        values = [v for p, k, v in rows if (p, k) == (person, kind)]
        out += [(person, kind == "live", float(np.mean(values[i : i + size]))) for i in range(0, max(1, len(values) - size + 1), size)]
    return out


def platt(live: np.ndarray, attack: np.ndarray, even: float) -> tuple[float, float]:
    """Scale and shift (Platt 1999) by which log-odds become honest, both classes counting alike; then moved so that the threshold of equal
    errors comes to lie at the probability `even`."""
    x = np.concatenate([live, attack])
    y = np.concatenate([np.ones(len(live)), np.zeros(len(attack))])
    weight = np.concatenate([np.full(len(live), 0.5 / len(live)), np.full(len(attack), 0.5 / len(attack))])
    a, b = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a * x + b, -30, 30)))
        slope = np.array([np.sum(weight * (p - y) * x), np.sum(weight * (p - y))])
        bent = weight * p * (1 - p)
        hessian = np.array([[np.sum(bent * x * x), np.sum(bent * x)], [np.sum(bent * x), np.sum(bent)]]) + np.eye(2) * 1e-6
        a, b = np.array([a, b]) - np.linalg.solve(hessian, slope)
    _, cut = eer(live, attack)
    return float(a), float(np.log(even / (1 - even)) - a * cut)
