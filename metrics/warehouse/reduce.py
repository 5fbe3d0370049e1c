"""How are orders reduced to counts inside any SQL engine?

orders -> purchases -> cells as one SQLAlchemy Core statement, written once; what engines
say differently is in `dialect.py`. Windows only, no join of two of its own parts: planners
guess badly at those. The embedded store's kernel (`contribution.py`) says the same with
arrays and is held equal to this by test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from metrics.cells import Cells, Idle
from metrics.counts import Counts
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS
from metrics.rules import Rules
from metrics.segment import ALL, BUCKETS, ENTRY, PURCHASE_COUNT, UnknownDimension
from metrics.warehouse.contribution import Kind, Standing
from metrics.warehouse.dialect import day_of, exact, wall_second


def placed(orders: FromClause, rules: Rules) -> CTE:
    """Orders of identified customers that may be purchases, returned ones too, numbered in time."""
    status = func.lower(orders.c.status)
    enough = orders.c.amount >= 0 if rules.zero_amounts else orders.c.amount > 0
    returned = status.in_(rules.returned)
    customer = exact(orders.c.customer_id)
    second = wall_second(orders.c.ordered_at)
    order_id = exact(orders.c.order_id)
    return (
        select(
            customer.label("customer"),
            order_id.label("order_id"),
            second.label("second"),
            day_of(second).label("day"),
            case((returned, 0), else_=orders.c.amount).label("amount"),
            case((returned, Standing.RETURNED.value), else_=Standing.PURCHASE.value).label("standing"),
            exact(orders.c.subscription_id).label("subscription_id"),
            orders.c.cycle_no,
            case((or_(orders.c.first_flag.is_(False), orders.c.cycle_no >= Kind.RENEWAL.value), 0), else_=1).label(
                "trusted"
            ),
            *(func.coalesce(exact(orders.c[column]), "").label(f"label_{column}") for column in rules.columns),
            func.row_number().over(partition_by=customer, order_by=(second, order_id)).label("place"),
        )
        .where(
            orders.c.customer_id.is_not(None),
            not_(status.in_(rules.excluded)),
            or_(returned, enough),
        )
        .cte("placed")
    )


def numbered(orders: FromClause, rules: Rules) -> CTE:
    """The same, returned ones only as a first, each with the number k of its purchase and whether it starts that."""
    place = placed(orders, rules)
    line = select(place).where(or_(place.c.standing == Standing.PURCHASE.value, place.c.place == 1)).cte("lines")
    before = func.lag(line.c.second).over(partition_by=line.c.customer, order_by=(line.c.second, line.c.order_id))
    again = func.row_number().over(
        partition_by=(line.c.customer, line.c.subscription_id, line.c.cycle_no),
        order_by=(line.c.second, line.c.order_id),
    )
    uncounted = and_(line.c.subscription_id.is_not(None), line.c.cycle_no.is_(None))
    spaced = select(
        *line.c,
        before.label("before"),
        case(
            (line.c.cycle_no >= Kind.RENEWAL.value, Kind.RENEWAL.value),
            (and_(uncounted, again > 1), Kind.RENEWAL.value),
            (or_(line.c.subscription_id.is_not(None), line.c.cycle_no == 1), Kind.START.value),
            else_=Kind.ONE_OFF.value,
        ).label("kind"),
    ).cte("spaced")
    start = _starts(spaced, rules)
    return select(
        spaced,
        start.label("starts"),
        func.sum(start)
        .over(partition_by=spaced.c.customer, order_by=(spaced.c.second, spaced.c.order_id), rows=(None, 0))
        .label("k"),
    ).cte("numbered")


def purchases(orders: FromClause, rules: Rules) -> CTE:
    """One row per customer and purchase: number k from 1, day, next day, amount; and the customer's facts.

    first_*: of the customer's first order; second_day: of the first voluntary purchase after it.
    """
    order = numbered(orders, rules)
    opener = order.c.place == 1
    facts = ("trusted", *(f"label_{column}" for column in rules.columns))
    grouped = (
        select(
            order.c.customer,
            order.c.k,
            func.min(order.c.day).label("day"),
            func.sum(order.c.amount).label("amount"),
            func.max(case((order.c.kind == Kind.RENEWAL.value, 0), else_=1)).label("voluntary"),
            func.max(case((order.c.kind == Kind.ONE_OFF.value, 0), else_=1)).label("subscribed"),
            *(func.max(case((opener, order.c[fact]))).label(fact) for fact in facts),
        )
        .group_by(order.c.customer, order.c.k)
        .cte("grouped")
    )
    whose, by_k = grouped.c.customer, grouped.c.k
    again_day = case((and_(by_k > 1, grouped.c.voluntary == 1), grouped.c.day))

    def of_first(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.first_value(column).over(partition_by=whose, order_by=by_k)

    return select(
        *(grouped.c[name] for name in ("customer", "k", "day", "amount")),
        func.lead(grouped.c.day).over(partition_by=whose, order_by=by_k).label("next_day"),
        func.min(again_day).over(partition_by=whose).label("second_day"),
        of_first(grouped.c.subscribed).label("entry"),
        *(of_first(grouped.c[fact]).label(f"first_{fact}") for fact in facts),
    ).cte("purchases")


def _starts(spaced: CTE, rules: Rules) -> ColumnElement[int]:
    """1 where an order begins a purchase, else 0."""
    if rules.same_day == "separate":
        return literal(1)
    other_day = spaced.c.day != day_of(spaced.c.before)
    later = spaced.c.second - spaced.c.before > rules.merge_minutes * 60
    return case((spaced.c.before.is_(None), 1), (and_(other_day, later), 1), else_=0)


def cells_of(
    orders: FromClause, rules: Rules, dimensions: Sequence[str], filters: Mapping[str, str] | None = None
) -> Select[Any]:
    """The SELECT that counts by the labels of those dimensions: (place, label, what, day, gap, n).

    place: of the dimension among those; what: an Idle event, COHORT or GAP; gap: 0 but for GAP.
    orders: a table or sub-query with the columns of tables.orders_table. Raises segment.UnknownDimension.
    """
    for name in (*dimensions, *(filters or {})):
        if name not in {ALL, ENTRY, PURCHASE_COUNT, *rules.columns}:
            raise UnknownDimension(name=name, known=(*rules.columns, ENTRY, PURCHASE_COUNT))
    bought = purchases(orders, rules)
    kinds = _kinds(len(dimensions))
    place, what = kinds.c.place, kinds.c.what
    counted = _Counted(bought, rules, [place == at for at in range(len(dimensions))], dimensions)
    wanted = [_label(bought, dimension) == label for dimension, label in sorted((filters or {}).items())]
    marks = (
        select(
            place.label("place"),
            counted.label().label("label"),
            what.label("what"),
            counted.day(what).label("day"),
            case((what == GAP, counted.back), else_=0).label("gap"),
        )
        .select_from(bought.join(kinds, kinds.c.what + bought.c.k > 0))  # each with each
        .where(counted.when(what), *wanted)
        .subquery("marks")
    )
    return select(*marks.c, func.count().label("n")).group_by(*marks.c)


COHORT, GAP = len(Idle), len(Idle) + 1
"""What a cell counts besides the idle events."""


def _kinds(dimensions: int) -> FromClause:
    """A table of what can be counted in which dimension, in any engine."""
    rows = product(range(dimensions), (*(int(event) for event in Idle), COHORT, GAP))
    columns: Iterator[Any] = (
        select(literal_column(str(place)).label("place"), literal_column(str(what)).label("what"))
        for place, what in rows
    )
    return union_all(*columns).subquery("kinds")


class _Counted:
    """What a purchase adds to which dimension; `places[i]`: whether a row speaks of dimensions[i]."""

    def __init__(
        self, bought: CTE, rules: Rules, places: Sequence[ColumnElement[bool]], dimensions: Sequence[str]
    ) -> None:
        self._bought, self._rules = bought, rules
        self._places, self._dimensions = places, dimensions
        by_number = [place for place, name in zip(places, dimensions, strict=True) if name == PURCHASE_COUNT]
        by_entry = [place for place, name in zip(places, dimensions, strict=True) if name == ENTRY]
        self._every = or_(false(), *by_number)
        own = bought.c.first_trusted
        cohort = own if rules.subscription_first == "same" else own * (1 - bought.c.entry)
        self._member = case((or_(false(), *by_entry), own), else_=cohort) == 1
        self.back = case((self._every, bought.c.next_day), else_=bought.c.second_day) - bought.c.day

    def label(self) -> ColumnElement[str]:
        """The customer's label in the row's dimension."""
        labels = [_label(self._bought, name) for name in self._dimensions]
        return case(*zip(self._places, labels, strict=True))

    def day(self, what: ColumnElement[int]) -> ColumnElement[int]:
        """The day on which it is counted."""
        day, following = self._bought.c.day, self._bought.c.next_day
        later = (Idle.LEFT.value, Idle.BACK_PRE_DORMANT.value, Idle.BACK_DORMANT.value)
        return case(
            (what == Idle.PRE_DORMANT.value, day + PRE_DORMANT_DAYS),
            (what == Idle.DORMANT.value, day + DORMANT_DAYS),
            (what.in_(later), following),
            else_=day,
        )

    def when(self, what: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether the purchase adds that at all."""
        following = self._bought.c.next_day
        gap = following - self._bought.c.day
        first = or_(self._every, self._bought.c.k == 1)
        member = and_(first, or_(self._every, self._member))
        return or_(
            and_(what == Idle.SEEN.value, first),
            and_(what == Idle.LEFT.value, self._every, following.is_not(None)),
            and_(what == Idle.PRE_DORMANT.value, or_(following.is_(None), gap > PRE_DORMANT_DAYS)),
            and_(what == Idle.DORMANT.value, or_(following.is_(None), gap > DORMANT_DAYS)),
            and_(what == Idle.BACK_PRE_DORMANT.value, gap > PRE_DORMANT_DAYS, gap <= DORMANT_DAYS),
            and_(what == Idle.BACK_DORMANT.value, gap > DORMANT_DAYS),
            and_(what == COHORT, member),
            and_(what == GAP, member, self.back <= self._rules.horizon_days),
        )


