"""Is a rate below the threshold, and for how long?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil

from metrics.estimate import Z95, Estimate

MINIMUM = 30
"""Fewer customers than this are not judged."""

LOOK_BACK_DAYS = 365
"""How far back the start of a run below the threshold is looked for."""

TELLING = 0.75
"""A shop at this part of its threshold should be told apart from one that reaches it."""


class Status(StrEnum):
    """How a figure stands against its target, said with a mark and a word."""

    REACHED = "reached"
    WATCH = "watch"
    MISSED = "missed"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rate against its threshold.

    `status`: REACHED value >= threshold; WATCH below, but the interval holds it;
    MISSED the whole interval is below; TOO_FEW cannot be judged.
    `since`: first day of the present run below the threshold, None when not below.
    `missing`: how many more repeat buyers would have reached the threshold.
    `needs_n`: how many customers would be needed to judge (TOO_FEW only): as many as
    tell three quarters of the threshold (15 % of 20 %) from the threshold.
    """

    status: Status
    estimate: Estimate
    threshold: float
    since: date | None
    missing: int
    needs_n: int | None


def judge(estimate: Estimate, threshold: float, since: date | None, minimum: int = MINIMUM) -> Judgement:
    """The rate against the threshold; `since` from `below_since`."""
    status = _status(estimate, threshold, minimum)
    return Judgement(
        status,
        estimate,
        threshold,
        since if status in {Status.WATCH, Status.MISSED} else None,
        missing(estimate, threshold),
        needed_to_judge(threshold, minimum) if status is Status.TOO_FEW else None,
    )


def _status(estimate: Estimate, threshold: float, minimum: int) -> Status:
    if estimate.value is None or estimate.n < minimum:
        return Status.TOO_FEW
    if estimate.value >= threshold:
        return Status.REACHED
    if estimate.interval is not None and estimate.interval[1] < threshold:
        return Status.MISSED
    return Status.WATCH


def missing(estimate: Estimate, threshold: float) -> int:
    """How many more repeat buyers would have reached the threshold; 0 where it is reached."""
    # The small part keeps 0.2 x 235, 47.00000000000001 in binary, from asking for one too many.
    return max(0, ceil(threshold * estimate.n - 1e-9) - (estimate.k or 0))


def needed_to_judge(threshold: float, minimum: int = MINIMUM) -> int:
    """Customers at which Wilson's upper bound of three quarters of the threshold is below it."""
    if not 0 < threshold < 1:
        return minimum
    distance = threshold * (1 - TELLING)
    return max(minimum, ceil(Z95 * Z95 * threshold * (1 - threshold) / (distance * distance)))


def below_since(
    mornings: Sequence[date], ks: Sequence[int], ns: Sequence[int], threshold: float, minimum: int = MINIMUM
) -> date | None:
    """First morning of the run below the threshold that lasts until the last of `mornings`.

    Oldest morning first. A morning with too few customers ends the run; a run that
    fills all mornings began on the first of them or before.
    """
    since = None
    for morning, k, n in zip(reversed(mornings), reversed(ks), reversed(ns), strict=True):
        if n < max(1, minimum) or k / n >= threshold:
            break
        since = morning
    return since
