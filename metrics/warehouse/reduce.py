"""How are orders reduced to counts inside any SQL engine?

purchases -> customers -> counts as SQLAlchemy Core statements, written once;
what engines say differently is in `dialect.py`. The embedded store's kernel
(`contribution.py`) says the same with arrays and is held equal to this by test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from metrics.cells import Cells, Idle, Ints
from metrics.counts import Counts
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS
from metrics.rules import Rules
from metrics.segment import ALL, BUCKETS, ENTRY, PURCHASE_COUNT, UnknownDimension
from metrics.warehouse.contribution import Kind, Standing
from metrics.warehouse.dialect import day_of, exact, wall_second


@dataclass(frozen=True, slots=True)
class Statements:
    """Three SELECTs: (label, day, n), (label, first day, gap, n), (label, day, event, n)."""

    cohort: Select[Any]
    gap: Select[Any]
    idle: Select[Any]


def lines(orders: FromClause, rules: Rules) -> CTE:
    """Orders of identified customers that may be purchases, returned ones only as a first."""
    status = func.lower(orders.c.status)
    enough = orders.c.amount >= 0 if rules.zero_amounts else orders.c.amount > 0
    returned = status.in_(rules.returned)
    customer = exact(orders.c.customer_id)
    second = wall_second(orders.c.ordered_at)
    order_id = exact(orders.c.order_id)
    placed = (
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
    return select(placed).where(or_(placed.c.standing == Standing.PURCHASE.value, placed.c.place == 1)).cte("lines")


def purchases(line: CTE, rules: Rules) -> CTE:
    """One row per customer and purchase: number k from 1, day, next day, amount, kinds."""
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
    numbered = select(
        spaced,
        func.sum(_starts(spaced, rules))
        .over(partition_by=spaced.c.customer, order_by=(spaced.c.second, spaced.c.order_id), rows=(None, 0))
        .label("k"),
    ).cte("numbered")
    grouped = (
        select(
            numbered.c.customer,
            numbered.c.k,
            func.min(numbered.c.day).label("day"),
            func.sum(numbered.c.amount).label("amount"),
            func.max(case((numbered.c.kind == Kind.RENEWAL.value, 0), else_=1)).label("voluntary"),
            func.max(case((numbered.c.kind == Kind.ONE_OFF.value, 0), else_=1)).label("subscribed"),
        )
        .group_by(numbered.c.customer, numbered.c.k)
        .cte("grouped")
    )
    return select(
        grouped,
        func.lead(grouped.c.day).over(partition_by=grouped.c.customer, order_by=grouped.c.k).label("next_day"),
    ).cte("purchases")


def _starts(spaced: CTE, rules: Rules) -> ColumnElement[int]:
    """1 where an order begins a purchase, else 0."""
    if rules.same_day == "separate":
        return literal(1)
    other_day = spaced.c.day != day_of(spaced.c.before)
    later = spaced.c.second - spaced.c.before > rules.merge_minutes * 60
    return case((spaced.c.before.is_(None), 1), (and_(other_day, later), 1), else_=0)


def customers(line: CTE, purchase: CTE, rules: Rules) -> CTE:
    """One row per customer: first, second (voluntary) and last day, count, amount, labels."""
    again = and_(purchase.c.k > 1, purchase.c.voluntary == 1)
    state = (
        select(
            purchase.c.customer,
            func.min(purchase.c.day).label("first_day"),
            func.min(case((again, purchase.c.day))).label("second_day"),
            func.max(purchase.c.day).label("last_day"),
            func.count().label("purchase_count"),
            func.sum(purchase.c.amount).label("amount"),
            func.max(case((purchase.c.k == 1, purchase.c.subscribed), else_=0)).label("entry"),
        )
        .group_by(purchase.c.customer)
        .cte("state")
    )
    own = line.c.trusted if rules.subscription_first == "same" else line.c.trusted * (1 - state.c.entry)
    return (
        select(
            state,
            line.c.trusted,
            own.label("cohort"),
            *(line.c[f"label_{column}"] for column in rules.columns),
        )
        .join(line, and_(line.c.customer == state.c.customer, line.c.place == 1))
        .cte("customers")
    )


def statements(
    orders: FromClause, rules: Rules, dimension: str, filters: Mapping[str, str] | None = None
) -> Statements:
    """The SELECTs that count by the labels of `dimension`; raises segment.UnknownDimension.

    orders: a table or sub-query with the columns of tables.orders_table.
    """
    line = lines(orders, rules)
    purchase = purchases(line, rules)
    who = _filtered(customers(line, purchase, rules), rules, filters or {})
    if dimension == PURCHASE_COUNT:
        return _by_bucket(purchase, who, rules)
    label = _label(who, dimension, rules)
    member = (who.c.trusted if dimension == ENTRY else who.c.cohort) == 1
    gap = who.c.second_day - who.c.first_day
    idle = _idle(purchase, select(who.c.customer, label.label("label")).cte("labelled"))
    return Statements(
        _counted(select(label.label("label"), who.c.first_day.label("day")).where(member)),
        _counted(
            select(label.label("label"), who.c.first_day.label("day"), gap.label("gap")).where(
                member, gap <= rules.horizon_days
            )
        ),
        _counted(idle),
    )


def _filtered(who: CTE, rules: Rules, filters: Mapping[str, str]) -> CTE:
    wanted = [_label(who, dimension, rules) == label for dimension, label in sorted(filters.items())]
    return select(who).where(*wanted).cte("chosen") if wanted else who


def _label(who: CTE, dimension: str, rules: Rules) -> ColumnElement[str]:
    if dimension == ALL:
        return literal("")
    if dimension == ENTRY:
        return case((who.c.entry == 1, "subscription"), else_="one_off")
    if dimension not in rules.columns:
        raise UnknownDimension(name=dimension, known=(*rules.columns, ENTRY, PURCHASE_COUNT))
    column: ColumnElement[str] = who.c[f"label_{dimension}"]
    return column


def _counted(rows: Select[Any]) -> Select[Any]:
    """The rows' distinct values, each with how often it stands."""
    inner = rows.subquery()
    return select(*inner.c, func.count().label("n")).group_by(*inner.c)


