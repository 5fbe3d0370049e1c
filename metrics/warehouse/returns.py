"""What did those buy who may have come back from a long pause?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import number
from metrics.dormancy import DORMANT_DAYS
from metrics.reactivation import Histories
from metrics.warehouse.people import labels_of, mask_of
from metrics.warehouse.versions import found_until

if TYPE_CHECKING:
    from datetime import date

    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules


def histories(
    connection: DuckDBPyConnection, rules: Rules, since: date, as_of: date, dimension: str, filters: Mapping[str, str]
) -> Histories:
    """All purchases up to as_of of customers with those labels who bought on or after `since`, and long before."""
    mine = (
        "customer_hash IN (SELECT customer_hash FROM customers"
        f" WHERE last_day >= {number(since)} AND first_day < {number(as_of) - DORMANT_DAYS})"
    )
    found = found_until(connection, rules, as_of, mine)
    labels, label = labels_of(connection, rules, found, dimension)
    bought = found.purchases
    day = bought.day.astype(np.int64)
    idle = np.where(bought.k > 0, np.append(0, np.diff(day))[: len(day)], 0)
    stay = mask_of(connection, rules, found, filters)[bought.who]
    return Histories(
        bought.who[stay], day[stay], idle[stay], bought.k[stay], bought.voluntary[stay], bought.amount[stay],
        label[bought.who][stay], labels,
    )  # fmt: skip
