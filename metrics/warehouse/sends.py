"""Whom did measures address, what were these customers then, and when did they buy again?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import number
from metrics.measure import NOT_SAID, Sends, chosen
from metrics.warehouse.people import FAR, bought_until, days_until, labels_of, mask_of, people_of, places

if TYPE_CHECKING:
    from datetime import date

    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

_TABLE = "beside_measures"


def sends(
    connection: DuckDBPyConnection, rules: Rules, as_of: date, dimension: str, filters: Mapping[str, str]
) -> Sends:
    """Those of days up to and on as_of, of the customers with those labels."""
    got = connection.execute(
        "SELECT name, hash(customer_id) AS customer, epoch_us(sent_at) // 86400000000 AS day,"
        f" coalesce(hold_out, false) AS held, coalesce(cost, {NOT_SAID}) AS cost FROM {_TABLE}"
        f" WHERE epoch_us(sent_at) // 86400000000 <= {number(as_of)} ORDER BY name, customer, sent_at, source"
    ).fetchnumpy()
    customer, day = np.asarray(got["customer"]), np.asarray(got["day"], np.int64)
    names, name = np.unique(np.asarray(got["name"], str), return_inverse=True)
    _, who = np.unique(customer, return_inverse=True)
    found = people_of(connection, rules, as_of, _TABLE)
    place, known = places(found, customer)
    labels, label = labels_of(connection, rules, found, dimension)
    mask = mask_of(connection, rules, found, filters)
    key = found.purchases.who * FAR + found.purchases.day
    bought = np.where(known, bought_until(key, place, day), 0)
    last = np.append(key, 0)[np.maximum(np.searchsorted(key, place * FAR) + bought - 1, 0)] % FAR
    back = np.where(known, days_until(key[found.purchases.voluntary], place, day), 0)
    every = Sends(
        name.reshape(-1).astype(np.int64), who.reshape(-1).astype(np.int64), day, np.asarray(got["held"], bool),
        np.asarray(got["cost"], np.int64), bought, np.where(bought > 0, day - last, 0), back,
        label[place], tuple(names.tolist()), labels,
    )  # fmt: skip
    return chosen(every, known & mask[place]) if filters else every
