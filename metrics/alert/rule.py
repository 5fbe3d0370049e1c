"""What is watched, when is it bad, and when is it good again?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from metrics.alert.judgement import MINIMUM
from metrics.estimate import NOTHING, Estimate
from metrics.segment import ALL

JudgeBy = Literal["interval", "point"]
Evaluate = Literal["daily", "business_days", "weekly"]


class Watching(StrEnum):
    """Kinds of rules."""

    THRESHOLD = "threshold"  # a figure against a fixed value
    CHANGE = "change"  # the repeat rate against the shop's own of half a year
    FRESHNESS = "freshness"  # days without a new order


class Side(StrEnum):
    """Which side of the threshold is the bad one."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `label` None with a dimension: each of its labels.

    `back`: the value at which it is good again, the threshold where None. `bad` of the last `of`
    judged mornings must be bad to fire, `good` in a row good to end. `judge` "interval": bad only when
    the whole 95 % interval is (figures without one are judged by their value). `remind_days`: say again
    that it lasts, 0 never. `rest_days`: after an end, no new firing for so long. `stale_days`: orders
    older than this cannot be judged.
    """

    name: str
    figure: str = "repeat"
    watching: Watching = Watching.THRESHOLD
    dimension: str = ALL
    label: str | None = None
    side: Side = Side.BELOW
    threshold: float = 0.2
    back: float | None = None
    judge: JudgeBy = "interval"
    bad: int = 1
    of: int = 1
    good: int = 1
    minimum: int = MINIMUM
    remind_days: int = 7
    rest_days: int = 0
    evaluate: Evaluate = "daily"
    stale_days: int = 2

    @property
    def end(self) -> float:
        """The value at which it is good again."""
        return self.threshold if self.back is None else self.back


@dataclass(frozen=True, slots=True)
class Seen:
    """One segment of a figure on one morning.

    A change rule sees more: `evidence` of the customers who matured that day, for a fall and against it,
    the `limit` that the sum may not reach, and the shop's `usual` rate.
    """

    label: str
    estimate: Estimate
    evidence: float = 0.0
    limit: float = 0.0
    usual: Estimate = NOTHING


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rule sees on one morning, of the last complete day `as_of`.

    `stale_since`: the day of the newest order, where it is too old to judge. `failed`: the key of the
    problem because of which nothing could be seen.
    """

    as_of: date
    seen: tuple[Seen, ...] = ()
    stale_since: date | None = None
    failed: str = ""


class Verdict(StrEnum):
    """A segment against the rule: between means neither bad enough to fire nor good enough to end."""

    BAD = "bad"
    BETWEEN = "between"
    GOOD = "good"
    UNKNOWN = "unknown"


def verdict(rule: Rule, seen: Seen, score: float = 0.0) -> Verdict:
    """How a segment stands; `score`: the running sum of a change rule."""
    if rule.watching is Watching.CHANGE:
        return _of_change(seen, score)
    value = seen.estimate.value
    if value is None or seen.estimate.n < rule.minimum:
        return Verdict.UNKNOWN
    if _is_bad(rule, seen.estimate, value):
        return Verdict.BAD
    good = value >= rule.end if rule.side is Side.BELOW else value <= rule.end
    return Verdict.GOOD if good else Verdict.BETWEEN


def _of_change(seen: Seen, score: float) -> Verdict:
    if seen.limit <= 0:
        return Verdict.UNKNOWN
    if score >= seen.limit:
        return Verdict.BAD
    return Verdict.GOOD if score <= 0 else Verdict.BETWEEN


def _is_bad(rule: Rule, estimate: Estimate, value: float) -> bool:
    low, high = (value, value) if rule.judge == "point" or estimate.interval is None else estimate.interval
    return high < rule.threshold if rule.side is Side.BELOW else low > rule.threshold


def is_beyond(rule: Rule, estimate: Estimate) -> bool:
    """Whether the bare value is on the bad side of the threshold."""
    if estimate.value is None:
        return False
    return estimate.value < rule.threshold if rule.side is Side.BELOW else estimate.value > rule.threshold
