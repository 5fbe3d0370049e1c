"""How does a shop's own database answer as the store does, with nothing copied?

Counts and data quality are made there in one transaction and kept in memory until the orders have
changed; only cells leave the database. Questions about some customers, and the list of those about
to go dormant, go there when they are asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, FromClause, case, func, literal, select

from metrics.cells import Idle, joined, no_cells
from metrics.counts import Counts
from metrics.day import number
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS, AboutToGoDormant
from metrics.problem import Problem
from metrics.segment import ALL, BUCKETS, ENTRY, OTHER, PURCHASE_COUNT, Dimension, UnknownDimension, bucket, dimensions
from metrics.warehouse import in_place_quality
from metrics.warehouse.answers import LABELS_KEPT, NotAFilter, QualityCounts, UnknownLabel
from metrics.warehouse.canonical import good
from metrics.warehouse.dialect import day_of, exact, wall_second
from metrics.warehouse.reduce import Warehouse, purchases

if TYPE_CHECKING:
    from metrics.estimate import Estimate
    from metrics.report import Quality
    from metrics.rules import Rules
    from metrics.warehouse.health import Health

Lent = tuple[Connection, FromClause]
"""A connection in one read-only transaction under a deadline, and the orders (canonical.canonical)."""
Opened = Callable[[], AbstractContextManager[Lent]]

BAD_SHARE = 0.01


class RowsUnreadable(Problem):
    """Too many rows have no id, no date, no amount, or another currency."""

    key = "warehouse_bad_rows"


class OrdersTwice(Problem):
    """Orders that stand more than once: most likely one row per line item."""

    key = "warehouse_twice"


class NoReplay(Problem):
    """What was known earlier cannot be told: the shop's database knows only what it holds now."""

    key = "warehouse_no_replay"


class ReadInPlace(Problem):
    """There is nothing to import into: the orders are read where they are."""

    key = "warehouse_no_import"


@dataclass(frozen=True, slots=True)
class _Pulled:
    """What is in memory: of which mark, on which local day, the counts and the quality."""

    mark: tuple[Any, ...]
    day: date
    counts: Mapping[str, Counts]
    quality: QualityCounts


