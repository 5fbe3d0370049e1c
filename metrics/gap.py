"""How long does it take from the first to the second purchase?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from metrics.burn_in import BurnIn
from metrics.cells import Ints
from metrics.counts import Counts
from metrics.day import Span
from metrics.estimate import Estimate
from metrics.exposure import cohort_curve, need_horizon
from metrics.survival import Curve, Floats, one, quantile_days, restricted_mean, share_back

COHORT_DAYS = 365
BOUND_DAYS = 180
RETURNED_DAYS = (30, 60, 90)
RESTRICTED_DAYS = 90
FIRST_SHARE = 0.20


@dataclass(frozen=True, slots=True)
class ReturnedBy:
    """Share who are back by `days` after the first purchase, and how many were still watched then."""

    days: int
    share: Estimate
    at_risk: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The gap from first to second purchase of one cohort (Kaplan-Meier).

    `median_days`, `days_to_20`: value None means "not reached" within the horizon.
    `rmst90_days`: restricted mean of days without a second purchase, up to 90.
    `bounded_mean_days`, `bounded_median_days`: of customers first seen >= 180 days ago
    with a gap <= 180 (`bounded_cohort`); n = repeaters.
    `curve`: share back by day 0..horizon, as far as anyone is at risk.
    """

    cohort: Span
    n: int
    median_days: Estimate
    days_to_20: Estimate
    returned: tuple[ReturnedBy, ...]
    rmst90_days: Estimate
    bounded_cohort: Span
    bounded_mean_days: Estimate
    bounded_median_days: Estimate
    curve: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ObservedGap:
    """Mean and median gap of those who did come back; n = repeaters."""

    cohort: Span
    mean_days: Estimate
    median_days: Estimate


def gap(counts: Counts, as_of: date, burn_in: BurnIn, period: Span | None = None) -> Gap:
    """The gap of everyone in `counts` of dimension "all"."""
    return gap_by_label(counts, as_of, burn_in, period, (0,))[0]


def gap_by_label(
    counts: Counts, as_of: date, burn_in: BurnIn, period: Span | None = None, rows: Sequence[int] | None = None
) -> tuple[Gap, ...]:
    """The gap of each label (of the label indices `rows`).

    Cohort: first purchases of the period asked for, else of the last 365 days.
    """
    need_horizon(counts, RESTRICTED_DAYS)
    which = range(len(counts.labels)) if rows is None else rows
    cohort = gap_cohort(as_of, burn_in, period)
    curves = cohort_curve(counts, cohort, as_of, which)
    sizes = counts.firsts(cohort).tolist()
    bounded = bounded_gap(counts, as_of, burn_in.trusted_from(as_of))
    return tuple(_gap(one(curves, i), cohort, sizes[row], bounded[row]) for i, row in enumerate(which))


def gap_cohort(as_of: date, burn_in: BurnIn, period: Span | None = None) -> Span:
    """The first purchases a gap is read from; each is watched until `as_of`."""
    asked = period or Span.ending(as_of, COHORT_DAYS)
    seen = Span(asked.start, min(asked.end, as_of + timedelta(days=1))).clipped(burn_in.trusted_from(as_of))
    return Span(seen.start, max(seen.start, seen.end))


def _gap(curve: Curve, cohort: Span, n: int, bounded: ObservedGap) -> Gap:
    return Gap(
        cohort,
        n,
        days_until(curve, 0.5, n),
        days_until(curve, FIRST_SHARE, n),
        tuple(ReturnedBy(d, share_back(curve, d, n), int(curve.at_risk[d])) for d in RETURNED_DAYS),
        restricted_mean(curve, RESTRICTED_DAYS, n),
        bounded.cohort,
        bounded.mean_days,
        bounded.median_days,
        tuple((1.0 - curve.survival[~np.isnan(curve.survival)]).tolist()),
    )


def days_until(curve: Curve, share: float, n: int) -> Estimate:
    """The day by which `share` of one label are back; value None: not reached."""
    days = float(quantile_days(curve, share))
    return Estimate(None if np.isnan(days) else days, n)


def bounded_gap(counts: Counts, as_of: date, trusted_from: date, bound: int = BOUND_DAYS) -> tuple[ObservedGap, ...]:
    """Mean and median gap by label with a closed horizon: first seen >= `bound` days ago, gap <= `bound`."""
    need_horizon(counts, bound)
    start = min(trusted_from, as_of)
    cohort = Span(start, max(start, as_of - timedelta(days=bound - 1)))
    return _observed(cohort, counts.gap_histogram(cohort)[:, : bound + 1])


def observed_gap(counts: Counts, as_of: date) -> tuple[ObservedGap, ...]:
    """Mean and median gap by label of everyone with a second purchase by `as_of`.

    It grows with the length of history, so no message shows it; here for comparison
    with other tools. Needs counts that keep gaps as long as the history.
    """
    start = counts.start or as_of
    cohort = Span(min(start, as_of), as_of + timedelta(days=1))
    need_horizon(counts, cohort.days - 1)
    return _observed(cohort, counts.gaps_seen(cohort, as_of)[0])


def _observed(cohort: Span, histogram: Ints) -> tuple[ObservedGap, ...]:
    n = histogram.sum(axis=1).tolist()
    total = (histogram @ np.arange(histogram.shape[1])).tolist()
    medians = _medians(histogram).tolist()
    return tuple(
        ObservedGap(cohort, Estimate(days / back if back else None, back), Estimate(median if back else None, back))
        for back, days, median in zip(n, total, medians, strict=True)
    )


def _medians(histogram: Ints) -> Floats:
    """The middle gap of each row; of an even number the mean of the two middle ones."""
    running = histogram.cumsum(axis=1)
    n = running[:, -1:]
    low, high = (running < (n + 1) // 2).sum(axis=1), (running < n // 2 + 1).sum(axis=1)
    middle: Floats = (low + high) / 2
    return middle
