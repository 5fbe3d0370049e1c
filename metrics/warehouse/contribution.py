"""What does each customer add to the counts?

The embedded store's own kernel: arrays of orders in, cells and customer state
out. `reduce.py` says the same in SQL for warehouses; a test holds the two equal
cell by cell on every engine. Fold and rebuild both call this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from metrics.cells import Ints
from metrics.rules import Rules

DAY_SECONDS = 86_400
NEVER = 2**31 - 1
"""Day number of what has not happened."""


class Standing(IntEnum):
    """What an order is, by its status and amount."""

    EXCLUDED = 0
    PURCHASE = 1
    RETURNED = 2
    ZERO = 3


class Kind(IntEnum):
    """One-off order, start of a subscription, or its renewal."""

    ONE_OFF = 0
    START = 1
    RENEWAL = 2


class Dropped(IntEnum):
    """Why orders are not purchases of their own; what quality counts."""

    ORDERS = 0
    EXCLUDED = 1
    ZERO = 2
    UNIDENTIFIED = 3
    RETURNED = 4
    MERGED = 5
    PURCHASES = 6
    FIRST_NOT_TRUSTED = 7
    CUSTOMERS = 8


@dataclass(frozen=True, slots=True)
class OrderRows:
    """Orders as arrays of equal length, in any order of rows.

    customer, check: two independent hashes of the identity; second: local seconds since
    1970-01-01; amount: minor units; standing, kind: codes above; subscription: hash of the
    subscription, 0 where the cycle number already told the kind; known_first: 0 where the
    order itself says that the customer bought before, else 1; identified: 0 or 1;
    labels: label numbers, shape [orders, columns]; row: the engine's row number.
    """

    customer: NDArray[np.uint64]
    check: NDArray[np.uint64]
    second: Ints
    amount: Ints
    standing: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    subscription: NDArray[np.uint64]
    known_first: NDArray[np.uint8]
    identified: NDArray[np.uint8]
    labels: NDArray[np.int32]
    row: Ints

    def with_other(self, other: OrderRows) -> OrderRows:
        """These orders and those of another table, whose rows are told apart by negative numbers."""
        apart = replace(other, row=-1 - other.row)
        return OrderRows(
            *(np.concatenate([getattr(self, field), getattr(apart, field)]) for field in OrderRows.__slots__)
        )


def without_rows(orders: OrderRows, gone: Ints) -> OrderRows:
    """The orders whose row is not among those."""
    stay = ~np.isin(orders.row, gone)
    return OrderRows(*(getattr(orders, field)[stay] for field in OrderRows.__slots__))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Orders of identified customers that may be purchases, by customer and time.

    `at`: where each stands in OrderRows; the other fields as there.
    """

    at: Ints
    opens: NDArray[np.bool_]
    second: Ints
    amount: Ints
    standing: NDArray[np.uint8]
    kind: NDArray[np.uint8]

    @classmethod
    def of(cls, orders: OrderRows, at: Ints, opens: NDArray[np.bool_]) -> _Lines:
        return cls(at, opens, orders.second[at], orders.amount[at], orders.standing[at], orders.kind[at])

    def without(self, lost: NDArray[np.bool_]) -> _Lines:
        return _Lines(*(getattr(self, name)[~lost] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Customers:
    """State per identified customer with a purchase; arrays of equal length.

    Days are day numbers, `second_day` NEVER where there is none; `cohort`: 1 where the
    first purchase counts for the first-repeat rate; entry: 0 one-off, 1 subscription.
    """

    customer: NDArray[np.uint64]
    check: NDArray[np.uint64]
    first_day: Ints
    second_day: Ints
    last_day: Ints
    purchase_count: Ints
    amount: Ints
    labels: NDArray[np.int32]
    entry: NDArray[np.uint8]
    cohort: NDArray[np.uint8]
    trusted: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases of identified customers, sorted by customer and day.

    `who`: index into Customers; `k`: 0 for the customer's first; `next_day`: NEVER for the last;
    amount: minor units; `voluntary`: not only a subscription's renewal.
    """

    who: Ints
    k: Ints
    day: Ints
    next_day: Ints
    amount: Ints
    voluntary: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Contribution:
    """Everything the given orders add; `days`: per reason the day of each order it applies to."""

    customers: Customers
    purchases: Purchases
    days: tuple[tuple[Dropped, Ints], ...]


OrderIds = Callable[[Ints], NDArray[np.object_]]
"""Gives the order ids (text) of engine rows; called only for ties in time."""


def contribution(orders: OrderRows, rules: Rules, order_ids: OrderIds) -> Contribution:
    """What the orders add. All orders of a customer must be among them."""
    valid = (orders.standing == Standing.PURCHASE) | (orders.standing == Standing.RETURNED)
    which = np.flatnonzero(valid & (orders.identified == 1))
    lines = _Lines.of(orders, *_sorted(orders, which, order_ids))
    lost = (lines.standing == Standing.RETURNED) & ~lines.opens
    returned = lines.second[lost]
    if lost.any():
        lines = lines.without(lost)
    starts = _opens_purchase(lines, rules)
    customers, purchases = _customers(orders, lines, starts, rules)
    seconds = {
        Dropped.ORDERS: orders.second,
        Dropped.EXCLUDED: orders.second[orders.standing == Standing.EXCLUDED],
        Dropped.ZERO: orders.second[orders.standing == Standing.ZERO],
        Dropped.UNIDENTIFIED: orders.second[valid & (orders.identified == 0)],
        Dropped.RETURNED: returned,
        Dropped.MERGED: lines.second[~starts],
    }
    days = {rule: second // DAY_SECONDS for rule, second in seconds.items()} | {
        Dropped.PURCHASES: purchases.day,
        Dropped.FIRST_NOT_TRUSTED: customers.first_day[customers.trusted == 0],
        Dropped.CUSTOMERS: customers.first_day,
    }
    return Contribution(customers, purchases, tuple(days.items()))


def _sorted(orders: OrderRows, which: Ints, order_ids: OrderIds) -> tuple[Ints, NDArray[np.bool_]]:
    """Positions of those orders by customer and time, and which of them open a customer.

    Ties at a customer's first instant go by order id as text.
    """
    customer, second, check = orders.customer[which], orders.second[which], orders.check[which]
    order = np.lexsort((second, customer))
    customer, check = customer[order], check[order]
    same = customer[1:] == customer[:-1]
    if (same & (check[1:] != check[:-1])).any():  # two customers of one hash
        order = np.lexsort((second, orders.check[which], orders.customer[which]))
        same &= orders.check[which][order][1:] == orders.check[which][order][:-1]
    opens = np.append(True, ~same)[: len(which)]
    _ties_by_order_id(order, opens, second[order], lambda tied: order_ids(orders.row[which[tied]]))
    return which[order], opens


def _ties_by_order_id(order: Ints, opens: NDArray[np.bool_], second: Ints, ids: OrderIds) -> None:
    """Puts the orders of each customer's first instant in the order of their ids."""
    who = np.cumsum(opens) - 1
    first = second == second[opens][who]
    tied = np.flatnonzero(first & (np.bincount(who, weights=first, minlength=1)[who] > 1))
    if len(tied):
        text = ids(order[tied]).astype(str)
        order[tied] = order[tied[np.lexsort((text, who[tied]))]]


def _opens_purchase(lines: _Lines, rules: Rules) -> NDArray[np.bool_]:
    """Whether an order begins a purchase: another day, and not within minutes of the order before."""
    if rules.same_day == "separate":
        return np.ones(len(lines.opens), bool)
    starts = lines.opens.copy()
    day = lines.second // DAY_SECONDS
    later = np.diff(lines.second) > rules.merge_minutes * 60
    starts[1:] |= (day[1:] != day[:-1]) & later
    return starts


def _customers(
    orders: OrderRows, lines: _Lines, starts: NDArray[np.bool_], rules: Rules
) -> tuple[Customers, Purchases]:
    begin = np.flatnonzero(lines.opens)
    place = np.flatnonzero(starts)
    day = lines.second[place] // DAY_SECONDS
    who = (np.cumsum(lines.opens) - 1)[place]
    first = np.flatnonzero(lines.opens[place])
    k = np.arange(len(place)) - first[who]
    kind = _kinds(orders, lines)
    paid = np.where(lines.standing == Standing.PURCHASE, lines.amount, 0)
    voluntary = _any(kind != Kind.RENEWAL, place)
    purchases = Purchases(who, k, day, _next_day(day, who), _total(paid, place), voluntary)
    entry = _any(kind != Kind.ONE_OFF, place)[first].astype(np.uint8)
    opener = lines.at[begin]
    trusted = orders.known_first[opener]
    cohort = trusted if rules.subscription_first == "same" else trusted & (1 - entry)
    last = np.append(first[1:], len(place)) - 1 if len(first) else first
    customers = Customers(
        customer=orders.customer[opener],
        check=orders.check[opener],
        first_day=day[first],
        second_day=_second_day(day, k, voluntary, first),
        last_day=day[last],
        purchase_count=last - first + 1,
        amount=_total(paid, begin),
        labels=orders.labels[opener],
        entry=entry,
        cohort=cohort.astype(np.uint8),
        trusted=trusted,
    )
    return customers, purchases


def _kinds(orders: OrderRows, lines: _Lines) -> NDArray[np.uint8]:
    """Kinds, with later orders of a subscription that has no cycle numbers made renewals."""
    at = np.flatnonzero(orders.subscription[lines.at]) if orders.subscription.any() else lines.at[:0]
    if not len(at):
        return lines.kind
    customer, subscription = orders.customer[lines.at[at]], orders.subscription[lines.at[at]]
    order = np.lexsort((at, subscription, customer))
    customer, subscription = customer[order], subscription[order]
    again = (subscription[1:] == subscription[:-1]) & (customer[1:] == customer[:-1])
    kind = lines.kind.copy()
    kind[at[order[1:][again]]] = Kind.RENEWAL
    return kind


def _any(flag: NDArray[np.bool_], place: Ints) -> NDArray[np.bool_]:
    return np.logical_or.reduceat(flag, place) if len(place) else np.zeros(0, bool)


def _total(amount: Ints, begin: Ints) -> Ints:
    return np.add.reduceat(amount, begin) if len(begin) else np.zeros(0, np.int64)


def _next_day(day: Ints, who: Ints) -> Ints:
    after = np.full(len(day), NEVER, np.int64)
    same = who[1:] == who[:-1]
    after[:-1][same] = day[1:][same]
    return after


def _second_day(day: Ints, k: Ints, voluntary: NDArray[np.bool_], first: Ints) -> Ints:
    later = np.where((k > 0) & voluntary, day, NEVER)
    return np.minimum.reduceat(later, first) if len(first) else np.zeros(0, np.int64)
