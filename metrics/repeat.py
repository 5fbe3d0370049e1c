"""Of the customers who bought for the first time, how many bought again within 30 days?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from metrics.burn_in import BurnIn
from metrics.cells import Ints
from metrics.counts import Counts
from metrics.day import Span, number, of_number
from metrics.estimate import Estimate, rate
from metrics.exposure import need_horizon, period_curve
from metrics.survival import Curve, one, share_back

WITHIN_DAYS = 30
TARGET = 0.20
WINDOW_DAYS = 28
WIDEST_DAYS = 180
ENOUGH = 200
PERIOD_DAYS = 28
ENOUGH_AT_RISK = 20
TREND_WEEKS = 13

WIDTHS = (*range(WINDOW_DAYS, WIDEST_DAYS, 7), WIDEST_DAYS)
"""Window widths tried, narrowest first: whole weeks, and the widest."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The confirmed rate as one morning saw it."""

    as_of: date
    cohort: Span
    rate: Estimate


@dataclass(frozen=True, slots=True)
class Repeat:
    """The 30-day first-repeat rate of one group of customers.

    `now`: confirmed, adaptive window. `last_week`: what it was at as_of - 7 with its
    own window. `before`: the same cohort window one window length earlier.
    `provisional`: period Kaplan-Meier (速報値) of the last 28 calendar days; its n is
    the smallest number at risk on any age day.
    `trend`: 13 weekly points of the adaptive window, oldest first, the last one at `now.as_of`.
    """

    within: int
    target: float
    now: RatePoint
    last_week: RatePoint
    before: RatePoint
    provisional: Estimate
    provisional_period: Span
    trend: tuple[RatePoint, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    """Confirmed rates of many labels and mornings at once: k of n, first day of each cohort.

    Arrays have the shape [labels, mornings]; `ends` [mornings] is the day after each cohort.
    """

    as_ofs: tuple[date, ...]
    ends: Ints
    starts: Ints
    n: Ints
    k: Ints

    def point(self, label: int, morning: int) -> RatePoint:
        """One of them."""
        cohort = Span(of_number(self.starts[label, morning]), of_number(self.ends[morning]))
        found = rate(int(self.k[label, morning]), int(self.n[label, morning]))
        return RatePoint(self.as_ofs[morning], cohort, found)


def first_repeat_rate(counts: Counts, cohort: Span, within: int = WITHIN_DAYS) -> tuple[Estimate, ...]:
    """Share of the cohort's first-time customers back within `within` days, by label.

    The cohort must be matured: its last day + within <= as_of.
    """
    need_horizon(counts, within)
    firsts, seconds = counts.firsts(cohort).tolist(), counts.seconds(cohort, within).tolist()
    return tuple(rate(k, n) for k, n in zip(seconds, firsts, strict=True))


def adaptive_rates(
    counts: Counts, as_ofs: Sequence[date], burn_in: BurnIn, within: int = WITHIN_DAYS, *, together: bool = False
) -> Rates:
    """The confirmed rate of every label as each of the mornings saw it.

    First purchases in (as_of - within - W, as_of - within], W = 28 days, widened by whole
    weeks until n >= 200 or W = 180, without the burn-in of that morning. `together`: one
    window for all labels, wide enough for their sum, so that the parts add up to the whole.
    """
    need_horizon(counts, within)
    ends = np.array([number(as_of) - within + 1 for as_of in as_ofs], np.int64)
    trusted = np.array([number(burn_in.trusted_from(as_of)) for as_of in as_ofs], np.int64)
    starts = np.clip(ends[:, None] - np.array(WIDTHS), np.minimum(trusted, ends)[:, None], None)
    days, place = np.unique(np.concatenate([starts.reshape(-1), ends]), return_inverse=True)
    dates = [of_number(day) for day in days.tolist()]
    firsts, seconds = counts.firsts_before(dates), counts.seconds_before(dates, within)
    at_start, at_end = place[: starts.size].reshape(starts.shape), place[starts.size :]
    reached = firsts[:, at_end, None] - firsts[:, at_start]
    enough = (np.broadcast_to(reached.sum(axis=0), reached.shape) if together else reached) >= ENOUGH
    width = np.where(enough.any(axis=2), enough.argmax(axis=2), len(WIDTHS) - 1)
    morning, label = np.arange(len(ends)), np.arange(len(counts.labels))[:, None]
    chosen = at_start[morning, width]
    n = firsts[:, at_end] - firsts[label, chosen]
    k = seconds[:, at_end] - seconds[label, chosen]
    return Rates(tuple(as_ofs), ends, starts[morning, width], n, k)


def adaptive_cohort(counts: Counts, as_of: date, burn_in: BurnIn, within: int = WITHIN_DAYS) -> tuple[Span, ...]:
    """The cohort behind the confirmed rate of each label."""
    rates = adaptive_rates(counts, (as_of,), burn_in, within)
    return tuple(rates.point(label, 0).cohort for label in range(len(counts.labels)))


def provisional(counts: Counts, as_of: date, burn_in: BurnIn, within: int = WITHIN_DAYS) -> tuple[Estimate, ...]:
    """The rate as the last 28 calendar days show it, by label (速報値)."""
    need_horizon(counts, within)
    curve = period_curve(counts, Span.ending(as_of, PERIOD_DAYS), within, burn_in.trusted_from(as_of))
    return tuple(_provisional(one(curve, label), within) for label in range(len(counts.labels)))


def _provisional(curve: Curve, within: int) -> Estimate:
    least = int(curve.at_risk.min())
    return share_back(curve, within, least) if least >= ENOUGH_AT_RISK else Estimate(None, least)


def period_rates(
    counts: Counts, as_ofs: Sequence[date], burn_in: BurnIn, period: Span, within: int = WITHIN_DAYS
) -> Rates:
    """The rate of first purchases within a period that was asked for, as far as it had matured."""
    need_horizon(counts, within)
    spans = [
        Span(period.start, min(period.end, as_of - timedelta(days=within - 1))).clipped(burn_in.trusted_from(as_of))
        for as_of in as_ofs
    ]
    shape = (len(counts.labels), len(spans))
    n = np.array([counts.firsts(span) for span in spans], np.int64).T.reshape(shape)
    k = np.array([counts.seconds(span, within) for span in spans], np.int64).T.reshape(shape)
    ends = np.array([number(max(span.start, span.end)) for span in spans], np.int64)
    starts = np.broadcast_to(np.array([number(span.start) for span in spans], np.int64), shape)
    return Rates(tuple(as_ofs), ends, starts, n, k)


def rates_of(
    counts: Counts, as_ofs: Sequence[date], burn_in: BurnIn, period: Span | None, within: int = WITHIN_DAYS
) -> Rates:
    """The rate of the period asked for, else of the adaptive window."""
    if period is None:
        return adaptive_rates(counts, as_ofs, burn_in, within)
    return period_rates(counts, as_ofs, burn_in, period, within)


def repeat(counts: Counts, as_of: date, burn_in: BurnIn, target: float = TARGET, period: Span | None = None) -> Repeat:
    """The 30-day first-repeat rate of everyone in `counts` of dimension "all"."""
    return repeat_by_label(counts, as_of, burn_in, target, period)[0]


def repeat_by_label(
    counts: Counts, as_of: date, burn_in: BurnIn, target: float = TARGET, period: Span | None = None
) -> tuple[Repeat, ...]:
    """The first-repeat rate of every label, confirmed and provisional, with its 13 weeks.

    `period`: first purchases asked for instead of the adaptive window; the 13 weeks
    keep the window.
    """
    mornings = [as_of - timedelta(days=7 * week) for week in reversed(range(TREND_WEEKS))]
    weekly = adaptive_rates(counts, mornings, burn_in)
    asked = rates_of(counts, mornings[-2:], burn_in, period)
    days = Span.ending(as_of, PERIOD_DAYS)
    found = []
    for label, early in enumerate(provisional(counts, as_of, burn_in)):
        trend = tuple(weekly.point(label, morning) for morning in range(TREND_WEEKS))
        last_week, now = asked.point(label, 0), asked.point(label, 1)
        earlier = _window_before(counts, label, now, burn_in)
        found.append(Repeat(WITHIN_DAYS, target, now, last_week, earlier, early, days, trend))
    return tuple(found)


def _window_before(counts: Counts, label: int, now: RatePoint, burn_in: BurnIn) -> RatePoint:
    """The cohort window one window length earlier."""
    days = now.cohort.days
    cohort = now.cohort.shifted(-days).clipped(burn_in.trusted_from(now.as_of))
    k, n = counts.seconds(cohort, WITHIN_DAYS)[label], counts.firsts(cohort)[label]
    return RatePoint(now.as_of - timedelta(days=days), cohort, rate(int(k), int(n)))


def daily_rates(counts: Counts, as_of: date, burn_in: BurnIn, days: int, within: int = WITHIN_DAYS) -> Rates:
    """The confirmed rate of the last `days` mornings, oldest first, the last one `as_of`."""
    mornings = [as_of - timedelta(days=back) for back in reversed(range(days))]
    return adaptive_rates(counts, mornings, burn_in, within)
