"""In what form do counts leave an engine?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Idle(IntEnum):
    """What happens to a customer's idle state on a day.

    SEEN: first purchase of any kind (with `purchase_count`: the k-th).
    LEFT: moved on to the next bucket (only with `purchase_count`).
    PRE_DORMANT: the 60th idle day is reached; DORMANT: the 90th.
    BACK_PRE_DORMANT, BACK_DORMANT: bought again out of that state.
    """

    SEEN = 0
    LEFT = 1
    PRE_DORMANT = 2
    DORMANT = 3
    BACK_PRE_DORMANT = 4
    BACK_DORMANT = 5


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts as an engine returns them: one row per cell, any order.

    cohort: label index, first day number, customers                   (shape [c, 3])
    gap:    label index, first day number, gap in days, customers      (shape [g, 4])
    idle:   label index, day number, Idle event, customers             (shape [i, 4])
    Rows of the same cell add up. For the dimension `purchase_count` a cell
    counts the k-th purchase (label: bucket of k) instead of the first.
    """

    labels: tuple[str, ...]
    cohort: Ints
    gap: Ints
    idle: Ints


def used(cells: Cells) -> Cells:
    """The same cells with only the labels that have any."""
    mine = np.unique(np.concatenate([cells.cohort[:, 0], cells.gap[:, 0], cells.idle[:, 0]]))
    place = np.zeros(len(cells.labels), np.int64)
    place[mine] = np.arange(len(mine))
    moved = (with_labels(rows, place) for rows in (cells.cohort, cells.gap, cells.idle))
    return Cells(tuple(cells.labels[label] for label in mine), *moved)


def no_cells(labels: tuple[str, ...] = ()) -> Cells:
    """Cells of nothing."""
    return Cells(labels, np.zeros((0, 3), np.int64), np.zeros((0, 4), np.int64), np.zeros((0, 4), np.int64))


def with_labels(rows: Ints, place: Ints) -> Ints:
    """The rows with label index i made place[i]."""
    moved = rows.copy()
    moved[:, 0] = place[rows[:, 0]] if len(rows) else rows[:, 0]
    return moved


def by_sorted_label(cells: Cells) -> Cells:
    """The same cells with labels in sorted order."""
    if list(cells.labels) == sorted(cells.labels):
        return cells
    labels = tuple(sorted(cells.labels))
    at = {label: i for i, label in enumerate(labels)}
    place = np.array([at[label] for label in cells.labels], np.int64)
    return Cells(labels, *(with_labels(rows, place) for rows in (cells.cohort, cells.gap, cells.idle)))


def joined(one: Cells, other: Cells) -> Cells:
    """The cells of both, under the sorted labels of both."""
    labels = tuple(sorted({*one.labels, *other.labels}))
    at = {label: i for i, label in enumerate(labels)}
    parts = []
    for cells in (one, other):
        place = np.array([at[label] for label in cells.labels], np.int64)
        parts.append([with_labels(rows, place) for rows in (cells.cohort, cells.gap, cells.idle)])
    return Cells(labels, *(np.concatenate(pair) for pair in zip(*parts, strict=True)))
