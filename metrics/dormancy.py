"""Who is about to go dormant, and how likely is a return?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.burn_in import BurnIn
from metrics.cells import Idle, Ints
from metrics.counts import Counts, IdleState
from metrics.day import Span, week_before
from metrics.estimate import NOTHING, Estimate
from metrics.exposure import cohort_curve, need_horizon
from metrics.segment import BUCKETS, bucket
from metrics.survival import Curve, back_between, one

PRE_DORMANT_DAYS = 60
DORMANT_DAYS = 90
RETURN_WITHIN_DAYS = 90
ENOUGH_AT_RISK = 30

Chances = Mapping[tuple[str, int], Estimate]
"""(purchase-count bucket, idle days) -> P(return within 90 days)."""


@dataclass(frozen=True, slots=True)
class IdleCounts:
    """Customers by idle days on one day: 0-59, 60-89, 90 and more."""

    active: int
    pre_dormant: int
    dormant: int

    @property
    def customers(self) -> int:
        """All of them."""
        return self.active + self.pre_dormant + self.dormant


@dataclass(frozen=True, slots=True)
class Movement:
    """Customers who changed state on one day (or within one span)."""

    entering: int
    crossing: int
    back_pre_dormant: int
    back_dormant: int


@dataclass(frozen=True, slots=True)
class Dormancy:
    """Idle buckets with movement, and the chance of return by purchase-count bucket.

    `return_chance`: bucket label -> P(return within 90 days | idle 60 now); value None: too few.
    """

    as_of: date
    now: IdleCounts
    last_week: IdleCounts
    today: Movement
    week: Movement
    return_chance: tuple[tuple[str, Estimate], ...]


@dataclass(frozen=True, slots=True)
class AboutToGoDormant:
    """One customer of the list: idle 60-89 days, ranked by P(return) x expected value.

    `customer_id` is the store's key; amounts are minor units.
    """

    customer_id: str
    idle_days: int
    purchase_count: int
    amount: int
    return_chance: Estimate
    expected_value: float


def idle_by_label(counts: Counts, day: date) -> tuple[IdleCounts, ...]:
    """Customers of each label by idle days at the end of that day."""
    return _idle(counts.idle(day))


def _idle(state: IdleState) -> tuple[IdleCounts, ...]:
    columns = (state.active.tolist(), state.pre_dormant.tolist(), state.dormant.tolist())
    return tuple(IdleCounts(*row) for row in zip(*columns, strict=True))


def movement_by_label(counts: Counts, span: Span) -> tuple[Movement, ...]:
    """Customers of each label who changed state on the days of the span."""
    return _movement(counts.moved(span))


def _movement(moved: Ints) -> tuple[Movement, ...]:
    events = (Idle.PRE_DORMANT, Idle.DORMANT, Idle.BACK_PRE_DORMANT, Idle.BACK_DORMANT)
    return tuple(Movement(*row) for row in zip(*(moved[event].tolist() for event in events), strict=True))


def return_chance(counts: Counts, as_of: date, burn_in: BurnIn) -> dict[tuple[str, int], Estimate]:
    """P(return within 90 days) of who is idle 60..89 days now, by purchase-count bucket.

    `counts`: of the dimension purchase_count. Kaplan-Meier over the gaps from the k-th
    to the next purchase; n is how many were seen idle that long; no value under 30.
    """
    need_horizon(counts, DORMANT_DAYS - 1 + RETURN_WITHIN_DAYS)
    trusted_from = min(burn_in.trusted_from(as_of), as_of)
    curves = cohort_curve(counts, Span(trusted_from, as_of + timedelta(days=1)), as_of)
    known = {label: one(curves, i) for i, label in enumerate(counts.labels)}
    return {
        (label, idle): _chance(known[label], idle) if label in known else NOTHING
        for label, _, _ in BUCKETS
        for idle in range(PRE_DORMANT_DAYS, DORMANT_DAYS)
    }


def _chance(curve: Curve, idle: int) -> Estimate:
    at_risk = int(curve.at_risk[idle + 1])
    if at_risk < ENOUGH_AT_RISK:
        return Estimate(None, at_risk)
    return back_between(curve, idle, idle + RETURN_WITHIN_DAYS, at_risk)


def dormancy(counts: Counts, chances: Chances, as_of: date) -> Dormancy:
    """Idle customers of `counts` (dimension "all"), with the chances of `return_chance`."""
    return Dormancy(
        as_of,
        idle_by_label(counts, as_of)[0],
        idle_by_label(counts, week_before(as_of))[0],
        movement_by_label(counts, Span.ending(as_of, 1))[0],
        movement_by_label(counts, Span.ending(as_of, 7))[0],
        tuple((label, chances[label, PRE_DORMANT_DAYS]) for label, _, _ in BUCKETS),
    )


def about_to_go_dormant(
    customer_id: str, idle_days: int, purchase_count: int, amount: int, chances: Chances
) -> AboutToGoDormant:
    """One customer of the list; expected value: P(return) x the customer's mean purchase."""
    chance = chances.get((bucket(purchase_count), idle_days), NOTHING)
    expected = (chance.value or 0.0) * amount / purchase_count
    return AboutToGoDormant(customer_id, idle_days, purchase_count, amount, chance, expected)


def ranked(customers: Iterable[AboutToGoDormant]) -> tuple[AboutToGoDormant, ...]:
    """The list in calling order: greatest expected value first, then the greater mean purchase."""
    return tuple(
        sorted(customers, key=lambda who: (-who.expected_value, -who.amount / who.purchase_count, who.customer_id))
    )
