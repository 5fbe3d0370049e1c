"""What would a rule have done on the mornings of a span, with what was known then?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from metrics.alert import Rule, Sight
from metrics.backtest import WARM_UP_DAYS, Backtest, backtest
from metrics.day import Span
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_DAYS = 3_660


class SpanTooLong(Problem):
    """More mornings than a back-test looks at."""

    key = "trial_too_long"


class Archive(Protocol):
    """The desk, as far as a back-test needs it."""

    @property
    def as_of(self) -> date:
        """The last complete day."""
        ...

    def past_sights(self, rule: Rule, as_ofs: Sequence[date]) -> tuple[tuple[Sight, ...], int, bool]:
        """What a rule would have seen, how many mornings were known otherwise, whether all were known at all."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """A back-test; `all_known` False: some of its mornings lie before the first import."""

    rule: Rule
    found: Backtest
    all_known: bool


def tried(rule: Rule, span: Span, archive: Archive) -> Trial:
    """Walk a rule through the span's days, each as the last complete one; later days than today's are left out."""
    span = Span(span.start, min(span.end, archive.as_of + timedelta(days=1)))
    if span.days > LONGEST_DAYS:
        raise SpanTooLong(days=span.days, most=LONGEST_DAYS)
    first = span.start - timedelta(days=WARM_UP_DAYS)
    days = [first + timedelta(days=i) for i in range((span.end - first).days)] if span.days else []
    if not days:
        return Trial(rule, backtest(rule, span, ()), all_known=True)
    sights, replayed, all_known = archive.past_sights(rule, days)
    return Trial(rule, backtest(rule, span, sights, replayed), all_known)


def as_json(trial: Trial) -> str:
    """The back-test as JSON."""
    found = asdict(trial.found)
    found["states"] = {state.value: count for state, count in trial.found.states}
    found["said"] = [{"as_of": day, "news": news.value} for day, news in trial.found.said]
    whole = {"rule": asdict(trial.rule), "all_known": trial.all_known, **found}
    return json.dumps(whole, ensure_ascii=False, indent=2, default=str, allow_nan=False)
