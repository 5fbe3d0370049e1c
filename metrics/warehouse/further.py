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
from metrics.day import Span, number
from metrics.nps import NOBODY, Answers
from metrics.problem import Problem
from metrics.segment import NoRoles
from metrics.subscription import Contracts
from metrics.warehouse import beside, roles
from metrics.warehouse.acquired import CHANNEL, acquired
from metrics.warehouse.climbers import climbers
from metrics.warehouse.contracts import contracts
from metrics.warehouse.people import FAR, bought_until, days_until, labels_of, mask_of, people_of, places
from metrics.warehouse.returns import histories
from metrics.warehouse.sends import sends

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.measure import Sends
    from metrics.product_ladder import Climbers
    from metrics.reactivation import Histories
    from metrics.rules import Rules
    from metrics.warehouse.store import Store


class NoAnswers(Problem):
    """No NPS answers have been imported."""

    key = "no_answers"


class NoSpend(Problem):
    """No ad spend has been imported."""

    key = "no_spend"


class NoContracts(Problem):
    """No subscriptions have been imported."""

    key = "no_contracts"


class NoMeasures(Problem):
    """No measures have been imported."""

    key = "no_measures"


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

    def contracts(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Contracts:
        """The subscriptions of the customers with those labels, and their deliveries up to as_of.

        Raises NoContracts, NotAFilter, UnknownLabel, NoStore.
        """
        with self.store.reading() as connection:
            if not beside.has(connection, "subscriptions"):
                raise NoContracts
            return contracts(connection, self.store.rules, as_of, dimension, filters)

    def sends(self, as_of: date, dimension: str, filters: Mapping[str, str]) -> Sends:
        """Whom measures addressed up to and on as_of, of the customers with those labels.

        Raises NoMeasures, NotAFilter, UnknownLabel, NoStore.
        """
        with self.store.reading() as connection:
            if not beside.has(connection, "measures"):
                raise NoMeasures
            return sends(connection, self.store.rules, as_of, dimension, filters)

    def histories(self, since: date, as_of: date, dimension: str, filters: Mapping[str, str]) -> Histories:
        """What those bought who may have come back on or after `since`; raises NotAFilter, UnknownLabel, NoStore."""
        with self.store.reading() as connection:
            return histories(connection, self.store.rules, since, as_of, dimension, filters)

    def climbers(self, as_of: date) -> Climbers:
        """Who began with a front product, as known up to as_of; raises NoRoles, NoStore."""
        with self.store.reading() as connection:
            if not roles.known(connection, self.store.rules):
                raise NoRoles
            return climbers(connection, self.store.rules, as_of)

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
    place, known = places(found, customer)
    labels, label = labels_of(connection, rules, found, dimension)
    mask = mask_of(connection, rules, found, filters)
    stay = (known & mask[place]) if filters else np.ones(len(place), bool)
    key = found.purchases.who * FAR + found.purchases.day
    bought = bought_until(key, place, day)
    own = key[found.purchases.voluntary]
    _, who = np.unique(customer, return_inverse=True)
    return Answers(
        who[stay], day[stay].astype(np.int64), given[stay].astype(np.int64), np.where(known, bought, 0)[stay],
        np.where(known, days_until(own, place, day), 0)[stay], np.where(known, label[place], NOBODY)[stay], labels,
    )  # fmt: skip
