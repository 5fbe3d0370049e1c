"""What do the tables beside the orders give to their figures?

Each question opens the store, reads the customers it concerns, and closes it. Everything on days
after as_of is unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from metrics.acquisition import Acquired
from metrics.day import Span, number, of_number
from metrics.nps import NOBODY, Answers
from metrics.problem import Problem
from metrics.segment import ALL, COHORT_MONTH, ENTRY, PURCHASE_COUNT
from metrics.subscription import Contracts
from metrics.warehouse import beside
from metrics.warehouse.acquired import CHANNEL, acquired
from metrics.warehouse.answers import NotAFilter, UnknownLabel, all_labels
from metrics.warehouse.contracts import contracts
from metrics.warehouse.versions import found_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from metrics.cells import Ints
    from metrics.rules import Rules
    from metrics.warehouse.contribution import Contribution
    from metrics.warehouse.store import Store

FAR = 1 << 32
"""More than any day number: a customer's place and a day in one number."""


class NoAnswers(Problem):
    """No NPS answers have been imported."""

    key = "no_answers"


class NoSpend(Problem):
    """No ad spend has been imported."""

    key = "no_spend"


class NoContracts(Problem):
    """No subscriptions have been imported."""

    key = "no_contracts"


class NoChannel(Problem):
    """Orders do not say which channel they came by."""

    key = "no_channel"


@dataclass(frozen=True, slots=True)
class Further:
    """The embedded store, as the figures of its other tables read it."""

    store: Store

    def answers(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Answers:
        """NPS answers up to and on as_of, of the customers with those labels (all, also unknown people, without).

        Raises NoAnswers, NotAFilter, UnknownLabel, NoStore.
        """
        with self.store.reading() as connection:
            if not beside.has(connection, "nps"):
                raise NoAnswers
            return _answers(connection, self.store.rules, as_of, dimension, filters)

    def contracts(self, as_of: date) -> Contracts:
        """The subscriptions and their deliveries up to as_of; raises NoContracts, NoStore."""
        with self.store.reading() as connection:
            if not beside.has(connection, "subscriptions"):
                raise NoContracts
            return contracts(connection, self.store.rules, as_of)

    def spend_days(self) -> Span:
        """From the first to the last day of which spend is known; raises NoSpend, NoStore."""
        with self.store.reading() as connection:
            if not beside.has(connection, "channel_costs"):
                raise NoSpend
            [(first, last)] = connection.execute("SELECT min(day), max(day) FROM beside_channel_costs").fetchall()
        return Span(first, last + timedelta(days=1))

    def acquired(self, cohort: Span, horizon: int) -> Acquired:
        """Who first bought in the cohort, what they brought in, and what was spent; raises NoSpend, NoChannel."""
        rules = self.store.rules
        if CHANNEL not in rules.columns:
            raise NoChannel
        with self.store.reading() as connection:
            if not beside.has(connection, "channel_costs"):
                raise NoSpend
            return acquired(connection, rules, cohort, horizon)


def _answers(
    connection: DuckDBPyConnection, rules: Rules, as_of: date, dimension: str, filters: Mapping[str, str]
) -> Answers:
    got = connection.execute(
        "SELECT hash(customer_id) AS customer, epoch_us(answered_at) // 86400000000 AS day, score FROM beside_nps"
        f" WHERE epoch_us(answered_at) // 86400000000 <= {number(as_of)}"
        " ORDER BY customer, answered_at, source, score"
    ).fetchnumpy()
    customer, day, given = (np.asarray(got[name]) for name in ("customer", "day", "score"))
    found = people_of(connection, rules, as_of, "beside_nps")
    place, known = _places(found, customer)
    labels, label = labels_of(connection, rules, found, dimension)
    mask = mask_of(connection, rules, found, filters)
    stay = (known & mask[place]) if filters else np.ones(len(place), bool)
    key = found.purchases.who * FAR + found.purchases.day
    bought = np.searchsorted(key, place * FAR + day, side="right") - np.searchsorted(key, place * FAR)
    own = key[found.purchases.voluntary]
    _, who = np.unique(customer, return_inverse=True)
    return Answers(
        who[stay], day[stay].astype(np.int64), given[stay].astype(np.int64), np.where(known, bought, 0)[stay],
        np.where(known, _days_until(own, place, day), 0)[stay], np.where(known, label[place], NOBODY)[stay], labels,
    )  # fmt: skip


def people_of(connection: DuckDBPyConnection, rules: Rules, as_of: date, table: str) -> Contribution:
    """The purchases up to and on as_of of the customers whom a table names."""
    mine = f"customer_hash IN (SELECT hash(customer_id) FROM {table})"
    return found_in(connection, "orders", rules, f"{mine} AND epoch_us(ordered_at) // 86400000000 <= {number(as_of)}")


def _places(found: Contribution, customer: Ints) -> tuple[Ints, NDArray[np.bool_]]:
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


def _days_until(key: Ints, place: Ints, day: Ints) -> Ints:
    """Days from each day to the customer's next one in `key`; 0 where there is none."""
    at = np.searchsorted(key, place * FAR + day, side="right")
    found = np.append(key, -1)[np.minimum(at, len(key))]
    return np.where((at < len(key)) & (found // FAR == place), found % FAR - day, 0)
