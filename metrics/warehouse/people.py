"""Whom do the rows of a table beside the orders concern, and what are these customers?

A row names a customer by the hash of its identity. Every list here has one place more than there are
customers: the last one is for people whom no order knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import of_number
from metrics.nps import NOBODY
from metrics.segment import ALL, COHORT_MONTH, ENTRY, PURCHASE_COUNT
from metrics.warehouse.answers import NotAFilter, UnknownLabel, all_labels
from metrics.warehouse.versions import found_until

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from metrics.cells import Ints
    from metrics.rules import Rules
    from metrics.warehouse.contribution import Contribution

FAR = 1 << 32
"""More than any day number: a customer's place and a day in one number."""


def people_of(connection: DuckDBPyConnection, rules: Rules, as_of: date, table: str) -> Contribution:
    """The purchases up to and on as_of of the customers whom a table names."""
    return found_until(connection, rules, as_of, f"customer_hash IN (SELECT hash(customer_id) FROM {table})")


def places(found: Contribution, customer: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Where each stands among the customers, and whether they stand there at all; one place is left for nobody."""
    hashes = found.customers.customer
    place = np.searchsorted(hashes, customer)
    there = place < len(hashes)
    known = there.copy()
    known[there] = hashes[place[there]] == customer[there]
    return np.where(known, place, len(hashes)).astype(np.int64), known


def labels_of(
    connection: DuckDBPyConnection, rules: Rules, found: Contribution, dimension: str
) -> tuple[tuple[str, ...], Ints]:
    """The dimension's labels, and each customer's place among them; nobody's is the last."""
    if dimension in {ALL, PURCHASE_COUNT}:
        return ("",), np.zeros(len(found.customers.customer) + 1, np.int64)
    if dimension == COHORT_MONTH:
        months = np.array([f"{of_number(day):%Y-%m}" for day in found.customers.first_day.tolist()], str)
        known, code = np.unique(months, return_inverse=True)
        return tuple(known.tolist()), np.append(code, NOBODY)
    numbers, names = all_labels(connection, dimension)
    place = np.full(max(numbers, default=0) + 2, NOBODY, np.int64)
    place[numbers] = np.arange(len(numbers))
    return names, np.append(place[_codes(rules, found, dimension)], NOBODY)


def mask_of(
    connection: DuckDBPyConnection, rules: Rules, found: Contribution, filters: Mapping[str, str]
) -> NDArray[np.bool_]:
    """Which customers have all those labels; nobody has."""
    mask = np.ones(len(found.customers.customer) + 1, bool)
    mask[-1] = False
    for dimension, label in filters.items():
        if dimension in {PURCHASE_COUNT, COHORT_MONTH}:
            raise NotAFilter(dimension=dimension)
        numbers, names = all_labels(connection, dimension)
        if label not in names:
            raise UnknownLabel(dimension=dimension, label=label)
        mask[:-1] &= _codes(rules, found, dimension) == numbers[names.index(label)]
    return mask


def _codes(rules: Rules, found: Contribution, dimension: str) -> Ints:
    if dimension == ENTRY:
        return found.customers.entry.astype(np.int64)
    return found.customers.labels[:, rules.columns.index(dimension)].astype(np.int64)


def bought_until(key: Ints, place: Ints, day: Ints) -> Ints:
    """How many of the customer's purchases in `key` lie up to and on each day."""
    return np.searchsorted(key, place * FAR + day, side="right") - np.searchsorted(key, place * FAR)


def days_until(key: Ints, place: Ints, day: Ints) -> Ints:
    """Days from each day to the customer's next one in `key`; 0 where there is none."""
    at = np.searchsorted(key, place * FAR + day, side="right")
    found = np.append(key, -1)[np.minimum(at, len(key))]
    return np.where((at < len(key)) & (found // FAR == place), found % FAR - day, 0)
