"""How many of those who began with a front product later bought a middle, and a back-end one?

A step is counted of customers who have been watched for as many days as it may take: everyone who began has had the
same time. Days of a step are told of those who took it within that time, as a mean without an end would only grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from metrics.alert import MINIMUM
from metrics.day import Span, number
from metrics.estimate import Estimate, rate
from metrics.survival import Ints

HORIZONS = (90, 180)
USUAL_HORIZON = 180
WINDOW_DAYS = 365
NEVER = 2**31 - 1
STEPS = (("front", "middle"), ("front", "back"), ("middle", "back"))
"""From which role to which; who reaches the middle is watched from there on."""


@dataclass(frozen=True, slots=True)
class Climbers:
    """Customers whose first order's role is front, as arrays of day numbers; NEVER where there is no such day.

    front: of the first purchase; middle, middle_back: of the first later one with a middle product, and of the
    first with a back-end product after that; back: of the first later one with a back-end product.
    """

    front: Ints
    middle: Ints
    back: Ints
    middle_back: Ints


@dataclass(frozen=True, slots=True)
class Step:
    """The share that took a step within the horizon; days: by which half of those had, None where too few did."""

    start: str
    end: str
    taken: Estimate
    days: int | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of customers who first bought, or came to the middle, on the days of the cohort."""

    as_of: date
    cohort: Span
    horizon: int
    steps: tuple[Step, ...]

    @property
    def began(self) -> int:
        """Customers of the cohort."""
        return self.steps[0].taken.n


def ladder(
    climbers: Climbers, as_of: date, trusted_from: date, period: Span | None = None, horizon: int = USUAL_HORIZON
) -> Ladder:
    """The steps within `horizon` days of those who began in the period, else in the last year that is old enough."""
    last = as_of - timedelta(days=horizon)
    asked = period or Span.ending(last, WINDOW_DAYS)
    cohort = Span(max(asked.start, trusted_from), max(min(asked.end, last + timedelta(days=1)), trusted_from))
    starts = {"front": climbers.front, "middle": climbers.middle}
    ends = {
        ("front", "middle"): climbers.middle,
        ("front", "back"): climbers.back,
        ("middle", "back"): climbers.middle_back,
    }
    steps = (_step(start, end, starts[start], ends[start, end], cohort, horizon) for start, end in STEPS)
    return Ladder(as_of, cohort, horizon, tuple(steps))


def _step(start: str, end: str, began: Ints, came: Ints, cohort: Span, horizon: int) -> Step:
    mine = (began >= number(cohort.start)) & (began < number(cohort.end))
    took = came[mine] - began[mine]
    took = took[took <= horizon]
    found = rate(len(took), int(mine.sum()))
    taken = found if found.n >= MINIMUM else Estimate(None, found.n, k=found.k)
    days = int(np.quantile(took, 0.5, method="lower")) if len(took) >= MINIMUM else None
    return Step(start, end, taken, days)
