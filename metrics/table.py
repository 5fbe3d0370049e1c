"""Which segments lose the most repeat buyers, and how do they stand?

Two things are kept from readers: labels beyond the limit (only their number is
said) and labels under 5 customers ("<5"). What is unseen must not follow from
the whole minus what is seen, so where a label is hidden, at least two labels
with together at least 5 customers are unseen: the smallest shown ones are
folded away until that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from metrics.alert import MINIMUM
from metrics.burn_in import BurnIn
from metrics.counts import Counts
from metrics.day import Span, week_before
from metrics.dormancy import IdleCounts, idle_by_label
from metrics.estimate import NOTHING, Estimate
from metrics.exposure import cohort_curve
from metrics.gap import FIRST_SHARE, days_until, gap_cohort
from metrics.repeat import TARGET, RatePoint, Rates, adaptive_rates, period_rates
from metrics.segment import BUCKETS, COHORT_MONTH, PURCHASE_COUNT
from metrics.survival import Curve, one

LIMIT = 20
SHOWN_FROM = 5
MONTHS = 13

_BUCKET_ORDER = tuple(label for label, _, _ in BUCKETS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What may differ from the usual: the target, fewest customers to judge, longest table.

    `period`: first purchases asked for instead of the usual windows.
    """

    target: float = TARGET
    minimum: int = MINIMUM
    limit: int = LIMIT
    period: Span | None = None


