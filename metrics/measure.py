"""Did a measure (施策) make customers buy: those who got it against those who were held out?

Customers of one name whose sends lie at most three days apart are one wave. Each counts once in it, on the
first day on which it addressed them, once their 30 days are over. Without a hold-out there is nothing to
compare with: they might have bought anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import islice
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.alert import MINIMUM
from metrics.day import Span, number, of_number
from metrics.dormancy import DORMANT_DAYS
from metrics.estimate import Z95, Estimate, difference, rate
from metrics.segment import ALL, BUCKETS, OTHER, PURCHASE_COUNT, too_small
from metrics.survival import Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

WITHIN_DAYS = 30
WINDOW_DAYS = 365
SAME_WAVE_DAYS = 3
SHOWN_FROM = 5
MOST_ROWS = 500
WORTH_SEEING = 0.05
"""A difference that a comparison should be able to tell from none, in four of five cases."""
Z80 = 0.8416212335729143
NOT_SAID = -1
FAR = 1 << 32


@dataclass(frozen=True, slots=True)
class Sends:
    """Whom measures addressed, as arrays of equal length, in any order.

    name: a place in `names`; who: a number per customer; day: as a number; held: was held out; cost: minor units,
    NOT_SAID where it is not known; bought: purchases up to and on that day; idle: days since the last of them; back:
    days until the next purchase that was no renewal, 0 for none yet; label: of the customer, in `labels`.
    """

    name: Ints
    who: Ints
    day: Ints
    held: Mask
    cost: Ints
    bought: Ints
    idle: Ints
    back: Ints
    label: Ints
    names: tuple[str, ...]
    labels: tuple[str, ...]


class Verdict(StrEnum):
    """What a comparison says; MORE and FEWER where the whole interval lies on that side of none."""

    MORE = "more"
    FEWER = "fewer"
    OPEN = "open"
    TOO_FEW = "too_few"
    NO_HOLD_OUT = "no_hold_out"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Effect:
    """One wave, or one label in it: who bought within 30 days, of those who got it and those who were held out.

    cost: of those who got it, None where it is not known; per_extra: cost of one more customer who bought, where
    more did for sure; needs_n: customers on each side that would show five points; waiting: days not over.
    """

    name: str
    span: Span
    label: str
    got: Estimate
    held: Estimate
    difference: Estimate
    verdict: Verdict
    cost: int | None
    per_extra: Estimate
    needs_n: int | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The waves of a span, newest first, as a whole or by the labels of a dimension.

    strangers: addressed before any purchase; torn: both got it and were held out on one day. Neither counts.
    cut: there are more rows than MOST_ROWS.
    """

    as_of: date
    span: Span
    dimension: str
    waves: tuple[Effect, ...]
    rows: tuple[Effect, ...]
    strangers: int
    torn: int
    cut: bool = False


def measured(
    sends: Sends, as_of: date, period: Span | None = None, dimension: str = ALL, *, dormant: bool = False
) -> Measured:
    """Every measure sent in the span, as the morning after `as_of` knows it; `dormant`: of customers idle 90 days."""
    today = number(as_of)
    span = period or Span.ending(as_of, WINDOW_DAYS)
    inside = (sends.day >= number(span.start)) & (sends.day < min(number(span.end), today + 1))
    rows = chosen(sends, inside)
    wave, spans = _waves(rows)
    first, torn, cost = _first_of_each(rows, wave)
    people, wave = chosen(rows, first), np.asarray(wave[first], np.int64)
    known = (people.bought > 0) & ~torn
    if dormant:
        known &= people.idle >= DORMANT_DAYS
    ripe = known & (today - people.day >= WITHIN_DAYS)
    sides = _Sides(wave, people.held, people.back, cost, known, ripe, len(spans))
    named = [(sends.names[name], Span(of_number(start), of_number(end + 1))) for name, start, end in spans]
    order = sorted(range(len(named)), key=lambda at: (-number(named[at][1].last), named[at][0]))
    whole = sides.table(np.zeros(len(wave), np.int64), 1)
    waves = [_effect(whole[at, 0], *named[at], "") for at in order]
    groups, labels = _groups(people, dimension)
    table = sides.table(groups, len(labels)) if labels else None
    parts = (
        _effect(cells, *named[at], label)
        for at in order
        if table is not None
        for label, cells in _folded(table[at], labels, in_order=dimension == PURCHASE_COUNT)
        if cells[GOT] or cells[HELD]
    )
    first_parts = tuple(islice(parts, MOST_ROWS + 1))
    there = [each for each in waves if each.got.n or each.held.n or each.waiting]
    return Measured(
        as_of,
        span,
        dimension,
        tuple(there),
        first_parts[:MOST_ROWS],
        int((people.bought == 0).sum()),
        int(torn.sum()),
        cut=len(first_parts) > MOST_ROWS,
    )


def chosen(sends: Sends, which: Mask | Ints) -> Sends:
    """Some of the rows."""
    fields = ("name", "who", "day", "held", "cost", "bought", "idle", "back", "label")
    return replace(sends, **{field: getattr(sends, field)[which] for field in fields})


