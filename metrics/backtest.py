"""On which mornings would a rule have fired, how long, and with what values?

The same `step` as the running bot, on the mornings of a span.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from metrics.alert import News, Rule, Seen, Sight, Standing, State, step
from metrics.day import Span

WARM_UP_DAYS = 60
"""So many mornings before the first one are looked at in silence, as a rule that has run for a while would have."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One episode. `worst`: the farthest value beyond the threshold; `ended_on` None: not over at the end.

    `running`: it had begun before the first morning of the span.
    """

    began_on: date
    ended_on: date | None
    mornings: int
    segments: tuple[str, ...]
    first: Seen
    worst: Seen
    last: Seen
    running: bool = False


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a rule would have done. `said`: every announcement with its morning's last complete day."""

    span: Span
    firings: tuple[Firing, ...]
    said: tuple[tuple[date, News], ...]
    states: tuple[tuple[State, int], ...]
    replayed: int = 0

    @property
    def mornings(self) -> int:
        """How many mornings were looked at."""
        return sum(count for _, count in self.states)


def backtest(rule: Rule, span: Span, sights: Iterable[Sight], replayed: int = 0) -> Backtest:
    """Walk through the sights, oldest first; those before the span only warm up."""
    standing, firings, said = Standing(), list[Firing](), list[tuple[date, News]]()
    states = dict.fromkeys(State, 0)
    for one in sights:
        now = datetime.combine(one.as_of + timedelta(days=1), time(8, 30), UTC)
        inside = one.as_of in span
        standing, news = step(standing, one, rule, now)
        _note(firings, standing, rule, one.as_of, inside=inside)
        if inside:
            states[standing.state(now)] += 1
            said.extend((one.as_of, each) for each in news)
    kept = tuple(firing for firing in firings if firing.ended_on is None or firing.ended_on >= span.start)
    return Backtest(span, kept, tuple(said), tuple((s, n) for s, n in states.items() if n), replayed)


def _note(firings: list[Firing], standing: Standing, rule: Rule, as_of: date, *, inside: bool) -> None:
    """Open, prolong or close the newest episode."""
    going = firings[-1] if firings and firings[-1].ended_on is None else None
    active = standing.firing
    if going is None and active:
        seen = _worst(rule, [track.seen for track in active if track.seen])
        firings.append(
            Firing(as_of, None, 1, tuple(track.label for track in active), seen, seen, seen, running=not inside)
        )
    elif going is not None and active:
        seen = _worst(rule, [track.seen for track in active if track.seen])
        firings[-1] = Firing(
            going.began_on,
            None,
            going.mornings + 1,
            tuple(sorted({*going.segments, *(track.label for track in active)})),
            going.first,
            _worst(rule, [going.worst, seen]),
            seen,
            going.running,
        )
    elif going is not None:
        firings[-1] = Firing(
            going.began_on, as_of, going.mornings, going.segments, going.first, going.worst, going.last, going.running
        )


def _worst(rule: Rule, seen: list[Seen]) -> Seen:
    sign = 1 if rule.side == "below" else -1
    return min(seen, key=lambda one: (one.estimate.value is None, sign * (one.estimate.value or 0.0), one.label))
