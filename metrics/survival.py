"""Of those still watched at each age, how many came back, and so how many are back by then?

Kaplan, E. L. and Meier, P. (1958), JASA 53, 457-481, on counts. The last axis
of every array is the age u = 0..h in days; axes before it are labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.estimate import Z95, Estimate, score_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Share not yet back after each age.

    `survival` is NaN from the age on at which nobody was watched any more.
    `spread` is Greenwood's sum of d / (r (r - d)), of the ages at which someone was left.
    """

    events: Ints
    at_risk: Ints
    survival: Floats
    spread: Floats


def kaplan_meier(events: Ints, at_risk: Ints) -> Curve:
    """The curve of `events` among `at_risk`, both by age."""
    watched = at_risk > 0
    hazard = np.divide(events, at_risk, out=np.zeros(events.shape), where=watched)
    survival = np.cumprod(1.0 - hazard, axis=-1)
    unknown = np.logical_or.accumulate(~watched, axis=-1) & (survival > 0)
    left = at_risk.astype(np.float64) * (at_risk - events)
    spread = np.divide(events, left, out=np.zeros(events.shape), where=left > 0)
    return Curve(events, at_risk, np.where(unknown, np.nan, survival), np.cumsum(spread, axis=-1))


def one(curve: Curve, label: int) -> Curve:
    """The curve of one label."""
    return Curve(curve.events[label], curve.at_risk[label], curve.survival[label], curve.spread[label])


def at_risk_of(total: Ints, events: Ints, censored: Ints) -> Ints:
    """Watched at each age: all but those who came back or left sight at a smaller age.

    `censored`: customers whose watch ended at that age without an event; they
    are still at risk on that age's day.
    """
    gone = np.cumsum(events + censored, axis=-1)
    at_risk: Ints = total[..., None] - np.concatenate([np.zeros_like(gone[..., :1]), gone[..., :-1]], axis=-1)
    return at_risk


def quantile_days(curve: Curve, share: float) -> Floats:
    """The first age by which `share` are back; NaN where that is not reached."""
    # 1 - 0.8 is not 0.2 in binary: a share met exactly must count as met.
    met = curve.survival <= 1.0 - share + 1e-12
    return np.where(met.any(axis=-1), met.argmax(axis=-1).astype(np.float64), np.nan)


def restricted_mean_days(curve: Curve, horizon: int) -> Floats:
    """Mean days not yet back up to `horizon`: the sum of S over [0, horizon); NaN where unknown."""
    total: Floats = curve.survival[..., :horizon].sum(axis=-1)
    return total


def restricted_mean(curve: Curve, horizon: int, n: int) -> Estimate:
    """The restricted mean of one label's curve with its 95 % interval."""
    mean = float(restricted_mean_days(curve, horizon))
    if np.isnan(mean):
        return Estimate(None, n)
    rest = mean - np.cumsum(curve.survival[:horizon]) + curve.survival[:horizon]
    steps = np.diff(curve.spread[:horizon], prepend=0.0)
    half = Z95 * float(np.sqrt((rest * rest * steps).sum()))
    return Estimate(mean, n, (max(0.0, mean - half), min(float(horizon), mean + half)))


def share_back(curve: Curve, age: int, n: int) -> Estimate:
    """Share of one label who are back by `age`, with Rothman's interval.

    Rothman, K. J. (1978), J. Chronic Diseases 31, 557-560: Wilson's interval at the
    number of customers that, watched to the end, would be as sure. Equal to
    Wilson's where nobody left sight.
    """
    return back_between(curve, -1, age, n)


def back_between(curve: Curve, idle: int, age: int, n: int) -> Estimate:
    """Share of one label back at an age in (idle, age], of those not back at `idle`."""
    before = 1.0 if idle < 0 else float(curve.survival[idle])
    after = float(curve.survival[age])
    if np.isnan(after) or not before > 0:
        return Estimate(None, n)
    kept = after / before
    return Estimate(1.0 - kept, n, score_interval(1.0 - kept, _effective(curve, idle, age, kept)))


def _effective(curve: Curve, idle: int, age: int, kept: float) -> float:
    """Customers watched to the end who would be as sure as these."""
    if kept >= 1.0:
        return float(curve.at_risk[age])
    if kept <= 0.0:
        return _effective_when_all_are_back(curve, idle)
    spread = float(curve.spread[age]) - (float(curve.spread[idle]) if idle >= 0 else 0.0)
    return (1.0 - kept) / (kept * spread)


def _effective_when_all_are_back(curve: Curve, idle: int) -> float:
    """Greenwood's limit where the last one watched came back."""
    last = int(np.argmax(curve.survival <= 0.0))
    start = float(curve.survival[idle]) if idle >= 0 else 1.0
    before = float(curve.survival[last - 1]) / start if last - 1 > idle else 1.0
    return float(curve.at_risk[last]) / before
