"""What moved between two groups of first-time buyers, label by label?

Two cohorts of one shop, or one cohort of two kinds of customers. Labels under 5
customers in either group are one "other", with so many more that what is unseen
does not follow from the whole; so are labels beyond the longest table. The parts
still add up to the change, for nobody is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from metrics.change import OTHER, Group, kitagawa
from metrics.counts import Counts
from metrics.day import Span
from metrics.estimate import Estimate, rate
from metrics.exposure import need_horizon
from metrics.repeat import WITHIN_DAYS
from metrics.segment import ALL, COHORT_MONTH, PURCHASE_COUNT
from metrics.table import LIMIT, SHOWN_FROM

NO_PARTS = frozenset({ALL, PURCHASE_COUNT, COHORT_MONTH})
"""Dimensions that do not tell two groups of first-time buyers apart by the same labels."""


@dataclass(frozen=True, slots=True)
class Buyers:
    """First-time buyers: of the days of a matured cohort, with those labels."""

    cohort: Span
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MovedRow:
    """One label: its rate in both groups, and what it adds to the change by its share and by its rate."""

    label: str
    before: Estimate
    after: Estimate
    mix: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Moved:
    """The change of the rate between two groups.

    `rows`: what took most away comes first, "other" last; none where the labels do not make up
    the whole. `merged`: how many labels are in "other". `mix` and `rate` add up to the change.
    """

    dimension: str
    before: Estimate
    after: Estimate
    rows: tuple[MovedRow, ...]
    merged: int
    mix: Fraction = Fraction(0)
    rate: Fraction = Fraction(0)


def moved(before: tuple[Counts, Counts, Span], after: tuple[Counts, Counts, Span], limit: int = LIMIT) -> Moved:
    """From one group to the other; each is (counts of everyone, counts by the dimension, cohort)."""
    whole = [_groups(everyone, cohort)[""] for everyone, _, cohort in (before, after)]
    parts = [_groups(counts, cohort) for _, counts, cohort in (before, after)]
    totals = [rate(group.k, group.n) for group in whole]
    dimension = after[1].dimension
    if any(sum(group.n for group in part.values()) != all_of.n for part, all_of in zip(parts, whole, strict=True)):
        return Moved(dimension, totals[0], totals[1], (), 0)
    unsaid = _unsaid(parts[0], parts[1], limit)
    joined = [_joined(part, unsaid) for part in parts]
    split = kitagawa(joined[0], joined[1])
    if split is None:
        return Moved(dimension, totals[0], totals[1], (), 0)
    apart = {part.label for part in split.parts} - {OTHER}
    ends = [_joined(part, part.keys() - apart) for part in parts]
    rows = [
        MovedRow(part.label, _rate(ends[0], part.label), _rate(ends[1], part.label), part.mix, part.rate)
        for part in split.parts
    ]
    merged = len({*parts[0], *parts[1]} - apart)
    ordered = tuple(sorted(rows, key=lambda row: (row.label == OTHER, row.mix + row.rate, row.label)))
    return Moved(dimension, totals[0], totals[1], ordered, merged, split.mix, split.rate)


def _groups(counts: Counts, cohort: Span) -> dict[str, Group]:
    need_horizon(counts, WITHIN_DAYS)
    sizes, back = counts.firsts(cohort).tolist(), counts.seconds(cohort, WITHIN_DAYS).tolist()
    found = {label: Group(n, k) for label, n, k in zip(counts.labels, sizes, back, strict=True) if n}
    return found if counts.dimension != ALL else {"": found.get("", Group(0, 0))}


def _unsaid(before: Mapping[str, Group], after: Mapping[str, Group], limit: int) -> set[str]:
    """Labels that go into "other": too small in either group, too many, and enough of them to hide each."""
    nobody = Group(0, 0)
    least = {label: min(before.get(label, nobody).n, after.get(label, nobody).n) for label in sorted({*before, *after})}
    waiting = sorted(least, key=lambda label: (least[label], label))
    unsaid = {label for label in waiting if least[label] < SHOWN_FROM}
    unsaid |= set(waiting[: max(0, len(waiting) - limit)])
    left = [label for label in waiting if label not in unsaid]
    while unsaid and left and not all(_hidden(part, unsaid) for part in (before, after)):
        unsaid.add(left.pop(0))
    return unsaid


def _hidden(part: Mapping[str, Group], unsaid: set[str]) -> bool:
    """Whether the "other" of one group is nobody, or tells of no one alone."""
    sizes = [part[label].n for label in unsaid if label in part]
    return not sizes or (len(sizes) > 1 and sum(sizes) >= SHOWN_FROM)


def _joined(part: Mapping[str, Group], unsaid: set[str]) -> dict[str, Group]:
    kept = {label: group for label, group in part.items() if label not in unsaid}
    other = Group(0, 0)
    for label in unsaid & part.keys():
        other = other.plus(part[label])
    return {**kept, OTHER: other} if other.n else kept


def _rate(part: Mapping[str, Group], label: str) -> Estimate:
    group = part.get(label, Group(0, 0))
    return rate(group.k, group.n)
