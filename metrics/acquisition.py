"""Which channel won a customer, what was spent there, and did it pay back?

Platforms name campaigns, shops name where an order came from: patterns bring both to one name.
LTV > CPO + cost: what a new customer brings in within so many days, less what it cost to win one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from metrics.alert import MINIMUM
from metrics.day import Span
from metrics.estimate import Z95, Estimate
from metrics.segment import ALL, OTHER, too_small
from metrics.survival import Ints

HORIZONS = (30, 90, 180, 365)
USUAL_HORIZON = 90
COHORT_DAYS = 90
SHOWN_FROM = 5
SAMPLES, SEED, MOST_VALUES = 2_000, 21, 5_000

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Channels:
    """Patterns, the first that is found in a name gives its channel; a name that none fits stands for itself."""

    patterns: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The channel of a campaign, or of what an order says."""
        return next((channel for pattern, channel in self.patterns.items() if re.search(pattern, name)), name)


@dataclass(frozen=True, slots=True)
class Loose:
    """What meets nothing on the other side, most first. `spend`: name -> amount; `orders`: label -> customers."""

    spend: tuple[tuple[str, int], ...] = ()
    orders: tuple[tuple[str, int], ...] = ()


def loose_ends(channels: Channels, spend: Iterable[tuple[str, int]], orders: Iterable[tuple[str, int]]) -> Loose:
    """Spend whose channel won nobody, and customers whose channel cost nothing."""
    spend, orders = tuple(spend), tuple(orders)
    paid, won = {channels.of(name) for name, _ in spend}, {channels.of(label) for label, _ in orders}
    return Loose(
        _most_first((name, amount) for name, amount in spend if channels.of(name) not in won),
        _most_first((label, n) for label, n in orders if channels.of(label) not in paid),
    )


def _most_first(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Acquired:
    """Customers who first bought in a cohort, all of them watched for `horizon` days since.

    label: each one's channel, as a place in `labels`; value: what each brought in, in minor units; by_age: the
    same summed by label and day of age. spend: what was spent in the cohort's days, by name.
    less_goods: goods are taken off the value.
    """

    cohort: Span
    horizon: int
    labels: tuple[str, ...]
    label: Ints
    value: Ints
    by_age: Ints
    spend: tuple[tuple[str, int], ...]
    less_goods: bool


@dataclass(frozen=True, slots=True)
class Won:
    """One channel: new customers, what they cost and brought in each (minor units), and when that paid back.

    cpo: None where nothing was spent; surplus: value less cpo; payback: first day of age at which the
    mean value reaches the cpo, None where it does not within the horizon.
    """

    channel: str
    customers: int
    spend: int
    cpo: float | None
    value: Estimate
    surplus: Estimate
    payback: int | None


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What new customers cost and brought in: as a whole, and by channel, most customers first."""

    as_of: date
    cohort: Span
    horizon: int
    less_goods: bool
    whole: Won
    channels: tuple[Won, ...]
    loose: Loose


def acquisition(found: Acquired, channels: Channels, as_of: date) -> Acquisition:
    """Lifetime value against the cost of an order, for each channel that won customers."""
    of_label = [channels.of(label) for label in found.labels]
    names = sorted(set(of_label))
    place = np.array([names.index(name) for name in of_label], np.int64)
    code = place[found.label] if len(found.label) else found.label
    sizes = np.bincount(code, minlength=len(names)).tolist()
    there = [at for at, n in enumerate(sizes) if n]
    small = {there[at] for at in too_small([sizes[at] for at in there], SHOWN_FROM)}
    groups = [(names[at], [at]) for at in there if at not in small]
    groups.sort(key=lambda group: (-sizes[group[1][0]], group[0]))
    if small:
        groups.append((OTHER, sorted(small)))
    spent: dict[str, int] = {}
    for name, cost in found.spend:
        spent[channels.of(name)] = spent.get(channels.of(name), 0) + cost
    rows = [
        _won(found, name, np.isin(code, ats), np.isin(place, ats), sum(spent.get(names[at], 0) for at in ats))
        for name, ats in groups
    ]
    whole = _won(found, ALL, np.ones(len(code), bool), np.ones(len(place), bool), sum(spent.values()))
    customers = [(label, int(n)) for label, n in zip(found.labels, _sizes(found), strict=True) if n]
    return Acquisition(
        as_of, found.cohort, found.horizon, found.less_goods, whole, tuple(rows),
        loose_ends(channels, found.spend, customers),
    )  # fmt: skip


def _sizes(found: Acquired) -> list[int]:
    return [int(n) for n in np.bincount(found.label, minlength=len(found.labels))]


def _won(found: Acquired, channel: str, who: Mask, labels: Mask, spend: int) -> Won:
    value = found.value[who]
    n = len(value)
    mean = _mean(value)
    if not spend or not n:
        return Won(channel, n, spend, None, mean, Estimate(None, n), None)
    cpo = spend / n
    reached = np.flatnonzero(np.cumsum(found.by_age[labels].sum(axis=0)) >= spend)
    payback = int(reached[0]) if len(reached) and mean.value is not None else None
    if mean.value is None or mean.interval is None:
        return Won(channel, n, spend, cpo, mean, Estimate(None, n), payback)
    low, high = mean.interval
    return Won(channel, n, spend, cpo, mean, Estimate(mean.value - cpo, n, (low - cpo, high - cpo)), payback)


def _mean(value: Ints) -> Estimate:
    """The mean with its bootstrap interval (percentiles of 2,000 samples); no value under 30 customers.

    Efron, B. (1979), Annals of Statistics 7, 1-26. The dice are the same every time, and the values are
    sorted: nothing but the values decides.
    """
    n = len(value)
    if n < MINIMUM:
        return Estimate(None, n)
    values, counts = np.unique(value, return_counts=True)
    if len(values) > MOST_VALUES:  # the mean of so many is as good as normal
        half = Z95 * float(value.std()) / sqrt(n)
        return Estimate(float(value.mean()), n, (float(value.mean()) - half, float(value.mean()) + half))
    dice = np.random.default_rng(SEED)
    means = dice.multinomial(n, counts / n, size=SAMPLES) @ values / n
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(value.mean()), n, (float(low), float(high)))
