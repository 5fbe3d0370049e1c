"""How many dormant customers bought again, and what did they bring in?

Whoever was dormant (90 idle days or more) the day before and bought of their own accord (no renewal) came back, as the
figures of dormancy count it. The rate is of those who were dormant when the period began; who became dormant within
it is in the count only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import Span, number
from metrics.dormancy import DORMANT_DAYS
from metrics.estimate import Estimate, rate
from metrics.segment import ALL, BUCKETS, OTHER, PURCHASE_COUNT, too_small
from metrics.survival import Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.counts import Counts

PERIOD_DAYS = 30
PERIODS = 6
SHOWN_FROM = 5
FAR_AWAY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Histories:
    """Purchases of those who may have come back, sorted by customer and day, as arrays of equal length.

    who: a number per customer; day: as a number; idle: days since the purchase before, 0 for the first; before: how
    many purchases there had been; own: no renewal; amount: minor units; label: of the customer, in `labels`.
    """

    who: Ints
    day: Ints
    idle: Ints
    before: Ints
    own: NDArray[np.bool_]
    amount: Ints
    label: Ints
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """Who came back in a period: how many, of those dormant at its start the share, and what all of them brought in.

    revenue: minor units, from the purchase with which they came back to the period's end.
    """

    label: str
    span: Span
    customers: int
    rate: Estimate
    revenue: int


@dataclass(frozen=True, slots=True)
class Reactivation:
    """The period as a whole, by label, and as many periods of its length, oldest first."""

    as_of: date
    dimension: str
    whole: Back
    rows: tuple[Back, ...]
    trend: tuple[Back, ...]


def hidden(rows: tuple[Back, ...]) -> frozenset[int]:
    """Of which rows no revenue is shown: those of a few, and as many more as hide each of them."""
    there = [at for at, row in enumerate(rows) if row.customers]
    return frozenset(there[place] for place in too_small([rows[at].customers for at in there], SHOWN_FROM))


def spans(as_of: date, period: Span | None = None) -> tuple[Span, ...]:
    """The period and those before it, oldest first; none after as_of."""
    today = Span(date.min, as_of + timedelta(days=1))
    span = Span(period.start, max(period.start, min(period.end, today.end))) if period else None
    last = span if span and span.days else Span.ending(as_of, PERIOD_DAYS)
    return tuple(last.shifted(-last.days * back) for back in reversed(range(PERIODS)))


def reactivation(found: Histories, counts: Counts, as_of: date, period: Span | None = None) -> Reactivation:
    """Who came back, as the morning after `as_of` knows it; `counts`: of the dimension that `found` is labelled by."""
    periods = spans(as_of, period)
    trend = tuple(_whole(_by_label(found, counts, span), span) for span in periods)
    last = periods[-1]
    rows: tuple[Back, ...] = ()
    if counts.dimension != ALL:
        table = _by_label(found, counts, last)
        rows = _folded(table, counts.labels, last, in_order=counts.dimension == PURCHASE_COUNT)
    return Reactivation(as_of, counts.dimension, trend[-1], rows, tuple(one for one in trend if one.rate.n))


CUSTOMERS, FROM_START, REVENUE, DORMANT = range(4)


def _by_label(found: Histories, counts: Counts, span: Span) -> Ints:
    """[label of the counts, and one more for those they do not name; column]."""
    start = number(span.start)
    inside = (found.day >= start) & (found.day < number(span.end))
    came = np.flatnonzero(inside & found.own & (found.idle > DORMANT_DAYS))
    _, first = np.unique(found.who[came], return_index=True)
    at = came[first]
    code = _codes(found, counts)[at]
    people = int(found.who.max()) + 1 if len(found.who) else 0
    since, code_of = np.full(people, FAR_AWAY), np.zeros(people, np.int64)
    since[found.who[at]], code_of[found.who[at]] = found.day[at], code
    later = inside & (found.day >= since[found.who])
    table = np.zeros((len(counts.labels) + 1, 4), np.int64)
    np.add.at(table[:, CUSTOMERS], code, 1)
    asleep = start - 1 - (found.day[at] - found.idle[at]) >= DORMANT_DAYS
    np.add.at(table[:, FROM_START], code[asleep], 1)
    np.add.at(table[:, REVENUE], code_of[found.who[later]], found.amount[later])
    table[:-1, DORMANT] = counts.idle(span.start - timedelta(days=1)).dormant
    return table


def _codes(found: Histories, counts: Counts) -> Ints:
    """Of each purchase the customer's place among the labels of the counts, as it was before."""
    place = {label: at for at, label in enumerate(counts.labels)}
    other = place.get(OTHER, len(place))
    if counts.dimension == PURCHASE_COUNT:
        names = [label for label, _, _ in BUCKETS]
        known = np.searchsorted([least for _, least, _ in BUCKETS], found.before, side="right") - 1
        label = np.maximum(known, 0)
    else:
        names, label = list(found.labels), found.label
    codes = np.array([place.get(name, other) for name in names], np.int64)
    return codes[label] if len(codes) else np.zeros(len(found.who), np.int64)


def _whole(table: Ints, span: Span) -> Back:
    return _back("", table.sum(axis=0), span)


def _back(label: str, sums: Ints, span: Span) -> Back:
    customers, from_start, revenue, dormant = (int(value) for value in sums)
    return Back(label, span, customers, rate(from_start, dormant), revenue)


def _folded(table: Ints, labels: tuple[str, ...], span: Span, *, in_order: bool) -> tuple[Back, ...]:
    """The labels, most dormant customers first; small ones as one, so that nobody follows from the others."""
    names = (*labels, OTHER)
    size = (table[:, DORMANT] + table[:, CUSTOMERS]).tolist()
    there = [at for at in range(len(names)) if size[at]]
    buckets = [label for label, _, _ in BUCKETS]
    if in_order:
        there.sort(key=lambda at: buckets.index(names[at]) if names[at] in buckets else len(buckets))
    else:
        there.sort(key=lambda at: (-size[at], names[at]))
    small = {there[place] for place in too_small([size[at] for at in there], SHOWN_FROM)}
    small |= {at for at in there if names[at] == OTHER} if small else set()
    shown = [_back(names[at], table[at], span) for at in there if at not in small]
    return tuple([*shown, _back(OTHER, table[sorted(small)].sum(axis=0), span)] if small else shown)