def _idle(purchase: CTE, labelled: CTE) -> Select[Any]:
    label = labelled.c.label
    mine = purchase.join(labelled, labelled.c.customer == purchase.c.customer)
    return _events(purchase, mine, label, purchase.c.k == 1)


def _events(purchase: CTE, mine: FromClause, label: ColumnElement[str], seen: ColumnElement[bool]) -> Select[Any]:
    """(label, day, event) of every idle event after the purchases."""
    day, following = purchase.c.day, purchase.c.next_day
    gap = following - day

    def event(what: Idle, on: ColumnElement[Any], when: ColumnElement[bool]) -> Select[Any]:
        return (
            select(label.label("label"), on.label("day"), literal(what.value).label("event"))
            .select_from(mine)
            .where(when)
        )

    parts = union_all(
        event(Idle.SEEN, day, seen),
        event(Idle.PRE_DORMANT, day + PRE_DORMANT_DAYS, or_(following.is_(None), gap > PRE_DORMANT_DAYS)),
        event(Idle.DORMANT, day + DORMANT_DAYS, or_(following.is_(None), gap > DORMANT_DAYS)),
        event(Idle.BACK_PRE_DORMANT, following, and_(gap > PRE_DORMANT_DAYS, gap <= DORMANT_DAYS)),
        event(Idle.BACK_DORMANT, following, gap > DORMANT_DAYS),
    ).subquery()
    return select(parts)


def _by_bucket(purchase: CTE, who: CTE, rules: Rules) -> Statements:
    """Every purchase starts anew under the bucket of its number."""
    label = case(*((purchase.c.k >= least, name) for name, least, _ in reversed(BUCKETS)))
    mine = purchase.join(who, who.c.customer == purchase.c.customer)
    gap = purchase.c.next_day - purchase.c.day
    started = select(label.label("label"), purchase.c.day.label("day")).select_from(mine)
    left = select(label.label("label"), purchase.c.next_day.label("day"), literal(Idle.LEFT.value).label("event"))
    events = _events(purchase, mine, label, literal(value=True) == literal(value=True)).subquery()
    both = union_all(select(events), left.select_from(mine).where(purchase.c.next_day.is_not(None))).subquery()
    return Statements(
        _counted(started),
        _counted(started.add_columns(gap.label("gap")).where(gap <= rules.horizon_days)),
        _counted(select(both)),
    )


class Warehouse:
    """A CountsReader over orders in any SQL engine: nothing is copied."""

    def __init__(self, connection: Connection, orders: FromClause, rules: Rules) -> None:
        self._connection = connection
        self._orders = orders
        self.rules = rules

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by label, reduced in the engine; raises segment.UnknownDimension."""
        asked = statements(self._orders, self.rules, dimension, filters)
        found = [self._connection.execute(each).all() for each in (asked.cohort, asked.gap, asked.idle)]
        labels = tuple(sorted({str(row[0]) for rows in found for row in rows}))
        at = {label: i for i, label in enumerate(labels)}
        cohort, gap, idle = (_rows(rows, at, width) for rows, width in zip(found, (3, 4, 4), strict=True))
        return Counts(dimension, Cells(labels, cohort, gap, idle), self.rules.horizon_days)


def _rows(rows: Sequence[Sequence[Any]], at: Mapping[str, int], width: int) -> Ints:
    table = [(at[str(label)], *(int(value) for value in values)) for label, *values in rows]
    return np.array(table, np.int64).reshape(-1, width)