class InPlace:
    """A shop's own database; a CountsReader, and all else that the desk asks of a store.

    `now` gives local instants of the shop; `patience`: how long what is in memory is believed without a look.
    `trouble`: why the last look failed, None where it did not.
    """

    reads_in_place = True
    """So it can be told from a store: whether a day is complete only its orders tell."""

    def __init__(
        self, name: str, opened: Opened, rules: Rules, now: Callable[[], datetime], patience: timedelta
    ) -> None:
        self.name = name
        self.rules = rules
        self.trouble: Problem | None = None
        self._opened, self._now, self._patience = opened, now, patience
        self._looking = threading.Lock()
        self._looked: datetime | None = None
        self._pulled: _Pulled | None = None

    # -- what is in memory ---------------------------------------------------------

    def refresh(self) -> bool:
        """Look whether the orders have changed, and count anew where they have; whether anything was new.

        While somebody looks, others answer from what is there. Where the database does not answer,
        what is in memory stays, and `trouble` says why; raises that Problem where there is nothing yet.
        """
        if self._pulled and self._looked and self._now() - self._looked < self._patience:
            return False
        if not self._looking.acquire(blocking=self._pulled is None):
            return False
        try:
            return self._look()
        finally:
            self._looking.release()

    def _look(self) -> bool:
        before = self._pulled
        if before and self._looked and self._now() - self._looked < self._patience:
            return False  # somebody looked while we waited
        try:
            with self._opened() as (connection, every):
                orders = good(every)
                mark, today = _mark(connection, every), self._now().date()
                if before is None or before.mark != mark or before.day != today:
                    _check(connection, every, mark, self.name)
                    self._pulled = self._pull(connection, orders, mark, today)
            self.trouble = None
        except Problem as problem:
            self.trouble = problem
            if before is None:
                raise
        self._looked = self._now()
        return self._pulled is not before

    def _pull(self, connection: Connection, orders: FromClause, mark: tuple[Any, ...], today: date) -> _Pulled:
        names = (ALL, *self.rules.columns, ENTRY, PURCHASE_COUNT)
        counts = Warehouse(connection, orders, self.rules).all_counts(names)
        quality = in_place_quality.read_quality(connection, orders, self.rules)
        return _Pulled(mark, today, {name: _few_labels(one) for name, one in counts.items()}, quality)

    def _known(self) -> _Pulled:
        if self._pulled is None:
            self.refresh()
        if self._pulled is None:
            raise AssertionError(self.name)
        return self._pulled

    # -- what is asked -------------------------------------------------------------

    def dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions that can be asked for."""
        return dimensions(self.rules.columns)

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label, from memory where no filter is given; raises UnknownDimension, NotAFilter, UnknownLabel."""
        known = self._known().counts
        for name in (dimension, *(filters or {})):
            if name not in known:
                raise UnknownDimension(name=name, known=tuple(sorted({*known} - {ALL})))
        if not filters:
            return known[dimension]
        for name, label in filters.items():
            if name == PURCHASE_COUNT:
                raise NotAFilter(dimension=name)
            if label not in known[name].labels:
                raise UnknownLabel(dimension=name, label=label)
        with self._opened() as (connection, every):
            found = Warehouse(connection, good(every), self.rules).counts(dimension, filters)
        return _few_labels(found)

    def labels(self, dimension: str, limit: int = 100) -> tuple[str, ...]:
        """The dimension's labels, most customers first."""
        ranked = _ranked(self.counts(dimension))
        return tuple(label for label, customers in ranked if customers > 0 and label != OTHER)[:limit]

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to and on as_of."""
        return self._known().quality.until(as_of)

    def about_to_go_dormant(
        self, as_of: date, chances: Mapping[tuple[str, int], Estimate], limit: int = 100
    ) -> tuple[AboutToGoDormant, ...]:
        """Customers idle 60-89 days on as_of, ranked in the engine by P(return) x mean order value."""
        with self._opened() as (connection, every):
            return _ranked_list(connection, good(every), self.rules, as_of, chances, limit)

    def health(self, now: datetime) -> Health:
        """What the doctor wants to know; `now` is shop-local. Raises what `refresh` would."""
        with self._opened() as (connection, every):
            _check(connection, every, _mark(connection, every), self.name)
            return in_place_quality.look(connection, good(every), self.rules, now)

    # -- what cannot be had in place -------------------------------------------------

    def known(self, known_at: datetime) -> InPlace:
        """Raise NoReplay: versions of orders are not kept there."""
        raise NoReplay(source=self.name, at=known_at.isoformat())

    def history(self) -> InPlace:
        """What was known on past mornings: of all of them, what is known today."""
        return self

    def knowing(self, known_at: datetime, as_of: date) -> tuple[InPlace, bool]:  # noqa: ARG002  one answer for all
        """Today's knowledge, and that nothing says it was another."""
        return self, False

    def knew_anything(self, known_at: datetime) -> bool:  # noqa: ARG002  one answer for all
        """Nothing tells what was known when."""
        return False

    def first_import_at(self) -> datetime | None:
        """Nothing is imported: whether a day is complete is told by its orders."""
        return None

    def last_import_at(self) -> datetime | None:
        """The same."""
        return None

    def writing(self) -> AbstractContextManager[Any]:
        """Raise ReadInPlace: whoever imports asks for this first."""
        raise ReadInPlace(source=self.name)


def _mark(connection: Connection, every: FromClause) -> tuple[Any, ...]:
    """What changes when orders do: rows, newest, money, and orders by status, in one look at the table."""
    grouped = connection.execute(
        select(
            every.c.status, func.count(), func.max(wall_second(every.c.ordered_at)), func.sum(every.c.amount),
            func.sum(every.c.bad), func.count(every.c.customer_id),
        ).group_by(every.c.status)
    )  # fmt: skip
    return tuple(sorted(tuple(map(str, row)) for row in grouped))