USUAL = Asked()


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One label of a dimension. `hidden`: fewer than 5 customers, show "<5" and no number.

    `customers`: seen by as_of (purchase_count: now in the bucket; cohort_month: first
    bought in it). `idle`: None where hidden, and by cohort month.
    """

    label: str
    customers: int
    hidden: bool
    repeat: RatePoint
    last_week: RatePoint
    gap_median_days: Estimate
    idle: IdleCounts | None
    gap_days_to_20: Estimate = NOTHING


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """A figure by the labels of one dimension; `folded`: how many labels are not shown.

    Worst first, by lost repeat buyers: n x (target - rate). Purchase-count buckets go
    up, cohort months go from the newest back; labels under 5 customers come last.
    """

    dimension: str
    rows: tuple[SegmentRow, ...]
    folded: int


@dataclass(frozen=True, slots=True)
class _Label:
    """A label with its place in counts and in the table."""

    name: str
    index: int
    customers: int
    place: tuple[float, ...]

    @property
    def hidden(self) -> bool:
        return self.customers < SHOWN_FROM


def segment_table(
    counts: Counts,
    as_of: date,
    burn_in: BurnIn,
    asked: Asked = USUAL,
) -> SegmentTable:
    """The figures by label, worst first; every dimension but cohort_month."""
    mornings = (week_before(as_of), as_of)
    rates = (
        adaptive_rates(counts, mornings, burn_in, together=True)
        if asked.period is None
        else period_rates(counts, mornings, burn_in, asked.period)
    )
    idle = idle_by_label(counts, as_of)
    labels = [
        _Label(name, i, idle[i].customers, _place(counts.dimension, name, rates, i, asked.target))
        for i, name in enumerate(counts.labels)
        if idle[i].customers
    ]
    shown, folded = _shown(labels, asked.limit)
    seen = [label.index for label in shown if not label.hidden]
    cohort = gap_cohort(as_of, burn_in, asked.period)
    sizes = counts.firsts(cohort).tolist()
    curves = cohort_curve(counts, cohort, as_of, seen)
    quiet = _quiet([int(n) for n in rates.n[:, 1]], seen)
    found = {
        index: _judged(
            _row(counts.labels[index], (rates, index), one(curves, i), sizes[index], idle[index]),
            asked.minimum,
            quiet=index in quiet,
        )
        for i, index in enumerate(seen)
    }
    rows = tuple(found.get(label.index) or _hidden(label.name, as_of) for label in shown)
    return SegmentTable(counts.dimension, rows, folded)


def month_table(everyone: Counts, as_of: date, burn_in: BurnIn, asked: Asked = USUAL) -> SegmentTable:
    """The figures by month of the first purchase, newest first, from the counts of "all"."""
    spans = _months(as_of, burn_in, asked.period)
    sizes = [int(everyone.firsts(span)[0]) for span in spans]
    labels = [_Label(f"{span.start:%Y-%m}", i, sizes[i], (i,)) for i, span in enumerate(spans) if sizes[i]]
    shown, folded = _shown(labels, asked.limit)
    rows = tuple(
        _hidden(label.name, as_of)
        if label.hidden
        else _month(everyone, label.name, spans[label.index], as_of, burn_in, asked.minimum)
        for label in shown
    )
    return SegmentTable(COHORT_MONTH, rows, folded)


def _month(
    everyone: Counts, name: str, cohort: Span, as_of: date, burn_in: BurnIn, minimum: int
) -> SegmentRow:  # fmt: skip
    rates = period_rates(everyone, (week_before(as_of), as_of), burn_in, cohort)
    curve = one(cohort_curve(everyone, cohort, as_of, (0,)), 0)
    row = _row(name, (rates, 0), curve, int(everyone.firsts(cohort)[0]), None)
    return _judged(row, minimum, quiet=False)


def _months(as_of: date, burn_in: BurnIn, period: Span | None) -> list[Span]:
    """The trusted part of each of the last 13 months (of the months of the period), newest first."""
    trusted_from = burn_in.trusted_from(as_of)
    asked = period or Span(_month_of(as_of, MONTHS - 1), as_of + timedelta(days=1))
    seen = Span(max(asked.start, trusted_from), min(asked.end, as_of + timedelta(days=1)))
    spans = []
    end = seen.end
    while end > seen.start:
        first = (end - timedelta(days=1)).replace(day=1)
        spans.append(Span(max(first, seen.start), end))
        end = first
    return spans


def _month_of(day: date, back: int) -> date:
    """The first day of the month `back` months before that of `day`."""
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _row(name: str, at: tuple[Rates, int], curve: Curve, n: int, idle: IdleCounts | None) -> SegmentRow:
    rates, label = at
    return SegmentRow(
        label=name,
        customers=n if idle is None else idle.customers,
        hidden=False,
        repeat=rates.point(label, 1),
        last_week=rates.point(label, 0),
        gap_median_days=days_until(curve, 0.5, n),
        idle=idle,
        gap_days_to_20=days_until(curve, FIRST_SHARE, n),
    )


def _quiet(n: Sequence[int], seen: Sequence[int]) -> set[int]:
    """Labels whose rate is not said: under 5 customers, and as many more as keep those from following."""
    quiet = {index for index in seen if 0 < n[index] < SHOWN_FROM}
    told = sorted((index for index in seen if n[index] >= SHOWN_FROM), key=lambda index: (n[index], index))
    unseen = [n[index] for index in range(len(n)) if index not in seen and n[index]]
    while quiet and told and (len(unseen) + len(quiet) < 2 or sum(unseen) + sum(n[i] for i in quiet) < SHOWN_FROM):  # noqa: PLR2004 - one alone follows
        quiet.add(told.pop(0))
    return quiet


def _judged(row: SegmentRow, minimum: int, *, quiet: bool) -> SegmentRow:
    """The row with no rate where too few customers stand behind it, and no count where it must stay unsaid."""

    def said(point: RatePoint) -> RatePoint:
        rate = point.rate
        if quiet or 0 < rate.n < SHOWN_FROM:
            return replace(point, rate=NOTHING)
        return replace(point, rate=Estimate(None, rate.n, None, rate.k)) if rate.n < minimum else point

    return replace(row, repeat=said(row.repeat), last_week=said(row.last_week))


def _hidden(name: str, as_of: date) -> SegmentRow:
    """A label of which nothing but the name is said."""
    nobody = RatePoint(as_of, Span(as_of, as_of), NOTHING)
    return SegmentRow(
        label=name, customers=0, hidden=True, repeat=nobody, last_week=nobody, gap_median_days=NOTHING, idle=None
    )


def _place(dimension: str, name: str, rates: Rates, label: int, target: float) -> tuple[float, ...]:
    """Sort key: purchase-count buckets in their order, other labels by lost repeat buyers."""
    if dimension == PURCHASE_COUNT:
        return (_BUCKET_ORDER.index(name),)
    n, k = int(rates.n[label, 1]), int(rates.k[label, 1])
    return (-(n * target - k), -n)


def _shown(labels: Sequence[_Label], limit: int) -> tuple[list[_Label], int]:
    """The labels of the table in order, and how many are folded away."""
    ordered = sorted(labels, key=lambda label: (*label.place, label.name))
    hidden = [label for label in ordered if label.hidden]
    seen = [label for label in ordered if not label.hidden][:limit]
    unseen = [label for label in ordered if label not in seen]
    while hidden and seen and not _blurred(unseen):
        smallest = min(seen, key=lambda label: (label.customers, label.name))
        seen.remove(smallest)
        unseen.append(smallest)
    shown = [label for label in ordered if label in seen] + hidden[: limit - len(seen)]
    return shown, len(ordered) - len(shown)


def _blurred(unseen: Sequence[_Label]) -> bool:
    """Whether what is unseen cannot be told from the whole minus what is seen."""
    return len(unseen) > 1 and sum(label.customers for label in unseen) >= SHOWN_FROM
