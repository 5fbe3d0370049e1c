"""How do counts come from orders, without an engine?

A plain path from orders to counts, so that the laws can run on the figures
alone. Other paths (SQL on an engine) have the same type and keep the same laws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from metrics.burn_in import BurnIn
from metrics.cells import Cells, Idle
from metrics.counts import Counts, CountsReader
from metrics.day import number
from metrics.rules import Rules
from metrics.segment import ALL, PURCHASE_COUNT, UnknownDimension
from tests.metrics import slow

Path = Callable[[Sequence[slow.Order], Rules], CountsReader]


class Reader:
    """Counts of a list of customers."""

    def __init__(self, people: list[slow.Customer], rules: Rules) -> None:
        self.people, self.rules = people, rules

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        if dimension not in {ALL, "channel", PURCHASE_COUNT}:
            raise UnknownDimension(dimension=dimension)
        people = [who for who in self.people if all(who.channel == label for label in (filters or {}).values())]
        return Counts(dimension, cells(people, dimension), self.rules.horizon_days)


def plain(orders: Sequence[slow.Order], rules: Rules) -> CountsReader:
    """The path without an engine."""
    return Reader(slow.customers(orders, rules.merge_minutes), rules)


class _Add(Protocol):
    def __call__(self, label: str, day: int, event: Idle) -> None: ...


def cells(people: list[slow.Customer], dimension: str) -> Cells:
    """The cells of every customer, added up."""
    cohort: Counter[tuple[str, int]] = Counter()
    gap: Counter[tuple[str, int, int]] = Counter()
    idle: Counter[tuple[str, int, int]] = Counter()

    def add(label: str, day: int, event: Idle) -> None:
        idle[label, day, int(event)] += 1

    for person in people:
        for k, day in enumerate(person.days, start=1):
            label = {ALL: "", "channel": person.channel, PURCHASE_COUNT: slow.bucket(k)}[dimension]
            following = person.days[k] if k < len(person.days) else None
            if k == 1 or dimension == PURCHASE_COUNT:
                cohort[label, number(day)] += 1
                add(label, number(day), Idle.SEEN)
                if following:
                    gap[label, number(day), (following - day).days] += 1
                    if dimension == PURCHASE_COUNT:
                        add(label, number(following), Idle.LEFT)
            _add_idle(add, label, day, following)
    labels = tuple(sorted({key[0] for key in cohort}))
    return Cells(labels, _rows(labels, cohort, 3), _rows(labels, gap, 4), _rows(labels, idle, 4))


def _add_idle(add: _Add, label: str, day: date, following: date | None) -> None:
    until = (following - day).days if following else 10**9
    if until > 60:
        add(label, number(day) + 60, Idle.PRE_DORMANT)
    if until > 90:
        add(label, number(day) + 90, Idle.DORMANT)
    if following and until > 60:
        add(label, number(following), Idle.BACK_DORMANT if until > 90 else Idle.BACK_PRE_DORMANT)


def _rows(labels: tuple[str, ...], counted: Mapping[tuple[object, ...], int], width: int) -> np.ndarray:
    rows = [(labels.index(str(key[0])), *key[1:], n) for key, n in counted.items()]
    return np.array(rows, np.int64).reshape(-1, width)


DAY = date(2026, 1, 1)
TRUSTED = BurnIn(DAY, 0)
First = tuple[str, date, int | None, int]
"""Label, first day, gap to the second purchase (None: never), customers."""


def counts_of(firsts: Iterable[First], horizon_days: int = 180) -> Counts:
    """Counts of first purchases, as a table in a test says them."""
    rows = list(firsts)
    labels = tuple(sorted({label for label, _, _, _ in rows}))
    cohort = [(labels.index(label), number(day), n) for label, day, _, n in rows]
    gap = [(labels.index(label), number(day), gap, n) for label, day, gap, n in rows if gap is not None]
    idle = [(labels.index(label), number(day), int(Idle.SEEN), n) for label, day, _, n in rows]
    return Counts(
        "all" if labels == ("",) else "channel",
        Cells(labels, *map(_table, (cohort, gap, idle), (3, 4, 4))),
        horizon_days,
    )


def _table(rows: list[tuple[int, ...]], width: int) -> np.ndarray:
    return np.array(rows, np.int64).reshape(-1, width)


def daily(per_day: int, back: int, gap: int = 10, days: int = 400, label: str = "") -> list[First]:
    """A shop with the same customers every day."""
    return [
        (label, DAY + timedelta(days=i), g, n)
        for i in range(days)
        for g, n in ((gap, back), (None, per_day - back))
        if n
    ]
