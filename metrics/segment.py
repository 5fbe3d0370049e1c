"""By what may customers be told apart?

A segment labels customers, never orders: filtering orders would cut
histories and make old customers new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.problem import Problem

ALL = "all"
PURCHASE_COUNT = "purchase_count"
COHORT_MONTH = "cohort_month"
ENTRY = "entry"
PRODUCT_ROLE = "product_role"
"""Front, middle or back: the role of what the first order sold; the warehouse fills it in."""

OTHER = "(other)"
"""The one label of all customers whose own label is not among the most frequent ones."""

UNKNOWN_LABEL = ""
"""The label of a customer whose first purchase has no value in the column."""

BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("1", 1, 1),
    ("2", 2, 2),
    ("3-4", 3, 4),
    ("5-9", 5, 9),
    ("10+", 10, None),
)
"""Purchase-count buckets: label, least and greatest count (None: no end)."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to tell customers apart.

    `column` is the order column whose value on the customer's first purchase
    is the label; None for dimensions that follow from the purchases themselves.
    """

    name: str
    column: str | None


class UnknownDimension(Problem):
    """No dimension of that name is set up."""

    key = "unknown_dimension"


class NoRoles(Problem):
    """No product's role is known, or not what the orders sold."""

    key = "no_roles"


BUILT_IN: tuple[Dimension, ...] = (
    Dimension(PURCHASE_COUNT, None),
    Dimension(COHORT_MONTH, None),
    Dimension(ENTRY, None),
)
DEFAULT_COLUMNS: tuple[str, ...] = ("channel", "region", "product")
SHOP_COLUMNS: tuple[str, ...] = (*DEFAULT_COLUMNS, PRODUCT_ROLE)
"""What a shop tells customers apart by unless it says otherwise: the role is there once products tell it."""


def dimensions(columns: tuple[str, ...] = DEFAULT_COLUMNS) -> tuple[Dimension, ...]:
    """Every dimension of a shop that maps `columns`."""
    return (*(Dimension(column, column) for column in columns), *BUILT_IN)


def bucket(purchase_count: int) -> str:
    """The purchase-count bucket of a customer with that many purchases (>= 1)."""
    for label, least, greatest in BUCKETS:
        if least <= purchase_count and (greatest is None or purchase_count <= greatest):
            return label
    raise ValueError(purchase_count)


def too_small(sizes: Sequence[int], shown_from: int) -> frozenset[int]:
    """Which groups go together as "other": those under `shown_from`, and as many more as hide each of them."""
    small = {place for place, n in enumerate(sizes) if n < shown_from}
    rest = sorted((n, place) for place, n in enumerate(sizes) if place not in small)
    while small and rest and (len(small) == 1 or sum(sizes[place] for place in small) < shown_from):
        small.add(rest.pop(0)[1])
    return frozenset(small)
