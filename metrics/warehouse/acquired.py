"""What did the new customers of some days bring in, by age, and what did their goods cost?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from metrics.acquisition import Acquired
from metrics.day import Span, number
from metrics.warehouse import beside
from metrics.warehouse.answers import all_labels
from metrics.warehouse.contribution import Standing
from metrics.warehouse.pull import standing
from metrics.warehouse.versions import found_until

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.cells import Ints
    from metrics.rules import Rules
    from metrics.warehouse.contribution import Contribution

CHANNEL: Final = "channel"
KNOWN_SHARE: Final = 0.95
"""Where fewer orders' goods are known, none are taken off: some channels would look better than they are."""


def acquired(connection: DuckDBPyConnection, rules: Rules, cohort: Span, horizon: int) -> Acquired:
    """Customers whose first purchase lies in the cohort, watched for `horizon` days."""
    mine = (
        "customer_hash IN (SELECT customer_hash FROM customers"
        f" WHERE first_day >= {number(cohort.start)} AND first_day < {number(cohort.end)})"
    )
    found = found_until(connection, rules, cohort.last + timedelta(days=horizon), mine)
    numbers, labels = all_labels(connection, CHANNEL)
    place = np.zeros(max(numbers, default=0) + 1, np.int64)
    place[numbers] = np.arange(len(numbers))
    label = place[found.customers.labels[:, rules.columns.index(CHANNEL)]]
    bought = found.purchases
    events: tuple[Ints, ...] = (bought.who, bought.day, bought.amount)
    goods = _goods(connection, rules, found, mine)
    if goods is not None:
        events = tuple(np.concatenate(pair) for pair in zip(events, goods, strict=True))
    value, by_age = _summed(events, found, label, len(labels), horizon)
    return Acquired(
        cohort, horizon, labels, label, value, by_age, _spend(connection, cohort), less_goods=goods is not None
    )


def _summed(events: tuple[Ints, ...], found: Contribution, label: Ints, labels: int, horizon: int) -> tuple[Ints, Ints]:
    """Amounts within the horizon, by customer, and by label and age."""
    who, day, amount = events
    age = day - found.customers.first_day[who]
    near = (age >= 0) & (age <= horizon)
    value = np.zeros(len(label), np.int64)
    np.add.at(value, who[near], amount[near])
    by_age = np.zeros((labels, horizon + 1), np.int64)
    np.add.at(by_age, (label[who[near]], age[near]), amount[near])
    return value, by_age


def _goods(
    connection: DuckDBPyConnection, rules: Rules, found: Contribution, mine: str
) -> tuple[Ints, Ints, Ints] | None:
    """What the goods of those orders cost, as amounts below zero; None where too few are known."""
    if not (beside.has(connection, "order_items") and beside.has(connection, "products")):
        return None
    got = connection.execute(
        "WITH bought AS (SELECT customer_hash, source, order_id, ordered_at FROM orders"
        f" WHERE {mine} AND {standing(rules)} = {Standing.PURCHASE:d}),"
        " costed AS (SELECT b.*, i.quantity * p.unit_cost AS cost FROM bought b"
        " LEFT JOIN beside_order_items i USING (source, order_id)"
        " ASOF LEFT JOIN (SELECT product_code, valid_from::TIMESTAMP AS since, unit_cost FROM beside_products"
        " WHERE unit_cost IS NOT NULL) p ON i.product_code = p.product_code AND b.ordered_at >= p.since)"
        " SELECT customer_hash AS customer, epoch_us(any_value(ordered_at)) // 86400000000 AS day,"
        " CASE WHEN count(*) = count(cost) THEN sum(cost)::BIGINT END AS cost FROM costed"
        " GROUP BY customer_hash, source, order_id"
    ).fetchnumpy()
    cost = np.ma.masked_array(got["cost"])
    known = ~np.ma.getmaskarray(cost)
    if not len(known) or known.mean() < KNOWN_SHARE:
        return None
    place = np.searchsorted(found.customers.customer, np.asarray(got["customer"])).astype(np.int64)
    # an order that opens no purchase of these customers (returned whole, or later than asked) has no place
    place = np.minimum(place, len(found.customers.customer) - 1)
    there = known & (found.customers.customer[place] == np.asarray(got["customer"]))
    return (
        place[there],
        np.asarray(got["day"])[there].astype(np.int64),
        -np.asarray(cost.filled(0))[there].astype(np.int64),
    )


def _spend(connection: DuckDBPyConnection, cohort: Span) -> tuple[tuple[str, int], ...]:
    rows = connection.execute(
        "SELECT channel, sum(cost)::BIGINT FROM beside_channel_costs"
        f" WHERE day >= DATE '{cohort.start}' AND day < DATE '{cohort.end}' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple((name, int(cost)) for name, cost in rows)
