"""Who was being watched at each age after the first purchase, and who came back then?

Between counts and survival: what a curve is made of, as one morning saw it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from metrics.cells import Ints
from metrics.counts import Counts
from metrics.day import Span, number
from metrics.problem import Problem
from metrics.survival import Curve, at_risk_of, kaplan_meier


class HorizonTooShort(Problem):
    """The counts do not keep gaps that long: set `horizon_days` higher and rebuild."""

    key = "horizon_too_short"


def need_horizon(counts: Counts, days: int) -> None:
    """Raises HorizonTooShort unless gaps of `days` days are kept."""
    if counts.horizon_days < days:
        raise HorizonTooShort(horizon_days=counts.horizon_days, needed_days=days)


def cohort_curve(counts: Counts, cohort: Span, as_of: date, rows: Sequence[int] | None = None) -> Curve:
    """Kaplan-Meier over ages 0..horizon of the customers of a cohort, each watched until `as_of`."""
    cohort = Span(cohort.start, max(cohort.start, min(cohort.end, as_of + timedelta(days=1))))
    recent = cohort.clipped(as_of - timedelta(days=counts.horizon_days))
    which = list(range(len(counts.labels))) if rows is None else list(rows)
    back, back_by_day = counts.gaps_seen(recent, as_of, which)
    matured = Span(cohort.start, recent.start)
    events = back + counts.gap_histogram(matured)[which]
    alone = counts.firsts_by_day(recent)[which] - back_by_day
    censored = np.zeros_like(events)
    if recent.days:
        ages = number(as_of) - number(recent.start) - np.arange(recent.days)
        censored[:, ages] = alone
    return kaplan_meier(events, at_risk_of(counts.firsts(cohort)[which], events, censored))


def period_curve(counts: Counts, period: Span, longest: int, trusted_from: date) -> Curve:
    """Kaplan-Meier with delayed entry: what happened at age 0..longest on the days of the period.

    At age u those are watched whose day first + u lies in the period and who were
    not back before it. So it moves as soon as customers do.
    """
    span = Span(period.start - timedelta(days=longest), period.end)
    firsts = counts.firsts_by_day(span)
    back = counts.gaps_by_day(span, longest)
    untrusted = min(span.days, max(0, number(trusted_from) - number(span.start)))
    firsts[:, :untrusted] = 0
    back[:, :untrusted] = 0
    alone = firsts[:, :, None] - np.cumsum(back, axis=2) + back
    ages = np.arange(longest + 1)
    day = np.arange(span.days)[:, None]
    inside = (day + ages >= longest) & (day + ages < longest + period.days)
    return kaplan_meier(_over_days(back, inside), _over_days(alone, inside))


def _over_days(table: Ints, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
    total: Ints = (table * inside).sum(axis=1)
    return total


def observed_by_age(counts: Counts, cohort: Span, as_of: date, longest: int) -> Ints:
    """Customers of the cohort watched through each age 0..longest; shape [labels, longest + 1]."""
    ends = [min(cohort.end, max(cohort.start, as_of + timedelta(days=1 - age))) for age in range(longest + 1)]
    before = counts.firsts_before([cohort.start])
    return counts.firsts_before(ends) - before