def _waves(rows: Sends) -> tuple[Ints, list[tuple[int, int, int]]]:
    """The wave of each row, and of each wave its name and its first and last day."""
    days, at = np.unique(rows.name * FAR + rows.day, return_inverse=True)
    opens = np.append(True, np.diff(days) > SAME_WAVE_DAYS)[: len(days)]
    wave = np.cumsum(opens) - 1
    starts = np.flatnonzero(opens)
    ends = np.append(starts[1:], len(days))[: len(starts)] - 1
    spans = [
        (int(low // FAR), int(low % FAR), int(high % FAR))
        for low, high in zip(days[starts], days[ends], strict=True)
    ]  # fmt: skip
    return wave[at.reshape(-1)].astype(np.int64), spans


def _first_of_each(rows: Sends, wave: Ints) -> tuple[Ints, Mask, Ints]:
    """Of each customer of each wave: a row of the first day, whether it says both, and what they cost in all."""
    order = np.lexsort((rows.held, rows.day, rows.who, wave))
    who, day, held = rows.who[order], rows.day[order], rows.held[order]
    wave = wave[order]
    opens = np.append(True, (wave[1:] != wave[:-1]) | (who[1:] != who[:-1]))[: len(order)]
    at = np.flatnonzero(opens)
    person = np.cumsum(opens) - 1
    early = day == day[at][person]
    torn = np.zeros(len(at), bool)
    np.logical_or.at(torn, person[early], held[early] != held[at][person][early])
    said = rows.cost[order]
    cost = np.zeros(len(at), np.int64)
    np.add.at(cost, person[~held], np.maximum(said[~held], 0))
    cost[person[~held & (said == NOT_SAID)]] = NOT_SAID
    return order[at], torn, cost


def _groups(people: Sends, dimension: str) -> tuple[Ints, tuple[str, ...]]:
    """By purchase count when they were addressed, or by the customers' labels."""
    if dimension == ALL:
        return np.zeros(0, np.int64), ()
    if dimension == PURCHASE_COUNT:
        least = [low for _, low, _ in BUCKETS]
        return np.maximum(np.searchsorted(least, people.bought, side="right") - 1, 0), tuple(
            label for label, _, _ in BUCKETS
        )
    return np.maximum(people.label, 0), people.labels


GOT, GOT_BACK, HELD, HELD_BACK, WAITING, COST, UNSAID = range(7)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The addressed customers, ready to be summed up by wave and group."""

    wave: Ints
    held: Mask
    back: Ints
    cost: Ints
    known: Mask
    ripe: Mask
    waves: int

    def table(self, group: Ints, groups: int) -> Ints:
        """Sums as [wave, group, column]."""
        back = (self.back >= 1) & (self.back <= WITHIN_DAYS)
        got, held = self.ripe & ~self.held, self.ripe & self.held
        masks = (got, got & back, held, held & back, self.known & ~self.ripe)
        found = np.zeros((self.waves * groups, 7), np.int64)
        code = self.wave * groups + group
        for column, mask in enumerate(masks):
            found[:, column] = np.bincount(code[mask], minlength=len(found))
        np.add.at(found[:, COST], code[got], np.maximum(self.cost[got], 0))
        np.add.at(found[:, UNSAID], code[got], self.cost[got] == NOT_SAID)
        return found.reshape(self.waves, groups, 7)


def _folded(table: Ints, labels: tuple[str, ...], *, in_order: bool) -> list[tuple[str, Ints]]:
    """The labels of one wave, most customers first; small ones as one, so that nobody follows from the others."""
    size = table[:, GOT] + table[:, HELD] + table[:, WAITING]
    there = [at for at in np.argsort(-size, kind="stable").tolist() if size[at]]
    there = sorted(there) if in_order else sorted(there, key=lambda at: (-int(size[at]), labels[at]))
    small: set[int] = set()
    for column in (GOT, HELD):
        some = [at for at in there if table[at, column]]
        small |= {some[place] for place in too_small([int(table[at, column]) for at in some], SHOWN_FROM)}
    shown = [(labels[at], table[at]) for at in there if at not in small]
    return [*shown, (OTHER, table[sorted(small)].sum(axis=0))] if small else shown


def _effect(sums: Ints, name: str, span: Span, label: str) -> Effect:
    got_n, got_k, held_n, held_k, waiting, cost, unsaid = (int(value) for value in sums)
    got, held = rate(got_k, got_n), rate(held_k, held_n)
    apart = difference(held, got)
    verdict = _verdict(got, held, apart, waiting)
    known = cost if got_n and not unsaid else None
    per_extra = Estimate(None, got_n)
    if verdict is Verdict.MORE and known and apart.value and apart.interval:
        low, high = apart.interval
        per_extra = Estimate(known / (apart.value * got_n), got_n, (known / (high * got_n), known / (low * got_n)))
    needs = needed(_together(got, held)) if verdict in {Verdict.TOO_FEW, Verdict.OPEN} else None
    short = needs is not None and min(got_n, held_n) < needs
    return Effect(name, span, label, got, held, apart, verdict, known, per_extra, needs if short else None, waiting)


def _verdict(got: Estimate, held: Estimate, apart: Estimate, waiting: int) -> Verdict:
    if not got.n and not held.n and waiting:
        return Verdict.WAITING
    if not held.n:
        return Verdict.NO_HOLD_OUT
    if min(got.n, held.n) < MINIMUM or apart.interval is None:
        return Verdict.TOO_FEW
    if apart.interval[0] > 0:
        return Verdict.MORE
    return Verdict.FEWER if apart.interval[1] < 0 else Verdict.OPEN


def _together(got: Estimate, held: Estimate) -> float:
    return ((got.k or 0) + (held.k or 0)) / max(1, got.n + held.n)


def needed(share: float, apart: float = WORTH_SEEING) -> int:
    """Customers on each side with whom `apart` more than `share` is told from none in four of five cases (5 %).

    Fleiss, J. L., Levin, B. and Paik, M. C. (2003), Statistical Methods for Rates and Proportions, 4.2,
    without continuity correction.
    """
    low = min(max(share, 0.01), 1 - apart)
    high = low + apart
    middle = (low + high) / 2
    spread = Z95 * sqrt(2 * middle * (1 - middle)) + Z80 * sqrt(low * (1 - low) + high * (1 - high))
    return max(MINIMUM, ceil((spread / apart) ** 2))
