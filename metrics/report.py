"""What does the shop's morning look like, in numbers?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from metrics.alert import LOOK_BACK_DAYS, Judgement, below_since, judge
from metrics.burn_in import BurnIn
from metrics.counts import Counts, CountsReader
from metrics.day import Span
from metrics.dormancy import Dormancy, dormancy, idle_by_label, return_chance
from metrics.gap import Gap, gap
from metrics.problem import Problem
from metrics.repeat import Repeat, daily_rates, repeat
from metrics.segment import ALL, COHORT_MONTH, PURCHASE_COUNT
from metrics.table import SHOWN_FROM, USUAL, Asked, SegmentRow, SegmentTable, month_table, segment_table

__all__ = [
    "USUAL", "Asked", "Basis", "BeforeFirstPurchase", "NoPurchases", "Quality", "Report", "SegmentRow",
    "SegmentTable", "TooFewToShow", "build", "tables",
]  # fmt: skip


class NoPurchases(Problem):
    """Nothing has been imported, or no order counts as a purchase."""

    key = "no_purchases"


class BeforeFirstPurchase(Problem):
    """The day asked for is before the first purchase."""

    key = "before_first_purchase"


class TooFewToShow(Problem):
    """The filters leave fewer customers than may be shown."""

    key = "too_few_to_show"


@dataclass(frozen=True, slots=True)
class Quality:
    """What was left out or changed on the way from orders to purchases.

    `dropped`: rule name -> orders. `newest_at`: newest order seen (aware).
    `firsts_told`: every order says whether it is its customer's first, so no burn-in is needed.
    """

    orders: int
    purchases: int
    customers: int
    dropped: tuple[tuple[str, int], ...]
    merged: int
    unidentified: int
    firsts_in_burn_in: int
    burn_in_days: int
    burn_in_shortened: bool
    newest_at: datetime | None
    unknown_statuses: tuple[tuple[str, int], ...] = ()
    firsts_told: bool = False

    def burnt_in(self, firsts: Counts, burn_in: BurnIn, as_of: date) -> Quality:
        """The same with what the burn-in leaves out of the cohorts; `firsts`: everyone's counts."""
        if burn_in.start is None:
            return self
        left_out = Span(burn_in.start, burn_in.trusted_from(as_of))
        return replace(
            self,
            firsts_in_burn_in=int(firsts.firsts(left_out).sum()),
            burn_in_days=left_out.days,
            burn_in_shortened=burn_in.shortened(as_of),
        )


@dataclass(frozen=True, slots=True)
class Basis:
    """What every answer says about itself."""

    shop: str
    zone: str
    currency: str
    as_of: date
    known_at: datetime | None
    start: date | None
    filters: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]
    quality: Quality


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of one morning: what the digest says."""

    basis: Basis
    repeat: Repeat
    gap: Gap
    dormancy: Dormancy
    judgement: Judgement
    segments: tuple[SegmentTable, ...]


def build(
    reader: CountsReader, basis: Basis, burn_in: BurnIn, dimensions: Sequence[str] = (), asked: Asked = USUAL
) -> Report:
    """The report of the morning `basis.as_of`, of the customers of `basis.filters`.

    `burn_in`: the shop's, see metrics.burn_in.
    Raises NoPurchases, BeforeFirstPurchase, TooFewToShow.
    """
    as_of, filters = basis.as_of, dict(basis.filters)
    everyone = reader.counts(ALL, filters)
    _check(everyone, basis)
    found = repeat(everyone, as_of, burn_in, asked.target, asked.period)
    chances = return_chance(reader.counts(PURCHASE_COUNT, filters), as_of, burn_in)
    since = _since(everyone, as_of, burn_in, asked) if asked.period is None else None
    return Report(
        basis,
        found,
        gap(everyone, as_of, burn_in, asked.period),
        dormancy(everyone, chances, as_of),
        judge(found.now.rate, asked.target, since, asked.minimum),
        tables(reader, basis, burn_in, dimensions, asked),
    )


def tables(
    reader: CountsReader, basis: Basis, burn_in: BurnIn, dimensions: Sequence[str], asked: Asked = USUAL
) -> tuple[SegmentTable, ...]:
    """The figures by the labels of each dimension: the drill-down."""
    filters = dict(basis.filters)
    return tuple(
        month_table(reader.counts(ALL, filters), basis.as_of, burn_in, asked)
        if dimension == COHORT_MONTH
        else segment_table(reader.counts(dimension, filters), basis.as_of, burn_in, asked)
        for dimension in dimensions
    )


def _since(counts: Counts, as_of: date, burn_in: BurnIn, asked: Asked) -> date | None:
    rates = daily_rates(counts, as_of, burn_in, LOOK_BACK_DAYS)
    return below_since(rates.as_ofs, rates.k[0].tolist(), rates.n[0].tolist(), asked.target, asked.minimum)


def _check(everyone: Counts, basis: Basis) -> None:
    if basis.start is None:
        raise NoPurchases
    if basis.as_of < basis.start:
        raise BeforeFirstPurchase(as_of=basis.as_of, start=basis.start)
    customers = sum(row.customers for row in idle_by_label(everyone, basis.as_of))
    if not everyone.labels or (basis.filters and customers < SHOWN_FROM):
        raise TooFewToShow(filters=basis.filters, fewer_than=SHOWN_FROM)
