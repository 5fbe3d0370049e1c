"""What was left out or looks odd, counted where the orders lie?

The same as `answers.read_quality` and `health.look` say of the embedded store, as statements for any engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, FromClause, Integer, Select, and_, case, cast, func, not_, or_, select

from metrics.day import zone
from metrics.warehouse.answers import QualityCounts
from metrics.warehouse.contribution import DAY_SECONDS, Dropped, Standing
from metrics.warehouse.dialect import day_of, wall_second
from metrics.warehouse.health import Health
from metrics.warehouse.pull import RULE_DIMENSION, STATUS_DIMENSION
from metrics.warehouse.reduce import numbered, placed, purchases

if TYPE_CHECKING:
    from metrics.rules import Rules

_SHOWN = 10
_HOUR = 3600
Days = dict[tuple[str, str], dict[int, int]]


def read_quality(connection: Connection, orders: FromClause, rules: Rules) -> QualityCounts:
    """Orders by rule and day, and the newest order of each day."""
    days: Days = defaultdict(lambda: defaultdict(int))
    newest: dict[int, int] = {}
    untold: list[int] = []
    _of_orders(connection, orders, rules, days, newest, untold)

    def add(rule: Dropped, statement: Select[Any]) -> None:
        for day, n in connection.execute(statement):
            days[RULE_DIMENSION, rule.name.lower()][int(day)] += int(n)

    place, order = placed(orders, rules), numbered(orders, rules)
    late_return = and_(place.c.standing == Standing.RETURNED.value, place.c.place > 1)
    add(Dropped.RETURNED, select(place.c.day, func.count()).where(late_return).group_by(place.c.day))
    add(Dropped.MERGED, select(order.c.day, func.count()).where(order.c.starts == 0).group_by(order.c.day))
    bought = purchases(orders, rules)
    first = bought.c.k == 1
    by_day = select(
        bought.c.day,
        func.count(),
        func.sum(case((first, 1), else_=0)),
        func.sum(case((and_(first, bought.c.first_trusted == 0), 1), else_=0)),
    ).group_by(bought.c.day)
    for day, *counts in connection.execute(by_day):
        for rule, n in zip((Dropped.PURCHASES, Dropped.CUSTOMERS, Dropped.FIRST_NOT_TRUSTED), counts, strict=True):
            days[RULE_DIMENSION, rule.name.lower()][int(day)] += int(n)
    return QualityCounts(
        {key: _running(found) for key, found in days.items()},
        (np.array(sorted(newest), np.int64), np.array([newest[day] for day in sorted(newest)], np.int64)),
        zone(rules.zone),
        min(untold, default=None),
    )


def _of_orders(  # what is read where, by which rules, and what is filled
    connection: Connection, orders: FromClause, rules: Rules, days: Days, newest: dict[int, int], untold: list[int]
) -> None:
    """What one look at the orders tells."""
    second = wall_second(orders.c.ordered_at)
    enough = orders.c.amount >= 0 if rules.zero_amounts else orders.c.amount > 0
    standing = case(
        (orders.c.status.in_(rules.excluded), Standing.EXCLUDED.value),
        (orders.c.status.in_(rules.returned), Standing.RETURNED.value),
        (enough, Standing.PURCHASE.value),
        else_=Standing.ZERO.value,
    )
    known = {*rules.purchase_statuses, *rules.excluded, *rules.returned}
    somebody = orders.c.customer_id.is_not(None)
    rows = select(
        day_of(second).label("day"),
        second.label("second"),
        standing.label("standing"),
        case((somebody, 1), else_=0).label("somebody"),
        case((and_(somebody, orders.c.first_flag.is_(None)), 1), else_=0).label("untold"),
        case((orders.c.status.not_in(sorted(known)), orders.c.status)).label("strange"),
    ).subquery("rows_of_orders")
    grouped = select(
        rows.c.day, rows.c.standing, rows.c.somebody, rows.c.strange, func.max(rows.c.untold), func.max(rows.c.second),
        func.count(),
    ).group_by(rows.c.day, rows.c.standing, rows.c.somebody, rows.c.strange)  # fmt: skip
    rule_of = {Standing.EXCLUDED: Dropped.EXCLUDED, Standing.ZERO: Dropped.ZERO}
    for day, kind, identified, strange, says_not, last, n in connection.execute(grouped):
        at, what = int(day), Standing(int(kind))
        rules_hit = [Dropped.ORDERS, *([rule_of[what]] if what in rule_of else [])]
        if what in {Standing.PURCHASE, Standing.RETURNED} and not identified:
            rules_hit.append(Dropped.UNIDENTIFIED)
        for rule in rules_hit:
            days[RULE_DIMENSION, rule.name.lower()][at] += int(n)
        if strange is not None:
            days[STATUS_DIMENSION, str(strange)][at] += int(n)
        if says_not:
            untold.append(at)
        newest[at] = max(int(last), newest.get(at, 0))


def _running(found: Mapping[int, int]) -> tuple[Any, Any]:
    """Days, and the sums up to and on each."""
    ordered = sorted(found)
    return np.array(ordered, np.int64), np.cumsum([found[day] for day in ordered])


def look(connection: Connection, orders: FromClause, rules: Rules, now: datetime) -> Health:
    """The health of the orders; `now` is shop-local wall time."""
    second = wall_second(orders.c.ordered_at)
    counted = orders.c.status.not_in(rules.excluded)
    today = int(now.replace(tzinfo=UTC).timestamp())
    seen = connection.execute(
        select(
            func.count(),
            func.min(second),
            func.max(second),
            func.sum(case((orders.c.customer_id.is_(None), 1), else_=0)),
            func.sum(case((second > today, 1), else_=0)),
        ).where(counted)
    ).one()
    timed = second % DAY_SECONDS != 0
    same = (
        select(func.count().label("n"))
        .where(counted, timed, orders.c.customer_id.is_not(None), orders.c.amount > 0)
        .group_by(orders.c.customer_id, second, orders.c.amount)
        .having(func.count() > 1)
        .subquery("same")
    )
    twins = connection.execute(select(func.sum(same.c.n - 1))).scalar()
    rows = select(cast(func.floor((second % DAY_SECONDS) / (_HOUR * 1.0)), Integer).label("hour")).where(timed)
    hours = rows.subquery("hours")
    found = connection.execute(select(hours.c.hour, func.count()).group_by(hours.c.hour))
    by_hour = {int(hour): int(n) for hour, n in found}
    return Health(
        int(seen[0]),
        _at(seen[1]),
        _at(seen[2]),
        int(seen[3] or 0),
        int(seen[4] or 0),
        int(twins or 0),
        tuple(by_hour.get(hour, 0) for hour in range(24)),
        _strange(connection, orders, rules),
        _channelless(connection, orders, rules),
    )


def _at(second: object) -> datetime | None:
    return None if second is None else datetime(1970, 1, 1) + timedelta(seconds=int(str(second)))  # noqa: DTZ001  shop-local


def _strange(connection: Connection, orders: FromClause, rules: Rules) -> tuple[tuple[str, int], ...]:
    known = {*rules.purchase_statuses, *rules.excluded, *rules.returned}
    number = func.count().label("n")
    found = connection.execute(
        select(orders.c.status, number)
        .where(not_(orders.c.status.in_(sorted(known))))
        .group_by(orders.c.status)
        .order_by(number.desc(), orders.c.status)
        .limit(_SHOWN)
    )
    return tuple((str(status), int(n)) for status, n in found)


def _channelless(connection: Connection, orders: FromClause, rules: Rules) -> int | None:
    if "channel" not in rules.columns:
        return None
    nowhere = or_(orders.c.channel.is_(None), orders.c.channel == "")
    found = connection.execute(select(func.count()).where(nowhere, orders.c.status.not_in(rules.excluded))).scalar()
    return int(found or 0)