def _label(bought: CTE, dimension: str) -> ColumnElement[str]:
    if dimension == ALL:
        return literal("")
    if dimension == ENTRY:
        return case((bought.c.entry == 1, "subscription"), else_="one_off")
    if dimension == PURCHASE_COUNT:
        return case(*((bought.c.k >= least, name) for name, least, _ in reversed(BUCKETS)))
    column: ColumnElement[str] = bought.c[f"first_label_{dimension}"]
    return column


class Warehouse:
    """A CountsReader over orders in any SQL engine: nothing is copied."""

    def __init__(self, connection: Connection, orders: FromClause, rules: Rules) -> None:
        self._connection = connection
        self._orders = orders
        self.rules = rules

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label, reduced in the engine; raises segment.UnknownDimension."""
        return self.all_counts((dimension,), filters)[dimension]

    def all_counts(self, dimensions: Sequence[str], filters: Mapping[str, str] | None = None) -> dict[str, Counts]:
        """Counts of several dimensions in one statement: of one moment, whatever is written meanwhile."""
        found: list[list[Row]] = [[] for _ in dimensions]
        asked = self._connection.execution_options(stream_results=True)
        with asked.execute(cells_of(self._orders, self.rules, dimensions, filters)) as result:
            for place, *rest in result:
                found[place].append(tuple(rest))
        return {
            dimension: Counts(dimension, _cells(rows), self.rules.horizon_days)
            for dimension, rows in zip(dimensions, found, strict=True)
        }


Row = tuple[Any, ...]


def _cells(rows: Sequence[Row]) -> Cells:
    """Cells of (label, what, day, gap, n)."""
    labels = tuple(sorted({str(row[0]) for row in rows}))
    at = {label: number for number, label in enumerate(labels)}
    table = np.array([(at[str(label)], *map(int, rest)) for label, *rest in rows], np.int64).reshape(-1, 5)
    label, what, day, gap, n = table.T
    cohort, back, idle = what == COHORT, what == GAP, what < COHORT
    return Cells(
        labels,
        np.stack([label, day, n], axis=1)[cohort],
        np.stack([label, day, gap, n], axis=1)[back],
        np.stack([label, day, what, n], axis=1)[idle],
    )