_COUNT, _BAD = 1, 4


def _check(connection: Connection, every: FromClause, mark: tuple[Any, ...], name: str) -> None:
    """Raise RowsUnreadable, OrdersTwice."""
    rows, bad = (sum(int(group[at]) for group in mark) for at in (_COUNT, _BAD))
    if bad > BAD_SHARE * rows:
        raise RowsUnreadable(source=name, bad=bad, rows=rows)
    ids = exact(every.c.order_id)
    twice = select(ids.label("id"), func.count().label("n")).where(every.c.bad == 0).group_by(ids)
    several = twice.having(func.count() > 1).subquery("several")
    count, example = connection.execute(select(func.count(), func.min(several.c.id)).select_from(several)).one()
    if count:
        raise OrdersTwice(source=name, count=int(count), example=str(example))


def _few_labels(counts: Counts) -> Counts:
    """The same, the labels beyond the most frequent ones as OTHER."""
    if len(counts.labels) <= LABELS_KEPT:
        return counts
    named = {label for label, _ in _ranked(counts)[: LABELS_KEPT - 1]}
    cells = counts.cells()
    shown = tuple(label if label in named else OTHER for label in cells.labels)
    names = tuple(sorted({*shown}))
    place = np.array([names.index(label) for label in shown], np.int64)
    moved = [np.column_stack([place[rows[:, 0]], rows[:, 1:]]) for rows in (cells.cohort, cells.gap, cells.idle)]
    return Counts(counts.dimension, joined(no_cells(names), type(cells)(names, *moved)), counts.horizon_days)


def _ranked(counts: Counts) -> list[tuple[str, int]]:
    """Labels with their customers, most first, then by name."""
    idle = counts.cells().idle
    seen = idle[idle[:, 2] == Idle.SEEN]
    customers = np.bincount(seen[:, 0], weights=seen[:, 3], minlength=len(counts.labels))
    found = zip(counts.labels, customers.astype(int).tolist(), strict=True)
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _ranked_list(  # what is asked where, by which rules, of which day, by what rank, and how many
    connection: Connection,
    orders: FromClause,
    rules: Rules,
    as_of: date,
    chances: Mapping[tuple[str, int], Estimate],
    limit: int,
) -> tuple[AboutToGoDormant, ...]:
    today = number(as_of)
    until = select(orders).where(day_of(wall_second(orders.c.ordered_at)) <= today).subquery("until")
    bought = purchases(until, rules)
    state = (
        select(
            bought.c.customer,
            (today - func.max(bought.c.day)).label("idle"),
            func.count().label("bought"),
            func.sum(bought.c.amount).label("amount"),
        )
        .group_by(bought.c.customer)
        .subquery("state")
    )
    label = case(*((state.c.bought >= least, name) for name, least, _ in reversed(BUCKETS)))
    worth = [
        ((label == who) & (state.c.idle == idle), chance.value)
        for (who, idle), chance in chances.items()
        if chance.value is not None
    ]
    chance = case(*worth, else_=0.0) if worth else literal(0.0)
    expected = (chance * state.c.amount * 1.0 / state.c.bought).label("expected")
    rows = connection.execute(
        select(state.c.customer, state.c.idle, state.c.bought, state.c.amount, expected)
        .where(state.c.idle.between(PRE_DORMANT_DAYS, DORMANT_DAYS - 1))
        .order_by(expected.desc(), state.c.amount.desc(), state.c.idle.desc(), state.c.customer)
        .limit(limit)
    )
    return tuple(
        AboutToGoDormant(str(who), int(idle), int(n), int(amount), chances[bucket(int(n)), int(idle)], float(value))
        for who, idle, n, amount, value in rows
    )
