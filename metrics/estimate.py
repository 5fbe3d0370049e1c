"""How sure is a share of n customers?"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and how many customers stand behind it; no value where too few do.

    `value` is a share in 0..1 for rates, days for gaps. `k` is the numerator of a
    rate (None for other figures); `interval` is the 95 % interval.
    """

    value: float | None
    n: int
    interval: tuple[float, float] | None = None
    k: int | None = None


NOTHING = Estimate(None, 0)
"""What is said where nothing may or can be said."""


def score_interval(share: float, n: float, z: float = Z95) -> tuple[float, float] | None:
    """Wilson score interval of a share of n; n need not be whole (effective numbers).

    None for n = 0. Wilson, E. B. (1927), JASA 22, 209-212.
    """
    if n <= 0:
        return None
    square = z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    low = 0.0 if share <= 0 else middle - half
    high = 1.0 if share >= 1 else middle + half
    return (low, high)


def wilson(k: int, n: int, z: float = Z95) -> tuple[float, float] | None:
    """Wilson score interval of k out of n (0..1, 0..1); None for n = 0."""
    return score_interval(k / n, n, z) if n else None


def difference(before: Estimate, after: Estimate) -> Estimate:
    """How much greater the later of two shares of different customers is, with its interval; n of both.

    Newcombe, R. G. (1998), Statistics in Medicine 17, 873-890, method 10: from the two score intervals.
    """
    n = before.n + after.n
    if before.value is None or after.value is None or before.interval is None or after.interval is None:
        return Estimate(None, n)
    low = sqrt((after.value - after.interval[0]) ** 2 + (before.interval[1] - before.value) ** 2)
    high = sqrt((after.interval[1] - after.value) ** 2 + (before.value - before.interval[0]) ** 2)
    apart = after.value - before.value
    return Estimate(apart, n, (apart - low, apart + high))


def rate(k: int, n: int) -> Estimate:
    """k of n customers as a share with its Wilson interval; 0 of 0 has no value."""
    return Estimate(k / n if n else None, n, wilson(k, n), k)
