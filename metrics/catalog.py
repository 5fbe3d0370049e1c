"""Which figures are there?

One line each. A figure on counts is a function of the counts of one dimension,
the morning and the burn-in, and gives one estimate per label; help, definitions
and the laws that every figure must keep (tests) read this list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from metrics.acquisition import acquisition
from metrics.burn_in import BurnIn
from metrics.counts import Counts
from metrics.cpm import customers_by_cell
from metrics.day import Span
from metrics.dormancy import PRE_DORMANT_DAYS, Movement, idle_by_label, movement_by_label, return_chance
from metrics.estimate import Estimate
from metrics.gap import Gap, gap_by_label
from metrics.measure import measured
from metrics.nps import nps
from metrics.product_ladder import ladder
from metrics.reactivation import reactivation
from metrics.repeat import adaptive_rates, provisional
from metrics.segment import PURCHASE_COUNT
from metrics.subscription import continuation
from metrics.value import lifetime_value

ByLabel = Callable[[Counts, date, BurnIn], tuple[Estimate, ...]]


class Unit(StrEnum):
    """What a figure is counted in."""

    SHARE = "share"
    DAYS = "days"
    CUSTOMERS = "customers"
    MONEY = "money"
    POINTS = "points"


class Needs(StrEnum):
    """What a figure is made of."""

    COUNTS = "counts"
    REVENUE = "revenue"
    CUSTOMERS = "customers"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `dimensions`: those it is told by; None: every one.

    `by_label`: for figures on counts, one estimate per label in the order of the labels.
    """

    name: str
    unit: Unit
    function: Callable[..., object]
    by_label: ByLabel | None = None
    dimensions: tuple[str, ...] | None = None
    needs: Needs = Needs.COUNTS

    @property
    def title_key(self) -> str:
        """The key of its title in the language files."""
        return f"figure.{self.name}"


def _confirmed(counts: Counts, as_of: date, burn_in: BurnIn) -> tuple[Estimate, ...]:
    rates = adaptive_rates(counts, (as_of,), burn_in)
    return tuple(rates.point(label, 0).rate for label in range(len(counts.labels)))


def _chance(counts: Counts, as_of: date, burn_in: BurnIn) -> tuple[Estimate, ...]:
    chances = return_chance(counts, as_of, burn_in)
    return tuple(chances[label, PRE_DORMANT_DAYS] for label in counts.labels)


def _of_gap(name: str, unit: Unit, read: Callable[[Gap], Estimate]) -> Figure:
    def by_label(counts: Counts, as_of: date, burn_in: BurnIn) -> tuple[Estimate, ...]:
        return tuple(read(found) for found in gap_by_label(counts, as_of, burn_in))

    return Figure(name, unit, gap_by_label, by_label)


def _of_idle(name: str, field: str) -> Figure:
    def by_label(counts: Counts, as_of: date, _: BurnIn) -> tuple[Estimate, ...]:
        return _numbers(getattr(row, field) for row in idle_by_label(counts, as_of))

    return Figure(name, Unit.CUSTOMERS, idle_by_label, by_label)


def _of_movement(name: str, read: Callable[[Movement], int]) -> Figure:
    def by_label(counts: Counts, as_of: date, _: BurnIn) -> tuple[Estimate, ...]:
        return _numbers(read(row) for row in movement_by_label(counts, Span.ending(as_of, 1)))

    return Figure(name, Unit.CUSTOMERS, movement_by_label, by_label)


def _numbers(customers: Iterable[int]) -> tuple[Estimate, ...]:
    return tuple(Estimate(float(n), n) for n in customers)


CATALOG: tuple[Figure, ...] = (
    Figure("repeat", Unit.SHARE, adaptive_rates, _confirmed),
    Figure("repeat_provisional", Unit.SHARE, provisional, provisional),
    _of_gap("gap_median", Unit.DAYS, lambda gap: gap.median_days),
    _of_gap("gap_days_to_20", Unit.DAYS, lambda gap: gap.days_to_20),
    _of_gap("gap_returned_30", Unit.SHARE, lambda gap: gap.returned[0].share),
    _of_gap("gap_returned_60", Unit.SHARE, lambda gap: gap.returned[1].share),
    _of_gap("gap_returned_90", Unit.SHARE, lambda gap: gap.returned[2].share),
    _of_gap("gap_rmst90", Unit.DAYS, lambda gap: gap.rmst90_days),
    _of_gap("gap_bounded_mean", Unit.DAYS, lambda gap: gap.bounded_mean_days),
    _of_gap("gap_bounded_median", Unit.DAYS, lambda gap: gap.bounded_median_days),
    _of_idle("customers", "customers"),
    _of_idle("active", "active"),
    _of_idle("pre_dormant", "pre_dormant"),
    _of_idle("dormant", "dormant"),
    _of_movement("entering_pre_dormant", lambda moved: moved.entering),
    _of_movement("crossing_dormant", lambda moved: moved.crossing),
    _of_movement("back_pre_dormant", lambda moved: moved.back_pre_dormant),
    _of_movement("back_dormant", lambda moved: moved.back_dormant),
    Figure("return_chance", Unit.SHARE, return_chance, _chance, dimensions=(PURCHASE_COUNT,)),
    Figure("lifetime_value", Unit.MONEY, lifetime_value, needs=Needs.REVENUE),
    Figure("cpm", Unit.CUSTOMERS, customers_by_cell, needs=Needs.CUSTOMERS),
    Figure("reactivation", Unit.SHARE, reactivation, needs=Needs.CUSTOMERS),
    Figure("cpo", Unit.MONEY, acquisition, needs=Needs.BESIDE),
    Figure("continuation", Unit.SHARE, continuation, needs=Needs.BESIDE),
    Figure("ladder", Unit.SHARE, ladder, needs=Needs.BESIDE),
    Figure("measure", Unit.SHARE, measured, needs=Needs.BESIDE),
    Figure("nps", Unit.POINTS, nps, needs=Needs.BESIDE),
)


def figure(name: str) -> Figure:
    """The figure of that name; KeyError for a name that no line has."""
    return {each.name: each for each in CATALOG}[name]
