"""Which subscriptions are there, and which of their deliveries were shipped?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import number
from metrics.segment import ALL
from metrics.subscription import NEVER, NOBODY, Contracts
from metrics.warehouse.contribution import Standing
from metrics.warehouse.people import labels_of, mask_of, people_of, places
from metrics.warehouse.pull import standing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from metrics.rules import Rules

_DAY = "(epoch_us({}::TIMESTAMP) // 86400000000)::BIGINT"


def contracts(
    connection: DuckDBPyConnection, rules: Rules, as_of: date, dimension: str, filters: Mapping[str, str]
) -> Contracts:
    """The contracts begun up to as_of, with their deliveries up to it; returned ones were not taken.

    A delivery is counted by its own number where the order says it, else by its place in time.
    """
    end = number(as_of)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE contract AS"
        " SELECT row_number() OVER (ORDER BY source, subscription_id) - 1 AS place,"
        f" source, subscription_id, customer_id, {_DAY.format('started_at')} AS started,"
        f" {_DAY.format('ended_at')} AS ended"
        f" FROM beside_subscriptions WHERE {_DAY.format('started_at')} <= {end}"
    )
    listed = connection.execute(
        f"SELECT started, coalesce(ended, {NEVER}) AS ended, hash(customer_id) AS customer FROM contract ORDER BY place"
    ).fetchnumpy()
    sent = connection.execute(
        "SELECT place AS contract, day, number FROM (SELECT place, day, coalesce(cycle_no, row_number() OVER"
        " (PARTITION BY place ORDER BY ordered_at, order_id)) AS number"
        f" FROM (SELECT place, cycle_no, ordered_at, order_id, {_DAY.format('ordered_at')} AS day"
        " FROM orders JOIN contract USING (source, subscription_id)"
        f" WHERE {standing(rules)} = {Standing.PURCHASE:d} AND {_DAY.format('ordered_at')} <= {end}))"
        " QUALIFY row_number() OVER (PARTITION BY place, number ORDER BY day) = 1 ORDER BY place, number"
    ).fetchnumpy()
    [(unlisted,)] = connection.execute(
        "SELECT count(DISTINCT (source, subscription_id)) FROM orders ANTI JOIN beside_subscriptions"
        f" USING (source, subscription_id) WHERE subscription_id IS NOT NULL AND {_DAY.format('ordered_at')} <= {end}"
    ).fetchall()
    connection.execute("DROP TABLE contract")
    started, ended = (np.asarray(listed[name], np.int64) for name in ("started", "ended"))
    contract, day, place = (np.asarray(sent[name], np.int64) for name in ("contract", "day", "number"))
    every = Contracts(started, ended, contract, place, day, int(unlisted), np.zeros(len(started), np.int64))
    if dimension == ALL and not filters:
        return every
    found = people_of(connection, rules, as_of, "beside_subscriptions")
    who, known = places(found, np.asarray(listed["customer"]))
    labels, label = labels_of(connection, rules, found, dimension)
    stay = known & mask_of(connection, rules, found, filters)[who] if filters else np.ones(len(who), bool)
    return _some(replace(every, label=np.where(known, label[who], NOBODY), labels=labels), stay)


def _some(every: Contracts, stay: NDArray[np.bool_]) -> Contracts:
    """Some of the contracts with their deliveries; whether others are unlisted is not asked then."""
    sent = stay[every.contract]
    return replace(
        every, started=every.started[stay], ended=every.ended[stay], label=every.label[stay],
        contract=(np.cumsum(stay) - 1)[every.contract[sent]], number=every.number[sent], day=every.day[sent],
        unlisted=every.unlisted if stay.all() else 0,
    )  # fmt: skip
