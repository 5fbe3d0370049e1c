"""Which of the ten kinds of customer are they (CPM, as やずや sorts them)?

One purchase is a first-timer; then the time between first and last purchase and
the money spent decide; each kind is present, or lapsed after 240 idle days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """初回, よちよち, コツコツ, 流行, 優良."""

    FIRST = "first"
    TODDLER = "toddler"
    STEADY = "steady"
    TRENDY = "trendy"
    EXCELLENT = "excellent"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One of the ten cells: a kind, present (現役) or lapsed (離脱)."""

    kind: Kind
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the kinds part. `amount` is in minor units: 70,000 yen unless set."""

    tenure_days: int = 90
    excellent_days: int = 210
    lapsed_days: int = 240
    amount: int = 70_000


@dataclass(frozen=True, slots=True)
class Group:
    """Customers with the same first and last day, purchase count and amount."""

    first_on: date
    last_on: date
    purchase_count: int
    amount: int
    customers: int = 1


DEFAULT_CUTS = Cuts()
CELLS: tuple[Cell, ...] = tuple(Cell(kind, lapsed) for kind in Kind for lapsed in (False, True))


def cell(customer: Group, as_of: date, cuts: Cuts = DEFAULT_CUTS) -> Cell:
    """The cell of a customer (of every customer of the group), of purchases up to `as_of`."""
    return Cell(_kind(customer, cuts), (as_of - customer.last_on).days >= cuts.lapsed_days)


def _kind(customer: Group, cuts: Cuts) -> Kind:
    if customer.purchase_count == 1:
        return Kind.FIRST
    tenure_days = (customer.last_on - customer.first_on).days
    if tenure_days < cuts.tenure_days:
        return Kind.TODDLER
    if customer.amount < cuts.amount:
        return Kind.STEADY
    return Kind.TRENDY if tenure_days < cuts.excellent_days else Kind.EXCELLENT


def customers_by_cell(groups: Iterable[Group], as_of: date, cuts: Cuts = DEFAULT_CUTS) -> dict[Cell, int]:
    """How many customers are in each of the ten cells."""
    found = dict.fromkeys(CELLS, 0)
    for group in groups:
        found[cell(group, as_of, cuts)] += group.customers
    return found
