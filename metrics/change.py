"""Why did the rate move: other customers, or other behaviour?

Kitagawa, E. M. (1955), JASA 50, 1168-1194. And: has it fallen lately? (CUSUM: Page, E. S. (1954),
Biometrika 41, 100-115; of single customers: Reynolds and Stoumbos (1999), J. Quality Technology 31, 87-108.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, log

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Group:
    """Customers of one label and how many of them did it."""

    n: int
    k: int

    def plus(self, other: Group) -> Group:
        """Both groups as one."""
        return Group(self.n + other.n, self.k + other.k)


@dataclass(frozen=True, slots=True)
class Part:
    """What one label adds to the change: through its share of customers, through its rate."""

    label: str
    mix: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Split:
    """A change of a rate, split exactly: the parts add up to it as fractions."""

    change: Fraction
    mix: Fraction
    rate: Fraction
    parts: tuple[Part, ...]


def kitagawa(before: Mapping[str, Group], after: Mapping[str, Group]) -> Split | None:
    """The change from `before` to `after` by label; None where a period has no customers.

    Mix is (w2 - w1)(r1 + r2) / 2, rate is (r2 - r1)(w1 + w2) / 2, with w the label's
    share of customers. A label empty in either period has no rate there and goes
    into "other" first.
    """
    total_before, total_after = _total(before), _total(after)
    if not total_before.n or not total_after.n:
        return None
    pairs = _without_empty(before, after)
    parts = tuple(_part(label, *pair, total_before.n, total_after.n) for label, pair in pairs.items())
    return Split(
        Fraction(total_after.k, total_after.n) - Fraction(total_before.k, total_before.n),
        sum((part.mix for part in parts), Fraction(0)),
        sum((part.rate for part in parts), Fraction(0)),
        parts,
    )


def rounded(parts: Sequence[Fraction], total: int, unit: Fraction) -> tuple[int, ...]:
    """The parts in whole units that add up to `total` units: the greatest remainders are rounded up.

    `total` is what a reader sees of the whole, rounded on its own; so what is shown adds up.
    """
    exact = [part / unit for part in parts]
    whole = [floor(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda i: (whole[i] - exact[i], i))
    missing = total - sum(whole)
    return tuple(one + missing // len(parts) + (order.index(i) < missing % len(parts)) for i, one in enumerate(whole))


def _part(label: str, one: Group, two: Group, all_one: int, all_two: int) -> Part:
    share_one, share_two = Fraction(one.n, all_one), Fraction(two.n, all_two)
    rate_one, rate_two = Fraction(one.k, one.n), Fraction(two.k, two.n)
    return Part(
        label, (share_two - share_one) * (rate_one + rate_two) / 2, (rate_two - rate_one) * (share_one + share_two) / 2
    )


def _without_empty(before: Mapping[str, Group], after: Mapping[str, Group]) -> dict[str, tuple[Group, Group]]:
    """Both periods by label, none empty: empty ones are one "other", with the smallest if need be."""
    nobody = Group(0, 0)
    pairs = {label: (before.get(label, nobody), after.get(label, nobody)) for label in sorted({*before, *after})}
    if all(_full(pair) for pair in pairs.values()):
        return pairs
    kept = {label: pair for label, pair in pairs.items() if _full(pair) and label != OTHER}
    other = (nobody, nobody)
    for label in pairs.keys() - kept.keys():
        other = _joined(other, pairs[label])
    while not _full(other) and (other[0].n or other[1].n):
        other = _joined(other, kept.pop(min(kept, key=lambda label: (_size(kept[label]), label))))
    return {**kept, OTHER: other} if _full(other) else kept


def _full(pair: tuple[Group, Group]) -> bool:
    return pair[0].n > 0 and pair[1].n > 0


def _size(pair: tuple[Group, Group]) -> int:
    return pair[0].n + pair[1].n


def _joined(one: tuple[Group, Group], two: tuple[Group, Group]) -> tuple[Group, Group]:
    return one[0].plus(two[0]), one[1].plus(two[1])


def _total(groups: Mapping[str, Group]) -> Group:
    total = Group(0, 0)
    for group in groups.values():
        total = total.plus(group)
    return total


LIMITS = ((1.0, 3.8), (3.0, 4.7), (10.0, 5.7), (50.0, 6.6))
"""First buyers a day, and the sum of evidence that a lower Bernoulli CUSUM may not reach."""

FALLEN = 0.75
"""The fall that is looked for: to this part of the usual rate (20 % to 15 %)."""


def evidence(k: int, n: int, usual: float) -> float:
    """What k of n say for a rate fallen to three quarters of the usual one, and against it (log likelihood ratio)."""
    if not 0 < usual < 1:
        return 0.0
    fallen = usual * FALLEN
    return k * log(fallen / usual) + (n - k) * log((1 - fallen) / (1 - usual))


def evidence_limit(per_day: float) -> float:
    """The limit for a shop of so many first buyers a day, between the known ones by the logarithm."""
    sizes, limits = zip(*LIMITS, strict=True)
    if per_day <= sizes[0]:
        return float(limits[0])
    for (low, under), (high, over) in pairwise(LIMITS):
        if per_day <= high:
            return under + (over - under) * log(per_day / low) / log(high / low)
    return float(limits[-1])
