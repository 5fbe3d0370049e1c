"""How is a question across two dimensions answered without the file?

First and second purchases of every customer fit into a few bytes each, kept in memory
between imports: a filter is then one pass over an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from metrics.cells import Cells
from metrics.counts import Counts
from metrics.segment import ALL, ENTRY, PURCHASE_COUNT
from metrics.warehouse.answers import NotAFilter, UnknownLabel, all_labels
from metrics.warehouse.schema import label_column, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from metrics.rules import Rules

    Small = NDArray[np.unsignedinteger]

MOST_CUSTOMERS: Final = 12_000_000
"""More are asked of the file: a running bot stays small."""
NO_GAP: Final = 0xFFFF
_ENTRIES: Final = ("one_off", "subscription")


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Customers of the cohorts, one place each in arrays of equal length.

    day: of the first purchase, since `origin`; gap: days until the second, NO_GAP for none within
    `horizon`; codes: dimension -> number of each customer's label in `labels` of that dimension.
    """

    origin: int
    horizon: int
    day: Small
    gap: Small
    codes: Mapping[str, Small]
    labels: Mapping[str, tuple[str, ...]]

    def counts(self, dimension: str, filters: Mapping[str, str]) -> Counts:
        """First and second purchases by the dimension, of customers with those labels; no idle counts.

        Raises NotAFilter, UnknownLabel.
        """
        at = self._chosen(filters)
        day = self.day if at is None else self.day[at]
        gap = self.gap if at is None else self.gap[at]
        labels = self.labels.get(dimension, ("",))
        label = self._label(dimension, at, len(day))
        width = int(self.day.max(initial=0)) + 1
        place = label * np.int32(width) + day
        found = np.bincount(place, minlength=len(labels) * width)
        cells = np.flatnonzero(found)
        cohort = np.stack([*np.divmod(cells, width), found[cells]], axis=1)
        back = np.flatnonzero(gap != NO_GAP)
        span = self.horizon + 1
        key, n = _counted(place[back].astype(np.int64) * span + gap[back])
        where, days = np.divmod(key, span)
        gaps = np.stack([*np.divmod(where, width), days, n], axis=1)
        for rows in (cohort, gaps):
            rows[:, 1] += self.origin
        return Counts(dimension, Cells(labels, cohort, gaps, np.zeros((0, 4), np.int64)), self.horizon)

    def _chosen(self, filters: Mapping[str, str]) -> NDArray[np.intp] | None:
        """Places of the customers with all those labels; None for everyone."""
        mask: NDArray[np.bool_] | None = None
        for dimension, label in filters.items():
            if dimension == ALL:
                continue
            if dimension == PURCHASE_COUNT:
                raise NotAFilter(dimension=dimension)
            if label not in self.labels[dimension]:
                raise UnknownLabel(dimension=dimension, label=label)
            mine = self.codes[dimension] == self.labels[dimension].index(label)
            mask = mine if mask is None else mask & mine
        return None if mask is None else np.flatnonzero(mask)

    def _label(self, dimension: str, at: NDArray[np.intp] | None, size: int) -> NDArray[np.int32]:
        if dimension == ALL:
            return np.zeros(size, np.int32)
        codes = self.codes[dimension]
        return (codes if at is None else codes[at]).astype(np.int32)


_NOBODY = np.zeros(0, np.uint16)
TOO_MANY: Final = Cohorts(0, 0, _NOBODY, _NOBODY, {}, {})
"""Says that the file is to be asked."""


def _counted(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each key once, sorted, and how often it stands; small numbers sort fastest."""
    small = key.astype(np.int32) if not len(key) or int(key.max()) < 2**31 else key
    found, n = np.unique(small, return_counts=True)
    return found.astype(np.int64), n


def read_cohorts(connection: DuckDBPyConnection, rules: Rules) -> Cohorts | None:
    """The cohorts of the customer state; None where there are too many for memory."""
    found = connection.execute(
        "SELECT count(*), coalesce(min(first_day), 0), coalesce(max(first_day), 0) FROM customers WHERE cohort = 1"
    ).fetchall()[0]
    customers, origin, newest = (int(number) for number in found)
    if customers > MOST_CUSTOMERS or newest - origin >= NO_GAP or rules.horizon_days >= NO_GAP:
        return None
    columns = "".join(f", {name(label_column(column))} AS code{i}" for i, column in enumerate(rules.columns))
    gap = "second_day - first_day"
    got = connection.execute(
        f"SELECT (first_day - {origin})::USMALLINT AS day, entry,"
        f" CASE WHEN {gap} <= {rules.horizon_days} THEN {gap} ELSE {NO_GAP} END::USMALLINT AS gap{columns}"
        " FROM customers WHERE cohort = 1"
    ).fetchnumpy()
    codes: dict[str, Small] = {ENTRY: np.asarray(got["entry"])}
    labels: dict[str, tuple[str, ...]] = {ENTRY: _ENTRIES}
    for i, column in enumerate(rules.columns):
        numbers, labels[column] = all_labels(connection, column)
        codes[column] = _coded(numbers)[np.asarray(got.pop(f"code{i}"))]
    return Cohorts(origin, rules.horizon_days, np.asarray(got["day"]), np.asarray(got["gap"]), codes, labels)


def _coded(numbers: list[int]) -> Small:
    """The place of each label among its dimension's, by its number; as small as it can be."""
    kinds: tuple[type[np.unsignedinteger], ...] = (np.uint8, np.uint16, np.uint32)
    kind = next(kind for kind in kinds if len(numbers) <= np.iinfo(kind).max)
    places: Small = np.zeros(max(numbers, default=0) + 1, kind)
    places[numbers] = np.arange(len(numbers))
    return places
