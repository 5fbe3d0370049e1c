"""What did customers bring in by age, and how do they lie by first day, last day, count and amount?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from metrics.cpm import Group
from metrics.day import Span, number, of_number
from metrics.warehouse.versions import found_until

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.cells import Ints
    from metrics.rules import Rules


@dataclass(frozen=True, slots=True)
class RevenueByAge:
    """Revenue R_u and customers N_u by age day u since the first purchase; shape [longest + 1].

    revenue: minor units at age u of the customers watched through u; observed: how many those are.
    """

    revenue: Ints
    observed: Ints


def revenue_by_age(
    connection: DuckDBPyConnection, rules: Rules, as_of: date, cohort: Span | None, longest: int
) -> RevenueByAge:
    """Of the customers whose first purchase lies in the cohort (None: all), from age 0 to `longest`."""
    found = found_until(connection, rules, as_of)
    first = found.customers.first_day
    member = np.ones(len(first), bool)
    if cohort is not None:
        member = (first >= number(cohort.start)) & (first < number(cohort.end))
    watched = np.bincount(np.minimum(number(as_of) - first[member], longest), minlength=longest + 1)
    bought = found.purchases
    age = bought.day - first[bought.who]
    near = member[bought.who] & (age <= longest)
    revenue = np.zeros(longest + 1, np.int64)
    np.add.at(revenue, age[near], bought.amount[near])
    return RevenueByAge(revenue, watched[::-1].cumsum()[::-1].astype(np.int64))


def customer_groups(connection: DuckDBPyConnection, rules: Rules, as_of: date) -> tuple[Group, ...]:
    """Customers as as_of saw them, grouped by what the CPM cells and RFM ask for."""
    state = found_until(connection, rules, as_of).customers
    facts = np.stack([state.first_day, state.last_day, state.purchase_count, state.amount], axis=1)
    rows, sizes = np.unique(facts, axis=0, return_counts=True)
    return tuple(
        Group(of_number(first), of_number(last), int(bought), int(amount), int(n))
        for (first, last, bought, amount), n in zip(rows, sizes, strict=True)
    )
