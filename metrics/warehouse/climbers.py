"""Who began with a front product, and when did they come to a middle and a back-end one?"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from metrics.beside import ROLES
from metrics.day import number
from metrics.product_ladder import NEVER, Climbers
from metrics.segment import PRODUCT_ROLE
from metrics.warehouse.answers import all_labels
from metrics.warehouse.contribution import Standing
from metrics.warehouse.pull import standing
from metrics.warehouse.roles import roles_of_lines
from metrics.warehouse.schema import label_column, name
from metrics.warehouse.versions import found_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.cells import Ints
    from metrics.rules import Rules

_FRONT, _MIDDLE, _BACK = range(1, len(ROLES) + 1)
_DAY = "epoch_us(ordered_at) // 86400000000"


def climbers(connection: DuckDBPyConnection, rules: Rules, as_of: date) -> Climbers:
    """The customers whose first purchase is trusted and has the role front, as the orders up to as_of tell.

    A day counts where it opened a purchase: what was bought a few minutes past midnight belongs to the day before.
    """
    numbers, labels = all_labels(connection, PRODUCT_ROLE)
    front = numbers[labels.index("front")] if "front" in labels else -1
    mine = (
        "customer_hash IN (SELECT customer_hash FROM customers"
        f" WHERE {name(label_column(PRODUCT_ROLE))} = {front}) AND {_DAY} <= {number(as_of)}"
    )
    found = found_in(connection, "orders", rules, mine)
    kept, bought = found.customers, found.purchases
    begun = (kept.labels[:, rules.columns.index(PRODUCT_ROLE)] == front) & (kept.trusted != 0)
    who, day, rank = _later(connection, rules, mine, kept.customer)
    opened = np.isin(who * NEVER + day, bought.who * NEVER + bought.day) & (day > kept.first_day[who])
    who, day, rank = who[opened], day[opened], rank[opened]
    middle = _first(who, day, rank == _MIDDLE, len(begun))
    back = _first(who, day, rank == _BACK, len(begun))
    after = _first(who, day, (rank == _BACK) & (day > middle[who]), len(begun))
    return Climbers(kept.first_day[begun], middle[begun], back[begun], after[begun])


def _later(connection: DuckDBPyConnection, rules: Rules, mine: str, customers: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """Customer, day and role of every line that those customers bought."""
    got = connection.execute(
        f"WITH mine AS MATERIALIZED (SELECT source, order_id, customer_hash, ordered_at FROM orders WHERE {mine}"
        f" AND {standing(rules)} = {Standing.PURCHASE:d}),"
        f" lines AS ({roles_of_lines('mine')})"
        f" SELECT DISTINCT customer_hash AS customer, {_DAY} AS day, rank FROM mine JOIN lines USING (source, order_id)"
        f" WHERE rank IN ({_MIDDLE}, {_BACK}) ORDER BY ALL"
    ).fetchnumpy()
    place = np.searchsorted(customers, np.asarray(got["customer"])).astype(np.int64)
    place = np.minimum(place, len(customers) - 1)
    there = (customers[place] == np.asarray(got["customer"])) if len(customers) else np.zeros(len(place), bool)
    return tuple(np.asarray(column, np.int64)[there] for column in (place, got["day"], got["rank"]))


def _first(who: Ints, day: Ints, chosen: np.ndarray, customers: int) -> Ints:
    """The first chosen day of each customer."""
    found = np.full(customers, NEVER, np.int64)
    np.minimum.at(found, who[chosen], day[chosen])
    return found
