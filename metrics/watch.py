"""What does a rule see on a morning?

The running bot asks for one morning, a back-test for many; both read counts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from metrics.alert.rule import Rule, Seen, Sight, Watching
from metrics.burn_in import BurnIn
from metrics.catalog import CATALOG, Unit, figure
from metrics.change import evidence, evidence_limit
from metrics.counts import Counts, CountsReader
from metrics.day import Span
from metrics.estimate import NOTHING, Estimate, rate
from metrics.problem import Problem
from metrics.repeat import WITHIN_DAYS, adaptive_rates
from metrics.segment import ALL, COHORT_MONTH, PURCHASE_COUNT
from metrics.table import SHOWN_FROM

USUAL_DAYS = 180
"""From how many days of first purchases a change rule takes the usual rate."""

USUAL_UNTIL = 28
"""The usual rate ends so many days of first purchases before those that are held against it."""

USUAL_ENOUGH = 100
"""Fewer first buyers than this are no usual rate."""

WATCHED = tuple(known.name for known in CATALOG if known.by_label is not None)
"""The figures that a rule can watch."""

MOST_LABELS = 50
"""So many labels of a dimension are watched, those with most customers first."""


class NotWatched(Problem):
    """A rule names a figure or segment that cannot be watched."""

    key = "rule_not_watched"


@dataclass(frozen=True, slots=True)
class Shop:
    """What a rule needs to know besides counts: the burn-in, and the day of the newest order by a day."""

    burn_in: BurnIn
    newest_on: Callable[[date], date | None]


def unit_of(rule: Rule) -> Unit:
    """What the rule's figure is counted in."""
    return Unit.DAYS if rule.watching is Watching.FRESHNESS else figure(rule.figure).unit


def sight(reader: CountsReader, rule: Rule, as_of: date, shop: Shop) -> Sight:
    """What the rule sees on one morning. Raises NotWatched, and what the reader raises."""
    return next(iter(sights(reader, rule, (as_of,), shop)))


def sights(reader: CountsReader, rule: Rule, as_ofs: Sequence[date], shop: Shop) -> Iterator[Sight]:
    """What the rule sees on each of the mornings, in their order."""
    if rule.watching is Watching.FRESHNESS:
        yield from (_freshness(as_of, shop) for as_of in as_ofs)
        return
    counts = reader.counts(rule.dimension)
    named = _named(rule, counts)
    rows = _changes(counts, as_ofs, shop) if rule.watching is Watching.CHANGE else _figures(counts, rule, as_ofs, shop)
    for as_of, row in zip(as_ofs, rows, strict=True):
        seen = (row[label] for label in named if label < len(row))
        yield Sight(as_of, tuple(map(_shown, _most(seen))), stale_since=_stale(rule, as_of, shop))


def able_dimensions(name: str, watching: str, watched: str, dimensions: Sequence[str]) -> tuple[str, ...]:
    """The dimensions by which a figure can be watched. Raises NotWatched where the figure cannot."""
    if watching == Watching.FRESHNESS:
        return (ALL,)
    known = next((known for known in CATALOG if known.name == watched and known.by_label), None)
    if known is None or (watching == Watching.CHANGE and watched != "repeat"):
        raise NotWatched(rule=name, what=watched, known=WATCHED)
    able = tuple(each for each in (ALL, *dimensions) if each != COHORT_MONTH)
    if known.dimensions is not None:
        return tuple(each for each in able if each in known.dimensions)
    return tuple(each for each in able if each != PURCHASE_COUNT) if watching == Watching.CHANGE else able


def _named(rule: Rule, counts: Counts) -> tuple[int, ...]:
    """The places of the rule's labels; a label that nobody has yet is no mistake."""
    if rule.dimension == ALL or rule.label is None:
        return tuple(range(len(counts.labels)))
    return tuple(place for place, label in enumerate(counts.labels) if label == rule.label)


def _most(seen: Iterator[Seen]) -> list[Seen]:
    kept = sorted(seen, key=lambda one: (-one.estimate.n, one.label))[:MOST_LABELS]
    return sorted(kept, key=lambda one: one.label)


def _shown(seen: Seen) -> Seen:
    """Nothing of so few customers that they could be told."""
    if 0 < seen.estimate.n < SHOWN_FROM:
        return replace(seen, estimate=Estimate(None, 0))
    return seen


def _stale(rule: Rule, as_of: date, shop: Shop) -> date | None:
    """The day of the newest order, where it is so old that the last days can hardly be complete."""
    newest = shop.newest_on(as_of)
    if newest is None or not rule.stale_days:
        return None
    return newest if (as_of - newest).days >= rule.stale_days else None


def _freshness(as_of: date, shop: Shop) -> Sight:
    newest = shop.newest_on(as_of)
    if newest is None:
        return Sight(as_of, (Seen("", NOTHING),))
    days = max(0, (as_of - newest).days)
    return Sight(as_of, (Seen("", Estimate(float(days), 0)),))


def _figures(counts: Counts, rule: Rule, as_ofs: Sequence[date], shop: Shop) -> Iterator[tuple[Seen, ...]]:
    if rule.figure == "repeat":  # all mornings at once: a back-test of 90 days waits for nothing
        rates = adaptive_rates(counts, as_ofs, shop.burn_in)
        for morning in range(len(as_ofs)):
            yield tuple(
                Seen(label, rate(int(rates.k[place, morning]), int(rates.n[place, morning])))
                for place, label in enumerate(counts.labels)
            )
        return
    found = figure(rule.figure).by_label
    if found is None:
        raise NotWatched(rule=rule.name, what=rule.figure, known=WATCHED)
    names = _labels_of(rule, counts)
    for as_of in as_ofs:
        yield tuple(map(Seen, names, found(counts, as_of, shop.burn_in)))


def _labels_of(rule: Rule, counts: Counts) -> tuple[str, ...]:
    return counts.labels if rule.dimension != ALL else ("",)


def _changes(counts: Counts, as_ofs: Sequence[date], shop: Shop) -> Iterator[tuple[Seen, ...]]:
    """Each morning's newly matured customers against the usual rate; what is said is the rate of the last 28 days."""
    for as_of in as_ofs:
        last = as_of - timedelta(days=WITHIN_DAYS)
        recent = Span.ending(last, USUAL_UNTIL)
        usual = Span.ending(recent.start - timedelta(days=1), USUAL_DAYS).clipped(shop.burn_in.trusted_from(as_of))
        spans = (Span.ending(last, 1), recent, usual)
        of = zip(*(_of(counts, span) for span in spans), strict=True)
        yield tuple(
            _change(label, now, late, before, usual.days)
            for label, (now, late, before) in zip(counts.labels, of, strict=True)
        )


def _of(counts: Counts, span: Span) -> list[Estimate]:
    ks, ns = counts.seconds(span, WITHIN_DAYS).tolist(), counts.firsts(span).tolist()
    return [rate(k, n) for k, n in zip(ks, ns, strict=True)]


def _change(label: str, now: Estimate, recent: Estimate, usual: Estimate, days: int) -> Seen:
    if usual.value is None or usual.n < USUAL_ENOUGH:
        return Seen(label, recent, usual=usual)
    limit = evidence_limit(usual.n / max(1, days))
    return Seen(label, recent, evidence(now.k or 0, now.n, usual.value), limit, usual)
